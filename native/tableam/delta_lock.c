/*
 * Column store: key-share locks on versions of a row that are heap's. An update that leaves the key alone goes beside them, and they
 * must hold for its new version too: in heap they stand in that tuple's xmax, and so they do here. Once they are there, everything
 * that happens to the tuple later is heap's business.
 *
 * heap_lock_tuple() cannot put them there while the updater runs: to it a tuple of somebody who is running is not there to be locked.
 * Heap itself does it when it follows an update of its own (heap_lock_updated_tuple), but that starts at a heap tuple.
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/heapam.h"
#include "access/multixact.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "delta_lock.h"

/* Who locked or changes a tuple, as its xmax has it. */
static int
xmax_members(HeapTupleHeader tuple, MultiXactMember **members)
{
	uint16		bits = tuple->t_infomask;
	bool		lock_only = HEAP_XMAX_IS_LOCKED_ONLY(bits);
	bool		keys = (tuple->t_infomask2 & HEAP_KEYS_UPDATED) != 0;
	MultiXactStatus status;

	*members = NULL;
	if (bits & HEAP_XMAX_INVALID)
		return 0;
	if (bits & HEAP_XMAX_IS_MULTI)
		return Max(0, GetMultiXactIdMembers(HeapTupleHeaderGetRawXmax(tuple), members, false, lock_only));

	if (!lock_only)
		status = keys ? MultiXactStatusUpdate : MultiXactStatusNoKeyUpdate;
	else if (HEAP_XMAX_IS_KEYSHR_LOCKED(bits))
		status = MultiXactStatusForKeyShare;
	else if (HEAP_XMAX_IS_SHR_LOCKED(bits))
		status = MultiXactStatusForShare;
	else
		status = keys ? MultiXactStatusForUpdate : MultiXactStatusForNoKeyUpdate;
	*members = palloc_object(MultiXactMember);
	**members = (MultiXactMember) {.xid = HeapTupleHeaderGetRawXmax(tuple),.status = status};
	return 1;
}

/*
 * Make a tuple's xmax these members, none of whom locks or changes the key. The buffer is locked. Others' ids go into a multi, even a
 * single one: its own WAL record keeps the ids of lockers who have written nothing from being given out again after a crash.
 */
static void
set_xmax(Relation rel, Buffer buffer, OffsetNumber offset, int n, MultiXactMember *members)
{
	bool		mine = n == 1 && TransactionIdEquals(members->xid, GetCurrentTransactionIdIfAny());
	TransactionId xmax = mine ? members->xid : MultiXactIdCreateFromMembers(n, members);
	MultiXactStatus strongest = MultiXactStatusForKeyShare;
	GenericXLogState *state;
	Page		page;
	HeapTupleHeader tuple;

	for (int i = 0; i < n; i++)
		strongest = Max(strongest, members[i].status);

	state = GenericXLogStart(rel);
	page = GenericXLogRegisterBuffer(state, buffer, 0);
	tuple = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset));
	tuple->t_infomask &= ~HEAP_XMAX_BITS;
	tuple->t_infomask2 &= ~HEAP_KEYS_UPDATED;
	if (!mine)
		tuple->t_infomask |= HEAP_XMAX_IS_MULTI;
	switch (strongest)
	{
		case MultiXactStatusForKeyShare:
			tuple->t_infomask |= HEAP_XMAX_LOCK_ONLY | HEAP_XMAX_KEYSHR_LOCK;
			break;
		case MultiXactStatusForShare:
			tuple->t_infomask |= HEAP_XMAX_LOCK_ONLY | HEAP_XMAX_SHR_LOCK;
			break;
		case MultiXactStatusForNoKeyUpdate:
			tuple->t_infomask |= HEAP_XMAX_LOCK_ONLY | HEAP_XMAX_EXCL_LOCK;
			break;
		default:
			tuple->t_infomask |= HEAP_XMAX_EXCL_LOCK;
			break;
	}
	HeapTupleHeaderSetXmax(tuple, xmax);
	GenericXLogFinish(state);
}

/* What came of an attempt to lock a tuple. */
typedef enum Attempt
{
	LOCKED,						/* or was locked by us before */
	IN_OUR_WAY,					/* *xid locks or changes the key */
	NEXT_VERSION				/* locked, and *xid is updating it */
} Attempt;

/*
 * Add key-share lockers to the xmax of a tuple whose maker is running. The buffer is locked.
 */
static Attempt
add_lockers(Relation rel, Buffer buffer, HeapTuple tuple, const TransactionId *lockers, int nlockers,
			TransactionId *xid)
{
	MultiXactMember *old,
			   *members;
	int			nold = xmax_members(tuple->t_data, &old);
	int			n = 0;
	Attempt		result = LOCKED;

	members = palloc_array(MultiXactMember, nold + nlockers);
	for (int i = 0; i < nold; i++)
	{
		if (!TransactionIdIsInProgress(old[i].xid))
			continue;
		if (old[i].status == MultiXactStatusForUpdate || old[i].status == MultiXactStatusUpdate)
		{
			*xid = old[i].xid;
			result = IN_OUR_WAY;
			goto done;
		}
		if (old[i].status == MultiXactStatusNoKeyUpdate)
		{
			*xid = old[i].xid;
			result = NEXT_VERSION;
		}
		members[n++] = old[i];
	}
	nold = n;
	for (int i = 0; i < nlockers; i++)
	{
		bool		known = false;

		for (int j = 0; j < n && !known; j++)
			known = TransactionIdEquals(members[j].xid, lockers[i]);
		if (!known)
			members[n++] = (MultiXactMember) {.xid = lockers[i],.status = MultiXactStatusForKeyShare};
	}
	if (n > nold)
		set_xmax(rel, buffer, ItemPointerGetOffsetNumber(&tuple->t_self), n, members);
done:
	pfree(members);
	if (old != NULL)
		pfree(old);
	return result;
}

/*
 * Hand the locks on a row in a group to its new version, which our update has just stored and nobody can change yet. Others may have
 * added theirs.
 */
void
pge_delta_hand_locks(Relation rel, ItemPointer tid, const TransactionId *lockers, int n)
{
	HeapTupleData tuple = {.t_self = *tid};
	Buffer		buffer;
	TransactionId xid;

	if (n == 0)
		return;
	MultiXactIdSetOldestMember();
	if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
		elog(ERROR, "new version of a row of \"%s\" is not there", RelationGetRelationName(rel));
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	(void) add_lockers(rel, buffer, &tuple, lockers, n, &xid);
	UnlockReleaseBuffer(buffer);
}

/*
 * Lock the versions that follow a row in a group, from the first one, which maker stored: our transaction holds a key-share lock on the
 * row and shall hold it on them. Waits for whoever changes the key. TM_Ok, also if there is none (any more); or what heap says when
 * somebody deleted the row or changed its key.
 */
TM_Result
pge_delta_key_share(Relation rel, ItemPointer tid, TransactionId maker, CommandId cid)
{
	TransactionId me = GetCurrentTransactionId();
	ItemPointerData next = *tid;

	MultiXactIdSetOldestMember();
	for (;;)
	{
		HeapTupleData tuple = {.t_self = next};
		Buffer		buffer;
		TransactionId xid;
		Attempt		attempt;

		CHECK_FOR_INTERRUPTS();
		if (!heap_fetch(rel, SnapshotAny, &tuple, &buffer, false))
			return TM_Ok;
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		if (!TransactionIdEquals(HeapTupleHeaderGetRawXmin(tuple.t_data), maker))
		{
			UnlockReleaseBuffer(buffer);
			return TM_Ok;
		}
		if (!TransactionIdIsInProgress(maker))
		{
			TM_FailureData tmfd;
			TM_Result	result = TM_Ok;

			UnlockReleaseBuffer(buffer);
			if (TransactionIdDidCommit(maker))
			{
				result = heap_lock_tuple(rel, &tuple, cid, LockTupleKeyShare, LockWaitBlock, true, &buffer, &tmfd);
				ReleaseBuffer(buffer);
				/* An earlier or later command of ours has changed it: that keeps others away. */
				if (result == TM_Invisible || result == TM_SelfModified)
					result = TM_Ok;
			}
			return result;
		}
		attempt = add_lockers(rel, buffer, &tuple, &me, 1, &xid);
		if (attempt == NEXT_VERSION)
			next = tuple.t_data->t_ctid;
		UnlockReleaseBuffer(buffer);
		switch (attempt)
		{
			case LOCKED:
				return TM_Ok;
			case IN_OUR_WAY:
				XactLockTableWait(xid, rel, &tuple.t_self, XLTW_LockUpdated);
				break;
			case NEXT_VERSION:
				maker = xid;
				break;
		}
	}
}
