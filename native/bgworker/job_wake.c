/*
 * Jobs: what sessions tell the launcher. That a job was made or changed, once that is committed; and that a database is to be dropped.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "jobs.h"
#include "maintenance.h"

PG_FUNCTION_INFO_V1(pge_job_wake);

static bool wake;				/* when this transaction has committed */

static ProcessUtility_hook_type next_process_utility;

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && wake)
	{
		pge_jobs_note(MyDatabaseId, GetCurrentTimestamp());
		if (pge_maintenance_lacks_launcher())
			pge_start_launcher();
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		wake = false;
}

Datum
pge_job_wake(PG_FUNCTION_ARGS)
{
	static bool registered = false;

	pge_jobs_attach();
	pge_maintenance_attach();
	if (!registered)
		RegisterXactCallback(at_transaction_end, NULL);
	registered = true;
	wake = true;
	PG_RETURN_VOID();
}

/* Who may drop the database, may end its jobs: DROP DATABASE would wait for them in vain. */
static void
process_utility(PlannedStmt *plan, const char *query_string, bool read_only_tree, ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	if (IsA(plan->utilityStmt, DropdbStmt))
	{
		Oid			database = get_database_oid(castNode(DropdbStmt, plan->utilityStmt)->dbname, true);

		if (OidIsValid(database) && database != MyDatabaseId && object_ownercheck(DatabaseRelationId, database, GetUserId()))
		{
			pge_jobs_attach();
			pge_jobs_end_all(database);
		}
	}
	if (next_process_utility)
		next_process_utility(plan, query_string, read_only_tree, context, params, environment, dest, completion);
	else
		standard_ProcessUtility(plan, query_string, read_only_tree, context, params, environment, dest, completion);
}

void
pge_jobs_init(void)
{
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
