/*
 * Executor: the engine's plan node, as PostgreSQL's executor sees it. Runs a lowered subtree on the managed engine and gives out its
 * batches row by row.
 *
 * Nothing managed starts before the first row is asked for. Who computes what is the lowered program's business; what it asks of PostgreSQL
 * on the way is in engine_rows.c (sources and scans), engine_values.c (parameters, expressions), engine_calls.c and engine_files.c.
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "engine_state.h"
#include "tableam/column.h"

static const CustomExecMethods exec_methods;

static Node *
create_state(CustomScan *plan)
{
	PgeEngine  *engine = palloc0(sizeof(PgeEngine));

	NodeSetTag(engine, T_CustomScanState);
	engine->css.methods = &exec_methods;
	return (Node *) engine;
}

static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	PgeEngine  *engine = (PgeEngine *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;

	if (node->ss.ps.ps_ProjInfo != NULL || plan->scan.plan.qual != NIL)
		elog(ERROR, "an engine node must neither filter nor project");
	engine->cxt = AllocSetContextCreate(estate->es_query_cxt, "engine node", ALLOCSET_DEFAULT_SIZES);
	engine->scratch = AllocSetContextCreate(engine->cxt, "engine scratch", ALLOCSET_DEFAULT_SIZES);
	foreach_ptr(Plan, source, plan->custom_plans)
		node->custom_ps = lappend(node->custom_ps, ExecInitNode(source, estate, eflags));
	engine->lowered = pge_lower(plan, estate);
	pge_engine_check_rights(engine->lowered);
	pge_engine_begin_rows(engine, eflags);
	pge_engine_begin_values(engine);
}

static void
start_engine(PgeEngine *engine)
{
	Instrumentation *instrument = engine->css.ss.ps.instrument;
	PgeEngineOptions options = {
		.Host = (ptr) engine,
		.SortMemory = (u64) work_mem * 1024,
		.HashMemory = get_hash_memory_limit(),
		.Exact = pge_vector_exact,
		.Timing = instrument != NULL && instrument->need_timer,
	};
	u64			handle;

	PGE_CALL(EngineCreate, engine->cxt, &options, engine->lowered->words, engine->lowered->nwords, &handle);
	pge_own_handle(engine->cxt, handle);
	engine->handle = handle;
}

static bool
next_batch(PgeEngine *engine)
{
	ErrorContextCallback damage = {error_context_stack, pge_reader_damage_context, NULL};

	error_context_stack = &damage;
	if (engine->handle == 0)
		start_engine(engine);
	engine->next = 0;
	engine->batch.Rows = 0;
	PGE_CALL(EngineNext, engine->handle, &engine->batch);
	error_context_stack = damage.previous;
	return engine->batch.Rows > 0;
}

static TupleTableSlot *
exec(CustomScanState *node)
{
	PgeEngine  *engine = (PgeEngine *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const PgeBatch *batch = &engine->batch;
	int			row;

	ExecClearTuple(slot);
	if (engine->next >= batch->Rows && !next_batch(engine))
		return slot;
	row = engine->next++;
	for (int i = 0; i < batch->Columns; i++)
	{
		slot->tts_values[i] = (Datum) batch->Values[i][row];
		slot->tts_isnull[i] = batch->Nulls[i] != NULL && batch->Nulls[i][row] != 0;
	}
	return ExecStoreVirtualTuple(slot);
}

static void
rescan(CustomScanState *node)
{
	PgeEngine  *engine = (PgeEngine *) node;

	foreach_ptr(PlanState, source, node->custom_ps)
	{
		if (node->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(source, node->ss.ps.chgParam);
		/* Else it is rescanned when it is asked for a row. */
		if (source->chgParam == NULL)
			ExecReScan(source);
	}
	pge_engine_rescan_rows(engine);
	MemoryContextReset(engine->param_cxt);
	engine->next = 0;
	engine->batch.Rows = 0;
	if (engine->handle != 0)
		PGE_CALL(EngineRescan, engine->handle);
}

static void
end(CustomScanState *node)
{
	PgeEngine  *engine = (PgeEngine *) node;

	pge_engine_forget_workers(engine);
	pge_engine_close_files(engine);
	pge_engine_end_rows(engine);
	foreach_ptr(PlanState, source, node->custom_ps)
		ExecEndNode(source);
	MemoryContextDelete(engine->cxt);
}

const CustomScanMethods pge_engine_methods = {
	.CustomName = PGE_ENGINE_NAME,
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = PGE_ENGINE_NAME,
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = pge_engine_estimate_dsm,
	.InitializeDSMCustomScan = pge_engine_initialize_dsm,
	.ReInitializeDSMCustomScan = pge_engine_reinitialize_dsm,
	.InitializeWorkerCustomScan = pge_engine_initialize_worker,
	.ShutdownCustomScan = pge_engine_shutdown,
	.ExplainCustomScan = pge_engine_explain,
};
