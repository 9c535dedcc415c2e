/*
 * epiphany_ivf: VACUUM. Dead entries are marked where they are, page by page through the file. Then lists that have enough records or
 * dead entries are written anew, and the pages that no list has any more become free.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "commands/vacuum.h"
#include "storage/indexfsm.h"
#include "storage/lmgr.h"

#include "ivf.h"

/* A list is written anew when a share of its entries are dead, or this many records wait to become blocks. */
#define DEAD_SHARE 5
#define WAITING_RECORDS 64

typedef struct IvfVacuum
{
	Relation	index;
	IndexVacuumInfo *info;
	IvfIndex   *entry;
	PgeIvfShape *shape;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;
	void	   *callback_state;
	int64	   *live;			/* by list */
	int64	   *dead;
	int64	   *records;
	BlockNumber pages_left;		/* of a list that is written anew: it has no more than the file */
} IvfVacuum;

static bool
is_dead(IvfVacuum *vacuum, const uint8 *tid)
{
	ItemPointerData copy;

	memcpy(&copy, tid, sizeof(copy));
	return vacuum->callback != NULL && vacuum->callback(&copy, vacuum->callback_state);
}

/* Which of a block's vectors are there, and which of them stay. */
static void
judge_block(IvfVacuum *vacuum, const uint8 *block, int list, uint32 *there, uint32 *stay)
{
	memcpy(there, block, sizeof(uint32));
	*stay = *there;
	for (int i = 0; i < IVF_BLOCK_VECTORS; i++)
		if ((*there >> i & 1) != 0 && is_dead(vacuum, block + vacuum->shape->BlockTids + i * sizeof(ItemPointerData)))
			*stay &= ~(1U << i);
	vacuum->live[list] += pg_popcount32(*stay);
	vacuum->dead[list] += IVF_BLOCK_VECTORS - pg_popcount32(*stay);
	vacuum->stats->tuples_removed += pg_popcount32(*there ^ *stay);
	vacuum->stats->num_index_tuples += pg_popcount32(*stay);
}

static bool
judge_record(IvfVacuum *vacuum, const uint8 *record, int list)
{
	bool		dead = record[6] == 0;

	vacuum->records[list]++;
	if (!dead && is_dead(vacuum, record))
	{
		dead = true;
		vacuum->stats->tuples_removed++;
	}
	if (dead)
		vacuum->dead[list]++;
	else
	{
		vacuum->live[list]++;
		vacuum->stats->num_index_tuples++;
	}
	return dead;
}

/* Marks what is dead on a page of blocks or records; it is locked. Logged once for the page. */
static void
clean_page(IvfVacuum *vacuum, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	IvfSpecial *special = IvfPageSpecial(page);
	PgeIvfShape *shape = vacuum->shape;
	bool		blocks = special->kind == IVF_BLOCKS;
	Size		size = blocks ? shape->BlockBytes : shape->RecordBytes;
	GenericXLogState *state = NULL;
	Page		copy = NULL;

	if (special->count > Max(1, IVF_AREA / size))
		pge_ivf_corrupt(vacuum->index, BufferGetBlockNumber(buffer), "It has more entries than fit.");
	for (int i = 0; i < special->count; i++)
	{
		uint8	   *entry = IvfPageArea(page) + i * size;
		uint32		there;
		uint32		stay;
		bool		changed;

		if (blocks)
		{
			judge_block(vacuum, entry, special->list, &there, &stay);
			changed = there != stay;
		}
		else
			changed = judge_record(vacuum, entry, special->list) && entry[6] != 0;
		if (!changed)
			continue;
		if (state == NULL)
		{
			state = GenericXLogStart(vacuum->index);
			copy = GenericXLogRegisterBuffer(state, buffer, 0);
		}
		if (blocks)
			memcpy(IvfPageArea(copy) + i * size, &stay, sizeof(uint32));
		else
			(IvfPageArea(copy) + i * size)[6] = 0;
	}
	if (state != NULL)
		GenericXLogFinish(state);
}

/* Through the whole file. Pages that come later have rows that came later. */
static void
clean_pages(IvfVacuum *vacuum)
{
	BlockNumber pages = RelationGetNumberOfBlocks(vacuum->index);

	for (BlockNumber block = IVF_FIRST_LIST_BLOCK; block < pages; block++)
	{
		Buffer		buffer;
		Page		page;

		vacuum_delay_point();
		buffer = ReadBufferExtended(vacuum->index, MAIN_FORKNUM, block, RBM_NORMAL, vacuum->info->strategy);
		LockBuffer(buffer, vacuum->callback != NULL ? BUFFER_LOCK_EXCLUSIVE : BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if ((pge_ivf_page_is(page, IVF_BLOCKS) || pge_ivf_page_is(page, IVF_RECORDS)) &&
			IvfPageSpecial(page)->list < vacuum->shape->Lists)
			clean_page(vacuum, buffer);
		UnlockReleaseBuffer(buffer);
	}
}

static void
begin(IvfVacuum *vacuum, IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback, void *state)
{
	memset(vacuum, 0, sizeof(*vacuum));
	vacuum->index = info->index;
	vacuum->info = info;
	vacuum->entry = pge_ivf_open(info->index);
	vacuum->shape = &vacuum->entry->model->Shape;
	vacuum->stats = stats != NULL ? stats : palloc0(sizeof(IndexBulkDeleteResult));
	vacuum->callback = callback;
	vacuum->callback_state = state;
	vacuum->live = palloc0(sizeof(int64) * vacuum->shape->Lists);
	vacuum->dead = palloc0(sizeof(int64) * vacuum->shape->Lists);
	vacuum->records = palloc0(sizeof(int64) * vacuum->shape->Lists);
}

IndexBulkDeleteResult *
pge_ivf_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback, void *state)
{
	IvfVacuum	vacuum;

	begin(&vacuum, info, stats, callback, state);
	vacuum.stats->num_index_tuples = 0;
	clean_pages(&vacuum);
	return vacuum.stats;
}

/* A page's copy, which must be the list's, since nobody else writes lists anew. */
static IvfSpecial *
copy_page(IvfVacuum *vacuum, BlockNumber block, IvfPageKind kind, int list, uint32 generation, Page to)
{
	Buffer		buffer = pge_ivf_read(vacuum->index, vacuum->entry, block);
	IvfSpecial *special;

	if (vacuum->pages_left-- == 0)
		pge_ivf_corrupt(vacuum->index, block, "A list's pages lead in a circle.");
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	special = pge_ivf_page_check(vacuum->index, buffer, kind);
	if (special->list != list || special->generation != generation)
		pge_ivf_corrupt(vacuum->index, block, "It belongs to another list.");
	memcpy(to, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
	return IvfPageSpecial(to);
}

typedef struct IvfMove
{
	IvfVacuum  *vacuum;
	IvfWriter  *writer;
	IvfHead		old;
	int			list;
	uint8	   *record;
	PGAlignedBlock page;
	PGAlignedBlock parts;
	BlockNumber parts_block;
} IvfMove;

static void
move_block(IvfMove *move, uint8 *block)
{
	IvfVacuum  *vacuum = move->vacuum;
	PgeIvfShape *shape = vacuum->shape;
	uint32		there;

	memcpy(&there, block, sizeof(there));
	for (int i = 0; i < IVF_BLOCK_VECTORS; i++)
	{
		uint8	   *part = NULL;

		if ((there >> i & 1) == 0)
			continue;
		if (shape->ExtendedBytes > 0)
		{
			ItemPointerData where;
			IvfSpecial *special;

			memcpy(&where, block + shape->BlockParts + i * sizeof(where), sizeof(where));
			if (ItemPointerGetBlockNumberNoCheck(&where) != move->parts_block)
			{
				move->parts_block = ItemPointerGetBlockNumberNoCheck(&where);
				special = copy_page(vacuum, move->parts_block, IVF_PARTS, move->list, move->old.generation, (Page) move->parts.data);
			}
			else
				special = IvfPageSpecial((Page) move->parts.data);
			if (ItemPointerGetOffsetNumberNoCheck(&where) >= special->count || special->count > IVF_AREA / shape->ExtendedBytes)
				pge_ivf_corrupt(vacuum->index, move->parts_block, "It lacks a vector's code.");
			part = IvfPageArea((Page) move->parts.data) + ItemPointerGetOffsetNumberNoCheck(&where) * shape->ExtendedBytes;
		}
		PGE_CALL(IvfGet, shape, block, i, part, move->record);
		pge_ivf_writer_add(move->writer, move->record);
	}
}

static void
move_blocks(IvfMove *move)
{
	PgeIvfShape *shape = move->vacuum->shape;
	uint8	   *long_block = shape->BlockBytes > IVF_AREA ? palloc(shape->BlockBytes) : NULL;
	BlockNumber block = move->old.blocks;

	while (block != InvalidBlockNumber)
	{
		IvfSpecial *special = copy_page(move->vacuum, block, IVF_BLOCKS, move->list, move->old.generation, (Page) move->page.data);

		vacuum_delay_point();
		if (long_block == NULL)
			for (int i = 0; i < special->count; i++)
				move_block(move, IvfPageArea((Page) move->page.data) + (Size) i * shape->BlockBytes);
		else
		{
			Size		done = IVF_AREA;

			memcpy(long_block, IvfPageArea((Page) move->page.data), IVF_AREA);
			for (; done < shape->BlockBytes; done += IVF_AREA)
			{
				special = copy_page(move->vacuum, special->next, IVF_SLICE, move->list, move->old.generation, (Page) move->page.data);
				memcpy(long_block + done, IvfPageArea((Page) move->page.data), Min(IVF_AREA, shape->BlockBytes - done));
			}
			move_block(move, long_block);
		}
		block = special->next;
	}
}

static void
move_records(IvfMove *move)
{
	PgeIvfShape *shape = move->vacuum->shape;
	BlockNumber block = move->old.records;

	while (block != InvalidBlockNumber)
	{
		IvfSpecial *special = copy_page(move->vacuum, block, IVF_RECORDS, move->list, move->old.generation, (Page) move->page.data);

		vacuum_delay_point();
		for (int i = 0; i < special->count; i++)
		{
			uint8	   *record = IvfPageArea((Page) move->page.data) + i * shape->RecordBytes;

			if (record[6] != 0)
				pge_ivf_writer_add(move->writer, record);
		}
		block = special->next;
	}
}

/* All of a list in new pages, then its head points to them. Inserts into the list wait, scans notice and start over. */
static void
write_anew(IvfVacuum *vacuum, IvfWriter *writer, int list)
{
	IvfMove	   *move = palloc(sizeof(IvfMove));
	IvfHead		head;

	move->vacuum = vacuum;
	move->writer = writer;
	move->list = list;
	move->record = palloc(vacuum->shape->RecordBytes);
	move->parts_block = InvalidBlockNumber;
	/* Parts are looked at for each block that has some there. */
	vacuum->pages_left = 2 * RelationGetNumberOfBlocks(vacuum->index) + vacuum->live[list] + IVF_BLOCK_VECTORS;
	LockPage(vacuum->index, list, ExclusiveLock);
	move->old = pge_ivf_read_head(vacuum->index, vacuum->entry, list);
	pge_ivf_writer_list(writer, list, move->old.generation + 1);
	move_blocks(move);
	move_records(move);
	head = pge_ivf_writer_end_list(writer);
	pge_ivf_write_head(vacuum->index, list, &head);
	UnlockPage(vacuum->index, list, ExclusiveLock);
	pfree(move->record);
	pfree(move);
}

static bool
pays(IvfVacuum *vacuum, int list)
{
	int64		entries = vacuum->live[list] + vacuum->dead[list];

	/* A list's last block is rarely full. */
	return vacuum->records[list] >= WAITING_RECORDS ||
		(vacuum->dead[list] > IVF_BLOCK_VECTORS && vacuum->dead[list] * DEAD_SHARE > entries) ||
		(vacuum->dead[list] > 0 && vacuum->live[list] == 0);
}

/* Pages of no list, and of lists as they were before, become free, and are told to the map. */
static void
free_pages(IvfVacuum *vacuum)
{
	int			lists = vacuum->shape->Lists;
	uint32	   *generations = palloc(sizeof(uint32) * lists);
	BlockNumber pages = RelationGetNumberOfBlocks(vacuum->index);
	BlockNumber first = IVF_FIRST_LIST_BLOCK + vacuum->entry->meta.head_pages + vacuum->entry->meta.centroid_pages;

	for (int list = 0; list < lists; list++)
		generations[list] = pge_ivf_read_head(vacuum->index, vacuum->entry, list).generation;
	vacuum->stats->pages_free = 0;
	for (BlockNumber block = first; block < pages; block++)
	{
		Buffer		buffer;
		Page		page;
		bool		free;

		vacuum_delay_point();
		buffer = ReadBufferExtended(vacuum->index, MAIN_FORKNUM, block, RBM_NORMAL, vacuum->info->strategy);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		page = BufferGetPage(buffer);
		free = PageIsNew(page) || pge_ivf_page_is(page, IVF_FREE);
		if (!free)
		{
			IvfSpecial *special = IvfPageSpecial(page);

			if (PageGetSpecialSize(page) != MAXALIGN(sizeof(IvfSpecial)))
				pge_ivf_corrupt(vacuum->index, block, "It is not a page of this access method.");
			free = special->list >= lists || special->generation != generations[special->list];
			if (free)
			{
				GenericXLogState *state = GenericXLogStart(vacuum->index);

				pge_ivf_page_init(GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE), IVF_FREE, UINT32_MAX, 0);
				GenericXLogFinish(state);
			}
		}
		UnlockReleaseBuffer(buffer);
		if (free)
		{
			RecordFreeIndexPage(vacuum->index, block);
			vacuum->stats->pages_free++;
		}
	}
	IndexFreeSpaceMapVacuum(vacuum->index);
	vacuum->stats->num_pages = pages;
	pfree(generations);
}

IndexBulkDeleteResult *
pge_ivf_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	IvfVacuum	vacuum;
	IvfWriter  *writer;

	if (info->analyze_only)
		return stats;
	begin(&vacuum, info, stats, NULL, NULL);
	vacuum.stats->num_index_tuples = 0;
	clean_pages(&vacuum);
	writer = pge_ivf_writer_begin(info->index, vacuum.shape, false);
	for (int list = 0; list < vacuum.shape->Lists; list++)
		if (pays(&vacuum, list))
			write_anew(&vacuum, writer, list);
	free_pages(&vacuum);
	return vacuum.stats;
}
