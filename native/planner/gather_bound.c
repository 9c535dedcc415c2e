/*
 * Planner: ORDER BY ... LIMIT n that parallel workers sort for. PostgreSQL's Gather Merge tells its own sorts how many rows anybody will
 * ask for, when they run; the engine has to know it from its plan: it gets a Limit above its Sort, and its scans learn of the nearest or
 * the first rows as they do in a serial plan.
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

static void
bound(CustomScan *engine, Node *rows)
{
	Plan	   *sort = linitial(engine->custom_private);
	Limit	   *limit = makeNode(Limit);

	limit->plan = *sort;
	limit->plan.type = T_Limit;
	limit->plan.initPlan = NIL;
	limit->plan.targetlist = NIL;
	foreach_node(TargetEntry, target, sort->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = (Expr *) makeVarFromTargetEntry(OUTER_VAR, target);
		limit->plan.targetlist = lappend(limit->plan.targetlist, entry);
	}
	limit->plan.lefttree = sort;
	limit->limitOption = LIMIT_OPTION_COUNT;
	limit->limitCount = copyObject(rows);
	if (IsA(rows, Const))
		limit->plan.plan_rows = Min(sort->plan_rows, DatumGetInt64(((Const *) rows)->constvalue));
	engine->custom_private = list_make1(limit);
}

/* In a plan and all below it that has nodes of the engine's. */
void
pge_bound_gathered(Plan *plan)
{
	check_stack_depth();
	if (IsA(plan, Limit) && ((Limit *) plan)->limitOption == LIMIT_OPTION_COUNT && IsA(outerPlan(plan), GatherMerge))
	{
		Node	   *rows = pge_limit_bound(((Limit *) plan)->limitCount, ((Limit *) plan)->limitOffset);
		CustomScan *engine = (CustomScan *) outerPlan(outerPlan(plan));

		if (rows != NULL && IsA(engine, CustomScan) && engine->methods == &pge_engine_methods &&
			IsA(linitial(engine->custom_private), Sort))
			bound(engine, rows);
	}
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
		pge_bound_gathered(*slot);
}
