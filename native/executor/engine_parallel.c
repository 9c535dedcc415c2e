/*
 * Executor, the engine's node in a parallel plan. Its chunk of the shared segment holds a descriptor for each scan that the processes share
 * (the others are done in full by each), what they need to share rows (engine_share.c), and what each worker's operators have done, for
 * EXPLAIN ANALYZE.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "storage/dsm.h"
#include "utils/memutils.h"

#include "engine_state.h"

struct PgeEngineShared
{
	dsm_handle	segment;
	Size		shares;			/* where engine_share.c's begins */
	Size		stats;			/* where PgeNodeStats begin, node after node of worker after worker; 0: none are wanted */
	int			nnodes;
	int			nworkers;
	Size		scans[FLEXIBLE_ARRAY_MEMBER];	/* by scan number; 0: not shared */
};

static void *
at(PgeEngineShared *shared, Size offset)
{
	return offset == 0 ? NULL : (char *) shared + offset;
}

static PgeNodeStats *
stats_of(PgeEngineShared *shared, int worker)
{
	return (PgeNodeStats *) at(shared, shared->stats) + worker * shared->nnodes;
}

static void
add_stats(PgeNodeStats *sum, const PgeNodeStats *more)
{
	const u64  *from = (const u64 *) more;
	u64		   *to = (u64 *) sum;
	u64			peak = Max(sum->PeakMemory, more->PeakMemory);

	for (int i = 0; i < (int) (sizeof(PgeNodeStats) / sizeof(u64)); i++)
		to[i] += from[i];
	sum->PeakMemory = peak;
}

StaticAssertDecl(sizeof(PgeNodeStats) == 20 * sizeof(u64), "all of a node's stats are sums but for its peak");

/* ---- layout ---- */

/* Where everything goes, into "shared" if there is one yet; how large it all is. */
static Size
lay_out(PgeEngine *engine, int nworkers, PgeEngineShared *shared)
{
	EState	   *estate = engine->css.ss.ps.state;
	int			nnodes = list_length(engine->lowered->nodes);
	Size		size = MAXALIGN(add_size(offsetof(PgeEngineShared, scans), mul_size(engine->nscans, sizeof(Size))));

	for (int i = 0; i < engine->nscans; i++)
	{
		bool		is_shared = engine->scans[i].plan->scan.plan.parallel_aware;

		if (shared != NULL)
			shared->scans[i] = is_shared ? size : 0;
		if (is_shared)
			size = add_size(size, MAXALIGN(table_parallelscan_estimate(engine->scans[i].rel, estate->es_snapshot)));
	}
	if (shared != NULL)
		shared->shares = size;
	size = add_size(size, pge_engine_shares_size(engine, nworkers));
	if (shared != NULL)
	{
		shared->stats = engine->css.ss.ps.instrument != NULL ? size : 0;
		shared->nnodes = nnodes;
		shared->nworkers = nworkers;
	}
	if (engine->css.ss.ps.instrument != NULL)
		size = add_size(size, mul_size(mul_size(nworkers, nnodes), sizeof(PgeNodeStats)));
	return size;
}

Size
pge_engine_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return lay_out((PgeEngine *) node, pcxt->nworkers, NULL);
}

/* ---- leader ---- */

/* The segment is going: all workers have ended. */
static void
collect_stats(dsm_segment *segment, Datum arg)
{
	PgeEngine  *engine = (PgeEngine *) DatumGetPointer(arg);

	engine->segment = NULL;
	for (int worker = 0; worker < engine->shared->nworkers; worker++)
		for (int i = 0; i < engine->shared->nnodes; i++)
			add_stats(&engine->workers[i], &stats_of(engine->shared, worker)[i]);
}

/* The node ends before the segment does. */
void
pge_engine_forget_workers(PgeEngine *engine)
{
	if (engine->segment != NULL)
		cancel_on_dsm_detach(engine->segment, collect_stats, PointerGetDatum(engine));
	engine->segment = NULL;
}

void
pge_engine_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	PgeEngine  *engine = (PgeEngine *) node;
	PgeEngineShared *shared = coordinate;

	lay_out(engine, pcxt->nworkers, shared);
	shared->segment = pcxt->seg != NULL ? dsm_segment_handle(pcxt->seg) : DSM_HANDLE_INVALID;
	engine->shared = shared;
	pge_engine_create_shares(engine, pcxt, at(shared, shared->shares));
	for (int i = 0; i < engine->nscans; i++)
	{
		PgeEngineScan *scan = &engine->scans[i];

		scan->shared = at(shared, shared->scans[i]);
		if (scan->shared == NULL)
			continue;
		table_parallelscan_initialize(scan->rel, scan->shared, node->ss.ps.state->es_snapshot);
		/* Of an earlier segment. */
		if (scan->desc != NULL)
			table_endscan(scan->desc);
		scan->desc = NULL;
	}
	if (shared->stats == 0)
		return;
	memset(at(shared, shared->stats), 0, (Size) shared->nworkers * shared->nnodes * sizeof(PgeNodeStats));
	if (engine->workers == NULL)
		engine->workers = MemoryContextAllocZero(engine->cxt, shared->nnodes * sizeof(PgeNodeStats));
	if (pcxt->seg != NULL)
	{
		engine->segment = pcxt->seg;
		on_dsm_detach(pcxt->seg, collect_stats, PointerGetDatum(engine));
	}
}

void
pge_engine_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	PgeEngine  *engine = (PgeEngine *) node;

	for (int i = 0; i < engine->nscans; i++)
		if (engine->scans[i].shared != NULL)
			table_parallelscan_reinitialize(engine->scans[i].rel, engine->scans[i].shared);
	pge_engine_restart_shares(engine);
}

/* ---- workers ---- */

void
pge_engine_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	PgeEngine  *engine = (PgeEngine *) node;
	PgeEngineShared *shared = coordinate;

	engine->shared = shared;
	for (int i = 0; i < engine->nscans; i++)
		engine->scans[i].shared = at(shared, shared->scans[i]);
	pge_engine_attach_shares(engine, shared->nworkers, shared->segment, at(shared, shared->shares));
	if (shared->stats == 0)
		return;
	engine->before = MemoryContextAlloc(engine->cxt, shared->nnodes * sizeof(PgeNodeStats));
	memcpy(engine->before, stats_of(shared, ParallelWorkerNumber), shared->nnodes * sizeof(PgeNodeStats));
}

/* A worker tells what it has done so far; the leader has nothing to tell. */
void
pge_engine_shutdown(CustomScanState *node)
{
	PgeEngine  *engine = (PgeEngine *) node;

	if (engine->before == NULL)
		return;
	for (int i = 0; i < engine->shared->nnodes; i++)
	{
		PgeNodeStats stats;

		pge_engine_stats(engine, i, &stats);
		add_stats(&stats, &engine->before[i]);
		stats_of(engine->shared, ParallelWorkerNumber)[i] = stats;
	}
}

/* What an operator has done, in all processes. */
void
pge_engine_stats(PgeEngine *engine, int node, PgeNodeStats *stats)
{
	memset(stats, 0, sizeof(PgeNodeStats));
	if (engine->handle != 0)
		PGE_CALL(EngineStats, engine->handle, node, stats);
	if (engine->workers != NULL)
		add_stats(stats, &engine->workers[node]);
}
