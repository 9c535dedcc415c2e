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
#include "shim/host.h"

/* PgeOriginOrder, in runs. */
#define ORDER_UNITS	((uint32) (sizeof(PgeOriginOrder) / sizeof(PgeOriginRun)))

/* Lists read in this transaction, most recent first. */
#define CACHE_SIZE	16

typedef struct CachedList
{
	Oid			relid;
	uint32		group_id;
	BlockNumber first_block;	/* tells a group from another of the same id after a rewrite or truncation */
	TransactionId xmin;
	PgeOriginList *list;
	const PgeOriginRun *runs;	/* in it */
	uint32		nruns;
	uint32	   *first_rows;		/* the row, or rank among old TIDs, that each run begins with */
	uint32	   *row_of_rank;	/* of rows that were sorted; else NULL */
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

static int
compare_places(const PgeOriginRun *a, const PgeOriginRun *b)
{
	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The old TID of the next row. */
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
	origins->descends |= last != NULL && (block < last->block || (block == last->block && offset < last->offset));
	if (origins->nruns == origins->space)
	{
		origins->space = Max(64, origins->space * 2);
		origins->list = origins->list ? repalloc(origins->list, list_size(origins->space)) : palloc(list_size(origins->space));
	}
	origins->list->runs[origins->nruns++] = (PgeOriginRun) {block, offset, 1};
}

/* A run in the order of rows, on its way into the order of old TIDs. */
typedef struct SortedRun
{
	PgeOriginRun run;
	uint32		place;			/* among the runs in the order of rows */
} SortedRun;

static int
compare_sorted(const void *a, const void *b)
{
	return compare_places(&((const SortedRun *) a)->run, &((const SortedRun *) b)->run);
}

static u8 *
put_varint(u8 *to, int64 value)
{
	uint64		zigzag = ((uint64) value << 1) ^ (uint64) (value >> 63);

	while (zigzag >= 0x80)
	{
		*to++ = (u8) (zigzag | 0x80);
		zigzag >>= 7;
	}
	*to++ = (u8) zigzag;
	return to;
}

/* Whose rows were sorted: the runs by old TID, and a rank for each row. */
static const PgeOriginList *
finish_sorted(const PgeOrigins *origins)
{
	SortedRun  *sorted = palloc_extended(origins->nruns * sizeof(SortedRun), MCXT_ALLOC_HUGE);
	uint32	   *ranks = palloc_array(uint32, origins->nruns);
	uint32		rows = 0,
				merged = 0,
				units;
	PgeOriginList *list;
	PgeOriginRun *runs;
	PgeOriginOrder order = {0};
	u8		   *raw,
			   *end,
			   *packed = NULL;
	int64		last = -1;
	int64		packed_bytes = -1;

	for (uint32 i = 0; i < origins->nruns; i++)
		sorted[i] = (SortedRun) {origins->list->runs[i], i};
	qsort(sorted, origins->nruns, sizeof(SortedRun), compare_sorted);
	runs = palloc_array(PgeOriginRun, origins->nruns);
	for (uint32 i = 0; i < origins->nruns; i++)
	{
		PgeOriginRun *before = merged > 0 ? &runs[merged - 1] : NULL;

		ranks[sorted[i].place] = rows;
		rows += sorted[i].run.count;
		if (before != NULL && before->block == sorted[i].run.block && before->offset + before->count == sorted[i].run.offset)
			before->count += sorted[i].run.count;
		else
			runs[merged++] = sorted[i].run;
	}

	/* At most five bytes a row, since ranks are below 2^32. */
	raw = end = palloc_extended((Size) rows * 5, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < origins->nruns; i++)
		for (uint32 j = 0; j < origins->list->runs[i].count; j++)
		{
			end = put_varint(end, (int64) ranks[i] + j - last - 1);
			last = (int64) ranks[i] + j;
		}
	order.nruns = merged;
	order.raw_bytes = order.packed_bytes = (uint32) (end - raw);
	order.codec = PgeCodec_None;
	if (pge_codec_available(PgeCodec_Zstd) || pge_codec_available(PgeCodec_Lz4))
	{
		order.codec = pge_codec_available(PgeCodec_Zstd) ? PgeCodec_Zstd : PgeCodec_Lz4;
		packed = palloc(order.raw_bytes);
		packed_bytes = pge_compress(order.codec, 1, raw, order.raw_bytes, packed, order.raw_bytes);
	}
	if (packed_bytes > 0)
		order.packed_bytes = (uint32) packed_bytes;
	else
		order.codec = PgeCodec_None;

	units = ORDER_UNITS + merged + (order.packed_bytes + sizeof(PgeOriginRun) - 1) / sizeof(PgeOriginRun);
	list = palloc0(list_size(units));
	list->nruns = units;
	memcpy(list->runs, &order, sizeof(order));
	memcpy(list->runs + ORDER_UNITS, runs, merged * sizeof(PgeOriginRun));
	memcpy(list->runs + ORDER_UNITS + merged, packed_bytes > 0 ? packed : raw, order.packed_bytes);
	list->crc = list_crc(list);
	if (packed != NULL)
		pfree(packed);
	pfree(raw);
	pfree(runs);
	pfree(ranks);
	pfree(sorted);
	return list;
}

/* The list as it is stored, and what the descriptor says of it; it stays the builder's. */
const PgeOriginList *
pge_origins_finish(PgeOrigins *origins, uint16 *flags)
{
	Assert(origins->nruns > 0);
	if (origins->descends)
	{
		*flags |= PGE_ORIGINS_SORTED;
		return finish_sorted(origins);
	}
	origins->list->nruns = origins->nruns;
	origins->list->crc = list_crc(origins->list);
	return origins->list;
}

/* ---- looking up ---- */

/* The order of rows that were sorted; false: it makes no sense. */
static bool
read_order(const PgeGroupDesc *desc, CachedList *cached)
{
	const PgeOriginList *list = cached->list;
	PgeOriginOrder order;
	u8		   *bytes;
	u8		   *end;
	int64		rank = -1;

	if (list->nruns < ORDER_UNITS)
		return false;
	memcpy(&order, list->runs, sizeof(order));
	if (order.nruns > list->nruns - ORDER_UNITS || order.packed_bytes > (list->nruns - ORDER_UNITS - order.nruns) * sizeof(PgeOriginRun) ||
		order.raw_bytes > desc->rows * 5 || (order.codec == PgeCodec_None && order.raw_bytes != order.packed_bytes))
		return false;
	cached->runs = list->runs + ORDER_UNITS;
	cached->nruns = order.nruns;
	bytes = (u8 *) (cached->runs + order.nruns);
	if (order.codec != PgeCodec_None)
	{
		u8		   *raw = palloc(order.raw_bytes + 1);

		if (pge_decompress((i32) order.codec, bytes, order.packed_bytes, raw, order.raw_bytes) != order.raw_bytes)
			return false;
		bytes = raw;
	}
	end = bytes + order.raw_bytes;
	cached->row_of_rank = palloc_array(uint32, desc->rows);
	memset(cached->row_of_rank, 0xFF, desc->rows * sizeof(uint32));
	for (uint32 row = 0; row < desc->rows; row++)
	{
		uint64		zigzag = 0;
		int			shift = 0;

		do
		{
			if (bytes == end || shift > 35)
				return false;
			zigzag |= (uint64) (*bytes & 0x7F) << shift;
			shift += 7;
		} while (*bytes++ & 0x80);
		rank += 1 + ((int64) (zigzag >> 1) ^ -(int64) (zigzag & 1));
		if (rank < 0 || rank >= desc->rows || cached->row_of_rank[rank] != PG_UINT32_MAX)
			return false;
		cached->row_of_rank[rank] = row;
	}
	return bytes == end;
}

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
		cached->runs = list->runs;
		cached->nruns = list->nruns;
		sane = (desc->flags & PGE_ORIGINS_SORTED) == 0 || read_order(desc, cached);
	}
	if (sane)
	{
		cached->first_rows = palloc_array(uint32, cached->nruns);
		for (uint32 i = 0; sane && i < cached->nruns; i++)
		{
			cached->first_rows[i] = rows;
			rows += cached->runs[i].count;
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
			if (cache[i]->row_of_rank != NULL)
				pfree(cache[i]->row_of_rank);
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
				high = cached->nruns;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		const PgeOriginRun *run = &cached->runs[middle];

		if (block < run->block || (block == run->block && offset < run->offset))
			high = middle;
		else if (block > run->block || offset >= run->offset + run->count)
			low = middle + 1;
		else
		{
			*row = cached->first_rows[middle] + (offset - run->offset);
			if (cached->row_of_rank != NULL)
				*row = cached->row_of_rank[*row];
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
