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
 * Without a condition on times the row is the key's first, SELECT DISTINCT ON (r.k) ... ORDER BY r.k, r.t DESC: the table has one row of
 * each key, where so many rows are looked up that this is less work.
 *
 * Whatever else stands in WHERE stays: conditions on r alone in the scan, others are tested row by row.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "executor/asof_lookup.h"
#include "executor/start.h"
#include "tableam/time_key.h"
#include "options.h"
#include "vectorize.h"

/* Where a key's first row costs a scan of the table, sorting the table costs less than so many of them. */
#define SCANS_FOR_A_SORT	20

/* A statement that is gone through. */
typedef struct Visit
{
	PlannedStmt *statement;
	int			last_id;		/* of its nodes */
	double	   *calls;			/* of each subplan */
	double		loops;			/* of expressions that are looked through */
} Visit;

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

/* Takes the conditions on both rows from the scan. */
static void
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
}

/* ---- the first row of each key ---- */

static Expr *
key_expr(const Asof *asof, int key)
{
	return list_nth_node(TargetEntry, asof->scan->scan.plan.targetlist, list_nth_int(asof->keys, key) - 1)->expr;
}

/* Can rows be sorted by what keys are compared with? */
static bool
can_sort_keys(const Asof *asof)
{
	for (int i = 0; i < list_length(asof->keys); i++)
	{
		TypeCacheEntry *type = lookup_type_cache(exprType((Node *) key_expr(asof, i)), TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);

		if (!OidIsValid(type->lt_opr) || type->eq_opr != list_nth_oid(asof->operators, i))
			return false;
	}
	return true;
}

/* How many values a column has; 0: that is not known. */
static double
distinct_values(Relation rel, AttrNumber attno)
{
	HeapTuple	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(RelationGetRelid(rel)), Int16GetDatum(attno), BoolGetDatum(false));
	double		distinct;

	if (!HeapTupleIsValid(tuple))
		return 0;
	distinct = ((Form_pg_statistic) GETSTRUCT(tuple))->stadistinct;
	ReleaseSysCache(tuple);
	return distinct < 0 ? -distinct * Max(rel->rd_rel->reltuples, 0) : distinct;
}

/*
 * Is it less work than so many rows, one by one? One of a time series is found in microseconds, and so is each, where all are wanted;
 * but then each row group is asked which series it has.
 */
static bool
firsts_pay(const Asof *asof, const PlannedStmt *statement, double loops)
{
	Relation	rel = pge_open_scanned(statement, &asof->scan->scan.plan);
	const Var  *key = (const Var *) key_expr(asof, 0);
	PgeTimeKey	time;
	bool		pays = loops >= SCANS_FOR_A_SORT;

	if (pays && pge_time_key(rel, &time) && time.nsegments > 0 && IsA(key, Var) && key->varattno == time.segments[0])
	{
		double		series = distinct_values(rel, key->varattno);

		pays = series > 0 && loops >= series / 2 && loops >= rel->rd_rel->reltuples / pge_table_options(rel)->row_group_rows;
	}
	table_close(rel, NoLock);
	return pays;
}

static void
put_above(Plan *plan, Plan *below, Visit *visit)
{
	plan->startup_cost = plan->total_cost = below->total_cost;
	plan->plan_rows = below->plan_rows;
	plan->plan_width = below->plan_width;
	plan->parallel_safe = below->parallel_safe;
	plan->plan_node_id = ++visit->last_id;
	plan->targetlist = pge_columns_above(below);
	plan->extParam = bms_copy(below->extParam);
	plan->allParam = bms_copy(below->allParam);
	plan->lefttree = below;
}

/* The scan's rows, sorted by keys and what they were sorted by: of each key the first. */
static Plan *
firsts(const Asof *asof, const List *sort_columns, Visit *visit)
{
	int			nkeys = list_length(asof->keys);
	Sort	   *sort = makeNode(Sort);
	Unique	   *unique = makeNode(Unique);

	put_above(&sort->plan, &asof->scan->scan.plan, visit);
	sort->numCols = nkeys + asof->sort->numCols;
	sort->sortColIdx = palloc_array(AttrNumber, sort->numCols);
	sort->sortOperators = palloc_array(Oid, sort->numCols);
	sort->collations = palloc_array(Oid, sort->numCols);
	sort->nullsFirst = palloc0_array(bool, sort->numCols);
	unique->numCols = nkeys;
	unique->uniqColIdx = palloc_array(AttrNumber, nkeys);
	unique->uniqOperators = palloc_array(Oid, nkeys);
	unique->uniqCollations = palloc_array(Oid, nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		Node	   *key = (Node *) key_expr(asof, i);

		sort->sortColIdx[i] = unique->uniqColIdx[i] = (AttrNumber) list_nth_int(asof->keys, i);
		sort->sortOperators[i] = lookup_type_cache(exprType(key), TYPECACHE_LT_OPR)->lt_opr;
		unique->uniqOperators[i] = list_nth_oid(asof->operators, i);
		sort->collations[i] = unique->uniqCollations[i] = exprCollation(key);
	}
	for (int i = 0; i < asof->sort->numCols; i++)
	{
		sort->sortColIdx[nkeys + i] = (AttrNumber) list_nth_int(sort_columns, i);
		sort->sortOperators[nkeys + i] = asof->sort->sortOperators[i];
		sort->collations[nkeys + i] = asof->sort->collations[i];
		sort->nullsFirst[nkeys + i] = asof->sort->nullsFirst[i];
	}
	put_above(&unique->plan, &sort->plan, visit);
	return &unique->plan;
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

/* The node in place of the plan, which goes below it, and is run so often. NULL: it is not like that. */
static Plan *
looked_up(Plan *plan, double loops, Visit *visit)
{
	SeqScan    *scan = shape(plan);
	const Sort *sort = (const Sort *) outerPlan(plan);
	Asof		asof = {.sort = sort};
	CustomScan *node;
	Plan	   *rows;
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
	take_conditions(&asof, plan->extParam);
	if (asof.time_clause == NULL &&
		(asof.keys == NIL || asof.others != NIL || !can_sort_keys(&asof) || !firsts_pay(&asof, visit->statement, loops)))
		return NULL;
	node = makeNode(CustomScan);
	node->scan.plan = *plan;
	node->scan.plan.type = T_CustomScan;
	node->scan.plan.lefttree = NULL;
	node->scan.plan.plan_node_id = ++visit->last_id;
	node->scan.plan.targetlist = NIL;
	node->scan.plan.qual = (List *) over_columns((Node *) asof.others, asof.scan);
	node->custom_exprs = list_copy(asof.exprs);
	if (asof.time_clause != NULL)
		node->custom_exprs = lappend(node->custom_exprs, over_columns((Node *) asof.time_clause, asof.scan));
	asof.scan->scan.plan.plan_node_id = ++visit->last_id;
	forget_params(&asof.scan->scan.plan, asof.params);
	rows = asof.time_clause != NULL ? &asof.scan->scan.plan : firsts(&asof, sort_columns(sort), visit);
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
	node->custom_plans = list_make2(rows, plan);
	node->custom_relids = bms_make_singleton(scan->scan.scanrelid);
	node->methods = &pge_asof_lookup_methods;
	return &node->scan.plan;
}

/* ---- the whole statement ---- */

/* How often a child is run with other parameters, of a plan that is run so often. */
static double
loops_of(const Plan *plan, const Plan *child, double loops)
{
	if (IsA(plan, NestLoop) && child == innerPlan(plan))
		return loops * outerPlan(plan)->plan_rows;
	if (IsA(plan, Memoize) && ((const Memoize *) plan)->est_entries > 0)
		return Min(loops, ((const Memoize *) plan)->est_entries);
	return loops;
}

/* What is in an expression is called as often as that is evaluated. */
static bool
count_calls(Node *node, void *context)
{
	Visit	   *visit = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
		visit->calls[((SubPlan *) node)->plan_id - 1] += visit->loops;
	return expression_tree_walker(node, count_calls, context);
}

/* Plans that are run so often. */
static void
visit_plan(PgePlanSlot *slot, double loops, Visit *visit)
{
	Plan	   *node = looked_up(*slot, loops, visit);

	check_stack_depth();
	if (node != NULL)
	{
		*slot = node;
		return;
	}
	visit->loops = loops * (*slot)->plan_rows;
	count_calls((Node *) (*slot)->targetlist, visit);
	count_calls((Node *) (*slot)->qual, visit);
	foreach_ptr(PgePlanSlot, child, pge_child_slots(*slot))
		visit_plan(child, loops_of(*slot, *child, loops), visit);
}

void
pge_asof_lookups(PlannedStmt *statement)
{
	Visit		visit = {statement, pge_last_node_id(statement)};

	visit.calls = palloc0_array(double, list_length(statement->subplans) + 1);
	visit_plan(&statement->planTree, 1, &visit);
	/* A subplan of another comes before it. */
	for (int i = list_length(statement->subplans) - 1; i >= 0; i--)
	{
		PgePlanSlot *slot = (PgePlanSlot *) &lfirst(list_nth_cell(statement->subplans, i));

		if (*slot != NULL)
			visit_plan(slot, visit.calls[i], &visit);
	}
}
