/*
 * epiphany_hnsw: the centroid of an index that was made when there were next to no rows. Codes are around zero at first. When the index
 * has enough vertices their mean becomes the centroid, and their codes are moved to it.
 *
 * Who inserts meanwhile holds a lock on the first page's number, shared; who moves codes holds it alone. The first page says how far it
 * has come, and each page of vertices whether its codes have been moved, so that whoever comes next goes on where somebody was cut off.
 * Until then estimates of some vertices are wrong, which costs rows, as all such estimates may, and no error.
 */
#include "postgres.h"

#include "storage/lmgr.h"

#include "hnsw.h"

/* So many vertices make a centroid. */
#define LEARNT_FROM 1000

/* In place of the next page, of pages of vertices: codes are around the centroid. Others were made after it was settled, or before. */
#define MOVED 0

static void
write_state(HnswAccess *access, HnswCentroidState state, uint32 version)
{
	Buffer		buffer = ReadBuffer(access->index, HNSW_META_BLOCK);
	HnswChange	change;
	HnswMeta   *meta;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	hnsw_check_kind(access->index, HNSW_META_BLOCK, BufferGetPage(buffer), HNSW_META);
	change = hnsw_begin_change(access);
	meta = (HnswMeta *) PageGetContents(hnsw_change(change, buffer, false));
	meta->centroid_state = state;
	meta->centroid_version = version;
	meta->entries_version++;	/* their payloads are others */
	hnsw_end_change(change);
	UnlockReleaseBuffer(buffer);
}

static void
write_centroid(HnswAccess *access, const float *centroid)
{
	Size		size = sizeof(float) * access->cache->meta.dims;

	for (Size at = 0; at < size; at += HNSW_AREA)
	{
		BlockNumber block = 1 + (BlockNumber) (at / HNSW_AREA);
		Buffer		buffer = ReadBuffer(access->index, block);
		HnswChange	change;

		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		hnsw_check_kind(access->index, block, BufferGetPage(buffer), HNSW_CENTROID);
		change = hnsw_begin_change(access);
		memcpy(PageGetContents(hnsw_change(change, buffer, false)), (const char *) centroid + at, Min(HNSW_AREA, size - at));
		hnsw_end_change(change);
		UnlockReleaseBuffer(buffer);
	}
}

/* Vertices of a page, which is locked or a copy: where their payloads are; returns how many. */
static int
payloads_of(const HnswAccess *access, Page page, u8 **payloads)
{
	const PgeGraphShape *shape = &access->cache->shape;
	int			count = 0;

	for (int place = 0; place < shape->PerPage && hnsw_has_vertices(page); place++)
	{
		char	   *record = hnsw_record(shape, page, place);

		if (*hnsw_state(shape, record) != PgeVertexState_Free)
			payloads[count++] = (u8 *) record + shape->PayloadAt;
	}
	return count;
}

/* The mean of all vertices' vectors, as far as their codes say. */
static void
learn(HnswAccess *access, BlockNumber blocks)
{
	const HnswMeta *meta = &access->cache->meta;
	double	   *sums = palloc0(sizeof(double) * TYPEALIGN(64, meta->dims));
	float	   *centroid = palloc(sizeof(float) * meta->dims);
	int64		vertices = 0;

	for (BlockNumber block = hnsw_origin(meta); block < blocks; block++)
	{
		Buffer		buffer = hnsw_access_page(access, block);
		u8		   *payloads[BLCKSZ / sizeof(u8 *)];
		PGAlignedBlock copy;
		int			count;

		memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
		UnlockReleaseBuffer(buffer);
		count = payloads_of(access, copy.data, payloads);
		PGE_CALL(GraphSum, access->cache->handle, payloads, count, sums);
		vertices += count;
	}
	PGE_CALL(GraphMean, access->cache->handle, sums, Max(vertices, 1), centroid);
	write_centroid(access, centroid);
	pfree(sums);
	pfree(centroid);
}

static void
move(HnswAccess *access, BlockNumber blocks)
{
	for (BlockNumber block = hnsw_origin(&access->cache->meta); block < blocks; block++)
	{
		Buffer		buffer = ReadBuffer(access->index, block);
		u8		   *payloads[BLCKSZ / sizeof(u8 *)];

		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		if (!PageIsNew(BufferGetPage(buffer)))
			hnsw_check_page(access->index, block, BufferGetPage(buffer));
		if (hnsw_has_vertices(BufferGetPage(buffer)) && hnsw_special(BufferGetPage(buffer))->next != MOVED)
		{
			GenericXLogState *state = GenericXLogStart(access->index);
			Page		page = GenericXLogRegisterBuffer(state, buffer, 0);
			int			count = payloads_of(access, page, payloads);

			for (int i = 0; i < count; i++)
				PGE_CALL(GraphMove, access->cache->handle, payloads[i]);
			hnsw_special(page)->next = MOVED;
			GenericXLogFinish(state);
		}
		UnlockReleaseBuffer(buffer);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Nobody inserts. */
static void
settle(HnswAccess *access)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(access->index);
	uint32		version = access->cache->meta.centroid_version;

	if (access->cache->meta.centroid_state == HNSW_CENTROID_NONE)
	{
		learn(access, blocks);
		write_state(access, HNSW_CENTROID_MOVING, ++version);
		hnsw_reread(access);
	}
	move(access, blocks);
	write_state(access, HNSW_CENTROID_SETTLED, version);
	hnsw_reread(access);
}

static bool
is_due(HnswAccess *access)
{
	const HnswIndex *cache = access->cache;

	return cache->meta.centroid_state == HNSW_CENTROID_MOVING ||
		(cache->meta.centroid_state == HNSW_CENTROID_NONE &&
		 (int64) (RelationGetNumberOfBlocks(access->index) - hnsw_origin(&cache->meta)) * cache->shape.PerPage >= LEARNT_FROM);
}

/*
 * Before a change that depends on the centroid; it becomes what it is to be, if it is time. Returns whether it may still become
 * another: then hnsw_release_centroid() is to be called after the change.
 */
bool
hnsw_hold_centroid(HnswAccess *access)
{
	if (access->building || access->cache->meta.centroid_state == HNSW_CENTROID_SETTLED)
		return false;
	LockPage(access->index, HNSW_META_BLOCK, ShareLock);
	hnsw_reread(access);
	if (is_due(access))
	{
		UnlockPage(access->index, HNSW_META_BLOCK, ShareLock);
		LockPage(access->index, HNSW_META_BLOCK, ExclusiveLock);
		hnsw_reread(access);
		if (is_due(access))
			settle(access);
		UnlockPage(access->index, HNSW_META_BLOCK, ExclusiveLock);
		return false;
	}
	if (access->cache->meta.centroid_state != HNSW_CENTROID_SETTLED)
		return true;
	UnlockPage(access->index, HNSW_META_BLOCK, ShareLock);
	return false;
}

void
hnsw_release_centroid(HnswAccess *access)
{
	UnlockPage(access->index, HNSW_META_BLOCK, ShareLock);
}
