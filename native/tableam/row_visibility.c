/*
 * Column store: who sees a row of a group that its snapshot sees. The answers follow heapam_visibility.c for a tuple whose xmin
 * is settled: only xmax is asked here.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "column.h"

/* What became of the transaction that deleted or updated the row. */
PgeDeleteFate
pge_delete_fate(const PgeDelete *entry)
{
	if (!TransactionIdIsValid(entry->xmax))
		return PGE_DELETE_NONE;
	if (entry->flags & PGE_XMAX_DEAD)
		return PGE_DELETE_DEAD;
	if (entry->flags & PGE_XMAX_COMMITTED)
		return PGE_DELETE_COMMITTED;
	if (TransactionIdIsCurrentTransactionId(entry->xmax))
		return PGE_DELETE_MINE;
	if (TransactionIdIsInProgress(entry->xmax))
		return PGE_DELETE_IN_PROGRESS;
	return TransactionIdDidCommit(entry->xmax) ? PGE_DELETE_COMMITTED : PGE_DELETE_NONE;
}

/* Is the row gone for this snapshot? */
static bool
gone(Relation rel, const PgeDelete *entry, Snapshot snapshot)
{
	PgeDeleteFate fate;

	if (!TransactionIdIsValid(entry->xmax))
		return false;
	if (entry->flags & PGE_XMAX_DEAD)
		return snapshot->snapshot_type != SNAPSHOT_ANY;

	switch (snapshot->snapshot_type)
	{
		case SNAPSHOT_MVCC:
			if (TransactionIdIsCurrentTransactionId(entry->xmax))
				return entry->cmax < snapshot->curcid;
			if (!XidInMVCCSnapshot(entry->xmax, snapshot))
				return (entry->flags & PGE_XMAX_COMMITTED) || TransactionIdDidCommit(entry->xmax);
			/* A concurrent deleter that a serializable reader did not see. */
			if (pge_delete_fate(entry) != PGE_DELETE_NONE)
				pge_check_conflict_out(rel, entry->xmax, snapshot);
			return false;

		case SNAPSHOT_DIRTY:
			fate = pge_delete_fate(entry);
			if (fate == PGE_DELETE_IN_PROGRESS)
				snapshot->xmax = entry->xmax;
			return fate == PGE_DELETE_MINE || fate == PGE_DELETE_COMMITTED;

		case SNAPSHOT_SELF:
			fate = pge_delete_fate(entry);
			return fate == PGE_DELETE_MINE || fate == PGE_DELETE_COMMITTED;

		default:
			/* Any, and non-vacuumable: only VACUUM's mark tells that nobody needs the row. */
			return false;
	}
}

/* Does the snapshot see this row of a group that it sees? desc is as the directory has it now. */
bool
pge_row_visible(Relation rel, const PgeGroupDesc *desc, uint32 row, Snapshot snapshot)
{
	PgeDelete	entry;

	return !pge_delete_get(rel, desc, row, &entry) || !gone(rel, &entry, snapshot);
}

/*
 * The rows of a group that are gone for the snapshot, as a palloc'd bitmap; NULL if none is. What an MVCC snapshot sees does
 * not change, so a scan needs this once a group.
 */
uint64 *
pge_group_gone_rows(Relation rel, const PgeGroupDesc *desc, Snapshot snapshot)
{
	PgeDeletes	deletes;
	uint64	   *bitmap;
	PgeDelete  *entries;

	if (!pge_deletes_open(rel, desc, &deletes))
		return NULL;
	bitmap = deletes.removed;
	entries = palloc_array(PgeDelete, PGE_DELETES_PER_PAGE);
	for (uint32 first = 0; first < desc->rows; first += PGE_DELETES_PER_PAGE)
	{
		uint32		n = Min(PGE_DELETES_PER_PAGE, desc->rows - first);

		CHECK_FOR_INTERRUPTS();
		if (!pge_deletes_page(rel, desc, &deletes, first / PGE_DELETES_PER_PAGE, entries))
			continue;
		for (uint32 i = 0; i < n; i++)
			if (gone(rel, &entries[i], snapshot))
			{
				if (bitmap == NULL)
					bitmap = palloc0_array(uint64, (desc->rows + 63) / 64);
				pge_bitmap_set(bitmap, first + i);
			}
	}
	pfree(entries);
	return bitmap;
}

/* The same for rows [first, first + n) alone. */
void
pge_rows_gone(Relation rel, const PgeGroupDesc *desc, uint32 first, uint32 n, Snapshot snapshot, bool *is_gone)
{
	PgeDeletes	deletes;
	PgeDelete  *entries;

	memset(is_gone, 0, n * sizeof(bool));
	if (!pge_deletes_open(rel, desc, &deletes))
		return;
	entries = palloc_array(PgeDelete, PGE_DELETES_PER_PAGE);
	for (uint32 row = first; row < first + n;)
	{
		uint32		page_no = row / PGE_DELETES_PER_PAGE;
		uint32		stop = Min(first + n, (page_no + 1) * PGE_DELETES_PER_PAGE);

		if (pge_deletes_page(rel, desc, &deletes, page_no, entries))
			for (uint32 i = row; i < stop; i++)
				is_gone[i - first] = gone(rel, &entries[i % PGE_DELETES_PER_PAGE], snapshot);
		for (; row < stop; row++)
			is_gone[row - first] |= pge_bitmap_has(deletes.removed, row);
	}
	pge_deletes_close(&deletes);
	pfree(entries);
}

/* The rows that VACUUM has removed: to nobody of any use, in no index. A palloc'd bitmap, or NULL if none is. */
uint64 *
pge_group_removed_rows(Relation rel, const PgeGroupDesc *desc)
{
	PgeDeletes	deletes;

	return pge_deletes_open(rel, desc, &deletes) ? deletes.removed : NULL;
}

/* Will nobody ever see the rows of the group, because it was never completed or is on its way out? */
static bool
group_surely_dead(const PgeGroupDesc *desc)
{
	if (desc->state == PGE_GROUP_FREE || desc->state == PGE_GROUP_RETIRED || (desc->flags & PGE_XMIN_ABORTED))
		return true;
	if (desc->state == PGE_GROUP_COMPLETE)
		return pge_group_fate(desc) == PGE_FATE_DEAD;
	return !TransactionIdIsCurrentTransactionId(desc->xmin) && !TransactionIdIsInProgress(desc->xmin) &&
		!TransactionIdDidCommit(desc->xmin);
}

/*
 * Does nobody need the row that a column TID names? Then *horizon is raised to the youngest transaction whose end made it so, for
 * standbys whose queries may be older.
 */
bool
pge_row_surely_dead(Relation rel, ItemPointer tid, struct GlobalVisState *vistest, TransactionId *horizon)
{
	PgeGroupDesc desc;
	PgeDelete	entry;
	PgeDeleteFate fate;

	if (!pge_directory_get(rel, pge_tid_group(tid), &desc))
		return false;
	if (group_surely_dead(&desc))
		return true;
	if (desc.state != PGE_GROUP_COMPLETE || pge_tid_row(tid) >= desc.rows || !pge_delete_get(rel, &desc, pge_tid_row(tid), &entry))
		return false;
	fate = pge_delete_fate(&entry);
	if (fate != PGE_DELETE_DEAD &&
		!(fate == PGE_DELETE_COMMITTED && GlobalVisTestIsRemovableXid(vistest, entry.xmax)))
		return false;
	if (TransactionIdIsNormal(entry.xmax) &&
		(!TransactionIdIsValid(*horizon) || TransactionIdFollows(entry.xmax, *horizon)))
		*horizon = entry.xmax;
	return true;
}
