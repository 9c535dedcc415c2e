/*
 * Planner: a subquery that became a join with groups (decorrelate.c) has fewer of them if it looks only at keys that outer rows can have.
 * Where an outer table has conditions of its own, its rows that pass them are asked for the second time:
 *
 *   EXISTS (SELECT FROM t WHERE t.c = 7 AND u.k = t.k)
 *
 * is one more condition of the subquery, which PostgreSQL makes a semijoin. Only conditions that may be asked twice are: no volatile
 * functions, no WITH queries, no samples; and not where row security hides rows of the table.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"

#include "decorrelate.h"

/* A subquery that cannot be asked for the second time, elsewhere. */
static bool
find_unsuitable_subquery(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return ((RangeTblEntry *) node)->rtekind == RTE_CTE || ((RangeTblEntry *) node)->tablesample != NULL;
	if (IsA(node, SubLink) && ((SubLink *) node)->subLinkType != ANY_SUBLINK && ((SubLink *) node)->subLinkType != EXISTS_SUBLINK)
		return true;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, find_unsuitable_subquery, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, find_unsuitable_subquery, context);
}

/* Conditions that look at nothing but one table. */
static List *
own_conditions(const PgeDecorrelation *work, Index varno)
{
	List	   *own = NIL;

	foreach_ptr(Node, condition, work->conjuncts)
	{
		bool		is_own = bms_equal(pull_varnos(NULL, condition), bms_make_singleton(varno)) &&
			!find_unsuitable_subquery(condition, NULL) && !contain_volatile_functions(condition);

		for (int level = 1; level < work->depth && is_own; level++)
			is_own = !contain_vars_of_level(condition, level);
		if (is_own)
			own = lappend(own, copyObject(condition));
	}
	return own;
}

/* The outer table's column that a tie names, or NULL. Rows that an outer join made up pass no condition of the table's. */
static Var *
plain_column(const PgeTie *tie)
{
	Expr	   *outer = tie->outer;

	while (IsA(outer, RelabelType))
		outer = ((RelabelType *) outer)->arg;
	return IsA(outer, Var) && bms_is_empty(((Var *) outer)->varnullingrels) ? (Var *) outer : NULL;
}

/* Adds to the subquery: EXISTS (SELECT FROM table WHERE its own conditions AND ties to it). */
static void
narrow(PgeDecorrelation *work, Query *subquery, List *ties, Index varno)
{
	RangeTblEntry *rte = rt_fetch(varno, work->query->rtable);
	SubLink    *exists = makeNode(SubLink);
	Query	   *query;
	List	   *conditions;
	RangeTblRef *table;

	if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL || rte->securityQuals != NIL || rte->perminfoindex == 0)
		return;
	conditions = own_conditions(work, varno);
	if (conditions == NIL)
		return;
	foreach_ptr(PgeTie, tie, ties)
	{
		const Var  *column = plain_column(tie);

		if (column != NULL && column->varno == varno)
		{
			OpExpr	   *clause = copyObject(tie->clause);
			Node	   *inner = copyObject((Node *) tie->inner);

			IncrementVarSublevelsUp(inner, 1, 0);
			clause->args = tie->inner_first ? list_make2(inner, copyObject(tie->outer)) : list_make2(copyObject(tie->outer), inner);
			conditions = lappend(conditions, clause);
		}
	}
	query = makeNode(Query);
	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->hasSubLinks = checkExprHasSubLink((Node *) conditions);
	query->rtable = list_make1(copyObject(rte));
	query->rteperminfos = list_make1(copyObject(getRTEPermissionInfo(work->query->rteperminfos, rte)));
	linitial_node(RangeTblEntry, query->rtable)->perminfoindex = 1;
	table = makeNode(RangeTblRef);
	table->rtindex = 1;
	ChangeVarNodes((Node *) conditions, varno, 1, 0);
	query->jointree = makeFromExpr(list_make1(table), (Node *) make_ands_explicit(conditions));
	exists->subLinkType = EXISTS_SUBLINK;
	exists->subselect = (Node *) query;
	exists->location = -1;
	subquery->jointree->quals = (Node *) make_ands_explicit(lappend(pge_flat_conjuncts(subquery->jointree->quals), exists));
	subquery->hasSubLinks = true;
	work->narrowed = true;
}

/* The rows of a grouped subquery are to be those with keys of outer tables' rows that pass those tables' own conditions. */
void
pge_narrow_groups(PgeDecorrelation *work, Query *subquery, List *ties)
{
	Bitmapset  *tables = NULL;
	int			varno = -1;

	foreach_ptr(PgeTie, tie, ties)
	{
		const Var  *column = plain_column(tie);

		if (column != NULL)
			tables = bms_add_member(tables, column->varno);
	}
	while ((varno = bms_next_member(tables, varno)) >= 0)
		narrow(work, subquery, ties, varno);
}
