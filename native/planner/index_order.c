/*
 * Planner: the distance in ORDER BY column <-> vector LIMIT n, where an index of vectors gives the order.
 *
 * PostgreSQL computes a sort key with each row even if nothing sorts by it: a column that nobody sees. For a vector that is a value of
 * some kB read once more, a tenth of what the whole query takes. Such columns go, where what is above the scan is known not to look at
 * them.
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/sysattr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "indexam/hnsw.h"
#include "indexam/ivf.h"
#include "vectorize.h"

static bool
is_vector_index(Oid index)
{
	IndexAmRoutine *routine = GetIndexAmRoutineByAmId(get_rel_relam(index), true);
	bool		ours = routine != NULL && (routine->amgettuple == hnsw_get_tuple || routine->amgettuple == pge_ivf_get_tuple);

	if (routine != NULL)
		pfree(routine);
	return ours;
}

/* A last column that is the index's order, and not for the user's eyes. */
static bool
ends_with_order(const IndexScan *scan)
{
	const TargetEntry *last = llast_node(TargetEntry, scan->scan.plan.targetlist);

	return last->resjunk && list_length(scan->scan.plan.targetlist) > 1 && list_length(scan->indexorderbyorig) == 1 &&
		equal(last->expr, linitial(scan->indexorderbyorig)) && !contain_volatile_functions((Node *) last->expr);
}

/* Whether the last column of a limit is the scan's last. */
static bool
passes_on(const Plan *limit, const IndexScan *scan)
{
	const TargetEntry *last = llast_node(TargetEntry, limit->targetlist);

	return last->resjunk && list_length(limit->targetlist) == list_length(scan->scan.plan.targetlist) && IsA(last->expr, Var) &&
		((Var *) last->expr)->varattno == list_length(limit->targetlist);
}

/* Of a plan whose columns that are not to be seen nobody asks for: at the top, or below a subquery's scan. */
static void
drop_order(Plan *plan)
{
	Plan	   *below = plan;

	if (plan == NULL || plan->targetlist == NIL)
		return;
	if (IsA(plan, Limit))
		below = outerPlan(plan);
	if (below == NULL || !IsA(below, IndexScan) || below->targetlist == NIL || !ends_with_order((IndexScan *) below) ||
		(below != plan && !passes_on(plan, (IndexScan *) below)) || !is_vector_index(((IndexScan *) below)->indexid))
		return;
	below->targetlist = list_delete_last(list_copy(below->targetlist));
	if (below != plan)
		plan->targetlist = list_delete_last(list_copy(plan->targetlist));
}

/* Does what is above a subquery's plan look at its last column? A whole row's columns have those that are not for the user's eyes, too. */
static bool
looks_at_last(const SubqueryScan *scan)
{
	Bitmapset  *used = NULL;

	pull_varattnos((Node *) scan->scan.plan.targetlist, scan->scan.scanrelid, &used);
	pull_varattnos((Node *) scan->scan.plan.qual, scan->scan.scanrelid, &used);
	return bms_is_member(list_length(scan->subplan->targetlist) - FirstLowInvalidHeapAttributeNumber, used);
}

static void
walk(Plan *plan)
{
	if (plan == NULL)
		return;
	check_stack_depth();
	if (IsA(plan, SubqueryScan))
	{
		if (!looks_at_last((SubqueryScan *) plan))
			drop_order(((SubqueryScan *) plan)->subplan);
		walk(((SubqueryScan *) plan)->subplan);
	}
	walk(outerPlan(plan));
	walk(innerPlan(plan));
}

void
pge_drop_order_columns(PlannedStmt *statement)
{
	if (statement->commandType == CMD_SELECT && statement->rowMarks == NIL)
		drop_order(statement->planTree);
	walk(statement->planTree);
}
