/*
 * epiphany_ivf: what a pass of a scan reads: lists in the order of their distance, their blocks and records with a bound on what is
 * near enough, then the extended codes of what is left.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "ivf_scan.h"

#define PREFETCHED_PARTS 8

/* Pages that are asked for before their turn. */
#define PAGES_AHEAD 3

/* Room for so many candidates more. */
static void
reserve(IvfScanState *state, int more)
{
	PgeIvfScan *scan = &state->scan;
	PgeIvfCandidate *bigger;

	if (scan->Count + more <= state->capacity)
		return;
	state->capacity = Max(1024, 2 * (scan->Count + more));
	bigger = MemoryContextAllocExtended(state->search, sizeof(PgeIvfCandidate) * (Size) state->capacity, MCXT_ALLOC_HUGE);
	if (scan->Candidates != NULL)
	{
		memcpy(bigger, scan->Candidates, sizeof(PgeIvfCandidate) * scan->Count);
		pfree(scan->Candidates);
	}
	scan->Candidates = bigger;
}

/*
 * A page was not of its list as the scan knew it. VACUUM has written the list anew, and said so in its head before it gave up a page;
 * or else the page is damaged.
 */
static bool
start_over(Relation index, IvfScanState *state, int number, BlockNumber block)
{
	if (pge_ivf_read_head(index, state->index, state->probes[number].List).generation == state->generations[number])
		pge_ivf_corrupt(index, block, "It is not of the list that points to it.");
	return false;
}

/* A block that goes on over pages; false: one is not the list's any more. */
static bool
read_long_block(Relation index, IvfScanState *state, BlockNumber block, const PgeIvfProbe *probe, uint32 generation, BlockNumber *next)
{
	Size		left = state->index->model->Shape.BlockBytes;
	uint8	   *to = state->long_block;
	IvfPageKind kind = IVF_BLOCKS;

	for (; left > 0; kind = IVF_SLICE)
	{
		Buffer		buffer = pge_ivf_read(index, state->index, block);
		Page		page = BufferGetPage(buffer);
		Size		bytes = Min(left, IVF_AREA);
		bool		ours;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		ours = pge_ivf_page_belongs(page, kind, probe->List, generation);
		if (ours)
		{
			memcpy(to, IvfPageArea(page), bytes);
			*next = IvfPageSpecial(page)->next;
		}
		UnlockReleaseBuffer(buffer);
		if (!ours)
			return false;
		to += bytes;
		left -= bytes;
		block = *next;
		if (left > 0 && block == InvalidBlockNumber)
			pge_ivf_corrupt(index, block, "A block's pages end before it does.");
	}
	return true;
}

/* ---- Ahead of the scan ----
 *
 * A page's codes are compared in less time than it takes to come from memory. So pages are asked for a few before their turn, along the
 * lists as they seem to be: what is seen of them here is seen without pin or lock, and only says what to ask for.
 */

static BlockNumber
probable_next(const IvfScanState *state, BlockNumber block, int list)
{
	Page		page = pge_recent_page(state->index->recent, block);
	const IvfSpecial *special;

	if (page == NULL)
		return InvalidBlockNumber;
	special = (const IvfSpecial *) ((char *) page + BLCKSZ - MAXALIGN(sizeof(IvfSpecial)));
	return special->list == list ? special->next : InvalidBlockNumber;
}

/* Where a list's blocks or records probably begin. */
static BlockNumber
probable_first(const IvfScanState *state, int list, bool records)
{
	Page		page = pge_recent_page(state->index->recent, IVF_FIRST_LIST_BLOCK + list / IVF_HEADS_PER_PAGE);
	const IvfHead *head;

	if (page == NULL)
		return InvalidBlockNumber;
	head = (const IvfHead *) IvfPageArea(page) + list % IVF_HEADS_PER_PAGE;
	return records ? head->records : head->blocks;
}

static void
run_ahead(IvfScanState *state)
{
	IvfAhead   *ahead = &state->ahead;

	while (ahead->lead < PAGES_AHEAD && ahead->turn < ahead->count)
	{
		int			list = ahead->probes[ahead->turn].List;
		Page		page;

		ahead->block = ahead->block == InvalidBlockNumber ? probable_first(state, list, ahead->records) :
			probable_next(state, ahead->block, list);
		if (ahead->block == InvalidBlockNumber)
		{
			ahead->turn += ahead->records;
			ahead->records = !ahead->records;
			continue;
		}
		ahead->lead++;
		page = pge_recent_page(state->index->recent, ahead->block);
		if (page == NULL)
			continue;
		__builtin_prefetch(GetBufferDescriptor(pge_recent_where(state->index->recent, ahead->block) - 1));
		pge_prefetch_bytes((char *) page + BLCKSZ - PG_CACHE_LINE_SIZE, PG_CACHE_LINE_SIZE);
		pge_prefetch_bytes((char *) page, BLCKSZ - PG_CACHE_LINE_SIZE);
	}
}

/* The scan comes to a list; in front of it is nothing yet, or what was asked for while it was in the one before. */
static void
come_to_list(IvfScanState *state, int turn)
{
	if (state->ahead.turn >= turn)
		return;
	state->ahead.turn = turn;
	state->ahead.block = InvalidBlockNumber;
	state->ahead.records = false;
	state->ahead.lead = 0;
}

/* A page of blocks or records; false: it is not the list's any more. */
static bool
scan_page(Relation index, IvfScanState *state, BlockNumber *block, IvfPageKind kind, int number)
{
	PgeIvfShape *shape = &state->index->model->Shape;
	PgeIvfProbe *probe = &state->probes[number];
	int			most = kind == IVF_BLOCKS ? IVF_AREA / shape->BlockBytes : IVF_AREA / shape->RecordBytes;
	Buffer		buffer;
	Page		page;
	IvfSpecial *special;
	BlockNumber next;

	if (kind == IVF_BLOCKS && state->long_block != NULL)
	{
		BlockNumber first = *block;

		if (!read_long_block(index, state, first, probe, state->generations[number], block))
			return start_over(index, state, number, first);
		reserve(state, IVF_BLOCK_VECTORS);
		PGE_CALL(IvfScanBlocks, &state->scan, state->long_block, 1, probe, number);
		return true;
	}
	reserve(state, kind == IVF_BLOCKS ? most * IVF_BLOCK_VECTORS : most);
	buffer = pge_ivf_read(index, state->index, *block);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	if (!pge_ivf_page_belongs(page, kind, probe->List, state->generations[number]))
	{
		UnlockReleaseBuffer(buffer);
		return start_over(index, state, number, *block);
	}
	special = IvfPageSpecial(page);
	if (special->count > most)
		pge_ivf_corrupt(index, *block, "It has more entries than fit.");
	next = special->next;
	state->ahead.lead -= state->ahead.lead > 0;
	run_ahead(state);
	if (kind == IVF_BLOCKS)
		PGE_CALL(IvfScanBlocks, &state->scan, IvfPageArea(page), special->count, probe, number);
	else
		PGE_CALL(IvfScanRecords, &state->scan, IvfPageArea(page), special->count, probe, number);
	UnlockReleaseBuffer(buffer);
	*block = next;
	return true;
}

static bool
scan_list(Relation index, IvfScanState *state, int number)
{
	IvfHead		head = pge_ivf_read_head(index, state->index, state->probes[number].List);
	BlockNumber seen = 0;

	state->generations[number] = head.generation;
	for (int pass = 0; pass < 2; pass++)
	{
		BlockNumber block = pass == 0 ? head.blocks : head.records;

		while (block != InvalidBlockNumber)
		{
			if (block >= state->pages && block >= (state->pages = RelationGetNumberOfBlocks(index)))
				pge_ivf_corrupt(index, block, "A pointer leads past the end of the file.");
			if (++seen > state->pages)
				pge_ivf_corrupt(index, block, "A list's pages lead in a circle.");
			if (!scan_page(index, state, &block, pass == 0 ? IVF_BLOCKS : IVF_RECORDS, number))
				return false;
			CHECK_FOR_INTERRUPTS();
		}
	}
	return true;
}

/* Lists in the order of their distance, until there are enough entries to choose among. */
static bool
scan_lists(Relation index, IvfScanState *state)
{
	int			all = state->index->model->Shape.Lists;
	int			picked = 0;
	int			done = 0;
	int64		enough = 0;

	memset(state->probed, 0, sizeof(bool) * all);
	for (int want = Min(state->lists, all);; want = Min(all, want * IVF_PROBES_GROWTH))
	{
		PgeIvfProbe *fresh = state->probes + done;

		/* Those before stay where they are, as candidates know them by number. */
		if (done > 0)
			fresh = palloc(sizeof(PgeIvfProbe) * all);
		PGE_CALL(IvfPickLists, &state->scan, want, state->scratch, fresh, &picked);
		state->ahead = (IvfAhead)
		{
			.probes = fresh,.count = picked,.block = InvalidBlockNumber
		};
		run_ahead(state);
		for (int i = 0; i < picked; i++)
		{
			int			list = fresh[i].List;

			if (state->probed[list])
				continue;
			/* With tests, so many that the nearest that pass them are there: further lists until then. */
			if (done >= state->lists && state->scan.Qualified >= enough)
				break;
			come_to_list(state, i);
			state->probed[list] = true;
			state->probes[done] = fresh[i];
			state->probes[done].Error *= state->caution;
			if (!scan_list(index, state, done))
				return false;
			done++;
			if (done == state->lists)
				enough = state->scan.TestCount == 0 ? 0 : state->scan.Visited / 4;
		}
		state->probe_count = done;
		if (want == all || (done >= state->lists && state->scan.Qualified >= enough))
			return true;
	}
}

/* Has the processor fetch where a candidate's part probably is, so that it is there when its turn comes. */
static void
prefetch_part(IvfScanState *state, int number)
{
	PgeIvfCandidate *candidate;
	int			size = state->index->model->Shape.ExtendedBytes;
	Page		page;

	if (number >= state->scan.Count)
		return;
	candidate = &state->scan.Candidates[number];
	page = candidate->PartBlock == IVF_NO_PART ? NULL : pge_recent_page(state->index->recent, candidate->PartBlock);
	if (page == NULL || (candidate->PartOffset + 1) * size > IVF_AREA)
		return;
	__builtin_prefetch(GetBufferDescriptor(pge_recent_where(state->index->recent, candidate->PartBlock) - 1));
	__builtin_prefetch(page);
	__builtin_prefetch((char *) page + BLCKSZ - sizeof(IvfSpecial));
	pge_prefetch_bytes((char *) IvfPageArea(page) + candidate->PartOffset * size, size);
}

/*
 * The extended codes of the candidates that may be among the wanted; false: a page is not the list's any more. Candidates come in the
 * order of their lists' pages, so that neighbours often share one.
 */
static bool
refine(Relation index, IvfScanState *state)
{
	PgeIvfScan *scan = &state->scan;
	int			size = state->index->model->Shape.ExtendedBytes;
	BlockNumber block = InvalidBlockNumber;
	Buffer		buffer = InvalidBuffer;

	for (int i = 0; i < scan->Count; i++)
	{
		PgeIvfCandidate *candidate = &scan->Candidates[i];
		PgeIvfProbe *probe = &state->probes[candidate->Probe];
		Page		page;
		bool		ours;

		prefetch_part(state, i + PREFETCHED_PARTS);
		if (candidate->PartBlock == IVF_NO_PART || candidate->Lower > scan->Threshold)
			continue;
		if (candidate->PartBlock != block)
		{
			if (BufferIsValid(buffer))
				UnlockReleaseBuffer(buffer);
			CHECK_FOR_INTERRUPTS();
			block = candidate->PartBlock;
			buffer = pge_ivf_read(index, state->index, block);
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
		}
		page = BufferGetPage(buffer);
		ours = pge_ivf_page_belongs(page, IVF_PARTS, probe->List, state->generations[candidate->Probe]);
		if (!ours)
		{
			UnlockReleaseBuffer(buffer);
			return start_over(index, state, candidate->Probe, block);
		}
		if (candidate->PartOffset >= IvfPageSpecial(page)->count || IvfPageSpecial(page)->count > IVF_AREA / size)
			pge_ivf_corrupt(index, block, "It lacks a vector's code.");
		PGE_CALL(IvfRefine, scan, candidate, IvfPageArea(page) + candidate->PartOffset * size, probe);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
	return true;
}

bool
pge_ivf_search(Relation index, IvfScanState *state)
{
	if (!scan_lists(index, state))
		return false;
	PGE_CALL(IvfKeepNear, &state->scan);
	return refine(index, state);
}
