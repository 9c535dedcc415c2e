/*
 * Column store: delete, update and lock of a row in a group. What heap does in a tuple's header is done here with the group's
 * delete vector and a heavyweight lock on the row (row_lock.c):
 *
 *   - Deleters and updaters hold the row's lock while they look at the entry and set it, then let go: their xmax speaks for them.
 *   - Lockers (FOR UPDATE ... FOR KEY SHARE, foreign keys) keep the lock until their transaction ends. Nothing is written.
 *
 * The new version of an updated row is a heap tuple in the delta; the entry points to it, so that whoever waited can follow.
 *
 * As in heap, an update that leaves the key alone and FOR KEY SHARE go together, and the lock holds for the new version: the updater sets
 * the entry, then looks who has locked the row and hands their locks to the new version; the locker locks the row, then looks at the entry
 * and goes on to the new version if it finds one (delta_lock.c). So at least one of the two sees the other.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "column.h"
#include "column_decode.h"
#include "column_row.h"
#include "delta_lock.h"
#include "row_lock.h"

/* A row in a group, as it was found. */
typedef struct Row
{
	PgeGroupDesc desc;
	uint32		row;
	PgeDelete	entry;			/* zero if untouched */
	TransactionId changer;		/* who changed it, or replaced its group, by satisfies_update() */
} Row;

static void
read_row(Relation rel, ItemPointer tid, Row *row)
{
	row->row = pge_tid_row(tid);
	if (!pge_directory_get(rel, pge_tid_group(tid), &row->desc) || row->desc.state != PGE_GROUP_COMPLETE ||
		row->row >= row->desc.rows)
		elog(ERROR, "attempted to change a row that does not exist: group %u, row %u of \"%s\"",
			 pge_tid_group(tid), pge_tid_row(tid), RelationGetRelationName(rel));
	if (!pge_delete_get(rel, &row->desc, row->row, &row->entry))
		memset(&row->entry, 0, sizeof(row->entry));
}

/*
 * HeapTupleSatisfiesUpdate() for a row in a group. When a group was replaced its rows live on elsewhere: that counts as an update, but
 * for rows that were gone before; when it was dropped they do not.
 */
static TM_Result
satisfies_update(Row *row, CommandId cid)
{
	row->changer = row->entry.xmax;
	switch (pge_group_fate(&row->desc))
	{
		case PGE_FATE_DEAD:
		case PGE_FATE_IN_PROGRESS:
			return TM_Invisible;
		case PGE_FATE_MINE:
			if (row->desc.cmin >= cid && !(row->desc.flags & PGE_XMIN_FROZEN))
				return TM_Invisible;
			break;
		case PGE_FATE_LIVE:
			break;
	}
	switch (pge_delete_fate(&row->entry))
	{
		case PGE_DELETE_NONE:
			break;
		case PGE_DELETE_MINE:
			return row->entry.cmax >= cid ? TM_SelfModified : TM_Invisible;
		case PGE_DELETE_IN_PROGRESS:
			return TM_BeingModified;
		case PGE_DELETE_COMMITTED:
		case PGE_DELETE_DEAD:
			return row->entry.flags & (PGE_DELETE_UPDATED | PGE_DELETE_MOVED) ? TM_Updated : TM_Deleted;
	}
	memset(&row->entry, 0, sizeof(row->entry));
	row->changer = row->desc.xmax;
	switch (pge_group_replaced(&row->desc))
	{
		case PGE_DELETE_NONE:
			break;
		case PGE_DELETE_MINE:
			return row->desc.cmax >= cid ? TM_SelfModified : TM_Invisible;
		case PGE_DELETE_IN_PROGRESS:
			return TM_BeingModified;
		case PGE_DELETE_COMMITTED:
		case PGE_DELETE_DEAD:
			return row->desc.flags & PGE_GROUP_DROPPED ? TM_Deleted : TM_Updated;
	}
	return TM_Ok;
}

static void
fill_failure(TM_FailureData *tmfd, ItemPointer tid, const Row *row, TM_Result result)
{
	if (row->entry.flags & PGE_DELETE_MOVED)
		ItemPointerSetMovedPartitions(&tmfd->ctid);
	else
		tmfd->ctid = row->entry.flags & PGE_DELETE_UPDATED ? row->entry.next : *tid;
	tmfd->xmax = row->changer;
	if (result == TM_SelfModified)
		tmfd->cmax = TransactionIdIsValid(row->entry.xmax) ? row->entry.cmax : row->desc.cmax;
	else
		tmfd->cmax = InvalidCommandId;
}

/*
 * Wait for whoever is changing a row, as the policy wants it; false: somebody is, and we must not wait. The row's lock is not held
 * meanwhile, since a key-share locker may pass who waits for an update; core's tuple lock, as with heap, makes a queue of the waiters.
 */
static bool
wait_in_line(Relation rel, ItemPointer tid, LockTupleMode mode, TransactionId xid, LockWaitPolicy policy, XLTW_Oper oper,
			 bool *in_line)
{
	if (!*in_line)
		*in_line = pge_row_queue(rel, tid, mode, policy == LockWaitBlock);
	if (policy != LockWaitBlock)
		return *in_line && ConditionalXactLockTableWait(xid);
	XactLockTableWait(xid, rel, tid, oper);
	return true;
}

/*
 * Take the row's lock for a change and wait until nobody else is changing the row. On TM_Ok the lock is held; on anything else it
 * is not, and tmfd says why.
 */
static TM_Result
lock_for_change(Relation rel, ItemPointer tid, CommandId cid, Snapshot crosscheck, LockTupleMode mode, bool wait, XLTW_Oper oper,
				Row *row, TM_FailureData *tmfd)
{
	bool		in_line = false;
	TM_Result	result;

	for (;;)
	{
		if (!pge_row_lock_acquire(rel, tid, mode, wait))
			return TM_WouldBlock;
		read_row(rel, tid, row);
		result = satisfies_update(row, cid);
		if (result == TM_Invisible)
		{
			pge_row_lock_release(rel, tid, mode);
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("attempted to change invisible row of column table \"%s\"", RelationGetRelationName(rel))));
		}
		if (result != TM_BeingModified || !wait)
			break;
		pge_row_lock_release(rel, tid, mode);
		(void) wait_in_line(rel, tid, mode, row->changer, LockWaitBlock, oper, &in_line);
	}
	if (in_line)
		pge_row_unqueue(rel, tid, mode);
	if (result == TM_Ok && crosscheck != InvalidSnapshot &&
		!(pge_group_visible(rel, &row->desc, crosscheck) && pge_row_visible(rel, &row->desc, row->row, crosscheck)))
		result = TM_Updated;
	if (result != TM_Ok)
	{
		fill_failure(tmfd, tid, row, result);
		pge_row_lock_release(rel, tid, mode);
	}
	return result;
}

static void
set_entry(Relation rel, Row *row, CommandId cid, uint16 flags, ItemPointer next)
{
	PgeDelete	entry = {0};

	entry.xmax = GetCurrentTransactionId();
	entry.cmax = cid;
	entry.flags = flags;
	if (next != NULL)
		entry.next = *next;
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
	pge_delete_set(rel, &row->desc, row->row, &entry);
}

/* tuple_delete for a row in a group. */
TM_Result
pge_row_delete(Relation rel, ItemPointer tid, CommandId cid, Snapshot crosscheck, bool wait,
			   TM_FailureData *tmfd, bool changing_part)
{
	Row			row;
	TM_Result	result;

	result = lock_for_change(rel, tid, cid, crosscheck, LockTupleExclusive, wait, XLTW_Delete, &row, tmfd);
	if (result != TM_Ok)
		return result;
	if (RelationIsLogicallyLogged(rel))
		pge_decode_delete(rel, &row.desc, row.row, cid, changing_part);
	else
		pgstat_count_heap_delete(rel);
	set_entry(rel, &row, cid, changing_part ? PGE_DELETE_MOVED : 0, NULL);
	pge_row_lock_release(rel, tid, LockTupleExclusive);
	return TM_Ok;
}

/* Are these values of a row in a group what the slot has, too? */
static bool
same_values(Relation rel, const PgeGroupDesc *desc, uint32 row, Bitmapset *attrs, TupleTableSlot *slot)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "an old version's values", ALLOCSET_SMALL_SIZES);
	TupleDesc	tupdesc = RelationGetDescr(rel);
	Datum	   *values = MemoryContextAlloc(context, tupdesc->natts * sizeof(Datum));
	bool	   *isnull = MemoryContextAlloc(context, tupdesc->natts * sizeof(bool));
	PgeReader  *reader = pge_reader_cached(rel, desc);
	bool		same = true;
	int			member = -1;

	while (same && (member = bms_next_member(attrs, member)) >= 0)
	{
		int			column = member + FirstLowInvalidHeapAttributeNumber - 1;
		Form_pg_attribute att = TupleDescAttr(tupdesc, column);
		bool		slot_isnull;
		Datum		slot_value = slot_getattr(slot, column + 1, &slot_isnull);

		pge_reader_row_values(reader, tupdesc, row, column, column + 1, values, isnull, context);
		same = isnull[column] == slot_isnull &&
			(slot_isnull || datum_image_eq(values[column], slot_value, att->attbyval, att->attlen));
	}
	pge_reader_release(reader);
	MemoryContextDelete(context);
	return same;
}

/*
 * The lock that an update needs: as with heap, one that goes with FOR KEY SHARE unless it changes a column that a foreign key may refer
 * to. A group's values never change, so this can be asked before the row is locked.
 */
static LockTupleMode
update_mode(Relation rel, ItemPointer tid, TupleTableSlot *slot)
{
	Bitmapset  *key = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_KEY);
	bool		same = true;
	Row			row;

	if (!bms_is_empty(key))
	{
		read_row(rel, tid, &row);
		same = same_values(rel, &row.desc, row.row, key, slot);
	}
	bms_free(key);
	return same ? LockTupleNoKeyExclusive : LockTupleExclusive;
}

/*
 * Hand the key-share locks of others on a row to its new version, and a lock of our own, which protects nothing there, but shows: after
 * ON CONFLICT DO UPDATE, RETURNING xmax tells that the row was not inserted.
 */
static void
hand_locks(Relation rel, ItemPointer tid, ItemPointer version, bool mine, bool others)
{
	TransactionId *lockers = NULL;
	int			n = others ? pge_row_key_sharers(rel, tid, &lockers) : 0;

	if (mine)
	{
		lockers = n > 0 ? repalloc_array(lockers, TransactionId, n + 1) : palloc_object(TransactionId);
		lockers[n++] = GetCurrentTransactionId();
	}
	pge_delta_hand_locks(rel, version, lockers, n);
	if (lockers != NULL)
		pfree(lockers);
}

/* tuple_update for a row in a group; "store" puts the new version into the delta and leaves its TID in the slot. */
TM_Result
pge_row_update(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, Snapshot crosscheck, bool wait,
			   TM_FailureData *tmfd, LockTupleMode *lockmode, TU_UpdateIndexes *update_indexes,
			   PgeStoreVersion store)
{
	bool		kept = pge_row_lock_kept(rel, tid, LockTupleKeyShare);
	/* To heap, an update by who has locked the row FOR UPDATE is one of the key. */
	bool		key_kept = !pge_row_lock_kept(rel, tid, LockTupleExclusive);
	Row			row;
	TM_Result	result;

	*lockmode = update_mode(rel, tid, slot);
	key_kept &= *lockmode != LockTupleExclusive;
	result = lock_for_change(rel, tid, cid, crosscheck, *lockmode, wait, XLTW_Update, &row, tmfd);
	if (result != TM_Ok)
	{
		*update_indexes = TU_None;
		return result;
	}
	store(rel, &row.desc, row.row, slot, cid);
	set_entry(rel, &row, cid, PGE_DELETE_UPDATED | (key_kept ? PGE_DELETE_KEY_KEPT : 0), &slot->tts_tid);
	hand_locks(rel, tid, &slot->tts_tid, kept, key_kept);
	if (kept && slot->tts_ops == &PgeSlotOps)
		table_tuple_fetch_row_version(rel, &slot->tts_tid, SnapshotAny, slot);
	pge_row_lock_release(rel, tid, *lockmode);
	*update_indexes = TU_All;
	return TM_Ok;
}

static TM_Result
would_block(Relation rel, LockWaitPolicy policy)
{
	if (policy == LockWaitError)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not obtain lock on row in relation \"%s\"", RelationGetRelationName(rel))));
	return TM_WouldBlock;
}

/* Wait for whoever is changing a version, as the policy wants it; false: somebody is, and we must not wait. */
static bool
wait_for_changer(Relation rel, ItemPointer tid, TransactionId xid, LockWaitPolicy policy, XLTW_Oper oper)
{
	if (policy != LockWaitBlock)
		return ConditionalXactLockTableWait(xid);
	XactLockTableWait(xid, rel, tid, oper);
	return true;
}

/*
 * From a row's entry on, along the chain of its versions in the delta, to the last one: what heap does after the first version of a
 * tuple of its own (heapam_tuple_lock). TM_Ok: that version, whose TID is in *tid, is there to be locked; else tmfd may say more.
 */
static TM_Result
follow_versions(Relation rel, const PgeDelete *entry, ItemPointer tid, CommandId cid, LockWaitPolicy policy,
				TM_FailureData *tmfd)
{
	TransactionId maker = entry->xmax;	/* whose version *tid must be; else another row has its place */
	SnapshotData dirty;
	bool		moved = (entry->flags & PGE_DELETE_MOVED) != 0;

	*tid = entry->next;
	InitDirtySnapshot(dirty);
	for (;;)
	{
		HeapTupleData tuple = {.t_self = *tid};
		Buffer		buffer = InvalidBuffer;
		bool		live;
		CommandId	cmin = 0;
		ItemPointerData next = {0};
		TransactionId updater = InvalidTransactionId;

		if (moved || ItemPointerIndicatesMovedPartitions(tid))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("tuple to be locked was already moved to another partition due to concurrent update")));
		live = heap_fetch(rel, &dirty, &tuple, &buffer, true);
		if (tuple.t_data == NULL)
			return TM_Deleted;
		if (!TransactionIdEquals(HeapTupleHeaderGetRawXmin(tuple.t_data), maker))
		{
			ReleaseBuffer(buffer);
			return TM_Deleted;
		}
		if (live && TransactionIdIsCurrentTransactionId(maker))
			cmin = HeapTupleHeaderGetCmin(tuple.t_data);
		if (!live)
		{
			next = tuple.t_data->t_ctid;
			updater = HeapTupleHeaderGetUpdateXid(tuple.t_data);
		}
		ReleaseBuffer(buffer);

		if (live && TransactionIdIsValid(dirty.xmax))
		{
			if (!wait_for_changer(rel, tid, dirty.xmax, policy, XLTW_FetchUpdated))
				return would_block(rel, policy);
			continue;
		}
		if (live && TransactionIdIsCurrentTransactionId(maker) && cmin >= cid)
		{
			/* A later command of ours made it: this one must not see it. */
			tmfd->xmax = maker;
			tmfd->cmax = cmin;
			return TM_SelfModified;
		}
		if (live)
			return TM_Ok;
		/* Updated, deleted or moved by somebody who committed, or by us. */
		if (ItemPointerEquals(&next, tid))
		{
			tmfd->xmax = updater;
			return TM_Deleted;
		}
		*tid = next;
		maker = updater;
	}
}

/*
 * tuple_lock for a row in a group. With *follow the caller goes on with a later version, which is heap's and whose TID is in *tid.
 */
TM_Result
pge_row_lock(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, LockTupleMode mode,
			 LockWaitPolicy policy, uint8 flags, TM_FailureData *tmfd, bool *follow)
{
	PgeKeptLock kept;
	bool		in_line = false;
	Row			row;
	TM_Result	result;

	*follow = false;
	for (;;)
	{
		kept = pge_row_lock_keep(rel, tid, mode, policy == LockWaitBlock);
		if (kept == PGE_LOCK_REFUSED)
			return would_block(rel, policy);
		read_row(rel, tid, &row);
		result = satisfies_update(&row, cid);
		if (mode == LockTupleKeyShare && (result == TM_BeingModified || result == TM_Updated) &&
			(row.entry.flags & PGE_DELETE_KEY_KEPT))
		{
			/* The version that the caller sees is to be locked, and with it those that follow; if one is gone or moved: the last one. */
			result = TM_Ok;
			if ((flags & TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS) &&
				pge_delta_key_share(rel, &row.entry.next, row.entry.xmax, cid) != TM_Ok)
				result = TM_Updated;
			break;
		}
		if (result != TM_BeingModified)
			break;
		if (kept == PGE_LOCK_NEW)
			pge_row_lock_release(rel, tid, mode);
		if (!wait_in_line(rel, tid, mode, row.changer, policy, XLTW_Lock, &in_line))
		{
			if (in_line)
				pge_row_unqueue(rel, tid, mode);
			return would_block(rel, policy);
		}
	}
	if (in_line)
		pge_row_unqueue(rel, tid, mode);
	if (result != TM_Ok)
	{
		if (kept == PGE_LOCK_NEW)
			pge_row_lock_release(rel, tid, mode);
		fill_failure(tmfd, tid, &row, result);
	}
	/* Where a replaced group's row is now, the caller finds out. */
	if (result == TM_Updated && TransactionIdIsValid(row.entry.xmax) && (flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION))
	{
		result = follow_versions(rel, &row.entry, tid, cid, policy, tmfd);
		if (result != TM_Ok)
			return result;
		*follow = true;
		return result;
	}
	table_tuple_fetch_row_version(rel, tid, SnapshotAny, slot);
	return result;
}
