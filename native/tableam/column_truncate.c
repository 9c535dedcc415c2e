/*
 * Column store: VACUUM's last step. Row groups and other pages of ours at the table's end move into free blocks in front, and the file is
 * cut behind the last page that is needed. After the pattern of heap's truncation: only if it is worth it, under the table's strongest
 * lock if that can be had, and given up as soon as somebody waits for it; what has been moved by then stays moved.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/storage.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/freespace.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/backend_progress.h"
#include "utils/rel.h"
#include "utils/wait_event.h"

#include "column_vacuum.h"

/* Worth it from so many blocks on, or from this share of the table: heap's bounds. */
#define MIN_BLOCKS		1000
#define MIN_FRACTION	16

/* How long the lock is tried for, how often, and how often waiters are looked for: in milliseconds. */
#define LOCK_TIMEOUT	5000
#define LOCK_INTERVAL	50
#define WAITER_INTERVAL	20

typedef struct Truncation
{
	Relation	rel;
	bool		alone;			/* we hold the lock; else this is a rehearsal */
	PgeGroupDesc *descs;
	uint32		ndescs;
	PgeBlockRange *runs;		/* of blocks that the free space map calls empty, by place */
	int			nruns;
	int			room;			/* for runs */
	BlockNumber enough;			/* a rehearsal ends here */
	bool		packed;			/* pack_pages() has been here */
	List	   *pages;			/* for it: the pages it is to move */
	instr_time	asked;			/* for waiters */
} Truncation;

/* ---- free blocks ---- */

static void
add_run(Truncation *t, BlockNumber start, BlockNumber end)
{
	if (t->nruns > 0 && t->runs[t->nruns - 1].end == start)
	{
		t->runs[t->nruns - 1].end = end;
		return;
	}
	if (t->nruns == t->room)
	{
		t->room = Max(64, 2 * t->room);
		t->runs = t->runs ? repalloc_array(t->runs, PgeBlockRange, t->room) : palloc_array(PgeBlockRange, t->room);
	}
	t->runs[t->nruns++] = (PgeBlockRange) {start, end};
}

static int
compare_runs(const void *a, const void *b)
{
	BlockNumber x = ((const PgeBlockRange *) a)->start;
	BlockNumber y = ((const PgeBlockRange *) b)->start;

	return x < y ? -1 : x > y;
}

static void
sort_runs(Truncation *t)
{
	int			n = t->nruns;

	if (n == 0)
		return;
	qsort(t->runs, n, sizeof(PgeBlockRange), compare_runs);
	t->nruns = 0;
	for (int i = 0; i < n; i++)
		if (t->runs[i].start < t->runs[i].end)
			add_run(t, t->runs[i].start, t->runs[i].end);
}

/* Call "each" for the pages of a group's delete vector. */
static void
each_delete_page(Truncation *t, const PgeGroupDesc *desc, void (*each) (Truncation *t, BlockNumber start, BlockNumber end))
{
	PgeDeletes	deletes;

	if (!pge_deletes_open(t->rel, desc, &deletes))
		return;
	pge_deletes_close(&deletes);
	each(t, desc->delete_root, desc->delete_root + 1);
	for (uint32 i = 0; i < PGE_DELETE_PAGES; i++)
	{
		if (deletes.map.pages[i] != InvalidBlockNumber)
			each(t, deletes.map.pages[i], deletes.map.pages[i] + 1);
		if (deletes.map.retired[i] != InvalidBlockNumber)
			each(t, deletes.map.retired[i], deletes.map.retired[i] + 1);
	}
	for (uint32 i = 0; i < PGE_DEAD_PAGES; i++)
		if (deletes.map.dead[i] != InvalidBlockNumber)
			each(t, deletes.map.dead[i], deletes.map.dead[i] + 1);
}

/* What the free space map calls empty, and what retired groups have, which is given back as soon as we are alone. */
static void
find_runs(Truncation *t, BlockNumber nblocks)
{
	PgeBlockRange *ranges;
	int			nranges = pge_delta_ranges(t->rel, t->descs, t->ndescs, nblocks, &ranges);

	for (int i = 0; i < nranges; i++)
		for (BlockNumber block = ranges[i].start; block < ranges[i].end; block++)
		{
			if (block % 1024 == 0)
				vacuum_delay_point();
			if (GetRecordedFreeSpace(t->rel, block) >= MaxHeapTupleSize)
				add_run(t, block, block + 1);
		}
	pfree(ranges);
	for (uint32 i = 0; i < t->ndescs; i++)
	{
		const PgeGroupDesc *desc = &t->descs[i];

		if (desc->state != PGE_GROUP_RETIRED)
			continue;
		if (desc->blocks > 0)
			add_run(t, desc->first_block, desc->first_block + desc->blocks);
		each_delete_page(t, desc, add_run);
	}
	sort_runs(t);
}

/* The lowest n free blocks in a row below limit; InvalidBlockNumber: there are none. */
static BlockNumber
take(Truncation *t, uint32 n, BlockNumber limit)
{
	for (int i = 0; i < t->nruns && (uint64) t->runs[i].start + n <= limit; i++)
		if (t->runs[i].end - t->runs[i].start >= n)
		{
			t->runs[i].start += n;
			return t->runs[i].start - n;
		}
	return InvalidBlockNumber;
}

static bool
could_take(Truncation *t, uint32 n, BlockNumber limit)
{
	for (int i = 0; i < t->nruns && (uint64) t->runs[i].start + n <= limit; i++)
		if (t->runs[i].end - t->runs[i].start >= n)
			return true;
	return false;
}

/* A run was taken, but the map was wrong about a block of it: those behind it are still to be had, in its place in the order. */
static void
put_back(Truncation *t, BlockNumber start, BlockNumber end)
{
	for (int i = 0; i < t->nruns; i++)
		if (t->runs[i].start == end)
			t->runs[i].start = start;
}

/* ---- from the end to the front ---- */

static bool
move_page(Truncation *t, BlockNumber block)
{
	BlockNumber target;

	while ((target = take(t, 1, block)) != InvalidBlockNumber)
		if (!t->alone || pge_page_move(t->rel, block, target))
			return true;
	return false;
}

static void
add_page(Truncation *t, BlockNumber start, BlockNumber end)
{
	t->pages = lappend_int(t->pages, (int) start);
}

/*
 * Pages of delete vectors lie scattered over what was the delta once, between free blocks. Moved to the front, they leave room for groups.
 * Retired ones among them are gone as soon as we are alone.
 */
static void
pack_pages(Truncation *t)
{
	List	   *moved = NIL;
	ListCell   *cell;

	t->packed = true;
	t->pages = NIL;
	for (uint32 i = 0; i < t->ndescs; i++)
		if (t->descs[i].state == PGE_GROUP_COMPLETE)
		{
			/* The map itself may have moved. */
			pge_directory_get(t->rel, i, &t->descs[i]);
			each_delete_page(t, &t->descs[i], add_page);
		}
	list_sort(t->pages, list_int_cmp);
	foreach(cell, t->pages)
	{
		CHECK_FOR_INTERRUPTS();
		if (!move_page(t, (BlockNumber) lfirst_int(cell)))
			break;
		moved = lappend_int(moved, lfirst_int(cell));
	}
	foreach(cell, moved)
		add_run(t, (BlockNumber) lfirst_int(cell), (BlockNumber) lfirst_int(cell) + 1);
	sort_runs(t);
	list_free(moved);
	list_free(t->pages);
}

/* Move a group; false: it has to stay. */
static bool
move_group(Truncation *t, PgeGroupDesc *desc)
{
	BlockNumber target;

	if (!t->packed && t->nruns > 0 && !could_take(t, desc->blocks, desc->first_block))
		pack_pages(t);
	while ((target = take(t, desc->blocks, desc->first_block)) != InvalidBlockNumber)
	{
		BlockNumber end = target + desc->blocks,
					taken;

		if (!t->alone || pge_extent_move(t->rel, desc, target, &taken))
			return true;
		put_back(t, taken + 1, end);
	}
	return false;
}

/* Does somebody wait for our lock? */
static bool
somebody_waits(Truncation *t)
{
	instr_time	now;

	if (!t->alone)
		return false;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, t->asked);
	if (INSTR_TIME_GET_MILLISEC(now) < WAITER_INTERVAL)
		return false;
	INSTR_TIME_SET_CURRENT(t->asked);
	return LockHasWaitersRelation(t->rel, AccessExclusiveLock);
}

/* How many blocks the table needs, once what can be moved from its end has been. */
static BlockNumber
needed_blocks(Truncation *t, BlockNumber nblocks)
{
	BlockNumber end = nblocks;

	while (end > PGE_ROOT_BLOCK + 1 && (t->alone || end > t->enough))
	{
		Buffer		buffer;
		PgePageHeader header = {0};
		bool		is_free;

		CHECK_FOR_INTERRUPTS();
		if (end % 32 == 0 && somebody_waits(t))
			break;
		buffer = ReadBuffer(t->rel, end - 1);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		is_free = pge_page_is_free(BufferGetPage(buffer));
		if (!is_free && pge_page_is_ours(BufferGetPage(buffer)))
			header = *PgePageGetHeader(BufferGetPage(buffer));
		UnlockReleaseBuffer(buffer);

		if (is_free)
			end--;
		else if (header.kind == PGE_KIND_GROUP)
		{
			PgeGroupDesc *desc = header.group_id < t->ndescs ? &t->descs[header.group_id] : NULL;
			BlockNumber first = desc ? desc->first_block : InvalidBlockNumber;

			if (desc != NULL && desc->state == PGE_GROUP_COMPLETE && end - 1 - first < desc->blocks)
			{
				if (end != first + desc->blocks || somebody_waits(t) || !move_group(t, desc))
					break;
				end = first;
			}
			else
				end--;			/* retired, or nobody's: there is no writer when we are alone */
		}
		else if (header.kind == 0 || !move_page(t, end - 1))
			break;
		else
			end--;
	}
	return end;
}

/* ---- the lock ---- */

static bool
lock_alone(Relation rel)
{
	for (int waited = 0; !ConditionalLockRelation(rel, AccessExclusiveLock); waited += LOCK_INTERVAL)
	{
		CHECK_FOR_INTERRUPTS();
		if (waited >= LOCK_TIMEOUT)
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOCK_INTERVAL,
						 WAIT_EVENT_VACUUM_TRUNCATE);
		ResetLatch(MyLatch);
	}
	return true;
}

/* Alone with the table: the lock stays until the transaction ends, which it soon does. */
static void
truncate_alone(Truncation *t, BlockNumber nblocks, PgeVacuumCounts *counts)
{
	uint32		notes;
	BlockNumber sweep_from,
				end;

	t->alone = true;
	t->packed = false;
	INSTR_TIME_SET_CURRENT(t->asked);
	counts->freed_pages += pge_free_retired(t->rel, true);
	if (t->descs != NULL)
		pfree(t->descs);
	t->ndescs = pge_directory_load(t->rel, &t->descs);

	/* From the first move to the cut there are pages that nobody owns, should this fail. */
	sweep_from = pge_sweep_begin(t->rel, &notes);
	pge_sweep_note(t->rel, PGE_ROOT_BLOCK + 1);
	end = needed_blocks(t, nblocks);
	if (end < nblocks)
		RelationTruncate(t->rel, end);
	pge_sweep_begin(t->rel, &notes);
	pge_sweep_end(t->rel, notes);
	if (sweep_from != 0)
		pge_sweep_note(t->rel, sweep_from);
	FreeSpaceMapVacuumRange(t->rel, 0, end);
	counts->cut_pages = nblocks - end;
}

void
pge_vacuum_truncate(Relation rel, VacuumParams *params, PgeVacuumCounts *counts)
{
	struct VacuumCutoffs cutoffs = {.relfrozenxid = rel->rd_rel->relfrozenxid,.relminmxid = rel->rd_rel->relminmxid};
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	uint32		least = Max(Min(MIN_BLOCKS, nblocks / MIN_FRACTION), 1);
	Truncation	t = {.rel = rel};
	PgeBlockRange *runs;
	int			nruns;

	if (params->truncate == VACOPTVALUE_DISABLED || nblocks <= least || vacuum_xid_failsafe_check(&cutoffs))
		return;
	pgstat_progress_update_param(PROGRESS_VACUUM_PHASE, PROGRESS_VACUUM_PHASE_TRUNCATE);
	t.enough = nblocks - least;
	t.ndescs = pge_directory_load(rel, &t.descs);
	find_runs(&t, nblocks);
	runs = palloc_array(PgeBlockRange, t.nruns + 1);
	nruns = t.nruns;
	if (nruns > 0)
		memcpy(runs, t.runs, nruns * sizeof(PgeBlockRange));
	if (needed_blocks(&t, nblocks) > t.enough)
		return;
	if (t.runs != NULL)
		pfree(t.runs);
	t.runs = runs;
	t.nruns = nruns;
	t.room = nruns + 1;
	if (!lock_alone(rel))
	{
		ereport(params->options & VACOPT_VERBOSE ? INFO : DEBUG2,
				(errmsg("\"%s\": stopping truncate due to conflicting lock request", RelationGetRelationName(rel))));
		return;
	}
	/* Somebody has had use for more. */
	if (RelationGetNumberOfBlocks(rel) != nblocks)
	{
		UnlockRelation(rel, AccessExclusiveLock);
		return;
	}
	truncate_alone(&t, nblocks, counts);
}
