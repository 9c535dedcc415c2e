/*
 * Time series: counters and gauges. A counter only grows, but for resets to less, after which it starts from 0; a gauge goes up and down.
 * Their aggregates take points in any order. A summary has what the accessors need and can be rolled up with summaries of other times.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

/* Of a counter or gauge by head.kind. Where there is one point only, all four are that. */
typedef struct Summary
{
	PgePoint	first;			/* at the beginning, where pge_points_in_order() looks for a time */
	PgePoint	second;
	PgePoint	penultimate;
	PgePoint	last;
	float8		reset_sum;		/* of values that a counter was reset from */
	int64		resets;
	int64		changes;
	int64		elements;
	int64		bounds[2];		/* from, up to; PGE_NO_BOUNDS */
} Summary;

typedef struct Sketch
{
	PgeSketch	head;
	Summary		is;
} Sketch;

static bool
is_finite_point(const PgePoint *point)
{
	return isfinite(point->value) && IS_VALID_TIMESTAMP(point->time);
}

const char *
pge_counter_check(const PgeSketch *head, Size size)
{
	const Summary *summary = &((const Sketch *) head)->is;

	if (size != sizeof(Sketch) || head->form != 0)
		return "It has a wrong length or form.";
	if (!is_finite_point(&summary->first) || !is_finite_point(&summary->second) || !is_finite_point(&summary->penultimate) ||
		!is_finite_point(&summary->last) || summary->first.time > summary->second.time ||
		summary->penultimate.time > summary->last.time || summary->first.time > summary->last.time)
		return "Its points are out of range or out of order.";
	if (summary->elements < 1 || summary->resets < 0 || summary->changes < summary->resets || summary->changes >= summary->elements ||
		!isfinite(summary->reset_sum) || (head->kind == PGE_SKETCH_GAUGE && summary->resets != 0))
		return "Its counts do not go together.";
	if ((summary->elements == 1) != (summary->first.time == summary->last.time))
		return "Its number of points is not that of its times.";
	if ((summary->bounds[0] == PGE_NO_BOUNDS) != (summary->bounds[1] == PGE_NO_BOUNDS) ||
		(summary->bounds[0] != PGE_NO_BOUNDS && (summary->bounds[0] > summary->first.time || summary->bounds[1] <= summary->last.time)))
		return "Its bounds are out of range.";
	return NULL;
}

/* ---- summing up ---- */

/* What comes from one point to the next. */
static void
pass(Summary *summary, const PgePoint *from, const PgePoint *to, bool is_counter)
{
	if (from->value != to->value)
		summary->changes++;
	if (is_counter && to->value < from->value)
	{
		summary->resets++;
		summary->reset_sum += from->value;
	}
}

static Summary
summary_of_point(const PgePoint *point)
{
	return (Summary) {.first = *point,.second = *point,.penultimate = *point,.last = *point,.elements = 1,
		.bounds = {PGE_NO_BOUNDS, PGE_NO_BOUNDS}};
}

/* Goes on with a summary that begins after the other has ended. */
static void
append(Summary *into, const Summary *next, bool is_counter)
{
	pass(into, &into->last, &next->first, is_counter);
	if (into->elements == 1)
		into->second = next->first;
	into->penultimate = next->elements == 1 ? into->last : next->penultimate;
	into->last = next->last;
	into->reset_sum += next->reset_sum;
	into->resets += next->resets;
	into->changes += next->changes;
	into->elements += next->elements;
}

static Datum
as_value(const Summary *summary, PgeSketchKind kind)
{
	Sketch	   *sketch = pge_make_sketch(kind, 0, sizeof(Sketch));

	sketch->is = *summary;
	if (isinf(summary->reset_sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errdetail("The values that a counter was reset from are too large together.")));
	PG_RETURN_POINTER(sketch);
}

/* ---- bounds ---- */

static void
read_bounds(RangeType *range, int64 *bounds)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO), range, &lower, &upper, &empty);
	if (empty || lower.infinite || upper.infinite || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(lower.val)) ||
		TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(upper.val)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of a counter or gauge must be a range with a beginning and an end")));
	/* From the first microsecond that is in, up to the first that is not. */
	bounds[0] = DatumGetTimestampTz(lower.val) + !lower.inclusive;
	bounds[1] = DatumGetTimestampTz(upper.val) + upper.inclusive;
}

static void
check_in_bounds(const Summary *summary)
{
	if (summary->bounds[0] != PGE_NO_BOUNDS && (summary->first.time < summary->bounds[0] || summary->last.time >= summary->bounds[1]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counter or gauge has points outside of its bounds")));
}

/* ---- aggregates ---- */

PG_FUNCTION_INFO_V1(pge_counter_add);
Datum
pge_counter_add(PG_FUNCTION_ARGS)
{
	bool		is_new = PG_ARGISNULL(0);
	PgeCollected *state;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		pge_aggregate_context(fcinfo);
		if (is_new)
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = pge_collected(fcinfo, sizeof(PgePoint));
	if (is_new && PG_NARGS() > 3 && !PG_ARGISNULL(3))
		read_bounds(PG_GETARG_RANGE_P(3), state->bounds);
	pge_collect_point(state, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_FLOAT8(2));
	PG_RETURN_POINTER(state);
}

static Datum
sum_up_points(FunctionCallInfo fcinfo, PgeSketchKind kind)
{
	PgeCollected *state;
	Summary		summary;
	const PgePoint *points;
	int64		count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PgeCollected *) PG_GETARG_POINTER(0);
	count = pge_points_in_order(state);
	points = (const PgePoint *) state->items;
	summary = summary_of_point(&points[0]);
	for (int64 i = 1; i < count; i++)
	{
		Summary		next = summary_of_point(&points[i]);

		append(&summary, &next, kind == PGE_SKETCH_COUNTER);
	}
	memcpy(summary.bounds, state->bounds, sizeof(summary.bounds));
	check_in_bounds(&summary);
	return as_value(&summary, kind);
}

PG_FUNCTION_INFO_V1(pge_counter_final);
Datum
pge_counter_final(PG_FUNCTION_ARGS)
{
	return sum_up_points(fcinfo, PGE_SKETCH_COUNTER);
}

PG_FUNCTION_INFO_V1(pge_gauge_final);
Datum
pge_gauge_final(PG_FUNCTION_ARGS)
{
	return sum_up_points(fcinfo, PGE_SKETCH_GAUGE);
}

PG_FUNCTION_INFO_V1(pge_counter_rollup_add);
Datum
pge_counter_rollup_add(PG_FUNCTION_ARGS)
{
	PgeCollected *state;

	pge_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = pge_collected(fcinfo, sizeof(Summary));
	pge_collect(state, &((const Sketch *) PG_GETARG_SKETCH(1))->is);
	PG_RETURN_POINTER(state);
}

static void
widen_bounds(Summary *into, const Summary *next)
{
	if (next->bounds[0] == PGE_NO_BOUNDS)
		return;
	if (into->bounds[0] == PGE_NO_BOUNDS)
		memcpy(into->bounds, next->bounds, sizeof(into->bounds));
	into->bounds[0] = Min(into->bounds[0], next->bounds[0]);
	into->bounds[1] = Max(into->bounds[1], next->bounds[1]);
}

static Datum
roll_up(FunctionCallInfo fcinfo, PgeSketchKind kind)
{
	PgeCollected *state;
	Summary    *summaries;
	Summary		all;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PgeCollected *) PG_GETARG_POINTER(0);
	summaries = (Summary *) state->items;
	pge_summaries_in_order(state, offsetof(Summary, last), "counters or gauges");
	all = summaries[0];
	for (int64 i = 1; i < state->count; i++)
	{
		append(&all, &summaries[i], kind == PGE_SKETCH_COUNTER);
		widen_bounds(&all, &summaries[i]);
	}
	/* A gap between bounds is no harm, but points outside are. */
	check_in_bounds(&all);
	return as_value(&all, kind);
}

PG_FUNCTION_INFO_V1(pge_counter_rollup_final);
Datum
pge_counter_rollup_final(PG_FUNCTION_ARGS)
{
	return roll_up(fcinfo, PGE_SKETCH_COUNTER);
}

PG_FUNCTION_INFO_V1(pge_gauge_rollup_final);
Datum
pge_gauge_rollup_final(PG_FUNCTION_ARGS)
{
	return roll_up(fcinfo, PGE_SKETCH_GAUGE);
}

/* ---- what summaries say ---- */

#define SUMMARY(n) (&((const Sketch *) PG_GETARG_SKETCH(n))->is)

static float8
seconds(TimestampTz from, TimestampTz to)
{
	return (float8) ((int128) to - from) / USECS_PER_SEC;
}

static float8
delta_of(const Summary *summary)
{
	return summary->last.value + summary->reset_sum - summary->first.value;
}

static float8
step(const Sketch *sketch, const PgePoint *from, const PgePoint *to)
{
	return sketch->head.kind == PGE_SKETCH_COUNTER && to->value < from->value ? to->value : to->value - from->value;
}

/* Over no time there is none. */
static Datum
per_second(FunctionCallInfo fcinfo, float8 amount, TimestampTz from, TimestampTz to)
{
	if (from == to)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(amount / seconds(from, to));
}

PG_FUNCTION_INFO_V1(pge_counter_delta);
Datum
pge_counter_delta(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(delta_of(SUMMARY(0)));
}

PG_FUNCTION_INFO_V1(pge_counter_rate);
Datum
pge_counter_rate(PG_FUNCTION_ARGS)
{
	const Summary *summary = SUMMARY(0);

	return per_second(fcinfo, delta_of(summary), summary->first.time, summary->last.time);
}

PG_FUNCTION_INFO_V1(pge_counter_time_delta);
Datum
pge_counter_time_delta(PG_FUNCTION_ARGS)
{
	const Summary *summary = SUMMARY(0);

	PG_RETURN_FLOAT8(seconds(summary->first.time, summary->last.time));
}

PG_FUNCTION_INFO_V1(pge_counter_idelta_left);
Datum
pge_counter_idelta_left(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);

	PG_RETURN_FLOAT8(step(sketch, &sketch->is.first, &sketch->is.second));
}

PG_FUNCTION_INFO_V1(pge_counter_idelta_right);
Datum
pge_counter_idelta_right(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);

	PG_RETURN_FLOAT8(step(sketch, &sketch->is.penultimate, &sketch->is.last));
}

PG_FUNCTION_INFO_V1(pge_counter_irate_left);
Datum
pge_counter_irate_left(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	const Summary *summary = &sketch->is;

	return per_second(fcinfo, step(sketch, &summary->first, &summary->second), summary->first.time, summary->second.time);
}

PG_FUNCTION_INFO_V1(pge_counter_irate_right);
Datum
pge_counter_irate_right(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	const Summary *summary = &sketch->is;

	return per_second(fcinfo, step(sketch, &summary->penultimate, &summary->last), summary->penultimate.time, summary->last.time);
}

#define SUMMARY_FIELD(name, RETURN, field) \
PG_FUNCTION_INFO_V1(pge_counter_##name); \
Datum \
pge_counter_##name(PG_FUNCTION_ARGS) \
{ \
	RETURN(SUMMARY(0)->field); \
}

SUMMARY_FIELD(num_resets, PG_RETURN_INT64, resets)
SUMMARY_FIELD(num_changes, PG_RETURN_INT64, changes)
SUMMARY_FIELD(num_elements, PG_RETURN_INT64, elements)
SUMMARY_FIELD(first_time, PG_RETURN_TIMESTAMPTZ, first.time)
SUMMARY_FIELD(last_time, PG_RETURN_TIMESTAMPTZ, last.time)
SUMMARY_FIELD(first_val, PG_RETURN_FLOAT8, first.value)
SUMMARY_FIELD(last_val, PG_RETURN_FLOAT8, last.value)

PG_FUNCTION_INFO_V1(pge_counter_with_bounds);
Datum
pge_counter_with_bounds(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	Summary		summary = sketch->is;

	read_bounds(PG_GETARG_RANGE_P(1), summary.bounds);
	check_in_bounds(&summary);
	return as_value(&summary, sketch->head.kind);
}

/* ---- extrapolation to the bounds, as Prometheus does ---- */

/* False: there is one point only. */
static bool
extrapolate(FunctionCallInfo fcinfo, const Sketch *sketch, float8 *delta)
{
	const Summary *summary = &sketch->is;
	char	   *method = text_to_cstring(PG_GETARG_TEXT_PP(1));
	float8		sampled = seconds(summary->first.time, summary->last.time);
	float8		spacing;
	float8		before;
	float8		after;

	if (pg_strcasecmp(method, "prometheus") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown method of extrapolation: \"%s\"", method),
				 errhint("There is \"prometheus\".")));
	if (summary->bounds[0] == PGE_NO_BOUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counter or gauge has no bounds to extrapolate to"),
				 errhint("Give them as third argument of the aggregate, or with with_bounds().")));
	*delta = delta_of(summary);
	if (summary->elements == 1)
		return false;
	spacing = sampled / (summary->elements - 1);
	before = seconds(summary->bounds[0], summary->first.time);
	after = seconds(summary->last.time, summary->bounds[1]);
	/* A counter was 0 at some time, and not below before. */
	if (sketch->head.kind == PGE_SKETCH_COUNTER && *delta > 0 && summary->first.value >= 0)
		before = Min(before, sampled * summary->first.value / *delta);
	before = before < spacing * 1.1 ? before : spacing / 2;
	after = after < spacing * 1.1 ? after : spacing / 2;
	*delta *= (sampled + before + after) / sampled;
	return true;
}

PG_FUNCTION_INFO_V1(pge_counter_extrapolated_delta);
Datum
pge_counter_extrapolated_delta(PG_FUNCTION_ARGS)
{
	float8		delta;

	if (!extrapolate(fcinfo, PG_GETARG_SKETCH(0), &delta))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(delta);
}

PG_FUNCTION_INFO_V1(pge_counter_extrapolated_rate);
Datum
pge_counter_extrapolated_rate(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	float8		delta;

	if (!extrapolate(fcinfo, sketch, &delta))
		PG_RETURN_NULL();
	return per_second(fcinfo, delta, sketch->is.bounds[0], sketch->is.bounds[1]);
}
