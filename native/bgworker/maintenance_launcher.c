/*
 * Automatic maintenance: the launcher. It is connected to no database, so that it keeps none from being dropped or copied while it
 * sleeps, and starts a worker (maintenance_worker.c) in one database after the other.
 *
 * Preloaded, it lives with the server and visits all databases each epiphany.maintenance_naptime. Otherwise VACUUM starts it where it
 * leaves rows to be moved, and it lives until the databases that it was asked to visit have nothing left to do.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "maintenance.h"
#include "shim/pge.h"
#include "tableam/column.h"

extern PGDLLEXPORT void pge_launcher_worker_main(Datum preloaded);

static void
describe(BackgroundWorker *worker, const char *name, const char *function, Datum arg)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker->bgw_library_name, "$libdir/pg_epiphany", MAXPGPATH);
	strlcpy(worker->bgw_function_name, function, BGW_MAXLEN);
	strlcpy(worker->bgw_name, name, BGW_MAXLEN);
	strlcpy(worker->bgw_type, name, BGW_MAXLEN);
	worker->bgw_main_arg = arg;
}

/* VACUUM has left rows of a table of this database that compaction could move. */
static void
ask(Relation rel)
{
	BackgroundWorker worker;

	if (!pge_maintenance || RelationUsesLocalBuffers(rel))
		return;
	pge_maintenance_attach();
	if (!pge_maintenance_ask(MyDatabaseId))
		return;
	describe(&worker, "pg_epiphany launcher", "pge_launcher_worker_main", BoolGetDatum(false));
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		ereport(LOG,
				(errmsg("could not start the maintenance of column tables: no free background worker"),
				 errhint("Raise \"max_worker_processes\".")));
}

/* All databases that take connections but templates, which CREATE DATABASE wants for itself. */
static int
list_databases(Oid *databases, int most)
{
	Relation	catalog;
	TableScanDesc scan;
	HeapTuple	tuple;
	int			n = 0;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while (n < most && (tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

		if (database->datallowconn && !database->datistemplate && !database_is_invalid_form(database))
			databases[n++] = database->oid;
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return n;
}

/* Let a worker look after a database, and wait for it. */
static void
visit(Oid database)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	describe(&worker, "pg_epiphany maintenance", "pge_maintenance_worker_main", ObjectIdGetDatum(database));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return;					/* no worker is free; next time */
	if (WaitForBackgroundWorkerShutdown(handle) == BGWH_POSTMASTER_DIED)
		proc_exit(1);
	pfree(handle);
}

static void
visit_databases(bool all)
{
	static Oid	databases[PGE_MAINTENANCE_DATABASES];
	int			n = all ? list_databases(databases, PGE_MAINTENANCE_DATABASES) :
		pge_maintenance_asked(databases, PGE_MAINTENANCE_DATABASES);

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* The worker says it anew where there is more to do; a database that is gone says nothing. */
		pge_maintenance_settle(databases[i], false);
		visit(databases[i]);
	}
}

static void
take_a_nap(void)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = WaitEventExtensionNew("PgEpiphanyLauncherMain");
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pge_maintenance_naptime * 1000L, wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

void
pge_launcher_worker_main(Datum preloaded)
{
	bool		forever = DatumGetBool(preloaded);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pge_maintenance_attach();
	/* One that VACUUM started may be running already when the preloaded one is started again: it does the work, and this one waits. */
	while (!pge_maintenance_become_launcher())
	{
		if (!forever)
			proc_exit(0);
		take_a_nap();
	}
	before_shmem_exit(pge_maintenance_resign_launcher, 0);

	for (;;)
	{
		take_a_nap();
		if (pge_maintenance)
			visit_databases(forever);
		if (!forever && (!pge_maintenance || pge_maintenance_retire_launcher()))
			proc_exit(0);
	}
}

void
pge_maintenance_init(void)
{
	pge_after_vacuum = ask;
	if (process_shared_preload_libraries_in_progress)
	{
		BackgroundWorker worker;

		describe(&worker, "pg_epiphany launcher", "pge_launcher_worker_main", BoolGetDatum(true));
		worker.bgw_restart_time = 10;
		RegisterBackgroundWorker(&worker);
	}
}
