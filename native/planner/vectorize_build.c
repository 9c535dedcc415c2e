/*
 * Planner: the engine's node for a subtree. The subtree goes into it whole, but for the row sources, which become its children.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planmain.h"

#include "executor/engine.h"
#include "executor/start.h"
#include "vectorize.h"

/* Stands where a row source was, with its number: as lower.c wants it. */
static Plan *
place_of_source(Plan *source, int number)
{
	Result	   *place = makeNode(Result);

	place->plan.plan_node_id = number;
	place->plan.plan_rows = source->plan_rows;
	place->plan.plan_width = source->plan_width;
	place->plan.targetlist = pge_output_list(source);
	return &place->plan;
}

/* Tables that EXPLAIN must have names for. */
static Bitmapset *
relations_of(Bitmapset *relations, const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SubqueryScan:
			return bms_add_member(relations, ((const Scan *) plan)->scanrelid);
		case T_Append:
			return bms_add_members(relations, ((const Append *) plan)->apprelids);
		default:
			return relations;
	}
}

/* The parameters that an initplan sets. */
static Bitmapset *
set_params(const List *initplans)
{
	Bitmapset  *params = NULL;

	foreach_node(SubPlan, initplan, initplans)
	{
		foreach_int(param, initplan->setParam)
			params = bms_add_member(params, param);
	}
	return params;
}

/*
 * A scan below a node that looks only at some of its columns gives all of them where that is no work for PostgreSQL. Here it would be:
 * columns that nobody looks at become NULL.
 */
static void
leave_out_columns(Plan *parent, Plan *root)
{
	Bitmapset  *columns = NULL;
	List	   *targets = NIL;

	if (parent == NULL || !(IsA(root, SeqScan) || IsA(root, SubqueryScan)) || !pge_input_columns(parent, root, &columns))
		return;
	foreach_node(TargetEntry, target, root->targetlist)
	{
		Node	   *expr = (Node *) target->expr;
		TargetEntry *entry = flatCopyTargetEntry(target);

		if (!bms_is_member(target->resno - 1, columns))
			entry->expr = (Expr *) makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
		targets = lappend(targets, entry);
	}
	root->targetlist = targets;
}

/*
 * A nested loop runs its inner side again for each outer row. Does that give the same rows each time? A mere scan PostgreSQL would have
 * run again, too.
 */
static bool
loop_repeats(const Plan *parent, const Plan *inner, const PgePart *part)
{
	if (!IsA(parent, NestLoop) || list_length(part->nodes) < 2)
		return false;
	foreach_node(NestLoopParam, param, ((const NestLoop *) parent)->nestParams)
	{
		if (bms_is_member(param->paramno, inner->extParam))
			return false;
	}
	return true;
}

/* All columns of a plan, as a node right above it gives them. */
List *
pge_columns_above(const Plan *below)
{
	List	   *columns = NIL;

	foreach_node(TargetEntry, target, below->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = (Expr *) makeVarFromTargetEntry(OUTER_VAR, target);
		columns = lappend(columns, entry);
	}
	return columns;
}

/*
 * PostgreSQL's nodes keep what does not change between runs, the engine starts from scratch: the node's rows are kept. The node to keep
 * them takes its number from one that is in the engine now.
 */
static Plan *
keep_rows(Plan *node, const PgePart *part)
{
	Plan	   *kept = materialize_finished_plan(node);

	/* It would show the node's own columns, in the node's terms. */
	kept->targetlist = pge_columns_above(node);
	kept->plan_node_id = ((Plan *) linitial(part->nodes))->plan_node_id;
	kept->extParam = node->extParam;
	kept->allParam = node->allParam;
	return kept;
}

/* What hung below a node that another takes the place of. */
static void
move_slots(List *slots, Plan *from, Plan *to)
{
	ListCell   *cell;

	foreach(cell, slots)
	{
		if (lfirst(cell) == &from->lefttree)
			lfirst(cell) = &to->lefttree;
	}
}

/* Puts an aggregation, which the engine knows, in place of a node or below it. */
static void
put_aggregate(PgePlanSlot *slot, const PgePart *part)
{
	ListCell   *cell;
	Plan	   *group = *slot;
	Plan	   *aggregate;

	*slot = pge_put_aggregate(group);
	aggregate = *slot != group ? *slot : outerPlan(group);
	move_slots(part->sources, group, aggregate);
	move_slots(part->groups, group, aggregate);
	foreach(cell, part->nodes)
	{
		if (lfirst(cell) == group)
			lfirst(cell) = *slot;
	}
}

/*
 * The engine's node in place of what hangs in the slot, which is an input of parent (NULL: none). keep: its rows are kept for when it
 * is run again.
 */
Plan *
pge_engine_node(Plan *parent, PgePlanSlot *place, const PgePart *part, bool keep)
{
	CustomScan *node = makeNode(CustomScan);
	Plan	   *plan = &node->scan.plan;
	bool		is_inner = parent != NULL && place == &parent->righttree;
	Plan	   *root;

	leave_out_columns(parent, *place);
	foreach_ptr(PgePlanSlot, slot, part->groups)
		put_aggregate(slot, part);
	if (part->as_aggregate)
		put_aggregate(place, part);
	root = *place;
	*plan = *root;
	plan->type = T_CustomScan;
	plan->lefttree = plan->righttree = NULL;
	plan->qual = NIL;
	plan->initPlan = NIL;
	plan->targetlist = NIL;
	plan->async_capable = false;
	node->custom_scan_tlist = pge_output_list(root);
	foreach_node(TargetEntry, target, root->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = (Expr *) makeVarFromTargetEntry(INDEX_VAR, target);
		plan->targetlist = lappend(plan->targetlist, entry);
	}
	foreach_ptr(Plan, inner, part->nodes)
	{
		plan->initPlan = list_concat(plan->initPlan, inner->initPlan);
		inner->initPlan = NIL;
		plan->parallel_aware |= inner->parallel_aware;
		node->custom_relids = relations_of(node->custom_relids, inner);
	}
	/* What were local parameters of nodes below are now local here. */
	plan->extParam = bms_difference(root->extParam, set_params(plan->initPlan));
	foreach_ptr(PgePlanSlot, slot, part->sources)
	{
		Plan	   *source = *slot;

		*slot = place_of_source(source, list_length(node->custom_plans));
		node->custom_plans = lappend(node->custom_plans, source);
	}
	node->custom_private = list_make1(root);
	node->methods = &pge_engine_methods;
	return keep || (is_inner && loop_repeats(parent, plan, part)) ? keep_rows(plan, part) : plan;
}
