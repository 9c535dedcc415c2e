/*
 * Planner: nodes that group rows and are no Agg. The engine runs most of them by means of an aggregation, which takes a hash table instead
 * of sorted rows; what has to give the first row of several looks at neighbours.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "executor/engine.h"
#include "vectorize.h"

static void
group_by(Agg *aggregate, int nkeys, AttrNumber *columns, Oid *operators, Oid *collations)
{
	aggregate->numCols = nkeys;
	aggregate->grpColIdx = columns;
	aggregate->grpOperators = operators;
	aggregate->grpCollations = collations;
}

/* count(*) of the rows whose flag has that value. */
static Expr *
count_flagged(AttrNumber flag, int value)
{
	Var		   *column = makeVar(OUTER_VAR, flag, INT4OID, -1, InvalidOid, 0);
	Const	   *constant = makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(value), false, true);
	OpExpr	   *equal = (OpExpr *) make_opclause(Int4EqualOperator, BOOLOID, false, &column->xpr, &constant->xpr, InvalidOid, InvalidOid);
	Aggref	   *count = makeNode(Aggref);

	equal->opfuncid = F_INT4EQ;
	count->aggfnoid = F_COUNT_;
	count->aggtype = count->aggtranstype = INT8OID;
	count->aggfilter = &equal->xpr;
	count->aggstar = true;
	count->aggkind = AGGKIND_NORMAL;
	count->aggsplit = AGGSPLIT_SIMPLE;
	count->aggno = count->aggtransno = value;
	count->location = -1;
	return &count->xpr;
}

/* The columns of a set operation's input, but for the flag; in its place how many rows are on the left, last how many are on the right. */
static List *
counted_columns(const SetOp *plan)
{
	List	   *columns = NIL;

	foreach_node(TargetEntry, target, outerPlan(plan)->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);

		entry->expr = target->resno == plan->flagColIdx ? count_flagged(target->resno, 0)
			: (Expr *) makeVarFromTargetEntry(OUTER_VAR, target);
		columns = lappend(columns, entry);
	}
	return lappend(columns, makeTargetEntry(count_flagged(plan->flagColIdx, 1), list_length(columns) + 1, NULL, true));
}

/* Group and Unique as the aggregation that they are, of rows that come sorted; what a set operation needs to know of its rows. */
Agg *
pge_as_aggregate(const Plan *plan)
{
	Agg		   *aggregate = makeNode(Agg);

	aggregate->plan = *plan;
	aggregate->plan.type = T_Agg;
	aggregate->aggstrategy = AGG_SORTED;
	aggregate->aggsplit = AGGSPLIT_SIMPLE;
	aggregate->numGroups = clamp_cardinality_to_long(plan->plan_rows);
	if (IsA(plan, Group))
	{
		const Group *group = (const Group *) plan;

		group_by(aggregate, group->numCols, group->grpColIdx, group->grpOperators, group->grpCollations);
	}
	else if (IsA(plan, Unique))
	{
		const Unique *unique = (const Unique *) plan;

		group_by(aggregate, unique->numCols, unique->uniqColIdx, unique->uniqOperators, unique->uniqCollations);
	}
	else
	{
		const SetOp *operation = castNode(SetOp, unconstify(Plan *, plan));

		group_by(aggregate, operation->numCols, operation->dupColIdx, operation->dupOperators, operation->dupCollations);
		if (operation->strategy == SETOP_HASHED)
			aggregate->aggstrategy = AGG_HASHED;
		aggregate->numGroups = operation->numGroups;
		aggregate->plan.targetlist = counted_columns(operation);
		aggregate->plan.initPlan = NIL;
	}
	return aggregate;
}

/* DISTINCT ON gives the first row of each group; where there are no columns but those of the key, any will do. */
static bool
has_keys_only(const Unique *plan)
{
	foreach_node(TargetEntry, target, plan->plan.targetlist)
	{
		int			key = 0;

		while (key < plan->numCols && plan->uniqColIdx[key] != target->resno)
			key++;
		if (key == plan->numCols && !IsA(target->expr, Const))
			return false;
	}
	return true;
}

/* Is the node, which the engine runs, run by means of an aggregation? */
bool
pge_runs_as_aggregate(const Plan *plan, const PgePart *input)
{
	if (IsA(plan, Unique))
		return has_keys_only((const Unique *) plan) && pge_is_sorted_by_keys(pge_as_aggregate(plan), input);
	return IsA(plan, Group) || IsA(plan, SetOp);
}

/*
 * The aggregation in place of the node; a set operation stays, above it. Nobody looks at the flag that it gives.
 */
Plan *
pge_put_aggregate(Plan *plan)
{
	Agg		   *aggregate = pge_as_aggregate(plan);

	if (!IsA(plan, SetOp))
		return &aggregate->plan;
	plan->lefttree = &aggregate->plan;
	list_nth_node(TargetEntry, plan->targetlist, ((SetOp *) plan)->flagColIdx - 1)->expr = (Expr *)
		makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(0), false, true);
	return plan;
}

/* Keys by which neighbours are compared. */
const char *
pge_refused_keys(const Plan *child, int nkeys, const AttrNumber *columns, const Oid *operators)
{
	for (int i = 0; i < nkeys; i++)
	{
		const TargetEntry *key = list_nth_node(TargetEntry, child->targetlist, columns[i] - 1);

		if (!pge_groups_by_default(operators[i], exprType((Node *) key->expr)))
			return psprintf("it compares rows by operator %s, which is not the default", get_opname(operators[i]));
	}
	return NULL;
}

const char *
pge_refused_unique(const Unique *plan, const PgePart *input)
{
	if (pge_runs_as_aggregate(&plan->plan, input))
		return pge_refused_aggregate(pge_as_aggregate(&plan->plan), input);
	if (plan->numCols == 0)
		return "it compares no columns";
	return pge_refused_keys(outerPlan(plan), plan->numCols, plan->uniqColIdx, plan->uniqOperators);
}
