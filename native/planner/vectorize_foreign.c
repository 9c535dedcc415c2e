/*
 * Planner: scans of foreign tables whose rows come by column (executor/batch_scan.h). While it is found out what the engine can run, such
 * a scan stands as two nodes: one for the columns as they are, which stays PostgreSQL's and is a source of the engine's, and above it one
 * for the conditions and what is computed. Where the engine does not take the upper one, the scan is put back as it was.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "executor/batch_scan.h"
#include "shim/pge.h"
#include "vectorize.h"

typedef struct SplitScan
{
	Plan	   *scan;			/* as it was */
	Plan	   *above;
} SplitScan;

typedef struct Columns
{
	const ForeignScan *scan;
	List	   *targets;		/* TargetEntry of the lower node */
} Columns;

/* The table's columns become the lower node's, which get those that are met. */
static Node *
over_columns(Node *node, void *context)
{
	Columns    *columns = context;
	Var		   *var = (Var *) node;
	TargetEntry *found = NULL;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var) || var->varno != columns->scan->scan.scanrelid)
		return expression_tree_mutator(node, over_columns, context);
	foreach_node(TargetEntry, target, columns->targets)
	{
		if (((Var *) target->expr)->varattno == var->varattno)
			found = target;
	}
	if (found == NULL)
	{
		found = makeTargetEntry(copyObject((Expr *) var), list_length(columns->targets) + 1, NULL, false);
		columns->targets = lappend(columns->targets, found);
	}
	var = makeVarFromTargetEntry(OUTER_VAR, found);
	var->location = -1;
	return (Node *) var;
}

/* System columns are none that come by column. */
static bool
has_system_columns(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varattno <= 0;
	return expression_tree_walker(node, has_system_columns, context);
}

/* The node as it is to be looked at; one that is the lower part already is left alone. */
Plan *
pge_split_scan(PgeVectorize *work, Plan *plan)
{
	ForeignScan *scan = (ForeignScan *) plan;
	SplitScan  *split;
	Columns		columns = {.scan = scan};
	Result	   *above;
	ForeignScan *below;
	double		rows;

	foreach_ptr(SplitScan, other, work->splits)
	{
		if (outerPlan(other->above) == plan)
			return plan;
	}
	if (!pge_enable_vectorized_scan || !pge_is_batch_scan(plan, &rows) || has_system_columns((Node *) plan->targetlist, NULL) ||
		has_system_columns((Node *) plan->qual, NULL))
		return plan;
	below = pge_batch_scan_below(scan);
	above = makeNode(Result);
	above->plan = *plan;
	above->plan.type = T_Result;
	above->plan.targetlist = (List *) over_columns((Node *) plan->targetlist, &columns);
	above->plan.qual = (List *) over_columns((Node *) plan->qual, &columns);
	above->plan.lefttree = &below->scan.plan;
	below->scan.plan.targetlist = columns.targets;
	split = palloc_object(SplitScan);
	*split = (SplitScan) {.scan = plan,.above = &above->plan};
	work->splits = lappend(work->splits, split);
	return &above->plan;
}

/* Puts back what is still in the tree. */
void
pge_join_scans(PgeVectorize *work, PgePlanSlot *place)
{
	check_stack_depth();
	foreach_ptr(SplitScan, split, work->splits)
	{
		if (split->above == *place)
		{
			*place = split->scan;
			return;
		}
	}
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(*place))
		pge_join_scans(work, slot);
}
