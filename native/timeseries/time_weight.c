/*
 * Time series: time-weighted averages. Between two points a value goes on as it is ("locf"), or along a line ("linear"); the integral over
 * time, divided by the time, is the average. Points may come in any order; summaries of other times can be rolled up.
 */
#include "postgres.h"

#include <math.h>

#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

typedef enum Method
{
	LOCF = 1,
	LINEAR = 2,
} Method;

typedef struct Summary
{
	PgePoint	first;			/* at the beginning, where they are sorted by */
	PgePoint	last;
	float8		area;			/* value and microseconds */
} Summary;

/* head.form: the method. */
typedef struct Sketch
{
	PgeSketch	head;
	Summary		is;
} Sketch;

const char *
pge_time_weight_check(const PgeSketch *head, Size size)
{
	const Summary *summary = &((const Sketch *) head)->is;

	if (size != sizeof(Sketch) || (head->form != LOCF && head->form != LINEAR))
		return "It has a wrong length or method.";
	if (!isfinite(summary->first.value) || !isfinite(summary->last.value) || !isfinite(summary->area) ||
		!IS_VALID_TIMESTAMP(summary->first.time) || !IS_VALID_TIMESTAMP(summary->last.time) || summary->first.time > summary->last.time)
		return "Its points are out of range or out of order.";
	return NULL;
}

static int
method_of(text *name)
{
	char	   *method = text_to_cstring(name);

	if (pg_strcasecmp(method, "locf") == 0)
		return LOCF;
	if (pg_strcasecmp(method, "linear") == 0 || pg_strcasecmp(method, "trapezoidal") == 0)
		return LINEAR;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown method of a time-weighted average: \"%s\"", method),
			 errhint("There are \"linear\" and \"locf\".")));
}

static void
append(Summary *into, const Summary *next, Method method)
{
	float8		time = (float8) ((int128) next->first.time - into->last.time);
	float8		height = method == LOCF ? into->last.value : into->last.value / 2 + next->first.value / 2;

	into->area += height * time + next->area;
	into->last = next->last;
}

static Datum
as_value(const Summary *summary, Method method)
{
	Sketch	   *sketch = pge_make_sketch(PGE_SKETCH_TIME_WEIGHT, method, sizeof(Sketch));

	if (!isfinite(summary->area))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow")));
	sketch->is = *summary;
	PG_RETURN_POINTER(sketch);
}

/* ---- aggregates ---- */

static void
check_method(PgeCollected *state, bool is_new, Method method)
{
	if (is_new)
		state->option = method;
	else if (state->option != (int32) method)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method of a time-weighted average must be the same for all of a group")));
}

PG_FUNCTION_INFO_V1(pge_time_weight_add);
Datum
pge_time_weight_add(PG_FUNCTION_ARGS)
{
	bool		is_new = PG_ARGISNULL(0);
	PgeCollected *state;

	pge_aggregate_context(fcinfo);
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
	{
		if (is_new)
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("method of a time-weighted average must not be null")));
	state = pge_collected(fcinfo, sizeof(PgePoint));
	check_method(state, is_new, method_of(PG_GETARG_TEXT_PP(1)));
	pge_collect_point(state, PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_FLOAT8(3));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_time_weight_final);
Datum
pge_time_weight_final(PG_FUNCTION_ARGS)
{
	PgeCollected *state;
	const PgePoint *points;
	Summary		summary;
	int64		count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PgeCollected *) PG_GETARG_POINTER(0);
	count = pge_points_in_order(state);
	points = (const PgePoint *) state->items;
	summary = (Summary) {.first = points[0],.last = points[0]};
	for (int64 i = 1; i < count; i++)
	{
		Summary		next = {.first = points[i],.last = points[i]};

		append(&summary, &next, state->option);
	}
	return as_value(&summary, state->option);
}

PG_FUNCTION_INFO_V1(pge_time_weight_rollup_add);
Datum
pge_time_weight_rollup_add(PG_FUNCTION_ARGS)
{
	bool		is_new = PG_ARGISNULL(0);
	const Sketch *sketch;
	PgeCollected *state;

	pge_aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
	{
		if (is_new)
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	sketch = PG_GETARG_SKETCH(1);
	state = pge_collected(fcinfo, sizeof(Summary));
	check_method(state, is_new, sketch->head.form);
	pge_collect(state, &sketch->is);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_time_weight_rollup_final);
Datum
pge_time_weight_rollup_final(PG_FUNCTION_ARGS)
{
	PgeCollected *state;
	Summary    *summaries;
	Summary		all;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PgeCollected *) PG_GETARG_POINTER(0);
	summaries = (Summary *) state->items;
	pge_summaries_in_order(state, offsetof(Summary, last), "time-weighted averages");
	all = summaries[0];
	for (int64 i = 1; i < state->count; i++)
		append(&all, &summaries[i], state->option);
	return as_value(&all, state->option);
}

/* ---- what summaries say ---- */

#define SUMMARY(n) (&((const Sketch *) PG_GETARG_SKETCH(n))->is)

static float8
microseconds(const Summary *summary)
{
	return (float8) ((int128) summary->last.time - summary->first.time);
}

PG_FUNCTION_INFO_V1(pge_time_weight_average);
Datum
pge_time_weight_average(PG_FUNCTION_ARGS)
{
	const Summary *summary = SUMMARY(0);

	if (summary->first.time == summary->last.time)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(summary->area / microseconds(summary));
}

/* By units of time that have one length. */
PG_FUNCTION_INFO_V1(pge_time_weight_integral);
Datum
pge_time_weight_integral(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *lower = downcase_identifier(name, strlen(name), false, false);
	float8		length = 0;
	int			unit;

	switch (DecodeUnits(0, lower, &unit) == UNITS ? unit : -1)
	{
		case DTK_MICROSEC:
			length = 1;
			break;
		case DTK_MILLISEC:
			length = 1000;
			break;
		case DTK_SECOND:
			length = USECS_PER_SEC;
			break;
		case DTK_MINUTE:
			length = USECS_PER_MINUTE;
			break;
		case DTK_HOUR:
			length = USECS_PER_HOUR;
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unit \"%s\" not recognized", name),
					 errhint("There are microsecond, millisecond, second, minute and hour.")));
	}
	PG_RETURN_FLOAT8(SUMMARY(0)->area / length);
}

#define SUMMARY_FIELD(name, RETURN, field) \
PG_FUNCTION_INFO_V1(pge_time_weight_##name); \
Datum \
pge_time_weight_##name(PG_FUNCTION_ARGS) \
{ \
	RETURN(SUMMARY(0)->field); \
}

SUMMARY_FIELD(first_time, PG_RETURN_TIMESTAMPTZ, first.time)
SUMMARY_FIELD(last_time, PG_RETURN_TIMESTAMPTZ, last.time)
SUMMARY_FIELD(first_val, PG_RETURN_FLOAT8, first.value)
SUMMARY_FIELD(last_val, PG_RETURN_FLOAT8, last.value)
