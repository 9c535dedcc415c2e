/*
 * epiphany_hnsw: CREATE INDEX. The graph is made in memory, as far as maintenance_work_mem goes, and written as pages; rows that come
 * after that are inserted in the pages.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "storage/bulk_write.h"
#include "storage/freespace.h"
#include "utils/backend_progress.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "hnsw.h"

/* The centroid is the mean of as many rows. */
#define SAMPLE_ROWS 2000

/* Of the rotation; any number is as good as another. */
#define SEED UINT64CONST(0x9E3779B97F4A7C15)

typedef enum HnswBuildPhase
{
	SAMPLING,
	IN_MEMORY,
	IN_PAGES,
} HnswBuildPhase;

typedef struct HnswBuild
{
	Relation	index;
	HnswBuildPhase phase;
	HnswIndex	base;			/* type and meta only: what values are checked against */
	PgeGraphShape shape;
	u64			graph;
	float	   *centroid;
	MemoryContext row;
	MemoryContext memory;		/* the graph's */
	Datum	   *sample;
	ItemPointerData *sample_tids;
	int			samples;
	int64		rows;
} HnswBuild;

HnswOptions *
hnsw_options(Relation index)
{
	static HnswOptions defaults = {
		.m = HNSW_DEFAULT_M,.ef_construction = HNSW_DEFAULT_EF_CONSTRUCTION
	};

	return index->rd_options != NULL ? (HnswOptions *) index->rd_options : &defaults;
}

/* What the index is to be, and whether it can. */
static void
prepare(HnswBuild *build)
{
	HnswMeta   *meta = &build->base.meta;
	const HnswOptions *options = hnsw_options(build->index);
	PgeGraphOptions graph;

	build->base.type = pge_vector_index_type(build->index);
	*meta = (HnswMeta)
	{
		.magic = HNSW_MAGIC,
			.version = HNSW_VERSION,
			.metric = build->base.type->metric,
			.element = build->base.type->sparse ? 0 : build->base.type->element,
			.dims = pge_vector_index_dims(build->index, build->base.type),
			.m = options->m,
			.ef_construction = options->ef_construction,
			.bits = options->bits,
			.seed = SEED,
			.first_entries = 1,
	};
	if (options->ef_construction < 2 * options->m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ef_construction must be greater than or equal to 2 * m")));
	graph = hnsw_graph_options(meta);
	PGE_CALL(GraphMeasure, &graph, &build->shape);
	if (build->shape.PerPage == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a vertex of index \"%s\" does not fit into a page", RelationGetRelationName(build->index)),
				 errdetail("With %d dimensions and m = %d one takes more than %d bytes.", meta->dims, meta->m, (int) HNSW_AREA),
				 errhint("Fewer dimensions, fewer bits or a smaller m take less.")));
	meta->bits = build->shape.Bits;
}

/* Codes are around the mean, where that does not change distances. */
static bool
wants_centroid(const HnswBuild *build)
{
	return build->shape.Bits > 0 && build->base.type->metric != PgeVectorMetric_InnerProduct;
}

static void
begin_graph(HnswBuild *build)
{
	HnswMeta   *meta = &build->base.meta;
	PgeGraphOptions options;

	if (build->centroid != NULL)
		meta->centroid_pages = (sizeof(float) * meta->dims + HNSW_AREA - 1) / HNSW_AREA;
	meta->first_entries = 1 + meta->centroid_pages;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
	options = hnsw_graph_options(meta);
	options.Centroid = build->centroid;
	PGE_CALL(GraphBuild, build->memory, &options, (u64) maintenance_work_mem * 1024, (meta->first_entries + 1) * build->shape.PerPage,
			 &build->graph);
	pge_own_handle(build->memory, build->graph);
	build->phase = IN_MEMORY;
}

static BulkWriteBuffer
new_page(BulkWriteState *bulk, HnswPageKind kind)
{
	BulkWriteBuffer buffer = smgr_bulk_get_buf(bulk);

	hnsw_init_page((Page) buffer, kind);
	return buffer;
}

static void
write_entries(BulkWriteState *bulk, const HnswMeta *meta, BlockNumber after, const uint32 *entries)
{
	BlockNumber block = meta->first_entries;

	for (uint32 at = 0; BlockNumberIsValid(block); at += HNSW_ENTRIES_PER_PAGE)
	{
		BulkWriteBuffer buffer = new_page(bulk, HNSW_ENTRIES);
		HnswEntries *page = (HnswEntries *) PageGetContents((Page) buffer);
		BlockNumber next = meta->entries > at + HNSW_ENTRIES_PER_PAGE ? after++ : InvalidBlockNumber;

		page->count = Min(meta->entries - at, HNSW_ENTRIES_PER_PAGE);
		if (page->count > 0)
			memcpy(page->vertices, entries + at, sizeof(uint32) * page->count);
		hnsw_special((Page) buffer)->next = next;
		smgr_bulk_write(bulk, block, buffer, true);
		block = next;
	}
}

static void
write_pages(HnswBuild *build, ForkNumber fork, uint32 vertices, const uint32 *entries)
{
	HnswMeta   *meta = &build->base.meta;
	BulkWriteState *bulk = smgr_bulk_start_rel(build->index, fork);
	BlockNumber first = meta->first_entries + 1;
	BlockNumber pages = (vertices + build->shape.PerPage - 1) / build->shape.PerPage;
	BulkWriteBuffer buffer = new_page(bulk, HNSW_META);

	*(HnswMeta *) PageGetContents((Page) buffer) = *meta;
	smgr_bulk_write(bulk, HNSW_META_BLOCK, buffer, true);
	for (BlockNumber i = 0; i < meta->centroid_pages; i++)
	{
		Size		at = (Size) i * HNSW_AREA;

		buffer = new_page(bulk, HNSW_CENTROID);
		memcpy(PageGetContents((Page) buffer), (char *) build->centroid + at, Min(HNSW_AREA, sizeof(float) * meta->dims - at));
		smgr_bulk_write(bulk, 1 + i, buffer, true);
	}
	for (BlockNumber i = 0; i < pages; i++)
	{
		CHECK_FOR_INTERRUPTS();
		buffer = new_page(bulk, HNSW_VERTICES);
		PGE_CALL(GraphBuildPage, build->graph, (i32) i, (u8 *) PageGetContents((Page) buffer));
		smgr_bulk_write(bulk, first + i, buffer, true);
	}
	write_entries(bulk, meta, first + pages, entries);
	smgr_bulk_finish(bulk);
	if (fork == MAIN_FORKNUM && pages > 0)
		RecordPageWithFreeSpace(build->index, first + pages - 1, HNSW_AREA);
}

/* What is in memory goes to pages. */
static void
finish_graph(HnswBuild *build)
{
	uint32		vertices;
	uint32	   *entries;
	int32		count;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_WRITE);
	PGE_CALL(GraphBuildFinish, build->graph, &vertices, &entries, &count);
	build->base.meta.entries = count;
	write_pages(build, MAIN_FORKNUM, vertices, entries);
	MemoryContextDelete(build->memory);
	build->memory = NULL;
	build->phase = IN_PAGES;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
}

static void
add(HnswBuild *build, Datum datum, ItemPointer tid)
{
	PgeGraphValue value;
	int32		taken = 1;

	if (!hnsw_value(&build->base, datum, &value))
		return;
	if (build->phase == IN_MEMORY)
		PGE_CALL(GraphBuildAdd, build->graph, &value, (u8 *) tid, &taken);
	if (!taken)
	{
		ereport(NOTICE,
				(errmsg("the graph no longer fits into maintenance_work_mem after " INT64_FORMAT " rows", build->rows),
				 errdetail("The others are inserted one by one, which takes longer."),
				 errhint("Increase maintenance_work_mem to speed up builds.")));
		finish_graph(build);
	}
	if (build->phase == IN_PAGES)
	{
		HnswAccess	access;

		hnsw_begin_access(&access, build->index);
		hnsw_insert_value(&access, datum, tid);
	}
	build->rows++;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, build->rows);
}

/* The mean of the rows that were kept, and then those. */
static void
end_sampling(HnswBuild *build)
{
	int			dims = build->base.meta.dims;
	float	   *floats;
	int			used = 0;
	MemoryContext old;

	if (build->samples > 0)
	{
		floats = palloc(sizeof(float) * dims);
		build->centroid = palloc0(sizeof(float) * dims);
		for (int i = 0; i < build->samples; i++)
			if (pge_vector_index_floats(build->base.type, dims, build->sample[i], floats))
			{
				used++;
				for (int j = 0; j < dims; j++)
					build->centroid[j] += floats[j];
			}
		for (int j = 0; j < dims; j++)
		{
			build->centroid[j] /= Max(used, 1);
			if (!isfinite(build->centroid[j]))
				build->centroid[j] = 0;
		}
	}
	begin_graph(build);
	old = MemoryContextSwitchTo(build->row);
	for (int i = 0; i < build->samples; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add(build, build->sample[i], &build->sample_tids[i]);
		pfree(DatumGetPointer(build->sample[i]));
		MemoryContextReset(build->row);
	}
	MemoryContextSwitchTo(old);
}

static void
build_callback(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	HnswBuild  *build = state;
	MemoryContext old;

	if (nulls[0])
		return;
	if (build->phase == SAMPLING)
	{
		build->sample[build->samples] = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[0]));
		build->sample_tids[build->samples++] = *tid;
		if (build->samples == SAMPLE_ROWS)
			end_sampling(build);
		return;
	}
	old = MemoryContextSwitchTo(build->row);
	add(build, values[0], tid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
}

IndexBuildResult *
hnsw_build(Relation heap, Relation index, struct IndexInfo *info)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	HnswBuild	build = {.index = index};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	prepare(&build);
	build.row = AllocSetContextCreate(context, "epiphany_hnsw row", ALLOCSET_DEFAULT_SIZES);
	build.memory = AllocSetContextCreate(context, "epiphany_hnsw graph", ALLOCSET_DEFAULT_SIZES);
	if (wants_centroid(&build))
	{
		build.sample = palloc(sizeof(Datum) * SAMPLE_ROWS);
		build.sample_tids = palloc(sizeof(ItemPointerData) * SAMPLE_ROWS);
	}
	else
		begin_graph(&build);
	result->heap_tuples = table_index_build_scan(heap, index, info, true, true, build_callback, &build, NULL);
	if (build.phase == SAMPLING)
		end_sampling(&build);
	if (build.phase == IN_MEMORY)
		finish_graph(&build);
	result->index_tuples = build.rows;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

void
hnsw_build_empty(Relation index)
{
	HnswBuild	build = {.index = index};

	prepare(&build);
	write_pages(&build, INIT_FORKNUM, 0, NULL);
}
