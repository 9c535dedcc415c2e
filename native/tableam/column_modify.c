/*
 * Column store: inserts, updates, deletes and row locks, sent where the row is: delta rows are heap's business entirely, rows of
 * groups are column_row.c's. A row that compaction has moved while somebody waited for it counts as updated: in READ COMMITTED the caller
 * locks it, is led to its new place and goes on there; under a transaction's own snapshot that is a serialization failure.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "pgstat.h"
#include "utils/rel.h"

#include "column.h"
#include "column_decode.h"
#include "column_row.h"
#include "continuous/continuous.h"
#include "group_origin.h"

static void
check_delta_tid(Relation rel, ItemPointer tid)
{
	if (unlikely(pge_tid_is_column(tid)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column table \"%s\" cannot have more than %u blocks",
						RelationGetRelationName(rel), PGE_TID_BLOCK_FLAG),
				 errhint("Partition the table.")));
}

/*
 * What heap is given to store for a slot. In our slot's inner one it leaves the tuple with its header, for RETURNING xmin and the
 * like. A copy is made in any case, since heap's functions need a tuple.
 */
static TupleTableSlot *
heap_source(TupleTableSlot *slot)
{
	TupleTableSlot *inner;

	if (slot->tts_ops != &PgeSlotOps)
		return slot;
	inner = pge_slot_heap(slot);
	if (!pge_slot_is_heap(slot))
		ExecCopySlot(inner, slot);
	return inner;
}

/* Heap has stored source: it is what slot holds now. */
static void
stored(Relation rel, TupleTableSlot *slot, TupleTableSlot *source)
{
	if (source != slot)
		pge_slot_adopt_heap(slot);
	check_delta_tid(rel, &slot->tts_tid);
}

/* Also for a row that the writer does not put into the group that it makes. */
void
pge_delta_insert(Relation rel, TupleTableSlot *slot, CommandId cid, int options, struct BulkInsertStateData *bistate)
{
	TupleTableSlot *source;

	pge_root_ensure(rel);
	source = heap_source(slot);
	pge_heap_routine()->tuple_insert(rel, source, cid, options, bistate);
	stored(rel, slot, source);
}

static void
column_tuple_insert(Relation rel, TupleTableSlot *slot, CommandId cid, int options, struct BulkInsertStateData *bistate)
{
	if (pge_capture_wanted(rel))
		pge_capture_rows(rel, &slot, 1);
	if (!pge_writer_insert(rel, &slot, 1, cid, options, bistate))
		pge_delta_insert(rel, slot, cid, options, bistate);
}

static void
column_multi_insert(Relation rel, TupleTableSlot **slots, int nslots, CommandId cid, int options,
					struct BulkInsertStateData *bistate)
{
	if (pge_capture_wanted(rel))
		pge_capture_rows(rel, slots, nslots);
	if (pge_writer_insert(rel, slots, nslots, cid, options, bistate))
		return;
	pge_root_ensure(rel);
	heap_multi_insert(rel, slots, nslots, cid, options, bistate);
	check_delta_tid(rel, &slots[nslots - 1]->tts_tid);
}

static void
column_tuple_insert_speculative(Relation rel, TupleTableSlot *slot, CommandId cid, int options,
								struct BulkInsertStateData *bistate, uint32 token)
{
	TupleTableSlot *source;

	if (pge_capture_wanted(rel))
		pge_capture_rows(rel, &slot, 1);
	pge_root_ensure(rel);
	source = heap_source(slot);
	pge_heap_routine()->tuple_insert_speculative(rel, source, cid, options, bistate, token);
	stored(rel, slot, source);
}

/* The new version of a row that an update takes out of its group. */
static void
store_version(Relation rel, const PgeGroupDesc *desc, uint32 row, TupleTableSlot *slot, CommandId cid)
{
	TupleTableSlot *source = heap_source(slot);

	if (RelationIsLogicallyLogged(rel))
		pge_decode_update(rel, desc, row, source, cid);
	else
	{
		pge_heap_routine()->tuple_insert(rel, source, cid, 0, NULL);
		pgstat_count_heap_insert(rel, -1);
		pgstat_count_heap_update(rel, false, true);
	}
	stored(rel, slot, source);
}

/* To heap a row that was moved is deleted, to column_row.c it is in a group that was replaced: both mean that it is elsewhere now. */
static TM_Result
deleted_or_moved(Relation rel, ItemPointer tid, TM_Result result, TM_FailureData *tmfd)
{
	if ((result == TM_Deleted || result == TM_Updated) && pge_moved_to(rel, tid, tmfd->xmax, &tmfd->ctid))
		return TM_Updated;
	return result;
}

static TM_Result
column_tuple_delete(Relation rel, ItemPointer tid, CommandId cid, Snapshot snapshot, Snapshot crosscheck,
					bool wait, TM_FailureData *tmfd, bool changing_part)
{
	TM_Result	result;

	pge_writer_flush(rel);
	if (pge_capture_wanted(rel) && pge_capture_paused != RelationGetRelid(rel))
		pge_capture_tid(rel, tid, NULL);
	if (pge_tid_is_column(tid))
		result = pge_row_delete(rel, tid, cid, crosscheck, wait, tmfd, changing_part);
	else
		result = pge_heap_routine()->tuple_delete(rel, tid, cid, snapshot, crosscheck, wait, tmfd, changing_part);
	return deleted_or_moved(rel, tid, result, tmfd);
}

static TM_Result
column_tuple_update(Relation rel, ItemPointer otid, TupleTableSlot *slot, CommandId cid, Snapshot snapshot,
					Snapshot crosscheck, bool wait, TM_FailureData *tmfd, LockTupleMode *lockmode,
					TU_UpdateIndexes *update_indexes)
{
	TupleTableSlot *source;
	TM_Result	result;

	pge_writer_flush(rel);
	if (pge_capture_wanted(rel))
		pge_capture_tid(rel, otid, slot);
	if (pge_tid_is_column(otid))
		result = pge_row_update(rel, otid, slot, cid, crosscheck, wait, tmfd, lockmode, update_indexes, store_version);
	else
	{
		source = heap_source(slot);
		result = pge_heap_routine()->tuple_update(rel, otid, source, cid, snapshot, crosscheck, wait, tmfd, lockmode,
												  update_indexes);
		if (result == TM_Ok)
			stored(rel, slot, source);
	}
	return deleted_or_moved(rel, otid, result, tmfd);
}

/* Lock one version; *follow: it was updated, and *tid is now a later one, in the delta. */
static TM_Result
lock_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid, LockTupleMode mode,
			 LockWaitPolicy wait_policy, uint8 flags, TM_FailureData *tmfd, bool *follow)
{
	TM_Result	result;

	*follow = false;
	if (pge_tid_is_column(tid))
	{
		tmfd->traversed = false;
		return pge_row_lock(rel, tid, slot, cid, mode, wait_policy, flags, tmfd, follow);
	}
	result = pge_heap_routine()->tuple_lock(rel, tid, snapshot, pge_slot_heap(slot), cid, mode, wait_policy, flags, tmfd);
	if (!TTS_EMPTY(pge_slot_heap(slot)))
		pge_slot_adopt_heap(slot);
	return result;
}

/*
 * The row has moved: does its locker go on at the new place? Who asks for the last version does. So does a locker whose snapshot is older
 * than the move, FOR KEY SHARE of a foreign key above all: it is the version that he sees, and nobody has changed it. Changing it there is
 * another matter: his snapshot would go on to see the row in its old place, too.
 */
static bool
locked_where_it_moved(uint8 flags)
{
	return (flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION) != 0 ||
		(IsolationUsesXactSnapshot() && (flags & TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS) != 0);
}

static TM_Result
column_tuple_lock(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, CommandId cid,
				  LockTupleMode mode, LockWaitPolicy wait_policy, uint8 flags, TM_FailureData *tmfd)
{
	ItemPointerData at = *tid;
	TM_Result	result;
	bool		traversed = false,
				again;

	pge_writer_flush(rel);
	do
	{
		bool		follow;

		result = lock_version(rel, &at, snapshot, slot, cid, mode, wait_policy, flags, tmfd, &follow);
		again = follow;
		if (!follow && (result == TM_Deleted || result == TM_Updated) && pge_moved_to(rel, &at, tmfd->xmax, &tmfd->ctid))
		{
			result = TM_Updated;
			again = locked_where_it_moved(flags);
		}
		else if (!follow)
			again = result == TM_Updated && (flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION) && !ItemPointerEquals(&tmfd->ctid, &at);
		if (again && !follow)
			at = tmfd->ctid;
		traversed |= again;
	} while (again);
	/* Others than those who asked for it are not told of another place. */
	if (flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION)
	{
		*tid = at;
		tmfd->traversed |= traversed;
	}
	return result;
}

static void
column_finish_bulk_insert(Relation rel, int options)
{
	pge_writer_finish(rel);
}

void
pge_column_set_modify_callbacks(TableAmRoutine *routine)
{
	routine->tuple_insert = column_tuple_insert;
	routine->multi_insert = column_multi_insert;
	routine->tuple_insert_speculative = column_tuple_insert_speculative;
	routine->tuple_delete = column_tuple_delete;
	routine->tuple_update = column_tuple_update;
	routine->tuple_lock = column_tuple_lock;
	routine->finish_bulk_insert = column_finish_bulk_insert;
}
