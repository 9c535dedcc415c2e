/*
 * Column store: CLUSTER's sort. Takes rows that every snapshot sees, sorts them as a B-tree index has them, and stores them in new groups
 * that are frozen from the start. Which rows those are, column_rewrite.c knows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"

#include "column.h"
#include "group_builder.h"
#include "row_sorter.h"

/* Bytes of values in a group: half of the memory allowed, since encoding them takes about as much again. */
#define MIN_GROUP_BYTES	((uint64) 1024 * 1024)
#define MAX_GROUP_BYTES	((uint64) 128 * 1024 * 1024)

struct PgeSorter
{
	Relation	rel;			/* the new table */
	Tuplesortstate *sort;
};

PgeSorter *
pge_sorter_begin(Relation rel, Relation index)
{
	PgeSorter  *sorter = palloc_object(PgeSorter);

	if (index->rd_rel->relam != BTREE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot cluster a column table by index \"%s\"", RelationGetRelationName(index)),
				 errdetail("Only B-tree indexes say in which order rows are to be stored.")));
	sorter->rel = rel;
	sorter->sort = tuplesort_begin_cluster(RelationGetDescr(rel), index, maintenance_work_mem, NULL, TUPLESORT_NONE);
	return sorter;
}

void
pge_sorter_add(PgeSorter *sorter, const Datum *values, const bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(sorter->rel), values, nulls);

	tuplesort_putheaptuple(sorter->sort, tuple);
	heap_freetuple(tuple);
}

static PgeBuilder *
begin_group(Relation rel, PgeGroupDesc *desc)
{
	memset(desc, 0, sizeof(*desc));
	desc->state = PGE_GROUP_RESERVED;
	desc->xmin = GetCurrentTransactionId();
	desc->cmin = FirstCommandId;
	desc->flags = PGE_XMIN_FROZEN;
	desc->natts = RelationGetDescr(rel)->natts;
	desc->first_block = desc->delete_root = InvalidBlockNumber;
	pge_root_ensure(rel);
	pge_directory_append(rel, desc);
	return pge_builder_begin(rel, CurrentMemoryContext, 0,
							 Max(MIN_GROUP_BYTES, Min(MAX_GROUP_BYTES, (uint64) maintenance_work_mem * 1024 / 2)));
}

/* Sort and store what there is. */
void
pge_sorter_end(PgeSorter *sorter)
{
	TupleDesc	tupdesc = RelationGetDescr(sorter->rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	PgeBuilder *group = NULL;
	PgeGroupDesc desc;
	HeapTuple	tuple;

	tuplesort_performsort(sorter->sort);
	while ((tuple = tuplesort_getheaptuple(sorter->sort, true)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (group == NULL)
			group = begin_group(sorter->rel, &desc);
		heap_deform_tuple(tuple, tupdesc, values, nulls);
		pge_builder_add(group, values, nulls);
		/* The next tuple takes this one's memory. */
		pge_builder_flush(group);
		if (group->state.Full)
		{
			pge_builder_store(group, sorter->rel, &desc, NULL);
			group = NULL;
		}
	}
	if (group != NULL)
		pge_builder_store(group, sorter->rel, &desc, NULL);
	tuplesort_end(sorter->sort);
	pfree(values);
	pfree(nulls);
	pfree(sorter);
}
