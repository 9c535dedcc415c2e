/*
 * Column store: sequential scans, serial and parallel, forward and backward, over groups and delta.
 *
 * Heap's scan is limited to the ranges of blocks that no group owns. Its limits count down as it goes, so they cannot survive
 * a change of direction; from the first such change on the delta is scanned as one unit without limits. That reads pages of
 * groups in vain, but finds no tuple there.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "cold_group.h"
#include "column_scan.h"

/* Delta blocks that a participant of a parallel scan draws at once: at most, and so that there are this many chunks. */
#define MAX_CHUNK_BLOCKS	1024
#define MIN_CHUNKS			64

PgeScanCounts pge_scan_counts;
static uint64 scans_begun;

/* ---- units ---- */

static void
forget_groups(PgeScan *scan)
{
	if (scan->groups != NULL)
		pfree(scan->groups);
	if (scan->ranges != NULL)
		pfree(scan->ranges);
	if (scan->descs != NULL)
		pfree(scan->descs);
	if (scan->kept != NULL)
		pge_kept_readers_free(scan->kept);
	scan->kept = NULL;
	scan->groups = NULL;
	scan->ranges = NULL;
	scan->descs = NULL;
}

static void
load_groups(PgeScan *scan)
{
	Relation	rel = scan->base.rs_rd;
	Snapshot	snapshot = scan->base.rs_snapshot;
	MemoryContext old;
	uint32		limit;

	forget_groups(scan);
	/* A rescan's caller may be in a context that it resets. */
	old = MemoryContextSwitchTo(GetMemoryChunkContext(scan));
	scan->ndescs = pge_directory_load(rel, &scan->descs);
	/* After the directory: a group stored meanwhile lies beyond, and heap finds nothing on its pages. */
	scan->nblocks = RelationGetNumberOfBlocks(rel);
	scan->nranges = pge_delta_ranges(rel, scan->descs, scan->ndescs, scan->nblocks, &scan->ranges);
	scan->groups = palloc_array(uint32, scan->ndescs + 1);
	MemoryContextSwitchTo(old);
	scan->ngroups = 0;
	limit = scan->parallel ? Min(scan->ndescs, scan->parallel->groups) : scan->ndescs;
	if (snapshot == NULL || snapshot == SnapshotAny)
		return;					/* ANALYZE and index builds look at groups themselves */
	for (uint32 i = 0; i < limit; i++)
		if (pge_group_visible(rel, &scan->descs[i], snapshot))
			scan->groups[scan->ngroups++] = i;
}

static void
limit_heap(PgeScan *scan, PgeBlockRange range)
{
	heap_rescan(scan->heap, NULL, false, false, false, false);
	heap_setscanlimits(scan->heap, range.start, range.end - range.start);
}

static int64
number_of_units(PgeScan *scan)
{
	return (int64) scan->ngroups + (scan->whole_delta ? 1 : scan->nranges);
}

static void
start_group(PgeScan *scan, uint32 group, ScanDirection direction)
{
	const PgeGroupDesc *desc = &scan->descs[group];
	Snapshot	snapshot = scan->base.rs_snapshot;
	int			vectors = (desc->rows + PGE_VECTOR_ROWS - 1) / PGE_VECTOR_ROWS;

	pge_scan_open_wanted(scan, group);
	pge_tid_range_rows(scan, desc, &scan->first_row, &scan->last_row);
	if (scan->vectors != 0)
	{
		pge_scan_load_gone(scan, group, snapshot);
		pge_reader_count(scan->reader, scan->base.rs_rd);
		pge_scan_counts.groups_read++;
		pge_scan_counts.vectors_read += pg_popcount64(scan->vectors);
		pge_scan_counts.vectors_skipped += vectors - pg_popcount64(scan->vectors);
		pge_cold_scan_ahead(scan, group);
	}
	else
		pge_scan_counts.groups_skipped++;
	/* Asked last, it leaves in a dirty snapshot whom to wait for; whoever deletes a row is waited for when the row is locked. */
	if (snapshot->snapshot_type == SNAPSHOT_DIRTY && !pge_group_visible(scan->base.rs_rd, desc, snapshot))
		scan->vectors = 0;
	/* No vector is in hand yet. */
	scan->run_first = 0;
	scan->run_last = -1;
	scan->row = ScanDirectionIsForward(direction) ? scan->first_row - 1 : scan->last_row + 1;
}

static void
enter_unit(PgeScan *scan, ScanDirection direction)
{
	scan->entered = true;
	if (scan->unit < scan->ngroups)
	{
		start_group(scan, scan->groups[scan->unit], direction);
		return;
	}
	pge_scan_close_group(scan);
	if (scan->whole_delta)
	{
		heap_rescan(scan->heap, NULL, false, false, false, false);
		((HeapScanDesc) scan->heap)->rs_startblock = 0;
	}
	else
		limit_heap(scan, scan->ranges[scan->unit - scan->ngroups]);
}

/* The first change of direction: see the head of this file. */
static void
turn_round(PgeScan *scan)
{
	HeapScanDesc heap = (HeapScanDesc) scan->heap;

	if (scan->whole_delta)
		return;
	scan->whole_delta = true;
	if (scan->unit < scan->ngroups)
		return;
	if (scan->unit >= scan->ngroups + scan->nranges)
		scan->unit = scan->ngroups + 1; /* after the last */
	else
	{
		scan->unit = scan->ngroups;
		heap->rs_startblock = 0;
		heap->rs_numblocks = InvalidBlockNumber;
	}
}

/* ---- parallel ---- */

/* The next group that is this participant's alone, by its number in descs; -1: there is none. */
int64
pge_scan_draw(PgeScan *scan)
{
	uint32		i;

	while ((i = pg_atomic_fetch_add_u32(&scan->parallel->next_group, 1)) < scan->parallel->groups)
	{
		CHECK_FOR_INTERRUPTS();
		/* Drawn by descriptor, so that all participants mean the same group; each judges its visibility. */
		while (scan->next_visible < scan->ngroups && scan->groups[scan->next_visible] < i)
			scan->next_visible++;
		if (scan->next_visible < scan->ngroups && scan->groups[scan->next_visible] == i)
			return i;
	}
	return -1;
}

static bool
next_parallel_group(PgeScan *scan)
{
	int64		group = scan->drawn >= 0 ? scan->drawn : pge_scan_draw(scan);

	scan->drawn = -1;
	if (group >= 0)
		start_group(scan, (uint32) group, ForwardScanDirection);
	else
		pge_scan_close_group(scan);
	return group >= 0;
}

/*
 * The next piece of delta. Chunks are of raw blocks, so that participants agree on them whatever each knows of groups stored
 * since; within a chunk, each skips what it knows to be owned.
 */
static bool
next_parallel_delta(PgeScan *scan)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < scan->nranges && scan->chunk_next < scan->chunk_end; i++)
		{
			PgeBlockRange piece = {Max(scan->ranges[i].start, scan->chunk_next),
			Min(scan->ranges[i].end, scan->chunk_end)};

			if (piece.start < piece.end)
			{
				scan->chunk_next = piece.end;
				limit_heap(scan, piece);
				return true;
			}
		}
		{
			uint64		start = (uint64) pg_atomic_fetch_add_u32(&scan->parallel->next_chunk, 1) *
				scan->parallel->chunk_blocks;

			/* Blocks added since the scan began hold nothing for its snapshot. */
			if (start >= scan->parallel->heap.phs_nblocks)
				return false;
			scan->chunk_next = (BlockNumber) start;
			scan->chunk_end = (BlockNumber) Min(start + scan->parallel->chunk_blocks,
												scan->parallel->heap.phs_nblocks);
		}
	}
}

/* ---- rows ---- */

/* The row lies in another vector: go there, or on to the next one that is wanted, to stand before its first row. */
static bool
next_run(PgeScan *scan, ScanDirection direction)
{
	while (scan->row >= scan->first_row && scan->row <= scan->last_row)
	{
		int64		start = scan->row - scan->row % PGE_VECTOR_ROWS;

		scan->run_first = Max(scan->first_row, start);
		scan->run_last = Min(scan->last_row, start + PGE_VECTOR_ROWS - 1);
		if (scan->vectors >> (start / PGE_VECTOR_ROWS) & 1)
		{
			scan->row -= direction;
			return true;
		}
		scan->row = ScanDirectionIsForward(direction) ? scan->run_last + 1 : scan->run_first - 1;
	}
	return false;
}

/* On to the group's next row that is there; false at its end. */
static inline bool
next_group_row(PgeScan *scan, ScanDirection direction)
{
	do
	{
		do
			scan->row += direction;
		while (scan->row >= scan->run_first && scan->row <= scan->run_last &&
			   pge_bitmap_has(scan->gone, (uint32) scan->row));
		if (likely(scan->row >= scan->run_first && scan->row <= scan->run_last))
			return true;
	} while (next_run(scan, direction));
	return false;
}

static inline bool
store_group_row(PgeScan *scan, TupleTableSlot *slot)
{
	pge_slot_store_row(slot, scan->base.rs_rd, scan->reader, (uint32) scan->row, PGE_FETCH_VECTOR);
	pgstat_count_heap_getnext(scan->base.rs_rd);
	return true;
}

static bool
next_heap_row(PgeScan *scan, ScanDirection direction, TupleTableSlot *slot)
{
	/* Before heap fills it: the slot may hold a column row. */
	TupleTableSlot *inner = pge_slot_heap(slot);

	do
		if (!heap_getnextslot(scan->heap, direction, inner))
			return false;
	while (scan->ranged && !pge_tid_range_has(scan, &inner->tts_tid));
	pge_slot_adopt_heap(slot);
	return true;
}

/* unit 0: groups; 1: delta; 2: done */
static bool
next_parallel_unit(PgeScan *scan)
{
	scan->unit = Max(scan->unit, 0);
	if (scan->unit == 0 && !next_parallel_group(scan))
		scan->unit = 1;
	if (scan->unit == 1 && !next_parallel_delta(scan))
		scan->unit = 2;
	return scan->unit < 2;
}

static bool
next_row_parallel(PgeScan *scan, TupleTableSlot *slot)
{
	for (;;)
	{
		if (!scan->entered && !next_parallel_unit(scan))
		{
			ExecClearTuple(slot);
			return false;
		}
		scan->entered = true;
		if (scan->unit == 0)
		{
			if (next_group_row(scan, ForwardScanDirection))
				return store_group_row(scan, slot);
		}
		else if (next_heap_row(scan, ForwardScanDirection, slot))
			return true;
		scan->entered = false;
	}
}

/*
 * On to the next unit, forward; false: there is none. Of a group that the filter rules out there is no reader. For those who take whole
 * units (column_units.c); nobody asks the same scan for rows.
 */
bool
pge_scan_next_unit(PgeScan *scan)
{
	if (scan->parallel != NULL)
		return next_parallel_unit(scan);
	if (scan->unit < number_of_units(scan))
		scan->unit++;
	if (scan->unit < number_of_units(scan))
	{
		enter_unit(scan, ForwardScanDirection);
		return true;
	}
	pge_scan_close_group(scan);
	return false;
}

/* Is the unit in hand, of those that pge_scan_next_unit() goes through, a group? */
bool
pge_scan_in_group(const PgeScan *scan)
{
	return scan->parallel != NULL ? scan->unit == 0 : scan->unit < scan->ngroups;
}

static bool
column_getnextslot(TableScanDesc sscan, ScanDirection direction, TupleTableSlot *slot)
{
	PgeScan    *scan = (PgeScan *) sscan;

	if (scan->parallel != NULL)
		return next_row_parallel(scan, slot);

	if (scan->fresh)
	{
		scan->fresh = false;
		if (ScanDirectionIsBackward(direction))
		{
			/* From the end, as heap does. */
			scan->whole_delta = true;
			scan->unit = number_of_units(scan);
		}
		scan->direction = direction;
	}
	if (direction != scan->direction)
	{
		if (ScanDirectionIsBackward(direction) || scan->direction != ForwardScanDirection)
			turn_round(scan);
		scan->direction = direction;
	}
	for (;;)
	{
		if (scan->unit >= 0 && scan->unit < number_of_units(scan))
		{
			if (!scan->entered)
				enter_unit(scan, direction);
			if (scan->unit < scan->ngroups)
			{
				if (next_group_row(scan, direction))
					return store_group_row(scan, slot);
			}
			else if (next_heap_row(scan, direction, slot))
				return true;
		}
		/* On to the next unit, at most one step beyond the ends. */
		scan->entered = false;
		scan->unit += direction;
		if (scan->unit < 0 || scan->unit >= number_of_units(scan))
		{
			scan->unit = scan->unit < 0 ? -1 : number_of_units(scan);
			ExecClearTuple(slot);
			return false;
		}
	}
}

/* ---- begin and end ---- */

/* Not those that look groups up one by one, nor those that get a range of TIDs first. */
static bool
scan_knows_groups(PgeScan *scan)
{
	return (scan->base.rs_flags & (SO_TYPE_BITMAPSCAN | SO_TYPE_TIDSCAN | SO_TYPE_TIDRANGESCAN)) == 0;
}

static TableScanDesc
column_scan_begin(Relation rel, Snapshot snapshot, int nkeys, ScanKey key, ParallelTableScanDesc pscan, uint32 flags)
{
	PgeScan    *scan = palloc0(sizeof(PgeScan));

	if (nkeys > 0)
		elog(ERROR, "scan keys cannot be used on column table \"%s\"", RelationGetRelationName(rel));
	pge_writer_flush(rel);
	RelationIncrementReferenceCount(rel);
	scan->base.rs_rd = rel;
	scan->base.rs_snapshot = snapshot;
	scan->base.rs_flags = flags;
	scan->base.rs_parallel = pscan;
	/* Index builds hand heap's part to heap, which then draws its blocks itself (column_index.c). */
	scan->parallel = (PgeParallelScan *) pscan;
	/* The snapshot is ours to give back; limits and synchronised scans exclude each other. */
	scan->heap = heap_beginscan(rel, snapshot, 0, NULL, NULL, flags & ~(SO_TEMP_SNAPSHOT | SO_ALLOW_SYNC));
	/* It has counted a sequential scan; going from range to range is not another one. */
	scan->heap->rs_flags &= ~SO_TYPE_SEQSCAN;
	if ((flags & (SO_TYPE_SEQSCAN | SO_ALLOW_STRAT)) == (SO_TYPE_SEQSCAN | SO_ALLOW_STRAT))
		scan->bulk = pge_bulk_begin(rel, pscan != NULL ? 1 + max_parallel_workers_per_gather : 1);
	scan->unit = scan->drawn = -1;
	scan->fresh = true;
	scan->number = ++scans_begun;
	if (scan_knows_groups(scan))
		load_groups(scan);
	return &scan->base;
}

static void
column_scan_end(TableScanDesc sscan)
{
	PgeScan    *scan = (PgeScan *) sscan;

	pge_cold_ahead_leave(scan->number);
	pge_scan_close_group(scan);
	pge_bitmap_reset(scan);
	heap_endscan(scan->heap);
	if (scan->base.rs_flags & SO_TEMP_SNAPSHOT)
		UnregisterSnapshot(scan->base.rs_snapshot);
	RelationDecrementReferenceCount(scan->base.rs_rd);
	forget_groups(scan);
	pge_bulk_end(scan->bulk);
	pfree(scan);
}

/* Groups are going to be read again. */
void
pge_scan_keep_readers(PgeScan *scan)
{
	MemoryContext old;

	if (scan->kept != NULL)
		return;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(scan));
	scan->kept = pge_kept_readers(scan->ndescs);
	MemoryContextSwitchTo(old);
}

static void
column_rescan(TableScanDesc sscan, ScanKey key, bool set_params, bool allow_strat, bool allow_sync, bool allow_pagemode)
{
	PgeScan    *scan = (PgeScan *) sscan;

	heap_rescan(scan->heap, NULL, set_params, allow_strat, false, allow_pagemode);
	if (sscan->rs_flags & SO_TYPE_SEQSCAN)
		pgstat_count_heap_scan(sscan->rs_rd);
	pge_scan_close_group(scan);
	pge_bitmap_reset(scan);
	scan->unit = -1;
	scan->entered = false;
	scan->fresh = true;
	scan->whole_delta = false;
	if (scan->filter != NULL)
		scan->filter->ready = false;
	scan->chunk_next = scan->chunk_end = 0;
	scan->next_visible = 0;
	scan->drawn = -1;
	scan->goes_back = false;
	scan->ahead_unit = 0;
	/* What an MVCC snapshot sees does not change; other snapshots look again. */
	if (!scan_knows_groups(scan))
		return;
	if (scan->base.rs_snapshot == NULL || !IsMVCCSnapshot(scan->base.rs_snapshot))
		load_groups(scan);
	else
		pge_scan_keep_readers(scan);
}

/* Follows the begin and each rescan. */
static void
column_set_tidrange(TableScanDesc sscan, ItemPointer mintid, ItemPointer maxtid)
{
	PgeScan    *scan = (PgeScan *) sscan;

	PredicateLockRelation(sscan->rs_rd, sscan->rs_snapshot);
	scan->ranged = true;
	sscan->rs_mintid = *mintid;
	sscan->rs_maxtid = *maxtid;
	load_groups(scan);
	pge_tid_range_clip(scan);
}

void
pge_scan_set_filter(TableScanDesc sscan, PgeScanFilter *filter)
{
	((PgeScan *) sscan)->filter = filter;
}

void
pge_scan_set_columns(TableScanDesc sscan, const Bitmapset *columns)
{
	((PgeScan *) sscan)->columns = columns;
}

static Size
column_parallelscan_estimate(Relation rel)
{
	return sizeof(PgeParallelScan);
}

static void
column_parallelscan_reinitialize(Relation rel, ParallelTableScanDesc pscan)
{
	PgeParallelScan *shared = (PgeParallelScan *) pscan;

	table_block_parallelscan_reinitialize(rel, pscan);
	pg_atomic_write_u32(&shared->next_group, 0);
	pg_atomic_write_u32(&shared->next_chunk, 0);
}

static Size
column_parallelscan_initialize(Relation rel, ParallelTableScanDesc pscan)
{
	PgeParallelScan *shared = (PgeParallelScan *) pscan;

	/* Rows of this very statement would be invisible to workers' directories otherwise. */
	pge_writer_flush(rel);
	pg_atomic_init_u32(&shared->next_group, 0);
	pg_atomic_init_u32(&shared->next_chunk, 0);
	shared->groups = pge_directory_count(rel);
	table_block_parallelscan_initialize(rel, pscan);
	/* Heap's synchronised start would only matter to heap's own allocation of blocks, which index builds use. */
	shared->heap.base.phs_syncscan = false;
	shared->chunk_blocks = Max(1, Min(MAX_CHUNK_BLOCKS, shared->heap.phs_nblocks / MIN_CHUNKS));
	return sizeof(PgeParallelScan);
}

static const TupleTableSlotOps *
column_slot_callbacks(Relation rel)
{
	return &PgeSlotOps;
}

void
pge_column_set_scan_callbacks(TableAmRoutine *routine)
{
	routine->slot_callbacks = column_slot_callbacks;
	routine->scan_begin = column_scan_begin;
	routine->scan_end = column_scan_end;
	routine->scan_rescan = column_rescan;
	routine->scan_getnextslot = column_getnextslot;
	routine->scan_set_tidrange = column_set_tidrange;
	/* The range has been made the scan's. */
	routine->scan_getnextslot_tidrange = column_getnextslot;
	routine->parallelscan_estimate = column_parallelscan_estimate;
	routine->parallelscan_initialize = column_parallelscan_initialize;
	routine->parallelscan_reinitialize = column_parallelscan_reinitialize;
}
