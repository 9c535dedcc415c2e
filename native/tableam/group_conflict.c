/*
 * Column store: what serializable transactions must know of compaction. A reader with an old snapshot reads a row in its old place, where
 * nobody changes it any more; a writer with a newer one changes it in its new place. Neither meets the other's marks, so a reader who comes
 * upon a row that was moved looks for writers of that move's groups, and locks the whole table against those that come.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "storage/predicate.h"
#include "storage/proc.h"

#include "column.h"

/* Moves that this transaction has looked into: its lock of the table does the rest. */
#define REMEMBERED	8

static struct
{
	LocalTransactionId lxid;
	int			next;
	struct
	{
		Oid			relid;
		TransactionId mover;
	}			moves[REMEMBERED];
}			seen;

static bool
was_seen(Relation rel, TransactionId mover)
{
	if (seen.lxid != MyProc->vxid.lxid)
	{
		memset(&seen, 0, sizeof(seen));
		seen.lxid = MyProc->vxid.lxid;
	}
	for (int i = 0; i < REMEMBERED; i++)
		if (seen.moves[i].relid == RelationGetRelid(rel) && seen.moves[i].mover == mover)
			return true;
	seen.moves[seen.next].relid = RelationGetRelid(rel);
	seen.moves[seen.next].mover = mover;
	seen.next = (seen.next + 1) % REMEMBERED;
	return false;
}

/* The snapshot sees a row that "mover" has deleted, updated, or moved. */
void
pge_check_moves(Relation rel, TransactionId mover, Snapshot snapshot)
{
	PgeGroupDesc *descs;
	uint32		ndescs;

	if (!TransactionIdIsNormal(mover) || !CheckForSerializableConflictOutNeeded(rel, snapshot) || was_seen(rel, mover))
		return;
	ndescs = pge_directory_load(rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		const PgeGroupDesc *desc = &descs[i];
		uint64	   *gone;

		if (desc->xmin != mover || (desc->flags & (PGE_XMIN_ABORTED | PGE_XMIN_FROZEN)))
			continue;
		/* First the lock, so that who is not found by the search finds the lock. */
		PredicateLockRelation(rel, snapshot);
		if (desc->state != PGE_GROUP_COMPLETE || desc->origin_length == 0)
			continue;
		/* To judge the group's deleters is to check for conflicts with them. */
		gone = pge_group_gone_rows(rel, desc, snapshot);
		if (gone != NULL)
			pfree(gone);
		pge_check_moves(rel, desc->xmax, snapshot);
	}
	if (descs != NULL)
		pfree(descs);
}

/* The snapshot sees a version of heap's: has somebody moved it? */
void
pge_check_delta_move(Relation rel, HeapTuple tuple, Snapshot snapshot)
{
	HeapTupleHeader header = tuple->t_data;

	if (CheckForSerializableConflictOutNeeded(rel, snapshot) && !(header->t_infomask & HEAP_XMAX_INVALID) &&
		!HeapTupleHeaderIsOnlyLocked(header))
		pge_check_moves(rel, HeapTupleHeaderGetUpdateXid(header), snapshot);
}
