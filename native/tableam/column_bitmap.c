/*
 * Column store: bitmap scans over both regions. Blocks of the delta go to heap's callbacks; a column block stands for 256 rows of a
 * group, of which only those that the bitmap names are decoded.
 *
 * The executor would prefetch blocks of the bitmap, which column blocks cannot be: executor/prefetch.c keeps it from that.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "utils/memutils.h"

#include "column_scan.h"

/* From this many rows of a block on, decoding its whole vector costs less than decoding them one by one. */
#define DENSE_ROWS	24

typedef struct PgeBitmapPart
{
	PgeGroupDesc desc;			/* the group of the last column block */
	bool		known;			/* desc is set */
	bool		visible;
	/* Values of a row are copies, those of a vector are the reader's: the first can share a reader with others, not the second. */
	PgeReader  *row_reader;
	PgeReader  *vector_reader;

	PgeFetchMode mode;			/* rows of the block in hand */
	int			nrows;
	int			next;
	uint32		rows[PGE_TID_ROWS];
} PgeBitmapPart;

static void
release_readers(PgeBitmapPart *part)
{
	if (part->row_reader != NULL)
		pge_reader_release(part->row_reader);
	if (part->vector_reader != NULL)
		pge_reader_release(part->vector_reader);
	part->row_reader = part->vector_reader = NULL;
}

/* The scan starts again or ends. */
void
pge_bitmap_reset(PgeScan *scan)
{
	if (scan->bitmap == NULL)
		return;
	release_readers(scan->bitmap);
	pfree(scan->bitmap);
	scan->bitmap = NULL;
}

static PgeBitmapPart *
take_group(PgeScan *scan, uint32 group)
{
	Relation	rel = scan->base.rs_rd;
	PgeBitmapPart *part = scan->bitmap;

	if (part == NULL)
		part = scan->bitmap = MemoryContextAllocZero(GetMemoryChunkContext(scan), sizeof(PgeBitmapPart));
	if (part->known && part->desc.group_id == group)
		return part;
	release_readers(part);
	/* As rows of all scans are locked, and before the group is looked at. */
	PredicateLockRelation(rel, scan->base.rs_snapshot);
	part->known = true;
	part->visible = pge_directory_get(rel, group, &part->desc) &&
		pge_group_visible(rel, &part->desc, scan->base.rs_snapshot);
	part->desc.group_id = group;
	return part;
}

static PgeReader *
reader_of(PgeScan *scan, PgeBitmapPart *part)
{
	if (part->mode == PGE_FETCH_ROW)
	{
		if (part->row_reader == NULL)
			part->row_reader = pge_reader_cached(scan->base.rs_rd, &part->desc);
		return part->row_reader;
	}
	if (part->vector_reader == NULL)
	{
		part->vector_reader = pge_reader_open(scan->base.rs_rd, &part->desc);
		pge_reader_count(part->vector_reader, scan->base.rs_rd);
	}
	return part->vector_reader;
}

static bool
column_bitmap_next_block(TableScanDesc sscan, TBMIterateResult *tbmres)
{
	PgeScan    *scan = (PgeScan *) sscan;
	PgeBitmapPart *part;
	ItemPointerData first_tid;
	uint32		first,
				n;
	bool		gone[PGE_TID_ROWS];

	scan->page_is_group = pge_block_is_column(tbmres->blockno);
	if (!scan->page_is_group)
		return pge_heap_routine()->scan_bitmap_next_block(scan->heap, tbmres);

	ItemPointerSet(&first_tid, tbmres->blockno, FirstOffsetNumber);
	first = pge_tid_row(&first_tid);
	part = take_group(scan, pge_tid_group(&first_tid));
	part->nrows = part->next = 0;
	/* Who stored the group may have failed, and VACUUM or compaction may have removed it since the index was read. */
	if (!part->visible || first >= part->desc.rows)
		return false;

	n = Min(PGE_TID_ROWS, part->desc.rows - first);
	pge_rows_gone(sscan->rs_rd, &part->desc, first, n, sscan->rs_snapshot, gone);
	if (tbmres->ntuples >= 0)
	{
		for (int i = 0; i < tbmres->ntuples; i++)
		{
			uint32		place = tbmres->offsets[i] - FirstOffsetNumber;

			if (place < n && !gone[place])
				part->rows[part->nrows++] = first + place;
		}
	}
	else
	{
		for (uint32 place = 0; place < n; place++)
			if (!gone[place])
				part->rows[part->nrows++] = first + place;
	}
	part->mode = part->nrows < DENSE_ROWS ? PGE_FETCH_ROW : PGE_FETCH_VECTOR;
	return part->nrows > 0;
}

static bool
column_bitmap_next_tuple(TableScanDesc sscan, TBMIterateResult *tbmres, TupleTableSlot *slot)
{
	PgeScan    *scan = (PgeScan *) sscan;
	PgeBitmapPart *part = scan->bitmap;

	if (!scan->page_is_group)
	{
		if (!pge_heap_routine()->scan_bitmap_next_tuple(scan->heap, tbmres, pge_slot_heap(slot)))
			return false;
		pge_slot_adopt_heap(slot);
		if (IsolationIsSerializable())
			pge_check_delta_move(sscan->rs_rd, ExecFetchSlotHeapTuple(pge_slot_heap(slot), false, NULL), sscan->rs_snapshot);
		return true;
	}
	if (part->next >= part->nrows)
		return false;
	pge_slot_store_row(slot, sscan->rs_rd, reader_of(scan, part), part->rows[part->next++], part->mode);
	pgstat_count_heap_fetch(sscan->rs_rd);
	return true;
}

void
pge_column_set_bitmap_callbacks(TableAmRoutine *routine)
{
	routine->scan_bitmap_next_block = column_bitmap_next_block;
	routine->scan_bitmap_next_tuple = column_bitmap_next_tuple;
}
