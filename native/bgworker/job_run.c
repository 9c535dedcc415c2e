/*
 * Jobs: one run. The lock that lets a job run once at a time, and the statement in which it runs. Nothing is noted of the run here.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "jobs.h"

PG_FUNCTION_INFO_V1(pge_run_job);

/* Ours among the advisory locks, which go by database; no key of pg_advisory_lock() has this last field. */
#define JOB_LOCK_CLASS 10

static LOCKTAG
tag_of(int32 job_id)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, (uint32) job_id, JOB_LOCK_CLASS);
	return tag;
}

/* A session's lock: a run may commit. */
void
pge_job_lock(int32 job_id)
{
	LOCKTAG		tag = tag_of(job_id);

	(void) LockAcquire(&tag, ExclusiveLock, true, false);
}

void
pge_job_unlock(int32 job_id)
{
	LOCKTAG		tag = tag_of(job_id);

	LockRelease(&tag, ExclusiveLock, true);
}

/* The statement, in the caller's memory context. Raises where there is no such job, or nothing that it could run. */
char *
pge_job_statement(int32 job_id, int64 *max_runtime, Oid *owner)
{
	MemoryContext cxt = CurrentMemoryContext;
	Oid			types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(job_id)};
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		isnull;
	char	   *statement;

	SPI_connect();
	pge_jobs_query("SELECT statement, max_runtime, owner FROM epiphany.job_statement($1)", 1, types, values, NULL);
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	statement = MemoryContextStrdup(cxt, TextDatumGetCString(SPI_getbinval(tuple, desc, 1, &isnull)));
	*max_runtime = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
	*owner = DatumGetObjectId(SPI_getbinval(tuple, desc, 3, &isnull));
	SPI_finish();
	return statement;
}

/* As a client's statement, outside of a transaction: a procedure may commit. */
void
pge_job_execute(const char *statement)
{
	RawStmt    *raw;
	List	   *plans;
	Portal		portal;
	QueryCompletion completion;

	StartTransactionCommand();
	raw = linitial_node(RawStmt, pg_parse_query(statement));
	PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, statement, NULL, 0, NULL), statement, CURSOR_OPT_PARALLEL_OK, NULL);
	PopActiveSnapshot();
	portal = CreatePortal("", true, true);
	portal->visible = false;
	PortalDefineQuery(portal, NULL, statement, CreateCommandTag(raw->stmt), plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) PortalRun(portal, FETCH_ALL, true, true, None_Receiver, None_Receiver, &completion);
	PortalDrop(portal, false);
	CommitTransactionCommand();
}

static void
run_here(const char *statement, bool atomic)
{
	SPIExecuteOptions options = {.allow_nonatomic = !atomic};

	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	(void) SPI_execute_extended(statement, &options);
	SPI_finish();
}

/*
 * CALL epiphany.run_job(job_id). With the owner's rights: somebody else's code gets none of the caller's. What is run so cannot commit,
 * since the end of a transaction would not know to whom to return.
 */
Datum
pge_run_job(PG_FUNCTION_ARGS)
{
	int32		job_id;
	bool		atomic = !(fcinfo->context && IsA(fcinfo->context, CallContext) && !castNode(CallContext, fcinfo->context)->atomic);
	Oid			user;
	int			context;
	Oid			owner;
	int64		max_runtime;
	char	   *statement;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("job_id must not be null")));
	job_id = PG_GETARG_INT32(0);
	statement = pge_job_statement(job_id, &max_runtime, &owner);
	GetUserIdAndSecContext(&user, &context);
	if (!has_privs_of_role(user, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of job %d", job_id)));
	pge_job_lock(job_id);
	PG_TRY();
	{
		if (user == owner)
			run_here(statement, atomic);
		else
		{
			SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
			run_here(statement, true);
		}
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, context);
		pge_job_unlock(job_id);
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
