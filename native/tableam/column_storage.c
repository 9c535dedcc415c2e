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
#include "utils/memutils.h"

#include "column.h"
#include "heap_view.h"

/* Rows handed to the managed side in one call; a divisor of PGE_VECTOR_ROWS. */
#define RECODE_ROWS	64

/*
 * A group's bytes must be made anew if columns came or went since: a rewritten table has its defaults for added columns forgotten.
 */
static bool
same_columns(const PgeGroupDesc *desc, TupleDesc tupdesc)
{
	if (desc->natts != tupdesc->natts)
		return false;
	for (int i = 0; i < tupdesc->natts; i++)
		if (TupleDescAttr(tupdesc, i)->attisdropped)
			return false;
	return true;
}

/* Store the rows of old's group as desc's group of new, with all of the table's columns. */
static void
recode_group(Relation old, Relation new, const PgeGroupDesc *from, PgeGroupDesc *desc)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "row group recoded", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	TupleDesc	tupdesc = RelationGetDescr(old);
	int			natts = tupdesc->natts;
	Datum	   *values = palloc_array(Datum, RECODE_ROWS * natts);
	bool	   *nulls = palloc_array(bool, RECODE_ROWS * natts);
	PgeReader  *reader = pge_reader_open(old, from);
	PgeWriterOptions options = {0};
	PgeWriterState state;
	PgeGroupImage image = {0};
	u64			handle;

	pge_writer_options(old, &options);
	options.MaxRows = Max(1, from->rows);
	options.MaxBytes = PG_UINT64_MAX;
	PGE_CALL(WriterCreate, cxt, pge_column_descs(tupdesc), natts, &options, &handle);
	pge_own_handle(cxt, handle);
	for (uint32 row = 0; row < from->rows; row += RECODE_ROWS)
	{
		uint32		n = Min(RECODE_ROWS, from->rows - row);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < n; i++)
			pge_reader_vector_values(reader, tupdesc, row + i, 0, natts, values + i * natts, nulls + i * natts);
		PGE_CALL(WriterAppend, handle, (u64 *) values, (u8 *) nulls, n, &state);
	}
	pge_reader_release(reader);
	PGE_CALL(WriterFinish, handle, &image);
	desc->natts = natts;
	desc->rows = image.Rows;
	desc->footer_offset = image.FooterOffset;
	desc->footer_length = image.FooterLength;
	pge_group_store(new, desc, (const char *) image.Bytes, image.Length);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(cxt);
}

/*
 * Groups keep their transaction; ids and blocks are new. Nothing older than freeze_limit may stay behind, as that becomes the
 * new table's relfrozenxid.
 */
static double
copy_groups(Relation old, Relation new, TransactionId freeze_limit, double *vacuumed)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(old, &descs);
	double		rows = 0;

	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeGroupDesc desc = descs[i];
		PgeGroupFate fate = pge_group_fate(&descs[i]);

		CHECK_FOR_INTERRUPTS();
		if (fate == PGE_FATE_DEAD)
		{
			*vacuumed += desc.state == PGE_GROUP_COMPLETE ? desc.rows : 0;
			continue;
		}
		if (fate == PGE_FATE_LIVE)
			desc.flags |= TransactionIdPrecedes(desc.xmin, freeze_limit) ? PGE_XMIN_FROZEN : PGE_XMIN_COMMITTED;
		pge_root_ensure(new);
		desc.state = PGE_GROUP_RESERVED;
		pge_directory_append(new, &desc);
		if (same_columns(&desc, RelationGetDescr(old)))
		{
			char	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, desc.length);

			pge_group_read(old, &descs[i], 0, desc.length, bytes);
			pge_group_store(new, &desc, bytes, desc.length);
			pfree(bytes);
		}
		else
			recode_group(old, new, &descs[i], &desc);
		desc.state = PGE_GROUP_COMPLETE;
		pge_directory_update(new, &desc);
		rows += desc.rows;
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
	rows = copy_groups(old, new, *xid_cutoff, tups_vacuumed);
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
	/* Groups to come get the same ids and blocks in the same file. */
	pge_reader_forget_cache();
}

static Oid
column_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

/*
 * Rows: those of groups exactly, those of the delta by the density that VACUUM or ANALYZE found, or by heap's guess from their
 * width where groups stored since hide it. No page counts as all-visible while there are groups, since an index-only scan has
 * to fetch every column row.
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
	/* root and directory are not worth a closer look */
	delta_pages = total > owned + 2 ? total - owned - 2 : 0;
	if (rel->rd_rel->reltuples > rows && (BlockNumber) rel->rd_rel->relpages > owned + 2)
		density = Min((rel->rd_rel->reltuples - rows) / ((BlockNumber) rel->rd_rel->relpages - owned - 2),
					  MaxHeapTuplesPerPage);
	else
		density = (BLCKSZ - SizeOfPageHeaderData) /
			(double) (MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData) + get_rel_data_width(rel, attr_widths));
	*pages = total;
	*tuples = rint(rows + density * delta_pages);
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
