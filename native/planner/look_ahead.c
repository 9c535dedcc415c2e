/*
 * Planner: nested loops whose inner side is the engine's search for the nearest rows, without an index, of a vector of the outer row. The
 * outer side gets a node that reads ahead (executor/look_ahead.c), so that the engine searches for several rows in one pass. All else stays
 * as PostgreSQL has planned it.
 *
 * Rows are read ahead of their turn: not where a volatile function might tell. Parallel plans are left alone.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"

#include "executor/engine.h"
#include "executor/look_ahead.h"
#include "vectorize.h"

typedef struct Work
{
	PlannedStmt *statement;
	Bitmapset  *volatile_subplans;	/* by number less one */
	int			last_id;		/* of a plan node; 0: not looked for yet */
} Work;

/* The first limit below, or at, a node of the engine's that has one input. */
static Limit *
find_limit(Plan *plan)
{
	while (plan != NULL && !IsA(plan, Limit))
	{
		if (innerPlan(plan) != NULL)
			return NULL;
		plan = IsA(plan, SubqueryScan) ? ((SubqueryScan *) plan)->subplan : outerPlan(plan);
	}
	return (Limit *) plan;
}

/* Does what the node computes once, before it runs, depend on any of the parameters? */
static bool
initplans_depend(const Work *work, const Plan *plan, const Bitmapset *params)
{
	foreach_node(SubPlan, initplan, plan->initPlan)
	{
		const Plan *subplan = list_nth(work->statement->subplans, initplan->plan_id - 1);

		if (bms_overlap(subplan->extParam, params))
			return true;
	}
	return false;
}

/*
 * The parameter that the engine's node, with which rows are the nearest changes; -1: it does not search for the nearest, or more than that
 * changes with one of the loop's parameters.
 */
static int
query_of(const Work *work, const CustomScan *engine, const Bitmapset *params)
{
	Limit	   *limit = find_limit(linitial(engine->custom_private));
	Plan	   *sort = limit == NULL ? NULL : outerPlan(limit);
	Plan	   *scan = sort == NULL ? NULL : outerPlan(sort);
	Bitmapset  *others = NULL;
	PgeOwnFunction distance;
	OpExpr	   *key;
	Param	   *query;

	if (scan == NULL || !IsA(sort, Sort) || !IsA(scan, SeqScan) || scan->parallel_aware || contain_subplans((Node *) scan->qual) ||
		initplans_depend(work, &engine->scan.plan, params))
		return -1;
	key = pge_nearest_key(get_tle_by_resno(scan->targetlist, ((Sort *) sort)->sortColIdx[0])->expr, &distance);
	if (key == NULL)
		return -1;
	query = IsA(linitial(key->args), Var) ? lsecond(key->args) : linitial(key->args);
	pge_find_params((Node *) scan->qual, &others);
	pge_find_params(limit->limitCount, &others);
	pge_find_params(limit->limitOffset, &others);
	if (!IsA(query, Param) || query->paramkind != PARAM_EXEC || bms_overlap(others, params))
		return -1;
	return query->paramid;
}

static bool
is_volatile(const Work *work, Plan *plan)
{
	check_stack_depth();
	if (pge_node_is_volatile(plan, work->volatile_subplans))
		return true;
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
	{
		if (is_volatile(work, *slot))
			return true;
	}
	return false;
}

static int
next_id(Work *work)
{
	if (work->last_id == 0)
		work->last_id = pge_last_node_id(work->statement);
	return ++work->last_id;
}

/* The node above the plan, that reads ahead of who asks for its rows. */
static Plan *
look_ahead(Work *work, Plan *outer, AttrNumber column, int param)
{
	CustomScan *node = makeNode(CustomScan);
	Plan	   *plan = &node->scan.plan;

	*plan = *outer;
	plan->type = T_CustomScan;
	plan->plan_node_id = next_id(work);
	plan->lefttree = plan->righttree = NULL;
	plan->qual = plan->initPlan = plan->targetlist = NIL;
	plan->parallel_aware = plan->async_capable = false;
	node->custom_scan_tlist = pge_output_list(outer);
	foreach_node(TargetEntry, target, outer->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = (Expr *) makeVarFromTargetEntry(INDEX_VAR, target);
		plan->targetlist = lappend(plan->targetlist, entry);
	}
	node->custom_plans = list_make1(outer);
	node->custom_private = list_make2_int(column, param);
	node->methods = &pge_look_ahead_methods;
	return plan;
}

static void
try_loop(Work *work, NestLoop *loop)
{
	CustomScan *engine = (CustomScan *) innerPlan(loop);
	Bitmapset  *params = NULL;
	int			query;

	if ((loop->join.jointype != JOIN_INNER && loop->join.jointype != JOIN_LEFT) || !IsA(engine, CustomScan) ||
		engine->methods != &pge_engine_methods)
		return;
	foreach_node(NestLoopParam, param, loop->nestParams)
		params = bms_add_member(params, param->paramno);
	query = query_of(work, engine, params);
	foreach_node(NestLoopParam, param, loop->nestParams)
	{
		PlannedStmt *statement = work->statement;

		if (param->paramno != query || !IsA(param->paramval, Var) || param->paramval->varno != OUTER_VAR ||
			is_volatile(work, outerPlan(loop)))
			continue;
		/* One more parameter, that nothing depends on: it leads from one node to the other. */
		engine->custom_private = lappend(engine->custom_private, makeInteger(list_length(statement->paramExecTypes)));
		outerPlan(loop) = look_ahead(work, outerPlan(loop), param->paramval->varattno, list_length(statement->paramExecTypes));
		statement->paramExecTypes = lappend_oid(statement->paramExecTypes, InvalidOid);
		return;
	}
}

static void
visit(Work *work, Plan *plan)
{
	check_stack_depth();
	if (IsA(plan, Gather) || IsA(plan, GatherMerge))
		return;
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
		visit(work, *slot);
	if (IsA(plan, NestLoop))
		try_loop(work, (NestLoop *) plan);
}

void
pge_look_ahead(PlannedStmt *statement, Bitmapset *volatile_subplans)
{
	Work		work = {.statement = statement,.volatile_subplans = volatile_subplans};

	foreach_ptr(Plan, subplan, statement->subplans)
	{
		if (subplan != NULL)
			visit(&work, subplan);
	}
	visit(&work, statement->planTree);
}
