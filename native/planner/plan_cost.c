/*
 * Planner: what a finished plan costs, to choose between plans of queries that mean the same.
 *
 * PostgreSQL takes a join to a unique row to have next to no matches when it reckons how often further conditions are evaluated; where
 * these ask subplans, that is most of the work. A row that comes out has passed them, so there are at least as many calls as rows.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planmain.h"
#include "nodes/parsenodes.h"

#include "vectorize.h"

static bool
add_calls(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
		*(Cost *) context += ((SubPlan *) node)->per_call_cost;
	return expression_tree_walker(node, add_calls, context);
}

/* What calls of subplans in the subtree's joins cost beyond what the joins are said to cost. */
static Cost
unpaid_calls(Plan *plan)
{
	Cost		unpaid = 0;
	Cost		own = plan->total_cost;
	double		below = 0;

	check_stack_depth();
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
	{
		unpaid += unpaid_calls(*slot);
		own -= (*slot)->total_cost;
		below += (*slot)->plan_rows;
	}
	if (IsA(plan, NestLoop) || IsA(plan, HashJoin) || IsA(plan, MergeJoin))
	{
		Cost		call = 0;

		add_calls((Node *) ((Join *) plan)->joinqual, &call);
		add_calls((Node *) plan->qual, &call);
		unpaid += Max(plan->plan_rows * call - own, 0);
	}
	else if (IsA(plan, Limit))
		unpaid *= Min(plan->plan_rows / Max(below, 1), 1);
	return unpaid;
}

Cost
pge_statement_cost(const PlannedStmt *statement, int cursor_options)
{
	Plan	   *plan = statement->planTree;
	Cost		cost = plan->total_cost + unpaid_calls(plan);

	if ((cursor_options & CURSOR_OPT_FAST_PLAN) != 0)
		cost = plan->startup_cost + cursor_tuple_fraction * (cost - plan->startup_cost);
	foreach_ptr(Plan, subplan, statement->subplans)
	{
		if (subplan != NULL)
			cost += unpaid_calls(subplan);
	}
	return cost;
}
