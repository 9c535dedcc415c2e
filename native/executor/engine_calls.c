/*
 * Executor, the engine's host: PostgreSQL's functions called directly, for each row or each pair of rows, where an expression is a call of
 * one, and where rows are sorted or hashed by a type that the engine does not know.
 */
#include "postgres.h"

#include "access/hash.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "engine_state.h"
#include "lower.h"
#include "shim/guard.h"
#include "shim/host.h"

struct PgeEngineCall
{
	FmgrInfo	function;
	FunctionCallInfo info;
	bool		tracked;		/* by pg_stat_user_functions */
	PgeEngineResult result;
};

/* ---- rights ---- */

/* All that a plan node of the engine's evaluates. */
List *
pge_engine_expressions(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_HashJoin:
			return list_make4(plan->targetlist, plan->qual,
							  ((const HashJoin *) plan)->join.joinqual, ((const HashJoin *) plan)->hashclauses);
		case T_Limit:
			return list_make4(plan->targetlist, plan->qual, ((const Limit *) plan)->limitOffset, ((const Limit *) plan)->limitCount);
		case T_WindowAgg:
			return list_make5(plan->targetlist, plan->qual, ((const WindowAgg *) plan)->runCondition,
							  ((const WindowAgg *) plan)->startOffset, ((const WindowAgg *) plan)->endOffset);
		default:
			return list_make2(plan->targetlist, plan->qual);
	}
}

/* The role's right to call a function or aggregate, checked as PostgreSQL's executor does when it sets up what calls it. */
void
pge_engine_check_right(Oid function, Oid role, ObjectType type)
{
	AclResult	right = object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE);

	if (right != ACLCHECK_OK)
		aclcheck_error(right, type, get_func_name(function));
	InvokeFunctionExecuteHook(function);
}

static void
check_function(Oid function)
{
	pge_engine_check_right(function, GetUserId(), OBJECT_FUNCTION);
}

/* Those functions that PostgreSQL would ask the right to when it sets up the expression. */
static bool
check_functions(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			check_function(((FuncExpr *) node)->funcid);
			break;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			check_function(((OpExpr *) node)->opfuncid);
			break;
		case T_ScalarArrayOpExpr:
			check_function(((ScalarArrayOpExpr *) node)->opfuncid);
			break;
		case T_Aggref:
			pge_engine_check_right(((Aggref *) node)->aggfnoid, GetUserId(), OBJECT_AGGREGATE);
			break;
		case T_WindowFunc:
			check_function(((WindowFunc *) node)->winfnoid);
			break;
		default:
			break;
	}
	return expression_tree_walker(node, check_functions, context);
}

static void
check_operators(int n, const Oid *operators)
{
	for (int i = 0; i < n; i++)
		check_function(get_opcode(operators[i]));
}

/* The engine has kernels of its own for many functions; who may not call a function gets PostgreSQL's error all the same. */
void
pge_engine_check_rights(PgeLowered *lowered)
{
	foreach_ptr(Plan, plan, lowered->nodes)
	{
		check_functions((Node *) pge_engine_expressions(plan), NULL);
		if (IsA(plan, Agg))
		{
			foreach_node(Agg, phase, pge_agg_phases((Agg *) plan))
				check_operators(phase->numCols, phase->grpOperators);
		}
		if (IsA(plan, WindowAgg))
		{
			check_operators(((WindowAgg *) plan)->partNumCols, ((WindowAgg *) plan)->partOperators);
			check_operators(((WindowAgg *) plan)->ordNumCols, ((WindowAgg *) plan)->ordOperators);
		}
	}
}

/* ---- functions ---- */

PgeStatus
pge_host_prepare_call(ptr host, u32 function, u32 collation, i32 expression, i32 *number)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	MemoryContext old = MemoryContextSwitchTo(engine->cxt);
	Node	   *node = expression >= 0 ? (Node *) engine->lowered->exprs[expression].expr : NULL;
	PgeEngineCall *call = palloc0(sizeof(PgeEngineCall));
	Oid			type;
	int			nargs;

	/* The extension's own functions have other numbers; only calls name them. */
	if (function <= PGE_LAST_OWN_FUNCTION)
		function = IsA(node, OpExpr) ? ((OpExpr *) node)->opfuncid : castNode(FuncExpr, node)->funcid;
	fmgr_info_cxt(function, &call->function, engine->cxt);
	if (node != NULL)
		fmgr_info_set_expr(node, &call->function);
	/* A declaration may be polymorphic, and a call may have more arguments than it. */
	nargs = node != NULL && IsA(node, FuncExpr) ? list_length(((FuncExpr *) node)->args) : call->function.fn_nargs;
	if (node != NULL && (IsA(node, FuncExpr) || IsA(node, OpExpr)))
		type = exprType(node);
	else
		type = get_func_rettype(function);
	call->info = palloc0(SizeForFunctionCallInfo(nargs));
	InitFunctionCallInfoData(*call->info, &call->function, nargs, collation, NULL, NULL);
	call->tracked = pgstat_track_functions > call->function.fn_stats;
	pge_engine_result(engine, type, &call->result);
	*number = list_length(engine->calls);
	engine->calls = lappend(engine->calls, call);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

static Datum
call_function(PgeEngineCall *call)
{
	PgStat_FunctionCallUsage usage;
	Datum		datum;

	if (likely(!call->tracked))
		return FunctionCallInvoke(call->info);
	pgstat_init_function_usage(call->info, &usage);
	datum = FunctionCallInvoke(call->info);
	pgstat_end_function_usage(&usage, true);
	return datum;
}

static void
call_row(PgeEngineCall *call, MemoryContext scratch, u64 **values, u8 **nulls, int row, u64 *result, u8 *result_null)
{
	FunctionCallInfo info = call->info;
	Datum		datum;

	for (int i = 0; i < info->nargs; i++)
	{
		info->args[i].value = (Datum) values[i][row];
		info->args[i].isnull = nulls[i] != NULL && nulls[i][row] != 0;
	}
	info->isnull = false;
	MemoryContextReset(scratch);
	MemoryContextSwitchTo(scratch);
	datum = call_function(call);
	*result_null = info->isnull;
	if (call->result.values != NULL)
		MemoryContextSwitchTo(call->result.values);
	*result = info->isnull ? 0 : pge_engine_lane(datum, call->result.by_value, call->result.length);
}

PgeStatus
pge_host_call_rows(ptr host, i32 number, u64 **values, u8 **nulls, u16 *rows, i32 count, u64 *results, u8 *result_nulls)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineCall *call = list_nth(engine->calls, number);
	MemoryContext scratch = engine->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory;
	MemoryContext old = CurrentMemoryContext;

	if (call->result.values != NULL)
		MemoryContextReset(call->result.values);
	for (int i = 0; i < count; i++)
	{
		int			row = rows != NULL ? rows[i] : i;

		CHECK_FOR_INTERRUPTS();
		call_row(call, scratch, values, nulls, row, &results[row], &result_nulls[row]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(scratch);
	PGE_GUARD_END;
}

/* ---- orders and hashes ---- */

PgeStatus
pge_host_prepare_order(ptr host, u32 operator_id, u32 collation, i32 *comparer)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	MemoryContext old = MemoryContextSwitchTo(engine->cxt);
	SortSupport order = palloc0(sizeof(SortSupportData));

	order->ssup_cxt = engine->cxt;
	order->ssup_collation = collation;
	PrepareSortSupportFromOrderingOp(operator_id, order);
	*comparer = list_length(engine->orders);
	engine->orders = lappend(engine->orders, order);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

/* Below 0 where the left one comes first by the operator. */
PgeStatus
pge_host_compare_rows(ptr host, i32 comparer, u64 *left, u64 *right, i32 count, i32 *results)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	SortSupport order = list_nth(engine->orders, comparer);
	MemoryContext old = MemoryContextSwitchTo(engine->scratch);

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		results[i] = ApplySortComparator((Datum) left[i], false, (Datum) right[i], false, order);
		MemoryContextReset(engine->scratch);
	}
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

PgeStatus
pge_host_hash_rows(ptr host, u32 type, u32 collation, u64 *values, u8 *nulls, i32 count, u64 *hashes)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	MemoryContext old = MemoryContextSwitchTo(engine->scratch);

	if (!OidIsValid(entry->hash_extended_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an extended hash function for type %s", format_type_be(type))));
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls != NULL && nulls[i])
			hashes[i] = 0;
		else
			hashes[i] = DatumGetUInt64(FunctionCall2Coll(&entry->hash_extended_proc_finfo, collation, (Datum) values[i],
														 Int64GetDatum(0)));
		MemoryContextReset(engine->scratch);
	}
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}
