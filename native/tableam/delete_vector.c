/*
 * Column store, page layer: delete vectors. Which rows of a group were deleted or updated, by whom, and where the new version
 * is. Changed under generic WAL, so no group page is ever written twice. Knows nothing of visibility; whoever sets an entry holds
 * the row's lock (column_row.c), so that an entry read under it stays as it is.
 */
#include "postgres.h"

#include "storage/lmgr.h"

#include "directory.h"

static BlockNumber *
map_of(Page page)
{
	return (BlockNumber *) PgePageGetPayload(page);
}

static PgeDelete *
entries_of(Page page)
{
	return (PgeDelete *) PgePageGetPayload(page);
}

static Buffer
read_checked(Relation rel, const PgeGroupDesc *desc, BlockNumber block, uint16 kind, uint32 page_no, int mode)
{
	Buffer		buffer;
	PgePageHeader *header;

	if (pge_block_is_column(block) || block == PGE_ROOT_BLOCK)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("delete vector of row group %u of column table \"%s\" refers to block %u",
						desc->group_id, RelationGetRelationName(rel), block)));
	buffer = pge_page_read(rel, block, kind, mode);
	header = PgePageGetHeader(BufferGetPage(buffer));
	if (header->group_id != desc->group_id || header->page_no != page_no)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" is not page %u of the delete vector of row group %u",
						block, RelationGetRelationName(rel), page_no, desc->group_id)));
	return buffer;
}

/* The page's block, or InvalidBlockNumber while none of its rows was touched. */
static BlockNumber
page_block(Relation rel, const PgeGroupDesc *desc, uint32 page_no)
{
	Buffer		map;
	BlockNumber block;

	if (desc->delete_root == InvalidBlockNumber)
		return InvalidBlockNumber;
	map = read_checked(rel, desc, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_SHARE);
	block = map_of(BufferGetPage(map))[page_no];
	UnlockReleaseBuffer(map);
	return block;
}

/* Copy a page's entries; false: none of its rows was ever touched. */
bool
pge_delete_read_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no, PgeDelete *entries)
{
	BlockNumber block = page_block(rel, desc, page_no);
	Buffer		buffer;

	if (block == InvalidBlockNumber)
		return false;
	buffer = read_checked(rel, desc, block, PGE_KIND_DELETE, page_no, BUFFER_LOCK_SHARE);
	memcpy(entries, entries_of(BufferGetPage(buffer)), PGE_DELETES_PER_PAGE * sizeof(PgeDelete));
	UnlockReleaseBuffer(buffer);
	return true;
}

/* Copy a row's entry; false: the row was never touched. */
bool
pge_delete_get(Relation rel, const PgeGroupDesc *desc, uint32 row, PgeDelete *entry)
{
	BlockNumber block = page_block(rel, desc, row / PGE_DELETES_PER_PAGE);
	Buffer		buffer;

	if (block == InvalidBlockNumber)
		return false;
	buffer = read_checked(rel, desc, block, PGE_KIND_DELETE, row / PGE_DELETES_PER_PAGE, BUFFER_LOCK_SHARE);
	*entry = entries_of(BufferGetPage(buffer))[row % PGE_DELETES_PER_PAGE];
	UnlockReleaseBuffer(buffer);
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

	memset(map_of(page), 0xFF, PGE_DELETE_PAGES * sizeof(BlockNumber));
	page = GenericXLogRegisterBuffer(state, directory, 0);
	pge_directory_slot(page, desc->group_id)->delete_root = block;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(directory);
	UnlockReleaseBuffer(map);
	return block;
}

/* Give the group a page of entries; under the group's page lock. */
static BlockNumber
make_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no)
{
	Buffer		buffer = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
	Buffer		map = read_checked(rel, desc, desc->delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *state = GenericXLogStart(rel);
	BlockNumber block = BufferGetBlockNumber(buffer);

	pge_page_register_new(state, buffer, PGE_KIND_DELETE, desc->group_id, page_no);
	map_of(GenericXLogRegisterBuffer(state, map, 0))[page_no] = block;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(map);
	UnlockReleaseBuffer(buffer);
	return block;
}

/* The page that holds a row's entry; made now if nobody has. */
static BlockNumber
ensure_page(Relation rel, const PgeGroupDesc *known, uint32 page_no)
{
	PgeGroupDesc desc = *known;
	BlockNumber block = page_block(rel, &desc, page_no);

	if (block != InvalidBlockNumber)
		return block;
	/* The group's first block stands for its delete vector: whoever makes pages for it queues here. */
	LockPage(rel, desc.first_block, ExclusiveLock);
	pge_directory_get(rel, desc.group_id, &desc);
	if (desc.delete_root == InvalidBlockNumber)
		desc.delete_root = make_map(rel, &desc);
	block = page_block(rel, &desc, page_no);
	if (block == InvalidBlockNumber)
		block = make_page(rel, &desc, page_no);
	UnlockPage(rel, desc.first_block, ExclusiveLock);
	return block;
}

/* Set a row's entry. The caller holds the row's lock. */
void
pge_delete_set(Relation rel, const PgeGroupDesc *desc, uint32 row, const PgeDelete *entry)
{
	uint32		page_no = row / PGE_DELETES_PER_PAGE;
	Buffer		buffer = read_checked(rel, desc, ensure_page(rel, desc, page_no), PGE_KIND_DELETE, page_no,
									  BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *state = GenericXLogStart(rel);

	entries_of(GenericXLogRegisterBuffer(state, buffer, 0))[row % PGE_DELETES_PER_PAGE] = *entry;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/*
 * Let "change" look at each entry of a page and say whether it changed it; the page is logged if it did. For VACUUM, which
 * touches only entries whose transaction is over, and so nobody else's. False: there is no such page.
 */
bool
pge_delete_change_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no,
					   bool (*change) (PgeDelete *entry, void *arg), void *arg)
{
	BlockNumber block = page_block(rel, desc, page_no);
	Buffer		buffer;
	GenericXLogState *state;
	PgeDelete  *entries;
	bool		changed = false;

	if (block == InvalidBlockNumber)
		return false;
	buffer = read_checked(rel, desc, block, PGE_KIND_DELETE, page_no, BUFFER_LOCK_EXCLUSIVE);
	state = GenericXLogStart(rel);
	entries = entries_of(GenericXLogRegisterBuffer(state, buffer, 0));
	for (uint32 i = 0; i < PGE_DELETES_PER_PAGE; i++)
		changed |= change(&entries[i], arg);
	if (changed)
		GenericXLogFinish(state);
	else
		GenericXLogAbort(state);
	UnlockReleaseBuffer(buffer);
	return true;
}
