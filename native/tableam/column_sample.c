/*
 * Column store: ANALYZE and TABLESAMPLE. Both ask for rows by physical block. A group's rows are dealt out evenly over its pages,
 * so that a sample of blocks is a sample of rows, whichever region a block belongs to.
 *
 * ANALYZE of a table with more blocks than it wants rows takes a row or so of each block that it looks at, sometimes a few. Were those
 * neighbours, they would share values that only neighbours share, as order numbers of lines do, and the number of distinct values would
 * be taken for a fraction of what it is: TPC-H's l_orderkey at scale 10 for 2.4 million instead of 15, by heap for 0.4. So there a page
 * stands for rows that lie apart. Taken from the whole group they would lie further apart, but each would have to be decoded, and its block
 * decompressed, by itself: ten times the time.
 *
 * Of cold groups some stand for all (epiphany.analyze_cold_groups), since each costs a request a column. To keep proportions, of the rows
 * of warm groups and of the delta so small a share is taken as those are of all cold rows. Whether a row is taken or not, it counts.
 * A store that cannot be read is no reason to know nothing of a table: what stands in has been read before anything else is sampled.
 */
#include "postgres.h"

#include "access/tsmapi.h"
#include "access/xact.h"
#include "commands/vacuum.h"
#include "nodes/execnodes.h"
#include "storage/read_stream.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "cold_group.h"
#include "column_scan.h"
#include "shim/pge.h"

/*
 * Rows that a page stands for: as many as any other, one after the other; or scattered, every sixth or so of a vector's, so that no other
 * vector need be decoded for them.
 */
static void
share_of_page(const PgeGroupDesc *desc, uint32 page, bool scattered, PgeScan *scan)
{
	uint64		rows = desc->rows;
	uint32		vectors = (desc->rows + PGE_VECTOR_ROWS - 1) / PGE_VECTOR_ROWS;

	scan->page_step = 1;
	scan->page_base = 0;
	if (scattered && vectors <= desc->blocks)
	{
		/* Pages first to end - 1 share the vector. */
		uint32		vector = (uint32) ((uint64) vectors * page / desc->blocks);
		uint32		first = (uint32) (((uint64) desc->blocks * vector + vectors - 1) / vectors);
		uint32		end = (uint32) (((uint64) desc->blocks * (vector + 1) + vectors - 1) / vectors);

		scan->page_base = vector * PGE_VECTOR_ROWS;
		scan->page_row = scan->page_base + page - first;
		scan->page_end = Min((vector + 1) * PGE_VECTOR_ROWS, desc->rows);
		scan->page_step = end - first;
		return;
	}
	scan->page_row = (uint32) (rows * page / desc->blocks);
	scan->page_end = (uint32) (rows * (page + 1) / desc->blocks);
}

/*
 * The page's next row: of as many rows as pages share them each takes one, of the next so many the one before. So what repeats, such as
 * that each fourth row was deleted, does not fall on the same pages.
 */
static uint32
next_row(const PgeScan *scan)
{
	bool		is_first = (scan->page_row - scan->page_base) % scan->page_step == 0;

	return scan->page_row + (is_first ? 2 : 1) * scan->page_step - 1;
}

/*
 * Look at a block: false if it is heap's. Else the page's share of rows is set up, which is empty for pages that hold none
 * (root, directory, orphans) and for groups that "wanted" turns down.
 */
static bool
take_page(PgeScan *scan, Buffer buffer, Snapshot snapshot, bool scattered, bool (*wanted) (PgeScan *, const PgeGroupDesc *))
{
	PgePageHeader header;
	bool		ours;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	ours = pge_page_is_ours(BufferGetPage(buffer));
	if (ours)
		header = *PgePageGetHeader(BufferGetPage(buffer));
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);

	scan->page_is_group = ours;
	scan->page_row = scan->page_end = 0;
	if (ours && header.kind == PGE_KIND_GROUP && header.group_id < scan->ndescs)
	{
		const PgeGroupDesc *desc = &scan->descs[header.group_id];

		if (desc->state == PGE_GROUP_COMPLETE && header.page_no < desc->blocks &&
			desc->first_block + header.page_no == BufferGetBlockNumber(buffer) && wanted(scan, desc))
		{
			pge_scan_open_group(scan, header.group_id, snapshot);
			share_of_page(desc, header.page_no, scattered, scan);
		}
	}
	return ours;
}

/* ---- ANALYZE ---- */

/* As std_typanalyze() has it. */
#define ROWS_A_TARGET	300

/* As heap counts tuples: committed ones, and our own so that a table can be loaded and analysed in one transaction. */
static bool
analyze_wants(PgeScan *scan, const PgeGroupDesc *desc)
{
	PgeGroupFate fate = pge_group_fate(desc);

	return (fate == PGE_FATE_LIVE || fate == PGE_FATE_MINE) && pge_group_is_current(desc);
}

/* Errors that say something of the store: not of who wants to stop, of this server, or of bytes that are not the right ones. */
static bool
is_of_store(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return category != ERRCODE_OPERATOR_INTERVENTION && category != ERRCODE_INSUFFICIENT_RESOURCES && category != ERRCODE_INTERNAL_ERROR;
}

/* Reads a row of a cold group with all columns, which the cache has from then on. False, with a warning: its store does not give it. */
static bool
can_be_read(PgeScan *scan, uint32 group)
{
	Relation	rel = scan->base.rs_rd;
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	PgeColdGroup *cold = pge_cold_open(rel, &scan->descs[group]);
	volatile bool done = false;

	/* A reader, which outlives this, holds nothing but memory between two reads. */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		TupleTableSlot *slot = table_slot_create(rel, NULL);

		pge_scan_open_group(scan, group, SnapshotSelf);
		pge_slot_store_row(slot, rel, scan->reader, 0, PGE_FETCH_VECTOR);
		slot_getallattrs(slot);
		ExecDropSingleTupleTableSlot(slot);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(cxt);
		CurrentResourceOwner = owner;
		if (!is_of_store(error->sqlerrcode))
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("statistics of table \"%s\" leave out cold rows: store \"%s\" could not be read", RelationGetRelationName(rel),
						cold->server ? cold->server : cold->url),
				 errdetail_internal("%s", error->message),
				 errhint("They are counted. ANALYZE the table when the store can be read.")));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return done;
}

/*
 * Chooses cold groups that lie evenly among all. Frozen ones cannot be read, but are stood for. After one that cannot be read no other is
 * tried: who waits for a store waits once.
 */
static void
choose_stand_ins(PgeScan *scan)
{
	MemoryContext cxt = GetMemoryChunkContext(scan);
	uint32	   *cold = palloc_array(uint32, scan->ndescs + 1);
	uint32		n = 0,
				chosen;
	double		rows = 0,
				taken = 0;

	scan->stand_in = MemoryContextAllocZero(cxt, (scan->ndescs + 1) * sizeof(bool));
	for (uint32 i = 0; i < scan->ndescs; i++)
	{
		const PgeGroupDesc *desc = &scan->descs[i];

		if (!(desc->flags & PGE_GROUP_COLD) || desc->state != PGE_GROUP_COMPLETE || !analyze_wants(scan, desc))
			continue;
		rows += desc->rows;
		if (!(desc->flags & PGE_GROUP_ARCHIVED))
			cold[n++] = i;
	}
	chosen = Min(n, (uint32) pge_analyze_cold_groups);
	for (uint32 i = 0; i < chosen; i++)
	{
		uint32		group = cold[(2 * (uint64) i + 1) * n / (2 * chosen)];

		if (!can_be_read(scan, group))
			break;
		scan->stand_in[group] = true;
		taken += scan->descs[group].rows;
	}
	scan->share = taken > 0 ? taken / rows : 1;
	pfree(cold);
}

/* Is a row that is not of a cold group one of the share that is taken? */
static bool
is_due(PgeScan *scan)
{
	scan->due += scan->share;
	if (scan->due < 1)
		return false;
	scan->due -= 1;
	return true;
}

static bool
is_taken(PgeScan *scan)
{
	const PgeGroupDesc *desc = pge_reader_desc(scan->reader);

	return desc->flags & PGE_GROUP_COLD ? scan->stand_in[desc->group_id] : is_due(scan);
}

/* Are there more blocks than rows that ANALYZE takes by default? */
static bool
is_scattered(const PgeScan *scan)
{
	return scan->nblocks > (BlockNumber) default_statistics_target * ROWS_A_TARGET;
}

static bool
column_analyze_next_block(TableScanDesc sscan, ReadStream *stream)
{
	PgeScan    *scan = (PgeScan *) sscan;
	HeapScanDesc heap = (HeapScanDesc) scan->heap;
	Buffer		buffer = read_stream_next_buffer(stream, NULL);

	if (!BufferIsValid(buffer))
		return false;
	if (scan->stand_in == NULL)
		choose_stand_ins(scan);
	if (take_page(scan, buffer, SnapshotSelf, is_scattered(scan), analyze_wants))
	{
		ReleaseBuffer(buffer);
		return true;
	}
	/* As heapam_scan_analyze_next_block() leaves it for heap's next_tuple, which releases it. */
	heap->rs_cbuf = buffer;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	heap->rs_cblock = BufferGetBlockNumber(buffer);
	heap->rs_cindex = FirstOffsetNumber;
	return true;
}

/* Rows that VACUUM has removed are not to bring it back. */
static bool
is_removed(PgeScan *scan, uint32 row)
{
	const PgeGroupDesc *desc = pge_reader_desc(scan->reader);

	if (scan->removed_of != desc->group_id + 1)
	{
		if (scan->removed != NULL)
			pfree(scan->removed);
		scan->removed = pge_group_removed_rows(scan->base.rs_rd, desc);
		scan->removed_of = desc->group_id + 1;
	}
	return pge_bitmap_has(scan->removed, row);
}

static bool
column_analyze_next_tuple(TableScanDesc sscan, TransactionId OldestXmin, double *liverows, double *deadrows,
						  TupleTableSlot *slot)
{
	PgeScan    *scan = (PgeScan *) sscan;

	if (!scan->page_is_group)
	{
		TupleTableSlot *inner = pge_slot_heap(slot);

		while (pge_heap_routine()->scan_analyze_next_tuple(scan->heap, OldestXmin, liverows, deadrows, inner))
		{
			if (!is_due(scan))
				continue;
			pge_slot_adopt_heap(slot);
			return true;
		}
		ExecClearTuple(slot);
		return false;
	}
	while (scan->page_row < scan->page_end)
	{
		uint32		row = scan->page_row;

		scan->page_row = next_row(scan);
		if (pge_bitmap_has(scan->gone, row))
			*deadrows += !is_removed(scan, row);
		else
		{
			*liverows += 1;
			if (!is_taken(scan))
				continue;
			pge_slot_store_row(slot, sscan->rs_rd, scan->reader, row, PGE_FETCH_VECTOR);
			return true;
		}
	}
	ExecClearTuple(slot);
	return false;
}

/* ---- TABLESAMPLE ---- */

static bool
sample_wants(PgeScan *scan, const PgeGroupDesc *desc)
{
	return pge_group_visible(scan->base.rs_rd, desc, scan->base.rs_snapshot);
}

/* Heap's sample functions choose their block themselves; this sampling method "chooses" the one that we have. */
static BlockNumber forced_block;

static BlockNumber
force_block(SampleScanState *node, BlockNumber nblocks)
{
	return forced_block;
}

static bool
column_sample_next_block(TableScanDesc sscan, SampleScanState *node)
{
	PgeScan    *scan = (PgeScan *) sscan;
	BlockNumber block;
	Buffer		buffer;
	bool		ours;

	if (node->tsmroutine->NextSampleBlock)
		block = node->tsmroutine->NextSampleBlock(node, scan->nblocks);
	else
	{
		block = scan->entered ? scan->page_block + 1 : 0;
		if (block >= scan->nblocks)
			block = InvalidBlockNumber;
	}
	scan->entered = BlockNumberIsValid(block);
	scan->page_block = block;
	if (!scan->entered || scan->nblocks == 0)
		return false;

	buffer = ReadBuffer(sscan->rs_rd, block);
	ours = take_page(scan, buffer, sscan->rs_snapshot, false, sample_wants);
	ReleaseBuffer(buffer);
	if (!ours)
	{
		TsmRoutine	forced = {.type = T_TsmRoutine,.NextSampleBlock = force_block};
		SampleScanState shown = *node;

		shown.tsmroutine = &forced;
		forced_block = block;
		return pge_heap_routine()->scan_sample_next_block(scan->heap, &shown);
	}
	return true;
}

static bool
column_sample_next_tuple(TableScanDesc sscan, SampleScanState *node, TupleTableSlot *slot)
{
	PgeScan    *scan = (PgeScan *) sscan;

	if (!scan->page_is_group)
	{
		TupleTableSlot *inner = pge_slot_heap(slot);

		if (!pge_heap_routine()->scan_sample_next_tuple(scan->heap, node, inner))
		{
			ExecClearTuple(slot);
			return false;
		}
		pge_slot_adopt_heap(slot);
		return true;
	}
	/* The method sees 256 rows at a time: a page may stand for more rows than an offset can count. */
	while (scan->page_row < scan->page_end)
	{
		uint32		rows = Min(PGE_TID_ROWS, scan->page_end - scan->page_row);
		ItemPointerData first;
		OffsetNumber offset;

		pge_tid_set(&first, pge_reader_desc(scan->reader)->group_id, scan->page_row);
		offset = node->tsmroutine->NextSampleTuple(node, ItemPointerGetBlockNumberNoCheck(&first), (OffsetNumber) rows);
		if (OffsetNumberIsValid(offset))
		{
			if (pge_bitmap_has(scan->gone, scan->page_row + offset - 1))
				continue;
			pge_slot_store_row(slot, sscan->rs_rd, scan->reader, scan->page_row + offset - 1, PGE_FETCH_VECTOR);
			return true;
		}
		scan->page_row += rows;
	}
	/* Tell the method that its block is over. */
	ExecClearTuple(slot);
	return false;
}

void
pge_column_set_sample_callbacks(TableAmRoutine *routine)
{
	routine->scan_analyze_next_block = column_analyze_next_block;
	routine->scan_analyze_next_tuple = column_analyze_next_tuple;
	routine->scan_sample_next_block = column_sample_next_block;
	routine->scan_sample_next_tuple = column_sample_next_tuple;
}
