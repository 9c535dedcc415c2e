/*
 * Column store: building and validating indexes over both regions. Heap's own code does the delta (under the heap view); the
 * rows of groups follow, with their column TIDs, which sort after every heap TID.
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
	rows->econtext->ecxt_scantuple = rows->slot;
	rows->predicate = ExecPrepareQual(info->ii_Predicate, rows->estate);
}

static void
end_rows(IndexRows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
	FreeExecutorState(rows->estate);
	/* They live in the executor state just freed. */
	rows->info->ii_ExpressionsState = NIL;
	rows->info->ii_PredicateState = NULL;
}

/* Store a row and compute its index entry; false if the index is partial and does not want it. */
static bool
form_entry(IndexRows *rows, PgeReader *reader, uint32 row)
{
	CHECK_FOR_INTERRUPTS();
	MemoryContextReset(rows->econtext->ecxt_per_tuple_memory);
	pge_slot_store_row(rows->slot, rows->rel, reader, row, PGE_FETCH_VECTOR);
	if (rows->predicate != NULL && !ExecQual(rows->predicate, rows->econtext))
		return false;
	FormIndexDatum(rows->info, rows->slot, rows->estate, rows->values, rows->nulls);
	return true;
}

static double
index_group(IndexRows *rows, const PgeGroupDesc *desc, IndexBuildCallback callback, void *state)
{
	PgeReader  *reader = pge_reader_open(rows->rel, desc);

	for (uint32 row = 0; row < desc->rows; row++)
		if (form_entry(rows, reader, row))
			callback(rows->index, &rows->slot->tts_tid, rows->values, rows->nulls, true, state);
	ExecClearTuple(rows->slot);
	pge_reader_release(reader);
	return desc->rows;
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
			tuples += index_group(&rows, &descs[i], callback, state);
	}
	end_rows(&rows);
	if (own_snapshot)
		UnregisterSnapshot(snapshot);
	if (scan != NULL)
		table_endscan(sscan);
	return tuples;
}

/* The TIDs that the index has, split by region; each half comes out sorted again. */
static Tuplesortstate *
split_tids(Tuplesortstate *all, Tuplesortstate *column)
{
	Tuplesortstate *delta = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
												  maintenance_work_mem / 2, NULL, TUPLESORT_NONE);
	Datum		value;
	bool		isnull;

	while (tuplesort_getdatum(all, true, false, &value, &isnull, NULL))
	{
		ItemPointerData tid;

		CHECK_FOR_INTERRUPTS();
		itemptr_decode(&tid, DatumGetInt64(value));
		tuplesort_putdatum(pge_tid_is_column(&tid) ? column : delta, value, false);
	}
	tuplesort_performsort(delta);
	tuplesort_performsort(column);
	return delta;
}

/* Phase 3 of CREATE INDEX CONCURRENTLY: insert entries for rows that the snapshot sees and the index lacks. */
static void
column_index_validate_scan(Relation rel, Relation index, IndexInfo *info, Snapshot snapshot,
						   ValidateIndexState *state)
{
	Tuplesortstate *column = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
												   maintenance_work_mem / 2, NULL, TUPLESORT_NONE);
	ValidateIndexState delta = *state;
	PgeGroupDesc *descs;
	uint32		ndescs;
	IndexRows	rows;
	Relation	view;
	bool		more = true;
	int64		indexed = -1;	/* the least TID of the index that we have not passed */

	delta.tuplesort = split_tids(state->tuplesort, column);
	view = pge_heap_view_begin(rel);
	pge_heap_routine()->index_validate_scan(view, index, info, snapshot, &delta);
	pge_heap_view_end(view);
	tuplesort_end(delta.tuplesort);
	state->htups = delta.htups;
	state->tups_inserted = delta.tups_inserted;

	ndescs = pge_directory_load(rel, &descs);
	begin_rows(&rows, rel, index, info);
	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeReader  *reader;

		if (!pge_group_visible(rel, &descs[i], snapshot))
			continue;
		reader = pge_reader_open(rel, &descs[i]);
		for (uint32 row = 0; row < descs[i].rows; row++)
		{
			ItemPointerData tid;
			int64		wanted;

			pge_tid_set(&tid, i, row);
			wanted = itemptr_encode(&tid);
			while (more && indexed < wanted)
			{
				Datum		value;
				bool		isnull;

				more = tuplesort_getdatum(column, true, false, &value, &isnull, NULL);
				if (more)
					indexed = DatumGetInt64(value);
			}
			state->htups += 1;
			if ((more && indexed == wanted) || !form_entry(&rows, reader, row))
				continue;
			index_insert(index, rows.values, rows.nulls, &rows.slot->tts_tid, rel,
						 info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, info);
			state->tups_inserted += 1;
		}
		ExecClearTuple(rows.slot);
		pge_reader_release(reader);
	}
	index_insert_cleanup(index, info);
	end_rows(&rows);
	tuplesort_end(column);
}

void
pge_column_set_index_callbacks(TableAmRoutine *routine)
{
	routine->index_build_range_scan = column_index_build_range_scan;
	routine->index_validate_scan = column_index_validate_scan;
}
