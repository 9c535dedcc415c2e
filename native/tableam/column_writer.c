/*
 * Column store: rows on their way into a row group.
 *
 * A writer gathers the rows that one statement brings to one table. It belongs to (table, subtransaction, command): rows of
 * another command go to another writer. Rows reach storage at the latest when the statement ends, when a group is full, or when
 * this backend reads the table; an abort of their subtransaction drops them. So nothing can see the table without them.
 *
 * Where they go: a group is worth its pages only from PGE_GROUP_MIN_ROWS rows on. If nobody needs TIDs before the end (no
 * index, no row trigger, no RETURNING), rows are held back until there are so many, and a short rest goes to the delta. If
 * TIDs are needed at once, the statement's first rows go to the delta, and later ones get TIDs in a group reserved for them.
 *
 * A table with a time column: a group has rows of one bucket. Rows that are held back are sorted, as many as memory takes, and become
 * groups by bucket; those of a bucket with too few go to the delta. Where TIDs are needed at once, rows of other buckets than the group in
 * the making go to the delta, until so many have come that another is begun; such groups are sorted later, by compaction.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "lib/ilist.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "column.h"
#include "group_builder.h"
#include "group_origin.h"
#include "statement.h"
#include "time_sorter.h"

/* Rows held back stop being held at this part of what a group may take: they are copied into it. */
#define HELD_SHARE	8

/* After so many rows in succession that are not in the bucket of the group in the making, another is begun. */
#define MAX_STRAYS	256

typedef struct PgeWriter
{
	dlist_node	node;
	Oid			relid;
	RelFileNumber relnumber;
	SubTransactionId subid;
	TransactionId xid;			/* subid's: rows are its, whichever subtransaction is current when they are stored */
	CommandId	cid;
	int			level;			/* of the statement */
	int			options;		/* TABLE_INSERT_* */
	bool		want_tids;
	bool		delta_only;		/* somebody reads the table between our rows: groups would get tiny */
	bool		storing;		/* set while rows are being stored; still set afterwards: that failed */
	uint64		delta_rows;		/* want_tids: rows that went to the delta */
	MemoryContext cxt;			/* all of this */

	HeapTuple  *held;			/* rows held back */
	int			nheld;
	Size		held_bytes;
	MemoryContext held_cxt;

	bool		timed;			/* the table has a time column */
	PgeTimeKey	key;
	PgeTimeSorter *sorter;		/* timed, no TIDs wanted: rows held back; made for the first */
	int64		bucket;			/* timed, TIDs wanted: the group's */
	uint32		strays;			/* rows since the last that was in it */

	PgeBuilder *group;			/* the group being built, or NULL */
	PgeBuilder *spare;			/* no group is being built: the last one's builder, or NULL */
	PgeGroupDesc desc;
	bool		reserved;		/* desc is in the directory, its TIDs are given out */
} PgeWriter;

static dlist_head writers = DLIST_STATIC_INIT(writers);

static PgeWriter *
find_writer(Relation rel, CommandId cid)
{
	dlist_iter	iter;

	dlist_foreach(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);

		if (w->relid == RelationGetRelid(rel) && w->relnumber == rel->rd_locator.relNumber &&
			w->cid == cid && w->subid == GetCurrentSubTransactionId())
			return w;
	}
	return NULL;
}

static PgeWriter *
make_writer(Relation rel, CommandId cid, int options)
{
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext, "column writer", ALLOCSET_DEFAULT_SIZES);
	PgeWriter  *w = MemoryContextAllocZero(cxt, sizeof(PgeWriter));

	w->relid = RelationGetRelid(rel);
	w->relnumber = rel->rd_locator.relNumber;
	w->subid = GetCurrentSubTransactionId();
	w->xid = GetCurrentTransactionId();
	w->cid = cid;
	w->level = pge_statement ? pge_statement->level : 1;
	w->options = options;
	w->want_tids = pge_debug_force_row_groups || rel->rd_rel->relhasindex || (rel->trigdesc && rel->trigdesc->trig_insert_after_row) ||
		(pge_statement && pge_statement->bulk_insert && pge_statement->returning);
	w->timed = pge_time_key(rel, &w->key);
	w->cxt = cxt;
	w->held = MemoryContextAlloc(cxt, PGE_GROUP_MIN_ROWS * sizeof(HeapTuple));
	w->held_cxt = AllocSetContextCreate(cxt, "rows held back", ALLOCSET_DEFAULT_SIZES);
	dlist_push_head(&writers, &w->node);
	return w;
}

static void
drop_writer(PgeWriter *w)
{
	dlist_delete(&w->node);
	MemoryContextDelete(w->cxt);
}

/*
 * An error while rows are being stored may be caught by the function that caused it (a PL/pgSQL EXCEPTION block that reads the
 * table). The statement must not go on as if nothing had been lost.
 */
static void
begin_storing(PgeWriter *w, Relation rel)
{
	if (w->storing)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows for column table \"%s\" could not be stored", RelationGetRelationName(rel)),
				 errdetail("An earlier error in the same statement was caught.")));
	w->storing = true;
}

/* ---- the group being built ---- */

/* What is held back and what is being built share memory. */
static uint64
max_bytes(const PgeWriter *w)
{
	return w->timed ? pge_builder_max_bytes() / 2 : pge_builder_max_bytes();
}

static void
open_group(PgeWriter *w, Relation rel)
{
	w->group = w->spare != NULL ? w->spare : pge_builder_begin(rel, w->cxt, 0, max_bytes(w));
	w->spare = NULL;
	memset(&w->desc, 0, sizeof(w->desc));
	w->desc.state = PGE_GROUP_RESERVED;
	w->desc.xmin = w->xid;
	w->desc.cmin = w->cid;
	w->desc.natts = RelationGetDescr(rel)->natts;
	w->desc.first_block = w->desc.delete_root = InvalidBlockNumber;
	if (w->options & TABLE_INSERT_FROZEN)
		w->desc.flags = PGE_XMIN_FROZEN;
	w->reserved = false;
	if (w->want_tids)
	{
		pge_directory_append(rel, &w->desc);
		w->reserved = true;
	}
}

/* Store the group and publish its descriptor. */
static void
close_group(PgeWriter *w, Relation rel)
{
	PgeBuilder *group = w->group;

	if (group == NULL)
		return;
	if (!w->reserved)
		pge_directory_append(rel, &w->desc);
	/* Readers lock first, then look: they have done it by now, or will find the descriptor and whose it is. */
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
	w->group = NULL;
	pge_builder_store(group, rel, &w->desc, NULL);
	/* Beside others, its memory is better given back. */
	if (dlist_head_node(&writers) == dlist_tail_node(&writers))
		w->spare = group;
	else
		pge_builder_end(group);
	pgstat_count_heap_insert(rel, w->desc.rows);
}

/* ---- rows held back ---- */

static void
forget_held(PgeWriter *w)
{
	w->nheld = 0;
	w->held_bytes = 0;
	MemoryContextReset(w->held_cxt);
}

/* Rows to the delta, by heap's own bulk insert. */
static void
tuples_to_delta(PgeWriter *w, Relation rel, HeapTuple *tuples, int n)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	BulkInsertState bistate;
	TupleTableSlot **slots;
	int			chunk = Min(n, 1000);

	if (n == 0)
		return;
	pge_root_ensure(rel);
	slots = MemoryContextAlloc(w->held_cxt, chunk * sizeof(TupleTableSlot *));
	for (int i = 0; i < chunk; i++)
		slots[i] = MakeSingleTupleTableSlot(tupdesc, &TTSOpsHeapTuple);
	bistate = GetBulkInsertState();
	for (int first = 0; first < n; first += chunk)
	{
		int			now = Min(chunk, n - first);

		for (int i = 0; i < now; i++)
			ExecStoreHeapTuple(tuples[first + i], slots[i], false);
		heap_multi_insert(rel, slots, now, w->cid, w->options, bistate);
		for (int i = 0; i < now; i++)
			ExecClearTuple(slots[i]);
	}
	FreeBulkInsertState(bistate);
	for (int i = 0; i < chunk; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	pfree(slots);
}

static void
held_to_delta(PgeWriter *w, Relation rel)
{
	tuples_to_delta(w, rel, w->held, w->nheld);
	forget_held(w);
}

/* Held rows into a new group: enough have come. */
static void
held_to_group(PgeWriter *w, Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);

	open_group(w, rel);
	for (int i = 0; i < w->nheld; i++)
	{
		heap_deform_tuple(w->held[i], tupdesc, values, nulls);
		pge_builder_add(w->group, values, nulls);
	}
	pge_builder_flush(w->group);
	forget_held(w);
	pfree(values);
	pfree(nulls);
}

/* ---- rows held back to be sorted ---- */

static void
hold_to_sort(PgeWriter *w, Relation rel, TupleTableSlot *slot)
{
	if (w->sorter == NULL)
		w->sorter = pge_time_sorter_begin(rel, &w->key, w->cxt);
	slot_getallattrs(slot);
	pge_time_sorter_add(w->sorter, slot->tts_values, slot->tts_isnull, NULL);
}

/* Rows of a bucket, in order, into one or more groups. */
static void
bucket_to_groups(PgeWriter *w, Relation rel, const PgeTimeRow *rows, uint32 n)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);

	for (uint32 i = 0; i < n; i++)
	{
		if (w->group == NULL)
			open_group(w, rel);
		w->group->sorted = true;
		heap_deform_tuple(rows[i].tuple, tupdesc, values, nulls);
		pge_builder_add(w->group, values, nulls);
		if (w->group->state.Full)
			close_group(w, rel);
	}
	close_group(w, rel);
	pfree(values);
	pfree(nulls);
}

/* Store the rows that are held back; those of a bucket that has few of them to the delta, if they may go there. */
static void
sorted_to_storage(PgeWriter *w, Relation rel, bool delta_too)
{
	PgeTimeRow *rows;
	uint32		n;

	if (w->sorter == NULL)
		return;
	pge_time_sorter_sort(w->sorter);
	while ((rows = pge_time_sorter_bucket(w->sorter, &n)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (n < PGE_GROUP_MIN_ROWS && delta_too)
		{
			HeapTuple	tuples[PGE_GROUP_MIN_ROWS];

			for (uint32 i = 0; i < n; i++)
				tuples[i] = rows[i].tuple;
			tuples_to_delta(w, rel, tuples, n);
			continue;
		}
		bucket_to_groups(w, rel, rows, n);
	}
	pge_time_sorter_reset(w->sorter);
}

/*
 * The row is of another bucket than the group in the making: true, and it goes to the delta. After a run of such rows, and at once where
 * all rows are to go to groups, the group is stored instead, and the row begins another.
 */
static bool
is_stray(PgeWriter *w, Relation rel, TupleTableSlot *slot)
{
	int64		bucket = pge_time_bucket_of_slot(&w->key, slot);

	if (w->group != NULL && bucket != w->bucket)
	{
		if (!pge_debug_force_row_groups && ++w->strays <= MAX_STRAYS)
			return true;
		close_group(w, rel);
	}
	w->bucket = bucket;
	w->strays = 0;
	return false;
}

static uint64
bytes_in_hand(const PgeWriter *w)
{
	return (w->group != NULL ? w->group->state.Bytes : 0) + (w->sorter != NULL ? pge_time_sorter_bytes(w->sorter) : 0);
}

/*
 * A load into many partitions has a writer for each. When their groups together hold too much, the largest is stored early,
 * but never the one that has just been written to.
 */
static void
keep_within_budget(PgeWriter *busy)
{
	PgeWriter  *largest = NULL;
	uint64		total = 0;
	dlist_iter	iter;
	Relation	rel;

	if (dlist_head_node(&writers) == dlist_tail_node(&writers))
		return;
	dlist_foreach(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);

		if (w->spare != NULL)
			pge_builder_end(w->spare);
		w->spare = NULL;
		if (bytes_in_hand(w) == 0)
			continue;
		total += bytes_in_hand(w);
		if (w != busy && (largest == NULL || bytes_in_hand(w) > bytes_in_hand(largest)))
			largest = w;
	}
	if (total <= pge_builder_max_bytes() || largest == NULL)
		return;
	rel = relation_open(largest->relid, NoLock);
	begin_storing(largest, rel);
	sorted_to_storage(largest, rel, largest->subid == GetCurrentSubTransactionId());
	close_group(largest, rel);
	largest->storing = false;
	relation_close(rel, NoLock);
}

/* ---- entry points ---- */

/* May these rows bypass the delta at all? */
static bool
bulk_allowed(Relation rel, struct BulkInsertStateData *bistate)
{
	if (bistate == NULL && !(pge_statement && pge_statement->bulk_insert) && !pge_debug_force_row_groups)
		return false;
	/*
	 * Logical decoding reads heap's records only; subscribers must get these rows. They have those that a rewrite of the table brings.
	 */
	return RelationGetDescr(rel)->natts > 0 && (!RelationIsLogicallyLogged(rel) || OidIsValid(rel->rd_rel->relrewrite));
}

/*
 * Take the rows if they belong into a group; false: the caller inserts them into the delta. Sets the slots' TIDs where they
 * are known.
 */
bool
pge_writer_insert(Relation rel, TupleTableSlot **slots, int nslots, CommandId cid, int options,
				  struct BulkInsertStateData *bistate)
{
	PgeWriter  *w;

	if (!bulk_allowed(rel, bistate))
		return false;
	w = find_writer(rel, cid);
	if (w == NULL)
		w = make_writer(rel, cid, options);
	if (w->delta_only && !pge_debug_force_row_groups)
		return false;
	if (w->want_tids && w->delta_rows < PGE_GROUP_MIN_ROWS && !pge_debug_force_row_groups)
	{
		w->delta_rows += nslots;
		return false;
	}

	begin_storing(w, rel);
	pge_root_ensure(rel);
	for (int i = 0; i < nslots; i++)
	{
		TupleTableSlot *slot = slots[i];

		slot->tts_tableOid = RelationGetRelid(rel);
		/*
		 * No TID, or one of a group that there cannot be: CREATE INDEX CONCURRENTLY may have begun while we run. It waits for
		 * us before anybody makes entries, but the executor already insists on something that looks like a TID.
		 */
		pge_tid_set(&slot->tts_tid, PGE_MAX_GROUPS, 0);
		if (!rel->rd_rel->relhasindex)
			ItemPointerSetInvalid(&slot->tts_tid);
		if (w->timed && !w->want_tids)
		{
			hold_to_sort(w, rel, slot);
			if (pge_time_sorter_bytes(w->sorter) >= max_bytes(w))
				sorted_to_storage(w, rel, w->subid == GetCurrentSubTransactionId());
		}
		else if (w->timed && is_stray(w, rel, slot))
			pge_delta_insert(rel, slot, cid, options, NULL);
		else if (w->group == NULL && !w->want_tids)
		{
			MemoryContext old = MemoryContextSwitchTo(w->held_cxt);

			w->held[w->nheld] = ExecCopySlotHeapTuple(slot);
			MemoryContextSwitchTo(old);
			w->held_bytes += w->held[w->nheld++]->t_len;
			if (w->nheld == PGE_GROUP_MIN_ROWS || w->held_bytes > pge_builder_max_bytes() / HELD_SHARE)
				held_to_group(w, rel);
		}
		else
		{
			uint32		place;

			if (w->group == NULL)
				open_group(w, rel);
			slot_getallattrs(slot);
			place = pge_builder_add(w->group, slot->tts_values, slot->tts_isnull);
			if (w->want_tids)
			{
				pge_tid_set(&slot->tts_tid, w->desc.group_id, place);
				pge_slot_mark_stored(slot, w->xid, w->cid);
			}
		}
		if (w->group != NULL && w->group->state.Full)
			close_group(w, rel);
	}
	/* Values may point into the slots, which the caller reuses. */
	if (w->group != NULL)
		pge_builder_flush(w->group);
	if (w->group != NULL && w->group->state.Full)
		close_group(w, rel);
	w->storing = false;
	keep_within_budget(w);
	return true;
}

/*
 * Store all that the writer has, as it is. A subtransaction of a function that the statement calls may be current; heap would
 * store rows as that one's, and lose them with it, so held rows become a group then, however small.
 */
static void
flush_writer(PgeWriter *w, Relation rel)
{
	begin_storing(w, rel);
	if (w->nheld > 0 && w->subid != GetCurrentSubTransactionId())
		held_to_group(w, rel);
	held_to_delta(w, rel);
	sorted_to_storage(w, rel, w->subid == GetCurrentSubTransactionId());
	close_group(w, rel);
	w->storing = false;
}

/* This backend is about to read the table: rows of a statement that is still running become readable first. */
void
pge_writer_flush(Relation rel)
{
	dlist_iter	iter;

	if (likely(dlist_is_empty(&writers)))
		return;
	dlist_foreach(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);

		if (w->relid == RelationGetRelid(rel) && (w->nheld > 0 || w->group != NULL ||
												  (w->sorter != NULL && pge_time_sorter_rows(w->sorter) > 0)))
		{
			flush_writer(w, rel);
			w->delta_only = true;
		}
	}
}

/* The statement has brought all its rows. */
void
pge_writer_finish(Relation rel)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);

		if (w->relid == RelationGetRelid(rel) && w->subid == GetCurrentSubTransactionId())
		{
			flush_writer(w, rel);
			drop_writer(w);
		}
	}
}

/* All statements at this level or deeper are over. */
void
pge_writer_finish_level(int level)
{
	dlist_mutable_iter iter;

	if (likely(dlist_is_empty(&writers)))
		return;
	dlist_foreach_modify(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);
		Relation	rel;

		if (w->level < level)
			continue;
		/* The statement's own lock is held until the transaction ends. */
		rel = relation_open(w->relid, NoLock);
		flush_writer(w, rel);
		relation_close(rel, NoLock);
		drop_writer(w);
	}
}

static void
at_xact_event(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			/* A statement that began before the hooks were installed. */
			pge_writer_finish_level(0);
			break;
		default:
			/* The memory goes with the transaction. */
			dlist_init(&writers);
			pge_origins_forget_cache();
			break;
	}
}

static void
at_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB || event == SUBXACT_EVENT_START_SUB)
		return;
	dlist_foreach_modify(iter, &writers)
	{
		PgeWriter  *w = dlist_container(PgeWriter, node, iter.cur);

		if (w->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_ABORT_SUB)
			drop_writer(w);
		else
			w->subid = parent;
	}
}

void
pge_writer_init(void)
{
	RegisterXactCallback(at_xact_event, NULL);
	RegisterSubXactCallback(at_subxact_event, NULL);
}
