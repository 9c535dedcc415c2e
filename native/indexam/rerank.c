/*
 * Indexes of vectors: exact distances, from the table's rows.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "shim/recent_buffers.h"
#include "tableam/layout.h"

#include "toast_fetch.h"
#include "vector_index.h"

/* Of a row, so much is asked for ahead. */
#define PREFETCHED_ROW 256

struct PgeRerank
{
	Relation	heap;
	Relation	index;
	BlockNumber blocks;			/* of the table, when it was last looked: no row is behind them */
	bool		is_heap;		/* an index on a heap's column: rows are read as begin_heap() does */
	PgeRecentBuffers *recent;	/* of a heap */
	PgeToastReader *toast;		/* NULL: values are where their rows are */
	const PgeVectorIndexType *type;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	AttrNumber	column;			/* the table's, or 0: an expression */
	IndexInfo  *info;
	EState	   *estate;			/* of expressions */
	MemoryContext row;			/* what a batch of rows takes: values detoasted */
	MemoryContext keeper;
	Datum		query;			/* 0: NULL */
};

PgeRerank *
pge_rerank_begin(Relation heap, Relation index, const PgeVectorIndexType *type)
{
	PgeRerank  *rerank = palloc0(sizeof(PgeRerank));

	rerank->type = type;
	rerank->heap = heap;
	rerank->index = index;
	rerank->is_heap = heap->rd_tableam == GetHeapamTableAmRoutine() && index->rd_index->indkey.values[0] != 0;
	rerank->fetch = table_index_fetch_begin(heap);
	rerank->slot = table_slot_create(heap, NULL);
	rerank->column = index->rd_index->indkey.values[0];
	rerank->keeper = CurrentMemoryContext;
	rerank->row = AllocSetContextCreate(CurrentMemoryContext, "epiphany vector row", ALLOCSET_DEFAULT_SIZES);
	if (rerank->column == 0)
	{
		rerank->info = BuildIndexInfo(index);
		rerank->estate = CreateExecutorState();
		GetPerTupleExprContext(rerank->estate)->ecxt_scantuple = rerank->slot;
	}
	return rerank;
}

/* At the first fetch: planning, too, may begin a scan. */
static void
begin_heaps(PgeRerank *rerank)
{
	MemoryContext old = MemoryContextSwitchTo(rerank->keeper);

	rerank->recent = pge_recent_buffers(rerank->heap);
	if (rerank->type->max_dims > 0)
		rerank->toast = pge_toast_begin(rerank->heap);
	MemoryContextSwitchTo(old);
}

void
pge_rerank_query(PgeRerank *rerank, Datum query)
{
	MemoryContext old = MemoryContextSwitchTo(rerank->keeper);

	if (rerank->query != 0)
		pfree(DatumGetPointer(rerank->query));
	rerank->query = query == 0 ? 0 : PointerGetDatum(PG_DETOAST_DATUM_COPY(query));
	MemoryContextSwitchTo(old);
}

/* The row in the slot: its vector, or false if it is NULL. */
static bool
get_value(PgeRerank *rerank, Datum *value)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	if (rerank->column != 0)
	{
		*value = slot_getattr(rerank->slot, rerank->column, &nulls[0]);
		return !nulls[0];
	}
	ResetPerTupleExprContext(rerank->estate);
	FormIndexDatum(rerank->info, rerank->slot, rerank->estate, values, nulls);
	*value = values[0];
	return !nulls[0];
}

/* The distance of the value in the slot, if it has one. In the memory context of rows. */
static void
measure(PgeRerank *rerank, PgeRerankRow *row)
{
	Datum		value;

	row->found = get_value(rerank, &value);
	if (row->found && rerank->query != 0)
		row->distance = pge_vector_index_distance(rerank->type, rerank->query, value);
}

/*
 * A damaged index may name any place. The table's access method would tell of a file that is not there; places that are none of the file's
 * blocks, as rows of row groups have them, it checks by itself.
 */
static void
check_place(PgeRerank *rerank, const PgeRerankRow *row)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(&row->tid);

	if (likely(block < rerank->blocks) || (block >= PGE_TID_BLOCK_FLAG && rerank->heap->rd_tableam != GetHeapamTableAmRoutine()))
		return;
	rerank->blocks = RelationGetNumberOfBlocks(rerank->heap);
	if (block >= rerank->blocks)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" is damaged: it names block %u of table \"%s\", which has %u",
						RelationGetRelationName(rerank->index), block, RelationGetRelationName(rerank->heap), rerank->blocks),
				 errhint("Please REINDEX it.")));
}

/* Any table, any expression: a row at a time. */
static void
fetch_any(PgeRerank *rerank, PgeRerankRow *row, Snapshot snapshot)
{
	ItemPointerData at = row->tid;
	bool		call_again = false;
	bool		all_dead;

	check_place(rerank, row);
	if (!table_index_fetch_tuple(rerank->fetch, &at, snapshot, rerank->slot, &call_again, &all_dead))
		return;
	measure(rerank, row);
	ExecClearTuple(rerank->slot);
}

/* ---- Heaps ---- */

/*
 * Asks the processor for where rows' pages say that the rows are, then for the rows. What is seen without a pin is not followed out of
 * the page.
 */
static void
approach(PgeRerank *rerank, const PgeRerankRow *rows, int count)
{
	Page		pages[PGE_RERANK_BATCH];

	for (int i = 0; i < count; i++)
	{
		Buffer		buffer = pge_recent_where(rerank->recent, ItemPointerGetBlockNumber(&rows[i].tid));

		pages[i] = BufferIsValid(buffer) ? BufferGetPage(buffer) : NULL;
		if (pages[i] == NULL)
			continue;
		__builtin_prefetch(GetBufferDescriptor(buffer - 1));
		__builtin_prefetch(pages[i]);
		__builtin_prefetch((char *) pages[i] + SizeOfPageHeaderData + sizeof(ItemIdData) * ItemPointerGetOffsetNumber(&rows[i].tid));
	}
	for (int i = 0; i < count; i++)
	{
		Size		place = SizeOfPageHeaderData + sizeof(ItemIdData) * (ItemPointerGetOffsetNumber(&rows[i].tid) - 1);
		ItemIdData	item;

		if (pages[i] == NULL || place > BLCKSZ - sizeof(item))
			continue;
		memcpy(&item, (char *) pages[i] + place, sizeof(item));
		if (ItemIdGetOffset(&item) + ItemIdGetLength(&item) <= BLCKSZ)
			pge_prefetch_bytes((char *) pages[i] + ItemIdGetOffset(&item), Min(ItemIdGetLength(&item), PREFETCHED_ROW));
	}
}

/*
 * As table_index_fetch_tuple() does for a heap, but where the page was last, and without pruning it: that is for those who return rows
 * (heapam_index_fetch_tuple).
 */
static bool
fetch_heap(PgeRerank *rerank, const PgeRerankRow *row, Snapshot snapshot)
{
	ItemPointerData at = row->tid;
	HeapTuple	tuple = &((BufferHeapTupleTableSlot *) rerank->slot)->base.tupdata;
	Buffer		buffer;
	bool		found;

	check_place(rerank, row);
	buffer = pge_recent_read(rerank->heap, rerank->recent, ItemPointerGetBlockNumberNoCheck(&at));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	found = heap_hot_search_buffer(&at, rerank->heap, buffer, snapshot, tuple, NULL, true);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (!found)
	{
		ReleaseBuffer(buffer);
		return false;
	}
	tuple->t_tableOid = RelationGetRelid(rerank->heap);
	ExecStorePinnedBufferHeapTuple(tuple, rerank->slot, buffer);
	return true;
}

/* Whether the row's value is one for the reader; else its distance is known now. */
static bool
begin_heap(PgeRerank *rerank, PgeRerankRow *row, Snapshot snapshot, PgeToastValue *value)
{
	Datum		datum;
	bool		external = false;

	if (!fetch_heap(rerank, row, snapshot))
		return false;
	if (rerank->toast != NULL && rerank->query != 0 && get_value(rerank, &datum))
		external = pge_toast_want(rerank->toast, (struct varlena *) DatumGetPointer(datum), value);
	if (!external)
		measure(rerank, row);
	ExecClearTuple(rerank->slot);
	return external;
}

static void
fetch_heaps(PgeRerank *rerank, PgeRerankRow *rows, int count, Snapshot snapshot)
{
	PgeToastValue values[PGE_RERANK_BATCH];
	int			which[PGE_RERANK_BATCH];
	int			wanted = 0;

	approach(rerank, rows, count);
	for (int i = 0; i < count; i++)
		if (begin_heap(rerank, &rows[i], snapshot, &values[wanted]))
			which[wanted++] = i;
	for (int i = 0; i < wanted; i++)
		pge_toast_find(rerank->toast, &values[i]);
	for (int i = 0; i < wanted; i++)
		pge_toast_approach(rerank->toast, &values[i]);
	for (int i = 0; i < wanted; i++)
	{
		PgeRerankRow *row = &rows[which[i]];
		struct varlena *value = pge_toast_read(rerank->toast, &values[i]);

		if (value == NULL)
			fetch_any(rerank, row, snapshot);
		else
		{
			row->found = true;
			row->distance = pge_vector_index_distance(rerank->type, rerank->query, PointerGetDatum(value));
		}
	}
}

void
pge_rerank_fetch(PgeRerank *rerank, PgeRerankRow *rows, int count, Snapshot snapshot)
{
	MemoryContext old;

	if (!IsMVCCSnapshot(snapshot))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("indexes of vectors are scanned with MVCC snapshots only")));
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < count; i++)
	{
		rows[i].found = false;
		rows[i].distance = 0;
	}
	if (rerank->is_heap && rerank->recent == NULL)
		begin_heaps(rerank);
	old = MemoryContextSwitchTo(rerank->row);
	if (rerank->is_heap)
		fetch_heaps(rerank, rows, count, snapshot);
	else
		for (int i = 0; i < count; i++)
			fetch_any(rerank, &rows[i], snapshot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(rerank->row);
}

void
pge_rerank_end(PgeRerank *rerank)
{
	table_index_fetch_end(rerank->fetch);
	if (rerank->toast != NULL)
		pge_toast_end(rerank->toast);
	ExecDropSingleTupleTableSlot(rerank->slot);
	if (rerank->estate != NULL)
		FreeExecutorState(rerank->estate);
}
