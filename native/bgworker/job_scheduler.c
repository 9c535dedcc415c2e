/*
 * Jobs: the scheduler, a visit to one database in which jobs are due. It starts a process for each, as long as there are places, and notes
 * as failed what began and has no process any more. Runs nothing itself; counts as an autovacuum worker, so that it is in nobody's way.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "jobs.h"
#include "maintenance.h"

/* After the server had no process for a job, or an error of the scheduler's own, it comes again. */
#define RETRY_US (10 * USECS_PER_SEC)

/* A job to start. */
typedef struct Start
{
	PgeJobOrder order;
	char	   *name;
} Start;

/* Places that are reserved and not yet handed over. */
static List *reserved = NIL;

static void
at_exit(int code, Datum arg)
{
	ListCell   *lc;

	foreach(lc, reserved)
		pge_jobs_release(lfirst_int(lc));
	if (code != 0)
		pge_jobs_note(MyDatabaseId, GetCurrentTimestamp() + RETRY_US);
}

static int32
int_of(uint64 row, int column)
{
	bool		isnull;

	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull));
}

/* Runs that were noted as begun and have no process: it was ended, or the server went down. */
static void
note_crashes(MemoryContext cxt)
{
	List	   *crashed = NIL;
	ListCell   *lc;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pge_jobs_query("SELECT job_started FROM epiphany.job_started()", 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		if (!pge_jobs_running(int_of(i, 1)))
		{
			MemoryContext old = MemoryContextSwitchTo(cxt);

			crashed = lappend_int(crashed, int_of(i, 1));
			MemoryContextSwitchTo(old);
		}
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(cxt);
	foreach(lc, crashed)
		(void) pge_job_end(lfirst_int(lc), "XX000", "job crash detected, see server logs");
}

static bool
begin(int32 job_id)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(job_id)};
	bool		isnull;

	pge_jobs_query("SELECT epiphany.job_start($1)", 1, types, values, NULL);
	return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* What is due and has a place, in one transaction that notes that it begins. */
static List *
choose(MemoryContext cxt, TimestampTz *next)
{
	List	   *due = NIL;
	List	   *starts = NIL;
	bool		starved = false;
	Oid			types[] = {BOOLOID};
	Datum		values[1];
	bool		isnull;
	Datum		datum;
	ListCell   *lc;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pge_jobs_query("SELECT job_id, owner, application_name FROM epiphany.job_due()", 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);
		Start	   *start = palloc0(sizeof(Start));

		start->order.database = MyDatabaseId;
		start->order.job_id = int_of(i, 1);
		start->order.owner = (Oid) int_of(i, 2);
		start->name = pstrdup(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3));
		due = lappend(due, start);
		MemoryContextSwitchTo(old);
	}
	foreach(lc, due)
	{
		Start	   *start = lfirst(lc);
		MemoryContext old;

		start->order.place = pge_jobs_reserve(start->order.job_id);
		if (start->order.place < 0)
		{
			starved = true;
			break;
		}
		old = MemoryContextSwitchTo(TopMemoryContext);
		reserved = lappend_int(reserved, start->order.place);
		MemoryContextSwitchTo(cxt);
		if (begin(start->order.job_id))
			starts = lappend(starts, start);
		MemoryContextSwitchTo(old);
	}
	values[0] = BoolGetDatum(!starved);
	pge_jobs_query("SELECT epiphany.job_next($1)", 1, types, values, NULL);
	datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*next = isnull ? DT_NOEND : DatumGetTimestampTz(datum);
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(cxt);
	return starts;
}

static void
take_back(int32 job_id)
{
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(job_id)};

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pge_jobs_query("SELECT epiphany.job_unstart($1)", 1, types, values, NULL);
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* False: the server has no process for it. */
static bool
start_process(Start *start)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	pid_t		pid;

	pge_describe_worker(&worker, start->name, "pge_job_run_worker_main", (Datum) 0);
	strlcpy(worker.bgw_type, "pg_epiphany job", BGW_MAXLEN);
	worker.bgw_notify_pid = MyProcPid;
	memcpy(worker.bgw_extra, &start->order, sizeof(start->order));
	StaticAssertStmt(sizeof(start->order) <= BGW_EXTRALEN, "an order fits");
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		return false;
	switch (WaitForBackgroundWorkerStartup(handle, &pid))
	{
		case BGWH_STARTED:
			pge_jobs_hand_over(start->order.place, pid);
			break;
		case BGWH_POSTMASTER_DIED:
			proc_exit(1);
		default:				/* it has ended already; or it never began, which the next visit notes as a crash */
			pge_jobs_release(start->order.place);
			break;
	}
	return true;
}

void
pge_job_scheduler_worker_main(Datum database)
{
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "job scheduler", ALLOCSET_DEFAULT_SIZES);
	TimestampTz next;
	bool		installed;
	List	   *starts;
	ListCell   *lc;

	pge_worker_begin(DatumGetObjectId(database));
	pge_jobs_attach();
	before_shmem_exit(at_exit, 0);

	StartTransactionCommand();
	installed = pge_jobs_installed();
	CommitTransactionCommand();
	if (!installed)
		return;
	note_crashes(cxt);
	starts = choose(cxt, &next);
	foreach(lc, starts)
	{
		Start	   *start = lfirst(lc);

		if (start_process(start))
		{
			reserved = list_delete_int(reserved, start->order.place);
			continue;
		}
		take_back(start->order.job_id);
		next = Min(next, GetCurrentTimestamp() + RETRY_US);
	}
	pge_jobs_note(MyDatabaseId, next);
}
