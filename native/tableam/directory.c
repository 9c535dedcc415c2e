/*
 * Column store, page layer: the root (block 0) and the directory of row groups, changed under generic WAL.
 *
 * Appends are serialised by a heavyweight lock on page 0, so that no buffer lock is held while the relation grows.
 * A descriptor's place follows from its group id, so that a TID finds its group with at most two more page reads.
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/htup_details.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

#include "directory.h"

PgeRoot *
pge_root_of(Page page)
{
	return (PgeRoot *) PgePageGetPayload(page);
}

/*
 * Make sure that block 0 is the root before anything is stored. Called before each insert into the delta, too: were a heap
 * tuple the first on block 0, its WAL record would re-initialise the page on replay, and a root kept there would be lost.
 */
void
pge_root_ensure(Relation rel)
{
	Buffer		buffer;
	Page		page;

	/* The delta was inserted into through this relcache entry: the root was there before. */
	if (RelationGetTargetBlock(rel) != InvalidBlockNumber)
		return;

	if (RelationGetNumberOfBlocks(rel) == 0)
	{
		LockRelationForExtension(rel, ExclusiveLock);
		/* somebody else may have been first */
		if (RelationGetNumberOfBlocks(rel) == 0)
			buffer = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_SKIP_EXTENSION_LOCK | EB_LOCK_FIRST);
		else
		{
			buffer = ReadBuffer(rel, PGE_ROOT_BLOCK);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		}
		UnlockRelationForExtension(rel, ExclusiveLock);
	}
	else
	{
		buffer = ReadBuffer(rel, PGE_ROOT_BLOCK);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (pge_page_is_ours(BufferGetPage(buffer)))
		{
			UnlockReleaseBuffer(buffer);
			return;
		}
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	}

	page = BufferGetPage(buffer);
	if (PageIsNew(page))
	{
		START_CRIT_SECTION();
		pge_page_init(page, PGE_KIND_ROOT, 0, 0, InvalidTransactionId);
		memset(pge_root_of(page)->directory, 0xFF, sizeof(pge_root_of(page)->directory));
		memset(pge_root_of(page)->map, 0xFF, sizeof(pge_root_of(page)->map));
		MarkBufferDirty(buffer);
		if (RelationNeedsWAL(rel))
			log_newpage_buffer(buffer, true);
		END_CRIT_SECTION();
	}
	pge_page_check(rel, buffer, PGE_KIND_ROOT);
	UnlockReleaseBuffer(buffer);
}

/* Number of descriptors given out; 0 for a table without storage. */
uint32
pge_directory_count(Relation rel)
{
	Buffer		buffer;
	uint32		groups;

	if (RelationGetNumberOfBlocks(rel) == 0)
		return 0;
	buffer = ReadBuffer(rel, PGE_ROOT_BLOCK);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	/* A crash can leave block 0 allocated and empty; then nothing was ever stored. */
	if (PageIsNew(BufferGetPage(buffer)))
		groups = 0;
	else
	{
		pge_page_check(rel, buffer, PGE_KIND_ROOT);
		groups = pge_root_of(BufferGetPage(buffer))->groups;
		if (groups > PGE_MAX_GROUPS)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("block %u of column table \"%s\" claims %u row groups",
							PGE_ROOT_BLOCK, RelationGetRelationName(rel), groups)));
	}
	UnlockReleaseBuffer(buffer);
	return groups;
}

static void
check_directory_block(Relation rel, BlockNumber block, uint32 index)
{
	if (block == InvalidBlockNumber || block == PGE_ROOT_BLOCK || pge_block_is_column(block))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("directory page %u of column table \"%s\" is missing",
						index, RelationGetRelationName(rel))));
}

/*
 * Where the directory's pages are, kept in rd_amcache, which goes with the relcache entry's next rebuilding. VACUUM, which moves them, sees
 * to that.
 */
typedef struct DirectoryCache
{
	RelFileLocator locator;
	uint32		pages;			/* places below */
	BlockNumber block[FLEXIBLE_ARRAY_MEMBER];	/* InvalidBlockNumber: not asked for yet */
} DirectoryCache;

static BlockNumber
remembered_block(Relation rel, uint32 index)
{
	DirectoryCache *cache = rel->rd_amcache;

	if (cache == NULL || index >= cache->pages || !RelFileLocatorEquals(cache->locator, rel->rd_locator))
		return InvalidBlockNumber;
	return cache->block[index];
}

static void
remember_block(Relation rel, uint32 index, BlockNumber block)
{
	DirectoryCache *cache = rel->rd_amcache;

	if (cache == NULL || index >= cache->pages || !RelFileLocatorEquals(cache->locator, rel->rd_locator))
	{
		uint32		pages = pg_nextpower2_32(index + 8);

		cache = MemoryContextAlloc(CacheMemoryContext, offsetof(DirectoryCache, block) + pages * sizeof(BlockNumber));
		cache->locator = rel->rd_locator;
		cache->pages = pages;
		memset(cache->block, 0xFF, pages * sizeof(BlockNumber));
		pge_directory_forget(rel);
		rel->rd_amcache = cache;
	}
	cache->block[index] = block;
}

/* The file begins anew under the same name. */
void
pge_directory_forget(Relation rel)
{
	if (rel->rd_amcache != NULL)
		pfree(rel->rd_amcache);
	rel->rd_amcache = NULL;
}

/* Block of a page of the directory's map, which must exist. */
BlockNumber
pge_directory_map_block(Relation rel, uint32 map)
{
	Buffer		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
	BlockNumber block = map < PGE_ROOT_MAPS ? pge_root_of(BufferGetPage(buffer))->map[map] : InvalidBlockNumber;

	UnlockReleaseBuffer(buffer);
	check_directory_block(rel, block, map);
	return block;
}

/* Block of directory page "index", which must exist. */
static BlockNumber
directory_block(Relation rel, uint32 index)
{
	Buffer		buffer;
	BlockNumber block = remembered_block(rel, index);

	if (BlockNumberIsValid(block))
		return block;

	if (index < PGE_ROOT_DIRECT)
	{
		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
		block = pge_root_of(BufferGetPage(buffer))->directory[index];
	}
	else
	{
		block = pge_directory_map_block(rel, (index - PGE_ROOT_DIRECT) / PGE_BLOCKS_PER_MAP);
		buffer = pge_page_read(rel, block, PGE_KIND_MAP, BUFFER_LOCK_SHARE);
		block = ((BlockNumber *) PgePageGetPayload(BufferGetPage(buffer)))[(index - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP];
	}
	UnlockReleaseBuffer(buffer);
	check_directory_block(rel, block, index);
	remember_block(rel, index, block);
	return block;
}

/* Read and lock a directory page. A standby may hear late that VACUUM has moved it. */
static Buffer
read_directory(Relation rel, uint32 index, int mode)
{
	bool		remembered = BlockNumberIsValid(remembered_block(rel, index));
	BlockNumber block = directory_block(rel, index);
	Buffer		buffer;

	if (remembered && !pge_block_exists(rel, block))
	{
		pge_directory_forget(rel);
		return read_directory(rel, index, mode);
	}
	pge_block_must_exist(rel, block);
	buffer = ReadBuffer(rel, block);
	LockBuffer(buffer, mode);
	if (remembered && !(pge_page_is_ours(BufferGetPage(buffer)) &&
						PgePageGetHeader(BufferGetPage(buffer))->kind == PGE_KIND_DIRECTORY &&
						PgePageGetHeader(BufferGetPage(buffer))->page_no == index))
	{
		UnlockReleaseBuffer(buffer);
		pge_directory_forget(rel);
		return read_directory(rel, index, mode);
	}
	pge_page_check(rel, buffer, PGE_KIND_DIRECTORY);
	return buffer;
}

/* Has a group room for its bytes and the list of its origins? A cold one has neither, but no more bytes than a table can have. */
static bool
extent_holds(const PgeGroupDesc *desc)
{
	uint64		room = (uint64) desc->blocks * PGE_PAGE_PAYLOAD;

	if (desc->flags & PGE_GROUP_COLD)
		return desc->origin_length == 0 && desc->length <= (uint64) PGE_TID_BLOCK_FLAG * PGE_PAGE_PAYLOAD;
	return desc->length <= room && desc->origin_length <= room - desc->length && desc->origin_length % sizeof(PgeOriginRun) == 0;
}

/* A descriptor read from disk must make sense before anybody follows it. */
static void
check_desc(Relation rel, const PgeGroupDesc *desc, uint32 group_id)
{
	bool		sane = desc->group_id == group_id && desc->state <= PGE_GROUP_RETIRED;

	if (sane && desc->state == PGE_GROUP_COMPLETE)
		sane = desc->rows >= 1 && desc->rows <= PGE_GROUP_MAX_ROWS &&
			desc->natts >= 1 && desc->natts <= MaxHeapAttributeNumber &&
			desc->blocks >= 1 && !pge_block_is_column(desc->first_block) && desc->first_block != PGE_ROOT_BLOCK &&
			(uint64) desc->first_block + desc->blocks <= PGE_TID_BLOCK_FLAG &&
			extent_holds(desc) &&
			desc->footer_offset <= desc->length && desc->footer_length <= desc->length - desc->footer_offset;
	if (!sane)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("descriptor of row group %u of column table \"%s\" is corrupt",
						group_id, RelationGetRelationName(rel))));
}

/* Copy descriptor "group_id" to *desc; false if no such group was ever made. */
bool
pge_directory_get(Relation rel, uint32 group_id, PgeGroupDesc *desc)
{
	uint32		index = group_id / PGE_DESCS_PER_PAGE;
	bool		asked = false;
	Buffer		buffer;

	/* Whether there is such a group need not be asked where its page is known and shows that it was given out. */
	if (!BlockNumberIsValid(remembered_block(rel, index)))
	{
		if (group_id >= pge_directory_count(rel))
			return false;
		asked = true;
	}
	buffer = read_directory(rel, index, BUFFER_LOCK_SHARE);
	*desc = *pge_directory_slot(BufferGetPage(buffer), group_id);
	UnlockReleaseBuffer(buffer);
	if (desc->natts == 0 && !asked && group_id >= pge_directory_count(rel))
		return false;
	check_desc(rel, desc, group_id);
	return true;
}

/* Copy all descriptors, in group order, to a palloc'd array; returns their number. */
uint32
pge_directory_load(Relation rel, PgeGroupDesc **descs)
{
	uint32		count = pge_directory_count(rel);

	*descs = NULL;
	if (count == 0)
		return 0;
	/* A damaged count is found before so much memory is asked for. */
	directory_block(rel, (count - 1) / PGE_DESCS_PER_PAGE);
	*descs = palloc_array(PgeGroupDesc, count);
	for (uint32 first = 0; first < count; first += PGE_DESCS_PER_PAGE)
	{
		uint32		n = Min(PGE_DESCS_PER_PAGE, count - first);
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = read_directory(rel, first / PGE_DESCS_PER_PAGE, BUFFER_LOCK_SHARE);
		memcpy(*descs + first, PgePageGetPayload(BufferGetPage(buffer)), n * sizeof(PgeGroupDesc));
		UnlockReleaseBuffer(buffer);
	}
	for (uint32 i = 0; i < count; i++)
		check_desc(rel, &(*descs)[i], i);
	return count;
}

/* Give a descriptor the place of one that is FREE, if the root knows of any; under the lock of appenders. */
static bool
reuse_descriptor(Relation rel, PgeGroupDesc *desc)
{
	Buffer		root = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
	uint32		groups = pge_root_of(BufferGetPage(root))->groups;
	uint32		first_free = pge_root_of(BufferGetPage(root))->first_free;
	bool		found = false;

	UnlockReleaseBuffer(root);
	for (uint32 id = first_free - 1; first_free > 0 && id < groups && !found; id++)
	{
		Buffer		buffer = pge_directory_lock(rel, id);

		found = pge_directory_slot(BufferGetPage(buffer), id)->state == PGE_GROUP_FREE;
		if (found || id == groups - 1)
		{
			GenericXLogState *state = GenericXLogStart(rel);
			PgeRoot    *image;

			root = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);
			image = pge_root_of(GenericXLogRegisterBuffer(state, root, 0));
			/* VACUUM may have freed another meanwhile. */
			if (image->first_free == first_free)
				image->first_free = id == groups - 1 ? 0 : id + 2;
			if (found)
			{
				desc->group_id = id;
				*pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), id) = *desc;
			}
			GenericXLogFinish(state);
			UnlockReleaseBuffer(root);
		}
		UnlockReleaseBuffer(buffer);
	}
	return found;
}

/* Add a descriptor: gives it a group id, which it returns. */
uint32
pge_directory_append(Relation rel, PgeGroupDesc *desc)
{
	GenericXLogState *state;
	Buffer		root,
				directory,
				map = InvalidBuffer;
	Page		page;
	uint32		id,
				index;
	bool		new_directory,
				new_map = false;
	PgeRoot    *image;

	/* Its extent will be new blocks. */
	if (desc->state == PGE_GROUP_RESERVED)
		desc->first_block = RelationGetNumberOfBlocks(rel);
	LockPage(rel, PGE_ROOT_BLOCK, ExclusiveLock);
	if (reuse_descriptor(rel, desc))
	{
		UnlockPage(rel, PGE_ROOT_BLOCK, ExclusiveLock);
		return desc->group_id;
	}
	id = pge_directory_count(rel);
	if (id >= PGE_MAX_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column table \"%s\" has no row group ids left", RelationGetRelationName(rel)),
				 errhint("Rewrite the table with VACUUM FULL, or partition it.")));
	index = id / PGE_DESCS_PER_PAGE;
	new_directory = id % PGE_DESCS_PER_PAGE == 0;

	/* Take new pages first: growing the relation must not wait for us while we hold buffer locks, nor we for it. */
	if (index >= PGE_ROOT_DIRECT && new_directory)
	{
		new_map = (index - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP == 0;
		if (new_map)
			map = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
	}
	if (new_directory)
		directory = ExtendBufferedRel(BMR_REL(rel), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
	else
		directory = read_directory(rel, index, BUFFER_LOCK_EXCLUSIVE);
	if (new_directory && index >= PGE_ROOT_DIRECT && !new_map)
	{
		BlockNumber block;

		root = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
		block = pge_root_of(BufferGetPage(root))->map[(index - PGE_ROOT_DIRECT) / PGE_BLOCKS_PER_MAP];
		UnlockReleaseBuffer(root);
		check_directory_block(rel, block, index);
		map = pge_page_read(rel, block, PGE_KIND_MAP, BUFFER_LOCK_EXCLUSIVE);
	}
	root = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);

	desc->group_id = id;
	state = GenericXLogStart(rel);
	image = pge_root_of(GenericXLogRegisterBuffer(state, root, 0));
	image->groups = id + 1;
	page = new_directory ? pge_page_register_new(state, directory, PGE_KIND_DIRECTORY, 0, index) :
		GenericXLogRegisterBuffer(state, directory, 0);
	((PgeGroupDesc *) PgePageGetPayload(page))[id % PGE_DESCS_PER_PAGE] = *desc;
	if (new_directory && index < PGE_ROOT_DIRECT)
		image->directory[index] = BufferGetBlockNumber(directory);
	else if (new_directory)
	{
		uint32		no = (index - PGE_ROOT_DIRECT) / PGE_BLOCKS_PER_MAP;

		page = new_map ? pge_page_register_new(state, map, PGE_KIND_MAP, 0, no) : GenericXLogRegisterBuffer(state, map, 0);
		if (new_map)
		{
			memset(PgePageGetPayload(page), 0xFF, PGE_BLOCKS_PER_MAP * sizeof(BlockNumber));
			image->map[no] = BufferGetBlockNumber(map);
		}
		((BlockNumber *) PgePageGetPayload(page))[(index - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP] =
			BufferGetBlockNumber(directory);
	}
	GenericXLogFinish(state);

	UnlockReleaseBuffer(root);
	UnlockReleaseBuffer(directory);
	if (BufferIsValid(map))
		UnlockReleaseBuffer(map);
	UnlockPage(rel, PGE_ROOT_BLOCK, ExclusiveLock);
	return id;
}

/* The directory page of an existing group, locked for change, and the group's place there. */
Buffer
pge_directory_lock(Relation rel, uint32 group_id)
{
	return read_directory(rel, group_id / PGE_DESCS_PER_PAGE, BUFFER_LOCK_EXCLUSIVE);
}

PgeGroupDesc *
pge_directory_slot(Page page, uint32 group_id)
{
	return (PgeGroupDesc *) PgePageGetPayload(page) + group_id % PGE_DESCS_PER_PAGE;
}

/* The group of a reserved descriptor, which nobody else writes, is stored: whoever sees its xmin sees its rows from now on. */
void
pge_directory_publish(Relation rel, PgeGroupDesc *desc)
{
	Buffer		buffer = pge_directory_lock(rel, desc->group_id);
	GenericXLogState *state = GenericXLogStart(rel);

	desc->state = PGE_GROUP_COMPLETE;
	*pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), desc->group_id) = *desc;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/* Compaction replaces a group, or its rows are dropped: whoever sees xmax does not see it any more. */
void
pge_directory_replace(Relation rel, uint32 group_id, TransactionId xmax, CommandId cmax, bool dropped)
{
	Buffer		buffer = pge_directory_lock(rel, group_id);
	GenericXLogState *state = GenericXLogStart(rel);
	PgeGroupDesc *desc = pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), group_id);

	desc->xmax = xmax;
	desc->cmax = cmax;
	desc->flags &= ~(PGE_REPLACED_COMMITTED | PGE_REPLACED_DEAD | PGE_GROUP_DROPPED);
	if (dropped)
		desc->flags |= PGE_GROUP_DROPPED;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/* What VACUUM found out about a group; others may give it a delete vector meanwhile. */
void
pge_directory_resolve(Relation rel, uint32 group_id, uint16 flags, TransactionId xmax, uint32 dead_rows)
{
	Buffer		buffer = pge_directory_lock(rel, group_id);
	GenericXLogState *state = GenericXLogStart(rel);
	PgeGroupDesc *desc = pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), group_id);

	desc->flags = flags;
	desc->xmax = xmax;
	desc->dead_rows = dead_rows;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

static int
compare_ranges(const void *a, const void *b)
{
	BlockNumber x = ((const PgeBlockRange *) a)->start;
	BlockNumber y = ((const PgeBlockRange *) b)->start;

	return x < y ? -1 : x > y;
}

/*
 * The blocks below nblocks that no group of descs owns, as sorted ranges in a palloc'd array: where delta rows can be.
 * Pages of ours may be among them (directory, groups stored since, orphans); heap finds no tuple there.
 */
int
pge_delta_ranges(Relation rel, const PgeGroupDesc *descs, uint32 ndescs, BlockNumber nblocks, PgeBlockRange **ranges)
{
	PgeBlockRange *owned = palloc_array(PgeBlockRange, ndescs + 1);
	BlockNumber next = PGE_ROOT_BLOCK + 1;
	int			n = 0,
				m = 0;

	for (uint32 i = 0; i < ndescs; i++)
		if (descs[i].state == PGE_GROUP_COMPLETE)
			owned[n++] = (PgeBlockRange) {descs[i].first_block, descs[i].first_block + descs[i].blocks};
	qsort(owned, n, sizeof(PgeBlockRange), compare_ranges);

	*ranges = palloc_array(PgeBlockRange, n + 1);
	for (int i = 0; i <= n; i++)
	{
		BlockNumber start = i < n ? Min(owned[i].start, nblocks) : nblocks;

		if (i < n && owned[i].start < next)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("row groups of column table \"%s\" overlap at block %u",
							RelationGetRelationName(rel), owned[i].start)));
		if (start > next)
			(*ranges)[m++] = (PgeBlockRange) {next, start};
		if (i < n)
			next = owned[i].end;
	}
	pfree(owned);
	return m;
}
