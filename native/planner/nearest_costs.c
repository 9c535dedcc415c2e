/*
 * Planner: what a query for the nearest rows, ORDER BY column <-> vector LIMIT n, reads of a table whose vectors have codes: codes of all
 * rows, and vectors of those that may be among the nearest (managed/Epiphany.Execution, ScanNearest).
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "executor/lower.h"
#include "vectorize.h"

/* A code's factors and what is kept of its vector's length. */
#define FACTOR_BYTES	16

/* More rows are not kept apart by distance (Nearest.MaxRows). */
#define MAX_LIMIT		65536.0

/* The distance that a sort key is, if a scan can make use of it: between a column and what is the same for all rows. NULL: it is none. */
OpExpr *
pge_nearest_key(Expr *key, PgeOwnFunction *distance)
{
	OpExpr	   *call = (OpExpr *) key;
	bool		left;

	if (!IsA(key, OpExpr) || list_length(call->args) != 2)
		return NULL;
	*distance = pge_own_function(get_opcode(call->opno));
	left = IsA(linitial(call->args), Var);
	if (*distance < PgeOwnFunction_VectorL2 || *distance > PgeOwnFunction_HalfvecL1 || (!left && !IsA(lsecond(call->args), Var)))
		return NULL;
	return contain_var_clause(left ? lsecond(call->args) : linitial(call->args)) ? NULL : call;
}

/* What part of a vector its code is; 1: it has none, or nobody knows. */
static double
code_share(const OpExpr *key, PgeOwnFunction distance)
{
	Node	   *column = linitial(key->args);
	int32		dims;

	if (!IsA(column, Var))
		column = lsecond(key->args);
	dims = exprTypmod(column);
	if (dims < 1)
		return 1;
	return Min(1, (dims / 8.0 + FACTOR_BYTES) / (dims * (distance >= PgeOwnFunction_HalfvecL2 ? 2.0 : 4.0)));
}

/*
 * The part of the table's pages that the scan is going to read if it is for the nearest rows; 1 if not, or without codes. Asked before
 * the table's paths are final: joins, groups and the like leave no sort right above the scan. by_workers: so do parallel workers.
 */
double
pge_nearest_share(PlannerInfo *root, RelOptInfo *rel, bool *by_workers)
{
	const Query *query = root->parse;
	PgeOwnFunction distance;
	OpExpr	   *key;
	Relids		named = rel->top_parent_relids != NULL ? rel->top_parent_relids : rel->relids;

	if (query->sortClause == NIL || query->limitCount == NULL || root->limit_tuples > MAX_LIMIT ||
		query->hasAggs || query->groupClause != NIL || query->groupingSets != NIL || query->distinctClause != NIL ||
		query->hasWindowFuncs || query->setOperations != NULL || query->hasTargetSRFs ||
		query->limitOption == LIMIT_OPTION_WITH_TIES || !bms_equal(root->all_query_rels, named))
		return 1;
	*by_workers = pge_limit_bound(query->limitCount, query->limitOffset) != NULL;
	key = pge_nearest_key((Expr *) get_sortgroupclause_expr(linitial(query->sortClause), query->targetList), &distance);
	return key == NULL || distance == PgeOwnFunction_VectorL1 || distance == PgeOwnFunction_HalfvecL1 ? 1 : code_share(key, distance);
}
