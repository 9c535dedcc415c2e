/*
 * epiphany_hnsw: conditions on columns that the index has beside the vector. Which vertices meet them is known before any row is looked
 * up. Where most do, a search goes on until it has found enough of them; where few do it would go through much of the graph, and all
 * attributes are gone through instead, which lie in pages of their own: what meets the conditions is estimated by its code.
 *
 * Attributes are looked at as payloads are (hnsw_access.c), and believed as little: the executor checks what is returned.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "hnsw.h"

/* Pages of attributes that a share is guessed from, and vertices of each. */
#define SAMPLE_PAGES 16
#define SAMPLE_SLOTS 128

/* Every so manieth look at a page is a real one, as hnsw_access.c has it. */
#define REAL_LOOKS 16

/* Vertices that a search looks at for each one that it finds. */
#define VISITED_PER_FOUND 6.0

/* So many rows are wanted, where nobody says. */
#define ROWS_WANTED 16

static void
test_page(const HnswAccess *access, const HnswFilter *filter, Buffer buffer, int slot, int count, uint8 *met)
{
	const PgeGraphShape *shape = &access->cache->shape;
	Page		page = BufferGetPage(buffer);

	memset(met, 1, count);
	for (int i = 0; i < filter->count; i++)
		pge_attribute_test(&filter->tests[i], hnsw_keys(shape, page, filter->tests[i].Attribute) + slot, hnsw_null_keys(shape, page) + slot,
						   count, met);
}

/* Where a page of attributes was last. */
static Buffer *
known_buffer(HnswIndex *cache, BlockNumber block)
{
	uint32		page = (block - hnsw_origin(&cache->meta)) / (hnsw_group_pages(&cache->shape) + 1);

	if (page >= cache->attribute_pages)
	{
		uint32		pages = Max(2 * page, 16);
		Buffer	   *more = MemoryContextAllocZero(cache->context, sizeof(Buffer) * (Size) pages);

		if (cache->attribute_buffers != NULL)
		{
			memcpy(more, cache->attribute_buffers, sizeof(Buffer) * (Size) cache->attribute_pages);
			pfree(cache->attribute_buffers);
		}
		cache->attribute_buffers = more;
		cache->attribute_pages = pages;
	}
	return &cache->attribute_buffers[page];
}

/* Which of so many vertices of a page of attributes meet the conditions, as it is now: a byte each. */
static void
test(HnswAccess *access, const HnswFilter *filter, BlockNumber block, int slot, int count, uint8 *met)
{
	Buffer	   *known = known_buffer(access->cache, block);
	Buffer		buffer = *known;

	if (++access->turn % REAL_LOOKS != 0 && pge_recent_holds(access->index, block, buffer))
	{
		pg_read_barrier();
		test_page(access, filter, buffer, slot, count, met);
		pg_read_barrier();
		if (pge_recent_holds(access->index, block, buffer))
			return;
	}
	buffer = ReadBuffer(access->index, block);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (PageIsNew(BufferGetPage(buffer)))
		memset(met, 0, count);
	else
	{
		hnsw_check_kind(access->index, block, BufferGetPage(buffer), HNSW_ATTRIBUTES);
		test_page(access, filter, buffer, slot, count, met);
		*known = BufferIsLocal(buffer) ? InvalidBuffer : buffer;
	}
	UnlockReleaseBuffer(buffer);
}

/* Guesses what share of the vertices meets the conditions. */
void
hnsw_filter_begin(HnswAccess *access, HnswFilter *filter)
{
	const PgeGraphShape *shape = &access->cache->shape;
	BlockNumber first = hnsw_origin(&access->cache->meta);
	BlockNumber group = hnsw_group_pages(shape) + 1;
	BlockNumber blocks = RelationGetNumberOfBlocks(access->index);
	BlockNumber groups = blocks > first ? (blocks - first) / group : 0;
	BlockNumber pages = Min(Max(groups, blocks > first + 1), SAMPLE_PAGES);
	int			slots = Min(groups > 0 ? hnsw_attribute_slots(shape) : ((int) (blocks - first) - 1) * shape->PerPage, SAMPLE_SLOTS);
	uint8		met[SAMPLE_SLOTS];
	double		passed = 0.5;

	for (BlockNumber i = 0; i < pages; i++)
	{
		test(access, filter, first + (BlockNumber) ((uint64) groups * i / pages) * group, 0, slots, met);
		for (int slot = 0; slot < slots; slot++)
			passed += met[slot];
	}
	filter->share = Min(1, passed / ((double) pages * slots + 1));
}

/*
 * Costs going through all less than a search that has visited so many vertices, if it goes on as is to be expected? One that has cost half
 * as much is not likely to end soon.
 */
bool
hnsw_filter_prefers_pass(const HnswAccess *access, const HnswFilter *filter, int64 visited)
{
	const PgeGraphShape *shape = &access->cache->shape;
	double		pages = RelationGetNumberOfBlocks(access->index);
	double		vertices = pages * shape->PerPage;
	double		all = vertices * HNSW_SLOT_COST + vertices * filter->share;

	return all < Max(Min(vertices, ROWS_WANTED * VISITED_PER_FOUND / filter->share), 2 * visited);
}

/* Leaves out candidates that do not meet the conditions; returns how many stay. */
int
hnsw_filter_keep(HnswAccess *access, const HnswFilter *filter, PgeGraphCandidate *candidates, int count)
{
	const HnswIndex *cache = access->cache;
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		uint32		vertex = candidates[i].Vertex;
		uint8		met;

		test(access, filter, hnsw_attribute_block(cache, vertex / cache->shape.PerPage), hnsw_attribute_slot(cache, vertex), 1, &met);
		if (met)
			candidates[kept++] = candidates[i];
	}
	return kept;
}

/* All vertices that meet the conditions, in memory that is made larger as need be; returns how many. */
int
hnsw_filter_pass(HnswAccess *access, const HnswFilter *filter, PgeGraphCandidate **candidates, int *room)
{
	const PgeGraphShape *shape = &access->cache->shape;
	BlockNumber group = hnsw_group_pages(shape) + 1;
	BlockNumber blocks = RelationGetNumberOfBlocks(access->index);
	int			count = 0;

	for (BlockNumber block = hnsw_origin(&access->cache->meta); block < blocks; block += group)
	{
		int			slots = (Min(group, blocks - block) - 1) * shape->PerPage;
		uint8		met[HNSW_AREA + sizeof(uint64)];

		if (*room - count < slots)
		{
			*room = Max(2 * *room, count + slots);
			*candidates = *candidates == NULL ? palloc_extended(sizeof(PgeGraphCandidate) * (Size) *room, MCXT_ALLOC_HUGE)
				: repalloc_huge(*candidates, sizeof(PgeGraphCandidate) * (Size) *room);
		}
		test(access, filter, block, 0, slots, met);
		memset(met + slots, 0, sizeof(uint64));

		/* Where few meet them, eight at a time do not. */
		for (int eight = 0; eight < slots; eight += sizeof(uint64))
		{
			uint64		some;

			memcpy(&some, met + eight, sizeof(some));
			for (; some != 0; some &= some - 1)
				(*candidates)[count++].Vertex = (block + 1) * shape->PerPage + eight + pg_rightmost_one_pos64(some) / BITS_PER_BYTE;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return count;
}
