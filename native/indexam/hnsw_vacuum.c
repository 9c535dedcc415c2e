/*
 * epiphany_hnsw: VACUUM. Rows go first, page by page; a vertex without rows is dying: searches still go through it. Then the links to
 * dying vertices are replaced by links to what these link to, vertices that no link leads to any more become entries, and last the dying
 * are free.
 *
 * Cut off anywhere, it loses no row: a search that goes on to the end looks at every vertex, and the next VACUUM takes up dying vertices
 * where they are, and what no link leads to.
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "storage/freespace.h"
#include "storage/indexfsm.h"
#include "utils/memutils.h"

#include "hnsw.h"

typedef struct HnswVacuum
{
	IndexVacuumInfo *info;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;
	void	   *state;
	HnswAccess	access;
	BlockNumber blocks;
	uint32		end;			/* vertices have lower numbers */
	uint64	   *going;			/* a bit for each that is dying or free */
	bool		dying;			/* some are dying */
} HnswVacuum;

static bool
goes(const HnswVacuum *vacuum, uint32 vertex)
{
	return vertex < vacuum->end && (vacuum->going[vertex / 64] >> (vertex % 64) & 1) != 0;
}

static Buffer
read_block(HnswVacuum *vacuum, BlockNumber block, int mode)
{
	Buffer		buffer = ReadBufferExtended(vacuum->info->index, MAIN_FORKNUM, block, RBM_NORMAL, vacuum->info->strategy);

	vacuum_delay_point();
	LockBuffer(buffer, mode);
	return buffer;
}

static bool
has_vertices(HnswVacuum *vacuum, BlockNumber block, Page page)
{
	if (PageIsNew(page))
		return false;
	hnsw_check_page(vacuum->info->index, block, page);
	return hnsw_special(page)->kind == HNSW_VERTICES;
}

/* Takes dead rows out of a record; returns how many it has left. */
static int
remove_rows(HnswVacuum *vacuum, char *record, uint32 vertex, int *removed)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;
	int			rows = *hnsw_rows(shape, record);
	int			kept = 0;

	if (rows > shape->RowSlots)
		hnsw_corrupted(vacuum->info->index, "a vertex has more rows than it can have", vertex);
	for (int i = 0; i < rows; i++)
	{
		ItemPointerData tid = *hnsw_row(shape, record, i);

		if (!ItemPointerIsValid(&tid))
			hnsw_corrupted(vacuum->info->index, "a vertex has a row that is none", vertex);
		if (vacuum->callback(&tid, vacuum->state))
			(*removed)++;
		else
			*hnsw_row(shape, record, kept++) = tid;
	}
	*hnsw_rows(shape, record) = kept;
	return kept;
}

/* Dead rows of a page's copy; marks vertices that go. Returns whether the page is to change. */
static bool
clean_copy(HnswVacuum *vacuum, BlockNumber block, Page copy, int *removed, int *left)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;
	bool		changed = false;

	*removed = 0;
	*left = 0;
	for (int place = 0; place < shape->PerPage; place++)
	{
		uint32		vertex = block * shape->PerPage + place;
		char	   *record = hnsw_record(shape, copy, place);

		if (*hnsw_state(shape, record) == PgeVertexState_Live)
		{
			int			before = *removed;
			int			rows = remove_rows(vacuum, record, vertex, removed);

			*left += rows;
			changed |= *removed > before;
			if (rows > 0)
				continue;
			*hnsw_state(shape, record) = PgeVertexState_Dying;
			changed = true;
		}
		if (*hnsw_state(shape, record) == PgeVertexState_Dying)
			vacuum->dying = true;
		if (vertex < vacuum->end)
			vacuum->going[vertex / 64] |= UINT64CONST(1) << (vertex % 64);
	}
	return changed;
}

/* Rows. A page is locked to be changed only if it has dead ones. */
static void
remove_dead(HnswVacuum *vacuum)
{
	PGAlignedBlock copy;

	for (BlockNumber block = 0; block < vacuum->blocks; block++)
	{
		Buffer		buffer = read_block(vacuum, block, BUFFER_LOCK_SHARE);
		int			removed;
		int			left;
		bool		changed;

		if (!has_vertices(vacuum, block, BufferGetPage(buffer)))
		{
			UnlockReleaseBuffer(buffer);
			continue;
		}
		memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
		changed = clean_copy(vacuum, block, copy.data, &removed, &left);
		if (changed)
		{
			GenericXLogState *state;

			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			state = GenericXLogStart(vacuum->info->index);
			clean_copy(vacuum, block, GenericXLogRegisterBuffer(state, buffer, 0), &removed, &left);
			GenericXLogFinish(state);
		}
		UnlockReleaseBuffer(buffer);
		vacuum->stats->tuples_removed += removed;
		vacuum->stats->num_index_tuples += left;
	}
}

/* A live vertex's links, as they should be; returns whether they are others. */
static bool
repair(HnswVacuum *vacuum, char *record, uint32 vertex, uint32 *links, int32 *count)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;
	bool		wanted = false;

	*count = *hnsw_link_count(shape, record);
	if (*hnsw_state(shape, record) != PgeVertexState_Live)
		return false;
	if (*count > shape->MaxLinks)
		hnsw_corrupted(vacuum->info->index, "a vertex has more links than it can have", vertex);
	memcpy(links, hnsw_links(record), sizeof(uint32) * *count);
	for (int i = 0; i < *count && !wanted; i++)
		wanted = goes(vacuum, links[i] & HNSW_LINK_NUMBER);
	if (wanted)
		PGE_CALL(GraphRepair, vacuum->access.cache->handle, &vacuum->access, vertex, links, count, vacuum->going, vacuum->end);
	return wanted;
}

/*
 * New links of a page's vertices are found without its lock; those whose links have changed meanwhile are left as they are until the
 * next pass.
 */
static bool
repair_page(HnswVacuum *vacuum, BlockNumber block, uint32 *links, int32 *counts)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;
	PGAlignedBlock copy;
	Buffer		buffer = read_block(vacuum, block, BUFFER_LOCK_SHARE);
	bool		vertices = has_vertices(vacuum, block, BufferGetPage(buffer));
	bool		wanted = false;
	bool		complete = true;
	GenericXLogState *state;
	Page		page;

	memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	for (int place = 0; place < shape->PerPage && vertices; place++)
	{
		if (!repair(vacuum, hnsw_record(shape, copy.data, place), block * shape->PerPage + place,
					links + place * shape->MaxLinks, &counts[place]))
			counts[place] = -1;
		wanted |= counts[place] >= 0;
	}
	if (!wanted)
	{
		ReleaseBuffer(buffer);
		return true;
	}
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	state = GenericXLogStart(vacuum->info->index);
	page = GenericXLogRegisterBuffer(state, buffer, 0);
	for (int place = 0; place < shape->PerPage; place++)
	{
		char	   *record = hnsw_record(shape, page, place);

		if (counts[place] < 0)
			continue;
		if (memcmp(record, hnsw_record(shape, copy.data, place), shape->PayloadAt - 1) != 0)
		{
			complete = false;
			continue;
		}
		memcpy(hnsw_links(record), links + place * shape->MaxLinks, sizeof(uint32) * counts[place]);
		*hnsw_link_count(shape, record) = counts[place];
	}
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
	return complete;
}

static void
repair_links(HnswVacuum *vacuum)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;
	uint32	   *links = palloc(sizeof(uint32) * shape->MaxLinks * shape->PerPage);
	int32	   *counts = palloc(sizeof(int32) * shape->PerPage);

	/* A page that somebody else changed meanwhile is done once more; what is left then does no harm, and goes with the next VACUUM. */
	for (BlockNumber block = 0; block < vacuum->blocks; block++)
		if (!repair_page(vacuum, block, links, counts))
			repair_page(vacuum, block, links, counts);
	pfree(links);
	pfree(counts);
}

/* Vertices that were dying before the links were repaired have no row and no link to them. */
static void
free_dying(HnswVacuum *vacuum)
{
	const PgeGraphShape *shape = &vacuum->access.cache->shape;

	for (BlockNumber block = 0; block < vacuum->blocks; block++)
	{
		Buffer		buffer = read_block(vacuum, block, BUFFER_LOCK_EXCLUSIVE);
		GenericXLogState *state;
		Page		page;
		bool		changed = false;

		if (!has_vertices(vacuum, block, BufferGetPage(buffer)))
		{
			UnlockReleaseBuffer(buffer);
			continue;
		}
		state = GenericXLogStart(vacuum->info->index);
		page = GenericXLogRegisterBuffer(state, buffer, 0);
		for (int place = 0; place < shape->PerPage; place++)
		{
			char	   *record = hnsw_record(shape, page, place);

			if (*hnsw_state(shape, record) == PgeVertexState_Dying && goes(vacuum, block * shape->PerPage + place))
			{
				memset(record, 0, shape->RecordBytes);
				changed = true;
			}
		}
		if (changed)
			GenericXLogFinish(state);
		else
			GenericXLogAbort(state);
		UnlockReleaseBuffer(buffer);
		if (changed)
			RecordPageWithFreeSpace(vacuum->info->index, block, HNSW_AREA);
	}
	IndexFreeSpaceMapVacuum(vacuum->info->index);
}

IndexBulkDeleteResult *
hnsw_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback, void *state)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw vacuum", ALLOCSET_DEFAULT_SIZES);
	HnswVacuum	vacuum = {.info = info,.callback = callback,.state = state};
	MemoryContext old;
	i64			added;

	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	vacuum.stats = stats;
	stats->num_index_tuples = 0;
	old = MemoryContextSwitchTo(context);
	hnsw_begin_access(&vacuum.access, info->index);
	vacuum.access.strategy = info->strategy;
	vacuum.blocks = RelationGetNumberOfBlocks(info->index);
	vacuum.end = Min((uint64) vacuum.blocks * vacuum.access.cache->shape.PerPage, HNSW_MAX_VERTEX);
	vacuum.going = MemoryContextAllocExtended(context, sizeof(uint64) * (vacuum.end / 64 + 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	remove_dead(&vacuum);
	if (vacuum.dying)
	{
		repair_links(&vacuum);
		hnsw_refresh_entries(&vacuum.access);
		PGE_CALL(GraphEnsure, vacuum.access.cache->handle, &vacuum.access, context, vacuum.going, 0, vacuum.end, &added);
		hnsw_drop_entries(&vacuum.access, vacuum.going, vacuum.end);
		free_dying(&vacuum);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return stats;
}

IndexBulkDeleteResult *
hnsw_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	HnswAccess	access;

	if (info->analyze_only)
		return stats;
	hnsw_begin_access(&access, info->index);
	if (hnsw_hold_centroid(&access))
		hnsw_release_centroid(&access);
	if (stats == NULL)
	{
		stats = palloc0(sizeof(IndexBulkDeleteResult));
		stats->num_index_tuples = info->num_heap_tuples;
		stats->estimated_count = true;
	}
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
