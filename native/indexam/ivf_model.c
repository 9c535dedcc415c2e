/*
 * epiphany_ivf: what a session keeps of each index that it has used: centroids and rotation, which never change within a build.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "ivf.h"

static HTAB *indexes = NULL;

void
pge_ivf_shape(const IvfMeta *meta, PgeIvfShape *shape)
{
	memset(shape, 0, sizeof(*shape));
	shape->Dimensions = meta->dims;
	shape->Metric = meta->metric;
	shape->Bits = meta->bits;
	shape->Lists = meta->lists;
	shape->Attributes = meta->attributes;
	shape->Seed = meta->seed;
	PGE_CALL(IvfComplete, shape);
}

static void
read_meta(Relation index, IvfMeta *meta)
{
	Buffer		buffer = ReadBuffer(index, IVF_META_BLOCK);

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	pge_ivf_page_check(index, buffer, IVF_META);
	*meta = *(IvfMeta *) IvfPageArea(BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
	if (meta->magic != IVF_MAGIC || meta->version != IVF_VERSION)
		pge_ivf_corrupt(index, IVF_META_BLOCK, "Its magic number or version is wrong.");
}

/* What block 0 says must fit together, whatever else is damaged. */
static void
check_meta(Relation index, const IvfMeta *meta, const PgeIvfShape *shape)
{
	uint64		floats = (uint64) meta->lists * shape->Padded;

	if (meta->head_pages != (meta->lists + IVF_HEADS_PER_PAGE - 1) / IVF_HEADS_PER_PAGE ||
		meta->centroid_pages != (floats + IVF_FLOATS_PER_PAGE - 1) / IVF_FLOATS_PER_PAGE ||
		shape->RecordBytes > IVF_AREA)
		pge_ivf_corrupt(index, IVF_META_BLOCK, "It contradicts itself.");
}

static void
read_centroids(Relation index, const IvfMeta *meta, PgeIvfModel *model)
{
	uint64		left = (uint64) meta->lists * model->Shape.Padded;
	float	   *to = model->Centroids;

	for (uint32 i = 0; i < meta->centroid_pages; i++)
	{
		Buffer		buffer = ReadBuffer(index, IVF_FIRST_LIST_BLOCK + meta->head_pages + i);
		int			count = Min(left, IVF_FLOATS_PER_PAGE);

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (pge_ivf_page_check(index, buffer, IVF_CENTROIDS)->count != count)
			pge_ivf_corrupt(index, BufferGetBlockNumber(buffer), "It has another number of centroids.");
		memcpy(to, IvfPageArea(BufferGetPage(buffer)), sizeof(float) * count);
		UnlockReleaseBuffer(buffer);
		to += count;
		left -= count;
		CHECK_FOR_INTERRUPTS();
	}
}

static void
load(Relation index, IvfIndex *entry, const IvfMeta *meta)
{
	const PgeVectorIndexType *type = pge_vector_index_type(index);
	PgeIvfShape shape;
	PgeIvfModel *model;
	uint8	   *scratch;
	i64			bytes;

	if (meta->dims < 1 || meta->dims > 64000 || meta->lists < 1 || meta->lists > IVF_MAX_LISTS || meta->bits < 1 || meta->bits > 8 ||
		meta->attributes != RelationGetNumberOfAttributes(index) - 1 || meta->metric != type->metric || meta->element != type->element ||
		meta->dims != pge_vector_index_dims(index, type))
		pge_ivf_corrupt(index, IVF_META_BLOCK, "It has values out of range.");
	pge_ivf_shape(meta, &shape);
	check_meta(index, meta, &shape);
	if (entry->context != NULL)
		MemoryContextDelete(entry->context);
	entry->model = NULL;
	entry->context = AllocSetContextCreate(CacheMemoryContext, "epiphany_ivf index", ALLOCSET_SMALL_SIZES);
	scratch = palloc(shape.ScratchBytes);
	entry->meta = *meta;
	PGE_CALL(IvfModelBytes, &shape, &bytes);
	model = MemoryContextAllocExtended(entry->context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	PGE_CALL(IvfModelBegin, model, &shape);
	read_centroids(index, meta, model);
	PGE_CALL(IvfModelFinish, model, scratch);
	entry->model = model;
	pfree(scratch);
}

/*
 * An index is looked up by its OID. Who builds it anew has it to himself, in this session, too, so nothing that an open scan uses is
 * freed.
 */
IvfIndex *
pge_ivf_open(Relation index)
{
	Oid			relid = RelationGetRelid(index);
	IvfIndex   *entry;
	IvfMeta		meta;
	bool		found;

	if (indexes == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(IvfIndex), .hcxt = CacheMemoryContext};

		indexes = hash_create("epiphany_ivf indexes", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	read_meta(index, &meta);
	entry = hash_search(indexes, &relid, HASH_ENTER, &found);
	if (!found)
	{
		entry->model = NULL;
		entry->context = NULL;
	}
	if (entry->model == NULL || memcmp(&entry->meta, &meta, sizeof(meta)) != 0)
		load(index, entry, &meta);
	entry->recent = pge_recent_buffers(index);
	return entry;
}

/* As ReadBuffer(), but looks first where the block was last; most of what a search costs else is finding pages. */
Buffer
pge_ivf_read(Relation index, IvfIndex *entry, BlockNumber block)
{
	if (!BufferIsValid(pge_recent_where(entry->recent, block)) && block >= RelationGetNumberOfBlocks(index))
		pge_ivf_corrupt(index, block, "A pointer leads past the end of the file.");
	return pge_recent_read(index, entry->recent, block);
}
