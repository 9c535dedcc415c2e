/*
 * Column store: VACUUM. Heap's lazy vacuum does the delta; before it runs, every transaction id in the directory that the
 * table's new relfrozenxid may pass is resolved, so that pg_xact is never asked for it again.
 *
 * Heap must not truncate: to it, pages of groups at the relation's end are empty.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/nbtxlog.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_class.h"
#include "commands/vacuum.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "column.h"

/*
 * Count again in everybody's horizons, our own included: then no horizon passes the xmin of our snapshot, and relfrozenxid,
 * which heap takes from such a horizon, cannot pass the ids that we resolve now. VACUUM had this backend left out.
 */
static TransactionId
hold_back_horizon(void)
{
	LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
	MyProc->statusFlags &= ~PROC_IN_VACUUM;
	ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
	LWLockRelease(ProcArrayLock);
	/* Everything before it has finished: it was the oldest transaction running when the snapshot was taken. */
	return GetActiveSnapshot()->xmin;
}

/*
 * A frozen group is visible to every snapshot. Queries of a standby that do not see its transaction yet must end before it
 * freezes there. This record of nbtree's, which touches no page, makes recovery wait for them or cancel them.
 */
static void
log_standby_conflict(Relation rel, TransactionId newest)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		epoch = EpochFromFullTransactionId(next);
	xl_btree_reuse_page record = {0};

	if (!TransactionIdIsValid(newest) || !RelationNeedsWAL(rel) || !XLogStandbyInfoActive())
		return;
	if (newest > XidFromFullTransactionId(next))
		epoch--;
	record.locator = rel->rd_locator;
	record.block = PGE_ROOT_BLOCK;
	record.snapshotConflictHorizon = FullTransactionIdFromEpochAndXid(epoch, newest);
	record.isCatalogRel = RelationIsAccessibleInLogicalDecoding(rel);
	XLogBeginInsert();
	XLogRegisterData((char *) &record, SizeOfBtreeReusePage);
	XLogInsert(RM_BTREE_ID, XLOG_BTREE_REUSE_PAGE);
}

/* Mark the outcome of every finished transaction older than limit; freeze what everybody sees. Returns rows that live. */
static double
resolve_groups(Relation rel, TransactionId limit)
{
	TransactionId oldest = GetOldestNonRemovableTransactionId(rel);
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	bool	   *changed = palloc0_array(bool, ndescs + 1);
	TransactionId newest_frozen = InvalidTransactionId;
	double		rows = 0;

	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeGroupDesc *desc = &descs[i];
		uint16		flags = desc->flags;

		vacuum_delay_point();
		if (TransactionIdIsNormal(desc->xmin) && TransactionIdPrecedes(desc->xmin, limit) &&
			!(flags & (PGE_XMIN_ABORTED | PGE_XMIN_FROZEN)))
		{
			if (!(flags & PGE_XMIN_COMMITTED))
				flags |= TransactionIdDidCommit(desc->xmin) ? PGE_XMIN_COMMITTED : PGE_XMIN_ABORTED;
			if ((flags & PGE_XMIN_COMMITTED) && TransactionIdPrecedes(desc->xmin, oldest))
			{
				flags |= PGE_XMIN_FROZEN;
				if (!TransactionIdIsValid(newest_frozen) || TransactionIdFollows(desc->xmin, newest_frozen))
					newest_frozen = desc->xmin;
			}
		}
		changed[i] = flags != desc->flags;
		desc->flags = flags;
		if (pge_group_fate(desc) == PGE_FATE_LIVE)
			rows += desc->rows;
	}
	log_standby_conflict(rel, newest_frozen);
	for (uint32 i = 0; i < ndescs; i++)
		if (changed[i])
			pge_directory_update(rel, &descs[i]);
	return rows;
}

static void
column_vacuum(Relation rel, VacuumParams *params, BufferAccessStrategy bstrategy)
{
	VacuumParams delta_params = *params;
	double		rows = resolve_groups(rel, hold_back_horizon());
	float4		reltuples = rel->rd_rel->reltuples;
	HeapTuple	tuple;

	/* Heap estimates rows on pages that it skips from the old density; let that be the delta's. */
	if (reltuples > 0)
		rel->rd_rel->reltuples = Max(0, reltuples - rows);
	delta_params.truncate = VACOPTVALUE_DISABLED;
	/* Parallel workers take over our flags, and insist on the one that hold_back_horizon() took away. */
	delta_params.nworkers = -1;
	heap_vacuum_rel(rel, &delta_params, bstrategy);

	/* Heap has recorded what it saw; add the rows of groups. */
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(rel)));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (rows > 0)
			vac_update_relstats(rel, form->relpages, form->reltuples + rows, form->relallvisible,
								form->relhasindex, InvalidTransactionId, InvalidMultiXactId, NULL, NULL, false);
		ReleaseSysCache(tuple);
	}
}

void
pge_column_set_vacuum_callbacks(TableAmRoutine *routine)
{
	routine->relation_vacuum = column_vacuum;
}
