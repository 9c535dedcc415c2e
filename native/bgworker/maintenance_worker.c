/*
 * Automatic maintenance: one visit to one database. Looks at each column table, and where its delta has cooled down moves the rows into
 * row groups and has VACUUM clear away what that leaves.
 *
 * The worker counts as an autovacuum worker where that matters to others: a statement that it blocks cancels it after deadlock_timeout,
 * and DROP DATABASE ends it.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/vacuum.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "maintenance.h"
#include "planner/options.h"
#include "shim/pge.h"
#include "tableam/column.h"
#include "tableam/column_vacuum.h"
#include "tableam/compact.h"

extern PGDLLEXPORT void pge_maintenance_worker_main(Datum database);

/* A table is hot while more than one in so many of its delta's rows changed since the last visit. */
#define HOT_FRACTION	100

/* Visits that a table is left out after an error. */
#define VISITS_AFTER_ERROR 10

typedef enum Verdict
{
	NOTHING,					/* to do */
	LATER,						/* there will be: the table is busy, or rows are still needed by somebody */
	COMPACT
} Verdict;

/* A worker of a database begins. It gives way: who is blocked by it cancels it, and DROP DATABASE ends it. */
void
pge_worker_begin(Oid database)
{
	pqsignal(SIGHUP, SIG_IGN);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	/* As autovacuum, whatever sessions of the database begin with. */
	SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
	LWLockAcquire(ProcArrayLock, LW_EXCLUSIVE);
	MyProc->statusFlags |= PROC_IS_AUTOVACUUM;
	ProcGlobal->statusFlags[MyProc->pgxactoff] = MyProc->statusFlags;
	LWLockRelease(ProcArrayLock);
}

/* The column tables of this database that have storage of their own and are not temporary. */
static List *
list_tables(MemoryContext cxt)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_catalog(catalog, 0, NULL);
	Oid			ours = InvalidOid;
	Oid			others = InvalidOid;
	List	   *tables = NIL;
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		MemoryContext old;

		if ((form->relkind != RELKIND_RELATION && form->relkind != RELKIND_MATVIEW) ||
			form->relpersistence == RELPERSISTENCE_TEMP || form->relam == others)
			continue;
		if (form->relam != ours)
		{
			if ((pge_am_of(form->relam) & PGE_AM_COLUMN) == 0)
			{
				others = form->relam;
				continue;
			}
			ours = form->relam;
		}
		old = MemoryContextSwitchTo(cxt);
		tables = lappend_oid(tables, form->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	return tables;
}

/* May we at all? The table's owner decides. */
static bool
allowed(Relation rel)
{
	if (rel->rd_options != NULL && !((StdRdOptions *) rel->rd_options)->autovacuum.enabled)
		return false;
	return pge_table_options(rel)->compaction == 0;
}

/* About how many rows the delta holds (pgstat counts all, the directory those of groups), and whether some group is worth a rewrite. */
static double
delta_rows(Relation rel, const PgStat_StatTabEntry *stats, bool *sparse)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	double		rows = stats->live_tuples;

	*sparse = pge_compact_buckets_wait(rel, descs, ndescs);
	for (uint32 i = 0; i < ndescs; i++)
		if (pge_group_is_current(&descs[i]))
		{
			rows -= descs[i].rows - descs[i].dead_rows;
			*sparse |= pge_compact_sparse(descs[i].rows, descs[i].dead_rows);
		}
	return Max(rows, 0);
}

/*
 * Rows that have come to rest are worth moving: nobody updates or deletes many of them any more. While rows still come in, only
 * whole groups are.
 */
static Verdict
judge(Relation rel, PgeTableMemory *memory)
{
	PgStat_StatTabEntry *stats = pgstat_fetch_stat_tabentry_ext(false, RelationGetRelid(rel));
	bool		known = pge_maintenance_recall(RelationGetRelid(rel), memory);
	int64		inserts,
				changes;
	double		rows;
	bool		sparse;
	Verdict		verdict = COMPACT;

	if (!known)
		*memory = (PgeTableMemory) {.database = MyDatabaseId,.relid = RelationGetRelid(rel)};
	if (memory->skip > 0)
	{
		memory->skip--;
		pge_maintenance_remember(memory);
		return LATER;
	}
	if (stats == NULL)
		return NOTHING;
	inserts = stats->tuples_inserted - memory->inserts;
	changes = stats->tuples_updated + stats->tuples_deleted - memory->changes;
	rows = delta_rows(rel, stats, &sparse);

	if (rows < PGE_GROUP_MIN_ROWS && !sparse)
		verdict = NOTHING;
	else if (!known || changes < 0 || changes > Max(rows, sparse ? stats->live_tuples : 0) / HOT_FRACTION)
		verdict = LATER;
	else if (inserts != 0 && !sparse && rows < pge_table_options(rel)->row_group_rows)
		verdict = LATER;

	memory->inserts += inserts;
	memory->changes += changes;
	memory->seen = GetCurrentTimestamp();
	pge_maintenance_remember(memory);
	return verdict;
}

/* Look at a table in a transaction of its own. */
static Verdict
look(Oid relid, PgeTableMemory *memory)
{
	Verdict		verdict = NOTHING;

	memset(memory, 0, sizeof(*memory));
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		verdict = LATER;
	else
	{
		Relation	rel = try_relation_open(relid, NoLock);

		if (rel != NULL)
		{
			if (allowed(rel))
				verdict = judge(rel, memory);
			relation_close(rel, NoLock);
		}
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return verdict;
}

/* A transaction for each group, so that nobody waits long for a row. A table that somebody has locked is passed by. */
static void
compact(Oid relid)
{
	PgeCompactProgress progress = {.min_rows = 1};
	bool		more = true;

	while (more)
	{
		CHECK_FOR_INTERRUPTS();
		more = false;
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		if (ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
		{
			Relation	rel = try_relation_open(relid, NoLock);

			if (rel != NULL)
			{
				more = pge_compact_refusal(rel) == NULL && pge_compact_some(rel, &progress);
				relation_close(rel, NoLock);
			}
		}
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	/* What VACUUM counts afterwards is not to be added to. */
	pgstat_report_stat(true);
}

/*
 * VACUUM the table if nobody's snapshot needs any more what compaction left behind, as a user would, but passing by a table that
 * somebody has locked. True: it is done.
 */
static bool
clear_away(PgeTableMemory *memory)
{
	VacuumStmt *statement;
	PgStat_StatTabEntry *stats;
	TimestampTz start = GetCurrentTimestamp();
	bool		done;

	StartTransactionCommand();
	if (TransactionIdPrecedes(GetOldestNonRemovableTransactionId(NULL), memory->moved))
	{
		CommitTransactionCommand();
		return false;
	}
	/* VACUUM commits, and goes on with the list that it was given. */
	MemoryContextSwitchTo(PortalContext);
	statement = makeNode(VacuumStmt);
	statement->is_vacuumcmd = true;
	statement->options = list_make1(makeDefElem("skip_locked", (Node *) makeBoolean(true), -1));
	statement->rels = list_make1(makeVacuumRelation(NULL, memory->relid, NIL));
	/* Commits, and leaves a transaction open. */
	ExecVacuum(make_parsestate(NULL), statement, true);
	stats = pgstat_fetch_stat_tabentry_ext(false, memory->relid);
	done = stats == NULL || stats->last_vacuum_time >= start;
	CommitTransactionCommand();
	return done;
}

/* Has VACUUM retired what only a later one can give back? */
static bool
leftovers(Oid relid)
{
	bool		found = false;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		found = true;
	else
	{
		Relation	rel = try_relation_open(relid, NoLock);

		if (rel != NULL)
		{
			found = pge_is_column_table(rel) && pge_has_retired(rel);
			relation_close(rel, NoLock);
		}
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return found;
}

static TransactionId
next_xid(void)
{
	return XidFromFullTransactionId(ReadNextFullTransactionId());
}

/* True: the table is to be looked at again. */
static bool
tend(Oid relid)
{
	PgeTableMemory memory;
	Verdict		verdict = look(relid, &memory);

	if (verdict == COMPACT)
	{
		compact(relid);
		memory.moved = next_xid();
		memory.retired = false;
		pge_maintenance_remember(&memory);
	}
	/* Twice at most: in a table that is changed all the time there is always something retired. */
	while (TransactionIdIsValid(memory.moved) && clear_away(&memory))
	{
		memory.retired = !memory.retired && leftovers(relid);
		memory.moved = memory.retired ? next_xid() : InvalidTransactionId;
		pge_maintenance_remember(&memory);
	}
	return verdict == LATER || TransactionIdIsValid(memory.moved);
}

/* An error is the log's and costs the table a few visits; the other tables go on. */
static bool
tend_carefully(Oid relid)
{
	MemoryContext cxt = CurrentMemoryContext;
	volatile bool more = true;

	PG_TRY();
	{
		more = tend(relid);
	}
	PG_CATCH();
	{
		PgeTableMemory memory;

		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(cxt);
		errcontext("automatic maintenance of column table %u", relid);
		EmitErrorReport();
		AbortOutOfAnyTransaction();
		FlushErrorState();
		if (!pge_maintenance_recall(relid, &memory))
			memory = (PgeTableMemory) {.database = MyDatabaseId,.relid = relid};
		memory.skip = VISITS_AFTER_ERROR;
		pge_maintenance_remember(&memory);
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	return more;
}

void
pge_maintenance_worker_main(Datum database)
{
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "maintenance", ALLOCSET_DEFAULT_SIZES);
	List	   *tables;
	ListCell   *lc;
	bool		more = false;

	pge_worker_begin(DatumGetObjectId(database));
	pge_maintenance_attach();
	/* VACUUM keeps its own things there. */
	PortalContext = cxt;
	MemoryContextSwitchTo(cxt);

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	tables = list_tables(cxt);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(cxt);
	foreach(lc, tables)
	{
		CHECK_FOR_INTERRUPTS();
		more |= tend_carefully(lfirst_oid(lc));
	}
	pge_maintenance_settle(MyDatabaseId, more);
}
