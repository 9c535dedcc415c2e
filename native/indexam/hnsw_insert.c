/*
 * epiphany_hnsw: changes of vertices, and INSERT. Each changes one page, under its lock, by a record of generic WAL. Whatever was read
 * before may have changed since: it is compared under the lock, and who asked looks again.
 */
#include "postgres.h"

#include "storage/freespace.h"
#include "utils/memutils.h"

#include "shim/guard.h"
#include "shim/host.h"

#include "hnsw.h"

/* Pages that free space was said to be in, until the index is extended instead. */
#define MAX_TRIES 4

/* The attributes of a page of vertices, whose lock is held. A page that nobody has written yet is empty. */
static Buffer
lock_attributes(HnswAccess *access, BlockNumber block, int mode)
{
	BlockNumber at = hnsw_attribute_block(access->cache, block);
	Buffer		buffer = ReadBuffer(access->index, at);

	LockBuffer(buffer, mode);
	if (!PageIsNew(BufferGetPage(buffer)))
		hnsw_check_kind(access->index, at, BufferGetPage(buffer), HNSW_ATTRIBUTES);
	return buffer;
}

void
hnsw_put_attributes(const PgeGraphShape *shape, Page page, int slot, const uint8 *attributes)
{
	int			count = (shape->AttributeBytes - 1) / sizeof(int64);

	for (int i = 0; i < count; i++)
		memcpy(hnsw_keys(shape, page, i) + slot, attributes + i * sizeof(int64), sizeof(int64));
	hnsw_null_keys(shape, page)[slot] = attributes[count * sizeof(int64)];
}

/* Has a vertex of a page, whose lock is held, these attributes? */
static bool
same_attributes(HnswAccess *access, uint32 vertex, const uint8 *attributes)
{
	const PgeGraphShape *shape = &access->cache->shape;
	int			count = (shape->AttributeBytes - 1) / (int) sizeof(int64);
	int			slot;
	bool		same;
	Buffer		buffer;
	Page		page;

	if (shape->AttributeBytes == 0)
		return true;
	slot = hnsw_attribute_slot(access->cache, vertex);
	buffer = lock_attributes(access, vertex / shape->PerPage, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	same = !PageIsNew(page) && hnsw_null_keys(shape, page)[slot] == attributes[count * sizeof(int64)];
	for (int i = 0; i < count && same; i++)
		same = memcmp(hnsw_keys(shape, page, i) + slot, attributes + i * sizeof(int64), sizeof(int64)) == 0;
	UnlockReleaseBuffer(buffer);
	return same;
}

/* A page of vertices, locked to be changed. */
static Buffer
lock_page(HnswAccess *access, BlockNumber block)
{
	Buffer		buffer = ReadBuffer(access->index, block);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	hnsw_check_kind(access->index, block, BufferGetPage(buffer), HNSW_VERTICES);
	return buffer;
}

PgeStatus
pge_host_graph_add_row(ptr host, u32 vertex, u8 *added, u8 *tid, i32 *done)
{
	HnswAccess *access = host;
	const PgeGraphShape *shape = &access->cache->shape;

	PGE_GUARD;
	{
		Buffer		buffer = lock_page(access, vertex / shape->PerPage);
		char	   *record = hnsw_record(shape, BufferGetPage(buffer), vertex);
		uint8		rows = *hnsw_rows(shape, record);

		*done = *hnsw_state(shape, record) == PgeVertexState_Live && rows < shape->RowSlots &&
			memcmp(record + shape->PayloadAt, added + shape->PayloadAt, shape->PayloadBytes) == 0 &&
			same_attributes(access, vertex, added + shape->RecordBytes);
		if (*done)
		{
			HnswChange	change = hnsw_begin_change(access);

			record = hnsw_record(shape, hnsw_change(change, buffer, false), vertex);
			*hnsw_row(shape, record, rows) = *(ItemPointer) tid;
			*hnsw_rows(shape, record) = rows + 1;
			hnsw_end_change(change);
		}
		UnlockReleaseBuffer(buffer);
	}
	PGE_GUARD_END;
}

PgeStatus
pge_host_graph_set_links(ptr host, u32 vertex, u32 *old, i32 old_count, u32 *links, i32 count, i32 *done)
{
	HnswAccess *access = host;
	const PgeGraphShape *shape = &access->cache->shape;

	PGE_GUARD;
	{
		Buffer		buffer = lock_page(access, vertex / shape->PerPage);
		char	   *record = hnsw_record(shape, BufferGetPage(buffer), vertex);

		*done = *hnsw_state(shape, record) == PgeVertexState_Live && *hnsw_link_count(shape, record) == old_count &&
			memcmp(hnsw_links(record), old, sizeof(u32) * old_count) == 0;
		if (*done)
		{
			HnswChange	change = hnsw_begin_change(access);

			record = hnsw_record(shape, hnsw_change(change, buffer, false), vertex);
			memcpy(hnsw_links(record), links, sizeof(u32) * count);
			*hnsw_link_count(shape, record) = count;
			hnsw_end_change(change);
		}
		UnlockReleaseBuffer(buffer);
	}
	PGE_GUARD_END;
}

PgeStatus
pge_host_graph_add_entry(ptr host, u32 vertex)
{
	PGE_GUARD;
	{
		hnsw_add_entry(host, vertex);
	}
	PGE_GUARD_END;
}

/* The first free place of a page, or -1. */
static int
free_place(const PgeGraphShape *shape, Page page)
{
	for (int place = 0; place < shape->PerPage; place++)
		if (*hnsw_state(shape, hnsw_record(shape, page, place)) == PgeVertexState_Free)
			return place;
	return -1;
}

/* A locked page with a free place, and the place. *fresh: it has to be made a page of vertices. */
static Buffer
find_place(HnswAccess *access, int *place, bool *fresh)
{
	Relation	index = access->index;
	const PgeGraphShape *shape = &access->cache->shape;
	BlockNumber block = RelationGetTargetBlock(index);
	Buffer		buffer;

	*fresh = false;
	if (!BlockNumberIsValid(block))
		block = GetPageWithFreeSpace(index, shape->RecordBytes);
	for (int tries = 0; BlockNumberIsValid(block) && tries < MAX_TRIES; tries++)
	{
		if (block < RelationGetNumberOfBlocks(index) && !hnsw_is_attribute_block(access->cache, block))
		{
			buffer = ReadBuffer(index, block);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			*fresh = PageIsNew(BufferGetPage(buffer));
			if (*fresh)
			{
				*place = 0;
				return buffer;
			}
			hnsw_check_page(index, block, BufferGetPage(buffer));
			if (hnsw_special(BufferGetPage(buffer))->kind == HNSW_VERTICES)
			{
				*place = free_place(shape, BufferGetPage(buffer));
				if (*place >= 0)
					return buffer;
			}
			UnlockReleaseBuffer(buffer);
		}
		block = RecordAndGetPageWithFreeSpace(index, block, 0, shape->RecordBytes);
	}
	buffer = hnsw_extend(access);
	*fresh = true;
	*place = 0;
	return buffer;
}

PgeStatus
pge_host_graph_add_vertex(ptr host, u8 *record, u32 *vertex)
{
	HnswAccess *access = host;
	const PgeGraphShape *shape = &access->cache->shape;

	PGE_GUARD;
	{
		int			place;
		bool		fresh;
		Buffer		buffer = find_place(access, &place, &fresh);
		BlockNumber block = BufferGetBlockNumber(buffer);
		Buffer		attributes = InvalidBuffer;
		HnswChange	change;
		Page		page;

		if ((uint64) block * shape->PerPage + place > HNSW_MAX_VERTEX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("index \"%s\" has as many vertices as an index can have", RelationGetRelationName(access->index))));
		if (shape->AttributeBytes > 0)
			attributes = lock_attributes(access, block, BUFFER_LOCK_EXCLUSIVE);
		*vertex = block * shape->PerPage + place;
		change = hnsw_begin_change(access);
		page = hnsw_change(change, buffer, fresh);
		if (fresh)
			hnsw_init_page(page, HNSW_VERTICES);
		memcpy(hnsw_record(shape, page, place), record, shape->RecordBytes);
		if (BufferIsValid(attributes))
		{
			bool		empty = PageIsNew(BufferGetPage(attributes));

			page = hnsw_change(change, attributes, empty);
			if (empty)
				hnsw_init_page(page, HNSW_ATTRIBUTES);
			hnsw_put_attributes(shape, page, hnsw_attribute_slot(access->cache, *vertex), record + shape->RecordBytes);
		}
		hnsw_end_change(change);
		if (BufferIsValid(attributes))
			UnlockReleaseBuffer(attributes);
		UnlockReleaseBuffer(buffer);
		if (fresh)
			RecordPageWithFreeSpace(access->index, block, HNSW_AREA);
		RelationSetTargetBlock(access->index, block);
	}
	PGE_GUARD_END;
}

void
hnsw_make_attributes(Relation index, Datum *values, bool *nulls, uint8 *to)
{
	int			attributes = IndexRelationGetNumberOfKeyAttributes(index) - 1;
	int64		keys[PGE_MAX_ATTRIBUTES];
	uint8		null_keys = pge_attribute_keys(index, values, nulls, keys);

	memcpy(to, keys, attributes * sizeof(int64));
	to[attributes * sizeof(int64)] = null_keys;
}

void
hnsw_insert_row(HnswAccess *access, Datum *values, bool *nulls, ItemPointer tid)
{
	uint8		attributes[HNSW_MAX_ATTRIBUTE_BYTES];
	PgeGraphValue value;
	bool		holds;

	if (!hnsw_value(access->cache, values[0], &value))
		return;
	holds = hnsw_hold_centroid(access);
	hnsw_make_attributes(access->index, values, nulls, attributes);
	value.Attributes = attributes;
	hnsw_refresh_entries(access);
	PGE_CALL(GraphInsert, access->cache->handle, access, &value, (u8 *) tid,
			 (i64) RelationGetNumberOfBlocks(access->index) * access->cache->shape.PerPage);
	if (holds)
		hnsw_release_centroid(access);
}

bool
hnsw_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck unique, bool unchanged,
			struct IndexInfo *info)
{
	HnswAccess	access;
	MemoryContext context;
	MemoryContext old;

	if (nulls[0])
		return false;
	context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw insert", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	hnsw_begin_access(&access, index);
	hnsw_insert_row(&access, values, nulls, tid);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return false;
}
