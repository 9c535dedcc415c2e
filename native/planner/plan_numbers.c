/*
 * Planner: numbers that finished plans name things by, for those who put nodes of their own into them: of nodes, and of parameters.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"

#include "vectorize.h"

/* Adds the executor's parameters that the expressions use to a Bitmapset, which "params" points to. */
bool
pge_find_params(Node *node, void *params)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		*(Bitmapset **) params = bms_add_member(*(Bitmapset **) params, ((Param *) node)->paramid);
	return expression_tree_walker(node, pge_find_params, params);
}

static int
greatest_id(Plan *plan, int id)
{
	id = Max(id, plan->plan_node_id);
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
		id = greatest_id(*slot, id);
	return id;
}

/* The greatest number that a node of the statement has. */
int
pge_last_node_id(const PlannedStmt *statement)
{
	int			last_id = greatest_id(statement->planTree, 0);

	foreach_ptr(Plan, subplan, statement->subplans)
	{
		if (subplan != NULL)
			last_id = greatest_id(subplan, last_id);
	}
	return last_id;
}
