/*
 * Planner: a plan node as EXPLAIN calls it, for notices.
 */
#include "postgres.h"

#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "vectorize.h"

static const char *
kind_name(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Result:
			return "Result";
		case T_ProjectSet:
			return "ProjectSet";
		case T_ModifyTable:
			return "ModifyTable";
		case T_Append:
			return "Append";
		case T_MergeAppend:
			return "Merge Append";
		case T_RecursiveUnion:
			return "Recursive Union";
		case T_SeqScan:
			return "Seq Scan";
		case T_SampleScan:
			return "Sample Scan";
		case T_IndexScan:
			return "Index Scan";
		case T_IndexOnlyScan:
			return "Index Only Scan";
		case T_BitmapHeapScan:
			return "Bitmap Heap Scan";
		case T_TidScan:
			return "Tid Scan";
		case T_TidRangeScan:
			return "Tid Range Scan";
		case T_SubqueryScan:
			return "Subquery Scan";
		case T_CustomScan:
			return "Custom Scan";
		case T_NestLoop:
			return "Nested Loop";
		case T_MergeJoin:
			return "Merge Join";
		case T_HashJoin:
			return "Hash Join";
		case T_Memoize:
			return "Memoize";
		case T_Sort:
			return "Sort";
		case T_IncrementalSort:
			return "Incremental Sort";
		case T_Group:
			return "Group";
		case T_Agg:
			return "Aggregate";
		case T_WindowAgg:
			return "WindowAgg";
		case T_Unique:
			return "Unique";
		case T_SetOp:
			return "SetOp";
		case T_LockRows:
			return "LockRows";
		case T_Limit:
			return "Limit";
		default:
			return "plan node";
	}
}

/* The table, or what the statement calls it, or both. */
static const char *
scanned_name(const PlannedStmt *statement, const Plan *plan)
{
	const RangeTblEntry *rte = rt_fetch(((const Scan *) plan)->scanrelid, statement->rtable);
	const char *alias = rte->eref->aliasname;
	const char *name = rte->rtekind == RTE_RELATION ? get_rel_name(rte->relid) : NULL;

	if (name == NULL || strcmp(name, alias) == 0)
		return alias;
	return psprintf("%s %s", name, alias);
}

const char *
pge_node_name(const PlannedStmt *statement, const Plan *plan)
{
	if (pge_scans_table(plan) || IsA(plan, SubqueryScan))
		return psprintf("%s on %s", kind_name(plan), scanned_name(statement, plan));
	return kind_name(plan);
}
