/*
 * Executor: the engine's plan node while it runs. What engine*.c share; nobody else includes it.
 *
 * Memory: what PostgreSQL's executor frees with the query (slots, expression states) is in es_query_cxt; all else is in PgeEngine.cxt,
 * which goes with the node, and owns the managed engine's handle.
 */
#ifndef PGE_ENGINE_STATE_H
#define PGE_ENGINE_STATE_H

#include "access/parallel.h"
#include "access/relscan.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "storage/barrier.h"
#include "storage/buffile.h"
#include "storage/sharedfileset.h"
#include "utils/sortsupport.h"

#include "batch_scan.h"
#include "engine.h"
#include "shim/pge.h"
#include "tableam/column_filter.h"

/* A scan of a column table that the engine does itself. */
typedef struct PgeEngineScan
{
	SeqScan    *plan;
	Relation	rel;
	TableScanDesc desc;			/* NULL until the engine asks for the first unit */
	ParallelTableScanDesc shared;	/* or NULL: this process reads all of it */
	PgeScanFilter *filter;		/* or NULL */
	const Bitmapset *columns;	/* no others are looked at */
	List	   *orders;			/* groups are best read in the order of one of these columns, see PgeLowered.scan_orders */
	TupleTableSlot *slot;		/* for rows of the delta */
	bool		row_waits;		/* the delta unit's first row is in the slot */
	bool		delta_done;		/* the delta unit has given its last row; heap would begin anew */
	MemoryContext values;		/* by-reference values of the delta's rows in hand */
} PgeEngineScan;

/* A plan node below that PostgreSQL runs. */
typedef struct PgeEngineSource
{
	PlanState  *node;
	bool		is_subquery;	/* of an expression: told of by nobody but ourselves */
	bool		gives_batches;	/* batch_scan.h */
	bool		begun;			/* a subquery has been asked */
	bool		done;			/* it must not be asked again */
	MemoryContext values;		/* of the rows in hand */
} PgeEngineSource;

/* What a function or expression gives: where a batch of results is kept. */
typedef struct PgeEngineResult
{
	int16		length;			/* typlen */
	bool		by_value;
	MemoryContext values;		/* by reference only */
} PgeEngineResult;

typedef struct PgeEngineExpr PgeEngineExpr;
typedef struct PgeEngineCall PgeEngineCall;
typedef struct PgeEngineAggregate PgeEngineAggregate;
typedef struct PgeEngineShared PgeEngineShared;
typedef struct PgeEngineShare PgeEngineShare;

typedef struct PgeEngine
{
	CustomScanState css;		/* first: the node is its engine */
	MemoryContext cxt;
	MemoryContext scratch;		/* reset by whoever uses it */
	PgeLowered *lowered;
	PgeEngineScan *scans;
	int			nscans;
	PgeEngineSource *sources;
	int			nsources;

	u64			handle;			/* 0 until the node first runs */
	PgeBatch	batch;
	int			next;			/* row of the batch */

	ExprState **params;			/* by parameter number; NULL until asked for */
	MemoryContext param_cxt;	/* their values in this run */
	PgeEngineExpr **exprs;		/* by expression id; NULL until prepared */
	List	   *calls;			/* PgeEngineCall */
	List	   *orders;			/* SortSupport */
	List	   *aggregates;		/* PgeEngineAggregate */
	BufFile   **files;			/* NULL where closed */
	int			nfiles;
	int			space_files;

	PgeEngineShared *shared;	/* in a parallel plan's segment, or NULL */
	PgeEngineShare **shares;	/* in that segment, by share number */
	SharedFileSet *share_files;	/* likewise */
	int			nmembers;		/* processes that may take part; 0: this one is alone */
	struct dsm_segment *segment;	/* the leader's, while it waits for workers' stats */
	PgeNodeStats *before;		/* a worker: what its predecessors have done */
	PgeNodeStats *workers;		/* the leader: what they all did, by node id; NULL: nothing */
} PgeEngine;

/* engine_rows.c */
extern void pge_engine_begin_rows(PgeEngine *engine, int eflags);
extern void pge_engine_rescan_rows(PgeEngine *engine);
extern void pge_engine_end_rows(PgeEngine *engine);

/* engine_values.c */
extern void pge_engine_result(PgeEngine *engine, Oid type, PgeEngineResult *result);
extern void pge_engine_begin_values(PgeEngine *engine);

/* engine_calls.c */
extern void pge_engine_check_right(Oid function, Oid role, ObjectType type);
extern void pge_engine_check_rights(PgeLowered *lowered);
extern List *pge_engine_expressions(const Plan *plan);

/* engine_files.c */
extern int	pge_engine_free_file(PgeEngine *engine);
extern void pge_engine_close_files(PgeEngine *engine);

/* engine_share.c */
extern Size pge_engine_shares_size(const PgeEngine *engine, int nworkers);
extern void pge_engine_create_shares(PgeEngine *engine, ParallelContext *pcxt, void *space);
extern void pge_engine_restart_shares(PgeEngine *engine);
extern void pge_engine_attach_shares(PgeEngine *engine, int nworkers, dsm_handle segment, void *space);

/* engine_parallel.c */
extern Size pge_engine_estimate_dsm(CustomScanState *node, ParallelContext *pcxt);
extern void pge_engine_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate);
extern void pge_engine_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate);
extern void pge_engine_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate);
extern void pge_engine_shutdown(CustomScanState *node);
extern void pge_engine_forget_workers(PgeEngine *engine);
extern void pge_engine_stats(PgeEngine *engine, int node, PgeNodeStats *stats);

/* engine_explain.c */
extern void pge_engine_explain(CustomScanState *node, List *ancestors, ExplainState *es);

#endif							/* PGE_ENGINE_STATE_H */
