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

/* Rows held back stop being held at this part of what a group may take: they are copied into it. */
#define HELD_SHARE	8

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

static void
end_storing(PgeWriter *w)
{
	w->storing = false;
}

/* ---- the group being built ---- */

static void
open_group(PgeWriter *w, Relation rel)
{
	w->group = w->spare != NULL ? w->spare : pge_builder_begin(rel, w->cxt, 0, pge_builder_max_bytes());
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

/* Held rows to the delta, by heap's own bulk insert. */
static void
held_to_delta(PgeWriter *w, Relation rel)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	BulkInsertState bistate;
	TupleTableSlot **slots;
	int			chunk = Min(w->nheld, 1000);

	if (w->nheld == 0)
		return;
	pge_root_ensure(rel);
	slots = MemoryContextAlloc(w->held_cxt, chunk * sizeof(TupleTableSlot *));
	for (int i = 0; i < chunk; i++)
		slots[i] = MakeSingleTupleTableSlot(tupdesc, &TTSOpsHeapTuple);
	bistate = GetBulkInsertState();
	for (int first = 0; first < w->nheld; first += chunk)
	{
		int			n = Min(chunk, w->nheld - first);

		for (int i = 0; i < n; i++)
			ExecStoreHeapTuple(w->held[first + i], slots[i], false);
		heap_multi_insert(rel, slots, n, w->cid, w->options, bistate);
		for (int i = 0; i < n; i++)
			ExecClearTuple(slots[i]);
	}
	FreeBulkInsertState(bistate);
	for (int i = 0; i < chunk; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
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
		if (w->group == NULL)
			continue;
		total += w->group->state.Bytes;
		if (w != busy && (largest == NULL || w->group->state.Bytes > largest->group->state.Bytes))
			largest = w;
	}
	if (total <= pge_builder_max_bytes() || largest == NULL)
		return;
	rel = relation_open(largest->relid, NoLock);
	begin_storing(largest, rel);
	close_group(largest, rel);
	end_storing(largest);
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
		if (w->group == NULL && !w->want_tids)
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
	end_storing(w);
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
	close_group(w, rel);
	end_storing(w);
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

		if (w->relid == RelationGetRelid(rel) && (w->nheld > 0 || w->group != NULL))
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
