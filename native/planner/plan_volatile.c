/*
 * Planner: which nodes of a finished plan call volatile functions, in their expressions or by way of subplans. A node of an unknown
 * kind does.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "vectorize.h"

typedef struct VolatileContext
{
	Bitmapset  *volatile_subplans;
} VolatileContext;

static bool
find_volatile_subplan(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) && bms_is_member(((SubPlan *) node)->plan_id - 1, ((VolatileContext *) context)->volatile_subplans))
		return true;
	return expression_tree_walker(node, find_volatile_subplan, context);
}

/* The expressions that a node has beside target list, conditions and initplans; false for a kind that is not known here. */
static bool
other_expressions(const Plan *plan, List **exprs)
{
	*exprs = NIL;
	switch (nodeTag(plan))
	{
		case T_ProjectSet:
		case T_MergeAppend:
		case T_Append:
		case T_BitmapAnd:
		case T_BitmapOr:
		case T_RecursiveUnion:
		case T_SeqScan:
		case T_SubqueryScan:
		case T_CteScan:
		case T_WorkTableScan:
		case T_NamedTuplestoreScan:
		case T_Material:
		case T_Sort:
		case T_IncrementalSort:
		case T_Group:
		case T_Agg:
		case T_Unique:
		case T_SetOp:
		case T_LockRows:
		case T_Gather:
		case T_GatherMerge:
		case T_Hash:
			return true;
		case T_Result:
			*exprs = list_make1(((const Result *) plan)->resconstantqual);
			return true;
		case T_SampleScan:
			*exprs = list_make1(((const SampleScan *) plan)->tablesample);
			return true;
		case T_IndexScan:
			*exprs = list_make2(((const IndexScan *) plan)->indexqual, ((const IndexScan *) plan)->indexorderby);
			return true;
		case T_IndexOnlyScan:
			*exprs = list_make2(((const IndexOnlyScan *) plan)->indexqual, ((const IndexOnlyScan *) plan)->indexorderby);
			return true;
		case T_BitmapIndexScan:
			*exprs = list_make1(((const BitmapIndexScan *) plan)->indexqual);
			return true;
		case T_BitmapHeapScan:
			*exprs = list_make1(((const BitmapHeapScan *) plan)->bitmapqualorig);
			return true;
		case T_TidScan:
			*exprs = list_make1(((const TidScan *) plan)->tidquals);
			return true;
		case T_TidRangeScan:
			*exprs = list_make1(((const TidRangeScan *) plan)->tidrangequals);
			return true;
		case T_FunctionScan:
			*exprs = list_make1(((const FunctionScan *) plan)->functions);
			return true;
		case T_TableFuncScan:
			*exprs = list_make1(((const TableFuncScan *) plan)->tablefunc);
			return true;
		case T_ValuesScan:
			*exprs = list_make1(((const ValuesScan *) plan)->values_lists);
			return true;
		case T_ForeignScan:
			*exprs = list_make1(((const ForeignScan *) plan)->fdw_exprs);
			return true;
		case T_CustomScan:
			*exprs = list_make1(((const CustomScan *) plan)->custom_exprs);
			return true;
		case T_NestLoop:
			*exprs = list_make1(((const Join *) plan)->joinqual);
			return true;
		case T_MergeJoin:
			*exprs = list_make2(((const Join *) plan)->joinqual, ((const MergeJoin *) plan)->mergeclauses);
			return true;
		case T_HashJoin:
			*exprs = list_make2(((const Join *) plan)->joinqual, ((const HashJoin *) plan)->hashclauses);
			return true;
		case T_Memoize:
			*exprs = list_make1(((const Memoize *) plan)->param_exprs);
			return true;
		case T_WindowAgg:
			*exprs = list_make2(((const WindowAgg *) plan)->startOffset, ((const WindowAgg *) plan)->endOffset);
			return true;
		case T_Limit:
			*exprs = list_make2(((const Limit *) plan)->limitOffset, ((const Limit *) plan)->limitCount);
			return true;
		default:
			return false;
	}
}

bool
pge_node_is_volatile(const Plan *plan, Bitmapset *volatile_subplans)
{
	VolatileContext context = {.volatile_subplans = volatile_subplans};
	List	   *exprs;

	if (!other_expressions(plan, &exprs))
		return true;
	if (IsA(plan, CteScan) && bms_is_member(((const CteScan *) plan)->ctePlanId - 1, volatile_subplans))
		return true;
	exprs = lappend(exprs, plan->targetlist);
	exprs = lappend(exprs, plan->qual);
	if (contain_volatile_functions((Node *) exprs))
		return true;
	if (volatile_subplans == NULL)
		return false;
	return find_volatile_subplan((Node *) lappend(exprs, plan->initPlan), &context);
}
