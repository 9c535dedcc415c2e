/*
 * epiphany_hnsw: what a process keeps of the indexes that it uses, so that a search begins at once: what the index is, the managed
 * library's object with its rotation and entries.
 *
 * An entry belongs to a file: an index that was built anew has another one. The entries' payloads are read again when the first page says
 * that entries have changed. Nothing of this is believed of a page that is changed.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/varbit.h"

#include "hnsw.h"

/* So many indexes are kept; the one that was not used for longest goes. */
#define MAX_KEPT 32

static HTAB *kept;
static uint64 uses;

PgeGraphOptions
hnsw_graph_options(const HnswMeta *meta)
{
	PgeGraphOptions options = {
		.Metric = meta->metric,
		.Element = meta->element,
		.Dimensions = meta->dims,
		.Bits = meta->bits,
		.M = meta->m,
		.EfConstruction = meta->ef_construction,
		.Area = HNSW_AREA,
		.Seed = meta->seed,
		.AttributeBytes = HNSW_ATTRIBUTE_BYTES(meta->attributes),
	};

	return options;
}

static void
forget(HnswIndex *cache)
{
	if (cache->context != NULL)
		MemoryContextDelete(cache->context);
	cache->context = NULL;
}

static void
forget_oldest(void)
{
	HASH_SEQ_STATUS status;
	HnswIndex  *cache;
	HnswIndex  *oldest = NULL;

	hash_seq_init(&status, kept);
	while ((cache = hash_seq_search(&status)) != NULL)
		if (oldest == NULL || cache->used < oldest->used)
			oldest = cache;
	if (oldest == NULL)
		return;
	forget(oldest);
	hash_search(kept, &oldest->relid, HASH_REMOVE, NULL);
}

static void
fill(HnswIndex *cache, Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw", ALLOCSET_DEFAULT_SIZES);
	PgeGraphOptions options;

	cache->type = pge_vector_index_type(index);
	hnsw_read_meta(index, &cache->meta);
	if (cache->meta.metric != cache->type->metric ||
		cache->meta.element != (cache->type->sparse ? 0 : cache->type->element))
		hnsw_corrupted(index, "it is of another operator class", HNSW_META_BLOCK);
	if (cache->meta.dims != pge_vector_index_dims(index, cache->type))
		hnsw_corrupted(index, "it has other dimensions than its column", cache->meta.dims);
	if (cache->meta.attributes != IndexRelationGetNumberOfKeyAttributes(index) - 1)
		hnsw_corrupted(index, "it has other columns than it says", cache->meta.attributes);
	options = hnsw_graph_options(&cache->meta);
	options.Centroid = hnsw_read_centroid(index, &cache->meta);
	PGE_CALL(GraphOpen, context, &options, &cache->shape, &cache->handle);
	pge_own_handle(context, cache->handle);
	if (options.Centroid != NULL)
		pfree(options.Centroid);
	cache->entries_loaded = false;
	cache->attribute_buffers = NULL;
	cache->attribute_pages = 0;
	cache->locator = index->rd_locator;
	MemoryContextSetParent(context, CacheMemoryContext);
	cache->context = context;
}

HnswIndex *
hnsw_open(Relation index)
{
	Oid			relid = RelationGetRelid(index);
	HnswIndex  *cache;
	bool		found;

	if (kept == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(HnswIndex)};

		kept = hash_create("epiphany_hnsw indexes", MAX_KEPT, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	cache = hash_search(kept, &relid, HASH_FIND, NULL);
	if (cache == NULL)
	{
		if (hash_get_num_entries(kept) >= MAX_KEPT)
			forget_oldest();
		cache = hash_search(kept, &relid, HASH_ENTER, &found);
		cache->context = NULL;
	}
	cache->used = ++uses;
	if (cache->context == NULL || !RelFileLocatorEquals(cache->locator, index->rd_locator))
	{
		forget(cache);
		fill(cache, index);
	}
	cache->recent = pge_recent_buffers(index);
	return cache;
}

void
hnsw_begin_access(HnswAccess *access, Relation index)
{
	*access = (HnswAccess)
	{
		.index = index,.cache = hnsw_open(index),.context = CurrentMemoryContext
	};
}

/* What the first page says, now; another centroid is another object of the managed library. */
void
hnsw_reread(HnswAccess *access)
{
	HnswIndex  *cache = access->cache;
	HnswMeta	meta;

	hnsw_read_meta(access->index, &meta);
	if (meta.centroid_version != cache->meta.centroid_version)
	{
		forget(cache);
		fill(cache, access->index);
	}
	else
		cache->meta.centroid_state = meta.centroid_state;
}

/* The managed library's entries are the index's. */
void
hnsw_refresh_entries(HnswAccess *access)
{
	HnswIndex  *cache = access->cache;
	HnswMeta	meta;
	uint32	   *vertices;

	hnsw_read_meta(access->index, &meta);
	if (meta.centroid_version != cache->meta.centroid_version)
		hnsw_reread(access);
	if (cache->entries_loaded && meta.entries_version == cache->meta.entries_version)
		return;
	cache->entries_loaded = false;
	vertices = hnsw_read_entries(access->index, &meta);
	PGE_CALL(GraphEntries, cache->handle, access, vertices, (int32) meta.entries);
	pfree(vertices);
	cache->meta.entries = meta.entries;
	cache->meta.entries_version = meta.entries_version;
	cache->entries_loaded = true;
}

/* The managed library reads as many elements as the index has dimensions. */
static void
check_dims(const HnswIndex *cache, int dims)
{
	if (cache->meta.dims > 0)
		pge_vector_check_same_dims(pge_vector_index_value_type(cache->type), cache->meta.dims, dims);
}

bool
hnsw_value(const HnswIndex *cache, Datum datum, PgeGraphValue *value)
{
	const PgeVectorIndexType *type = cache->type;
	struct varlena *detoasted = PG_DETOAST_DATUM(datum);
	PgeVectorElement element = PgeVectorElement_Float32;

	*value = (PgeGraphValue)
	{
		0
	};
	if (type->element == PgeVectorElement_Bit)
	{
		pge_bit_check_same_length(cache->meta.dims, VARBITLEN(detoasted));
		value->Values = VARBITS(detoasted);
		value->Count = VARBITBYTES(detoasted);
		return true;
	}
	if (type->sparse)
	{
		PgeSparse  *vector = (PgeSparse *) detoasted;

		check_dims(cache, vector->dims);
		if (type->check != NULL)
			type->check(PointerGetDatum(vector));
		value->Values = (u8 *) pge_sparse_values(vector);
		value->Indices = vector->indices;
		value->Count = vector->count;
	}
	else
	{
		PgeDense   *vector = (PgeDense *) detoasted;

		check_dims(cache, vector->dims);
		element = type->element;
		value->Values = (u8 *) vector->values;
		value->Count = vector->dims;
	}
	return type->metric != PgeVectorMetric_CosineSimilarity ||
		pge_managed()->VectorSumOfSquares(element, value->Values, value->Count) > 0;
}
