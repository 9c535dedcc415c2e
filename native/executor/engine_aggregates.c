/*
 * Executor, the engine's host: aggregates that the engine has no kernel for, by PostgreSQL's own transition and final functions. What is
 * done to a state follows nodeAgg.c; rows come filtered and in the order that they are to be taken in, and DISTINCT has been applied.
 *
 * An aggregate's functions ask the node that calls them for memory and for their Aggref (AggCheckCallContext and its kin). They get an
 * AggState that is good for nothing else.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "executor/execExpr.h"
#include "executor/nodeAgg.h"
#include "miscadmin.h"
#include "parser/parse_agg.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "engine_state.h"
#include "shim/guard.h"
#include "shim/host.h"

struct PgeEngineAggregate
{
	AggState   *node;			/* what the functions see */
	AggStatePerAggData agg;
	AggStatePerTransData trans;
	int			ndirect;
	PgeEngineAggregate *states;	/* whose states serve it: its own, most times */
	AggStatePerGroupData *groups;
	uint32		ngroups;		/* that have begun */
	uint32		room;
	PgeEngineResult result;
};

/* ---- setting up ---- */

static Oid
owner_of(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
set_initial_value(AggStatePerTrans trans, HeapTuple tuple, Oid type)
{
	Datum		initial = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &trans->initValueIsNull);
	Oid			input;
	Oid			io_param;

	if (trans->initValueIsNull)
		return;
	getTypeInputInfo(type, &input, &io_param);
	trans->initValue = OidInputFunctionCall(input, TextDatumGetCString(initial), io_param, -1);
}

static FunctionCallInfo
make_call(PgeEngineAggregate *aggregate, FmgrInfo *function, int nargs)
{
	FunctionCallInfo info = palloc0(SizeForFunctionCallInfo(nargs));

	InitFunctionCallInfoData(*info, function, nargs, aggregate->trans.aggCollation, (Node *) aggregate->node, NULL);
	return info;
}

static void
set_transition(PgeEngineAggregate *aggregate, Form_pg_aggregate form, Oid *types, int ntypes)
{
	AggStatePerTrans trans = &aggregate->trans;
	Aggref	   *aggref = trans->aggref;
	Expr	   *expr;

	trans->transfn_oid = form->aggtransfn;
	/* An ordered-set aggregate takes in all that it is ordered by. */
	trans->numTransInputs = AGGKIND_IS_ORDERED_SET(form->aggkind) ? list_length(aggref->args) : ntypes;
	build_aggregate_transfn_expr(types, ntypes, aggregate->ndirect, aggref->aggvariadic, aggref->aggtranstype, aggref->inputcollid,
								 form->aggtransfn, InvalidOid, &expr, NULL);
	fmgr_info(form->aggtransfn, &trans->transfn);
	fmgr_info_set_expr((Node *) expr, &trans->transfn);
	trans->transfn_fcinfo = make_call(aggregate, &trans->transfn, trans->numTransInputs + 1);
	get_typlenbyval(aggref->aggtranstype, &trans->transtypeLen, &trans->transtypeByVal);

	/* The first value becomes the state where there is none, so its type must be the state's. */
	if (trans->transfn.fn_strict && trans->initValueIsNull &&
		(ntypes <= aggregate->ndirect || !IsBinaryCoercible(types[aggregate->ndirect], aggref->aggtranstype)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("aggregate %u needs to have compatible input type and transition type", aggref->aggfnoid)));
}

/* What makes a result of a state: the final function, or in a partial aggregation what serialises a state. */
static void
set_result(PgeEngineAggregate *aggregate, Form_pg_aggregate form, Oid *types, int ntypes)
{
	AggStatePerAgg agg = &aggregate->agg;
	AggStatePerTrans trans = &aggregate->trans;
	const Aggref *aggref = agg->aggref;
	Expr	   *expr;

	agg->numFinalArgs = (form->aggfinalextra ? ntypes : aggregate->ndirect) + 1;
	if (DO_AGGSPLIT_SKIPFINAL(aggref->aggsplit))
	{
		if (aggref->aggtranstype != INTERNALOID || !DO_AGGSPLIT_SERIALIZE(aggref->aggsplit))
			return;
		if (!OidIsValid(form->aggserialfn))
			elog(ERROR, "serialfunc not provided for serialization aggregation");
		trans->serialfn_oid = form->aggserialfn;
		build_aggregate_serialfn_expr(form->aggserialfn, &expr);
		fmgr_info(form->aggserialfn, &trans->serialfn);
		fmgr_info_set_expr((Node *) expr, &trans->serialfn);
		trans->serialfn_fcinfo = make_call(aggregate, &trans->serialfn, 1);
		trans->serialfn_fcinfo->fncollation = InvalidOid;
		return;
	}
	agg->finalfn_oid = form->aggfinalfn;
	if (!OidIsValid(form->aggfinalfn))
		return;
	build_aggregate_finalfn_expr(types, agg->numFinalArgs, aggref->aggtranstype, aggref->aggtype, aggref->inputcollid, form->aggfinalfn,
								 &expr);
	fmgr_info(form->aggfinalfn, &agg->finalfn);
	fmgr_info_set_expr((Node *) expr, &agg->finalfn);
}

/* Functions live as long as the query: some keep expression contexts of their own, which it frees. */
static PgeEngineAggregate *
prepare_aggregate(PgeEngine *engine, Aggref *aggref)
{
	EState	   *estate = engine->css.ss.ps.state;
	PgeEngineAggregate *aggregate = palloc0_object(PgeEngineAggregate);
	AggState   *node = makeNode(AggState);
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	Oid			owner = owner_of(aggref->aggfnoid);
	Form_pg_aggregate form;
	Oid			types[FUNC_MAX_ARGS];
	int			ntypes = get_aggregate_argtypes(aggref, types);

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	node->ss.ps.state = estate;
	node->ss.ps.ps_ExprContext = engine->css.ss.ps.ps_ExprContext;
	node->aggsplit = aggref->aggsplit;
	node->curaggcontext = CreateExprContext(estate);
	node->tmpcontext = CreateExprContext(estate);
	node->peragg = &aggregate->agg;
	node->pertrans = &aggregate->trans;
	node->numaggs = node->numtrans = 1;
	aggregate->node = node;
	aggregate->states = aggregate;
	aggregate->ndirect = list_length(aggref->aggdirectargs);
	aggregate->agg.aggref = aggregate->trans.aggref = aggref;
	aggregate->trans.aggCollation = aggref->inputcollid;
	set_initial_value(&aggregate->trans, tuple, aggref->aggtranstype);
	set_transition(aggregate, form, types, ntypes);
	set_result(aggregate, form, types, ntypes);
	pge_engine_check_right(aggregate->trans.transfn_oid, owner, OBJECT_FUNCTION);
	if (OidIsValid(aggregate->agg.finalfn_oid))
		pge_engine_check_right(aggregate->agg.finalfn_oid, owner, OBJECT_FUNCTION);
	if (OidIsValid(aggregate->trans.serialfn_oid))
		pge_engine_check_right(aggregate->trans.serialfn_oid, owner, OBJECT_FUNCTION);
	ReleaseSysCache(tuple);
	pge_engine_result(engine, aggref->aggtype, &aggregate->result);
	get_typlenbyval(aggref->aggtype, &aggregate->agg.resulttypeLen, &aggregate->agg.resulttypeByVal);
	return aggregate;
}

PgeStatus
pge_host_prepare_aggregate(ptr host, i32 id, i32 shared, i32 *number)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	MemoryContext old = MemoryContextSwitchTo(engine->css.ss.ps.state->es_query_cxt);

	PgeEngineAggregate *aggregate = prepare_aggregate(engine, castNode(Aggref, engine->lowered->exprs[id].expr));

	if (shared >= 0)
	{
		/* Final functions must not spoil the state for each other. */
		aggregate->states = list_nth(engine->aggregates, shared);
		aggregate->trans.aggshared = aggregate->states->trans.aggshared = true;
	}
	*number = list_length(engine->aggregates);
	engine->aggregates = lappend(engine->aggregates, aggregate);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

/* ---- states ---- */

static MemoryContext
state_context(const PgeEngineAggregate *aggregate)
{
	return aggregate->node->curaggcontext->ecxt_per_tuple_memory;
}

static void
begin_group(PgeEngineAggregate *aggregate, AggStatePerGroup group)
{
	AggStatePerTrans trans = &aggregate->trans;

	group->transValue = trans->initValue;
	if (!trans->initValueIsNull && !trans->transtypeByVal)
	{
		MemoryContext old = MemoryContextSwitchTo(state_context(aggregate));

		group->transValue = datumCopy(trans->initValue, false, trans->transtypeLen);
		MemoryContextSwitchTo(old);
	}
	group->transValueIsNull = group->noTransValue = trans->initValueIsNull;
}

static AggStatePerGroup
state_of(PgeEngineAggregate *aggregate, uint32 number)
{
	if (number >= aggregate->room)
	{
		uint32		room = Max(pg_nextpower2_32(number + 1), 64);
		Size		size = (Size) room * sizeof(AggStatePerGroupData);

		aggregate->groups = aggregate->groups == NULL ? MemoryContextAllocHuge(state_context(aggregate), size) :
			repalloc_huge(aggregate->groups, size);
		aggregate->room = room;
	}
	for (; aggregate->ngroups <= number; aggregate->ngroups++)
		begin_group(aggregate, &aggregate->groups[aggregate->ngroups]);
	return &aggregate->groups[number];
}

/* advance_transition_function(), but for the arguments, which are where it expects them. */
static void
advance(PgeEngineAggregate *aggregate, AggStatePerGroup group)
{
	AggState   *node = aggregate->node;
	AggStatePerTrans trans = &aggregate->trans;
	FunctionCallInfo info = trans->transfn_fcinfo;
	Datum		value;

	if (trans->transfn.fn_strict)
	{
		for (int i = 1; i <= trans->numTransInputs; i++)
			if (info->args[i].isnull)
				return;
		if (group->noTransValue)
		{
			MemoryContext old = MemoryContextSwitchTo(state_context(aggregate));

			group->transValue = datumCopy(info->args[1].value, trans->transtypeByVal, trans->transtypeLen);
			group->transValueIsNull = group->noTransValue = false;
			MemoryContextSwitchTo(old);
			return;
		}
		if (group->transValueIsNull)
			return;
	}
	node->curpertrans = trans;
	info->args[0].value = group->transValue;
	info->args[0].isnull = group->transValueIsNull;
	info->isnull = false;
	value = FunctionCallInvoke(info);
	node->curpertrans = NULL;
	if (!trans->transtypeByVal && DatumGetPointer(value) != DatumGetPointer(group->transValue))
	{
		MemoryContext old = CurrentMemoryContext;

		/*
		 * It leaves the states' context as the current one. Were functions called there, expanded objects that they return would be taken
		 * for states that they own.
		 */
		value = ExecAggCopyTransValue(node, trans, value, info->isnull, group->transValue, group->transValueIsNull);
		MemoryContextSwitchTo(old);
	}
	group->transValue = value;
	group->transValueIsNull = info->isnull;
}

PgeStatus
pge_host_aggregate_add(ptr host, i32 number, u32 *groups, u64 **values, u8 **nulls, i32 count, u64 *bytes)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineAggregate *aggregate = list_nth(engine->aggregates, number);
	FunctionCallInfo info = aggregate->trans.transfn_fcinfo;
	MemoryContext scratch = aggregate->node->tmpcontext->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(scratch);

	for (int row = 0; row < count; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < aggregate->trans.numTransInputs; i++)
		{
			info->args[i + 1].value = (Datum) values[i][row];
			info->args[i + 1].isnull = nulls[i] != NULL && nulls[i][row] != 0;
		}
		advance(aggregate, state_of(aggregate, groups != NULL ? groups[row] : 0));
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	*bytes = MemoryContextMemAllocated(state_context(aggregate), true);
	PGE_GUARD_END;
}

/* finalize_aggregate(), likewise; direct arguments have been evaluated. */
static Datum
final_value(PgeEngineAggregate *aggregate, AggStatePerGroup group, u64 **direct, u8 **direct_nulls, int row, bool *isnull)
{
	LOCAL_FCINFO(info, FUNC_MAX_ARGS);
	AggState   *node = aggregate->node;
	AggStatePerAgg agg = &aggregate->agg;
	bool		anynull = group->transValueIsNull;
	Datum		result;

	InitFunctionCallInfoData(*info, &agg->finalfn, agg->numFinalArgs, aggregate->trans.aggCollation, (Node *) node, NULL);
	info->args[0].value = MakeExpandedObjectReadOnly(group->transValue, group->transValueIsNull, aggregate->trans.transtypeLen);
	info->args[0].isnull = group->transValueIsNull;
	for (int i = 0; i < agg->numFinalArgs - 1; i++)
	{
		bool		is_given = i < aggregate->ndirect;

		info->args[i + 1].value = is_given ? (Datum) direct[i][row] : (Datum) 0;
		info->args[i + 1].isnull = !is_given || (direct_nulls[i] != NULL && direct_nulls[i][row] != 0);
		anynull |= info->args[i + 1].isnull;
	}
	*isnull = true;
	if (agg->finalfn.fn_strict && anynull)
		return (Datum) 0;
	node->curperagg = agg;
	result = FunctionCallInvoke(info);
	node->curperagg = NULL;
	*isnull = info->isnull;
	return result;
}

/* finalize_partialaggregate(), where states are serialised. */
static Datum
serial_value(PgeEngineAggregate *aggregate, AggStatePerGroup group, bool *isnull)
{
	AggStatePerTrans trans = &aggregate->trans;
	FunctionCallInfo info = trans->serialfn_fcinfo;
	Datum		result;

	*isnull = true;
	if (trans->serialfn.fn_strict && group->transValueIsNull)
		return (Datum) 0;
	info->args[0].value = MakeExpandedObjectReadOnly(group->transValue, group->transValueIsNull, trans->transtypeLen);
	info->args[0].isnull = group->transValueIsNull;
	info->isnull = false;
	result = FunctionCallInvoke(info);
	*isnull = info->isnull;
	return result;
}

PgeStatus
pge_host_aggregate_show(ptr host, i32 number, i32 *groups, i32 count, u64 **direct, u8 **direct_nulls, u64 *results, u8 *result_nulls)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineAggregate *aggregate = list_nth(engine->aggregates, number);
	PgeEngineResult *result = &aggregate->result;
	MemoryContext scratch = aggregate->node->tmpcontext->ecxt_per_tuple_memory;
	MemoryContext old = CurrentMemoryContext;

	if (result->values != NULL)
		MemoryContextReset(result->values);
	for (int row = 0; row < count; row++)
	{
		AggStatePerGroup group = state_of(aggregate->states, groups[row]);
		bool		isnull = group->transValueIsNull;
		Datum		value = group->transValue;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(scratch);
		if (OidIsValid(aggregate->agg.finalfn_oid))
			value = final_value(aggregate, group, direct, direct_nulls, row, &isnull);
		else if (OidIsValid(aggregate->trans.serialfn_oid))
			value = serial_value(aggregate, group, &isnull);
		if (result->values != NULL)
			MemoryContextSwitchTo(result->values);
		result_nulls[row] = isnull;
		results[row] = isnull ? 0 : pge_engine_lane(value, result->by_value, result->length);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

PgeStatus
pge_host_aggregate_clear(ptr host, i32 number)
{
	PGE_GUARD;
	PgeEngineAggregate *aggregate = list_nth(((PgeEngine *) host)->aggregates, number);

	/* Whoever has asked to be told, as of tuplesorts, is told. */
	ReScanExprContext(aggregate->node->curaggcontext);
	aggregate->groups = NULL;
	aggregate->ngroups = aggregate->room = 0;
	PGE_GUARD_END;
}
