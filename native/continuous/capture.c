/*
 * Continuous aggregates: which times this transaction has changed, table by table, and the log rows that it leaves at its end.
 *
 * Promise: when a transaction commits or prepares, the log has for every aggregate over a changed table, and for those over these, closed
 * ranges around all times of changed rows. Changes of subtransactions that were rolled back are forgotten.
 *
 * Times are gathered as ranges that grow within a cell, the width of the narrowest bucket, so that neighbours in one bucket cost nothing
 * and far ones stay apart. At most MAX_RANGES are kept for a table's column in a subtransaction: then cells double.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "lib/ilist.h"
#include "storage/lmgr.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "continuous.h"
#include "source.h"

#define MAX_RANGES	4096

/* Having written so many log rows, a session makes the log shorter. */
#define MERGE_AFTER	1024

/* What a subtransaction has changed in a table, seen by one of its time columns. */
typedef struct Touched
{
	dlist_node	node;
	Oid			source;
	AttrNumber	column;
	SubTransactionId subid;
	int64		cell;
	PgeRanges	ranges;			/* sorted, apart from each other */
	int			latest;
} Touched;

static dlist_head touched = DLIST_STATIC_INIT(touched);
static uint64 generation;
static int	rows_since_merge;

/* ---- ranges of one column ---- */

static int64
cell_of(const Touched *t, int64 time)
{
	return time >= 0 ? time / t->cell : -(-(time + 1) / t->cell) - 1;
}

static void
coarsen(Touched *t)
{
	while (t->ranges.n > MAX_RANGES / 2)
	{
		int			kept = 0;

		t->cell = t->cell > PG_INT64_MAX / 2 ? PG_INT64_MAX : t->cell * 2;
		for (int i = 1; i < t->ranges.n; i++)
		{
			if (cell_of(t, t->ranges.of[kept].last) == cell_of(t, t->ranges.of[i].first))
				t->ranges.of[kept].last = t->ranges.of[i].last;
			else
				t->ranges.of[++kept] = t->ranges.of[i];
		}
		t->ranges.n = kept + 1;
		t->latest = 0;
	}
}

static void
touch(Touched *t, int64 time)
{
	PgeRange   *of = t->ranges.of;
	int			low = 0;
	int			high = t->ranges.n;

	if (t->latest < t->ranges.n && of[t->latest].first <= time && time <= of[t->latest].last)
		return;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (of[middle].last < time)
			low = middle + 1;
		else
			high = middle;
	}
	t->latest = low;
	if (low < t->ranges.n && of[low].first <= time)
		return;
	generation++;
	if (low > 0 && cell_of(t, of[low - 1].last) == cell_of(t, time))
	{
		of[low - 1].last = time;
		t->latest = low - 1;
	}
	else if (low < t->ranges.n && cell_of(t, of[low].first) == cell_of(t, time))
		of[low].first = time;
	else
	{
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		pge_ranges_add(&t->ranges, time, time);
		MemoryContextSwitchTo(caller);
		of = t->ranges.of;
		memmove(&of[low + 1], &of[low], (t->ranges.n - 1 - low) * sizeof(PgeRange));
		of[low] = (PgeRange) {time, time};
		if (t->ranges.n > MAX_RANGES)
			coarsen(t);
	}
}

static void
touch_ranges(Touched *t, const PgeRanges *ranges)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	generation++;
	for (int i = 0; i < ranges->n; i++)
		pge_ranges_add(&t->ranges, ranges->of[i].first, ranges->of[i].last);
	MemoryContextSwitchTo(caller);
	pge_ranges_merge(&t->ranges);
	t->latest = 0;
	if (t->ranges.n > MAX_RANGES)
		coarsen(t);
}

static Touched *
find_touched(Oid source, AttrNumber column, SubTransactionId subid)
{
	dlist_iter	iter;

	dlist_foreach(iter, &touched)
	{
		Touched    *t = dlist_container(Touched, node, iter.cur);

		if (t->source == source && t->column == column && t->subid == subid)
			return t;
	}
	return NULL;
}

static Touched *
touched_of(Oid source, const PgeTimeColumn *column)
{
	Touched    *t = find_touched(source, column->attno, GetCurrentSubTransactionId());

	if (t == NULL)
	{
		t = MemoryContextAllocZero(TopTransactionContext, sizeof(Touched));
		t->source = source;
		t->column = column->attno;
		t->subid = GetCurrentSubTransactionId();
		t->cell = column->cell;
		dlist_push_head(&touched, &t->node);
	}
	return t;
}

static void
forget(Touched *t)
{
	generation++;
	dlist_delete(&t->node);
	if (t->ranges.of)
		pfree(t->ranges.of);
	pfree(t);
}

/* ---- what changes ---- */

static void
touch_slot(Oid relid, const PgeTimeColumn *column, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		time = slot_getattr(slot, column->attno, &isnull);

	if (!isnull)
		touch(touched_of(relid, column), pge_raw_time(time, column->type));
}

/* A row comes, goes, or changes. */
void
pge_capture_row(Oid relid, TupleTableSlot *old, TupleTableSlot *new)
{
	const PgeSource *source = pge_source(relid);

	for (int i = 0; i < source->ncolumns; i++)
	{
		if (old)
			touch_slot(relid, &source->columns[i], old);
		if (new)
			touch_slot(relid, &source->columns[i], new);
	}
	/* Values that are to be detoasted may make the session look at catalogs. */
	for (int i = 0; i < pge_source(relid)->njoins; i++)
		pge_joined_row(&pge_source(relid)->joins[i], old, new);
}

/* A time in one of the table's time columns. */
void
pge_capture_time(Oid relid, int column, Datum time)
{
	const PgeTimeColumn *of = &pge_source(relid)->columns[column];

	touch(touched_of(relid, of), pge_raw_time(time, of->type));
}

void
pge_capture_slots(Oid relid, TupleTableSlot **slots, int nslots)
{
	const PgeSource *source = pge_source(relid);

	for (int i = 0; i < source->ncolumns; i++)
	{
		const PgeTimeColumn *column = &source->columns[i];
		Touched    *t = touched_of(relid, column);

		for (int row = 0; row < nslots; row++)
		{
			bool		isnull;
			Datum		time = slot_getattr(slots[row], column->attno, &isnull);

			if (!isnull)
				touch(t, pge_raw_time(time, column->type));
		}
	}
	for (int i = 0; i < pge_source(relid)->njoins; i++)
	{
		for (int row = 0; row < nslots; row++)
			pge_joined_row(&pge_source(relid)->joins[i], NULL, slots[row]);
	}
}

/*
 * Whatever lies in the range, by one time column of the table. Aggregates by other time columns cannot tell where that is, so everything of
 * theirs is taken to have changed. InvalidAttrNumber: the table's only time column, or all if it has several.
 */
void
pge_capture_range(Oid relid, AttrNumber attno, int64 first, int64 last)
{
	const PgeSource *source = pge_source(relid);

	for (int i = 0; i < source->ncolumns; i++)
	{
		const PgeTimeColumn *column = &source->columns[i];
		bool		known = attno == column->attno || (attno == InvalidAttrNumber && source->ncolumns == 1);
		PgeRange	range = known ? (PgeRange) {first, last} : (PgeRange) {PG_INT64_MIN, PG_INT64_MAX};

		touch_ranges(touched_of(relid, column), &(PgeRanges) {1, 1, &range});
	}
}

/* Of a source's only time column. */
void
pge_capture_ranges(Oid relid, const PgeRanges *ranges)
{
	const PgeSource *source = pge_source(relid);

	if (source->ncolumns > 0 && ranges->n > 0)
		touch_ranges(touched_of(relid, &source->columns[0]), ranges);
}

void
pge_capture_everything(Oid source)
{
	pge_capture_range(source, InvalidAttrNumber, PG_INT64_MIN, PG_INT64_MAX);
}

/* Anything may have changed in a table, whatever aggregates read it for. */
void
pge_capture_table(Oid relid)
{
	pge_capture_everything(relid);
	for (int i = 0; i < pge_source(relid)->njoins; i++)
		pge_capture_everything(pge_source(relid)->joins[i].definition);
}

/* What was told of an aggregate's pending ranges does not hold any more. */
void
pge_capture_unsettled(void)
{
	generation++;
}

/* ---- what aggregates make of it ---- */

static void
close_ranges(const PgeTarget *target, const PgeRanges *from, PgeRanges *closed)
{
	for (int i = 0; i < from->n; i++)
	{
		PgeRange	range = from->of[i];

		for (int level = 0; level < target->depth; level++)
			range = pge_bucketing_close(target->chain[level], range);
		pge_ranges_add(closed, range.first, range.last);
	}
}

/* Adds what this transaction has changed for one aggregate and may not have logged. */
void
pge_capture_own(Oid definition, PgeRanges *ranges)
{
	dlist_iter	iter;

	if (pge_joined_concerns(definition))
		pge_ranges_add(ranges, PG_INT64_MIN, PG_INT64_MAX);
	dlist_foreach(iter, &touched)
	{
		Touched    *t = dlist_container(Touched, node, iter.cur);
		const PgeTimeColumn *column = pge_source_column(pge_source(t->source), t->column);

		for (int i = 0; column && i < column->ntargets; i++)
		{
			if (column->targets[i].definition == definition)
				close_ranges(&column->targets[i], &t->ranges, ranges);
		}
	}
}

uint64
pge_capture_generation(void)
{
	return generation;
}

/* Locks out refreshes and other mergers, if that is possible at once. */
static void
shorten_log(Oid definition)
{
	PgeRanges	ranges = {0};

	if (IsolationIsSerializable() || !ConditionalLockDatabaseObject(RelationRelationId, definition, PGE_LOCK_REFRESH, ExclusiveLock))
		return;
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	pge_log_take(definition, GetActiveSnapshot(), &ranges);
	PopActiveSnapshot();
	pge_ranges_merge(&ranges);
	pge_log_write(definition, &ranges);
}

static void
write_log(const PgeTimeColumn *column, const PgeRanges *ranges)
{
	for (int i = 0; i < column->ntargets; i++)
	{
		PgeRanges	closed = {0};

		close_ranges(&column->targets[i], ranges, &closed);
		pge_ranges_merge(&closed);
		pge_log_write(column->targets[i].definition, &closed);
		rows_since_merge += closed.n;
	}
}

static void
flush(void)
{
	SubTransactionId subid = GetCurrentSubTransactionId();
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &touched)
	{
		Touched    *t = dlist_container(Touched, node, iter.cur);
		const PgeTimeColumn *column = pge_source_column(pge_source(t->source), t->column);

		if (column)
			write_log(column, &t->ranges);
		if (t->subid == subid)
			forget(t);
	}
}

/*
 * Writes the log before a refresh. What was changed outside the current subtransaction is kept all the same, since the log rows go if this
 * one is rolled back; it will be logged once more.
 */
void
pge_capture_flush(void)
{
	pge_joined_settle(PGE_SETTLE_FOR_REFRESH);
	flush();
}

/* The rows of a continuous aggregate have changed in these closed ranges, for those who build on it. */
void
pge_capture_descendants(Oid user_view, const PgeRanges *ranges)
{
	const PgeSource *source = pge_source(user_view);

	for (int i = 0; i < source->ncolumns; i++)
		write_log(&source->columns[i], ranges);
}

/* ---- the transaction's course ---- */

static void
flush_for_good(PgeSettle settle)
{
	List	   *logs = NIL;
	dlist_iter	iter;

	pge_joined_settle(settle);
	if (likely(dlist_is_empty(&touched)))
		return;
	/* Not by who prepares: refreshes would wait for his second half. */
	if (settle == PGE_SETTLE_TO_COMMIT && rows_since_merge >= MERGE_AFTER)
	{
		dlist_foreach(iter, &touched)
		{
			Touched    *t = dlist_container(Touched, node, iter.cur);
			const PgeTimeColumn *column = pge_source_column(pge_source(t->source), t->column);

			for (int i = 0; column && i < column->ntargets; i++)
				logs = list_append_unique_oid(logs, column->targets[i].definition);
		}
		rows_since_merge = 0;
	}
	flush();
	foreach_oid(definition, logs)
		shorten_log(definition);
}

static void
at_xact_event(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			flush_for_good(event == XACT_EVENT_PRE_COMMIT ? PGE_SETTLE_TO_COMMIT : PGE_SETTLE_TO_PREPARE);
			break;
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
			break;
		default:
			/* The memory goes with the transaction. */
			dlist_init(&touched);
			pge_joined_end();
			generation++;
			break;
	}
}

static void
at_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	pge_joined_end_sub(event == SUBXACT_EVENT_COMMIT_SUB, subid, parent);
	dlist_foreach_modify(iter, &touched)
	{
		Touched    *t = dlist_container(Touched, node, iter.cur);
		Touched    *outer;

		if (t->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			forget(t);
		else if ((outer = find_touched(t->source, t->column, parent)) != NULL)
		{
			touch_ranges(outer, &t->ranges);
			forget(t);
		}
		else
			t->subid = parent;
	}
}

void
pge_capture_init(void)
{
	pge_source_init();
	RegisterXactCallback(at_xact_event, NULL);
	RegisterSubXactCallback(at_subxact_event, NULL);
}
