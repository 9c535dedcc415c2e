/*
 * Column store: the sort of CLUSTER, and of VACUUM FULL where a table has a time column. Takes rows that every snapshot sees, sorts them as
 * a B-tree index has them, or by bucket, series and time as many as memory takes, and stores them in new groups that are frozen from the
 * start. Which rows those are, column_rewrite.c knows.
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
#include "time_sorter.h"

/* Bytes of values in a group: half of the memory allowed, since encoding them takes about as much again. */
#define MIN_GROUP_BYTES	((uint64) 1024 * 1024)
#define MAX_GROUP_BYTES	((uint64) 128 * 1024 * 1024)

struct PgeSorter
{
	Relation	rel;			/* the new table */
	Tuplesortstate *sort;		/* by an index; or NULL */
	PgeTimeSorter *by_time;		/* or NULL */
};

PgeSorter *
pge_sorter_begin(Relation rel, Relation index)
{
	PgeSorter  *sorter = palloc0_object(PgeSorter);
	PgeTimeKey	key;

	sorter->rel = rel;
	if (pge_time_key(rel, &key))
	{
		if (index != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot cluster a table with a time column"),
					 errdetail("Its rows are stored by time: by bucket, then in the order of epiphany.segment_by."),
					 errhint("VACUUM FULL and epiphany.compact() store them in that order.")));
		sorter->by_time = pge_time_sorter_begin(rel, &key, CurrentMemoryContext);
		return sorter;
	}
	if (index->rd_rel->relam != BTREE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot cluster a column table by index \"%s\"", RelationGetRelationName(index)),
				 errdetail("Only B-tree indexes say in which order rows are to be stored.")));
	sorter->sort = tuplesort_begin_cluster(RelationGetDescr(rel), index, maintenance_work_mem, NULL, TUPLESORT_NONE);
	return sorter;
}

static void
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
}

static PgeBuilder *
begin_builder(Relation rel)
{
	return pge_builder_begin(rel, CurrentMemoryContext, 0,
							 Max(MIN_GROUP_BYTES, Min(MAX_GROUP_BYTES, (uint64) maintenance_work_mem * 1024 / 2)));
}

/* A row for the group in the making, which is begun for it; a group that it fills is stored. */
static void
add_sorted(PgeSorter *sorter, PgeBuilder *group, PgeGroupDesc *desc, HeapTuple tuple, Datum *values, bool *nulls)
{
	CHECK_FOR_INTERRUPTS();
	if (pge_builder_rows(group) == 0)
		begin_group(sorter->rel, desc);
	group->sorted = sorter->by_time != NULL;
	heap_deform_tuple(tuple, RelationGetDescr(sorter->rel), values, nulls);
	pge_builder_add(group, values, nulls);
}

static void
store_by_time(PgeSorter *sorter)
{
	TupleDesc	tupdesc = RelationGetDescr(sorter->rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	PgeBuilder *group = begin_builder(sorter->rel);
	PgeGroupDesc desc;
	PgeTimeRow *rows;
	uint32		n;

	pge_time_sorter_sort(sorter->by_time);
	while ((rows = pge_time_sorter_bucket(sorter->by_time, &n)) != NULL)
		for (uint32 i = 0; i < n; i++)
		{
			add_sorted(sorter, group, &desc, rows[i].tuple, values, nulls);
			if (group->state.Full || i + 1 == n)
				pge_builder_store(group, sorter->rel, &desc, NULL);
		}
	pge_time_sorter_reset(sorter->by_time);
	pge_builder_end(group);
	pfree(values);
	pfree(nulls);
}

void
pge_sorter_add(PgeSorter *sorter, const Datum *values, const bool *nulls)
{
	HeapTuple	tuple;

	if (sorter->by_time != NULL)
	{
		pge_time_sorter_add(sorter->by_time, values, nulls, NULL);
		if (pge_time_sorter_bytes(sorter->by_time) >= pge_builder_max_bytes() / 2)
			store_by_time(sorter);
		return;
	}
	tuple = heap_form_tuple(RelationGetDescr(sorter->rel), values, nulls);
	tuplesort_putheaptuple(sorter->sort, tuple);
	heap_freetuple(tuple);
}

static void
store_by_index(PgeSorter *sorter)
{
	TupleDesc	tupdesc = RelationGetDescr(sorter->rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	PgeBuilder *group = begin_builder(sorter->rel);
	PgeGroupDesc desc;
	HeapTuple	tuple;

	tuplesort_performsort(sorter->sort);
	while ((tuple = tuplesort_getheaptuple(sorter->sort, true)) != NULL)
	{
		add_sorted(sorter, group, &desc, tuple, values, nulls);
		/* The next tuple takes this one's memory. */
		pge_builder_flush(group);
		if (group->state.Full)
			pge_builder_store(group, sorter->rel, &desc, NULL);
	}
	if (pge_builder_rows(group) > 0)
		pge_builder_store(group, sorter->rel, &desc, NULL);
	pge_builder_end(group);
	tuplesort_end(sorter->sort);
	pfree(values);
	pfree(nulls);
}

/* Sort and store what there is. */
void
pge_sorter_end(PgeSorter *sorter)
{
	if (sorter->by_time != NULL)
	{
		store_by_time(sorter);
		pge_time_sorter_end(sorter->by_time);
	}
	else
		store_by_index(sorter);
	pfree(sorter);
}
