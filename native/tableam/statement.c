/*
 * Column store: hooks that tell where a statement begins and ends. A writer's rows are stored before the statement that
 * brought them ends, so that no later command, trigger or ALTER TABLE can miss them.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "nodes/plannodes.h"
#include "tcop/utility.h"

#include "column.h"
#include "statement.h"

PgeStatement *pge_statement = NULL;

static ProcessUtility_hook_type next_process_utility = NULL;
static ExecutorRun_hook_type next_executor_run = NULL;
static ExecutorFinish_hook_type next_executor_finish = NULL;

/* Run "call" as a statement of its own; what it wrote is stored before it counts as done. */
#define AS_STATEMENT(statement, call) \
	do { \
		(statement)->outer = pge_statement; \
		(statement)->level = pge_statement ? pge_statement->level + 1 : 1; \
		/* Left over by a statement that began before the hooks were there. */ \
		pge_writer_finish_level((statement)->level); \
		pge_statement = (statement); \
		PG_TRY(); \
		{ \
			call; \
			pge_writer_finish_level((statement)->level); \
		} \
		PG_FINALLY(); \
		{ \
			pge_statement = (statement)->outer; \
		} \
		PG_END_TRY(); \
	} while (0)

/* Does the plan insert the rows of a query, rather than one row or a list of VALUES? */
static bool
inserts_query(QueryDesc *desc)
{
	Plan	   *plan = desc->plannedstmt->planTree;

	return desc->operation == CMD_INSERT && IsA(plan, ModifyTable) &&
		((ModifyTable *) plan)->onConflictAction == ONCONFLICT_NONE &&
		!IsA(outerPlan(plan), Result) && !IsA(outerPlan(plan), ValuesScan);
}

static void
executor_run(QueryDesc *desc, ScanDirection direction, uint64 count, bool execute_once)
{
	PgeStatement statement = {0};

	statement.bulk_insert = inserts_query(desc);
	statement.single_rows = desc->operation != CMD_SELECT && !statement.bulk_insert;
	/* hasReturning is about the outermost query only. */
	statement.returning = desc->plannedstmt->hasReturning || desc->plannedstmt->hasModifyingCTE;
	AS_STATEMENT(&statement,
				 if (next_executor_run)
				 next_executor_run(desc, direction, count, execute_once);
				 else
				 standard_ExecutorRun(desc, direction, count, execute_once));
}

static void
executor_finish(QueryDesc *desc)
{
	PgeStatement statement = {0};

	AS_STATEMENT(&statement,
				 if (next_executor_finish)
				 next_executor_finish(desc);
				 else
				 standard_ExecutorFinish(desc));
}

static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	PgeStatement statement = {0};

	AS_STATEMENT(&statement,
				 if (next_process_utility)
				 next_process_utility(pstmt, query, read_only_tree, context, params, env, dest, qc);
				 else
				 standard_ProcessUtility(pstmt, query, read_only_tree, context, params, env, dest, qc));
}

/* Installs the hooks; called once, when the library is loaded. */
void
pge_statement_init(void)
{
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	next_executor_run = ExecutorRun_hook;
	ExecutorRun_hook = executor_run;
	next_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = executor_finish;
}
