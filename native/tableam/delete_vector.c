/*
 * Column store, page layer: delete vectors. Which rows of a group were deleted or updated, by whom, and where the new version
 * is. Changed under generic WAL, so no group page is ever written twice. Knows nothing of visibility; whoever sets an entry holds
 * the row's lock (column_row.c), so that an entry read under it stays as it is.
 *
 * Removed rows (layout.h) read as entries whose xmax everybody sees. The map names pages and dead bitmap at one instant, and what it
 * has named stays readable for whoever has read it, so readers need no lock against VACUUM.
 */
#include "postgres.h"

#include "access/transam.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

#include "directory.h"

static const PgeDelete removed_entry = {
	.xmax = FrozenTransactionId,
	.flags = PGE_XMAX_COMMITTED | PGE_XMAX_DEAD,
};

PgeDeleteMap *
pge_delete_map_of(Page page)
{
	return (PgeDeleteMap *) PgePageGetPayload(page);
}

static PgeDelete *
entries_of(Page page)
{
	return (PgeDelete *) PgePageGetPayload(page);
}

static uint64 *
bits_of(Page page)
{
	return (uint64 *) PgePageGetPayload(page);
}

/* Read and lock a page of the group's delete vector, its map or its dead bitmap. */
Buffer
pge_delete_read(Relation rel, uint32 group_id, BlockNumber block, uint16 kind, uint32 page_no, int mode)
{
	Buffer		buffer;
	PgePageHeader *header;

	if (pge_block_is_column(block) || block == PGE_ROOT_BLOCK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("delete vector of row group %u of column table \"%s\" refers to block %u",
						group_id, RelationGetRelationName(rel), block)));
	buffer = pge_page_read(rel, block, kind, mode);
	header = PgePageGetHeader(BufferGetPage(buffer));
	if (header->group_id != group_id || header->page_no != page_no)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" is not page %u of the delete vector of row group %u",
						block, RelationGetRelationName(rel), page_no, group_id)));
	return buffer;
}

/* ---- reading a whole vector ---- */

static void
load_removed(Relation rel, const PgeGroupDesc *desc, PgeDeletes *deletes)
{
	uint32		words = (desc->rows + 63) / 64;

	for (uint32 i = 0; i < PGE_DEAD_PAGES; i++)
	{
		uint32		first = i * PGE_DEAD_ROWS_PER_PAGE / 64;
		Buffer		buffer;

		if (deletes->map.dead[i] == InvalidBlockNumber || first >= words)
			continue;
		if (deletes->removed == NULL)
			deletes->removed = palloc0_array(uint64, words);
		buffer = pge_delete_read(rel, desc->group_id, deletes->map.dead[i], PGE_KIND_DEAD, i, BUFFER_LOCK_SHARE);
		memcpy(deletes->removed + first, bits_of(BufferGetPage(buffer)),
			   Min(words - first, PGE_DEAD_ROWS_PER_PAGE / 64) * sizeof(uint64));
		UnlockReleaseBuffer(buffer);
	}
}

/* Begin to read a group's delete vector; false: no row was ever touched. */
bool
pge_deletes_open(Relation rel, const PgeGroupDesc *desc, PgeDeletes *deletes)
{
	Buffer		buffer;

	deletes->removed = NULL;
	if (desc->delete_root == InvalidBlockNumber)
		return false;
	buffer = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_SHARE);
	deletes->map = *pge_delete_map_of(BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
	load_removed(rel, desc, deletes);
	return true;
}

void
pge_deletes_close(PgeDeletes *deletes)
{
	if (deletes->removed != NULL)
		pfree(deletes->removed);
	deletes->removed = NULL;
}

/* Copy a page's entries, but for removed rows; false: there is no such page. */
bool
pge_deletes_page(Relation rel, const PgeGroupDesc *desc, const PgeDeletes *deletes, uint32 page_no, PgeDelete *entries)
{
	Buffer		buffer;

	if (deletes->map.pages[page_no] == InvalidBlockNumber)
		return false;
	buffer = pge_delete_read(rel, desc->group_id, deletes->map.pages[page_no], PGE_KIND_DELETE, page_no, BUFFER_LOCK_SHARE);
	memcpy(entries, entries_of(BufferGetPage(buffer)), PGE_DELETES_PER_PAGE * sizeof(PgeDelete));
	UnlockReleaseBuffer(buffer);
	return true;
}

/* All entries of a group, removed rows' too, palloc'd; NULL if no row was ever touched. */
PgeDelete *
pge_deletes_load(Relation rel, const PgeGroupDesc *desc)
{
	PgeDeletes	deletes;
	PgeDelete  *entries;

	if (!pge_deletes_open(rel, desc, &deletes))
		return NULL;
	entries = palloc0(PGE_DELETE_PAGES * PGE_DELETES_PER_PAGE * sizeof(PgeDelete));
	for (uint32 page = 0; page < PGE_DELETE_PAGES; page++)
	{
		CHECK_FOR_INTERRUPTS();
		pge_deletes_page(rel, desc, &deletes, page, entries + page * PGE_DELETES_PER_PAGE);
	}
	for (uint32 row = 0; row < desc->rows; row++)
		if (pge_bitmap_has(deletes.removed, row))
			entries[row] = removed_entry;
	pge_deletes_close(&deletes);
	return entries;
}

/* ---- one row ---- */

/* The blocks of a row's page of entries and of its page of the dead bitmap, each InvalidBlockNumber if there is none. */
static BlockNumber
row_blocks(Relation rel, const PgeGroupDesc *desc, uint32 row, BlockNumber *dead)
{
	Buffer		buffer;
	BlockNumber block;

	*dead = InvalidBlockNumber;
	if (desc->delete_root == InvalidBlockNumber)
		return InvalidBlockNumber;
	buffer = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_SHARE);
	block = pge_delete_map_of(BufferGetPage(buffer))->pages[row / PGE_DELETES_PER_PAGE];
	*dead = pge_delete_map_of(BufferGetPage(buffer))->dead[row / PGE_DEAD_ROWS_PER_PAGE];
	UnlockReleaseBuffer(buffer);
	return block;
}

/* Copy a row's entry; false: the row was never touched. */
bool
pge_delete_get(Relation rel, const PgeGroupDesc *desc, uint32 row, PgeDelete *entry)
{
	BlockNumber dead;
	BlockNumber block = row_blocks(rel, desc, row, &dead);
	Buffer		buffer;
	bool		removed;

	memset(entry, 0, sizeof(*entry));
	if (block != InvalidBlockNumber)
	{
		buffer = pge_delete_read(rel, desc->group_id, block, PGE_KIND_DELETE, row / PGE_DELETES_PER_PAGE, BUFFER_LOCK_SHARE);
		*entry = entries_of(BufferGetPage(buffer))[row % PGE_DELETES_PER_PAGE];
		UnlockReleaseBuffer(buffer);
	}
	if (!TransactionIdIsValid(entry->xmax) && dead != InvalidBlockNumber)
	{
		buffer = pge_delete_read(rel, desc->group_id, dead, PGE_KIND_DEAD, row / PGE_DEAD_ROWS_PER_PAGE, BUFFER_LOCK_SHARE);
		removed = pge_bitmap_has(bits_of(BufferGetPage(buffer)), row % PGE_DEAD_ROWS_PER_PAGE);
		UnlockReleaseBuffer(buffer);
		if (removed)
			*entry = removed_entry;
	}
	return TransactionIdIsValid(entry->xmax);
}

/* Give the group a map; under the group's page lock. */
static BlockNumber
make_map(Relation rel, const PgeGroupDesc *desc)
{
	Buffer		map = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
	Buffer		directory = pge_directory_lock(rel, desc->group_id);
	GenericXLogState *state = GenericXLogStart(rel);
	Page		page = pge_page_register_new(state, map, PGE_KIND_DELETE_MAP, desc->group_id, 0);
	BlockNumber block = BufferGetBlockNumber(map);

	memset(pge_delete_map_of(page), 0xFF, sizeof(PgeDeleteMap));
	page = GenericXLogRegisterBuffer(state, directory, 0);
	pge_directory_slot(page, desc->group_id)->delete_root = block;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(directory);
	UnlockReleaseBuffer(map);
	return block;
}

/* Give the group a page of entries, or of its dead bitmap; under the group's page lock. */
static BlockNumber
make_page(Relation rel, const PgeGroupDesc *desc, uint16 kind, uint32 page_no)
{
	Buffer		buffer = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
	Buffer		map = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *state = GenericXLogStart(rel);
	BlockNumber block = BufferGetBlockNumber(buffer);
	PgeDeleteMap *image;

	pge_page_register_new(state, buffer, kind, desc->group_id, page_no);
	image = pge_delete_map_of(GenericXLogRegisterBuffer(state, map, 0));
	*(kind == PGE_KIND_DEAD ? &image->dead[page_no] : &image->pages[page_no]) = block;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(map);
	UnlockReleaseBuffer(buffer);
	return block;
}

/* Whoever makes or retires pages of a delete vector queues here. The tag is a block that there cannot be. */
static void
lock_vector(Relation rel, uint32 group_id)
{
	LockPage(rel, PGE_TID_BLOCK_FLAG | group_id, ExclusiveLock);
}

static void
unlock_vector(Relation rel, uint32 group_id)
{
	UnlockPage(rel, PGE_TID_BLOCK_FLAG | group_id, ExclusiveLock);
}

/* The page that holds a row's entry; made now if nobody has. */
static BlockNumber
ensure_page(Relation rel, const PgeGroupDesc *known, uint32 row)
{
	PgeGroupDesc desc = *known;
	BlockNumber dead;
	BlockNumber block = row_blocks(rel, &desc, row, &dead);

	if (block != InvalidBlockNumber)
		return block;
	lock_vector(rel, desc.group_id);
	pge_directory_get(rel, desc.group_id, &desc);
	if (desc.delete_root == InvalidBlockNumber)
		desc.delete_root = make_map(rel, &desc);
	block = row_blocks(rel, &desc, row, &dead);
	if (block == InvalidBlockNumber)
		block = make_page(rel, &desc, PGE_KIND_DELETE, row / PGE_DELETES_PER_PAGE);
	unlock_vector(rel, desc.group_id);
	return block;
}

/* Set a row's entry. The caller holds the row's lock. */
void
pge_delete_set(Relation rel, const PgeGroupDesc *desc, uint32 row, const PgeDelete *entry)
{
	uint32		page_no = row / PGE_DELETES_PER_PAGE;

	for (;;)
	{
		Buffer		buffer = pge_delete_read(rel, desc->group_id, ensure_page(rel, desc, row), PGE_KIND_DELETE, page_no,
											 BUFFER_LOCK_EXCLUSIVE);
		/* Retired since we looked: it gets a new one. */
		bool		retired = TransactionIdIsValid(PgePageGetHeader(BufferGetPage(buffer))->xid);

		if (!retired)
			pge_page_patch(rel, buffer, (char *) &entries_of(BufferGetPage(buffer))[row % PGE_DELETES_PER_PAGE] - BufferGetPage(buffer),
						   entry, sizeof(*entry));
		UnlockReleaseBuffer(buffer);
		if (!retired)
			return;
	}
}

/* ---- for VACUUM ---- */

/*
 * Let "change" look at each entry of a page and say whether it changed it; the page is logged if it did. It touches only entries whose
 * transaction is over, and so nobody else's.
 */
void
pge_delete_change_page(Relation rel, const PgeGroupDesc *desc, const PgeDeletes *deletes, uint32 page_no,
					   bool (*change) (PgeDelete *entry, void *arg), void *arg)
{
	Buffer		buffer;
	GenericXLogState *state;
	PgeDelete  *entries;
	bool		changed = false;

	if (deletes->map.pages[page_no] == InvalidBlockNumber)
		return;
	buffer = pge_delete_read(rel, desc->group_id, deletes->map.pages[page_no], PGE_KIND_DELETE, page_no, BUFFER_LOCK_EXCLUSIVE);
	state = GenericXLogStart(rel);
	entries = entries_of(GenericXLogRegisterBuffer(state, buffer, 0));
	for (uint32 i = 0; i < PGE_DELETES_PER_PAGE; i++)
		changed |= change(&entries[i], arg);
	if (changed)
		GenericXLogFinish(state);
	else
		GenericXLogAbort(state);
	UnlockReleaseBuffer(buffer);
}

/* Mark rows as removed: a bitmap of the group's rows. The group has a map. */
void
pge_delete_set_removed(Relation rel, const PgeGroupDesc *desc, const uint64 *rows)
{
	uint32		words = (desc->rows + 63) / 64;

	for (uint32 i = 0; i < PGE_DEAD_PAGES; i++)
	{
		uint32		first = i * PGE_DEAD_ROWS_PER_PAGE / 64;
		uint32		n = first < words ? Min(words - first, PGE_DEAD_ROWS_PER_PAGE / 64) : 0;
		bool		any = false;
		BlockNumber block;
		Buffer		buffer;
		GenericXLogState *state;
		uint64	   *bits;

		for (uint32 w = 0; w < n; w++)
			any |= rows[first + w] != 0;
		if (!any)
			continue;
		lock_vector(rel, desc->group_id);
		row_blocks(rel, desc, i * PGE_DEAD_ROWS_PER_PAGE, &block);
		if (block == InvalidBlockNumber)
			block = make_page(rel, desc, PGE_KIND_DEAD, i);
		unlock_vector(rel, desc->group_id);
		buffer = pge_delete_read(rel, desc->group_id, block, PGE_KIND_DEAD, i, BUFFER_LOCK_EXCLUSIVE);
		state = GenericXLogStart(rel);
		bits = bits_of(GenericXLogRegisterBuffer(state, buffer, 0));
		for (uint32 w = 0; w < n; w++)
			bits[w] |= rows[first + w];
		GenericXLogFinish(state);
		UnlockReleaseBuffer(buffer);
	}
}

/* Retire a page of entries if all its rows are removed or untouched, as "removed" has it; true if it is retired now. */
bool
pge_delete_retire_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no, const uint64 *removed)
{
	Buffer		map,
				buffer = InvalidBuffer;
	BlockNumber block;
	bool		settled = false;

	lock_vector(rel, desc->group_id);
	map = pge_delete_read(rel, desc->group_id, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
	block = pge_delete_map_of(BufferGetPage(map))->pages[page_no];
	/* The page that was here before may still wait. */
	if (block != InvalidBlockNumber && pge_delete_map_of(BufferGetPage(map))->retired[page_no] == InvalidBlockNumber)
	{
		buffer = pge_delete_read(rel, desc->group_id, block, PGE_KIND_DELETE, page_no, BUFFER_LOCK_EXCLUSIVE);
		settled = true;
		for (uint32 i = 0; i < PGE_DELETES_PER_PAGE && settled; i++)
		{
			uint32		row = page_no * PGE_DELETES_PER_PAGE + i;

			settled = !TransactionIdIsValid(entries_of(BufferGetPage(buffer))[i].xmax) ||
				(row < desc->rows && pge_bitmap_has(removed, row));
		}
	}
	if (settled)
	{
		GenericXLogState *state = GenericXLogStart(rel);
		PgeDeleteMap *image = pge_delete_map_of(GenericXLogRegisterBuffer(state, map, 0));

		image->pages[page_no] = InvalidBlockNumber;
		image->retired[page_no] = block;
		/* Whoever has read the map before us took his snapshot before this. */
		PgePageGetHeader(GenericXLogRegisterBuffer(state, buffer, 0))->xid = ReadNextTransactionId();
		GenericXLogFinish(state);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
	UnlockReleaseBuffer(map);
	unlock_vector(rel, desc->group_id);
	return settled;
}
