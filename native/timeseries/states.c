/*
 * Time series: how long something was in which state. A state lasts from its row to the next one; the last one is known to have begun.
 * Rows may come in any order; of those at one time the state that is last in the order of bytes counts. Values of other times can be
 * rolled up: a state then lasts until the next value begins.
 */
#include "postgres.h"

#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

/* A time and, right behind it, the state's bytes. */
typedef struct Change
{
	TimestampTz time;
	uint32		length;
	char		state[FLEXIBLE_ARRAY_MEMBER];
} Change;

#define CHANGE_SIZE(length) MAXALIGN(offsetof(Change, state) + (length))

/* Changes one after the other, each of another state than the one before; last: time of the last row. */
typedef struct Sketch
{
	PgeSketch	head;
	int64		count;
	TimestampTz last;
	char		changes[FLEXIBLE_ARRAY_MEMBER];
} Sketch;

/* A state of the aggregates: rows as changes, in any order; or values, whose changes those are, each with its last row's time. */
typedef struct Collected
{
	StringInfoData bytes;		/* Change */
	int64		count;
	StringInfoData spans;		/* Span; of values that are rolled up */
	int64		nspans;
} Collected;

typedef struct Span
{
	TimestampTz first;
	TimestampTz last;
} Span;

static const Change *
next_change(const Change *change)
{
	return (const Change *) ((const char *) change + CHANGE_SIZE(change->length));
}

static bool
same_state(const Change *a, const Change *b)
{
	return a->length == b->length && memcmp(a->state, b->state, a->length) == 0;
}

const char *
pge_states_check(const PgeSketch *head, Size size)
{
	const Sketch *sketch = (const Sketch *) head;
	Size		at = offsetof(Sketch, changes);
	const Change *before = NULL;

	if (head->form != 0 || size < offsetof(Sketch, changes) || sketch->count < 1)
		return "It is too short or has a wrong form.";
	for (int64 i = 0; i < sketch->count; i++)
	{
		const Change *change = (const Change *) ((const char *) sketch + at);

		if (size - at < CHANGE_SIZE(0) || size - at < CHANGE_SIZE((Size) change->length))
			return "It ends within a state.";
		if (!IS_VALID_TIMESTAMP(change->time) || (before != NULL && (change->time <= before->time || same_state(change, before))))
			return "Its times are out of range or out of order, or a state comes twice in a row.";
		if (!pg_verifymbstr(change->state, (int) change->length, true))
			return "A state is not valid in the database's encoding.";
		at += CHANGE_SIZE((Size) change->length);
		before = change;
	}
	if (at != size || !IS_VALID_TIMESTAMP(sketch->last) || sketch->last < before->time)
		return "It is longer than its states, or ends before them.";
	return NULL;
}

/* ---- states of the aggregates ---- */

static Collected *
collected(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(pge_aggregate_context(fcinfo));
	Collected  *state = PG_ARGISNULL(0) ? NULL : (Collected *) PG_GETARG_POINTER(0);

	if (state == NULL)
	{
		state = palloc0_object(Collected);
		initStringInfo(&state->bytes);
		initStringInfo(&state->spans);
	}
	MemoryContextSwitchTo(old);
	return state;
}

static void
add_change(Collected *state, TimestampTz time, const char *bytes, Size length)
{
	Change	   *change;

	if (TIMESTAMP_NOT_FINITE(time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a state cannot be infinite")));
	enlargeStringInfo(&state->bytes, (int) CHANGE_SIZE(length));
	change = (Change *) (state->bytes.data + state->bytes.len);
	memset(change, 0, CHANGE_SIZE(length));
	change->time = time;
	change->length = (uint32) length;
	memcpy(change->state, bytes, length);
	state->bytes.len += (int) CHANGE_SIZE(length);
	state->count++;
}

static Datum
kept(FunctionCallInfo fcinfo)
{
	pge_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(pge_state_add_text);
Datum
pge_state_add_text(PG_FUNCTION_ARGS)
{
	Collected  *state;
	text	   *value;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return kept(fcinfo);
	state = collected(fcinfo);
	value = PG_GETARG_TEXT_PP(2);
	add_change(state, PG_GETARG_TIMESTAMPTZ(1), VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_state_add_int8);
Datum
pge_state_add_int8(PG_FUNCTION_ARGS)
{
	Collected  *state;
	char		digits[MAXINT8LEN + 1];

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return kept(fcinfo);
	state = collected(fcinfo);
	add_change(state, PG_GETARG_TIMESTAMPTZ(1), digits, pg_lltoa(PG_GETARG_INT64(2), digits));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_state_rollup_add);
Datum
pge_state_rollup_add(PG_FUNCTION_ARGS)
{
	Collected  *state;
	const Sketch *sketch;
	Span		span;

	if (PG_ARGISNULL(1))
		return kept(fcinfo);
	state = collected(fcinfo);
	sketch = PG_GETARG_SKETCH(1);
	span.first = ((const Change *) sketch->changes)->time;
	span.last = sketch->last;
	appendBinaryStringInfo(&state->bytes, sketch->changes, (int) (VARSIZE(sketch) - offsetof(Sketch, changes)));
	appendBinaryStringInfo(&state->spans, &span, sizeof(span));
	state->count += sketch->count;
	state->nspans++;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(pge_state_combine);
Datum
pge_state_combine(PG_FUNCTION_ARGS)
{
	Collected  *into;
	Collected  *from;

	if (PG_ARGISNULL(1))
		return kept(fcinfo);
	into = collected(fcinfo);
	from = (Collected *) PG_GETARG_POINTER(1);
	appendBinaryStringInfo(&into->bytes, from->bytes.data, from->bytes.len);
	appendBinaryStringInfo(&into->spans, from->spans.data, from->spans.len);
	into->count += from->count;
	into->nspans += from->nspans;
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(pge_state_serialize);
Datum
pge_state_serialize(PG_FUNCTION_ARGS)
{
	Collected  *state;
	StringInfoData buffer;

	pge_aggregate_context(fcinfo);
	state = (Collected *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, state->count);
	pq_sendint64(&buffer, state->nspans);
	pq_sendbytes(&buffer, state->spans.data, state->spans.len);
	pq_sendbytes(&buffer, state->bytes.data, state->bytes.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(pge_state_deserialize);
Datum
pge_state_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buffer;
	Collected  *state;
	int			size;

	pge_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	initReadOnlyStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc0_object(Collected);
	initStringInfo(&state->bytes);
	initStringInfo(&state->spans);
	state->count = pq_getmsgint64(&buffer);
	state->nspans = pq_getmsgint64(&buffer);
	size = (int) (state->nspans * sizeof(Span));
	appendBinaryStringInfo(&state->spans, pq_getmsgbytes(&buffer, size), size);
	size = buffer.len - buffer.cursor;
	appendBinaryStringInfo(&state->bytes, pq_getmsgbytes(&buffer, size), size);
	PG_RETURN_POINTER(state);
}

/* ---- the value ---- */

static int
compare_changes(const void *a, const void *b)
{
	const Change *left = *(const Change *const *) a;
	const Change *right = *(const Change *const *) b;
	int			difference;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	difference = memcmp(left->state, right->state, Min(left->length, right->length));
	return difference != 0 ? difference : (left->length > right->length) - (left->length < right->length);
}

static int
compare_spans(const void *a, const void *b)
{
	TimestampTz left = ((const Span *) a)->first;
	TimestampTz right = ((const Span *) b)->first;

	return left < right ? -1 : left > right;
}

/* The last row's time of all; values may not overlap. 0 where rows were added. */
static TimestampTz
last_of_spans(Collected *state)
{
	Span	   *spans = (Span *) state->spans.data;

	qsort(spans, state->nspans, sizeof(Span), compare_spans);
	for (int64 i = 1; i < state->nspans; i++)
	{
		if (spans[i].first <= spans[i - 1].last)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("states whose times overlap cannot be rolled up"),
					 errhint("Group by what tells the series apart.")));
	}
	return state->nspans > 0 ? spans[state->nspans - 1].last : 0;
}

PG_FUNCTION_INFO_V1(pge_state_final);
Datum
pge_state_final(PG_FUNCTION_ARGS)
{
	Collected  *state;
	const Change **changes;
	const Change *change;
	const Change *before = NULL;
	Sketch	   *sketch;
	TimestampTz last;
	Size		size = offsetof(Sketch, changes);
	int64		count = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (Collected *) PG_GETARG_POINTER(0);
	changes = MemoryContextAllocHuge(CurrentMemoryContext, state->count * sizeof(Change *));
	change = (const Change *) state->bytes.data;
	for (int64 i = 0; i < state->count; i++)
	{
		changes[i] = change;
		change = next_change(change);
	}
	qsort(changes, state->count, sizeof(Change *), compare_changes);
	last = state->nspans > 0 ? last_of_spans(state) : changes[state->count - 1]->time;
	sketch = pge_make_sketch(PGE_SKETCH_STATES, 0, size + state->bytes.len);
	for (int64 i = 0; i < state->count; i++)
	{
		if ((i + 1 < state->count && changes[i]->time == changes[i + 1]->time) || (before != NULL && same_state(changes[i], before)))
			continue;
		before = changes[i];
		memcpy((char *) sketch + size, before, CHANGE_SIZE(before->length));
		size += CHANGE_SIZE(before->length);
		count++;
	}
	SET_VARSIZE(sketch, size);
	sketch->count = count;
	sketch->last = last;
	PG_RETURN_POINTER(sketch);
}

/* ---- what it says ---- */

static Datum
duration(int64 microseconds)
{
	Interval   *interval = palloc0_object(Interval);

	interval->time = microseconds;
	return IntervalPGetDatum(interval);
}

/* When the state after a change began, or the last row. */
static TimestampTz
end_of(const Sketch *sketch, const Change *change, int64 number)
{
	return number + 1 < sketch->count ? next_change(change)->time : sketch->last;
}

static int64
time_spent(const Sketch *sketch, const char *state, Size length)
{
	const Change *change = (const Change *) sketch->changes;
	int64		time = 0;

	for (int64 i = 0; i < sketch->count; i++)
	{
		if (change->length == length && memcmp(change->state, state, length) == 0)
			time += end_of(sketch, change, i) - change->time;
		change = next_change(change);
	}
	return time;
}

PG_FUNCTION_INFO_V1(pge_state_duration_text);
Datum
pge_state_duration_text(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	text	   *state = PG_GETARG_TEXT_PP(1);

	return duration(time_spent(sketch, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state)));
}

PG_FUNCTION_INFO_V1(pge_state_duration_int8);
Datum
pge_state_duration_int8(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	char		digits[MAXINT8LEN + 1];
	int			length = pg_lltoa(PG_GETARG_INT64(1), digits);

	return duration(time_spent(sketch, digits, length));
}

/* NULL before the first row; after the last one its state. */
PG_FUNCTION_INFO_V1(pge_state_at);
Datum
pge_state_at(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	TimestampTz time = PG_GETARG_TIMESTAMPTZ(1);
	const Change *change = (const Change *) sketch->changes;
	const Change *found = NULL;

	for (int64 i = 0; i < sketch->count && change->time <= time; i++)
	{
		found = change;
		change = next_change(change);
	}
	if (found == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(found->state, (int) found->length));
}

PG_FUNCTION_INFO_V1(pge_state_timeline);
Datum
pge_state_timeline(PG_FUNCTION_ARGS)
{
	const Sketch *sketch = PG_GETARG_SKETCH(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Change *change = (const Change *) sketch->changes;

	InitMaterializedSRF(fcinfo, 0);
	for (int64 i = 0; i < sketch->count; i++)
	{
		bool		nulls[3] = {false};
		Datum		values[3] = {
			PointerGetDatum(cstring_to_text_with_len(change->state, (int) change->length)),
			TimestampTzGetDatum(change->time),
			TimestampTzGetDatum(end_of(sketch, change, i)),
		};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		change = next_change(change);
	}
	return (Datum) 0;
}
