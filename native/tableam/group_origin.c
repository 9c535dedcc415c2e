/*
 * Column store: where the rows of a group came from, if compaction made it. Compaction deletes a row in its old place and stores it in
 * a group, and cannot leave a pointer: core would follow it. Whoever waited for a change of the row and finds it deleted by such a
 * transaction goes on at the place that the group's list of origins says. layout.h has the list's form.
 *
 * A group is asked only while it is not frozen: whoever saw a row in its old place holds a snapshot older than the move.
 */
#include "postgres.h"

#include "access/transam.h"
#include "port/pg_crc32c.h"
#include "utils/memutils.h"

#include "group_origin.h"

/* Lists read in this transaction, most recent first. */
#define CACHE_SIZE	16

typedef struct CachedList
{
	Oid			relid;
	uint32		group_id;
	BlockNumber first_block;	/* tells a group from another of the same id after a rewrite or truncation */
	TransactionId xmin;
	PgeOriginList *list;
	uint32	   *first_rows;		/* the row that each run begins with */
} CachedList;

static CachedList *cache[CACHE_SIZE];

static uint32
list_size(uint32 nruns)
{
	return (uint32) (offsetof(PgeOriginList, runs) + nruns * sizeof(PgeOriginRun));
}

static pg_crc32c
list_crc(const PgeOriginList *list)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, &list->nruns, list_size(list->nruns) - offsetof(PgeOriginList, nruns));
	FIN_CRC32C(crc);
	return crc;
}

/* ---- building ---- */

/* The old TID of the next row; they must come in ascending order. */
void
pge_origins_add(PgeOrigins *origins, const ItemPointerData *tid)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	PgeOriginRun *last = origins->nruns > 0 ? &origins->list->runs[origins->nruns - 1] : NULL;

	if (last != NULL && last->block == block && last->offset + last->count == offset)
	{
		last->count++;
		return;
	}
	Assert(last == NULL || block > last->block || (block == last->block && offset > last->offset));
	if (origins->nruns == origins->space)
	{
		origins->space = Max(64, origins->space * 2);
		origins->list = origins->list ? repalloc(origins->list, list_size(origins->space)) : palloc(list_size(origins->space));
	}
	origins->list->runs[origins->nruns++] = (PgeOriginRun) {block, offset, 1};
}

/* The list as it is stored; it stays the builder's. */
const PgeOriginList *
pge_origins_finish(PgeOrigins *origins)
{
	Assert(origins->nruns > 0);
	origins->list->nruns = origins->nruns;
	origins->list->crc = list_crc(origins->list);
	return origins->list;
}

/* ---- looking up ---- */

/* Check a list against its group, and number its runs' rows. */
static void
check_list(Relation rel, const PgeGroupDesc *desc, CachedList *cached)
{
	const PgeOriginList *list = cached->list;
	uint32		rows = 0;
	bool		sane = desc->origin_length >= list_size(1) && desc->origin_length == (uint64) list->nruns * sizeof(PgeOriginRun) +
		list_size(0) && EQ_CRC32C(list->crc, list_crc(list));

	if (sane)
	{
		cached->first_rows = palloc_array(uint32, list->nruns);
		for (uint32 i = 0; sane && i < list->nruns; i++)
		{
			cached->first_rows[i] = rows;
			rows += list->runs[i].count;
			sane = rows <= desc->rows;
		}
	}
	if (!sane || rows != desc->rows)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the list of origins of row group %u of column table \"%s\" is corrupt",
						desc->group_id, RelationGetRelationName(rel)),
				 errdetail("It stands behind byte %llu of the group, whose first block is %u.",
						   (unsigned long long) desc->length, desc->first_block)));
}

static const CachedList *
get_list(Relation rel, const PgeGroupDesc *desc)
{
	CachedList *found = NULL;
	int			i;

	for (i = 0; i < CACHE_SIZE && cache[i] != NULL; i++)
		if (cache[i]->relid == RelationGetRelid(rel) && cache[i]->group_id == desc->group_id &&
			cache[i]->first_block == desc->first_block && cache[i]->xmin == desc->xmin)
		{
			found = cache[i];
			break;
		}
	if (found == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

		found = palloc0_object(CachedList);
		found->relid = RelationGetRelid(rel);
		found->group_id = desc->group_id;
		found->first_block = desc->first_block;
		found->xmin = desc->xmin;
		found->list = pge_group_read_origins(rel, desc);
		check_list(rel, desc, found);
		MemoryContextSwitchTo(old);
		if (i == CACHE_SIZE)
		{
			pfree(cache[--i]->first_rows);
			pfree(cache[i]->list);
			pfree(cache[i]);
		}
	}
	memmove(&cache[1], &cache[0], i * sizeof(cache[0]));
	cache[0] = found;
	return found;
}

/* At the transaction's end, when the memory goes. */
void
pge_origins_forget_cache(void)
{
	memset(cache, 0, sizeof(cache));
}

/* The row that came from tid. */
static bool
find_row(const CachedList *cached, const ItemPointerData *tid, uint32 *row)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);
	OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(tid);
	uint32		low = 0,
				high = cached->list->nruns;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		const PgeOriginRun *run = &cached->list->runs[middle];

		if (block < run->block || (block == run->block && offset < run->offset))
			high = middle;
		else if (block > run->block || offset >= run->offset + run->count)
			low = middle + 1;
		else
		{
			*row = cached->first_rows[middle] + (offset - run->offset);
			return true;
		}
	}
	return false;
}

/*
 * The row at tid is gone by the doing of "mover". If that was compaction, *to is where the row is now.
 */
bool
pge_moved_to(Relation rel, const ItemPointerData *tid, TransactionId mover, ItemPointer to)
{
	PgeGroupDesc *descs;
	uint32		ndescs;
	bool		found = false;

	if (!TransactionIdIsNormal(mover))
		return false;
	ndescs = pge_directory_load(rel, &descs);
	/* Backwards: it is a recent move that somebody asks for. */
	for (uint32 i = ndescs; i-- > 0 && !found;)
	{
		const PgeGroupDesc *desc = &descs[i];
		uint32		row;

		if (desc->state != PGE_GROUP_COMPLETE || desc->origin_length == 0 || desc->xmin != mover ||
			(desc->flags & (PGE_XMIN_ABORTED | PGE_XMIN_FROZEN)))
			continue;
		found = find_row(get_list(rel, desc), tid, &row);
		if (found)
			pge_tid_set(to, desc->group_id, row);
	}
	if (descs != NULL)
		pfree(descs);
	return found;
}
