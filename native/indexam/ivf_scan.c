/*
 * epiphany_ivf: scans.
 *
 * A pass picks lists, goes through their blocks and records with a bound on what is near enough for a guessed number of rows, and looks
 * at the extended codes of what is left. Rows are then fetched from the table in the order of their lower bounds, and one is returned
 * when no other can be nearer. If more rows are asked for than the pass was good for, the next one looks into more lists for more rows,
 * and leaves out those that have been returned. So nobody needs to know the query's LIMIT, and a filter above the scan gets as many
 * rows as there are.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/tableam.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ivf_scan.h"

/* Nearest rows that a first pass looks for: who looks into more lists wants to miss less. */
#define FIRST_WANTED 16
#define WANTED_A_LIST 2
#define WANTED_GROWTH 8

/* Who wants many rows minds more that some are left out: with it one bound in a thousand is too high, not three in a hundred. */
#define LATER_CAUTION 1.6f

/*
 * In strict_order a row that is found late is left out. So no pass takes bounds lightly, and one that goes on looks into more lists for
 * the same rows.
 */
#define STRICT_PROBES_GROWTH (IVF_PROBES_GROWTH * IVF_PROBES_GROWTH)

int			pge_ivf_max_probes = 0;

typedef struct IvfReturned
{
	uint64		tid;
	char		status;
} IvfReturned;

#define SH_PREFIX returned
#define SH_ELEMENT_TYPE IvfReturned
#define SH_KEY_TYPE uint64
#define SH_KEY tid
#define SH_HASH_KEY(table, key) ((uint32) (((key) * UINT64CONST(0x9E3779B97F4A7C15)) >> 32))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline pg_attribute_unused()
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

IndexScanDesc
pge_ivf_begin_scan(Relation index, int keys, int order_bys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, keys, order_bys);
	IvfScanState *state = palloc0(sizeof(IvfScanState));

	state->type = pge_vector_index_type(index);
	state->whole = CurrentMemoryContext;
	state->search = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf search", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = state;
	if (order_bys > 0)
	{
		scan->xs_orderbyvals = palloc0(sizeof(Datum) * order_bys);
		scan->xs_orderbynulls = palloc0(sizeof(bool) * order_bys);
	}
	return scan;
}

void
pge_ivf_rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_bys, int order_by_count)
{
	IvfScanState *state = scan->opaque;

	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, sizeof(ScanKeyData) * scan->numberOfKeys);
	if (order_bys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, order_bys, sizeof(ScanKeyData) * scan->numberOfOrderBys);
	MemoryContextReset(state->search);
	state->started = false;
}

void
pge_ivf_end_scan(IndexScanDesc scan)
{
	IvfScanState *state = scan->opaque;

	if (state->rerank != NULL)
		pge_rerank_end(state->rerank);
	MemoryContextDelete(state->search);
	pfree(state);
}

static void *
allocate(Size bytes)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The query's forms; everything else starts from nothing. In the search's context. */
static void
start(IndexScanDesc scan, IvfScanState *state)
{
	PgeIvfShape *shape;
	float	   *vector;
	Datum		query = 0;

	if (scan->numberOfOrderBys == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot scan an epiphany_ivf index without an order")));
	state->index = pge_ivf_open(scan->indexRelation);
	shape = &state->index->model->Shape;
	state->no_query = (scan->orderByData[0].sk_flags & SK_ISNULL) != 0;
	vector = allocate(sizeof(float) * shape->Dimensions);
	if (!state->no_query)
	{
		query = scan->orderByData[0].sk_argument;
		/* A query without direction has NaN for a cosine distance; it is searched for as zeros. */
		pge_vector_index_floats(state->type, shape->Dimensions, query, vector);
	}
	if (state->rerank == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(state->whole);

		state->rerank = pge_rerank_begin(scan->heapRelation, scan->indexRelation, state->type);
		MemoryContextSwitchTo(old);
	}
	pge_rerank_query(state->rerank, query);

	memset(&state->scan, 0, sizeof(state->scan));
	state->scan.Model = state->index->model;
	state->scan.TestCount = scan->numberOfKeys;
	state->scan.Tests = palloc(sizeof(PgeAttributeTest) * Max(scan->numberOfKeys, 1));
	state->impossible = !pge_attribute_tests(scan->indexRelation, scan->keyData, scan->numberOfKeys, state->scan.Tests, &state->recheck);
	PGE_CALL(IvfScanPrepare, &state->scan, (void *) TYPEALIGN(64, allocate(shape->QueryBytes + 64)), vector);
	state->probes = allocate(sizeof(PgeIvfProbe) * shape->Lists);
	state->generations = allocate(sizeof(uint32) * shape->Lists);
	state->probed = allocate(sizeof(bool) * shape->Lists);
	state->scratch = allocate(sizeof(float) * 2 * (shape->Lists + 32));
	state->capacity = 0;
	state->long_block = shape->BlockBytes > IVF_AREA ? allocate(shape->BlockBytes) : NULL;
	state->lists = state->no_query ? shape->Lists : pge_ivf_choose_probes(shape->Lists);
	state->wanted = state->no_query ? 0 : FIRST_WANTED + WANTED_A_LIST * state->lists;
	state->caution = pge_vector_scan_is_strict() ? LATER_CAUTION : 1;
	state->complete = false;
	state->last = -get_float8_infinity();
	state->visited = 0;
	state->results = (PgeRowQueue)
	{
		0
	};
	state->returned = NULL;
	state->started = true;
}

static uint64
tid_number(const ItemPointerData *tid)
{
	return (uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 | ItemPointerGetOffsetNumberNoCheck(tid);
}

/* What the pass has found becomes results. */
static void
collect(IvfScanState *state)
{
	PgeIvfScan *scan = &state->scan;
	float		reach;

	PGE_CALL(IvfReach, scan, &reach);
	state->reach = reach;
	state->results.count = 0;
	state->batched = false;
	for (int i = 0; i < scan->Count; i++)
	{
		PgeIvfCandidate *candidate = &scan->Candidates[i];
		PgeQueuedRow result = {.key = candidate->Lower};

		if (candidate->Lower > scan->Threshold)
			continue;
		if (isnan(candidate->Lower))
			result.key = -get_float8_infinity();
		ItemPointerSet(&result.tid, candidate->TidBlock, candidate->TidOffset);
		if (state->returned == NULL || returned_lookup(state->returned, tid_number(&result.tid)) == NULL)
			pge_row_push(&state->results, result);
	}
}

/* One pass, over and over until nothing comes between. */
static void
search(Relation index, IvfScanState *state)
{
	PgeIvfScan *scan = &state->scan;
	MemoryContext old = MemoryContextSwitchTo(state->search);
	bool		done;

	if (scan->Best != NULL)
		pfree(scan->Best);
	scan->Best = state->wanted == 0 ? NULL : allocate(sizeof(float) * (Size) state->wanted);
	do
	{
		CHECK_FOR_INTERRUPTS();
		PGE_CALL(IvfScanBegin, scan, state->wanted);
		done = pge_ivf_search(index, state);
		state->visited += scan->Visited;
	} while (!done);
	collect(state);
	state->complete = isnan(scan->Threshold) && state->probe_count == state->index->model->Shape.Lists;
	MemoryContextSwitchTo(old);
}

/* Whether another pass may find more, and what it is to look for. */
static bool
go_on(IvfScanState *state)
{
	int			all = state->index->model->Shape.Lists;
	bool		pruned = !isnan(state->reach);
	int			most = pge_ivf_max_probes > 0 ? Min(all, pge_ivf_max_probes) : all;
	int			growth = pge_vector_scan_is_strict() ? STRICT_PROBES_GROWTH : IVF_PROBES_GROWTH;
	bool		further = pge_vector_iterative_scan != PGE_ITERATIVE_OFF && state->lists < most &&
		(pge_vector_max_scan_tuples == 0 || state->visited < pge_vector_max_scan_tuples);

	if (state->complete || (!pruned && !further))
		return false;
	if (state->wanted > 0)
		state->wanted = state->wanted > INT_MAX / 16 / WANTED_GROWTH ? 0 : state->wanted * WANTED_GROWTH;
	state->caution = LATER_CAUTION;
	if (further)
		state->lists = state->lists > most / growth ? most : state->lists * growth;
	return true;
}

/* An operator's result as estimates count. */
static double
as_estimate(const PgeVectorIndexType *type, double distance)
{
	if (type->metric == PgeVectorMetric_L2Squared)
		return distance * distance;
	return type->metric == PgeVectorMetric_CosineSimilarity ? 2 * distance : distance;
}

/* Those that come next have their distances computed. */
static void
look_up(IndexScanDesc scan, IvfScanState *state)
{
	PgeRerankRow rows[PGE_RERANK_BATCH];
	PgeRowQueue *results = &state->results;
	int			most = pge_rerank_batch(!state->batched);
	int			count = 0;

	while (count < most && results->count > 0 && !results->rows[0].exact && !(results->rows[0].key > state->reach))
		rows[count++].tid = pge_row_pop(results).tid;
	state->batched = true;
	pge_rerank_fetch(state->rerank, rows, count, scan->xs_snapshot);
	for (int i = 0; i < count; i++)
		if (rows[i].found)
			pge_row_push(results, (PgeQueuedRow)
						 {
							 as_estimate(state->type, rows[i].distance), rows[i].distance, rows[i].tid, true
						 });
}

/* The next row of this pass. False: there is none that it is good for. */
static bool
next_result(IndexScanDesc scan, IvfScanState *state, PgeQueuedRow *result)
{
	PgeRowQueue *results = &state->results;

	while (results->count > 0 && !(results->rows[0].key > state->reach))
	{
		if (results->rows[0].exact)
		{
			*result = pge_row_pop(results);
			return true;
		}
		look_up(scan, state);
	}
	return false;
}

/* Is it returned only now although it is nearer than what was? Then those who insist on the order do not get it. */
static bool
comes_too_late(IvfScanState *state, const PgeQueuedRow *result)
{
	return result->key < state->last && pge_vector_scan_is_strict();
}

static void
remember(IvfScanState *state, const PgeQueuedRow *result)
{
	bool		found;

	if (state->returned == NULL)
		state->returned = returned_create(state->search, 256, NULL);
	returned_insert(state->returned, tid_number(&result->tid), &found);
}

bool
pge_ivf_get_tuple(IndexScanDesc scan, ScanDirection direction)
{
	IvfScanState *state = scan->opaque;
	PgeQueuedRow result;

	if (!state->started)
	{
		MemoryContext old = MemoryContextSwitchTo(state->search);

		start(scan, state);
		MemoryContextSwitchTo(old);
		pgstat_count_index_scan(scan->indexRelation);
		if (state->impossible)
			return false;
		search(scan->indexRelation, state);
	}
	if (state->impossible)
		return false;
	for (;;)
	{
		if (!next_result(scan, state, &result))
		{
			if (!go_on(state))
				return false;
			search(scan->indexRelation, state);
			continue;
		}
		if (!comes_too_late(state, &result))
			break;
	}
	remember(state, &result);
	if (!isnan(result.key))
		state->last = Max(state->last, result.key);
	scan->xs_heaptid = result.tid;
	scan->xs_recheck = state->recheck;
	scan->xs_recheckorderby = false;
	scan->xs_orderbyvals[0] = Float8GetDatum(result.distance);
	scan->xs_orderbynulls[0] = state->no_query;
	return true;
}
