/*
 * Column store: TOAST, truncation, planner's size estimate. Storage itself (new files, TRUNCATE, SET TABLESPACE) is
 * heap's: a column table's pages are copied, logged and dropped like any others.
 */
#include "postgres.h"

#include <math.h>

#include "access/heapam.h"
#include "access/htup_details.h"
#include "catalog/pg_am_d.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"

#include "cold_group.h"
#include "column.h"

static void
column_nontransactional_truncate(Relation rel)
{
	pge_writer_flush(rel);
	pge_heap_routine()->relation_nontransactional_truncate(rel);
	/* Groups to come get the same ids and blocks in the same file. */
	pge_reader_forget_all();
	pge_directory_forget(rel);
}

static Oid
column_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

/*
 * Rows: those of groups exactly, those of the delta by the density that VACUUM or ANALYZE found, or by heap's guess from their
 * width where groups stored since hide it. Pages: a cold group counts with those that it had, since what a scan reads of it is as much, and
 * more than that to fetch. No page counts as all-visible while there are groups, since an index-only scan has to fetch every column row.
 */
static void
column_estimate_size(Relation rel, int32 *attr_widths, BlockNumber *pages, double *tuples, double *allvisfrac)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	BlockNumber owned = 0,
				total = RelationGetNumberOfBlocks(rel),
				delta_pages;
	double		rows = 0,
				elsewhere = 0,
				density;

	for (uint32 i = 0; i < ndescs; i++)
	{
		if (pge_group_fate(&descs[i]) != PGE_FATE_DEAD)
			owned += descs[i].blocks;
		if (!pge_group_is_current(&descs[i]))
			continue;
		rows += descs[i].rows - descs[i].dead_rows;
		/* Frozen ones are not read. */
		if (pge_group_tier(&descs[i]) == PGE_TIER_COLD)
			elsewhere += Max((double) descs[i].length / PGE_PAGE_PAYLOAD - descs[i].blocks, 0);
	}
	if (rows == 0)
	{
		pge_heap_routine()->relation_estimate_size(rel, attr_widths, pages, tuples, allvisfrac);
		return;
	}
	/* root and directory are not worth a closer look */
	delta_pages = total > owned + 2 ? total - owned - 2 : 0;
	if (rel->rd_rel->reltuples > rows && (BlockNumber) rel->rd_rel->relpages > owned + 2)
		density = Min((rel->rd_rel->reltuples - rows) / ((BlockNumber) rel->rd_rel->relpages - owned - 2),
					  MaxHeapTuplesPerPage);
	else
		density = (BLCKSZ - SizeOfPageHeaderData) /
			(double) (MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData) + get_rel_data_width(rel, attr_widths));
	*pages = (BlockNumber) Min(total + elsewhere, MaxBlockNumber);
	*tuples = rint(rows + density * delta_pages);
	*allvisfrac = 0;
	pfree(descs);
}

void
pge_column_set_storage_callbacks(TableAmRoutine *routine)
{
	routine->relation_nontransactional_truncate = column_nontransactional_truncate;
	routine->relation_toast_am = column_toast_am;
	routine->relation_estimate_size = column_estimate_size;
}
