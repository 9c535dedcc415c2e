/*
 * Column store: epiphany.verify(), which looks for damage. Reads everything: pages, directory, delete vectors, values, and the indexes'
 * TIDs, and compares what they say about each other. It changes nothing, and says what it found instead of stopping at the first thing,
 * but for what cannot be read at all, which is an error.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/visibilitymap.h"
#include "access/xlog.h"
#include "catalog/pg_am_d.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "column.h"
#include "time_key.h"

PG_FUNCTION_INFO_V1(pge_verify);

/* A crash may have stopped VACUUM giving back pages of a retired group. */
#define ANY_KIND	0xFF

typedef struct Verify
{
	Relation	rel;
	ReturnSetInfo *result;
	PgeGroupDesc *descs;
	uint32		ndescs;
	BlockNumber nblocks;
	uint8	   *owned;			/* by block: the kind of page that somebody says is there, ANY_KIND, or 0 */
	uint64	  **seen;			/* by group: rows that the index in hand has */
	uint64	  **removed;		/* by group: rows that no index may have */
	Relation	index;
	uint64		unwanted;		/* entries of the index for rows that no index may have */
	ItemPointerData first_unwanted;
} Verify;

static void problem(Verify *v, const char *format,...) pg_attribute_printf(2, 3);

static void
problem(Verify *v, const char *format,...)
{
	StringInfoData text;
	Datum		value;
	bool		isnull = false;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	value = CStringGetTextDatum(text.data);
	tuplestore_putvalues(v->result->setResult, v->result->setDesc, &value, &isnull);
	pfree(text.data);
}

/* ---- who owns which block ---- */

static void
own(Verify *v, BlockNumber block, uint8 kind, const char *what, uint32 number)
{
	if (block >= v->nblocks)
		problem(v, "%s %u is said to be in block %u, beyond the end of the table", what, number, block);
	else if (v->owned[block] != 0)
		problem(v, "%s %u is said to be in block %u, which is somebody else's, too", what, number, block);
	else
		v->owned[block] = kind;
}

static void
own_directory(Verify *v)
{
	Buffer		buffer = pge_page_read(v->rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
	PgeRoot		root = *pge_root_of(BufferGetPage(buffer));
	uint32		pages = (root.groups + PGE_DESCS_PER_PAGE - 1) / PGE_DESCS_PER_PAGE;

	UnlockReleaseBuffer(buffer);
	own(v, PGE_ROOT_BLOCK, PGE_KIND_ROOT, "root", 0);
	for (uint32 i = 0; i < Min(pages, PGE_ROOT_DIRECT); i++)
		own(v, root.directory[i], PGE_KIND_DIRECTORY, "directory page", i);
	for (uint32 m = 0; PGE_ROOT_DIRECT + m * PGE_BLOCKS_PER_MAP < pages; m++)
	{
		own(v, root.map[m], PGE_KIND_MAP, "map page", m);
		for (uint32 i = PGE_ROOT_DIRECT + m * PGE_BLOCKS_PER_MAP; i < Min(pages, PGE_ROOT_DIRECT + (m + 1) * PGE_BLOCKS_PER_MAP); i++)
		{
			buffer = pge_page_read(v->rel, root.map[m], PGE_KIND_MAP, BUFFER_LOCK_SHARE);
			own(v, ((BlockNumber *) PgePageGetPayload(BufferGetPage(buffer)))[(i - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP],
				PGE_KIND_DIRECTORY, "directory page", i);
			UnlockReleaseBuffer(buffer);
		}
	}
}

static void
own_group(Verify *v, const PgeGroupDesc *desc)
{
	PgeDeletes	deletes;

	for (uint32 i = 0; i < desc->blocks; i++)
		own(v, desc->first_block + i, desc->state == PGE_GROUP_RETIRED ? ANY_KIND : PGE_KIND_GROUP,
			"a page of row group", desc->group_id);
	if (desc->delete_root == InvalidBlockNumber)
		return;
	own(v, desc->delete_root, PGE_KIND_DELETE_MAP, "the delete map of row group", desc->group_id);
	if (!pge_deletes_open(v->rel, desc, &deletes))
		return;
	for (uint32 i = 0; i < PGE_DELETE_PAGES; i++)
	{
		if (deletes.map.pages[i] != InvalidBlockNumber)
			own(v, deletes.map.pages[i], PGE_KIND_DELETE, "a delete page of row group", desc->group_id);
		if (deletes.map.retired[i] != InvalidBlockNumber)
			own(v, deletes.map.retired[i], PGE_KIND_DELETE, "a retired delete page of row group", desc->group_id);
	}
	for (uint32 i = 0; i < PGE_DEAD_PAGES; i++)
		if (deletes.map.dead[i] != InvalidBlockNumber)
			own(v, deletes.map.dead[i], PGE_KIND_DEAD, "a page of the dead bitmap of row group", desc->group_id);
	v->removed[desc->group_id] = deletes.removed;
}

/* ---- pages ---- */

/* A page of a group that no group owns: fine while its writer runs, or where VACUUM will look for it. */
static bool
orphan_is_known(Verify *v, BlockNumber block, const PgePageHeader *header)
{
	uint32		notes;
	BlockNumber from = pge_sweep_begin(v->rel, &notes);

	if (from != 0 && block >= from)
		return true;
	if (TransactionIdIsNormal(header->xid) && TransactionIdIsInProgress(header->xid))
		return true;
	for (uint32 i = 0; i < v->ndescs; i++)
		if (v->descs[i].state == PGE_GROUP_RESERVED && block >= v->descs[i].first_block)
			return true;
	return false;
}

/* A page that somebody has made since we looked at the directory? */
static bool
is_new_page(Verify *v, BlockNumber block, const PgePageHeader *header)
{
	PgeGroupDesc desc;
	PgeDeletes	deletes;
	bool		found;

	if (header->kind == PGE_KIND_DIRECTORY)
		return header->page_no * PGE_DESCS_PER_PAGE >= v->ndescs;
	if (!pge_directory_get(v->rel, header->group_id, &desc) || !pge_deletes_open(v->rel, &desc, &deletes))
		return false;
	pge_deletes_close(&deletes);
	found = desc.delete_root == block;
	if (header->kind == PGE_KIND_DELETE && header->page_no < PGE_DELETE_PAGES)
		found |= deletes.map.pages[header->page_no] == block;
	return found;
}

static void
verify_page(Verify *v, BlockNumber block, Buffer *map)
{
	Buffer		buffer = ReadBufferExtended(v->rel, MAIN_FORKNUM, block, RBM_NORMAL, NULL);
	uint8		status = visibilitymap_get_status(v->rel, block, map);
	uint8		owned = v->owned[block];
	bool		ours,
				visible;
	PgePageHeader header = {0};

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	ours = pge_page_is_ours(BufferGetPage(buffer));
	visible = PageIsAllVisible(BufferGetPage(buffer));
	if (ours)
		header = *PgePageGetHeader(BufferGetPage(buffer));
	status &= visibilitymap_get_status(v->rel, block, map);
	UnlockReleaseBuffer(buffer);

	if (status != 0 && !visible)
		problem(v, "block %u is marked all-visible in the visibility map only", block);
	if (owned == PGE_KIND_GROUP && !(status & VISIBILITYMAP_ALL_FROZEN))
		problem(v, "block %u, a page of a row group, is not marked all-frozen", block);
	if (!ours && owned != 0 && owned != ANY_KIND)
		problem(v, "block %u is not a page of the column store, but kind %u is expected", block, owned);
	else if (ours && owned != 0 && header.kind != owned && owned != ANY_KIND)
		problem(v, "block %u is of kind %u, but kind %u is expected", block, header.kind, owned);
	else if (ours && owned == 0 &&
			 !(header.kind == PGE_KIND_GROUP ? orphan_is_known(v, block, &header) : is_new_page(v, block, &header)))
		problem(v, "block %u is a page of kind %u that nobody owns", block, header.kind);
}

/* ---- groups ---- */

/* Scans leave groups out by the times that their descriptors claim. */
static void
verify_times(Verify *v, const PgeGroupDesc *desc, PgeReader *reader, Datum *values, bool *nulls)
{
	TupleDesc	tupdesc = RelationGetDescr(v->rel);
	int			column = desc->time_attno - 1;
	PgeTimeKey	key = {.attno = desc->time_attno};
	int64		least = PG_INT64_MAX,
				greatest = PG_INT64_MIN;
	uint32		without = 0;
	bool		is_integer;

	if (column < 0 || column >= tupdesc->natts || TupleDescAttr(tupdesc, column)->attisdropped)
		return;
	key.type = TupleDescAttr(tupdesc, column)->atttypid;
	if (!pge_time_type(key.type, &is_integer))
		return;
	for (uint32 row = 0; row < desc->rows; row++)
	{
		int64		time;

		pge_reader_vector_values(reader, tupdesc, row, column, column + 1, values, nulls);
		without += nulls[column];
		if (nulls[column])
			continue;
		time = pge_time_number(&key, values[column]);
		least = Min(least, time);
		greatest = Max(greatest, time);
	}
	if (without != desc->time_nulls || least != desc->time_min || greatest != desc->time_max)
		problem(v, "row group %u has other times than its descriptor says", desc->group_id);
}

static void
verify_group(Verify *v, const PgeGroupDesc *desc)
{
	TupleDesc	tupdesc = RelationGetDescr(v->rel);
	PgeReader  *reader = pge_reader_open(v->rel, desc);
	PgeDelete  *entries = pge_deletes_load(v->rel, desc);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	uint32		gone = 0;

	/* An archive's values are not to be asked for. */
	if ((desc->flags & PGE_GROUP_ARCHIVED) == 0)
	{
		for (uint32 row = 0; row < desc->rows; row += PGE_VECTOR_ROWS)
		{
			CHECK_FOR_INTERRUPTS();
			pge_reader_vector_values(reader, tupdesc, row, 0, tupdesc->natts, values, nulls);
		}
		verify_times(v, desc, reader, values, nulls);
	}
	pge_reader_release(reader);
	if (entries != NULL)
	{
		for (uint32 row = 0; row < desc->rows; row++)
			gone += TransactionIdIsValid(entries[row].xmax);
		for (uint32 row = desc->rows; row < PGE_DELETE_PAGES * PGE_DELETES_PER_PAGE; row++)
			if (TransactionIdIsValid(entries[row].xmax))
				problem(v, "row group %u has %u rows, but row %u is deleted", desc->group_id, desc->rows, row);
		pfree(entries);
	}
	if (desc->dead_rows > gone)
		problem(v, "row group %u is said to have %u dead rows, but has %u", desc->group_id, desc->dead_rows, gone);
	pfree(values);
	pfree(nulls);
}

/* ---- indexes ---- */

/* The index hands us each of its TIDs; none is to be removed. */
static bool
verify_entry(ItemPointer tid, void *arg)
{
	Verify	   *v = arg;
	const char *index = RelationGetRelationName(v->index);
	uint32		group = pge_tid_group(tid);
	uint32		row = pge_tid_row(tid);
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);

	if (!pge_tid_is_column(tid))
	{
		if (block < v->nblocks && v->owned[block] != 0)
			problem(v, "index \"%s\" refers to a row in block %u, which is a page of the column store", index, block);
		return false;
	}
	/* Later groups came after we looked at the directory. */
	if (group >= v->ndescs)
		return false;
	if (v->descs[group].state == PGE_GROUP_RETIRED ||
		(v->descs[group].state == PGE_GROUP_COMPLETE &&
		 (row >= v->descs[group].rows || pge_bitmap_has(v->removed[group], row))))
	{
		if (v->unwanted++ == 0)
			v->first_unwanted = *tid;
		return false;
	}
	if (v->seen[group] != NULL)
		pge_bitmap_set(v->seen[group], row);
	return false;
}

/* Rows that are there for everybody must be in every index that has all rows. */
static void
verify_complete(Verify *v, const PgeGroupDesc *desc)
{
	PgeDelete  *entries = pge_deletes_load(v->rel, desc);
	uint32		missing = 0,
				first = 0;

	for (uint32 row = 0; row < desc->rows; row++)
		if (!pge_bitmap_has(v->seen[desc->group_id], row) &&
			(entries == NULL || pge_delete_fate(&entries[row]) == PGE_DELETE_NONE) && missing++ == 0)
			first = row;
	if (missing > 0)
		problem(v, "index \"%s\" lacks %u rows of row group %u, the first of them row %u",
				RelationGetRelationName(v->index), missing, desc->group_id, first);
	if (entries != NULL)
		pfree(entries);
}

static void
verify_index(Verify *v, BufferAccessStrategy strategy)
{
	IndexVacuumInfo info = {0};
	/* A hash index has no nulls, a partial one not all rows. */
	bool		complete = v->index->rd_rel->relam != HASH_AM_OID &&
		heap_attisnull(v->index->rd_indextuple, Anum_pg_index_indpred, NULL) && v->index->rd_index->indisvalid;

	/* An index may have been made after a group was replaced, and so without its rows. */
	for (uint32 i = 0; i < v->ndescs; i++)
		v->seen[i] = complete && pge_group_fate(&v->descs[i]) == PGE_FATE_LIVE &&
			pge_group_replaced(&v->descs[i]) == PGE_DELETE_NONE ?
			palloc0_array(uint64, (v->descs[i].rows + 63) / 64) : NULL;
	info.index = v->index;
	info.heaprel = v->rel;
	info.estimated_count = true;
	info.message_level = DEBUG2;
	info.num_heap_tuples = -1;
	info.strategy = strategy;
	v->unwanted = 0;
	index_bulk_delete(&info, NULL, verify_entry, v);
	if (v->unwanted > 0)
		problem(v, "index \"%s\" has %llu entries for rows that are removed or never were, the first for row %u of row group %u",
				RelationGetRelationName(v->index), (unsigned long long) v->unwanted,
				pge_tid_row(&v->first_unwanted), pge_tid_group(&v->first_unwanted));
	for (uint32 i = 0; i < v->ndescs; i++)
		if (v->seen[i] != NULL)
		{
			verify_complete(v, &v->descs[i]);
			pfree(v->seen[i]);
		}
}

Datum
pge_verify(PG_FUNCTION_ARGS)
{
	/* VACUUM must not change things under us. In recovery nobody may lock against it, and indexes cannot be gone through. */
	LOCKMODE	mode = RecoveryInProgress() ? AccessShareLock : ShareUpdateExclusiveLock;
	Verify		v = {.rel = pge_open_column_table(PG_GETARG_OID(0), ACL_MAINTAIN, mode),.result = (ReturnSetInfo *) fcinfo->resultinfo};
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	Buffer		map = InvalidBuffer;
	Relation   *indexes;
	int			nindexes;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	v.nblocks = RelationGetNumberOfBlocks(v.rel);
	v.ndescs = pge_directory_load(v.rel, &v.descs);
	v.owned = MemoryContextAllocExtended(CurrentMemoryContext, v.nblocks + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	v.seen = palloc0_array(uint64 *, v.ndescs + 1);
	v.removed = palloc0_array(uint64 *, v.ndescs + 1);
	if (v.ndescs > 0)
		own_directory(&v);
	for (uint32 i = 0; i < v.ndescs; i++)
		if (v.descs[i].state == PGE_GROUP_COMPLETE || v.descs[i].state == PGE_GROUP_RETIRED)
			own_group(&v, &v.descs[i]);
	for (BlockNumber block = v.ndescs > 0 ? 0 : 1; block < v.nblocks; block++)
	{
		CHECK_FOR_INTERRUPTS();
		verify_page(&v, block, &map);
	}
	if (BufferIsValid(map))
		ReleaseBuffer(map);
	for (uint32 i = 0; i < v.ndescs; i++)
		if (v.descs[i].state == PGE_GROUP_COMPLETE)
			verify_group(&v, &v.descs[i]);
	if (!RecoveryInProgress())
	{
		vac_open_indexes(v.rel, RowExclusiveLock, &nindexes, &indexes);
		for (int i = 0; i < nindexes; i++)
		{
			v.index = indexes[i];
			verify_index(&v, strategy);
		}
		vac_close_indexes(nindexes, indexes, NoLock);
	}
	FreeAccessStrategy(strategy);
	table_close(v.rel, NoLock);
	return (Datum) 0;
}
