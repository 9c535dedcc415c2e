/*
 * Column store: DDL and sizes: VACUUM FULL, TOAST, planner's size estimate. Storage itself (new files, TRUNCATE, SET TABLESPACE) is
 * heap's: a column table's pages are copied, logged and dropped like any others.
 */
#include "postgres.h"

#include <math.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "catalog/pg_am_d.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"

#include "column.h"
#include "heap_view.h"

/* Rows of groups are copied as they are: bytes, transaction and all; ids and blocks are new. */
static double
copy_groups(Relation old, Relation new, double *vacuumed)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(old, &descs);
	double		rows = 0;

	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeGroupDesc desc = descs[i];
		char	   *bytes;

		CHECK_FOR_INTERRUPTS();
		if (pge_group_fate(&desc) == PGE_FATE_DEAD)
		{
			*vacuumed += desc.state == PGE_GROUP_COMPLETE ? desc.rows : 0;
			continue;
		}
		bytes = MemoryContextAllocHuge(CurrentMemoryContext, desc.length);
		pge_group_read(old, &desc, 0, desc.length, bytes);
		pge_root_ensure(new);
		desc.state = PGE_GROUP_RESERVED;
		pge_directory_append(new, &desc);
		pge_group_store(new, &desc, bytes, desc.length);
		desc.state = PGE_GROUP_COMPLETE;
		pge_directory_update(new, &desc);
		rows += desc.rows;
		pfree(bytes);
	}
	return rows;
}

static void
column_copy_for_cluster(Relation old, Relation new, Relation index, bool use_sort, TransactionId OldestXmin,
						TransactionId *xid_cutoff, MultiXactId *multi_cutoff, double *num_tuples,
						double *tups_vacuumed, double *tups_recently_dead)
{
	Relation	old_view;
	double		rows;

	if (index != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot cluster column table \"%s\" by an index", RelationGetRelationName(old)),
				 errhint("Load the rows in the wanted order: INSERT ... SELECT ... ORDER BY into a new table.")));

	pge_writer_flush(old);
	rows = copy_groups(old, new, tups_vacuumed);
	if (RelationGetNumberOfBlocks(old) > 0)
		pge_root_ensure(new);
	/* Delta rows, the dead ones that somebody may still see included, follow by heap's own rewrite. */
	old_view = pge_heap_view_begin(old);
	pge_heap_routine()->relation_copy_for_cluster(old_view, new, NULL, false, OldestXmin, xid_cutoff, multi_cutoff,
												  num_tuples, tups_vacuumed, tups_recently_dead);
	pge_heap_view_end(old_view);
	*num_tuples += rows;
}

static void
column_nontransactional_truncate(Relation rel)
{
	pge_writer_flush(rel);
	pge_heap_routine()->relation_nontransactional_truncate(rel);
}

static Oid
column_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

/*
 * Rows: those of groups exactly, those of the delta by heap's guess from their width. No page counts as all-visible while there
 * are groups, since an index-only scan has to fetch every column row.
 */
static void
column_estimate_size(Relation rel, int32 *attr_widths, BlockNumber *pages, double *tuples, double *allvisfrac)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	BlockNumber owned = 0,
				total = RelationGetNumberOfBlocks(rel);
	double		rows = 0,
				density;

	for (uint32 i = 0; i < ndescs; i++)
		if (pge_group_fate(&descs[i]) != PGE_FATE_DEAD)
		{
			rows += descs[i].rows;
			owned += descs[i].blocks;
		}
	if (rows == 0)
	{
		pge_heap_routine()->relation_estimate_size(rel, attr_widths, pages, tuples, allvisfrac);
		return;
	}
	density = (BLCKSZ - SizeOfPageHeaderData) /
		(double) (MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData) + get_rel_data_width(rel, attr_widths));
	*pages = total;
	/* root and directory are not worth subtracting */
	*tuples = rint(rows + density * (total > owned + 2 ? total - owned - 2 : 0));
	*allvisfrac = 0;
	pfree(descs);
}

void
pge_column_set_storage_callbacks(TableAmRoutine *routine)
{
	routine->relation_copy_for_cluster = column_copy_for_cluster;
	routine->relation_nontransactional_truncate = column_nontransactional_truncate;
	routine->relation_toast_am = column_toast_am;
	routine->relation_estimate_size = column_estimate_size;
}
