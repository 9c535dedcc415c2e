/*
 * Planner: what a subtree gives, in terms of the tables at its bottom. The engine's node shows that in EXPLAIN, since the nodes
 * between, to which finished expressions refer, are no longer to be seen. It is never evaluated.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "executor/engine.h"
#include "vectorize.h"

/* Expressions multiply where each level refers to one below twice. What grows beyond this is shown as NULL. */
#define MAX_NODES 1000

typedef struct Resolve
{
	Plan	   *plan;
	int		   *nodes;
} Resolve;

/* The first of an append's children stands for all, as where EXPLAIN has to name one. */
static Plan *
outer_plan(const Plan *plan)
{
	if (IsA(plan, Append))
		return linitial(((const Append *) plan)->appendplans);
	if (IsA(plan, MergeAppend))
		return linitial(((const MergeAppend *) plan)->mergeplans);
	return outerPlan(plan);
}

static List *
index_list(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexOnlyScan:
			return ((const IndexOnlyScan *) plan)->indextlist;
		case T_ForeignScan:
			return ((const ForeignScan *) plan)->fdw_scan_tlist;
		case T_CustomScan:
			return ((const CustomScan *) plan)->custom_scan_tlist;
		default:
			return NIL;
	}
}

static Node *
resolve(Node *node, void *context)
{
	Resolve    *resolving = context;
	Resolve		below = *resolving;
	List	   *targets;

	if (node == NULL || ++*resolving->nodes > MAX_NODES)
		return node;
	check_stack_depth();
	if (!IsA(node, Var) || !IS_SPECIAL_VARNO(((Var *) node)->varno))
		return expression_tree_mutator(node, resolve, context);
	switch (((Var *) node)->varno)
	{
		case OUTER_VAR:
			below.plan = outer_plan(resolving->plan);
			targets = below.plan->targetlist;
			break;
		case INNER_VAR:
			below.plan = innerPlan(resolving->plan);
			targets = below.plan->targetlist;
			break;
		default:
			targets = index_list(resolving->plan);
			break;
	}
	return resolve((Node *) list_nth_node(TargetEntry, targets, ((Var *) node)->varattno - 1)->expr, &below);
}

/* An expression of the node's, down to the tables. */
Node *
pge_over_tables(Plan *plan, Node *expr)
{
	int			nodes = 0;
	Resolve		resolving = {.plan = plan,.nodes = &nodes};
	Node	   *resolved = resolve(expr, &resolving);

	if (nodes > MAX_NODES)
		return (Node *) makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
	return resolved;
}

/* The node's target list, likewise. */
List *
pge_output_list(Plan *plan)
{
	List	   *output = NIL;

	foreach_node(TargetEntry, target, plan->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = (Expr *) pge_over_tables(plan, (Node *) target->expr);
		output = lappend(output, entry);
	}
	return output;
}
