/*
 * Column store: VACUUM. Before heap's lazy vacuum does the delta, the groups have their turn:
 *
 *   1. Every transaction id in the directory that the table's new relfrozenxid may pass is resolved, so that pg_xact is never asked for
 *      it again; rows that nobody needs are marked dead.
 *   2. Index entries of dead rows, and of groups that nobody needs, are taken out; then the rows are removed and the groups retired.
 *   3. What was retired before, and nobody reads any more, becomes free pages of the delta.
 *
 * Heap must not truncate: to it, pages of groups at the relation's end are empty. column_truncate.c does, after it.
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
#include "commands/progress.h"
#include "port/pg_bitutils.h"
#include "postmaster/autovacuum.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/backend_progress.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "column_vacuum.h"

void		(*pge_after_vacuum) (Relation rel) = NULL;

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

/* With less than this share of dead rows in the groups, indexes are left alone, unless the user insists. */
#define BYPASS_SHARE	0.02

/*
 * A frozen group is visible to every snapshot. Queries of a standby that do not see its transaction yet must end before it
 * freezes there. This record of nbtree's, which touches no page, makes recovery wait for them or cancel them.
 */
void
pge_log_standby_conflict(Relation rel, TransactionId newest)
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
	const uint64 *removed;		/* of the group in hand */
	uint32		row;			/* the next one */
	uint32		gone;			/* its rows whose deleter committed, but for removed ones */
	uint32		dead;			/* of them, those that nobody needs */
} Resolution;

/* What is to be done with a group. */
typedef struct GroupWork
{
	uint32		dead;			/* rows to remove */
	bool		whole;			/* the group is to be retired ... */
	bool		indexed;		/* ... but indexes may have its rows */
} GroupWork;

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
	bool		removed = pge_bitmap_has(r->removed, r->row++);

	if (!TransactionIdIsValid(entry->xmax) || removed)
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
	r->gone += (flags & PGE_XMAX_COMMITTED) != 0;
	r->dead += (flags & PGE_XMAX_DEAD) != 0;
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
	PgeDeletes	deletes;

	if (pge_deletes_open(rel, desc, &deletes))
	{
		r->removed = NULL;
		for (uint32 page = 0; page < PGE_DELETE_PAGES; page++)
		{
			vacuum_delay_point();
			if (pge_deletes_page(rel, desc, &deletes, page, entries))
				for (uint32 i = 0; i < PGE_DELETES_PER_PAGE; i++)
					resolve_entry(&entries[i], r);
		}
		pge_deletes_close(&deletes);
	}
	pfree(entries);
}

static uint32
count_bits(const uint64 *bitmap, uint32 rows)
{
	return bitmap ? (uint32) pg_popcount((const char *) bitmap, (rows + 63) / 64 * sizeof(uint64)) : 0;
}

/* Resolve the entries of a group; returns the number of its removed rows. */
static uint32
resolve_entries(Relation rel, const PgeGroupDesc *desc, Resolution *r)
{
	PgeDeletes	deletes;
	uint32		removed = 0;

	r->gone = r->dead = 0;
	if (pge_deletes_open(rel, desc, &deletes))
	{
		r->removed = deletes.removed;
		for (uint32 page = 0; page * PGE_DELETES_PER_PAGE < desc->rows; page++)
		{
			vacuum_delay_point();
			r->row = page * PGE_DELETES_PER_PAGE;
			pge_delete_change_page(rel, desc, &deletes, page, resolve_entry, r);
		}
		removed = count_bits(deletes.removed, desc->rows);
		pge_deletes_close(&deletes);
	}
	return removed;
}

/* Resolve a group, and say what is to be done with it. */
static GroupWork
resolve_group(Relation rel, PgeGroupDesc *desc, Resolution *r, PgeVacuumCounts *counts)
{
	GroupWork	work = {0};
	uint16		flags = resolved_flags(desc, r);
	TransactionId xmax = resolved_xmax(desc, flags, r);
	uint32		removed = 0;

	if (desc->state == PGE_GROUP_FREE || desc->state == PGE_GROUP_RETIRED)
		return work;
	if (desc->state == PGE_GROUP_COMPLETE)
		removed = resolve_entries(rel, desc, r);
	else
		r->gone = r->dead = 0;
	if (flags != desc->flags || xmax != desc->xmax || removed + r->gone != desc->dead_rows)
		pge_directory_resolve(rel, desc->group_id, flags, xmax, removed + r->gone);
	desc->flags = flags;
	desc->xmax = xmax;
	desc->dead_rows = removed + r->gone;

	work.dead = r->dead;
	if ((flags & (PGE_XMIN_ABORTED | PGE_REPLACED_DEAD)) ||
		(desc->state == PGE_GROUP_RESERVED && (flags & PGE_XMIN_COMMITTED)) ||
		(desc->state == PGE_GROUP_COMPLETE && removed + r->dead == desc->rows))
	{
		work.whole = true;
		work.indexed = desc->state == PGE_GROUP_RESERVED || removed < desc->rows;
		/* How many rows one has that was never completed, nobody knows. */
		work.dead = desc->state == PGE_GROUP_RESERVED ? PGE_GROUP_MAX_ROWS : desc->rows - removed;
		return work;
	}
	if (desc->state == PGE_GROUP_COMPLETE)
		counts->groups++;
	if (pge_group_fate(desc) == PGE_FATE_LIVE && pge_group_is_current(desc))
	{
		counts->rows += desc->rows - desc->dead_rows;
		counts->dead_rows += r->gone;
	}
	else if (pge_group_fate(desc) == PGE_FATE_LIVE)
		counts->dead_rows += desc->rows;
	return work;
}

/* Mark the outcome of every finished transaction older than limit; freeze what everybody sees. Returns what is to be done, by group. */
static GroupWork *
resolve_groups(Relation rel, TransactionId limit, PgeGroupDesc *descs, uint32 ndescs, PgeVacuumCounts *counts)
{
	Resolution	r = {.limit = limit,.oldest = GetOldestNonRemovableTransactionId(rel)};
	GroupWork  *work = palloc0_array(GroupWork, ndescs + 1);

	/* Standbys must hear of it before anything is marked. */
	for (uint32 i = 0; i < ndescs && RelationNeedsWAL(rel) && XLogStandbyInfoActive(); i++)
	{
		resolved_flags(&descs[i], &r);
		if (descs[i].state == PGE_GROUP_COMPLETE)
			foresee_entries(rel, &descs[i], &r);
	}
	pge_log_standby_conflict(rel, r.newest_frozen);
	for (uint32 i = 0; i < ndescs; i++)
		work[i] = resolve_group(rel, &descs[i], &r, counts);
	return work;
}

/* ---- removing ---- */

/* The rows of a group that are marked dead, as a bitmap that the caller owns. */
static uint64 *
dead_rows(Relation rel, const PgeGroupDesc *desc)
{
	uint64	   *rows = palloc0_array(uint64, (desc->rows + 63) / 64);
	PgeDelete  *entries = palloc_array(PgeDelete, PGE_DELETES_PER_PAGE);
	PgeDeletes	deletes;

	if (pge_deletes_open(rel, desc, &deletes))
	{
		for (uint32 first = 0; first < desc->rows; first += PGE_DELETES_PER_PAGE)
		{
			uint32		n = Min(PGE_DELETES_PER_PAGE, desc->rows - first);

			vacuum_delay_point();
			if (!pge_deletes_page(rel, desc, &deletes, first / PGE_DELETES_PER_PAGE, entries))
				continue;
			for (uint32 i = 0; i < n; i++)
				if (TransactionIdIsValid(entries[i].xmax) && (entries[i].flags & PGE_XMAX_DEAD))
					pge_bitmap_set(rows, first + i);
		}
		pge_deletes_close(&deletes);
	}
	pfree(entries);
	return rows;
}

/* No index has the group's rows any more: on its way to be free. */
static void
retire_group(Relation rel, const PgeGroupDesc *desc)
{
	/* Whoever was to complete it may have left pages. */
	if (desc->state == PGE_GROUP_RESERVED)
		pge_sweep_note(rel, desc->first_block == InvalidBlockNumber ? PGE_ROOT_BLOCK + 1 : desc->first_block);
	pge_directory_retire(rel, desc->group_id);
}

/* No index has these rows any more: they become bits, and pages of entries that say nothing else are retired. */
static void
remove_rows(Relation rel, const PgeGroupDesc *desc, const uint64 *rows)
{
	PgeDeletes	deletes;

	pge_delete_set_removed(rel, desc, rows);
	if (!pge_deletes_open(rel, desc, &deletes))
		return;
	for (uint32 page = 0; page * PGE_DELETES_PER_PAGE < desc->rows; page++)
	{
		vacuum_delay_point();
		if (deletes.map.pages[page] != InvalidBlockNumber)
			pge_delete_retire_page(rel, desc, page, deletes.removed);
	}
	pge_deletes_close(&deletes);
}

/* One pass: what was gathered leaves the indexes, and then the groups. */
static void
remove_gathered(Relation rel, Relation *indexes, int nindexes, PgeGroupDesc *descs, PgeDeadRows *dead, PgeVacuumCounts *counts,
				BufferAccessStrategy strategy)
{
	if (nindexes > 0 && dead->count > 0)
	{
		pge_vacuum_indexes(rel, indexes, nindexes, dead, counts->rows, strategy);
		counts->index_passes++;
	}
	for (uint32 i = 0; i < dead->groups; i++)
	{
		if (dead->rows[i] == PGE_WHOLE_GROUP)
		{
			retire_group(rel, &descs[i]);
			counts->removed_groups++;
			if (descs[i].state == PGE_GROUP_COMPLETE)
				counts->removed_rows += descs[i].rows;
		}
		else if (dead->rows[i] != NULL)
		{
			uint32		n = count_bits(dead->rows[i], dead->nrows[i]);

			remove_rows(rel, &descs[i], dead->rows[i]);
			counts->removed_rows += n;
			counts->dead_rows -= n;
			pfree(dead->rows[i]);
		}
		dead->rows[i] = NULL;
	}
	dead->bytes = 0;
	dead->count = 0;
}

static void
remove_dead(Relation rel, VacuumParams *params, PgeGroupDesc *descs, uint32 ndescs, GroupWork *work, PgeVacuumCounts *counts,
			BufferAccessStrategy strategy)
{
	Size		budget = (Size) (AmAutoVacuumWorkerProcess() && autovacuum_work_mem != -1 ?
								 autovacuum_work_mem : maintenance_work_mem) * 1024;
	struct VacuumCutoffs cutoffs = {.relfrozenxid = rel->rd_rel->relfrozenxid,.relminmxid = rel->rd_rel->relminmxid};
	PgeDeadRows dead = {.groups = ndescs};
	double		all = 0,
				to_remove = 0,
				rows = 0;
	Relation   *indexes;
	int			nindexes;
	bool		forbidden;

	for (uint32 i = 0; i < ndescs; i++)
	{
		all += descs[i].state == PGE_GROUP_COMPLETE ? descs[i].rows : 0;
		to_remove += work[i].dead;
		rows += work[i].whole ? 0 : work[i].dead;
	}
	vac_open_indexes(rel, RowExclusiveLock, &nindexes, &indexes);
	forbidden = params->index_cleanup == VACOPTVALUE_DISABLED || vacuum_xid_failsafe_check(&cutoffs);
	if (nindexes > 0 && (forbidden || (params->index_cleanup == VACOPTVALUE_AUTO && to_remove < all * BYPASS_SHARE)))
	{
		/* As heap: rows that VACUUM was told to leave must not bring it back at once. */
		counts->kept_rows = forbidden ? rows : 0;
		vac_close_indexes(nindexes, indexes, NoLock);
		return;
	}
	dead.rows = palloc0_array(uint64 *, ndescs + 1);
	dead.nrows = palloc0_array(uint32, ndescs + 1);
	for (uint32 i = 0; i < ndescs; i++)
	{
		if (work[i].whole)
			dead.rows[i] = PGE_WHOLE_GROUP;
		else if (work[i].dead > 0)
		{
			Size		bytes = (descs[i].rows + 63) / 64 * sizeof(uint64);

			if (dead.bytes + bytes > budget && dead.bytes > 0)
				remove_gathered(rel, indexes, nindexes, descs, &dead, counts, strategy);
			dead.rows[i] = dead_rows(rel, &descs[i]);
			dead.nrows[i] = descs[i].rows;
			dead.bytes += bytes;
		}
		dead.count += work[i].whole && !work[i].indexed ? 0 : work[i].dead;
	}
	remove_gathered(rel, indexes, nindexes, descs, &dead, counts, strategy);
	vac_close_indexes(nindexes, indexes, NoLock);
	pfree(dead.rows);
	pfree(dead.nrows);
}

/* ---- the callback ---- */

static void
column_vacuum(Relation rel, VacuumParams *params, BufferAccessStrategy bstrategy)
{
	VacuumParams delta_params = *params;
	PgeVacuumCounts counts = {0};
	TransactionId limit = hold_back_horizon();
	float4		reltuples = rel->rd_rel->reltuples;
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	GroupWork  *work;
	List	   *index_tuples;

	pgstat_progress_start_command(PROGRESS_COMMAND_VACUUM, RelationGetRelid(rel));
	work = resolve_groups(rel, limit, descs, ndescs, &counts);
	remove_dead(rel, params, descs, ndescs, work, &counts, bstrategy);
	if (ndescs > 0)
	{
		counts.freed_pages += pge_free_retired(rel, false);
		counts.freed_pages += pge_sweep_orphans(rel, limit);
	}

	/* Heap estimates rows on pages that it skips from the old density; let that be the delta's. */
	if (reltuples > 0)
		rel->rd_rel->reltuples = Max(0, reltuples - counts.rows);
	delta_params.truncate = VACOPTVALUE_DISABLED;
	/* Parallel workers take over our flags, and insist on the one that hold_back_horizon() took away. */
	delta_params.nworkers = -1;
	index_tuples = pge_vacuum_index_tuples(rel);
	heap_vacuum_rel(rel, &delta_params, bstrategy);
	pgstat_progress_start_command(PROGRESS_COMMAND_VACUUM, RelationGetRelid(rel));
	pge_vacuum_truncate(rel, params, &counts);
	pgstat_progress_end_command();

	/* What was retired waits for who began before the next transaction id: without one of ours an idle server would never come to that. */
	if (counts.removed_rows > 0 || counts.removed_groups > 0)
		(void) GetCurrentTransactionId();

	pge_vacuum_record(rel, &counts, index_tuples);
	if (ndescs > 0)
		pge_vacuum_report(rel, params, &counts);
	if (pge_after_vacuum != NULL)
		pge_after_vacuum(rel);
}

void
pge_column_set_vacuum_callbacks(TableAmRoutine *routine)
{
	routine->relation_vacuum = column_vacuum;
}
