/*
 * Column store: rows by TID: index fetches, row versions for triggers and rechecks, TID scans. Delta TIDs go to heap, column
 * TIDs to the row's group, of which only the values that are asked for get decoded.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/snapmgr.h"

#include "column_scan.h"
#include "group_origin.h"

typedef struct PgeIndexFetch
{
	IndexFetchTableData base;
	IndexFetchTableData *heap;
	PgeReader  *reader;			/* the group last fetched from; held */
} PgeIndexFetch;

/*
 * Looks up a TID's group, whose writer may still be running: then it is only reserved. Our own is stored first, if the snapshot may
 * see it. Somebody else's rows count for a dirty snapshot: the one who checks for duplicates must wait for them. False: nothing is
 * there; *wait: wait for snapshot->xmin.
 */
static bool
get_group(Relation rel, ItemPointer tid, Snapshot snapshot, PgeGroupDesc *desc, bool *wait)
{
	bool		running = true;

	*wait = false;
	for (;;)
	{
		if (!pge_directory_get(rel, pge_tid_group(tid), desc))
			return false;
		/* Who is not running any more may have completed it after we looked, so look once more. */
		if (desc->state != PGE_GROUP_RESERVED || (desc->flags & PGE_XMIN_ABORTED) || !running)
			return true;
		if (TransactionIdIsCurrentTransactionId(desc->xmin))
		{
			running = false;
			if (!IsMVCCSnapshot(snapshot) || desc->cmin < snapshot->curcid)
				pge_writer_flush(rel);
			continue;
		}
		if (snapshot->snapshot_type != SNAPSHOT_DIRTY)
			return true;
		running = TransactionIdIsInProgress(desc->xmin);
		if (!running)
			continue;
		if (InterruptHoldoffCount > 0)
		{
			/* The caller, nbtree, holds a page's lock. It releases that before it waits, and needs no values. */
			snapshot->xmin = desc->xmin;
			snapshot->xmax = InvalidTransactionId;
			snapshot->speculativeToken = 0;
			*wait = true;
			return true;
		}
		/* Others look at the row's values before they wait; there are none yet. */
		XactLockTableWait(desc->xmin, rel, tid, XLTW_InsertIndex);
	}
}

/*
 * The group and row of a column TID, if the snapshot sees it: fills the slot. *reader is the caller's memory of the last group,
 * which saves opening it; it may be NULL.
 */
static bool
fetch_column_row(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot, PgeReader **reader)
{
	uint32		group = pge_tid_group(tid);
	uint32		row = pge_tid_row(tid);
	PgeGroupDesc desc;
	bool		wait;

	/* Larger offsets would name rows of the next block. */
	if (ItemPointerGetOffsetNumberNoCheck(tid) > PGE_TID_ROWS)
		return false;
	/* Before the look: who completes the group later finds the lock, who did before is found by its xmin. */
	PredicateLockRelation(rel, snapshot);
	/* Always looked up anew: the group may have got a delete vector since the reader was made. */
	if (!get_group(rel, tid, snapshot, &desc, &wait))
		return false;
	if (wait)
		return true;
	if (!pge_group_visible(rel, &desc, snapshot) || row >= desc.rows || !pge_row_visible(rel, &desc, row, snapshot))
		return false;
	if (*reader == NULL || pge_reader_desc(*reader)->group_id != group)
	{
		if (*reader != NULL)
			pge_reader_release(*reader);
		*reader = NULL;
		*reader = pge_reader_cached(rel, &desc);
	}
	pge_slot_store_row(slot, rel, *reader, row, PGE_FETCH_ROW);
	return true;
}

/*
 * A column's value, of a type passed by value, in the row of a group that the caller has found, whoever sees that. Who asks for a second
 * row of a vector gets it, and those after it, from the vector decoded. False: there is no such row.
 */
bool
pge_column_value(Relation rel, const ItemPointerData *tid, AttrNumber attno, Datum *value, bool *isnull)
{
	static struct
	{
		Oid			relid;
		uint32		group;
		uint32		vector;
	}			last;
	TupleDesc	tupdesc = RelationGetDescr(rel);
	uint32		group = pge_tid_group(tid);
	uint32		row = pge_tid_row(tid);
	bool		again = last.relid == RelationGetRelid(rel) && last.group == group && last.vector == row / PGE_VECTOR_ROWS;
	PgeGroupDesc desc;
	PgeReader  *reader;
	Datum	   *values;
	bool	   *nulls;

	if (!pge_directory_get(rel, group, &desc) || desc.state != PGE_GROUP_COMPLETE || row >= desc.rows)
		return false;
	last.relid = RelationGetRelid(rel);
	last.group = group;
	last.vector = row / PGE_VECTOR_ROWS;
	values = palloc_array(Datum, attno);
	nulls = palloc_array(bool, attno);
	reader = pge_reader_cached(rel, &desc);
	if (again)
		pge_reader_vector_values(reader, tupdesc, row, attno - 1, attno, values, nulls);
	else
		pge_reader_row_values(reader, tupdesc, row, attno - 1, attno, values, nulls, CurrentMemoryContext);
	pge_reader_release(reader);
	*value = values[attno - 1];
	*isnull = nulls[attno - 1];
	pfree(values);
	pfree(nulls);
	return true;
}

/*
 * Who removed the last version of a chain that an index entry leads to; *tid becomes that version's. False: nobody, or there is no
 * such version.
 */
static bool
removed_by(Relation rel, ItemPointer tid, TransactionId *remover)
{
	PgeGroupDesc desc;
	Buffer		buffer;
	Page		page;
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	bool		found = false;

	if (pge_tid_is_column(tid))
	{
		if (!pge_directory_get(rel, pge_tid_group(tid), &desc) || desc.state != PGE_GROUP_COMPLETE)
			return false;
		*remover = desc.xmax;
		return TransactionIdIsValid(*remover);
	}
	buffer = ReadBuffer(rel, ItemPointerGetBlockNumber(tid));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	/* A chain within a page cannot be longer than the page. */
	for (int steps = 0; steps < MaxHeapTuplesPerPage && offset >= FirstOffsetNumber && offset <= PageGetMaxOffsetNumber(page); steps++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleHeader header;

		if (ItemIdIsRedirected(item))
		{
			offset = ItemIdGetRedirect(item);
			continue;
		}
		if (!ItemIdIsNormal(item))
			break;
		header = (HeapTupleHeader) PageGetItem(page, item);
		if (HeapTupleHeaderIsHotUpdated(header))
		{
			offset = ItemPointerGetOffsetNumber(&header->t_ctid);
			continue;
		}
		found = !(header->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(header);
		if (found)
			*remover = HeapTupleHeaderGetUpdateXid(header);
		break;
	}
	UnlockReleaseBuffer(buffer);
	ItemPointerSetOffsetNumber(tid, offset);
	return found;
}

/*
 * Who checks for duplicates must not miss a row because compaction moved it from a place that he has yet to look at to one that he has
 * looked at. So he finds it in its old place, too. Only moves count that ended after his transaction began.
 */
static bool
follow_move(Relation rel, ItemPointer tid)
{
	TransactionId mover;

	return removed_by(rel, tid, &mover) && TransactionIdFollowsOrEquals(mover, TransactionXmin) && pge_moved_to(rel, tid, mover, tid);
}

static struct IndexFetchTableData *
column_index_fetch_begin(Relation rel)
{
	PgeIndexFetch *fetch = palloc0(sizeof(PgeIndexFetch));

	fetch->base.rel = rel;
	fetch->heap = pge_heap_routine()->index_fetch_begin(rel);
	return &fetch->base;
}

static void
column_index_fetch_reset(struct IndexFetchTableData *data)
{
	PgeIndexFetch *fetch = (PgeIndexFetch *) data;

	pge_heap_routine()->index_fetch_reset(fetch->heap);
	if (fetch->reader != NULL)
		pge_reader_release(fetch->reader);
	fetch->reader = NULL;
}

static void
column_index_fetch_end(struct IndexFetchTableData *data)
{
	PgeIndexFetch *fetch = (PgeIndexFetch *) data;

	column_index_fetch_reset(data);
	pge_heap_routine()->index_fetch_end(fetch->heap);
	pfree(fetch);
}

static bool
column_index_fetch_tuple(struct IndexFetchTableData *data, ItemPointer tid, Snapshot snapshot,
						 TupleTableSlot *slot, bool *call_again, bool *all_dead)
{
	PgeIndexFetch *fetch = (PgeIndexFetch *) data;
	Relation	rel = data->rel;
	ItemPointerData at = *tid;

	if (!pge_tid_is_column(&at))
	{
		if (pge_heap_routine()->index_fetch_tuple(fetch->heap, tid, snapshot, pge_slot_heap(slot), call_again, all_dead))
		{
			pge_slot_adopt_heap(slot);
			if (IsolationIsSerializable())
				pge_check_delta_move(rel, ExecFetchSlotHeapTuple(pge_slot_heap(slot), false, NULL), snapshot);
			return true;
		}
		if (snapshot->snapshot_type != SNAPSHOT_DIRTY || !follow_move(rel, &at))
			return false;
	}
	*call_again = false;
	if (all_dead)
		*all_dead = false;
	for (;;)
	{
		if (fetch_column_row(rel, &at, snapshot, slot, &fetch->reader))
			return true;
		if (snapshot->snapshot_type != SNAPSHOT_DIRTY || !follow_move(rel, &at))
			break;
	}
	if (all_dead && pge_tid_is_column(tid))
	{
		TransactionId horizon = InvalidTransactionId;

		*all_dead = pge_row_surely_dead(rel, tid, GlobalVisTestFor(rel), &horizon);
	}
	return false;
}

static bool
column_tuple_fetch_row_version(Relation rel, ItemPointer tid, Snapshot snapshot, TupleTableSlot *slot)
{
	if (pge_tid_is_column(tid))
	{
		PgeReader  *reader = NULL;
		bool		found;

		found = fetch_column_row(rel, tid, snapshot, slot, &reader);
		if (reader != NULL)
			pge_reader_release(reader);
		return found;
	}
	if (!pge_heap_routine()->tuple_fetch_row_version(rel, tid, snapshot, pge_slot_heap(slot)))
		return false;
	pge_slot_adopt_heap(slot);
	if (IsolationIsSerializable())
		pge_check_delta_move(rel, ExecFetchSlotHeapTuple(pge_slot_heap(slot), false, NULL), snapshot);
	return true;
}

static bool
column_tuple_tid_valid(TableScanDesc sscan, ItemPointer tid)
{
	PgeScan    *scan = (PgeScan *) sscan;

	if (!ItemPointerIsValid(tid))
		return false;
	if (pge_tid_is_column(tid))
		return pge_tid_group(tid) < pge_directory_count(sscan->rs_rd);
	return pge_heap_routine()->tuple_tid_valid(scan->heap, tid);
}

/* The version after a column row, if the snapshot sees that there is one. */
static bool
next_of_column_row(Relation rel, Snapshot snapshot, ItemPointer tid)
{
	PgeGroupDesc desc;
	PgeDelete	entry;

	if (!pge_directory_get(rel, pge_tid_group(tid), &desc) || desc.state != PGE_GROUP_COMPLETE || pge_tid_row(tid) >= desc.rows)
		return false;
	if (!pge_row_visible(rel, &desc, pge_tid_row(tid), snapshot))
	{
		if (!pge_delete_get(rel, &desc, pge_tid_row(tid), &entry) || (entry.flags & PGE_DELETE_MOVED) ||
			!(entry.flags & PGE_DELETE_UPDATED))
			return false;
		*tid = entry.next;
		return true;
	}
	return !pge_group_visible(rel, &desc, snapshot) && pge_moved_to(rel, tid, desc.xmax, tid);
}

/* Likewise of a delta row that is the last of its chain: only compaction can have made one. */
static bool
next_of_delta_row(Relation rel, Snapshot snapshot, ItemPointer tid)
{
	HeapTupleData tuple = {.t_self = *tid};
	TransactionId mover = InvalidTransactionId;
	Buffer		buffer = InvalidBuffer;

	if (!heap_fetch(rel, snapshot, &tuple, &buffer, true) && tuple.t_data != NULL &&
		!(tuple.t_data->t_infomask & HEAP_XMAX_INVALID) && !HeapTupleHeaderIsOnlyLocked(tuple.t_data))
		mover = HeapTupleHeaderGetUpdateXid(tuple.t_data);
	if (BufferIsValid(buffer))
		ReleaseBuffer(buffer);
	return TransactionIdIsValid(mover) && pge_moved_to(rel, tid, mover, tid);
}

/* WHERE CURRENT OF, when the row has changed since the cursor was there; and currtid(). */
static void
column_tuple_get_latest_tid(TableScanDesc sscan, ItemPointer tid)
{
	bool		more;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (pge_tid_is_column(tid))
			more = next_of_column_row(sscan->rs_rd, sscan->rs_snapshot, tid);
		else
		{
			heap_get_latest_tid(((PgeScan *) sscan)->heap, tid);
			more = next_of_delta_row(sscan->rs_rd, sscan->rs_snapshot, tid);
		}
	} while (more);
}

static bool
column_tuple_satisfies_snapshot(Relation rel, TupleTableSlot *slot, Snapshot snapshot)
{
	PgeGroupDesc desc;

	if (!pge_slot_is_column(slot))
		return pge_heap_routine()->tuple_satisfies_snapshot(rel, pge_slot_heap(slot), snapshot);
	return pge_directory_get(rel, pge_tid_group(&slot->tts_tid), &desc) && pge_group_visible(rel, &desc, snapshot) &&
		pge_row_visible(rel, &desc, pge_tid_row(&slot->tts_tid), snapshot);
}

/*
 * Which of an index page's entries may be deleted, and how young a snapshot of a standby may be that still needs one of them. Heap judges
 * delta TIDs. Where the index AM only guesses (bottom-up), column TIDs are looked at if it has hopes for them, and those that stay are
 * not handed back.
 */
static TransactionId
column_index_delete_tuples(Relation rel, TM_IndexDeleteOp *delstate)
{
	TM_IndexDelete *columns = palloc_array(TM_IndexDelete, delstate->ndeltids);
	TransactionId horizon = InvalidTransactionId,
				column_horizon = InvalidTransactionId;
	GlobalVisState *vistest = GlobalVisTestFor(rel);
	int			delta = 0,
				ncolumns = 0;
	bool		ask_heap = delstate->bottomup;

	for (int i = 0; i < delstate->ndeltids; i++)
		if (pge_tid_is_column(&delstate->deltids[i].tid))
			columns[ncolumns++] = delstate->deltids[i];
		else
		{
			ask_heap |= delstate->status[delstate->deltids[i].id].knowndeletable;
			delstate->deltids[delta++] = delstate->deltids[i];
		}
	/* But for bottom-up deletion heap expects to be asked about something that is known to be dead, with others that may be. */
	delstate->ndeltids = ask_heap ? delta : 0;
	if (delstate->ndeltids > 0)
		horizon = pge_heap_routine()->index_delete_tuples(rel, delstate);
	for (int i = 0; i < ncolumns; i++)
	{
		TM_IndexStatus *status = &delstate->status[columns[i].id];

		if (!delstate->bottomup || status->promising)
			status->knowndeletable |= pge_row_surely_dead(rel, &columns[i].tid, vistest, &column_horizon);
		if (!delstate->bottomup || status->knowndeletable)
			delstate->deltids[delstate->ndeltids++] = columns[i];
	}
	pfree(columns);
	if (!TransactionIdIsValid(horizon) ||
		(TransactionIdIsValid(column_horizon) && TransactionIdFollows(column_horizon, horizon)))
		horizon = column_horizon;
	return horizon;
}

void
pge_column_set_fetch_callbacks(TableAmRoutine *routine)
{
	routine->index_fetch_begin = column_index_fetch_begin;
	routine->index_fetch_reset = column_index_fetch_reset;
	routine->index_fetch_end = column_index_fetch_end;
	routine->index_fetch_tuple = column_index_fetch_tuple;
	routine->tuple_fetch_row_version = column_tuple_fetch_row_version;
	routine->tuple_tid_valid = column_tuple_tid_valid;
	routine->tuple_get_latest_tid = column_tuple_get_latest_tid;
	routine->tuple_satisfies_snapshot = column_tuple_satisfies_snapshot;
	routine->index_delete_tuples = column_index_delete_tuples;
}
