/*
 * Time series: from where to where gaps are filled. By the arguments start and finish, or by what WHERE says of the time: comparisons of
 * it with what has no columns, of the query's own level, that every row must pass.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "gapfill.h"

typedef struct Search
{
	const Expr *time;
	Oid			family;			/* of B-tree operators that compare times */
	Oid			type;			/* that bounds are wanted in */
	bool		finish;
	PgeBounds	found;
} Search;

/* As what bounds are evaluated: numbers as the widest, days as times, so that a bound may lie within a day. */
Oid
pge_bound_type(Oid time)
{
	switch (time)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case DATEOID:
			return TIMESTAMPOID;
		default:
			return time;
	}
}

static void
add_bound(Search *search, Expr *bound, PgeBoundKind kind)
{
	Node	   *coerced = coerce_to_target_type(NULL, (Node *) bound, exprType((Node *) bound), search->type, -1,
												COERCION_EXPLICIT, COERCE_IMPLICIT_CAST, -1);

	if (coerced == NULL)
		return;
	search->found.exprs = lappend(search->found.exprs, coerced);
	search->found.kinds = lappend_int(search->found.kinds, kind);
}

static bool
is_time(const Search *search, Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return equal(expr, search->time);
}

static void
look_at(Search *search, OpExpr *clause)
{
	Expr	   *bound;
	int			strategy;

	if (list_length(clause->args) != 2)
		return;
	strategy = get_op_opfamily_strategy(clause->opno, search->family);
	if (strategy == 0)
		return;
	if (is_time(search, linitial(clause->args)))
		bound = lsecond(clause->args);
	else if (is_time(search, lsecond(clause->args)))
	{
		bound = linitial(clause->args);
		strategy = BTMaxStrategyNumber + 1 - strategy;
	}
	else
		return;
	if (contain_var_clause((Node *) bound) || contain_volatile_functions((Node *) bound) || contain_subplans((Node *) bound))
		return;
	if (strategy == BTEqualStrategyNumber)
		add_bound(search, bound, search->finish ? PGE_BOUND_MOVED : PGE_BOUND_EXACT);
	else if (search->finish && strategy < BTEqualStrategyNumber)
		add_bound(search, bound, strategy == BTLessStrategyNumber ? PGE_BOUND_EXACT : PGE_BOUND_MOVED);
	else if (!search->finish && strategy > BTEqualStrategyNumber)
		add_bound(search, bound, strategy == BTGreaterStrategyNumber ? PGE_BOUND_MOVED : PGE_BOUND_EXACT);
}

/* Conditions that all must hold, once they are lists. */
static void
look_through(Search *search, Node *quals)
{
	if (quals == NULL)
		return;
	if (IsA(quals, OpExpr))
		look_at(search, (OpExpr *) quals);
	else if (IsA(quals, List) || is_andclause(quals))
	{
		foreach_ptr(Node, part, IsA(quals, List) ? (List *) quals : ((BoolExpr *) quals)->args)
			look_through(search, part);
	}
}

/* FROM and WHERE, down to where conditions no longer hold for all rows that come out. */
static void
look_below(Search *search, Node *node)
{
	if (IsA(node, FromExpr))
	{
		look_through(search, ((FromExpr *) node)->quals);
		foreach_ptr(Node, item, ((FromExpr *) node)->fromlist)
			look_below(search, item);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		if (join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI)
			look_through(search, join->quals);
		if (join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI || join->jointype == JOIN_LEFT || join->jointype == JOIN_ANTI)
			look_below(search, join->larg);
		if (join->jointype == JOIN_INNER)
			look_below(search, join->rarg);
	}
}

/* Is the argument left to be inferred? */
static bool
is_left_out(const Expr *argument)
{
	return IsA(argument, Const) && ((const Const *) argument)->constisnull;
}

PgeBounds
pge_gapfill_bounds(PlannerInfo *root, const PgeGapfillArguments *arguments, bool finish)
{
	Oid			type = exprType((Node *) arguments->time);
	Expr	   *argument = finish ? arguments->finish : arguments->start;
	Search		search = {.time = arguments->time,.type = pge_bound_type(type),.finish = finish};

	if (is_left_out(argument))
	{
		search.family = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
		look_below(&search, (Node *) root->parse->jointree);
		if (search.found.exprs == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("missing time_bucket_gapfill argument: could not infer %s from WHERE clause", finish ? "finish" : "start"),
					 errhint("Specify start and finish as arguments or in the WHERE clause.")));
		return search.found;
	}
	if (contain_var_clause((Node *) argument) || contain_subplans((Node *) argument))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("invalid time_bucket_gapfill argument: %s must be a simple expression", finish ? "finish" : "start"),
				 errdetail("It is evaluated once for the query, so it cannot have columns or subqueries.")));
	add_bound(&search, argument, PGE_BOUND_EXACT);
	return search.found;
}
