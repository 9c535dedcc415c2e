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

/* What VACUUM knows and finds out while it resolves transaction ids. */
typedef struct Resolution
{
	TransactionId limit;		/* whoever precedes it has finished */
	TransactionId oldest;		/* what precedes it and committed, everybody sees */
	TransactionId newest_frozen;	/* of those that are marked now as seen by everybody */
	uint32		dead_rows;		/* of a group, after marking */
} Resolution;

static void
note_frozen(Resolution *r, TransactionId xid)
{
	if (!TransactionIdIsValid(r->newest_frozen) || TransactionIdFollows(xid, r->newest_frozen))
		r->newest_frozen = xid;
}

/* A group's flags once its transaction is resolved. */
static uint16
resolved_flags(const PgeGroupDesc *desc, Resolution *r)
{
	uint16		flags = desc->flags;

	if (TransactionIdIsNormal(desc->xmax) && TransactionIdPrecedes(desc->xmax, r->limit) && !(flags & PGE_REPLACED_DEAD))
	{
		if (!(flags & PGE_REPLACED_COMMITTED) && TransactionIdDidCommit(desc->xmax))
			flags |= PGE_REPLACED_COMMITTED;
		if ((flags & PGE_REPLACED_COMMITTED) && TransactionIdPrecedes(desc->xmax, r->oldest))
		{
			flags |= PGE_REPLACED_DEAD;
			note_frozen(r, desc->xmax);
		}
	}
	if (!TransactionIdIsNormal(desc->xmin) || !TransactionIdPrecedes(desc->xmin, r->limit) ||
		(flags & (PGE_XMIN_ABORTED | PGE_XMIN_FROZEN)))
		return flags;
	if (!(flags & PGE_XMIN_COMMITTED))
		flags |= TransactionIdDidCommit(desc->xmin) ? PGE_XMIN_COMMITTED : PGE_XMIN_ABORTED;
	if ((flags & PGE_XMIN_COMMITTED) && TransactionIdPrecedes(desc->xmin, r->oldest))
	{
		flags |= PGE_XMIN_FROZEN;
		note_frozen(r, desc->xmin);
	}
	return flags;
}

/* The group's xmax once that transaction is resolved; one that aborted leaves no trace. */
static TransactionId
resolved_xmax(const PgeGroupDesc *desc, uint16 flags, const Resolution *r)
{
	if (TransactionIdIsNormal(desc->xmax) && TransactionIdPrecedes(desc->xmax, r->limit) && !(flags & PGE_REPLACED_COMMITTED))
		return InvalidTransactionId;
	return desc->xmax;
}

/* Resolve an entry of a delete vector; an aborted delete leaves no trace. */
static bool
resolve_entry(PgeDelete *entry, void *arg)
{
	Resolution *r = arg;
	uint16		flags = entry->flags;

	if (!TransactionIdIsValid(entry->xmax))
		return false;
	if (!(flags & PGE_XMAX_DEAD) && TransactionIdPrecedes(entry->xmax, r->limit))
	{
		if (!(flags & PGE_XMAX_COMMITTED) && !TransactionIdDidCommit(entry->xmax))
		{
			memset(entry, 0, sizeof(*entry));
			return true;
		}
		flags |= PGE_XMAX_COMMITTED;
		if (TransactionIdPrecedes(entry->xmax, r->oldest))
		{
			flags |= PGE_XMAX_DEAD;
			note_frozen(r, entry->xmax);
		}
	}
	r->dead_rows += (flags & PGE_XMAX_COMMITTED) != 0;
	if (flags == entry->flags)
		return false;
	entry->flags = flags;
	return true;
}

/* What resolve_entry() would freeze in a group. */
static void
foresee_entries(Relation rel, const PgeGroupDesc *desc, Resolution *r)
{
	PgeDelete  *entries = palloc_array(PgeDelete, PGE_DELETES_PER_PAGE);

	for (uint32 page = 0; page < PGE_DELETE_PAGES; page++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pge_delete_read_page(rel, desc, page, entries))
			for (uint32 i = 0; i < PGE_DELETES_PER_PAGE; i++)
				resolve_entry(&entries[i], r);
	}
	pfree(entries);
}

/* Mark the outcome of every finished transaction older than limit; freeze what everybody sees. Returns rows that live. */
static double
resolve_groups(Relation rel, TransactionId limit)
{
	Resolution	r = {.limit = limit,.oldest = GetOldestNonRemovableTransactionId(rel)};
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	double		rows = 0;

	/* Standbys must hear of it before anything is marked. */
	for (uint32 i = 0; i < ndescs; i++)
	{
		resolved_flags(&descs[i], &r);
		if (descs[i].delete_root != InvalidBlockNumber)
			foresee_entries(rel, &descs[i], &r);
	}
	log_standby_conflict(rel, r.newest_frozen);

	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeGroupDesc *desc = &descs[i];
		uint16		flags = resolved_flags(desc, &r);
		TransactionId xmax = resolved_xmax(desc, flags, &r);

		r.dead_rows = 0;
		if (desc->delete_root != InvalidBlockNumber)
			for (uint32 page = 0; page < PGE_DELETE_PAGES; page++)
			{
				vacuum_delay_point();
				pge_delete_change_page(rel, desc, page, resolve_entry, &r);
			}
		if (flags != desc->flags || xmax != desc->xmax || r.dead_rows != desc->dead_rows)
			pge_directory_resolve(rel, i, flags, xmax, r.dead_rows);
		desc->flags = flags;
		desc->xmax = xmax;
		if (pge_group_fate(desc) == PGE_FATE_LIVE && pge_group_is_current(desc))
			rows += desc->rows - r.dead_rows;
	}
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
