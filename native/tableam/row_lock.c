/*
 * Column store: heavyweight locks on rows of groups, in the modes of heap's tuple locks. They cost no page and no WAL, and two-phase
 * commit carries them like any lock. Who waits for whom, and for how long a lock is kept, column_row.c decides.
 *
 * Core's tuple locks are meant to be short, and a server with assertions says so of one held at commit; these tags are nobody else's.
 * pg_locks shows them as userlock: classid the table, objid and objsubid the TID, or InvalidBlockNumber and one of the numbers below.
 */
#include "postgres.h"

#include "access/multixact.h"
#include "access/twophase.h"
#include "access/xact.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "row_lock.h"

/* Row locks of one transaction on one table before it locks all rows at once: bounds the lock table. */
#define MAX_ROW_LOCKS	1000

/*
 * Besides the row's own tag two tags stand for all rows of a table. Who locks a row announces it there, in modes that go together;
 * who locks all rows takes a mode there that shuts out the announcements which conflict with him, and the like of his own kind.
 * One tag would not do: key-share locks of all rows must stop who changes keys but nobody else.
 */
typedef enum AllRows
{
	ALL_ROWS = 0,
	ALL_KEYS = 1
} AllRows;

static const struct
{
	LOCKMODE	row;			/* on the row; these are heap's (tupleLockExtraInfo) */
	LOCKMODE	announce;		/* on ALL_ROWS, before */
	LOCKMODE	announce_key;	/* on ALL_KEYS */
	LOCKMODE	all;			/* instead of all three: on ALL_ROWS */
	LOCKMODE	all_keys;		/* and on ALL_KEYS */
}			modes[] = {
	[LockTupleKeyShare] = {AccessShareLock, AccessShareLock, NoLock, NoLock, ShareLock},
	[LockTupleShare] = {RowShareLock, RowShareLock, NoLock, ShareLock, NoLock},
	[LockTupleNoKeyExclusive] = {ExclusiveLock, RowExclusiveLock, NoLock, ExclusiveLock, NoLock},
	[LockTupleExclusive] = {AccessExclusiveLock, RowExclusiveLock, RowExclusiveLock, AccessExclusiveLock, RowExclusiveLock},
};

static LOCKTAG
lock_tag(Relation rel, BlockNumber block, uint16 offset)
{
	LOCKTAG		tag = {0};

	tag.locktag_field1 = rel->rd_lockInfo.lockRelId.dbId;
	tag.locktag_field2 = rel->rd_lockInfo.lockRelId.relId;
	tag.locktag_field3 = block;
	tag.locktag_field4 = offset;
	tag.locktag_type = LOCKTAG_USERLOCK;
	tag.locktag_lockmethodid = DEFAULT_LOCKMETHOD;
	return tag;
}

static LOCKTAG
row_tag(Relation rel, ItemPointer tid)
{
	return lock_tag(rel, ItemPointerGetBlockNumber(tid), ItemPointerGetOffsetNumber(tid));
}

static LOCKTAG
all_tag(Relation rel, AllRows which)
{
	return lock_tag(rel, InvalidBlockNumber, which);
}

/* NoLock is always to be had. */
static LockAcquireResult
acquire(const LOCKTAG *tag, LOCKMODE mode, bool wait)
{
	return mode == NoLock ? LOCKACQUIRE_OK : LockAcquire(tag, mode, false, !wait);
}

static void
release(const LOCKTAG *tag, LOCKMODE mode)
{
	if (mode != NoLock)
		LockRelease(tag, mode, false);
}

static PgeKeptLock
lock_row(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait)
{
	LOCKTAG		rows = all_tag(rel, ALL_ROWS);
	LOCKTAG		keys = all_tag(rel, ALL_KEYS);
	LOCKTAG		row = row_tag(rel, tid);

	if (acquire(&rows, modes[mode].announce, wait) != LOCKACQUIRE_NOT_AVAIL)
	{
		if (acquire(&keys, modes[mode].announce_key, wait) != LOCKACQUIRE_NOT_AVAIL)
		{
			switch (acquire(&row, modes[mode].row, wait))
			{
				case LOCKACQUIRE_NOT_AVAIL:
					break;
				case LOCKACQUIRE_OK:
					return PGE_LOCK_NEW;
				default:
					return PGE_LOCK_HELD;
			}
			release(&keys, modes[mode].announce_key);
		}
		release(&rows, modes[mode].announce);
	}
	return PGE_LOCK_REFUSED;
}

/* Lock a row; false: somebody holds a lock that conflicts, and we must not wait. */
bool
pge_row_lock_acquire(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait)
{
	return lock_row(rel, tid, mode, wait) != PGE_LOCK_REFUSED;
}

void
pge_row_lock_release(Relation rel, ItemPointer tid, LockTupleMode mode)
{
	LOCKTAG		rows = all_tag(rel, ALL_ROWS);
	LOCKTAG		keys = all_tag(rel, ALL_KEYS);
	LOCKTAG		row = row_tag(rel, tid);

	release(&row, modes[mode].row);
	release(&keys, modes[mode].announce_key);
	release(&rows, modes[mode].announce);
}

bool
pge_row_queue(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait)
{
	if (!wait)
		return ConditionalLockTuple(rel, tid, modes[mode].row);
	LockTuple(rel, tid, modes[mode].row);
	return true;
}

void
pge_row_unqueue(Relation rel, ItemPointer tid, LockTupleMode mode)
{
	UnlockTuple(rel, tid, modes[mode].row);
}

/* Lock all rows to the transaction's end. */
bool
pge_row_lock_all(Relation rel, LockTupleMode mode, bool wait)
{
	LOCKTAG		rows = all_tag(rel, ALL_ROWS);
	LOCKTAG		keys = all_tag(rel, ALL_KEYS);

	if (acquire(&rows, modes[mode].all, wait) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	if (acquire(&keys, modes[mode].all_keys, wait) != LOCKACQUIRE_NOT_AVAIL)
		return true;
	release(&rows, modes[mode].all);
	return false;
}

typedef struct RowCount
{
	Oid			relid;
	int			rows;
} RowCount;

/* How many rows of a table this transaction has locked; an upper bound, since what a savepoint's end released stays counted. */
static RowCount *
row_count(Relation rel)
{
	static HTAB *counts;
	static LocalTransactionId lxid;
	RowCount   *count;
	bool		found;

	if (lxid != MyProc->vxid.lxid)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(RowCount), .hcxt = TopTransactionContext};

		counts = hash_create("column store's row locks", 8, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		lxid = MyProc->vxid.lxid;
	}
	count = hash_search(counts, &RelationGetRelid(rel), HASH_ENTER, &found);
	if (!found)
		count->rows = 0;
	return count;
}

/*
 * Lock a row to the transaction's end, or past a bound all of them.
 */
PgeKeptLock
pge_row_lock_keep(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait)
{
	RowCount   *count = row_count(rel);
	PgeKeptLock result;

	if (mode == LockTupleKeyShare)
	{
		/* As heap's lockers do: an updater will put this transaction's id on the row's new version, which is heap's. */
		GetCurrentTransactionId();
		MultiXactIdSetOldestMember();
	}
	if (count->rows >= MAX_ROW_LOCKS)
		return pge_row_lock_all(rel, mode, wait) ? PGE_LOCK_HELD : PGE_LOCK_REFUSED;
	result = lock_row(rel, tid, mode, wait);
	if (result == PGE_LOCK_HELD)
		pge_row_lock_release(rel, tid, mode);
	else if (result == PGE_LOCK_NEW)
		count->rows++;
	return result;
}

/* Does this transaction keep a lock on the row, or on all, that is at least this strong? Not to be asked between acquire and release. */
bool
pge_row_lock_kept(Relation rel, ItemPointer tid, LockTupleMode mode)
{
	LOCKTAG		rows = all_tag(rel, ALL_ROWS);
	LOCKTAG		keys = all_tag(rel, ALL_KEYS);
	LOCKTAG		row = row_tag(rel, tid);

	return LockHeldByMe(&row, modes[mode].row, true) ||
		LockHeldByMe(&rows, Max(modes[mode].all, ShareLock), true) ||
		(mode == LockTupleKeyShare && LockHeldByMe(&keys, modes[mode].all_keys, true));
}

/* The transaction id of a lock's holder; invalid if the transaction has ended. */
static TransactionId
holder_xid(VirtualTransactionId vxid)
{
	TransactionId xid = InvalidTransactionId;
	PGPROC	   *proc;
	bool		more;

	if (vxid.procNumber == INVALID_PROC_NUMBER)
		return vxid.localTransactionId; /* prepared before the server's last start */
	proc = ProcNumberGetProc(vxid.procNumber);
	if (proc != NULL)
	{
		/* Its end clears the xid first. */
		xid = *(volatile TransactionId *) &proc->xid;
		pg_read_barrier();
		if (*(volatile LocalTransactionId *) &proc->vxid.lxid != vxid.localTransactionId)
			xid = InvalidTransactionId;
	}
	return TransactionIdIsValid(xid) ? xid : TwoPhaseGetXidByVirtualXID(vxid, &more);
}

static int
add_holders(const LOCKTAG *tag, LOCKMODE mode, TransactionId **xids, int n)
{
	int			nholders;
	VirtualTransactionId *holders = GetLockConflicts(tag, mode, &nholders);

	if (nholders > 0)
		*xids = n > 0 ? repalloc_array(*xids, TransactionId, n + nholders) : palloc_array(TransactionId, nholders);
	for (int i = 0; i < nholders; i++)
	{
		TransactionId xid = holder_xid(holders[i]);

		if (TransactionIdIsValid(xid))
			(*xids)[n++] = xid;
	}
	pfree(holders);
	return n;
}

/*
 * Other transactions with a key-share lock on a row, or on all; each may be named twice. Nobody holds a stronger one: the caller, who
 * updates the row and leaves its key alone, has locked it against them.
 */
int
pge_row_key_sharers(Relation rel, ItemPointer tid, TransactionId **xids)
{
	LOCKTAG		row = row_tag(rel, tid);
	LOCKTAG		keys = all_tag(rel, ALL_KEYS);
	int			n;

	n = add_holders(&row, modes[LockTupleExclusive].row, xids, 0);
	return add_holders(&keys, modes[LockTupleExclusive].announce_key, xids, n);
}
