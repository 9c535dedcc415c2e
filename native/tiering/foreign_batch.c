/*
 * Foreign tables over Parquet files: rows by column, for the engine (executor/batch_scan.h). The planner splits a scan: a node for the
 * columns as they are stays PostgreSQL's, which sets it up and shows it; its conditions and what it computes become the engine's. So of a
 * batch that was decoded values are made column by column, and no tuple is.
 */
#include "postgres.h"

#include "executor/instrument.h"
#include "foreign/fdwapi.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "executor/batch_scan.h"
#include "foreign.h"
#include "tiering.h"

bool
pge_is_batch_table(const RelOptInfo *rel)
{
	return rel->fdwroutine != NULL && rel->fdwroutine->IterateForeignScan == pge_foreign_next;
}

bool
pge_is_batch_scan(const Plan *plan, double *rows)
{
	const ForeignScan *scan = (const ForeignScan *) plan;

	if (!IsA(plan, ForeignScan) || scan->scan.scanrelid == 0 || scan->operation != CMD_SELECT ||
		GetFdwRoutineByServerId(scan->fs_server)->IterateForeignScan != pge_foreign_next ||
		list_member_int(list_nth(scan->fdw_private, PGE_FOREIGN_WANTED), 0))
		return false;
	*rows = floatVal(list_nth(scan->fdw_private, PGE_FOREIGN_ROWS));
	return true;
}

ForeignScan *
pge_batch_scan_below(const ForeignScan *scan)
{
	ForeignScan *below = makeNode(ForeignScan);
	Plan	   *plan = &below->scan.plan;

	*below = *scan;
	plan->initPlan = NIL;
	plan->targetlist = NIL;
	plan->async_capable = false;
	/* To leave out row groups and pages (pge_foreign_begin). */
	below->fdw_exprs = plan->qual;
	plan->qual = NIL;
	return below;
}

bool
pge_gives_batches(const PlanState *node)
{
	const ForeignScanState *scan = (const ForeignScanState *) node;

	if (!IsA(node, ForeignScanState) || scan->fdwroutine->IterateForeignScan != pge_foreign_next || node->qual != NULL)
		return false;
	foreach_node(TargetEntry, target, node->plan->targetlist)
	{
		if (!IsA(target->expr, Var) || ((Var *) target->expr)->varattno <= 0)
			return false;
	}
	return true;
}

i32
pge_next_batch(PlanState *node, u64 **values, u8 **nulls, i32 capacity)
{
	i32			rows;

	if (node->chgParam != NULL)
		ExecReScan(node);
	if (node->instrument != NULL)
		InstrStartNode(node->instrument);
	rows = pge_foreign_batch((ForeignScanState *) node, values, nulls, capacity);
	if (node->instrument != NULL)
		InstrStopNode(node->instrument, rows);
	return rows;
}
