/*
 * Executor: sees each plan before it runs, and sets up the scans of column tables in it; parallel workers' plans, too. A plan that
 * rechecks rows after a lock (EvalPlanQual) does not pass by here, so what is done here must be dispensable, or kept from such plans.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"

#include "start.h"
#include "tableam/column.h"
#include "zones.h"

static ExecutorStart_hook_type next_executor_start = NULL;

static bool
set_up_scans(PlanState *node, void *statement)
{
	if (node == NULL)
		return false;
	if (IsA(node, BitmapHeapScanState) && pge_is_column_table(((ScanState *) node)->ss_currentRelation))
		pge_prefetch_off((BitmapHeapScanState *) node);
	if (IsA(node, SeqScanState) && node->plan->qual != NIL && pge_is_column_table(((ScanState *) node)->ss_currentRelation))
		pge_zone_scan((SeqScanState *) node, statement);
	return planstate_tree_walker(node, set_up_scans, statement);
}

static void
executor_start(QueryDesc *desc, int eflags)
{
	if (next_executor_start)
		next_executor_start(desc, eflags);
	else
		standard_ExecutorStart(desc, eflags);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		set_up_scans(desc->planstate, desc->plannedstmt);
}

void
pge_executor_init(void)
{
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	pge_prefetch_init();
}
