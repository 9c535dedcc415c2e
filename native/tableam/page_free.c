/*
 * Column store, page layer: pages of ours become empty heap pages that the delta can use. Whoever calls has made sure that nobody reads
 * them any more. Each page is looked at before it goes: after a crash, some of them may be heap's already.
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "storage/freespace.h"

#include "directory.h"

static void
note_free(Relation rel, BlockNumber block)
{
	RecordPageWithFreeSpace(rel, block, BLCKSZ - SizeOfPageHeaderData - sizeof(ItemIdData));
}

/* Give back the pages of an extent that still are the group's; returns their number. */
uint32
pge_extent_free(Relation rel, uint32 group_id, BlockNumber first, uint32 blocks)
{
	BlockNumber end = Min(first + blocks, RelationGetNumberOfBlocks(rel));
	uint32		freed = 0;

	if (RelationNeedsWAL(rel))
		XLogEnsureRecordSpace(PGE_PAGES_PER_RECORD - 1, 0);
	for (BlockNumber block = first; block < end;)
	{
		Buffer		buffers[PGE_PAGES_PER_RECORD];
		BlockNumber freed_blocks[PGE_PAGES_PER_RECORD];
		int			n = 0;

		vacuum_delay_point();
		for (; block < end && n < PGE_PAGES_PER_RECORD; block++)
		{
			Buffer		buffer = ReadBuffer(rel, block);
			Page		page = BufferGetPage(buffer);

			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			if (pge_page_is_ours(page) && PgePageGetHeader(page)->kind == PGE_KIND_GROUP &&
				PgePageGetHeader(page)->group_id == group_id)
			{
				freed_blocks[n] = block;
				buffers[n++] = buffer;
			}
			else
				UnlockReleaseBuffer(buffer);
		}
		if (n == 0)
			continue;
		START_CRIT_SECTION();
		for (int i = 0; i < n; i++)
		{
			pge_page_init_heap(BufferGetPage(buffers[i]));
			MarkBufferDirty(buffers[i]);
		}
		pge_pages_log(rel, buffers, n);
		END_CRIT_SECTION();
		for (int i = 0; i < n; i++)
		{
			UnlockReleaseBuffer(buffers[i]);
			note_free(rel, freed_blocks[i]);
		}
		freed += n;
	}
	return freed;
}

/*
 * Give back a page of a delete vector that *slot of the map names, and forget it there, at once. False: it stays, because "may" says so.
 */
static bool
free_named(Relation rel, const PgeGroupDesc *desc, BlockNumber *(*slot) (PgeDeleteMap *map, uint32 i), uint32 i, uint16 kind,
		   bool (*may) (TransactionId xid, void *arg), void *arg)
{
	Buffer		map = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
	BlockNumber block = *slot(pge_delete_map_of(BufferGetPage(map)), i);
	bool		freed = false;

	if (block != InvalidBlockNumber)
	{
		Buffer		buffer = pge_delete_read(rel, desc->group_id, block, kind, i, BUFFER_LOCK_EXCLUSIVE);

		freed = may == NULL || may(PgePageGetHeader(BufferGetPage(buffer))->xid, arg);
		if (freed)
		{
			GenericXLogState *state = GenericXLogStart(rel);

			*slot(pge_delete_map_of(GenericXLogRegisterBuffer(state, map, 0)), i) = InvalidBlockNumber;
			pge_page_init_heap(GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE));
			GenericXLogFinish(state);
		}
		UnlockReleaseBuffer(buffer);
	}
	UnlockReleaseBuffer(map);
	if (freed)
		note_free(rel, block);
	return freed;
}

static BlockNumber *
current_slot(PgeDeleteMap *map, uint32 i)
{
	return &map->pages[i];
}

static BlockNumber *
retired_slot(PgeDeleteMap *map, uint32 i)
{
	return &map->retired[i];
}

static BlockNumber *
dead_slot(PgeDeleteMap *map, uint32 i)
{
	return &map->dead[i];
}

/* Has a group's delete vector retired pages? */
bool
pge_delete_has_retired(Relation rel, const PgeGroupDesc *desc)
{
	PgeDeletes	deletes;
	bool		found = false;

	if (!pge_deletes_open(rel, desc, &deletes))
		return false;
	pge_deletes_close(&deletes);
	for (uint32 i = 0; i < PGE_DELETE_PAGES; i++)
		found |= deletes.map.retired[i] != InvalidBlockNumber;
	return found;
}

/* Give back those retired pages of a group's delete vector that nobody reads; returns their number. */
uint32
pge_delete_free_retired(Relation rel, const PgeGroupDesc *desc, bool (*nobody_reads) (TransactionId xid, void *arg), void *arg)
{
	PgeDeletes	deletes;
	uint32		freed = 0;

	if (!pge_deletes_open(rel, desc, &deletes))
		return 0;
	pge_deletes_close(&deletes);
	for (uint32 i = 0; i < PGE_DELETE_PAGES; i++)
		if (deletes.map.retired[i] != InvalidBlockNumber)
		{
			vacuum_delay_point();
			freed += free_named(rel, desc, retired_slot, i, PGE_KIND_DELETE, nobody_reads, arg);
		}
	return freed;
}

/* Give back a whole delete vector, map and all; returns the number of pages. */
uint32
pge_delete_vector_free(Relation rel, const PgeGroupDesc *desc)
{
	Buffer		map,
				directory;
	GenericXLogState *state;
	PgeDeletes	deletes;
	uint32		freed = 0;

	if (!pge_deletes_open(rel, desc, &deletes))
		return 0;
	pge_deletes_close(&deletes);
	for (uint32 i = 0; i < PGE_DELETE_PAGES; i++)
	{
		vacuum_delay_point();
		if (deletes.map.pages[i] != InvalidBlockNumber)
			freed += free_named(rel, desc, current_slot, i, PGE_KIND_DELETE, NULL, NULL);
		if (deletes.map.retired[i] != InvalidBlockNumber)
			freed += free_named(rel, desc, retired_slot, i, PGE_KIND_DELETE, NULL, NULL);
	}
	for (uint32 i = 0; i < PGE_DEAD_PAGES; i++)
		freed += free_named(rel, desc, dead_slot, i, PGE_KIND_DEAD, NULL, NULL);

	map = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
	directory = pge_directory_lock(rel, desc->group_id);
	state = GenericXLogStart(rel);
	pge_page_init_heap(GenericXLogRegisterBuffer(state, map, GENERIC_XLOG_FULL_IMAGE));
	pge_directory_slot(GenericXLogRegisterBuffer(state, directory, 0), desc->group_id)->delete_root = InvalidBlockNumber;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(directory);
	UnlockReleaseBuffer(map);
	note_free(rel, desc->delete_root);
	return freed + 1;
}
