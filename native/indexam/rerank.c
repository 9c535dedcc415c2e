/*
 * Indexes of vectors: exact distances, from the table's rows.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "vector_index.h"

struct PgeRerank
{
	const PgeVectorIndexType *type;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	AttrNumber	column;			/* the table's, or 0: an expression */
	IndexInfo  *info;
	EState	   *estate;			/* of expressions */
	MemoryContext row;			/* what one row takes: its value detoasted */
	MemoryContext keeper;
	Datum		query;			/* 0: NULL */
};

PgeRerank *
pge_rerank_begin(Relation heap, Relation index, const PgeVectorIndexType *type)
{
	PgeRerank  *rerank = palloc0(sizeof(PgeRerank));

	rerank->type = type;
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

bool
pge_rerank_fetch(PgeRerank *rerank, ItemPointer tid, Snapshot snapshot, double *distance, bool *all_dead)
{
	ItemPointerData at = *tid;
	bool		call_again = false;
	bool		found;
	MemoryContext old;
	Datum		value;

	if (!IsMVCCSnapshot(snapshot))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("indexes of vectors are scanned with MVCC snapshots only")));
	if (!table_index_fetch_tuple(rerank->fetch, &at, snapshot, rerank->slot, &call_again, all_dead))
		return false;
	*all_dead = false;
	*distance = 0;
	old = MemoryContextSwitchTo(rerank->row);
	found = get_value(rerank, &value);
	if (found && rerank->query != 0)
		*distance = pge_vector_index_distance(rerank->type, rerank->query, value);
	MemoryContextSwitchTo(old);
	MemoryContextReset(rerank->row);
	ExecClearTuple(rerank->slot);
	return found;
}

void
pge_rerank_end(PgeRerank *rerank)
{
	table_index_fetch_end(rerank->fetch);
	ExecDropSingleTupleTableSlot(rerank->slot);
	if (rerank->estate != NULL)
		FreeExecutorState(rerank->estate);
}
