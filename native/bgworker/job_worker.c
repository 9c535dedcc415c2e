/*
 * Jobs: the process that runs one job once, as a session of the job's owner from its first moment on: no RESET of what it runs leads
 * anywhere else. What came of it is noted in a transaction of its own.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "jobs.h"

static PgeJobOrder order;
static bool ended;				/* what came of the job is noted */

/* max_runtime is over. */
static volatile sig_atomic_t expired = false;

static void
leave(int code, Datum arg)
{
	pge_jobs_release(order.place);
	/* The scheduler finds that it began and has no process. */
	if (!ended)
		pge_jobs_note(order.database, GetCurrentTimestamp());
}

static void
expire(void)
{
	expired = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static void
enter(void)
{
	Oid			types[] = {INT4OID, INT4OID};
	Datum		values[] = {Int32GetDatum(order.job_id), Int32GetDatum(MyProcPid)};

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	pge_jobs_query("SELECT epiphany.job_enter($1, $2)", 2, types, values, NULL);
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static char *
statement_of(MemoryContext cxt, int64 *max_runtime)
{
	Oid			owner;
	char	   *statement;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(cxt);
	statement = pge_job_statement(order.job_id, max_runtime, &owner);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return statement;
}

static void
run(MemoryContext cxt)
{
	int64		max_runtime;
	char	   *statement;

	enter();
	/* Somebody may be running it by hand. */
	pge_job_lock(order.job_id);
	statement = statement_of(cxt, &max_runtime);
	if (max_runtime > 0)
		enable_timeout_after(RegisterTimeout(USER_TIMEOUT, expire), (int) Min(max_runtime, INT_MAX));
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, statement);
	debug_query_string = statement;
	pge_job_execute(statement);
	disable_all_timeouts(false);
	QueryCancelPending = false;
}

/* NULL: it succeeded. */
static ErrorData *
run_carefully(MemoryContext cxt)
{
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		run(cxt);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		disable_all_timeouts(false);
		QueryCancelPending = false;
		MemoryContextSwitchTo(cxt);
		errcontext("job %d", order.job_id);
		EmitErrorReport();
		error = CopyErrorData();
		AbortOutOfAnyTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	debug_query_string = NULL;
	MemoryContextSwitchTo(cxt);
	return error;
}

/* What the error says to a reader of job_errors. */
static char *
message_of(const ErrorData *error)
{
	StringInfoData text;

	if (expired && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return pstrdup("the job was canceled since it ran longer than its max_runtime");
	initStringInfo(&text);
	appendStringInfoString(&text, error->message ? error->message : "");
	if (error->detail)
		appendStringInfo(&text, "\nDETAIL:  %s", error->detail);
	if (error->hint)
		appendStringInfo(&text, "\nHINT:  %s", error->hint);
	if (error->context)
		appendStringInfo(&text, "\nCONTEXT:  %s", error->context);
	return text.data;
}

void
pge_job_run_worker_main(Datum unused)
{
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "job", ALLOCSET_DEFAULT_SIZES);
	ErrorData  *error;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	pge_jobs_attach();
	pge_jobs_enter(order.place);
	before_shmem_exit(leave, 0);
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner, 0);
	SetConfigOption("application_name", MyBgworkerEntry->bgw_name, PGC_USERSET, PGC_S_SESSION);
	/* Whatever sessions of the database begin with: policies want what they do to be seen, and to wait rather than to fail. */
	SetConfigOption("default_transaction_isolation", "read committed", PGC_USERSET, PGC_S_SESSION);
	MemoryContextSwitchTo(cxt);

	error = run_carefully(cxt);
	pgstat_report_activity(STATE_IDLE, NULL);
	pge_jobs_note(MyDatabaseId, pge_job_end(order.job_id, error ? unpack_sql_state(error->sqlerrcode) : NULL,
											error ? message_of(error) : NULL));
	ended = true;
	pgstat_report_stat(true);
}
