/*
 * Time series: states of aggregates that collect points, or summaries, and put them in order at the end. So the result does not depend on
 * the order of rows, nor on how they were split over workers; it takes 16 bytes a row and group.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "utils/memutils.h"
#include "varatt.h"

#include "sketch.h"
#include "timeseries.h"

static PgeCollected *
make_state(MemoryContext context, Size size)
{
	PgeCollected *state = MemoryContextAllocZero(context, sizeof(PgeCollected));

	state->size = (int32) size;
	state->room = 8;
	state->bounds[0] = state->bounds[1] = PGE_NO_BOUNDS;
	state->items = MemoryContextAlloc(context, state->room * size);
	return state;
}

/* The state in the first argument, or a new one. */
PgeCollected *
pge_collected(FunctionCallInfo fcinfo, Size size)
{
	MemoryContext context = pge_aggregate_context(fcinfo);

	return PG_ARGISNULL(0) ? make_state(context, size) : (PgeCollected *) PG_GETARG_POINTER(0);
}

static void
make_room(PgeCollected *state, int64 count)
{
	if (state->count + count <= state->room)
		return;
	state->room = Max(state->room * 2, state->count + count);
	state->items = repalloc_huge(state->items, (Size) state->room * state->size);
}

void
pge_collect(PgeCollected *state, const void *item)
{
	make_room(state, 1);
	memcpy(state->items + state->count++ * state->size, item, state->size);
}

void
pge_collect_point(PgeCollected *state, TimestampTz time, float8 value)
{
	PgePoint	point = {.time = time,.value = value};

	if (TIMESTAMP_NOT_FINITE(time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("time of a point cannot be infinite")));
	if (isnan(value) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value of a point must be finite, not %g", value),
				 errhint("Leave such rows out with FILTER (WHERE ...).")));
	pge_collect(state, &point);
}

/* Both begin with the time, points and summaries of them; a point's value follows. */
static int
compare_points(const void *a, const void *b)
{
	const PgePoint *left = a;
	const PgePoint *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->value < right->value ? -1 : left->value > right->value;
}

/* By time. Of points at one time the one with the greatest value counts, whatever came first. Returns how many there are. */
int64
pge_points_in_order(PgeCollected *state)
{
	PgePoint   *points = (PgePoint *) state->items;
	bool		sorted = true;
	int64		count = 0;

	for (int64 i = 1; sorted && i < state->count; i++)
		sorted = points[i - 1].time < points[i].time;
	if (sorted)
		return state->count;
	qsort(points, state->count, sizeof(PgePoint), compare_points);
	for (int64 i = 0; i < state->count; i++)
	{
		if (i + 1 < state->count && points[i].time == points[i + 1].time)
			continue;
		points[count++] = points[i];
	}
	return state->count = count;
}

/*
 * Summaries, by time: each begins with its first point and has its last one at that offset. Those that overlap are refused; what: of
 * what they are, for the message.
 */
void
pge_summaries_in_order(PgeCollected *state, Size last, const char *what)
{
	qsort(state->items, state->count, state->size, compare_points);
	for (int64 i = 1; i < state->count; i++)
	{
		const PgePoint *first = (const PgePoint *) (state->items + i * state->size);
		const PgePoint *before = (const PgePoint *) (state->items + (i - 1) * state->size + last);

		if (first->time <= before->time)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s whose times overlap cannot be rolled up", what),
					 errhint("Group by what tells the series apart.")));
	}
}

static void
check_same(const PgeCollected *into, const PgeCollected *from)
{
	if (into->size != from->size || into->option != from->option || into->bounds[0] != from->bounds[0] ||
		into->bounds[1] != from->bounds[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments of an aggregate other than time and value must be the same for all rows of a group")));
}

PG_FUNCTION_INFO_V1(pge_collect_combine);
Datum
pge_collect_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	PgeCollected *into = PG_ARGISNULL(0) ? NULL : (PgeCollected *) PG_GETARG_POINTER(0);
	PgeCollected *from = PG_ARGISNULL(1) ? NULL : (PgeCollected *) PG_GETARG_POINTER(1);

	if (from == NULL)
	{
		if (into == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(into);
	}
	if (into == NULL)
	{
		into = make_state(context, from->size);
		into->option = from->option;
		memcpy(into->bounds, from->bounds, sizeof(into->bounds));
	}
	check_same(into, from);
	make_room(into, from->count);
	memcpy(into->items + into->count * into->size, from->items, (Size) from->count * from->size);
	into->count += from->count;
	PG_RETURN_POINTER(into);
}

/* Between processes of one query, which are of one server. */
PG_FUNCTION_INFO_V1(pge_collect_serialize);
Datum
pge_collect_serialize(PG_FUNCTION_ARGS)
{
	PgeCollected *state;
	StringInfoData buffer;

	pge_aggregate_context(fcinfo);
	state = (PgeCollected *) PG_GETARG_POINTER(0);
	if ((uint64) state->count * state->size > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many points in a group of a parallel aggregation"),
				 errhint("Set max_parallel_workers_per_gather to 0.")));
	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, state, offsetof(PgeCollected, items));
	pq_sendbytes(&buffer, state->items, (int) (state->count * state->size));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(pge_collect_deserialize);
Datum
pge_collect_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	PgeCollected header;
	PgeCollected *state;
	Size		size;

	pge_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	memcpy(&header, VARDATA_ANY(bytes), offsetof(PgeCollected, items));
	size = (Size) header.count * header.size;
	if (VARSIZE_ANY_EXHDR(bytes) != offsetof(PgeCollected, items) + size)
		elog(ERROR, "state of an aggregate has %d bytes", (int) VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(PgeCollected));
	*state = header;
	state->room = header.count;
	state->items = palloc(Max(size, 1));
	memcpy(state->items, VARDATA_ANY(bytes) + offsetof(PgeCollected, items), size);
	PG_RETURN_POINTER(state);
}
