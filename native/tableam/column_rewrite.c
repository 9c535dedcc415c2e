/*
 * Column store: VACUUM FULL and CLUSTER. Groups keep the transaction that stored them, and rows the one that deleted them, as long as
 * somebody may still see the row; ids and blocks are new. Delta rows follow by heap's own rewrite.
 *
 * CLUSTER takes the rows out of their groups that everybody sees, and has them sorted into new ones (row_sorter.c); the few others stay as
 * with VACUUM FULL, and delta rows are sorted by heap, among themselves. VACUUM FULL does so with groups of a table with a time column that
 * are not in their order.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "cold_group.h"
#include "column.h"
#include "group_builder.h"
#include "heap_view.h"
#include "row_sorter.h"

typedef struct Rewrite
{
	Relation	old;
	Relation	new;
	TransactionId oldest;		/* rows deleted before it are seen by nobody */
	TransactionId freeze_limit; /* becomes relfrozenxid: nothing older may stay unresolved */
	PgeSorter  *sorter;			/* NULL: nothing is to be sorted */
	bool		timed;			/* the sorter is by time */
	PgeTimeKey	key;
	bool		in_place;		/* the group in hand is as the sorter would leave it */
	bool		settled;		/* everybody sees the rows of the group in hand, but for those that were deleted */
	double		rows;
	double		vacuumed;
} Rewrite;

/*
 * A group's bytes must be made anew if columns came or went since: a rewritten table has its defaults for added columns forgotten.
 */
static bool
same_columns(const PgeGroupDesc *desc, TupleDesc tupdesc)
{
	if (desc->natts != tupdesc->natts)
		return false;
	for (int i = 0; i < tupdesc->natts; i++)
		if (TupleDescAttr(tupdesc, i)->attisdropped)
			return false;
	return true;
}

/* Does the row go to the sorter? */
static bool
sorted(const Rewrite *rw, const PgeDelete *entries, uint32 row)
{
	return rw->sorter != NULL && rw->settled && !rw->in_place && (entries == NULL || pge_delete_fate(&entries[row]) == PGE_DELETE_NONE);
}

/* Does the row not stay in its group: does nobody need it any more, or does it go elsewhere? */
static bool
dropped(const Rewrite *rw, const PgeDelete *entries, uint32 row)
{
	PgeDeleteFate fate = entries ? pge_delete_fate(&entries[row]) : PGE_DELETE_NONE;

	return sorted(rw, entries, row) || fate == PGE_DELETE_DEAD ||
		(fate == PGE_DELETE_COMMITTED && TransactionIdPrecedes(entries[row].xmax, rw->oldest));
}

/* The entry of a kept row, in its new place. No new version to follow: whoever could have asked for it is locked out. */
static void
keep_entry(Rewrite *rw, uint32 group_id, uint32 row, const PgeDelete *was)
{
	PgeDeleteFate fate = pge_delete_fate(was);
	PgeDelete	entry = *was;
	PgeGroupDesc desc;

	if (fate == PGE_DELETE_NONE)
		return;
	if (fate == PGE_DELETE_COMMITTED)
		entry.flags |= PGE_XMAX_COMMITTED;
	entry.flags &= ~PGE_DELETE_UPDATED;
	memset(&entry.next, 0, sizeof(entry.next));
	pge_directory_get(rw->new, group_id, &desc);
	pge_delete_set(rw->new, &desc, row, &entry);
}

typedef struct Kept
{
	const Rewrite *rw;
	const PgeDelete *entries;
} Kept;

static bool
is_kept(uint32 row, void *arg)
{
	const Kept *kept = arg;

	return !dropped(kept->rw, kept->entries, row);
}

/* Store the rows of a group that somebody may see, with all of the table's columns. */
static void
recode_group(Rewrite *rw, const PgeGroupDesc *from, const PgeDelete *entries, PgeGroupDesc *desc)
{
	PgeBuilder *group = pge_builder_begin(rw->old, CurrentMemoryContext, PGE_GROUP_MAX_ROWS, PG_UINT64_MAX);
	Kept		kept = {rw, entries};

	pge_builder_copy(group, rw->old, from, is_kept, &kept);
	pge_builder_store(group, rw->new, desc, NULL);
	pge_builder_end(group);
}

/* Hand the rows of a group to the sorter that go there; their number is returned. */
static uint32
sort_rows(Rewrite *rw, const PgeGroupDesc *from, const PgeDelete *entries)
{
	TupleDesc	tupdesc = RelationGetDescr(rw->old);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	PgeReader  *reader = pge_reader_open(rw->old, from);
	uint32		n = 0;

	for (uint32 row = 0; row < from->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (row % PGE_VECTOR_ROWS == 0)
			(void) pge_reader_plan_vector(reader, tupdesc, row / PGE_VECTOR_ROWS);
		if (!sorted(rw, entries, row))
			continue;
		(void) pge_reader_spare_values(reader, tupdesc, row, values, nulls);
		pge_sorter_add(rw->sorter, values, nulls);
		n++;
	}
	pge_reader_release(reader);
	pfree(values);
	pfree(nulls);
	return n;
}

static void
copy_bytes(Rewrite *rw, const PgeGroupDesc *from, PgeGroupDesc *desc)
{
	char	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, from->length);
	u64			segment = (uintptr_t) bytes;
	PgeGroupImage image = {.Segments = &segment,.SegmentBytes = from->length,.Length = from->length};

	pge_group_read(rw->old, from, 0, from->length, bytes, NULL);
	pge_group_store(rw->new, desc, &image, NULL);
	pge_directory_publish(rw->new, desc);
	pfree(bytes);
}

/* A cold group stays cold: both tables have stubs of one object. */
static void
copy_stub(Rewrite *rw, const PgeGroupDesc *from, PgeGroupDesc *desc)
{
	PgeColdGroup *cold = pge_cold_open(rw->old, from);
	char	   *bytes = palloc(cold->head.length);
	u64			segment = (uintptr_t) bytes;
	PgeGroupImage image = {.Segments = &segment,.SegmentBytes = cold->head.length,.Length = cold->head.length};

	pge_stub_read(rw->old, from, 0, cold->head.length, bytes);
	pge_group_store(rw->new, desc, &image, NULL);
	desc->length = from->length;
	pge_directory_publish(rw->new, desc);
	pfree(bytes);
}

/* Would sorting a group by time gain nothing? It is full, of one bucket and in order. */
static bool
in_order_already(const Rewrite *rw, const PgeGroupDesc *desc)
{
	int64		bucket;

	return (desc->flags & PGE_GROUP_FULL) && pge_time_group_sorted(&rw->key, desc) && pge_time_bucket_of_group(&rw->key, desc, &bucket);
}

static void
copy_group(Rewrite *rw, const PgeGroupDesc *from)
{
	PgeGroupFate fate = pge_group_fate(from);
	PgeDeleteFate replaced = pge_group_replaced(from);
	PgeGroupDesc desc = *from;
	PgeDelete  *entries;
	uint32		kept = 0,
				gone_elsewhere = 0;
	bool		whole;

	if (fate == PGE_FATE_DEAD || (replaced == PGE_DELETE_COMMITTED && TransactionIdPrecedes(from->xmax, rw->oldest)))
	{
		rw->vacuumed += from->state == PGE_GROUP_COMPLETE ? from->rows : 0;
		return;
	}
	entries = pge_deletes_load(rw->old, from);
	rw->settled = fate == PGE_FATE_LIVE && replaced == PGE_DELETE_NONE &&
		((from->flags & PGE_XMIN_FROZEN) || TransactionIdPrecedes(from->xmin, rw->oldest));
	rw->in_place = rw->timed && entries == NULL && ((from->flags & PGE_GROUP_COLD) || in_order_already(rw, from));
	if (rw->sorter != NULL && rw->settled && !rw->in_place)
		gone_elsewhere = sort_rows(rw, from, entries);
	for (uint32 row = 0; row < from->rows; row++)
		kept += !dropped(rw, entries, row);
	rw->vacuumed += from->rows - kept - gone_elsewhere;
	rw->rows += kept + gone_elsewhere;
	if (kept > 0)
	{
		if (fate == PGE_FATE_LIVE)
			desc.flags |= TransactionIdPrecedes(desc.xmin, rw->freeze_limit) ? PGE_XMIN_FROZEN : PGE_XMIN_COMMITTED;
		if (replaced == PGE_DELETE_COMMITTED)
			desc.flags |= PGE_REPLACED_COMMITTED;
		else if (replaced == PGE_DELETE_NONE)
			desc.xmax = InvalidTransactionId;
		if (kept < from->rows)
			desc.flags &= ~PGE_GROUP_FULL;
		whole = kept == from->rows && same_columns(from, RelationGetDescr(rw->old));
		/* One that has to be made anew comes back warm. */
		if (!whole)
			desc.flags &= ~(PGE_GROUP_COLD | PGE_GROUP_ARCHIVED);
		desc.delete_root = InvalidBlockNumber;
		desc.dead_rows = 0;
		desc.state = PGE_GROUP_RESERVED;
		pge_root_ensure(rw->new);
		pge_directory_append(rw->new, &desc);
		if (whole && (from->flags & PGE_GROUP_COLD))
			copy_stub(rw, from, &desc);
		else if (whole)
			copy_bytes(rw, from, &desc);
		else
			recode_group(rw, from, entries, &desc);
	}
	if (entries != NULL)
	{
		uint32		place = 0;

		for (uint32 row = 0; row < from->rows; row++)
			if (!dropped(rw, entries, row))
				keep_entry(rw, desc.group_id, place++, &entries[row]);
		pfree(entries);
	}
}

static void
column_copy_for_cluster(Relation old, Relation new, Relation index, bool use_sort, TransactionId OldestXmin,
						TransactionId *xid_cutoff, MultiXactId *multi_cutoff, double *num_tuples,
						double *tups_vacuumed, double *tups_recently_dead)
{
	Rewrite		rw = {.old = old,.new = new,.oldest = OldestXmin,.freeze_limit = *xid_cutoff};
	PgeGroupDesc *descs;
	uint32		ndescs;
	Relation	old_view;

	rw.timed = pge_time_key(new, &rw.key);
	if (index != NULL || rw.timed)
		rw.sorter = pge_sorter_begin(new, index);
	pge_writer_flush(old);
	ndescs = pge_directory_load(old, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		CHECK_FOR_INTERRUPTS();
		copy_group(&rw, &descs[i]);
	}
	if (rw.sorter != NULL)
		pge_sorter_end(rw.sorter);
	if (RelationGetNumberOfBlocks(old) > 0)
		pge_root_ensure(new);
	/* Delta rows, the dead ones that somebody may still see included. */
	old_view = pge_heap_view_begin(old);
	pge_heap_routine()->relation_copy_for_cluster(old_view, new, index, index != NULL, OldestXmin, xid_cutoff, multi_cutoff,
												  num_tuples, tups_vacuumed, tups_recently_dead);
	pge_heap_view_end(old_view);
	*num_tuples += rw.rows;
	*tups_vacuumed += rw.vacuumed;
}

void
pge_column_set_rewrite_callbacks(TableAmRoutine *routine)
{
	routine->relation_copy_for_cluster = column_copy_for_cluster;
}
