/*
 * Executor: sees each plan before it runs, and sets up the scans of column tables in it; parallel workers' plans, too. A plan that
 * rechecks rows after a lock (EvalPlanQual) does not pass by here, so what is done here must be dispensable, or kept from such plans.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"

#include "asof_lookup.h"
#include "client_rows.h"
#include "engine.h"
#include "look_ahead.h"
#include "start.h"
#include "tableam/column.h"
#include "zones.h"

static ExecutorStart_hook_type next_executor_start = NULL;

/* Does the node scan a column table, and not only an index of it? */
static bool
scans_column_table(PlanState *node)
{
	switch (nodeTag(node))
	{
		case T_SeqScanState:
		case T_SampleScanState:
		case T_IndexScanState:
		case T_BitmapHeapScanState:
		case T_TidScanState:
		case T_TidRangeScanState:
			return pge_is_column_table(((ScanState *) node)->ss_currentRelation);
		default:
			return false;
	}
}

static bool
set_up_scans(PlanState *node, void *parent)
{
	if (node == NULL)
		return false;
	if (scans_column_table(node))
	{
		pge_want_columns((ScanState *) node, parent);
		if (IsA(node, BitmapHeapScanState))
			pge_prefetch_off((BitmapHeapScanState *) node);
		if (IsA(node, SeqScanState) && node->plan->qual != NIL)
			pge_zone_scan((SeqScanState *) node);
	}
	return planstate_tree_walker(node, set_up_scans, node);
}

/* Has the plan any column table? Its scans have opened theirs. */
static bool
has_column_table(EState *estate)
{
	for (Index i = 0; i < estate->es_range_table_size; i++)
		if (estate->es_relations[i] != NULL && pge_is_column_table(estate->es_relations[i]))
			return true;
	return false;
}

static void
executor_start(QueryDesc *desc, int eflags)
{
	if (next_executor_start)
		next_executor_start(desc, eflags);
	else
		standard_ExecutorStart(desc, eflags);
	if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && has_column_table(desc->estate))
		set_up_scans(desc->planstate, NULL);
}

void
pge_executor_init(void)
{
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	RegisterCustomScanMethods(&pge_engine_methods);
	RegisterCustomScanMethods(&pge_asof_lookup_methods);
	RegisterCustomScanMethods(&pge_look_ahead_methods);
	pge_client_rows_init();
	pge_prefetch_init();
}
