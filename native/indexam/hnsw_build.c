/*
 * epiphany_hnsw: CREATE INDEX, by one process or several. The graph is made in memory, as far as maintenance_work_mem goes, and written as
 * pages; rows that come after that are inserted in the pages, which are not logged before the whole file is.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "storage/bulk_write.h"
#include "storage/condition_variable.h"
#include "storage/freespace.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "build_team.h"
#include "hnsw.h"

/* The centroid is the mean of as many rows. */
#define SAMPLE_ROWS 2000

/* Of fewer it waits for more (hnsw_centroid.c). */
#define MIN_SAMPLE_ROWS 100

/* Of the rotation; any number is as good as another. */
#define SEED UINT64CONST(0x9E3779B97F4A7C15)

/* Rows a participant has added until it says so. */
#define PROGRESS_ROWS 64

/* What estimates of the table's rows may be wrong by. */
#define MORE_ROWS 1.25

typedef enum HnswBuildPhase
{
	IN_MEMORY,
	LEAVING_MEMORY,
	IN_PAGES,
} HnswBuildPhase;

/* Of all participants. */
typedef struct HnswBuildShared
{
	HnswMeta	meta;
	pg_atomic_uint32 phase;
	pg_atomic_uint32 adding;	/* participants that are changing the graph in memory */
	ConditionVariable changed;	/* phase, or adding */
	Size		area_at;		/* from the struct's start; 0: none, the process is alone */
	Size		area_bytes;
	float		centroid[FLEXIBLE_ARRAY_MEMBER];
} HnswBuildShared;

typedef struct HnswBuild
{
	Relation	index;
	HnswBuildShared *shared;
	HnswIndex	base;			/* type and meta only: what values are checked against */
	PgeGraphShape shape;
	u64			graph;
	MemoryContext row;
	MemoryContext memory;		/* the graph's */
	int64		rows;			/* that this process added */
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
			.attributes = pge_count_attributes(build->index),
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
	build->base.shape = build->shape;
}

/* Codes are around the mean, where that does not change distances. */
static bool
wants_centroid(const HnswBuild *build)
{
	return build->shape.Bits > 0 && build->base.type->metric != PgeVectorMetric_InnerProduct;
}

/* There is room for one, which is not known yet. */
static void
has_centroid(HnswMeta *meta)
{
	meta->centroid_pages = (sizeof(float) * meta->dims + HNSW_AREA - 1) / HNSW_AREA;
	meta->centroid_state = HNSW_CENTROID_NONE;
	meta->first_entries = 1 + meta->centroid_pages;
}

static void
begin_graph(HnswBuild *build, bool joins)
{
	HnswBuildShared *shared = build->shared;
	PgeGraphOptions options = hnsw_graph_options(&shared->meta);

	build->base.meta = shared->meta;
	options.Centroid = shared->meta.centroid_pages > 0 ? shared->centroid : NULL;
	options.PagesPerGroup = hnsw_group_pages(&build->shape);
	PGE_CALL(GraphBuild, build->memory, &options, shared->area_at > 0 ? (char *) shared + shared->area_at : NULL,
			 shared->area_at > 0 ? shared->area_bytes : (u64) maintenance_work_mem * 1024, joins,
			 hnsw_origin(&shared->meta) * build->shape.PerPage, &build->graph);
	pge_own_handle(build->memory, build->graph);
}

static BulkWriteBuffer
new_page(BulkWriteState *bulk, HnswPageKind kind)
{
	BulkWriteBuffer buffer = smgr_bulk_get_buf(bulk);

	hnsw_init_page((Page) buffer, kind);
	return buffer;
}

/* Attributes of the vertices from the given one on, as many as a page has. */
static void
write_attributes(HnswBuild *build, BulkWriteState *bulk, BlockNumber block, uint32 first, uint32 vertices)
{
	BulkWriteBuffer buffer = new_page(bulk, HNSW_ATTRIBUTES);

	for (int slot = 0; slot < hnsw_attribute_slots(&build->shape) && first + slot < vertices; slot++)
	{
		u8		   *attributes;

		PGE_CALL(GraphBuildAttributes, build->graph, first + slot, &attributes);
		hnsw_put_attributes(&build->shape, (Page) buffer, slot, attributes);
	}
	smgr_bulk_write(bulk, block, buffer, true);
}

/* Those that the first page has no room for are in pages after the vertices. */
static void
write_entries(HnswBuild *build, BulkWriteState *bulk, BlockNumber after, const uint32 *entries)
{
	const HnswMeta *meta = &build->base.meta;
	BlockNumber block = meta->first_entries;

	for (uint32 at = 0; BlockNumberIsValid(block); at += HNSW_ENTRIES_PER_PAGE)
	{
		BulkWriteBuffer buffer = new_page(bulk, HNSW_ENTRIES);
		HnswEntries *page = (HnswEntries *) PageGetContents((Page) buffer);
		BlockNumber next = InvalidBlockNumber;

		if (meta->entries > at + HNSW_ENTRIES_PER_PAGE)
		{
			if (hnsw_is_attribute_block(&build->base, after))
				write_attributes(build, bulk, after++, 0, 0);
			next = after++;
		}

		page->count = Min(meta->entries - at, HNSW_ENTRIES_PER_PAGE);
		if (page->count > 0)
			memcpy(page->vertices, entries + at, sizeof(uint32) * page->count);
		hnsw_special((Page) buffer)->next = next;
		smgr_bulk_write(bulk, block, buffer, true);
		block = next;
	}
}

/* whole: nothing is inserted after that, so pages are logged as they are written. */
static void
write_pages(HnswBuild *build, ForkNumber fork, const float *centroid, uint32 vertices, const uint32 *entries, bool whole)
{
	HnswMeta   *meta = &build->base.meta;
	bool		logged = fork == INIT_FORKNUM || (whole && RelationNeedsWAL(build->index));
	BulkWriteState *bulk = smgr_bulk_start_smgr(RelationGetSmgr(build->index), fork, logged);
	BlockNumber next = hnsw_origin(meta);
	BlockNumber pages = (vertices + build->shape.PerPage - 1) / build->shape.PerPage;
	BlockNumber group = hnsw_group_pages(&build->shape);
	BulkWriteBuffer buffer = new_page(bulk, HNSW_META);

	*(HnswMeta *) PageGetContents((Page) buffer) = *meta;
	smgr_bulk_write(bulk, HNSW_META_BLOCK, buffer, true);
	for (BlockNumber i = 0; i < meta->centroid_pages; i++)
	{
		Size		at = (Size) i * HNSW_AREA;

		buffer = new_page(bulk, HNSW_CENTROID);
		memcpy(PageGetContents((Page) buffer), (const char *) centroid + at, Min(HNSW_AREA, sizeof(float) * meta->dims - at));
		smgr_bulk_write(bulk, 1 + i, buffer, true);
	}
	for (BlockNumber i = 0; i < pages; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (group > 0 && i % group == 0)
			write_attributes(build, bulk, next++, i * build->shape.PerPage, vertices);
		buffer = new_page(bulk, HNSW_VERTICES);
		PGE_CALL(GraphBuildPage, build->graph, (i32) i, (u8 *) PageGetContents((Page) buffer));
		smgr_bulk_write(bulk, next++, buffer, true);
	}
	write_entries(build, bulk, next, entries);
	smgr_bulk_finish(bulk);
	if (fork == MAIN_FORKNUM && pages > 0)
		RecordPageWithFreeSpace(build->index, next - 1, HNSW_AREA);
}

/* What is in memory goes to pages. */
static void
finish_graph(HnswBuild *build, bool whole)
{
	uint32		vertices;
	uint32	   *entries;
	int32		count;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_WRITE);
	PGE_CALL(GraphBuildFinish, build->graph, &vertices, &entries, &count);
	build->base.meta.entries = count;
	write_pages(build, MAIN_FORKNUM, build->shared->centroid, vertices, entries, whole);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
}

/* Memory is full: one participant writes the graph when nobody changes it any more, and all go on in pages. */
static void
leave_memory(HnswBuild *build)
{
	HnswBuildShared *shared = build->shared;
	uint32		expected = IN_MEMORY;

	if (pg_atomic_compare_exchange_u32(&shared->phase, &expected, LEAVING_MEMORY))
	{
		while (pg_atomic_read_u32(&shared->adding) > 0)
			ConditionVariableSleep(&shared->changed, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
		ConditionVariableCancelSleep();
		ereport(NOTICE,
				(errmsg("hnsw graph no longer fits into maintenance_work_mem"),
				 errdetail("The rows of index \"%s\" that are left are inserted one by one, which takes longer.",
						   RelationGetRelationName(build->index)),
				 errhint("Increase maintenance_work_mem to speed up builds.")));
		finish_graph(build, false);
		pg_atomic_write_u32(&shared->phase, IN_PAGES);
		ConditionVariableBroadcast(&shared->changed);
	}
	else
	{
		while (pg_atomic_read_u32(&shared->phase) != IN_PAGES)
			ConditionVariableSleep(&shared->changed, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
		ConditionVariableCancelSleep();
	}
	if (shared->area_at == 0)
	{
		MemoryContextDelete(build->memory);
		build->memory = NULL;
	}
}

/* False: it is to go to the pages. */
static bool
add_in_memory(HnswBuild *build, PgeGraphValue *value, ItemPointer tid)
{
	HnswBuildShared *shared = build->shared;
	int32		taken = 0;

	if (pg_atomic_read_u32(&shared->phase) == IN_PAGES)
		return false;

	/* Who leaves memory says so first and looks for others then; here it is the other way round. An error ends the build. */
	pg_atomic_fetch_add_u32(&shared->adding, 1);
	if (pg_atomic_read_u32(&shared->phase) == IN_MEMORY)
		PGE_CALL(GraphBuildAdd, build->graph, value, (u8 *) tid, &taken);
	if (pg_atomic_sub_fetch_u32(&shared->adding, 1) == 0 && pg_atomic_read_u32(&shared->phase) == LEAVING_MEMORY)
		ConditionVariableBroadcast(&shared->changed);
	if (!taken)
		leave_memory(build);
	return taken;
}

static void
add(HnswBuild *build, Datum *values, bool *nulls, ItemPointer tid)
{
	uint8		attributes[HNSW_MAX_ATTRIBUTE_BYTES];
	PgeGraphValue value;

	if (!hnsw_value(&build->base, values[0], &value))
		return;
	hnsw_make_attributes(build->index, values, nulls, attributes);
	value.Attributes = attributes;
	if (!add_in_memory(build, &value, tid))
	{
		HnswAccess	access;

		hnsw_begin_access(&access, build->index);
		access.building = true;
		hnsw_insert_row(&access, values, nulls, tid);
	}
	if (++build->rows % PROGRESS_ROWS == 0)
		pgstat_progress_parallel_incr_param(PROGRESS_CREATEIDX_TUPLES_DONE, PROGRESS_ROWS);
}

static void
build_callback(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	HnswBuild  *build = state;
	MemoryContext old;

	if (nulls[0])
		return;
	old = MemoryContextSwitchTo(build->row);
	add(build, values, nulls, tid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
}

/* The mean of the table's first rows, of those that are indexed. False: there are too few to have one, and it is zero. */
static bool
find_centroid(Relation heap, const HnswBuild *build, IndexInfo *info, float *centroid)
{
	int			dims = build->base.meta.dims;
	float	   *floats = palloc(sizeof(float) * dims);
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	TableScanDesc scan = table_beginscan(heap, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	EState	   *estate = CreateExecutorState();
	ExprContext *context = GetPerTupleExprContext(estate);
	ExprState  *predicate = ExecPrepareQual(info->ii_Predicate, estate);
	int			used = 0;

	context->ecxt_scantuple = slot;
	memset(centroid, 0, sizeof(float) * dims);
	while (used < SAMPLE_ROWS && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(context);
		old = MemoryContextSwitchTo(context->ecxt_per_tuple_memory);
		if (predicate == NULL || ExecQual(predicate, context))
		{
			FormIndexDatum(info, slot, estate, values, nulls);
			if (!nulls[0] && pge_vector_index_floats(build->base.type, dims, values[0], floats))
			{
				used++;
				for (int i = 0; i < dims; i++)
					centroid[i] += floats[i];
			}
		}
		MemoryContextSwitchTo(old);
	}
	for (int i = 0; i < dims; i++)
	{
		centroid[i] /= Max(used, 1);
		if (used < MIN_SAMPLE_ROWS || !isfinite(centroid[i]))
			centroid[i] = 0;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	FreeExecutorState(estate);

	/* They may refer to what was just freed. */
	info->ii_ExpressionsState = NIL;
	info->ii_PredicateState = NULL;
	return used >= MIN_SAMPLE_ROWS;
}

static void
begin_process(HnswBuild *build)
{
	build->row = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw row", ALLOCSET_DEFAULT_SIZES);
	build->memory = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw graph", ALLOCSET_DEFAULT_SIZES);
}

/* As much as the table's rows will take, as far as memory may go. */
static Size
area_bytes(Relation heap, const HnswBuild *build)
{
	PgeGraphOptions options = hnsw_graph_options(&build->base.meta);
	BlockNumber pages;
	double		rows;
	double		visible;
	u64			bytes;

	estimate_rel_size(heap, NULL, &pages, &rows, &visible);
	PGE_CALL(GraphBuildBytes, &options, (u64) (rows * MORE_ROWS) + SAMPLE_ROWS, &bytes);
	return Min(bytes, (u64) maintenance_work_mem * 1024);
}

/* What all participants share, and the team, unless there is none. */
static PgeBuildTeam *
begin_shared(HnswBuild *build, Relation heap, IndexInfo *info)
{
	HnswMeta   *meta = &build->base.meta;
	Size		head = CACHELINEALIGN(offsetof(HnswBuildShared, centroid) + (wants_centroid(build) ? sizeof(float) * meta->dims : 0));
	Size		bytes = info->ii_ParallelWorkers > 0 ? area_bytes(heap, build) : 0;
	dsm_segment *segment;
	void	   *shared;
	PgeBuildTeam *team = pge_build_team_begin(heap, build->index, info, "pge_hnsw_build_worker_main", head + bytes, &shared, &segment);

	build->shared = team != NULL ? shared : palloc(head);
	memset(build->shared, 0, head);
	build->shared->area_at = team != NULL ? head : 0;
	build->shared->area_bytes = bytes;
	pg_atomic_init_u32(&build->shared->phase, IN_MEMORY);
	pg_atomic_init_u32(&build->shared->adding, 0);
	ConditionVariableInit(&build->shared->changed);
	if (wants_centroid(build))
	{
		has_centroid(meta);
		if (find_centroid(heap, build, info, build->shared->centroid))
			meta->centroid_state = HNSW_CENTROID_SETTLED;
	}
	build->shared->meta = *meta;
	begin_graph(build, false);
	return team;
}

IndexBuildResult *
hnsw_build(Relation heap, Relation index, struct IndexInfo *info)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	HnswBuild	build = {.index = index};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_hnsw build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	PgeBuildTeam *team;
	bool		in_memory;

	prepare(&build);
	begin_process(&build);
	team = begin_shared(&build, heap, info);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
	if (team != NULL)
	{
		PgeBuildResult all;

		pge_build_team_launch(team);
		result->heap_tuples = pge_build_team_scan(team, build_callback, &build);
		pge_build_team_done(team, result->heap_tuples, build.rows);
		all = pge_build_team_wait(team);
		result->heap_tuples = all.heap_rows;
		result->index_tuples = all.rows;
	}
	else
	{
		result->heap_tuples = table_index_build_scan(heap, index, info, true, true, build_callback, &build, NULL);
		result->index_tuples = build.rows;
	}
	in_memory = pg_atomic_read_u32(&build.shared->phase) == IN_MEMORY;
	if (in_memory)
		finish_graph(&build, true);
	if (team != NULL)
		pge_build_team_end(team);
	if (!in_memory && RelationNeedsWAL(index))
		log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

extern PGDLLEXPORT void pge_hnsw_build_worker_main(dsm_segment *segment, shm_toc *toc);

void
pge_hnsw_build_worker_main(dsm_segment *segment, shm_toc *toc)
{
	HnswBuild	build = {0};
	Relation	heap;
	void	   *shared;
	PgeBuildTeam *team = pge_build_team_join(segment, toc, &heap, &build.index, &shared);
	double		heap_rows;

	build.shared = shared;
	prepare(&build);
	begin_process(&build);
	begin_graph(&build, true);
	heap_rows = pge_build_team_scan(team, build_callback, &build);
	pge_build_team_done(team, heap_rows, build.rows);
	pge_build_team_leave(team);
}

void
hnsw_build_empty(Relation index)
{
	HnswBuild	build = {.index = index};
	float	   *zero;

	prepare(&build);
	zero = palloc0(sizeof(float) * Max(build.base.meta.dims, 1));
	if (wants_centroid(&build))
		has_centroid(&build.base.meta);
	write_pages(&build, INIT_FORKNUM, zero, 0, NULL, true);
	pfree(zero);
}
