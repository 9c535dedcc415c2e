/*
 * Executor, the engine's host: values of parameters, and expressions that PostgreSQL evaluates row by row. Both run in the engine's node,
 * so that subqueries, initplans and parameter hooks work as in any other.
 *
 * The engine never gets a value that PostgreSQL could take away or change: by-reference results are copied, toasted, compressed and
 * expanded ones made plain.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "engine_state.h"
#include "look_ahead.h"
#include "shim/guard.h"
#include "shim/host.h"

struct PgeEngineExpr
{
	ExprState  *state;
	int			ncolumns;
	int		   *columns;		/* raw columns, in the order of the slot's */
	int16	   *lengths;		/* of their types */
	TupleTableSlot *slot;
	PgeEngineResult result;
};

/* A by-reference value in the current memory context. */
u64
pge_engine_copy(Datum value, int16 length)
{
	Size		size;
	void	   *copy;

	if (length == -1)
	{
		struct varlena *varlena = (struct varlena *) DatumGetPointer(value);

		if (VARATT_IS_EXTERNAL(varlena) || VARATT_IS_COMPRESSED(varlena))
			return (u64) PointerGetDatum(detoast_attr(varlena));
		size = VARSIZE_ANY(varlena);
	}
	else
		size = length == -2 ? strlen(DatumGetCString(value)) + 1 : length;
	copy = palloc(size);
	memcpy(copy, DatumGetPointer(value), size);
	return (u64) PointerGetDatum(copy);
}

/* Where results of a type are kept. */
void
pge_engine_result(PgeEngine *engine, Oid type, PgeEngineResult *result)
{
	get_typlenbyval(type, &result->length, &result->by_value);
	if (!result->by_value)
		result->values = GenerationContextCreate(engine->cxt, "engine results", ALLOCSET_DEFAULT_SIZES);
}

/* ---- parameters ---- */

/* The value lives until the next run. Asking for it runs an initplan that it comes from, if that has not been run yet. */
PgeStatus
pge_host_param_value(ptr host, i32 number, u64 *value, u8 *null)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	Param	   *param = list_nth_node(Param, engine->lowered->params, number);
	ExprContext *econtext = engine->css.ss.ps.ps_ExprContext;
	MemoryContext old = MemoryContextSwitchTo(engine->css.ss.ps.state->es_query_cxt);
	int16		length;
	bool		by_value;
	bool		isnull;
	Datum		datum;

	if (engine->params[number] == NULL)
		engine->params[number] = ExecInitExpr((Expr *) param, &engine->css.ss.ps);
	datum = ExecEvalExprSwitchContext(engine->params[number], econtext, &isnull);
	get_typlenbyval(param->paramtype, &length, &by_value);
	MemoryContextSwitchTo(engine->param_cxt);
	*null = isnull;
	*value = isnull ? 0 : pge_engine_lane(datum, by_value, length);
	MemoryContextSwitchTo(old);
	ResetExprContext(econtext);
	PGE_GUARD_END;
}

/* Rows that are read ahead of a nested loop that this node is the inner side of; it has one scan then (planner/look_ahead.c). */
PgeStatus
pge_host_scan_ahead(ptr host, i32 number, u64 *first, u64 **values, i32 *count)
{
	PGE_GUARD;
	const CustomScanState *node = &((PgeEngine *) host)->css;
	const CustomScan *plan = (const CustomScan *) node->ss.ps.plan;

	*count = 0;
	if (list_length(plan->custom_private) > 1)
	{
		int			param = intVal(lsecond(plan->custom_private));
		const PgeComing *coming = (const PgeComing *) DatumGetPointer(node->ss.ps.state->es_param_exec_vals[param].value);

		*first = coming->first;
		*values = coming->values;
		*count = coming->count;
	}
	PGE_GUARD_END;
}

/* ---- expressions ---- */

static bool
describe_column(Node *node, TupleDesc desc)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno == OUTER_VAR)
	{
		Var		   *var = (Var *) node;

		TupleDescInitEntry(desc, var->varattno, NULL, var->vartype, var->vartypmod, 0);
		TupleDescInitEntryCollation(desc, var->varattno, var->varcollid);
		return false;
	}
	return expression_tree_walker(node, describe_column, desc);
}

static PgeEngineExpr *
prepare_expression(PgeEngine *engine, int id)
{
	EState	   *estate = engine->css.ss.ps.state;
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	PgeEngineExpr *prepared = palloc0(sizeof(PgeEngineExpr));
	int			columns[MaxTupleAttributeNumber];
	Expr	   *expr = pge_lowered_over_columns(&engine->lowered->exprs[id], columns, &prepared->ncolumns);
	TupleDesc	desc = CreateTemplateTupleDesc(prepared->ncolumns);

	describe_column((Node *) expr, desc);
	prepared->columns = palloc_array(int, prepared->ncolumns);
	prepared->lengths = palloc_array(int16, prepared->ncolumns);
	for (int i = 0; i < prepared->ncolumns; i++)
	{
		if (!OidIsValid(TupleDescAttr(desc, i)->atttypid))
			elog(ERROR, "column %d of an engine's expression is not used in it", i);
		prepared->columns[i] = columns[i];
		prepared->lengths[i] = TupleDescAttr(desc, i)->attlen;
	}
	prepared->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	pge_engine_result(engine, exprType((Node *) expr), &prepared->result);
	prepared->state = ExecInitExpr(expr, &engine->css.ss.ps);
	engine->exprs[id] = prepared;
	MemoryContextSwitchTo(old);
	return prepared;
}

static bool
contains_subplan(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		return true;
	return expression_tree_walker(node, contains_subplan, context);
}

/*
 * Expressions with subqueries are prepared when the node starts: only so do EXPLAIN, parallel query and rescans know of their plans. The
 * others are when the engine asks for them, if it does.
 */
void
pge_engine_begin_values(PgeEngine *engine)
{
	engine->param_cxt = AllocSetContextCreate(engine->cxt, "engine parameters", ALLOCSET_SMALL_SIZES);
	engine->params = palloc0_array(ExprState *, list_length(engine->lowered->params));
	engine->exprs = palloc0_array(PgeEngineExpr *, engine->lowered->nexprs);
	/* An aggregate's arguments are expressions of their own. */
	for (int i = 0; i < engine->lowered->nexprs; i++)
		if (engine->lowered->exprs[i].kind == PgeExpressionKind_Subquery ||
			(engine->lowered->exprs[i].kind == PgeExpressionKind_Other && !IsA(engine->lowered->exprs[i].expr, Aggref) &&
			 contains_subplan((Node *) engine->lowered->exprs[i].expr, NULL)))
			prepare_expression(engine, i);
}

PgeStatus
pge_host_prepare_expression(ptr host, i32 id, i32 *columns, i32 *ncolumns)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineExpr *prepared = engine->exprs[id] != NULL ? engine->exprs[id] : prepare_expression(engine, id);

	for (int i = 0; i < prepared->ncolumns; i++)
		columns[i] = prepared->columns[i];
	*ncolumns = prepared->ncolumns;
	PGE_GUARD_END;
}

static void
evaluate_row(PgeEngineExpr *expr, ExprContext *econtext, u64 **values, u8 **nulls, int row, u64 *result, u8 *result_null)
{
	TupleTableSlot *slot = expr->slot;
	bool		isnull;
	Datum		datum;

	ExecClearTuple(slot);
	for (int i = 0; i < expr->ncolumns; i++)
	{
		slot->tts_isnull[i] = nulls[i] != NULL && nulls[i][row] != 0;
		slot->tts_values[i] = (Datum) values[i][row];
	}
	ExecStoreVirtualTuple(slot);
	ResetExprContext(econtext);
	datum = ExecEvalExprSwitchContext(expr->state, econtext, &isnull);
	*result_null = isnull;
	*result = isnull ? 0 : pge_engine_lane(datum, expr->result.by_value, expr->result.length);
}

PgeStatus
pge_host_evaluate_rows(ptr host, i32 id, u64 **values, u8 **nulls, u16 *rows, i32 count, u64 *results, u8 *result_nulls)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineExpr *expr = engine->exprs[id];
	ExprContext *econtext = engine->css.ss.ps.ps_ExprContext;
	MemoryContext old = CurrentMemoryContext;

	if (expr->result.values != NULL)
	{
		MemoryContextReset(expr->result.values);
		MemoryContextSwitchTo(expr->result.values);
	}
	econtext->ecxt_outertuple = expr->slot;
	for (int i = 0; i < count; i++)
	{
		int			row = rows != NULL ? rows[i] : i;

		CHECK_FOR_INTERRUPTS();
		evaluate_row(expr, econtext, values, nulls, row, &results[row], &result_nulls[row]);
	}
	ResetExprContext(econtext);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}
