/*
 * epiphany_hnsw: pages, and those that have no vertices: what the index is, its centroid, its entries.
 */
#include "postgres.h"

#include "storage/lmgr.h"

#include "hnsw.h"

void
hnsw_init_page(Page page, HnswPageKind kind)
{
	PageInit(page, BLCKSZ, sizeof(HnswSpecial));
	hnsw_special(page)->kind = kind;
	hnsw_special(page)->magic = HNSW_SPECIAL_MAGIC;
	hnsw_special(page)->next = InvalidBlockNumber;

	/* All between the header and the special space is ours. */
	((PageHeader) page)->pd_lower = ((PageHeader) page)->pd_upper;
}

void
hnsw_corrupted(Relation index, const char *what, uint32 where)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" is damaged: %s (%u)", RelationGetRelationName(index), what, where),
			 errhint("Please REINDEX it.")));
}

/* Ours, whatever its kind. */
void
hnsw_check_page(Relation index, BlockNumber block, Page page)
{
	if (PageGetSpecialSize(page) != MAXALIGN(sizeof(HnswSpecial)) || hnsw_special(page)->magic != HNSW_SPECIAL_MAGIC ||
		hnsw_special(page)->kind < HNSW_META || hnsw_special(page)->kind > HNSW_ATTRIBUTES)
		hnsw_corrupted(index, "a block is no page of it", block);
}

void
hnsw_check_kind(Relation index, BlockNumber block, Page page, HnswPageKind kind)
{
	if (PageIsNew(page))
		hnsw_corrupted(index, "a page is empty", block);
	hnsw_check_page(index, block, page);
	if (hnsw_special(page)->kind != kind)
		hnsw_corrupted(index, "a page is of another kind than expected", block);
}

static Buffer
read_page(Relation index, BlockNumber block, int mode, HnswPageKind kind)
{
	Buffer		buffer = ReadBuffer(index, block);

	LockBuffer(buffer, mode);
	hnsw_check_kind(index, block, BufferGetPage(buffer), kind);
	return buffer;
}

static HnswMeta *
meta_of(Relation index, Buffer buffer)
{
	HnswMeta   *meta = (HnswMeta *) PageGetContents(BufferGetPage(buffer));

	if (meta->magic != HNSW_MAGIC)
		hnsw_corrupted(index, "its first page does not say what it is", HNSW_META_BLOCK);
	if (meta->version != HNSW_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index \"%s\" has version %u, and this library reads version %d",
						RelationGetRelationName(index), meta->version, HNSW_VERSION),
				 errhint("Please REINDEX it.")));
	return meta;
}

/* Checked as far as numbers of it are used before the managed library has seen them. */
void
hnsw_read_meta(Relation index, HnswMeta *meta)
{
	Buffer		buffer = read_page(index, HNSW_META_BLOCK, BUFFER_LOCK_SHARE, HNSW_META);

	*meta = *meta_of(index, buffer);
	UnlockReleaseBuffer(buffer);
	if (meta->dims < 0 || meta->dims > (meta->element == 0 ? SPARSE_MAX_DIMS : 64000) || meta->bits < 0 || meta->bits > HNSW_MAX_BITS ||
		meta->centroid_state > HNSW_CENTROID_MOVING || (meta->centroid_state != HNSW_CENTROID_SETTLED && meta->centroid_pages == 0) ||
		meta->attributes < 0 || meta->attributes > PGE_MAX_ATTRIBUTES ||
		meta->m < HNSW_MIN_M || meta->m > HNSW_MAX_M ||
		meta->ef_construction < HNSW_MIN_EF_CONSTRUCTION || meta->ef_construction > HNSW_MAX_EF_CONSTRUCTION ||
		meta->centroid_pages > DENSE_MAX_DIMS * sizeof(float) / HNSW_AREA + 1 ||
		(meta->centroid_pages > 0 && meta->centroid_pages < (meta->dims * sizeof(float) + HNSW_AREA - 1) / HNSW_AREA))
		hnsw_corrupted(index, "its first page has impossible values", HNSW_META_BLOCK);
}

/* NULL: zero. */
float *
hnsw_read_centroid(Relation index, const HnswMeta *meta)
{
	Size		size = sizeof(float) * meta->dims;
	char	   *centroid;

	if (meta->centroid_pages == 0)
		return NULL;
	/* Whoever is learning it has written some of it, maybe, and may have been cut off there. */
	if (meta->centroid_state == HNSW_CENTROID_NONE)
		return palloc0(size);
	centroid = palloc(size);
	for (Size at = 0; at < size; at += HNSW_AREA)
	{
		Buffer		buffer = read_page(index, 1 + (BlockNumber) (at / HNSW_AREA), BUFFER_LOCK_SHARE, HNSW_CENTROID);

		memcpy(centroid + at, PageGetContents(BufferGetPage(buffer)), Min(HNSW_AREA, size - at));
		UnlockReleaseBuffer(buffer);
	}
	return (void *) centroid;
}

/*
 * The numbers of all entries; *meta is what the first page says of them. A chain that goes in a circle ends with the pages that there
 * are.
 */
uint32 *
hnsw_read_entries(Relation index, HnswMeta *meta)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(index);
	Buffer		first = read_page(index, HNSW_META_BLOCK, BUFFER_LOCK_SHARE, HNSW_META);
	uint32	   *vertices;
	uint32		count = 0;
	BlockNumber pages = 0;

	*meta = *meta_of(index, first);
	if (meta->entries > (uint64) blocks * HNSW_ENTRIES_PER_PAGE)
		hnsw_corrupted(index, "it has more entries than room for them", meta->entries);
	vertices = palloc_extended(sizeof(uint32) * Max(meta->entries, 1), MCXT_ALLOC_HUGE);
	for (BlockNumber block = meta->first_entries; BlockNumberIsValid(block); pages++)
	{
		Buffer		buffer;
		HnswEntries *entries;

		if (block >= blocks || pages >= blocks)
			hnsw_corrupted(index, "a page of entries leads nowhere", block);
		buffer = read_page(index, block, BUFFER_LOCK_SHARE, HNSW_ENTRIES);
		entries = (HnswEntries *) PageGetContents(BufferGetPage(buffer));
		if (entries->count > HNSW_ENTRIES_PER_PAGE || entries->count > meta->entries - count)
			hnsw_corrupted(index, "a page has more entries than it can have", block);
		memcpy(vertices + count, entries->vertices, sizeof(uint32) * entries->count);
		count += entries->count;
		block = hnsw_special(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	if (count != meta->entries)
		hnsw_corrupted(index, "it has another number of entries than it says", count);
	UnlockReleaseBuffer(first);
	return vertices;
}

HnswChange
hnsw_begin_change(const HnswAccess *access)
{
	return (HnswChange) {access->building ? NULL : GenericXLogStart(access->index)};
}

/* The page to change. fresh: whatever it was, it is made anew. */
Page
hnsw_change(HnswChange change, Buffer buffer, bool fresh)
{
	if (change.state != NULL)
		return GenericXLogRegisterBuffer(change.state, buffer, fresh ? GENERIC_XLOG_FULL_IMAGE : 0);
	MarkBufferDirty(buffer);
	return BufferGetPage(buffer);
}

void
hnsw_end_change(HnswChange change)
{
	if (change.state != NULL)
		GenericXLogFinish(change.state);
}

/* A new page at the end of the index, which nothing leads to yet; locked. Pages of attributes that come before it are made. */
Buffer
hnsw_extend(HnswAccess *access)
{
	for (;;)
	{
		Buffer		buffer = ExtendBufferedRel(BMR_REL(access->index), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
		HnswChange	change;

		if (!hnsw_is_attribute_block(access->cache, BufferGetBlockNumber(buffer)))
			return buffer;
		change = hnsw_begin_change(access);
		hnsw_init_page(hnsw_change(change, buffer, true), HNSW_ATTRIBUTES);
		hnsw_end_change(change);
		UnlockReleaseBuffer(buffer);
	}
}

void
hnsw_add_entry(HnswAccess *access, uint32 vertex)
{
	Relation	index = access->index;
	Buffer		first = read_page(index, HNSW_META_BLOCK, BUFFER_LOCK_EXCLUSIVE, HNSW_META);
	BlockNumber block = meta_of(index, first)->first_entries;
	Buffer		buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE, HNSW_ENTRIES);
	Buffer		added = InvalidBuffer;
	HnswChange	change;
	HnswMeta   *meta;
	HnswEntries *entries;

	/* Pages before the last may have room, too, after deletions. */
	while (((HnswEntries *) PageGetContents(BufferGetPage(buffer)))->count >= HNSW_ENTRIES_PER_PAGE)
	{
		block = hnsw_special(BufferGetPage(buffer))->next;
		if (!BlockNumberIsValid(block))
		{
			added = hnsw_extend(access);
			break;
		}
		UnlockReleaseBuffer(buffer);
		buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE, HNSW_ENTRIES);
	}

	change = hnsw_begin_change(access);
	meta = (HnswMeta *) PageGetContents(hnsw_change(change, first, false));
	if (BufferIsValid(added))
	{
		Page		page = hnsw_change(change, added, true);

		hnsw_init_page(page, HNSW_ENTRIES);
		hnsw_special(hnsw_change(change, buffer, false))->next = BufferGetBlockNumber(added);
		entries = (HnswEntries *) PageGetContents(page);
		entries->count = 0;
	}
	else
		entries = (HnswEntries *) PageGetContents(hnsw_change(change, buffer, false));
	entries->vertices[entries->count++] = vertex;
	meta->entries++;
	meta->entries_version++;
	hnsw_end_change(change);
	if (BufferIsValid(added))
		UnlockReleaseBuffer(added);
	UnlockReleaseBuffer(buffer);
	UnlockReleaseBuffer(first);
}

/* Entries whose vertices go. Each page is a record of its own, with what the first page says. */
void
hnsw_drop_entries(HnswAccess *access, const uint64 *going, uint32 end)
{
	Relation	index = access->index;
	Buffer		first = read_page(index, HNSW_META_BLOCK, BUFFER_LOCK_EXCLUSIVE, HNSW_META);
	BlockNumber block = meta_of(index, first)->first_entries;

	while (BlockNumberIsValid(block))
	{
		Buffer		buffer = read_page(index, block, BUFFER_LOCK_EXCLUSIVE, HNSW_ENTRIES);
		GenericXLogState *state = GenericXLogStart(index);
		HnswMeta   *meta = (HnswMeta *) PageGetContents(GenericXLogRegisterBuffer(state, first, 0));
		Page		page = GenericXLogRegisterBuffer(state, buffer, 0);
		HnswEntries *entries = (HnswEntries *) PageGetContents(page);
		uint32		kept = 0;

		if (entries->count > HNSW_ENTRIES_PER_PAGE)
			hnsw_corrupted(index, "a page has more entries than it can have", block);
		for (uint32 i = 0; i < entries->count; i++)
		{
			uint32		vertex = entries->vertices[i];

			if (vertex >= end || (going[vertex / 64] >> (vertex % 64) & 1) == 0)
				entries->vertices[kept++] = vertex;
		}
		block = hnsw_special(page)->next;
		if (kept < entries->count)
		{
			meta->entries -= entries->count - kept;
			meta->entries_version++;
			entries->count = kept;
			GenericXLogFinish(state);
		}
		else
			GenericXLogAbort(state);
		UnlockReleaseBuffer(buffer);
		CHECK_FOR_INTERRUPTS();
	}
	UnlockReleaseBuffer(first);
}
