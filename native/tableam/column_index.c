/*
 * Column store: building and validating indexes over both regions. Heap's own code builds the delta's entries (under the heap
 * view); the rows of groups follow, with their column TIDs, which sort after every heap TID.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/index.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "catalog/pg_am_d.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/itemptr.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "column_scan.h"
#include "heap_view.h"

/* What both passes over a group's rows need. */
typedef struct IndexRows
{
	Relation	rel;
	Relation	index;
	IndexInfo  *info;
	EState	   *estate;
	ExprContext *econtext;
	ExprState  *predicate;
	TupleTableSlot *slot;
	PgeBulk    *bulk;			/* or NULL */
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
} IndexRows;

static void
begin_rows(IndexRows *rows, Relation rel, Relation index, IndexInfo *info)
{
	rows->rel = rel;
	rows->index = index;
	rows->info = info;
	rows->estate = CreateExecutorState();
	rows->econtext = GetPerTupleExprContext(rows->estate);
	rows->slot = table_slot_create(rel, NULL);
	rows->bulk = pge_bulk_begin(rel, 0);
	rows->econtext->ecxt_scantuple = rows->slot;
	rows->predicate = ExecPrepareQual(info->ii_Predicate, rows->estate);
}

static void
end_rows(IndexRows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
	pge_bulk_end(rows->bulk);
	FreeExecutorState(rows->estate);
	/* They live in the executor state just freed. */
	rows->info->ii_ExpressionsState = NIL;
	rows->info->ii_PredicateState = NULL;
}

/* Compute the index entry of the row in the slot; false if the index is partial and does not want it. */
static bool
form_entry(IndexRows *rows)
{
	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(rows->econtext->ecxt_per_tuple_memory);
	if (rows->predicate != NULL && !ExecQual(rows->predicate, rows->econtext))
		return false;
	FormIndexDatum(rows->info, rows->slot, rows->estate, rows->values, rows->nulls);
	return true;
}

/*
 * Entries for a group's rows. Under SnapshotAny deleted rows get one, too, and rows of a group that was replaced, marked as not alive:
 * somebody may still see them; but not removed ones, which VACUUM would never look for again. Under an MVCC snapshot only what it sees
 * is indexed. Returns the rows that are alive.
 */
static double
index_group(IndexRows *rows, const PgeGroupDesc *desc, Snapshot snapshot, IndexBuildCallback callback, void *state)
{
	PgeReader  *reader = pge_reader_open(rows->rel, desc);
	uint64	   *gone = pge_group_gone_rows(rows->rel, desc, snapshot == SnapshotAny ? SnapshotSelf : snapshot);
	bool		replaced = snapshot == SnapshotAny && !pge_group_is_current(desc);
	uint64	   *removed = pge_group_removed_rows(rows->rel, desc);
	double		alive = 0;

	pge_reader_stream(reader, rows->rel, rows->bulk, false);
	for (uint32 row = 0; row < desc->rows; row++)
	{
		bool		dead = replaced || pge_bitmap_has(gone, row);

		if (dead && (snapshot != SnapshotAny || pge_bitmap_has(removed, row)))
			continue;
		alive += !dead;
		pge_slot_store_row(rows->slot, rows->rel, reader, row, PGE_FETCH_VECTOR);
		if (form_entry(rows))
			callback(rows->index, &rows->slot->tts_tid, rows->values, rows->nulls, !dead, state);
	}
	ExecClearTuple(rows->slot);
	pge_reader_release(reader);
	if (gone != NULL)
		pfree(gone);
	if (removed != NULL)
		pfree(removed);
	return alive;
}

static void
refuse_brin(Relation rel, Relation index)
{
	if (index->rd_rel->relam == BRIN_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("BRIN indexes are not supported on column table \"%s\"", RelationGetRelationName(rel)),
				 errhint("Row groups keep the minimum and maximum of every column themselves.")));
}

static double
column_index_build_range_scan(Relation rel, Relation index, IndexInfo *info, bool allow_sync, bool anyvisible,
							  bool progress, BlockNumber start, BlockNumber numblocks,
							  IndexBuildCallback callback, void *state, TableScanDesc sscan)
{
	PgeScan    *scan = (PgeScan *) sscan;
	PgeParallelScan *shared = NULL;
	Snapshot	snapshot = SnapshotAny;
	bool		own_snapshot = false;
	PgeGroupDesc *descs;
	uint32		ndescs;
	double		tuples = 0;
	IndexRows	rows;
	Relation	view;

	refuse_brin(rel, index);
	pge_writer_flush(rel);
	ndescs = pge_directory_load(rel, &descs);

	/* The delta. In a parallel build heap deals out the blocks; else it gets only the ranges that no group owns. */
	view = pge_heap_view_begin(rel);
	if (scan != NULL)
	{
		TableScanDesc heap = heap_beginscan(view, sscan->rs_snapshot, 0, NULL, sscan->rs_parallel,
											sscan->rs_flags & ~SO_TEMP_SNAPSHOT);

		tuples += pge_heap_routine()->index_build_range_scan(view, index, info, allow_sync, anyvisible, progress,
															 start, numblocks, callback, state, heap);
	}
	else
	{
		PgeBlockRange *ranges;
		int			nranges = pge_delta_ranges(rel, descs, ndescs, RelationGetNumberOfBlocks(rel), &ranges);

		for (int i = 0; i < nranges; i++)
			tuples += pge_heap_routine()->index_build_range_scan(view, index, info, false, anyvisible, progress,
																 ranges[i].start, ranges[i].end - ranges[i].start,
																 callback, state, NULL);
	}
	pge_heap_view_end(view);

	/* The groups: all but dead ones, or under a concurrent build those that its snapshot sees. */
	if (scan != NULL)
		snapshot = sscan->rs_snapshot;
	else if (info->ii_Concurrent)
	{
		snapshot = RegisterSnapshot(GetTransactionSnapshot());
		own_snapshot = true;
	}
	begin_rows(&rows, rel, index, info);
	/* A scan need not be a parallel one: amcheck brings its own. */
	if (scan != NULL && scan->parallel != NULL)
		shared = scan->parallel;
	for (uint32 next = 0;;)
	{
		uint32		i = shared ? pg_atomic_fetch_add_u32(&shared->next_group, 1) : next++;

		if (i >= (shared ? Min(ndescs, shared->groups) : ndescs))
			break;
		if (snapshot == SnapshotAny ? pge_group_fate(&descs[i]) != PGE_FATE_DEAD :
			pge_group_visible(rel, &descs[i], snapshot))
			tuples += index_group(&rows, &descs[i], snapshot, callback, state);
	}
	end_rows(&rows);
	if (own_snapshot)
		UnregisterSnapshot(snapshot);
	if (scan != NULL)
		table_endscan(sscan);
	return tuples;
}

/* The TIDs that an index has, in order, of which we see one at a time. */
typedef struct IndexedTids
{
	Tuplesortstate *sort;
	bool		more;
	ItemPointerData tid;
} IndexedTids;

static void
next_indexed(IndexedTids *indexed)
{
	Datum		value;
	bool		isnull;

	indexed->more = tuplesort_getdatum(indexed->sort, true, false, &value, &isnull, NULL);
	if (indexed->more)
		itemptr_decode(&indexed->tid, DatumGetInt64(value));
}

static void
insert_missing(IndexRows *rows, ItemPointer tid, ValidateIndexState *state)
{
	if (!form_entry(rows))
		return;
	/* A unique check may meet rows of both regions, so it gets the table itself. */
	index_insert(rows->index, rows->values, rows->nulls, tid, rows->rel,
				 rows->info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, rows->info);
	state->tups_inserted += 1;
}

/* Delta rows. The index has a heap-only tuple under its chain's root, so a page's entries are gathered before its tuples are judged. */
static void
validate_delta(IndexRows *rows, Snapshot snapshot, ValidateIndexState *state, IndexedTids *indexed)
{
	TableScanDesc scan = heap_beginscan(rows->rel, snapshot, 0, NULL, NULL,
										SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
	TupleTableSlot *inner = pge_slot_heap(rows->slot);
	BlockNumber current = InvalidBlockNumber;
	OffsetNumber roots[MaxHeapTuplesPerPage];
	bool		present[MaxHeapTuplesPerPage];

	while (heap_getnextslot(scan, ForwardScanDirection, inner))
	{
		BlockNumber block = ItemPointerGetBlockNumber(&inner->tts_tid);
		OffsetNumber offset = ItemPointerGetOffsetNumber(&inner->tts_tid);
		ItemPointerData root;

		CHECK_FOR_INTERRUPTS();
		if (block != current)
		{
			Buffer		buffer = ((HeapScanDesc) scan)->rs_cbuf;

			current = block;
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			heap_get_root_tuples(BufferGetPage(buffer), roots);
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			memset(present, 0, sizeof(present));
			for (; indexed->more && ItemPointerGetBlockNumberNoCheck(&indexed->tid) <= block; next_indexed(indexed))
				if (ItemPointerGetBlockNumberNoCheck(&indexed->tid) == block)
					present[ItemPointerGetOffsetNumberNoCheck(&indexed->tid) - 1] = true;
		}
		if (HeapTupleIsHeapOnly(ExecFetchSlotHeapTuple(inner, false, NULL)))
			offset = roots[offset - 1];
		if (!OffsetNumberIsValid(offset))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("failed to find parent tuple for heap-only tuple at (%u,%u) in table \"%s\"",
							block, ItemPointerGetOffsetNumber(&inner->tts_tid), RelationGetRelationName(rows->rel))));
		state->htups += 1;
		if (present[offset - 1])
			continue;
		pge_slot_adopt_heap(rows->slot);
		ItemPointerSet(&root, block, offset);
		insert_missing(rows, &root, state);
	}
	heap_endscan(scan);
}

static void
validate_group(IndexRows *rows, const PgeGroupDesc *desc, Snapshot snapshot, ValidateIndexState *state,
			   IndexedTids *indexed)
{
	PgeReader  *reader = pge_reader_open(rows->rel, desc);
	uint64	   *gone = pge_group_gone_rows(rows->rel, desc, snapshot);

	pge_reader_stream(reader, rows->rel, rows->bulk, false);
	for (uint32 row = 0; row < desc->rows; row++)
	{
		ItemPointerData tid;

		if (pge_bitmap_has(gone, row))
			continue;
		pge_tid_set(&tid, desc->group_id, row);
		while (indexed->more && ItemPointerCompare(&indexed->tid, &tid) < 0)
			next_indexed(indexed);
		state->htups += 1;
		if (indexed->more && ItemPointerEquals(&indexed->tid, &tid))
			continue;
		pge_slot_store_row(rows->slot, rows->rel, reader, row, PGE_FETCH_VECTOR);
		insert_missing(rows, &tid, state);
	}
	ExecClearTuple(rows->slot);
	pge_reader_release(reader);
	if (gone != NULL)
		pfree(gone);
}

/* Phase 3 of CREATE INDEX CONCURRENTLY: insert entries for rows that the snapshot sees and the index lacks. */
static void
column_index_validate_scan(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot,
						   ValidateIndexState *state)
{
	IndexedTids indexed = {.sort = state->tuplesort};
	PgeGroupDesc *descs;
	uint32		ndescs;
	IndexRows	rows;

	next_indexed(&indexed);
	begin_rows(&rows, rel, index, info);
	validate_delta(&rows, snapshot, state, &indexed);
	ndescs = pge_directory_load(rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
		if (pge_group_visible(rel, &descs[i], snapshot))
			validate_group(&rows, &descs[i], snapshot, state, &indexed);
	index_insert_cleanup(index, info);
	end_rows(&rows);
}

void
pge_column_set_index_callbacks(TableAmRoutine *routine)
{
	routine->index_build_range_scan = column_index_build_range_scan;
	routine->index_validate_scan = column_index_validate_scan;
}
