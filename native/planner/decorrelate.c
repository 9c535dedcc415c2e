/*
 * Planner: scalar subqueries that aggregate what belongs to an outer row become joins. Of
 *
 *   WHERE t.a < (SELECT 2 * avg(u.b) FROM u WHERE u.k = t.k AND ...)
 *
 * it makes
 *
 *   FROM t LEFT JOIN (SELECT u.k AS key, avg(u.b) AS value FROM u WHERE ... GROUP BY u.k) s ON s.key = t.k WHERE t.a < 2 * s.value
 *
 * in the parse tree, before PostgreSQL plans it. The same rows come out: there is one group at most for an outer row, and aggregates
 * of no rows are NULL, or 0 for those that count. What is computed of aggregates is computed where it was; the aggregates themselves
 * also for keys that no outer row has, as PostgreSQL does with conditions in EXISTS. What is evaluated only now and then (below OR, AND
 * or CASE) is left alone.
 *
 * Whether that is better is not decided here.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"

#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "decorrelate.h"
#include "vectorize.h"

/* What stands where a subquery's result stood. */
typedef struct Answer
{
	Query	   *subquery;
	Index		varno;			/* of the grouped subquery */
	Index		join;
	bool		refused;
} Answer;

/* ---- What can be done ---- */

static bool
is_simple(const Query *query)
{
	return query->commandType == CMD_SELECT && query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
		query->havingQual == NULL && !query->hasWindowFuncs && !query->hasTargetSRFs && query->distinctClause == NIL &&
		query->sortClause == NIL && query->limitCount == NULL && query->limitOffset == NULL && query->rowMarks == NIL &&
		query->setOperations == NULL && query->jointree->fromlist != NIL && list_length(query->targetList) == 1;
}

/* A sample is drawn anew for each row. */
static bool
find_sample(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return ((RangeTblEntry *) node)->tablesample != NULL;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_sample, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, find_sample, context);
}

static bool
refers_above(Query *query, int from, int to)
{
	for (int level = from; level <= to; level++)
	{
		if (contain_vars_of_level((Node *) query, level) || contain_aggs_of_level((Node *) query, level))
			return true;
	}
	return false;
}

/* Is the aggregate of no rows NULL? If not, value is what it is. False if that is not known. */
static bool
knows_none(const Aggref *aggregate, Const **value)
{
	HeapTuple	tuple;
	bool		is_null;

	*value = NULL;
	if (aggregate->aggfnoid == F_COUNT_ANY || aggregate->aggfnoid == F_COUNT_ || aggregate->aggfnoid == F_REGR_COUNT)
	{
		*value = makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0), false, true);
		return true;
	}
	if (aggregate->aggkind == AGGKIND_HYPOTHETICAL)
		return false;
	if (aggregate->aggfnoid < FirstNormalObjectId)
		return true;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		return false;
	SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &is_null);
	if (is_null)
	{
		Oid			final = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggfinalfn;

		is_null = !OidIsValid(final) || func_strict(final);
	}
	ReleaseSysCache(tuple);
	return is_null;
}

/* Equal under the one is equal under the other. */
static bool
same_equality(Oid collation, Oid other)
{
	return collation == other || (get_collation_isdeterministic(collation) && get_collation_isdeterministic(other));
}

/* Does the condition say that something of the subquery's equals something of an outer row? */
static bool
is_tie(Node *node, PgeTie *tie)
{
	OpExpr	   *clause = (OpExpr *) node;
	Expr	   *inner;
	Expr	   *outer;
	Oid			first;
	Oid			equality;

	if (!IsA(node, OpExpr) || list_length(clause->args) != 2 || checkExprHasSubLink(node))
		return false;
	tie->inner_first = contain_vars_of_level(linitial(clause->args), 0);
	inner = tie->inner_first ? linitial(clause->args) : lsecond(clause->args);
	outer = tie->inner_first ? lsecond(clause->args) : linitial(clause->args);
	if (!contain_vars_of_level((Node *) inner, 0) || contain_vars_of_level((Node *) inner, 1) ||
		contain_vars_of_level((Node *) outer, 0) || !contain_vars_of_level((Node *) outer, 1))
		return false;
	first = exprType(linitial(clause->args));
	if (!op_strict(clause->opno) || (!op_mergejoinable(clause->opno, first) && !op_hashjoinable(clause->opno, first)))
		return false;
	/* Rows that it finds equal must be a group. */
	equality = lookup_type_cache(exprType((Node *) inner), TYPECACHE_EQ_OPR)->eq_opr;
	if (!OidIsValid(equality) || !equality_ops_are_compatible(clause->opno, equality) ||
		!same_equality(clause->inputcollid, exprCollation((Node *) inner)))
		return false;
	outer = copyObject(outer);
	IncrementVarSublevelsUp((Node *) outer, -1, 1);
	tie->clause = clause;
	tie->inner = inner;
	tie->outer = outer;
	return true;
}

/* ---- The grouped subquery ---- */

/* The conditions that AND combines, however they are nested. */
List *
pge_flat_conjuncts(Node *quals)
{
	List	   *flat = NIL;

	if (!is_andclause(quals))
		return quals == NULL ? NIL : list_make1(quals);
	foreach_ptr(Node, part, ((BoolExpr *) quals)->args)
		flat = list_concat(flat, pge_flat_conjuncts(part));
	return flat;
}

/* The column that gives an expression, which is there once. */
static AttrNumber
output_column(Query *query, Expr *expr, const char *name)
{
	TargetEntry *target = tlist_member(expr, query->targetList);

	if (target == NULL)
	{
		target = makeTargetEntry(expr, list_length(query->targetList) + 1, pstrdup(name), false);
		query->targetList = lappend(query->targetList, target);
	}
	return target->resno;
}

static void
group_by(Query *query, PgeTie *tie)
{
	TargetEntry *target;

	tie->column = output_column(query, tie->inner, "key");
	target = list_nth_node(TargetEntry, query->targetList, tie->column - 1);
	if (target->ressortgroupref == 0)
	{
		SortGroupClause *group = makeNode(SortGroupClause);
		Oid			type = exprType((Node *) tie->inner);
		TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);

		target->ressortgroupref = tie->column;
		group->tleSortGroupRef = tie->column;
		group->eqop = entry->eq_opr;
		group->sortop = entry->lt_opr;
		group->hashable = op_hashjoinable(entry->eq_opr, type);
		query->groupClause = lappend(query->groupClause, group);
	}
}

/* What the subquery gave, over the columns of the grouped one. */
static Node *
result_over_groups(Node *node, void *context)
{
	Answer	   *result = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref))
	{
		Aggref	   *aggregate = (Aggref *) node;
		AttrNumber	column = output_column(result->subquery, (Expr *) node, "value");
		Const	   *none;
		Var		   *value = makeVar(result->varno, column, aggregate->aggtype, -1, aggregate->aggcollid, 0);

		value->varnullingrels = bms_make_singleton(result->join);
		result->refused |= !knows_none(aggregate, &none);
		if (none != NULL)
		{
			CoalesceExpr *coalesce = makeNode(CoalesceExpr);

			coalesce->coalescetype = aggregate->aggtype;
			coalesce->args = list_make2(value, none);
			coalesce->location = -1;
			return (Node *) coalesce;
		}
		return (Node *) value;
	}
	if (IsA(node, SubLink) || IsA(node, GroupingFunc))
		result->refused = true;
	if (IsA(node, Var))
	{
		Var		   *outer = copyObject((Var *) node);

		result->refused |= outer->varlevelsup != 1;
		outer->varlevelsup = 0;
		return (Node *) outer;
	}
	return expression_tree_mutator(node, result_over_groups, context);
}

/* ---- The join ---- */

static Node *
join_clause(const PgeTie *tie, Index varno)
{
	OpExpr	   *clause = copyObject(tie->clause);
	Node	   *inner = (Node *) tie->inner;
	Var		   *key = makeVar(varno, tie->column, exprType(inner), exprTypmod(inner), exprCollation(inner), 0);

	clause->args = tie->inner_first ? list_make2(key, tie->outer) : list_make2(tie->outer, key);
	return (Node *) clause;
}

static bool
collect_tables(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		const RangeTblEntry *rte = (const RangeTblEntry *) node;

		if (rte->rtekind == RTE_RELATION)
			*(List **) context = list_append_unique_oid(*(List **) context, rte->relid);
		return false;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_tables, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, collect_tables, context);
}

/* Joins the subquery to all that the query in work has in FROM. */
static void
join_subquery(PgeDecorrelation *work, Query *subquery, List *ties)
{
	Query	   *query = work->query;
	RangeTblEntry *grouped = makeNode(RangeTblEntry);
	RangeTblEntry *joined = makeNode(RangeTblEntry);
	RangeTblRef *right = makeNode(RangeTblRef);
	JoinExpr   *join = makeNode(JoinExpr);
	List	   *names = NIL;
	List	   *clauses = NIL;

	foreach_node(TargetEntry, target, subquery->targetList)
		names = lappend(names, makeString(target->resname));
	grouped->rtekind = RTE_SUBQUERY;
	grouped->subquery = subquery;
	grouped->eref = makeAlias("grouped_subquery", names);
	grouped->inFromCl = true;
	joined->rtekind = RTE_JOIN;
	joined->jointype = JOIN_LEFT;
	joined->eref = makeAlias("unnamed_join", NIL);
	joined->inFromCl = true;
	query->rtable = lappend(query->rtable, grouped);
	right->rtindex = list_length(query->rtable);
	query->rtable = lappend(query->rtable, joined);

	foreach_ptr(PgeTie, tie, ties)
		clauses = lappend(clauses, join_clause(tie, right->rtindex));
	join->jointype = JOIN_LEFT;
	join->larg = list_length(query->jointree->fromlist) == 1 ?
		linitial(query->jointree->fromlist) : (Node *) makeFromExpr(query->jointree->fromlist, NULL);
	join->rarg = (Node *) right;
	join->quals = (Node *) make_ands_explicit(clauses);
	join->rtindex = list_length(query->rtable);
	query->jointree->fromlist = list_make1(join);
}

/* What takes the place of a subquery, which becomes a join; or the subquery. */
static Node *
decorrelated(SubLink *sublink, PgeDecorrelation *work)
{
	Query	   *subquery = (Query *) sublink->subselect;
	ListCell   *before;
	ListCell   *there;
	Index		varno = list_length(work->query->rtable) + 1;
	Answer		result = {.varno = varno,.join = varno + 1};
	List	   *ties = NIL;
	List	   *others = NIL;
	Node	   *value;

	/* The same twice is one join; BETWEEN does it. */
	forboth(before, work->replaced, there, work->values)
	{
		if (equal(lfirst(before), sublink))
			return copyObject(lfirst(there));
	}
	if (sublink->subLinkType != EXPR_SUBLINK || !is_simple(subquery) || refers_above(subquery, 2, work->depth) ||
		contain_volatile_functions((Node *) subquery) || find_sample((Node *) subquery, NULL))
		return (Node *) sublink;
	subquery = copyObject(subquery);
	foreach_ptr(Node, condition, pge_flat_conjuncts(subquery->jointree->quals))
	{
		PgeTie			tie;

		if (is_tie(condition, &tie))
		{
			ties = lappend(ties, palloc_object(PgeTie));
			*(PgeTie *) llast(ties) = tie;
		}
		else
			others = lappend(others, condition);
	}
	if (ties == NIL)
		return (Node *) sublink;
	value = (Node *) linitial_node(TargetEntry, subquery->targetList)->expr;
	subquery->jointree->quals = others == NIL ? NULL : (Node *) make_ands_explicit(others);
	subquery->targetList = NIL;
	foreach_ptr(PgeTie, tie, ties)
		group_by(subquery, tie);
	result.subquery = subquery;
	value = result_over_groups(value, &result);
	if (result.refused || refers_above(subquery, 1, 1))
		return (Node *) sublink;
	collect_tables((Node *) subquery, &work->tables);
	if (work->narrow)
		pge_narrow_groups(work, subquery, ties);
	join_subquery(work, subquery, ties);
	work->changed = true;
	work->replaced = lappend(work->replaced, sublink);
	work->values = lappend(work->values, value);
	return copyObject(value);
}

/* ---- The whole query ---- */

/* The expression with subqueries that are evaluated whenever it is as joins. */
static Node *
replace_subqueries(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	switch (nodeTag(node))
	{
		case T_SubLink:
			return decorrelated((SubLink *) node, context);
		case T_FuncExpr:
			return ((FuncExpr *) node)->funcretset ? node : expression_tree_mutator(node, replace_subqueries, context);
		case T_OpExpr:
			return ((OpExpr *) node)->opretset ? node : expression_tree_mutator(node, replace_subqueries, context);
		case T_BoolExpr:
			return is_notclause(node) ? expression_tree_mutator(node, replace_subqueries, context) : node;
		case T_CoalesceExpr:
			{
				CoalesceExpr *coalesce = copyObject((CoalesceExpr *) node);

				linitial(coalesce->args) = replace_subqueries(linitial(coalesce->args), context);
				return (Node *) coalesce;
			}
		case T_List:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_MinMaxExpr:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CoerceViaIO:
		case T_NullTest:
		case T_BooleanTest:
			return expression_tree_mutator(node, replace_subqueries, context);
		default:
			return node;
	}
}

/* Those in the query in work, which has rewritten ones below it. */
static void
replace_in_query(PgeDecorrelation *work)
{
	Query	   *query = work->query;
	ListCell   *cell;

	if (query->commandType != CMD_SELECT || !query->hasSubLinks || query->rowMarks != NIL || query->setOperations != NULL ||
		query->jointree->fromlist == NIL)
		return;
	work->replaced = work->values = NIL;
	work->conjuncts = pge_flat_conjuncts(query->jointree->quals);
	foreach(cell, work->conjuncts)
		lfirst(cell) = replace_subqueries(lfirst(cell), work);
	if (work->conjuncts != NIL)
		query->jointree->quals = (Node *) make_ands_explicit(work->conjuncts);
	/* With groups, only what they are made by may be named above them. */
	if (query->hasAggs || query->groupClause != NIL || query->groupingSets != NIL || query->havingQual != NULL)
		return;
	foreach_node(TargetEntry, target, query->targetList)
		target->expr = (Expr *) replace_subqueries((Node *) target->expr, work);
}

/* From the bottom up, in place. */
static bool
rewrite(Node *node, void *context)
{
	PgeDecorrelation *work = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		check_stack_depth();
		work->depth++;
		query_tree_walker((Query *) node, rewrite, context, 0);
		work->query = (Query *) node;
		replace_in_query(work);
		work->depth--;
		return false;
	}
	return expression_tree_walker(node, rewrite, context);
}

/* Is there something that looks like it? */
static bool
find_candidate(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink) && ((SubLink *) node)->subLinkType == EXPR_SUBLINK)
	{
		Query	   *subquery = (Query *) ((SubLink *) node)->subselect;

		if (is_simple(subquery) && contain_vars_of_level((Node *) subquery, 1))
			return true;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_candidate, context, 0);
	return expression_tree_walker(node, find_candidate, context);
}

static bool
has_subqueries(const Query *query)
{
	if (query->hasSubLinks || query->cteList != NIL)
		return true;
	foreach_node(RangeTblEntry, rte, query->rtable)
	{
		if (rte->rtekind == RTE_SUBQUERY)
			return true;
	}
	return false;
}

/*
 * The query with such subqueries as joins, in as many ways as there are; it stays as it is. tables: OIDs of those in the
 * subqueries.
 */
List *
pge_decorrelated(Query *query, List **tables)
{
	List	   *queries = NIL;

	*tables = NIL;
	if ((query->commandType != CMD_SELECT && query->commandType != CMD_INSERT) || query->rowMarks != NIL || !has_subqueries(query) ||
		!find_candidate((Node *) query, NULL))
		return NIL;
	for (int narrow = false; narrow <= true; narrow++)
	{
		PgeDecorrelation work = {.narrow = narrow};
		Query	   *copy = copyObject(query);

		rewrite((Node *) copy, &work);
		if (!work.changed)
			break;
		if (work.narrowed || !narrow)
			queries = lappend(queries, copy);
		*tables = work.tables;
	}
	return queries;
}
