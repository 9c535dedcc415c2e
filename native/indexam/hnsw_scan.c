/*
 * epiphany_hnsw: scans. The graph gives candidates by what their distance is not below; a row is returned when its exact distance,
 * computed from the table's row, is not above what any candidate that was not looked up yet may have. In strict_order, and in a search that
 * has gone on, it is held back, too, until the search has gone so far that what it finds later is probably not nearer.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "hnsw.h"
#include "row_queue.h"

/* What GraphMore is asked for doubles up to this: a filter that few rows pass takes long searches. */
#define MAX_MORE 4096

/* Of what it takes to find as many rows as without conditions, a first search looks for so much. */
#define FIRST_FILTERED 0.5

/* How many times as far as usual lower bounds are below estimates in strict_order: there, a bound that is too high costs a row. */
#define STRICT_CAUTION 2

typedef struct HnswScan
{
	HnswAccess	access;
	MemoryContext context;
	PgeRerank  *rerank;
	u64			search;
	bool		started;
	bool		everything;		/* no query to search by: vertices come in the order in which they are stored */
	BlockNumber block;			/* then: the next page */
	int			ef;
	i64			visited;
	PgeGraphCandidate *candidates;
	int			room;
	int			count;
	int			next;
	bool		batched;		/* rows have been looked up */
	float		reach;			/* what was not found yet is probably not nearer */
	bool		ended;			/* there is no more to find */
	PgeRowQueue rows;			/* whose distances are known */
	double		last;			/* distance of the row returned last */

	/* Of scans with conditions. */
	HnswFilter	filter;
	MemoryContext filter_context;	/* of its tests, and what was given */
	uint32	   *given;			/* candidates that searches have found so far */
	int			given_count;
	int			given_room;
} HnswScan;

IndexScanDesc
hnsw_begin_scan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	HnswScan   *state = palloc0(sizeof(HnswScan));

	state->context = CurrentMemoryContext;
	scan->opaque = state;
	return scan;
}

void
hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys)
{
	HnswScan   *state = scan->opaque;

	state->started = false;
	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));
}

/* ---- Rows by exact distance ---- */

/* A vertex's rows, as they are now. */
static int
read_rows(HnswAccess *access, uint32 vertex, ItemPointerData *tids)
{
	const PgeGraphShape *shape = &access->cache->shape;
	Buffer		buffer = pge_recent_read(access->index, access->cache->recent, vertex / shape->PerPage);
	int			count = 0;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!PageIsNew(BufferGetPage(buffer)))
	{
		char	   *record = hnsw_record(shape, BufferGetPage(buffer), vertex);

		hnsw_check_kind(access->index, vertex / shape->PerPage, BufferGetPage(buffer), HNSW_VERTICES);
		count = *hnsw_rows(shape, record);
		if (count > shape->RowSlots)
			hnsw_corrupted(access->index, "a vertex has more rows than it can have", vertex);
		for (int i = 0; i < count; i++)
		{
			tids[i] = *hnsw_row(shape, record, i);
			if (!ItemPointerIsValid(&tids[i]))
				hnsw_corrupted(access->index, "a vertex has a row that is none", vertex);
		}
	}
	UnlockReleaseBuffer(buffer);
	return count;
}

/* The rows get their distances. */
static void
measure(IndexScanDesc scan, HnswScan *state, PgeRerankRow *rows, int count)
{
	pge_rerank_fetch(state->rerank, rows, count, scan->xs_snapshot);
	for (int i = 0; i < count; i++)
		if (rows[i].found)
			pge_row_push(&state->rows, (PgeQueuedRow)
						 {
							 rows[i].distance, rows[i].distance, rows[i].tid, true
						 });
}

/* May the next candidate be nearer than all rows whose distances are known? */
static bool
may_be_nearer(const HnswScan *state)
{
	return state->next < state->count &&
		(state->rows.count == 0 || !float8_gt(state->candidates[state->next].Lower, state->rows.rows[0].distance));
}

/* Some of the candidates that come next. */
static void
look_up(IndexScanDesc scan, HnswScan *state)
{
	PgeRerankRow rows[PGE_RERANK_BATCH];
	int			most = pge_rerank_batch(!state->batched);
	int			count = 0;

	for (int vertices = 0; vertices < most && may_be_nearer(state); vertices++)
	{
		ItemPointerData tids[UINT8_MAX];
		int			some = read_rows(&state->access, state->candidates[state->next++].Vertex, tids);

		for (int i = 0; i < some; i++)
		{
			if (count == PGE_RERANK_BATCH)
			{
				measure(scan, state, rows, count);
				count = 0;
			}
			rows[count++].tid = tids[i];
		}
	}
	state->batched = true;
	measure(scan, state, rows, count);
}

/* ---- Candidates ---- */

/* For so many; those that are there stay. */
static void
make_room(HnswScan *state, int candidates)
{
	PgeGraphCandidate *bigger;

	if (state->room >= candidates)
		return;
	bigger = palloc_extended(sizeof(PgeGraphCandidate) * (Size) candidates, MCXT_ALLOC_HUGE);
	if (state->candidates != NULL)
	{
		memcpy(bigger, state->candidates, sizeof(PgeGraphCandidate) * (Size) state->count);
		pfree(state->candidates);
	}
	state->candidates = bigger;
	state->room = candidates;
}

static int
compare_candidates(const void *a, const void *b)
{
	float		left = ((const PgeGraphCandidate *) a)->Lower;
	float		right = ((const PgeGraphCandidate *) b)->Lower;

	return (left > right) - (left < right);
}

/* The live vertices of the next page that has some; 0 at the end. */
static int
next_page(HnswScan *state)
{
	const PgeGraphShape *shape = &state->access.cache->shape;
	Relation	index = state->access.index;

	make_room(state, shape->PerPage);
	for (BlockNumber blocks = RelationGetNumberOfBlocks(index); state->block < blocks;)
	{
		BlockNumber block = state->block++;
		Buffer		buffer = ReadBuffer(index, block);
		Page		page = BufferGetPage(buffer);
		int			count = 0;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (!PageIsNew(page))
		{
			hnsw_check_page(index, block, page);
			for (int place = 0; place < shape->PerPage && hnsw_special(page)->kind == HNSW_VERTICES; place++)
				if (*hnsw_state(shape, hnsw_record(shape, page, place)) == PgeVertexState_Live)
					state->candidates[count++] = (PgeGraphCandidate)
				{
					-INFINITY, block * shape->PerPage + place
				};
		}
		UnlockReleaseBuffer(buffer);
		if (count > 0)
			return count;
		CHECK_FOR_INTERRUPTS();
	}
	return 0;
}

/* ---- Conditions ---- */

/* False: nothing meets them, and not all tests were made. */
static bool
begin_filter(IndexScanDesc scan, HnswScan *state)
{
	MemoryContext old;
	bool		possible;
	bool		recheck;

	state->filter.count = scan->numberOfKeys;
	state->given = NULL;
	state->given_count = state->given_room = 0;
	if (state->filter.count == 0)
		return true;
	if (state->filter_context == NULL)
		state->filter_context = AllocSetContextCreate(state->context, "epiphany_hnsw conditions", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(state->filter_context);
	old = MemoryContextSwitchTo(state->filter_context);
	state->filter.tests = palloc(sizeof(PgeAttributeTest) * state->filter.count);
	possible = pge_attribute_tests(scan->indexRelation, scan->keyData, scan->numberOfKeys, state->filter.tests, &recheck);
	MemoryContextSwitchTo(old);
	return possible;
}

/* Of candidates that a search has found, from there on, those that meet the conditions. They are remembered: see pass(). */
static void
filter(HnswScan *state, int from)
{
	int			most = state->count - from;

	if (state->filter.count == 0)
		return;
	state->count = from + hnsw_filter_keep(&state->access, &state->filter, state->candidates + from, most);
	if (state->given_room - state->given_count < most)
	{
		state->given_room = 2 * state->given_room + most;
		state->given = state->given == NULL ? MemoryContextAllocHuge(state->filter_context, sizeof(uint32) * (Size) state->given_room)
			: repalloc_huge(state->given, sizeof(uint32) * (Size) state->given_room);
	}
	for (int i = from; i < state->count; i++)
		state->given[state->given_count++] = state->candidates[i].Vertex;
}

static int
compare_vertices(const void *a, const void *b)
{
	uint32		left = *(const uint32 *) a;
	uint32		right = *(const uint32 *) b;

	return (left > right) - (left < right);
}

/* In place of a search, or of the rest of one: all vertices that meet the conditions become candidates, but not those that were before. */
static void
pass(HnswScan *state, PgeGraphValue *query)
{
	bool		is_first = state->search == 0;
	int			left = state->count - state->next;
	PgeGraphCandidate *kept = palloc(sizeof(PgeGraphCandidate) * Max(left, 1));
	int			found;
	int			fresh = 0;

	memcpy(kept, state->candidates + state->next, sizeof(PgeGraphCandidate) * left);
	found = hnsw_filter_pass(&state->access, &state->filter, &state->candidates, &state->room);
	qsort(state->given, state->given_count, sizeof(uint32), compare_vertices);
	for (int i = 0; i < found; i++)
	{
		uint32		vertex = state->candidates[i].Vertex;

		if (state->given_count == 0 || bsearch(&vertex, state->given, state->given_count, sizeof(uint32), compare_vertices) == NULL)
			state->candidates[fresh++] = state->candidates[i];
	}
	state->next = 0;
	state->count = fresh;
	make_room(state, fresh + left);
	memcpy(state->candidates + fresh, kept, sizeof(PgeGraphCandidate) * left);
	state->count += left;
	pfree(kept);
	state->ended = true;
	PGE_CALL(GraphEstimate, state->access.cache->handle, &state->access, query, STRICT_CAUTION, state->candidates, &state->count,
			 &state->search);
	if (is_first)
		pge_own_handle(state->context, state->search);
}

/* ---- Searches ---- */

static float
caution(void)
{
	return pge_vector_scan_is_strict() ? STRICT_CAUTION : 1;
}

static void
start(IndexScanDesc scan, HnswScan *state)
{
	ScanKey		orderby = scan->orderByData;
	bool		is_null = (orderby->sk_flags & SK_ISNULL) != 0;
	bool		is_first = state->search == 0;
	PgeGraphValue query;

	hnsw_begin_access(&state->access, scan->indexRelation);
	state->access.context = state->context;
	if (state->rerank == NULL)
		state->rerank = pge_rerank_begin(scan->heapRelation, scan->indexRelation, state->access.cache->type);
	pge_rerank_query(state->rerank, is_null ? 0 : orderby->sk_argument);
	pgstat_count_index_scan(scan->indexRelation);
	state->started = true;
	state->next = 0;
	state->count = 0;
	state->rows.count = 0;
	state->batched = false;
	state->visited = 0;
	state->last = -INFINITY;
	state->everything = is_null || !hnsw_value(state->access.cache, orderby->sk_argument, &query);
	state->ended = !begin_filter(scan, state);
	if (state->ended)
		return;
	if (state->everything)
	{
		state->block = HNSW_META_BLOCK + 1;
		state->count = next_page(state);
		return;
	}
	hnsw_refresh_entries(&state->access);
	state->ef = pge_hnsw_ef_search;
	if (state->filter.count > 0)
	{
		hnsw_filter_begin(&state->access, &state->filter);
		if (hnsw_filter_prefers_pass(&state->access, &state->filter, 0))
		{
			pass(state, &query);
			return;
		}
		state->ef = Max(state->ef, (int) Min(FIRST_FILTERED * state->ef / state->filter.share, MAX_MORE));
	}
	make_room(state, state->ef);
	PGE_CALL(GraphSearch, state->access.cache->handle, &state->access, &query, state->ef,
			 pge_vector_iterative_scan != PGE_ITERATIVE_OFF, caution(), state->candidates, &state->count, &state->reach, &state->search);
	if (is_first)
		pge_own_handle(state->context, state->search);
	filter(state, 0);
}

/* More of the graph: candidates beside those that are left. False: there is no more. */
static bool
search_more(HnswScan *state)
{
	int			left = state->count - state->next;
	int			more = 0;

	memmove(state->candidates, state->candidates + state->next, sizeof(PgeGraphCandidate) * (Size) left);
	state->next = 0;
	state->count = left;
	state->ef = Max(state->ef, Min(2 * state->ef, MAX_MORE));
	make_room(state, left + state->ef);
	hnsw_refresh_entries(&state->access);
	PGE_CALL(GraphMore, state->search, state->access.cache->handle, &state->access, state->ef,
			 (u32) Min((uint64) RelationGetNumberOfBlocks(state->access.index) * state->access.cache->shape.PerPage, HNSW_MAX_VERTEX),
			 caution(), state->candidates + left, &more, &state->reach, &state->visited);
	state->count += more;
	filter(state, left);
	if (left > 0 && state->count > left)
		qsort(state->candidates, state->count, sizeof(PgeGraphCandidate), compare_candidates);
	return more > 0;
}

/* On from where the search ended. */
static bool
go_on(IndexScanDesc scan, HnswScan *state)
{
	/* What the process keeps of the index may have been forgotten for others'. */
	state->access.cache = hnsw_open(state->access.index);
	if (state->everything)
	{
		state->next = 0;
		state->count = 0;
		state->count = next_page(state);
		return state->count > 0;
	}
	if (pge_vector_iterative_scan == PGE_ITERATIVE_OFF ||
		(pge_vector_max_scan_tuples != 0 && state->visited >= pge_vector_max_scan_tuples))
		return false;
	if (state->filter.count > 0 && hnsw_filter_prefers_pass(&state->access, &state->filter, state->visited))
	{
		PgeGraphValue query;

		hnsw_refresh_entries(&state->access);
		hnsw_value(state->access.cache, scan->orderByData->sk_argument, &query);
		pass(state, &query);
		return false;
	}
	return search_more(state);
}

/* Is there a row that can be returned, of those whose distances are known? */
static bool
has_row(const HnswScan *state)
{
	if (state->rows.count == 0)
		return false;
	return !pge_vector_scan_is_strict() || state->everything || state->ended ||
		!float8_gt(state->rows.rows[0].distance, state->reach);
}

bool
hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction)
{
	HnswScan   *state = scan->opaque;
	MemoryContext old;
	bool		found = false;

	if (scan->numberOfOrderBys == 0)
		elog(ERROR, "cannot scan an index of vectors without order");
	old = MemoryContextSwitchTo(state->context);
	if (!state->started)
		start(scan, state);
	for (;;)
	{
		PgeQueuedRow row;

		while (may_be_nearer(state))
			look_up(scan, state);
		if (!has_row(state))
		{
			if (state->ended)
				break;
			state->ended = !go_on(scan, state);
			continue;
		}
		row = pge_row_pop(&state->rows);
		if (pge_vector_scan_is_strict() && float8_lt(row.distance, state->last))
			continue;
		state->last = row.distance;
		scan->xs_heaptid = row.tid;
		scan->xs_recheck = scan->numberOfKeys > 0;
		scan->xs_recheckorderby = false;
		found = true;
		break;
	}
	MemoryContextSwitchTo(old);
	return found;
}

void
hnsw_end_scan(IndexScanDesc scan)
{
	HnswScan   *state = scan->opaque;

	if (state->search != 0)
		PGE_CALL(GraphRelease, state->search);
	if (state->rerank != NULL)
		pge_rerank_end(state->rerank);
	if (state->candidates != NULL)
		pfree(state->candidates);
	if (state->rows.rows != NULL)
		pfree(state->rows.rows);
	pfree(state);
	scan->opaque = NULL;
}
