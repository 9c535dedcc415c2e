/*
 * Column store: who sees a row group. All rows of a group share its descriptor's xmin and cmin, so one answer serves them all;
 * it is found with the primitives and in the order that heap uses for a tuple (heapam_visibility.c). Compaction may have replaced the
 * group by another: its xmax says who did, and is asked as a tuple's is.
 */
#include "postgres.h"

#include "access/subtrans.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "column.h"

/* What became of the transaction that stored the group. In-progress is asked before committed: see heapam_visibility.c. */
PgeGroupFate
pge_group_fate(const PgeGroupDesc *desc)
{
	if (desc->state != PGE_GROUP_COMPLETE || (desc->flags & (PGE_XMIN_ABORTED | PGE_REPLACED_DEAD)))
		return PGE_FATE_DEAD;
	if (desc->flags & (PGE_XMIN_COMMITTED | PGE_XMIN_FROZEN))
		return PGE_FATE_LIVE;
	if (TransactionIdIsCurrentTransactionId(desc->xmin))
		return PGE_FATE_MINE;
	if (TransactionIdIsInProgress(desc->xmin))
		return PGE_FATE_IN_PROGRESS;
	return TransactionIdDidCommit(desc->xmin) ? PGE_FATE_LIVE : PGE_FATE_DEAD;
}

/* What became of the transaction that replaced the group. */
PgeDeleteFate
pge_group_replaced(const PgeGroupDesc *desc)
{
	if (!TransactionIdIsValid(desc->xmax))
		return PGE_DELETE_NONE;
	if (desc->flags & PGE_REPLACED_DEAD)
		return PGE_DELETE_DEAD;
	if (desc->flags & PGE_REPLACED_COMMITTED)
		return PGE_DELETE_COMMITTED;
	if (TransactionIdIsCurrentTransactionId(desc->xmax))
		return PGE_DELETE_MINE;
	if (TransactionIdIsInProgress(desc->xmax))
		return PGE_DELETE_IN_PROGRESS;
	return TransactionIdDidCommit(desc->xmax) ? PGE_DELETE_COMMITTED : PGE_DELETE_NONE;
}

/* Are its rows the table's, as far as statistics and the like are concerned? */
bool
pge_group_is_current(const PgeGroupDesc *desc)
{
	PgeDeleteFate replaced;

	if (pge_group_fate(desc) == PGE_FATE_DEAD)
		return false;
	replaced = pge_group_replaced(desc);
	return replaced == PGE_DELETE_NONE || replaced == PGE_DELETE_IN_PROGRESS;
}

static bool
stored_mvcc(const PgeGroupDesc *desc, Snapshot snapshot)
{
	if (desc->state != PGE_GROUP_COMPLETE || (desc->flags & PGE_XMIN_ABORTED))
		return false;
	if (desc->flags & PGE_XMIN_FROZEN)
		return true;
	if (TransactionIdIsCurrentTransactionId(desc->xmin))
		return desc->cmin < snapshot->curcid;
	if (XidInMVCCSnapshot(desc->xmin, snapshot))
		return false;
	return (desc->flags & PGE_XMIN_COMMITTED) || TransactionIdDidCommit(desc->xmin);
}

static bool
replaced_mvcc(const PgeGroupDesc *desc, Snapshot snapshot)
{
	if (likely(!TransactionIdIsValid(desc->xmax)))
		return false;
	if (desc->flags & PGE_REPLACED_DEAD)
		return true;
	if (TransactionIdIsCurrentTransactionId(desc->xmax))
		return desc->cmax < snapshot->curcid;
	if (XidInMVCCSnapshot(desc->xmax, snapshot))
		return false;
	return (desc->flags & PGE_REPLACED_COMMITTED) || TransactionIdDidCommit(desc->xmax);
}

/* A concurrent writer whose work a serializable reader did not see. Such writers are known by their top transaction. */
void
pge_check_conflict_out(Relation rel, TransactionId xid, Snapshot snapshot)
{
	if (!CheckForSerializableConflictOutNeeded(rel, snapshot) || TransactionIdPrecedes(xid, TransactionXmin))
		return;
	xid = SubTransGetTopmostTransaction(xid);
	if (TransactionIdFollowsOrEquals(xid, TransactionXmin))
		CheckForSerializableConflictOut(rel, xid, snapshot);
}

/* Does the snapshot see the group's rows? Fills a dirty snapshot's xmin and xmax as heap does, so that the caller can wait for them. */
bool
pge_group_visible(Relation rel, const PgeGroupDesc *desc, Snapshot snapshot)
{
	switch (snapshot->snapshot_type)
	{
		case SNAPSHOT_MVCC:
			{
				bool		stored = stored_mvcc(desc, snapshot);

				/* Rows of a group that is only reserved will be there when its statement ends; who aborted, is in nobody's way. */
				if (!stored && (pge_group_fate(desc) != PGE_FATE_DEAD || desc->state == PGE_GROUP_RESERVED) &&
					pge_group_fate(desc) != PGE_FATE_MINE)
				{
					pge_check_conflict_out(rel, desc->xmin, snapshot);
					if (desc->origin_length > 0)
						pge_check_moves(rel, desc->xmin, snapshot);
				}
				if (!stored || replaced_mvcc(desc, snapshot))
					return false;
				if (unlikely(TransactionIdIsValid(desc->xmax)))
					pge_check_moves(rel, desc->xmax, snapshot);
				return true;
			}

		case SNAPSHOT_DIRTY:
			snapshot->xmin = snapshot->xmax = InvalidTransactionId;
			snapshot->speculativeToken = 0;
			switch (pge_group_fate(desc))
			{
				case PGE_FATE_DEAD:
					return false;
				case PGE_FATE_IN_PROGRESS:
					snapshot->xmin = desc->xmin;
					return true;
				default:
					break;
			}
			if (pge_group_replaced(desc) == PGE_DELETE_IN_PROGRESS)
				snapshot->xmax = desc->xmax;
			return pge_group_is_current(desc);

		case SNAPSHOT_SELF:
			return (pge_group_fate(desc) == PGE_FATE_LIVE || pge_group_fate(desc) == PGE_FATE_MINE) && pge_group_is_current(desc);

		case SNAPSHOT_NON_VACUUMABLE:
			return pge_group_fate(desc) != PGE_FATE_DEAD;

		case SNAPSHOT_ANY:
			return desc->state == PGE_GROUP_COMPLETE;

		case SNAPSHOT_HISTORIC_MVCC:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column table \"%s\" cannot be used as a catalog table by logical decoding",
							RelationGetRelationName(rel)),
					 errhint("Use another access method for tables that an output plugin reads.")));
			break;

		case SNAPSHOT_TOAST:
			break;
	}
	elog(ERROR, "snapshot type %d cannot be used on a column table", (int) snapshot->snapshot_type);
	return false;
}
