/*
 * Column store: delete, update and lock of a row in a group. What heap does in a tuple's header is done here with the group's
 * delete vector and a heavyweight lock on the row:
 *
 *   - Deleters and updaters hold the row's lock while they look at the entry and set it, then let go: their xmax speaks for them.
 *   - Lockers (FOR UPDATE ... FOR KEY SHARE, foreign keys) keep the lock until their transaction ends, in the modes of heap's tuple locks.
 *     Nothing is written, so a lock costs no page and no WAL; two-phase commit carries it like any lock.
 *
 * An update goes with no lock, not even FOR KEY SHARE, whatever columns it changes: the new version is heap's, where nobody would know of
 * the locks on this one, and a key that a foreign key has locked could be deleted there.
 *
 * The new version of an updated row is a heap tuple in the delta; the entry points to it, so that whoever waited can follow.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/predicate.h"
#include "utils/rel.h"

#include "column.h"
#include "column_row.h"

/* The modes of heap's tuple locks (tupleLockExtraInfo), which decide what conflicts. */
static const LOCKMODE lock_modes[] = {
	[LockTupleKeyShare] = AccessShareLock,
	[LockTupleShare] = RowShareLock,
	[LockTupleNoKeyExclusive] = ExclusiveLock,
	[LockTupleExclusive] = AccessExclusiveLock,
};

/* Deletes and updates alike: see the head of this file. */
#define CHANGE_MODE		AccessExclusiveLock

/* Row locks of one transaction on one table before it locks all rows at once: bounds the lock table. */
#define MAX_ROW_LOCKS	1000

/*
 * Core's tuple locks are meant to be short, and a server with assertions says so of one held at commit; this tag is nobody else's.
 * pg_locks shows it as userlock: classid the table, objid and objsubid the TID, or InvalidBlockNumber and 0 for all of its rows.
 */
static LOCKTAG
row_tag(Relation rel, ItemPointer tid)
{
	LOCKTAG		tag = {0};

	tag.locktag_field1 = rel->rd_lockInfo.lockRelId.dbId;
	tag.locktag_field2 = rel->rd_lockInfo.lockRelId.relId;
	tag.locktag_field3 = tid ? ItemPointerGetBlockNumber(tid) : InvalidBlockNumber;
	tag.locktag_field4 = tid ? ItemPointerGetOffsetNumber(tid) : 0;
	tag.locktag_type = LOCKTAG_USERLOCK;
	tag.locktag_lockmethodid = DEFAULT_LOCKMETHOD;
	return tag;
}

/*
 * Who locks a row says so on the tag for all rows first: in a mode that goes with everybody else who locks rows one by one, but not
 * with who has locked them all against it.
 */
static LOCKMODE
intention(LOCKMODE mode)
{
	return mode >= ExclusiveLock ? RowExclusiveLock : RowShareLock;
}

static bool
lock_row(Relation rel, ItemPointer tid, LOCKMODE mode, bool wait)
{
	LOCKTAG		all = row_tag(rel, NULL);
	LOCKTAG		tag = row_tag(rel, tid);

	if (LockAcquire(&all, intention(mode), false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	if (LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&all, intention(mode), false);
	return false;
}

static void
unlock_row(Relation rel, ItemPointer tid, LOCKMODE mode)
{
	LOCKTAG		all = row_tag(rel, NULL);
	LOCKTAG		tag = row_tag(rel, tid);

	LockRelease(&tag, mode, false);
	LockRelease(&all, intention(mode), false);
}

/* Shared locks of all rows go together, exclusive ones with nothing. */
static bool
lock_all_rows(Relation rel, LOCKMODE mode, bool wait)
{
	LOCKTAG		all = row_tag(rel, NULL);

	return LockAcquire(&all, mode >= ExclusiveLock ? ExclusiveLock : ShareLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

static struct
{
	LocalTransactionId lxid;
	Oid			relid;
	int			count;
}			row_locks;

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
 * for rows that were gone before.
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
			return TM_Updated;
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

/* Logical decoding would not see that the row is gone. Such tables get no groups, but wal_level may have been raised since. */
static void
check_not_decoded(Relation rel)
{
	if (RelationIsLogicallyLogged(rel))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot change rows in row groups of column table \"%s\" while wal_level is logical",
						RelationGetRelationName(rel)),
				 errdetail("Logical decoding would miss the change. The rows were loaded under another wal_level."),
				 errhint("Rewrite the table now, so that its rows move to the heap region: "
						 "ALTER TABLE ... SET ACCESS METHOD heap, and back.")));
}

/*
 * Take the row's lock for a change and wait until nobody else is changing the row. On TM_Ok the lock is held; on anything else it
 * is not, and tmfd says why.
 */
static TM_Result
lock_for_change(Relation rel, ItemPointer tid, CommandId cid, Snapshot crosscheck, bool wait, XLTW_Oper oper,
				Row *row, TM_FailureData *tmfd)
{
	TM_Result	result;

	for (;;)
	{
		if (!lock_row(rel, tid, CHANGE_MODE, wait))
			return TM_WouldBlock;
		read_row(rel, tid, row);
		result = satisfies_update(row, cid);
		if (result == TM_Invisible)
		{
			unlock_row(rel, tid, CHANGE_MODE);
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("attempted to change invisible row of column table \"%s\"", RelationGetRelationName(rel))));
		}
		if (result != TM_BeingModified || !wait)
			break;
		/* As heap does: the lock is kept while waiting, which makes a queue of the waiters. */
		XactLockTableWait(row->changer, rel, tid, oper);
		unlock_row(rel, tid, CHANGE_MODE);
	}
	if (result == TM_Ok && crosscheck != InvalidSnapshot &&
		!(pge_group_visible(rel, &row->desc, crosscheck) && pge_row_visible(rel, &row->desc, row->row, crosscheck)))
		result = TM_Updated;
	if (result != TM_Ok)
	{
		fill_failure(tmfd, tid, row, result);
		unlock_row(rel, tid, CHANGE_MODE);
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

	check_not_decoded(rel);
	result = lock_for_change(rel, tid, cid, crosscheck, wait, XLTW_Delete, &row, tmfd);
	if (result != TM_Ok)
		return result;
	set_entry(rel, &row, cid, changing_part ? PGE_DELETE_MOVED : 0, NULL);
	unlock_row(rel, tid, CHANGE_MODE);
	pgstat_count_heap_delete(rel);
	return TM_Ok;
}

/* tuple_update for a row in a group; "insert" stores the new version in the delta and leaves its TID in the slot. */
TM_Result
pge_row_update(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, Snapshot crosscheck, bool wait,
			   TM_FailureData *tmfd, LockTupleMode *lockmode, TU_UpdateIndexes *update_indexes,
			   void (*insert) (Relation rel, TupleTableSlot *slot, CommandId cid))
{
	Row			row;
	TM_Result	result;

	check_not_decoded(rel);
	*lockmode = LockTupleExclusive;
	result = lock_for_change(rel, tid, cid, crosscheck, wait, XLTW_Update, &row, tmfd);
	if (result != TM_Ok)
	{
		*update_indexes = TU_None;
		return result;
	}
	insert(rel, slot, cid);
	set_entry(rel, &row, cid, PGE_DELETE_UPDATED, &slot->tts_tid);
	unlock_row(rel, tid, CHANGE_MODE);
	pgstat_count_heap_delete(rel);
	*update_indexes = TU_All;
	return TM_Ok;
}

/* Take a row lock to the transaction's end, or past a bound all rows'; false: somebody holds one that conflicts. */
static bool
take_row_lock(Relation rel, ItemPointer tid, LockTupleMode mode, LockWaitPolicy policy)
{
	if (row_locks.lxid != MyProc->vxid.lxid || row_locks.relid != RelationGetRelid(rel))
	{
		row_locks.lxid = MyProc->vxid.lxid;
		row_locks.relid = RelationGetRelid(rel);
		row_locks.count = 0;
	}
	if (++row_locks.count > MAX_ROW_LOCKS)
		return lock_all_rows(rel, lock_modes[mode], policy == LockWaitBlock);
	return lock_row(rel, tid, lock_modes[mode], policy == LockWaitBlock);
}

/* Give back one that turned out to be of no use. */
static void
drop_row_lock(Relation rel, ItemPointer tid, LockTupleMode mode)
{
	if (row_locks.count <= MAX_ROW_LOCKS)
		unlock_row(rel, tid, lock_modes[mode]);
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
		/* Updated or deleted by somebody who committed, or by us. */
		if (ItemPointerEquals(&next, tid))
			return TM_Deleted;
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
	Row			row;
	TM_Result	result;

	*follow = false;
	for (;;)
	{
		if (!take_row_lock(rel, tid, mode, policy))
			return would_block(rel, policy);
		read_row(rel, tid, &row);
		result = satisfies_update(&row, cid);
		if (result != TM_BeingModified)
			break;
		if (!wait_for_changer(rel, tid, row.changer, policy, XLTW_Lock))
		{
			drop_row_lock(rel, tid, mode);
			return would_block(rel, policy);
		}
		drop_row_lock(rel, tid, mode);
	}
	if (result != TM_Ok)
	{
		drop_row_lock(rel, tid, mode);
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
