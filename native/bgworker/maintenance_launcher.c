/*
 * Automatic maintenance and jobs: the launcher. It is connected to no database, so that it keeps none from being dropped or copied while it
 * sleeps, and starts a worker (maintenance_worker.c) in one database after the other, and a scheduler (job_scheduler.c) where jobs are due.
 * It waits for neither: a long visit keeps no job from starting.
 *
 * Preloaded, it lives with the server and visits all databases each epiphany.maintenance_naptime. Otherwise it is started by VACUUM where
 * it leaves rows to be moved, and by whoever makes or changes a job, and lives until nothing is left to do in the databases that it was
 * asked for.
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
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "jobs.h"
#include "maintenance.h"
#include "shim/pge.h"
#include "tableam/column.h"
#include "tableam/group_access.h"

extern PGDLLEXPORT void pge_launcher_worker_main(Datum preloaded);

/* Where no worker is free for jobs that are due, the next try. */
#define BUSY_US (5 * USECS_PER_SEC)

void
pge_describe_worker(BackgroundWorker *worker, const char *name, const char *function, Datum arg)
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

/* Raises nothing: it may run in a commit that is done. */
void
pge_start_launcher(void)
{
	BackgroundWorker worker;

	pge_describe_worker(&worker, "pg_epiphany launcher", "pge_launcher_worker_main", BoolGetDatum(false));
	if (!RegisterDynamicBackgroundWorker(&worker, NULL))
		ereport(LOG,
				(errmsg("could not start the launcher of jobs and maintenance: no free background worker"),
				 errhint("Raise \"max_worker_processes\".")));
}

/* VACUUM has left rows of a table of this database that compaction could move. */
static void
ask(Relation rel)
{
	if (!pge_maintenance || RelationUsesLocalBuffers(rel))
		return;
	pge_maintenance_attach();
	if (pge_maintenance_ask(MyDatabaseId))
		pge_start_launcher();
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

/* Starts a worker of a database, and does not wait for it: its end sets our latch. NULL: no worker is free. */
static BackgroundWorkerHandle *
send_worker(Oid database, const char *name, const char *function)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	pge_describe_worker(&worker, name, function, ObjectIdGetDatum(database));
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}

/* Is it still there? Forgets one that is gone. */
static bool
is_out(BackgroundWorkerHandle **handle)
{
	pid_t		pid;

	if (*handle == NULL)
		return false;
	switch (GetBackgroundWorkerPid(*handle, &pid))
	{
		case BGWH_POSTMASTER_DIED:
			proc_exit(1);
		case BGWH_STOPPED:
			pfree(*handle);
			*handle = NULL;
			return false;
		default:
			return true;
	}
}

/* ---- Visits of the maintenance: one after the other, in rounds ---- */

static Oid	round_of[PGE_MAINTENANCE_DATABASES];
static int	round_left;
static BackgroundWorkerHandle *visitor;

/* True: the round is over. */
static bool
go_on_with_round(void)
{
	while (!is_out(&visitor))
	{
		if (round_left == 0)
			return true;
		/* The worker says it anew where there is more to do; a database that is gone says nothing. Where no worker is free: next time. */
		pge_maintenance_settle(round_of[--round_left], false);
		visitor = send_worker(round_of[round_left], "pg_epiphany maintenance", "pge_maintenance_worker_main");
	}
	return false;
}

static void
begin_round(bool all)
{
	if (pge_maintenance)
		round_left = all ? list_databases(round_of, PGE_MAINTENANCE_DATABASES) :
			pge_maintenance_asked(round_of, PGE_MAINTENANCE_DATABASES);
}

/* ---- Jobs ---- */

static BackgroundWorkerHandle *scheduler;

/* Databases that were never asked for jobs, after a start of the server or because they are new, are asked now. */
static void
find_databases(void)
{
	static Oid	databases[PGE_MAINTENANCE_DATABASES];
	int			n = list_databases(databases, PGE_MAINTENANCE_DATABASES);

	for (int i = 0; i < n; i++)
		if (!pge_jobs_known(databases[i]))
			pge_jobs_note(databases[i], GetCurrentTimestamp());
}

/* Has a scheduler look after the databases where jobs are due; one at a time, since each is there for a moment only. */
static void
schedule_jobs(void)
{
	static Oid	databases[PGE_MAINTENANCE_DATABASES];
	Oid			database;

	while (pge_jobs && !is_out(&scheduler) && pge_jobs_take_due(GetCurrentTimestamp(), &database))
	{
		int			n = list_databases(databases, PGE_MAINTENANCE_DATABASES);
		bool		exists = false;

		for (int i = 0; i < n; i++)
			exists |= databases[i] == database;
		if (!exists)
		{
			pge_jobs_forget(database);
			continue;
		}
		scheduler = send_worker(database, "pg_epiphany job scheduler", "pge_job_scheduler_worker_main");
		if (scheduler == NULL)
		{
			pge_jobs_note(database, GetCurrentTimestamp() + BUSY_US);
			return;
		}
	}
}

static void
sleep_until(TimestampTz end)
{
	static uint32 wait_event = 0;
	long		timeout;

	if (wait_event == 0)
		wait_event = WaitEventExtensionNew("PgEpiphanyLauncherMain");
	if (pge_jobs && scheduler == NULL)
		end = Min(end, pge_jobs_next());
	timeout = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout, wait_event);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

static TimestampTz
end_of_nap(void)
{
	return GetCurrentTimestamp() + pge_maintenance_naptime * USECS_PER_SEC;
}

/* Nothing is left to be done, by maintenance or for jobs; whoever has something from now on starts another launcher. */
static bool
retire(void)
{
	if (pge_jobs && (scheduler != NULL || !pge_jobs_idle()))
		return false;
	if (visitor != NULL || round_left > 0)
		return false;
	return !pge_maintenance || pge_maintenance_retire_launcher();
}

void
pge_launcher_worker_main(Datum preloaded)
{
	bool		forever = DatumGetBool(preloaded);
	TimestampTz nap;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pge_maintenance_attach();
	pge_jobs_attach();
	pge_access_save_at_exit();
	/* One that VACUUM started may be running already when the preloaded one is started again: it does the work, and this one waits. */
	while (!pge_maintenance_become_launcher())
	{
		if (!forever)
			proc_exit(0);
		sleep_until(end_of_nap());
	}
	before_shmem_exit(pge_maintenance_resign_launcher, 0);
	pge_jobs_serve();
	if (forever)
		find_databases();

	nap = end_of_nap();
	for (;;)
	{
		schedule_jobs();
		if (go_on_with_round() && GetCurrentTimestamp() >= nap)
		{
			begin_round(forever);
			if (forever)
				find_databases();
			nap = end_of_nap();
			(void) go_on_with_round();
			if (!forever && retire())
				proc_exit(0);
		}
		sleep_until(nap);
	}
}

void
pge_maintenance_init(void)
{
	pge_after_vacuum = ask;
	if (process_shared_preload_libraries_in_progress)
	{
		BackgroundWorker worker;

		pge_describe_worker(&worker, "pg_epiphany launcher", "pge_launcher_worker_main", BoolGetDatum(true));
		worker.bgw_restart_time = 10;
		RegisterBackgroundWorker(&worker);
	}
}
