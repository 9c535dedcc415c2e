/*
 * Planner: the last row before each row. Of
 *
 *   FROM l LEFT JOIN LATERAL (SELECT ... FROM r WHERE r.k = l.k AND r.t <= l.t ORDER BY r.t DESC LIMIT 1) s ON true
 *
 * and of subqueries like it PostgreSQL scans r for each row of l, unless an index serves. In finished plans Limit over Sort over a scan
 * with such conditions becomes a node that looks rows up in a table of r it has made (executor/asof_lookup.c). What it was hangs below
 * that node still, for the first row, and for tables that do not fit into memory. The same for the first row after:
 * r.t >= l.t ORDER BY r.t.
 *
 * Whatever else stands in WHERE stays: conditions on r alone in the scan, others are tested row by row.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "executor/asof_lookup.h"
#include "executor/start.h"
#include "vectorize.h"

/* A plan of that shape in work. */
typedef struct Asof
{
	const Sort *sort;
	SeqScan    *scan;			/* a copy, that gives all rows which may be wanted */
	int			time;			/* column of what is sorted by first, in the scan's target list from 1 */
	List	   *keys;			/* columns, likewise */
	List	   *operators;		/* for equal, of each */
	List	   *exprs;			/* of the outer row, that they must be equal to */
	OpExpr	   *time_clause;	/* NULL: not found yet */
	List	   *others;			/* conditions on both */
	Bitmapset  *params;			/* of the outer row */
} Asof;

/* ---- conditions ---- */

/* The column of the scan that gives an expression over its table, which is made where there is none. */
static int
column_of(SeqScan *scan, Expr *expr)
{
	TargetEntry *entry;

	foreach_node(TargetEntry, target, scan->scan.plan.targetlist)
	{
		if (equal(target->expr, expr))
			return target->resno;
	}
	entry = makeTargetEntry(copyObject(expr), list_length(scan->scan.plan.targetlist) + 1, NULL, true);
	scan->scan.plan.targetlist = lappend(scan->scan.plan.targetlist, entry);
	return entry->resno;
}

/* In terms of the scan's columns. */
static Node *
over_columns(Node *node, void *scan)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		return (Node *) makeVar(INDEX_VAR, column_of(scan, (Expr *) var), var->vartype, var->vartypmod, var->varcollid, 0);
	}
	return expression_tree_mutator(node, over_columns, scan);
}

/* Whole rows and system columns are not looked up. */
static bool
find_unsuitable(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno <= 0)
		return true;
	return expression_tree_walker(node, find_unsuitable, context);
}

/* Is it a comparison of a column and something of the outer row? The column then comes first. */
static bool
split(OpExpr *clause, Expr **column, Expr **outer, Oid *operator_id)
{
	if (!IsA(clause, OpExpr) || list_length(clause->args) != 2 || !op_strict(clause->opno))
		return false;
	*column = linitial(clause->args);
	*outer = lsecond(clause->args);
	*operator_id = clause->opno;
	if (!contain_var_clause((Node *) *column))
	{
		*column = lsecond(clause->args);
		*outer = linitial(clause->args);
		*operator_id = get_commutator(clause->opno);
	}
	return OidIsValid(*operator_id) && !contain_var_clause((Node *) *outer) && contain_var_clause((Node *) *column);
}

/* Is it "column = outer", by an equality that hashes both sides alike? */
static bool
take_key(Asof *asof, OpExpr *clause)
{
	Expr	   *column;
	Expr	   *outer;
	Oid			operator_id;
	RegProcedure left;
	RegProcedure right;

	if (!split(clause, &column, &outer, &operator_id) || exprType((Node *) column) != exprType((Node *) outer) ||
		clause->inputcollid != exprCollation((Node *) column) || !get_op_hash_functions(operator_id, &left, &right) || left != right)
		return false;
	asof->keys = lappend_int(asof->keys, column_of(asof->scan, column));
	asof->operators = lappend_oid(asof->operators, operator_id);
	asof->exprs = lappend(asof->exprs, outer);
	return true;
}

/* Is it "time <= outer" where rows are sorted from the greatest time down, or ">=" where from the least up? */
static bool
take_time(Asof *asof, OpExpr *clause)
{
	Expr	   *column;
	Expr	   *outer;
	Oid			operator_id;
	Oid			family;
	Oid			type;
	int16		strategy;
	int			bound;

	if (asof->time_clause != NULL || !split(clause, &column, &outer, &operator_id) ||
		!get_ordering_op_properties(asof->sort->sortOperators[0], &family, &type, &strategy) ||
		clause->inputcollid != asof->sort->collations[0] || column_of(asof->scan, column) != asof->time)
		return false;
	bound = get_op_opfamily_strategy(operator_id, family);
	if (strategy == BTGreaterStrategyNumber ?
		bound != BTLessStrategyNumber && bound != BTLessEqualStrategyNumber :
		bound != BTGreaterStrategyNumber && bound != BTGreaterEqualStrategyNumber)
		return false;
	asof->time_clause = clause;
	return true;
}

/* Takes the conditions on both rows from the scan. False: the one on times is not there. */
static bool
take_conditions(Asof *asof, const Bitmapset *from_outside)
{
	List	   *stay = NIL;

	foreach_ptr(Expr, clause, asof->scan->scan.plan.qual)
	{
		Bitmapset  *params = NULL;

		pge_find_params((Node *) clause, &params);
		if (!bms_overlap(params, from_outside))
		{
			stay = lappend(stay, clause);
			continue;
		}
		asof->params = bms_add_members(asof->params, params);
		if (!take_time(asof, (OpExpr *) clause) && !take_key(asof, (OpExpr *) clause))
			asof->others = lappend(asof->others, clause);
	}
	asof->scan->scan.plan.qual = stay;
	return asof->time_clause != NULL;
}

/* ---- the plan ---- */

static bool
is_one(const Node *count)
{
	return count != NULL && IsA(count, Const) && !((const Const *) count)->constisnull &&
		DatumGetInt64(((const Const *) count)->constvalue) == 1;
}

/* The scan below, of a plan that has the shape; else NULL. */
static SeqScan *
shape(const Plan *plan)
{
	const Limit *limit = (const Limit *) plan;
	const Plan *sort = outerPlan(plan);
	const Plan *scan;

	if (!IsA(plan, Limit) || limit->limitOffset != NULL || !is_one(limit->limitCount) || limit->limitOption != LIMIT_OPTION_COUNT ||
		bms_is_empty(plan->extParam) || sort == NULL || !IsA(sort, Sort))
		return NULL;
	scan = outerPlan(sort);
	if (!IsA(scan, SeqScan) || scan->parallel_aware || plan->initPlan != NIL || sort->initPlan != NIL || scan->initPlan != NIL ||
		scan->qual == NIL || contain_volatile_functions((Node *) scan->qual) || contain_volatile_functions((Node *) scan->targetlist) ||
		contain_subplans((Node *) scan->qual) || contain_subplans((Node *) scan->targetlist) ||
		find_unsuitable((Node *) scan->qual, NULL) || find_unsuitable((Node *) scan->targetlist, NULL))
		return NULL;
	return (SeqScan *) scan;
}

/* The column of the plan below that a column is; 0: it is computed. */
static int
column_below(const Plan *plan, int column)
{
	const Var  *var = (const Var *) list_nth_node(TargetEntry, plan->targetlist, column - 1)->expr;

	return IsA(var, Var) && var->varno == OUTER_VAR ? var->varattno : 0;
}

/* What the scan depends on no more. */
static void
forget_params(Plan *scan, const Bitmapset *params)
{
	Bitmapset  *left = NULL;

	pge_find_params((Node *) scan->qual, &left);
	pge_find_params((Node *) scan->targetlist, &left);
	left = bms_difference(params, left);
	scan->extParam = bms_difference(scan->extParam, left);
	scan->allParam = bms_difference(scan->allParam, left);
}

static List *
sort_columns(const Sort *sort)
{
	List	   *columns = NIL;

	for (int i = 0; i < sort->numCols; i++)
		columns = lappend_int(columns, column_below(&sort->plan, sort->sortColIdx[i]));
	return columns;
}

/* The node in place of the plan, which goes below it. NULL: it is not like that. */
static Plan *
looked_up(Plan *plan, int *last_id)
{
	SeqScan    *scan = shape(plan);
	const Sort *sort = (const Sort *) outerPlan(plan);
	Asof		asof = {.sort = sort};
	CustomScan *node;
	List	   *words = NIL;
	List	   *operators = NIL;
	List	   *collations = NIL;

	if (scan == NULL)
		return NULL;
	foreach_node(TargetEntry, target, plan->targetlist)
	{
		if (column_below(plan, target->resno) == 0 || column_below(&sort->plan, column_below(plan, target->resno)) == 0)
			return NULL;
	}
	if (list_member_int(sort_columns(sort), 0))
		return NULL;
	asof.scan = copyObject(scan);
	asof.time = linitial_int(sort_columns(sort));
	if (!take_conditions(&asof, plan->extParam))
		return NULL;
	node = makeNode(CustomScan);
	node->scan.plan = *plan;
	node->scan.plan.type = T_CustomScan;
	node->scan.plan.lefttree = NULL;
	node->scan.plan.plan_node_id = ++*last_id;
	node->scan.plan.targetlist = NIL;
	node->scan.plan.qual = (List *) over_columns((Node *) asof.others, asof.scan);
	node->custom_exprs = lappend(list_copy(asof.exprs), over_columns((Node *) asof.time_clause, asof.scan));
	asof.scan->scan.plan.plan_node_id = ++*last_id;
	forget_params(&asof.scan->scan.plan, asof.params);
	node->custom_scan_tlist = copyObject(asof.scan->scan.plan.targetlist);
	foreach_node(TargetEntry, target, plan->targetlist)
	{
		TargetEntry *entry = flatCopyTargetEntry(target);
		int			column = column_below(&sort->plan, column_below(plan, target->resno));

		entry->expr = (Expr *) makeVarFromTargetEntry(INDEX_VAR, list_nth_node(TargetEntry, node->custom_scan_tlist, column - 1));
		node->scan.plan.targetlist = lappend(node->scan.plan.targetlist, entry);
	}
	for (int i = 0; i < sort->numCols; i++)
	{
		words = lappend_int(words, sort->nullsFirst[i]);
		operators = lappend_oid(operators, sort->sortOperators[i]);
		collations = lappend_oid(collations, sort->collations[i]);
	}
	node->custom_private = list_make5(asof.keys, asof.operators, sort_columns(sort), operators, collations);
	node->custom_private = lappend(node->custom_private, words);
	node->custom_plans = list_make2(asof.scan, plan);
	node->custom_relids = bms_make_singleton(scan->scan.scanrelid);
	node->methods = &pge_asof_lookup_methods;
	return &node->scan.plan;
}

/* ---- the whole statement ---- */

static void
visit(PgePlanSlot *slot, int *last_id)
{
	Plan	   *node = looked_up(*slot, last_id);

	check_stack_depth();
	if (node != NULL)
	{
		*slot = node;
		return;
	}
	foreach_ptr(PgePlanSlot, child, pge_child_slots(*slot))
		visit(child, last_id);
}

void
pge_asof_lookups(PlannedStmt *statement)
{
	int			last_id = pge_last_node_id(statement);
	ListCell   *cell;

	foreach(cell, statement->subplans)
	{
		if (lfirst(cell) != NULL)
			visit((PgePlanSlot *) &lfirst(cell), &last_id);
	}
	visit(&statement->planTree, &last_id);
}
