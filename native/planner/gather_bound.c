/*
 * Planner: ORDER BY ... LIMIT n that parallel workers sort or group for. PostgreSQL's Gather Merge tells its own sorts how many rows
 * anybody will ask for, when they run; the engine has to know it from its plan: it gets a Limit above its Sort or its sorted groups, and
 * its scans learn of the nearest or the first rows as they do in a serial plan.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"

#include "executor/engine.h"
#include "vectorize.h"

/* As many rows as a limit lets through, those that it passes over included, if that can be said in advance; or NULL. */
Node *
pge_limit_bound(Node *count, Node *offset)
{
	int64		rows;

	if (count == NULL || (IsA(count, Const) && ((Const *) count)->constisnull))
		return NULL;
	if (offset == NULL)
		return IsA(count, Const) || (IsA(count, Param) && ((Param *) count)->paramkind == PARAM_EXTERN) ? count : NULL;
	if (!IsA(count, Const) || !IsA(offset, Const) || ((Const *) offset)->constisnull)
		return NULL;
	if (DatumGetInt64(((Const *) count)->constvalue) < 0 || DatumGetInt64(((Const *) offset)->constvalue) < 0 ||
		pg_add_s64_overflow(DatumGetInt64(((Const *) count)->constvalue), DatumGetInt64(((Const *) offset)->constvalue), &rows))
		return NULL;
	return (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(rows), false, FLOAT8PASSBYVAL);
}

/* Does the engine sort what it gives? An aggregation does whose groups are to come sorted. */
static bool
sorts(const Plan *plan)
{
	return IsA(plan, Sort) || (IsA(plan, Agg) && ((const Agg *) plan)->aggstrategy == AGG_SORTED);
}

static void
bound(CustomScan *engine, Node *rows)
{
	Plan	   *sort = linitial(engine->custom_private);
	Limit	   *limit = makeNode(Limit);

	limit->plan = *sort;
	limit->plan.type = T_Limit;
	limit->plan.initPlan = NIL;
	limit->plan.targetlist = pge_columns_above(sort);
	limit->plan.lefttree = sort;
	limit->limitOption = LIMIT_OPTION_COUNT;
	limit->limitCount = copyObject(rows);
	if (IsA(rows, Const))
		limit->plan.plan_rows = Min(sort->plan_rows, DatumGetInt64(((Const *) rows)->constvalue));
	engine->custom_private = list_make1(limit);
}

/*
 * The Gather Merge whose first rows are all that is asked for, or NULL. Groups that it finishes are a row each: who comes after a process's
 * own first groups comes after the first of all, since groups are sorted by all of their keys; unless a condition leaves some out.
 */
static Plan *
bounded_gather(const Limit *limit)
{
	Plan	   *child = outerPlan(&limit->plan);

	if (IsA(child, Agg) && ((Agg *) child)->aggstrategy == AGG_SORTED && ((Agg *) child)->aggsplit == AGGSPLIT_FINAL_DESERIAL &&
		child->qual == NIL && ((Agg *) child)->groupingSets == NIL)
		child = outerPlan(child);
	return IsA(child, GatherMerge) ? child : NULL;
}

/* In a plan and all below it that has nodes of the engine's. */
void
pge_bound_gathered(Plan *plan)
{
	check_stack_depth();
	if (IsA(plan, Limit) && ((Limit *) plan)->limitOption == LIMIT_OPTION_COUNT && bounded_gather((Limit *) plan) != NULL)
	{
		Node	   *rows = pge_limit_bound(((Limit *) plan)->limitCount, ((Limit *) plan)->limitOffset);
		CustomScan *engine = (CustomScan *) outerPlan(bounded_gather((Limit *) plan));

		if (rows != NULL && IsA(engine, CustomScan) && engine->methods == &pge_engine_methods &&
			sorts(linitial(engine->custom_private)))
			bound(engine, rows);
	}
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
		pge_bound_gathered(*slot);
}
