/*
 * Planner: which nodes of a plan the engine can run, and why not the others. Each answer is NULL or a reason that a user can read.
 */
#include "postgres.h"

#include "access/table.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "shim/pge.h"
#include "tableam/column.h"
#include "vectorize.h"

#define SWITCHED_OFF(setting) "epiphany.enable_vectorized_" setting " is off"

const char *
pge_refused_statement(const PlannedStmt *statement)
{
	if (statement->commandType != CMD_SELECT && statement->commandType != CMD_INSERT)
		return "it changes rows that it reads";
	if (statement->hasModifyingCTE)
		return "it has a WITH query that changes rows";
	if (statement->rowMarks != NIL)
		return "it locks rows";
	if (IsA(statement->planTree, ModifyTable) && ((ModifyTable *) statement->planTree)->onConflictAction == ONCONFLICT_UPDATE)
		return "it may update rows";
	return NULL;
}

/* Does the node read rows of a table? */
bool
pge_scans_table(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
			return true;
		default:
			return false;
	}
}

/* The table that a node scans, or NULL. It has been locked. */
Relation
pge_open_scanned(const PlannedStmt *statement, const Plan *plan)
{
	if (!pge_scans_table(plan))
		return NULL;
	return table_open(rt_fetch(((const Scan *) plan)->scanrelid, statement->rtable)->relid, NoLock);
}

/* What no expression of the engine's may have; all else can be evaluated somehow. */
static bool
find_unsuitable(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		if (((Var *) node)->varattno <= 0)
			*(const char **) context = ((Var *) node)->varattno == 0 ? "it uses whole rows" : "it uses system columns";
		return ((Var *) node)->varattno <= 0;
	}
	return expression_tree_walker(node, find_unsuitable, context);
}

static const char *
refused_expressions(const Plan *plan)
{
	const char *reason = NULL;

	if (!find_unsuitable((Node *) plan->targetlist, &reason))
		find_unsuitable((Node *) plan->qual, &reason);
	return reason;
}

static const char *
refused_scan(PgeVectorize *work, const Plan *plan)
{
	Relation	rel = pge_open_scanned(work->statement, plan);
	bool		is_column = pge_is_column_table(rel);

	table_close(rel, NoLock);
	if (!is_column)
		return "it is not a column table";
	if (!pge_enable_vectorized_scan)
		return SWITCHED_OFF("scan");
	return NULL;
}

/* Does the operator for equal go with the hash function that the type has by default, which is the one that the engine takes? */
static bool
hashes_by_default(Oid equality, Oid left, Oid right)
{
	RegProcedure left_hash;
	RegProcedure right_hash;

	return get_op_hash_functions(equality, &left_hash, &right_hash) &&
		left_hash == lookup_type_cache(left, TYPECACHE_HASH_PROC)->hash_proc &&
		right_hash == lookup_type_cache(right, TYPECACHE_HASH_PROC)->hash_proc &&
		OidIsValid(lookup_type_cache(left, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc) &&
		OidIsValid(lookup_type_cache(right, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc);
}

/* What changes between a child's runs, beside what changes between the node's own. */
Bitmapset *
pge_changing_below(const Plan *plan, const Plan *child, Bitmapset *changing)
{
	if (child != innerPlan(plan))
		return changing;
	if (IsA(plan, NestLoop))
	{
		changing = bms_copy(changing);
		foreach_node(NestLoopParam, param, ((const NestLoop *) plan)->nestParams)
			changing = bms_add_member(changing, param->paramno);
	}
	else if (IsA(plan, RecursiveUnion))
		changing = bms_add_member(bms_copy(changing), ((const RecursiveUnion *) plan)->wtParam);
	return changing;
}

/*
 * PostgreSQL keeps a hash table over inner rows that stay the same, and only runs the outer side again. The engine starts from scratch.
 */
static const char *
refused_hash_join(const HashJoin *join, const Bitmapset *changing)
{
	if (!pge_enable_vectorized_hashjoin)
		return SWITCHED_OFF("hashjoin");
	if (bms_overlap(join->join.plan.allParam, changing) && !bms_overlap(innerPlan(join)->allParam, changing))
		return "its hash table is kept while it is run again and again";
	if (join->join.plan.parallel_aware &&
		(join->join.jointype == JOIN_RIGHT || join->join.jointype == JOIN_RIGHT_ANTI || join->join.jointype == JOIN_FULL))
		return "parallel workers tell each other which inner rows they have found";
	foreach_node(OpExpr, clause, join->hashclauses)
	{
		if (!hashes_by_default(clause->opno, exprType(linitial(clause->args)), exprType(lsecond(clause->args))))
			return psprintf("operator %s does not go with the default hash functions of its types", get_opname(clause->opno));
	}
	return NULL;
}

/* Likewise groups, and sorted rows: PostgreSQL has them still when only what is computed of them changes. */
static const char *
refused_again(const Plan *plan, const Bitmapset *changing)
{
	const Plan *input = outerPlan(plan);

	if (!bms_overlap(plan->allParam, changing) || bms_overlap(input->allParam, changing))
		return NULL;
	if (IsA(plan, Agg) && ((const Agg *) plan)->aggstrategy == AGG_HASHED && !bms_overlap(((const Agg *) plan)->aggParams, changing))
		return "its groups are kept while it is run again and again";
	return IsA(input, Sort) ? "its sorted input is kept while it is run again and again" : NULL;
}

static const char *
refused_append(const Append *append)
{
	if (!pge_enable_vectorized_append)
		return SWITCHED_OFF("append");
	if (append->plan.parallel_aware)
		return "parallel workers share its children";
	if (append->part_prune_info != NULL)
		return "its partitions are pruned while it runs";
	if (append->nasyncplans > 0)
		return "it runs asynchronously";
	return NULL;
}

static const char *
refused_limit(const Limit *limit)
{
	if (!pge_enable_vectorized_limit)
		return SWITCHED_OFF("limit");
	if (limit->limitOption == LIMIT_OPTION_WITH_TIES)
		return pge_refused_keys(outerPlan(limit), limit->uniqNumCols, limit->uniqColIdx, limit->uniqOperators);
	return NULL;
}

/* parts: what is known of its children, the outer one first; changing: parameters that change between runs of the node. */
const char *
pge_refused_node(PgeVectorize *work, Plan *plan, const PgePart *parts, const Bitmapset *changing)
{
	const char *reason = refused_expressions(plan);

	if (reason == NULL && (IsA(plan, Agg) || IsA(plan, Group) || IsA(plan, Unique)))
		reason = refused_again(plan, changing);
	if (reason != NULL)
		return reason;
	switch (nodeTag(plan))
	{
		case T_SeqScan:
			return refused_scan(work, plan);
		case T_Agg:
			return pge_refused_aggregate((Agg *) plan, &parts[0]);
		case T_Group:
		case T_SetOp:
			return pge_refused_aggregate(pge_as_aggregate(plan), &parts[0]);
		case T_Unique:
			return pge_refused_unique((Unique *) plan, &parts[0]);
		case T_WindowAgg:
			return pge_refused_window((WindowAgg *) plan);
		case T_HashJoin:
			return refused_hash_join((HashJoin *) plan, changing);
		case T_Append:
			return refused_append((Append *) plan);
		case T_Limit:
			return refused_limit((Limit *) plan);
		case T_Sort:
			return pge_enable_vectorized_sort ? NULL : SWITCHED_OFF("sort");
		case T_IncrementalSort:
			if (!pge_enable_vectorized_sort)
				return SWITCHED_OFF("sort");
			/* What comes sorted, may come no further than it is asked for. */
			return parts[0].native ? NULL : "its input comes sorted in part, and is not the engine's";
		case T_Result:
			if (outerPlan(plan) == NULL)
				return "it has no input";
			return ((Result *) plan)->resconstantqual == NULL ? NULL : "it has a condition that decides whether it runs at all";
		case T_SubqueryScan:
		case T_Hash:
			return NULL;
		case T_Material:
			return parts[0].native ? NULL : "its input is not";
		default:
			return "nodes of this kind are PostgreSQL's";
	}
}
