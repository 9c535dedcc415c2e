/*
 * epiphany_ivf: building, by one process or several. A sample of the table gives the centroids (ivf_train.c), then each row's record is
 * sorted by its list, and lists are written one after another, by the leader. Nothing is logged until the whole file is.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "ivf_build.h"

#define SEED 0x65706970			/* of the rotation, samples and k-means: the same table gives the same index */
#define BATCH 64				/* vectors that are assigned to lists at a time */
#define LITTLE_DATA 32			/* rows a list, below which lists say little */
#define LITTLE_ROWS 1000		/* but so many are not little data, whatever the lists */
#define LEAST_SAMPLES 8			/* a list: how many lists an index has, unless it was said, leaves memory for so many */

/* Vectors that wait become records, and go to the sort. */
static void
sort_batch(IvfBuild *build)
{
	PgeIvfShape *shape = &build->model.Shape;
	int32		lists[BATCH];
	float		scores[BATCH];

	PGE_CALL(IvfAssign, &build->model, build->panels, build->batch, build->batch_count, lists, scores);
	for (int i = 0; i < build->batch_count; i++)
	{
		uint8	   *record = build->records + (Size) i * shape->RecordBytes;

		PGE_CALL(IvfEncode, &build->model, lists[i], build->batch + (Size) i * shape->Padded, build->scratch, record);
		memcpy(VARDATA(build->sorted), record, shape->RecordBytes);
		ExecClearTuple(build->slot);
		build->slot->tts_values[0] = Int32GetDatum(lists[i]);
		build->slot->tts_values[1] = PointerGetDatum(build->sorted);
		build->slot->tts_isnull[0] = build->slot->tts_isnull[1] = false;
		ExecStoreVirtualTuple(build->slot);
		tuplesort_puttupleslot(build->sort, build->slot);
	}
	pgstat_progress_parallel_incr_param(PROGRESS_CREATEIDX_TUPLES_DONE, build->batch_count);
	build->indexed += build->batch_count;
	build->batch_count = 0;
}

static void
add_row(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	IvfBuild   *build = state;
	PgeIvfShape *shape = &build->model.Shape;
	uint8	   *record = build->records + (Size) build->batch_count * shape->RecordBytes;
	MemoryContext old;
	bool		indexed;

	if (nulls[0])
		return;
	old = MemoryContextSwitchTo(build->row);
	indexed = pge_vector_index_floats(build->type, build->shared->meta.dims, values[0], build->vector);
	if (indexed)
	{
		PGE_CALL(IvfRotate, &build->model, build->vector, build->batch + (Size) build->batch_count * shape->Padded);
		memset(record, 0, shape->RecordBytes);
		memcpy(record, tid, sizeof(ItemPointerData));
		record[6] = 1;
		record[7] = pge_attribute_keys(index, values, nulls, (int64 *) (record + 8));
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
	if (indexed && ++build->batch_count == BATCH)
		sort_batch(build);
}

static Tuplesortstate *
begin_sort(TupleDesc desc, int memory, SortCoordinate coordinate)
{
	AttrNumber	column = 1;
	Oid			less = Int4LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	return tuplesort_begin_heap(desc, 1, &column, &less, &collation, &nulls_first, memory, coordinate, TUPLESORT_NONE);
}

/*
 * This process's share of the rows, to its sort; of a team, which the leader's sort takes over. Returns how many rows there are in the
 * table, as far as the process has seen.
 */
static double
sort_rows(IvfBuild *build, PgeBuildTeam *team)
{
	PgeIvfShape *shape = &build->model.Shape;
	SortCoordinateData coordinate = {.isWorker = true,.nParticipants = -1};
	double		heap_rows;

	if (team != NULL)
		coordinate.sharedsort = (Sharedsort *) ((char *) build->shared + build->shared->sort_at);
	build->desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(build->desc, 1, "list", INT4OID, -1, 0);
	TupleDescInitEntry(build->desc, 2, "record", BYTEAOID, -1, 0);
	build->batch = pge_ivf_allocate(sizeof(float) * BATCH * (Size) shape->Padded);
	build->records = pge_ivf_allocate((Size) BATCH * shape->RecordBytes);
	build->scratch = palloc(shape->ScratchBytes);
	build->sorted = palloc(VARHDRSZ + shape->RecordBytes);
	SET_VARSIZE(build->sorted, VARHDRSZ + shape->RecordBytes);
	build->slot = MakeSingleTupleTableSlot(build->desc, &TTSOpsVirtual);
	build->sort = begin_sort(build->desc, maintenance_work_mem / build->shared->participants, team != NULL ? &coordinate : NULL);
	heap_rows = team != NULL ? pge_build_team_scan(team, add_row, build) :
		table_index_build_scan(build->heap, build->index, build->info, true, true, add_row, build, NULL);
	if (build->batch_count > 0)
		sort_batch(build);
	tuplesort_performsort(build->sort);
	return heap_rows;
}

/* Block 0, the heads and the centroids; their blocks are the file's first. */
static void
write_front(Relation index, const IvfMeta *meta, const IvfHead *heads, const float *centroids, uint64 floats)
{
	PGAlignedBlock block;
	Page		page = (Page) block.data;
	BlockNumber next = IVF_FIRST_LIST_BLOCK;

	pge_ivf_page_init(page, IVF_META, 0, 0);
	*(IvfMeta *) IvfPageArea(page) = *meta;
	pge_ivf_page_use(page, sizeof(IvfMeta));
	pge_ivf_write_page(index, IVF_META_BLOCK, page, true);
	for (int first = 0; first < meta->lists; first += IVF_HEADS_PER_PAGE)
	{
		int			count = Min(IVF_HEADS_PER_PAGE, meta->lists - first);

		pge_ivf_page_init(page, IVF_HEADS, 0, 0);
		memcpy(IvfPageArea(page), heads + first, sizeof(IvfHead) * count);
		IvfPageSpecial(page)->count = count;
		pge_ivf_page_use(page, sizeof(IvfHead) * count);
		pge_ivf_write_page(index, next++, page, true);
	}
	for (uint64 first = 0; first < floats; first += IVF_FLOATS_PER_PAGE)
	{
		int			count = Min(IVF_FLOATS_PER_PAGE, floats - first);

		pge_ivf_page_init(page, IVF_CENTROIDS, 0, 0);
		memcpy(IvfPageArea(page), centroids + first, sizeof(float) * count);
		IvfPageSpecial(page)->count = count;
		pge_ivf_page_use(page, sizeof(float) * count);
		pge_ivf_write_page(index, next++, page, true);
	}
}

static void
write_index(IvfBuild *build)
{
	PgeIvfShape *shape = &build->model.Shape;
	IvfWriter  *writer = pge_ivf_writer_begin(build->index, shape, true);
	IvfHead    *heads = pge_ivf_allocate(sizeof(IvfHead) * (Size) shape->Lists);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(build->desc, &TTSOpsMinimalTuple);
	bool		more = tuplesort_gettupleslot(build->sort, true, false, slot, NULL);
	double		done = 0;

	for (uint32 i = 0; i < 1 + build->shared->meta.head_pages + build->shared->meta.centroid_pages; i++)
		pge_ivf_new_block(build->index);
	for (int list = 0; list < shape->Lists; list++)
	{
		pge_ivf_writer_list(writer, list, 1);
		while (more)
		{
			bool		is_null;

			if (DatumGetInt32(slot_getattr(slot, 1, &is_null)) != list)
				break;
			/* aligned in the tuple, as it follows an int4; records want no more */
			pge_ivf_writer_add(writer, (uint8 *) VARDATA_ANY(DatumGetPointer(slot_getattr(slot, 2, &is_null))));
			more = tuplesort_gettupleslot(build->sort, true, false, slot, NULL);
			if (((int64) ++done & 0x3FF) == 0)
				pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, done);
			CHECK_FOR_INTERRUPTS();
		}
		heads[list] = pge_ivf_writer_end_list(writer);
	}
	write_front(build->index, &build->shared->meta, heads, build->model.Centroids, (uint64) shape->Lists * shape->Padded);
	ExecDropSingleTupleTableSlot(slot);
}

/* Training takes two floats for each of a centroid, and the sample. */
static void
limit_lists(Relation index, IvfMeta *meta, Size centroid, bool given)
{
	Size		memory = (Size) maintenance_work_mem * 1024;
	Size		least = 3 * centroid * meta->lists;
	int			most = Max(1, Min(IVF_MAX_LISTS, memory / ((2 + LEAST_SAMPLES) * centroid)));

	if (given && meta->lists > 1 && least > memory)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("memory required is %zu MB, maintenance_work_mem is %d MB", least / (1024 * 1024) + 1, maintenance_work_mem / 1024),
				 errdetail("%d lists of %d dimensions are too many for that.", meta->lists, meta->dims),
				 errhint("Increase maintenance_work_mem, or give the index fewer \"lists\".")));
	if (!given && meta->lists > most)
	{
		ereport(NOTICE,
				(errmsg("index \"%s\" has fewer lists than suit the table: %d", RelationGetRelationName(index), most),
				 errdetail("maintenance_work_mem has no room for %d lists of %d dimensions.", meta->lists, meta->dims),
				 errhint("Increase maintenance_work_mem to speed up searches.")));
		meta->lists = most;
	}
}

/* What the index is to be like. */
static void
plan(Relation index, const PgeVectorIndexType *type, double rows, IvfMeta *meta)
{
	IvfOptions *options = (IvfOptions *) index->rd_options;
	int			given = options != NULL ? options->lists : 0;
	PgeIvfShape shape;

	if (type->metric != PgeVectorMetric_L2Squared && type->metric != PgeVectorMetric_InnerProduct &&
		type->metric != PgeVectorMetric_CosineSimilarity && type->metric != PgeVectorMetric_Hamming)
		elog(ERROR, "epiphany_ivf does not have metric %d", type->metric);
	memset(meta, 0, sizeof(*meta));
	meta->magic = IVF_MAGIC;
	meta->version = IVF_VERSION;
	meta->metric = type->metric;
	meta->element = type->element;
	meta->dims = pge_vector_index_dims(index, type);
	meta->bits = options != NULL && options->bits > 0 ? options->bits : pge_ivf_default_bits(type, meta->dims);
	meta->lists = rows < 1 ? 1 : given > 0 ? given : pge_ivf_default_lists(rows);
	meta->attributes = pge_count_attributes(index);
	meta->seed = SEED;
	meta->build = (uint64) GetCurrentTimestamp();
	if (type->element == PgeVectorElement_Bit && meta->bits > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"bits\" is for vectors of numbers"),
				 errdetail("Bits are stored as they are.")));
	pge_ivf_shape(meta, &shape);
	if (shape.RecordBytes > IVF_AREA)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("codes of %d dimensions with %d bits do not fit on a page", meta->dims, meta->bits),
				 errhint("Give the index fewer \"bits\".")));
	limit_lists(index, meta, sizeof(float) * (Size) shape.Padded, given > 0);
	meta->head_pages = (meta->lists + IVF_HEADS_PER_PAGE - 1) / IVF_HEADS_PER_PAGE;
	meta->centroid_pages = ((uint64) meta->lists * shape.Padded + IVF_FLOATS_PER_PAGE - 1) / IVF_FLOATS_PER_PAGE;
}

static double
estimate_rows(Relation heap)
{
	BlockNumber pages;
	double		rows;
	double		visible;

	if (RelationGetNumberOfBlocks(heap) == 0)
		return 0;
	estimate_rel_size(heap, NULL, &pages, &rows, &visible);
	return Max(rows, 1);
}

/* What a process needs of what is shared. The model's pointers are the leader's. */
static void
begin_process(IvfBuild *build)
{
	IvfBuildShared *shared = build->shared;
	PgeIvfModel *model = (PgeIvfModel *) ((char *) shared + shared->model_at);
	ptrdiff_t	moved = (ptrdiff_t) ((Size) model - shared->origin);

	build->type = pge_vector_index_type(build->index);
	build->model = *model;
	build->model.Centroids = model->Centroids + moved / (ptrdiff_t) sizeof(float);
	if (model->Signs != NULL)
		build->model.Signs = model->Signs + moved;
	build->panels = (float *) ((char *) shared + shared->panels_at);
	build->vector = pge_ivf_allocate(sizeof(float) * shared->meta.dims);
	build->row = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf row", ALLOCSET_DEFAULT_SIZES);
}

/* What all participants share, and the team, unless there is none. */
static PgeBuildTeam *
begin_shared(IvfBuild *build, const IvfMeta *meta)
{
	int			workers = build->info->ii_ParallelWorkers;
	Size		sort_at = MAXALIGN(sizeof(IvfBuildShared));
	Size		model_at = CACHELINEALIGN(sort_at + tuplesort_estimate_shared(workers + 1));
	Size		panels_at;
	Size		bytes;
	i64			model_bytes;
	i64			panel_bytes;
	PgeIvfShape shape;
	PgeBuildTeam *team;
	IvfBuildShared *shared;
	dsm_segment *segment;

	pge_ivf_shape(meta, &shape);
	PGE_CALL(IvfModelBytes, &shape, &model_bytes);
	PGE_CALL(IvfPanelBytes, &shape, &panel_bytes);
	panels_at = CACHELINEALIGN(model_at + model_bytes);
	bytes = panels_at + panel_bytes;
	team = pge_build_team_begin(build->heap, build->index, build->info, "pge_ivf_build_worker_main", bytes, (void **) &shared, &segment);
	if (team == NULL)
		shared = pge_ivf_allocate(bytes);
	memset(shared, 0, sizeof(IvfBuildShared));
	shared->meta = *meta;
	shared->sort_at = sort_at;
	shared->model_at = model_at;
	shared->panels_at = panels_at;
	shared->origin = (Size) ((char *) shared + model_at);
	shared->participants = 1;
	if (team != NULL)
		tuplesort_initialize_shared((Sharedsort *) ((char *) shared + sort_at), workers + 1, segment);
	PGE_CALL(IvfModelBegin, (PgeIvfModel *) ((char *) shared + model_at), &shape);
	build->shared = shared;
	return team;
}

/* Each participant's rows, and the leader's sort of all. */
static void
sort_all(IvfBuild *build, PgeBuildTeam *team, IndexBuildResult *result)
{
	SortCoordinateData coordinate = {.isWorker = false};
	PgeBuildResult all;

	result->heap_tuples = sort_rows(build, team);
	result->index_tuples = build->indexed;
	if (team == NULL)
		return;
	tuplesort_end(build->sort);
	pge_build_team_done(team, result->heap_tuples, build->indexed);
	all = pge_build_team_wait(team);
	result->heap_tuples = all.heap_rows;
	result->index_tuples = all.rows;
	coordinate.nParticipants = all.participants;
	coordinate.sharedsort = (Sharedsort *) ((char *) build->shared + build->shared->sort_at);
	build->sort = begin_sort(build->desc, maintenance_work_mem, &coordinate);
	tuplesort_performsort(build->sort);
}

IndexBuildResult *
pge_ivf_build(Relation heap, Relation index, IndexInfo *info)
{
	IvfBuild	build = {.heap = heap,.index = index,.info = info};
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	double		rows = estimate_rows(heap);
	PgeBuildTeam *team;
	IvfMeta		meta;

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
	plan(index, pge_vector_index_type(index), rows, &meta);
	team = begin_shared(&build, &meta);
	begin_process(&build);
	pge_ivf_train(&build, team, rows, SEED);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, 0);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_ENCODE);
	sort_all(&build, team, result);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_WRITE);
	write_index(&build);
	tuplesort_end(build.sort);
	if (team != NULL)
		pge_build_team_end(team);
	if (RelationNeedsWAL(index))
		log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);

	/* ivfflat says it in pgvector's words. */
	if (index->rd_indam->ambuild == pge_ivf_build &&
		result->index_tuples < (double) meta.lists * LITTLE_DATA && result->index_tuples < LITTLE_ROWS)
		ereport(NOTICE,
				(errmsg("epiphany_ivf index created with little data"),
				 errdetail("Its lists do not fit rows that are added later."),
				 errhint("REINDEX when the table has its data.")));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

extern PGDLLEXPORT void pge_ivf_build_worker_main(dsm_segment *segment, shm_toc *toc);

void
pge_ivf_build_worker_main(dsm_segment *segment, shm_toc *toc)
{
	IvfBuild	build = {0};
	void	   *shared;
	PgeBuildTeam *team = pge_build_team_join(segment, toc, &build.heap, &build.index, &shared);
	double		heap_rows;

	build.shared = shared;
	tuplesort_attach_shared((Sharedsort *) ((char *) shared + build.shared->sort_at), segment);
	begin_process(&build);
	pge_ivf_help_train(&build);
	heap_rows = sort_rows(&build, team);
	tuplesort_end(build.sort);
	pge_build_team_done(team, heap_rows, build.indexed);
	pge_build_team_leave(team);
}

/* For unlogged tables: an index of one list, whose centroid is zero. */
void
pge_ivf_build_empty(Relation index)
{
	const PgeVectorIndexType *type = pge_vector_index_type(index);
	PGAlignedBlock block;
	Page		page = (Page) block.data;
	IvfMeta		meta;
	PgeIvfShape shape;
	uint32		left;

	plan(index, type, 0, &meta);
	pge_ivf_shape(&meta, &shape);
	left = shape.Padded;
	for (BlockNumber i = 0; i < 1 + meta.head_pages + meta.centroid_pages; i++)
	{
		Buffer		buffer = ExtendBufferedRel(BMR_REL(index), INIT_FORKNUM, NULL, EB_LOCK_FIRST | EB_SKIP_EXTENSION_LOCK);

		if (i == IVF_META_BLOCK)
		{
			pge_ivf_page_init(page, IVF_META, 0, 0);
			*(IvfMeta *) IvfPageArea(page) = meta;
			pge_ivf_page_use(page, sizeof(IvfMeta));
		}
		else if (i <= meta.head_pages)
		{
			pge_ivf_page_init(page, IVF_HEADS, 0, 0);
			*(IvfHead *) IvfPageArea(page) = (IvfHead) {InvalidBlockNumber, InvalidBlockNumber, InvalidBlockNumber, 1};
			IvfPageSpecial(page)->count = 1;
			pge_ivf_page_use(page, sizeof(IvfHead));
		}
		else
		{
			int			count = Min(left, IVF_FLOATS_PER_PAGE);

			pge_ivf_page_init(page, IVF_CENTROIDS, 0, 0);
			memset(IvfPageArea(page), 0, sizeof(float) * count);
			IvfPageSpecial(page)->count = count;
			pge_ivf_page_use(page, sizeof(float) * count);
			left -= count;
		}
		START_CRIT_SECTION();
		memcpy(BufferGetPage(buffer), page, BLCKSZ);
		MarkBufferDirty(buffer);
		log_newpage_buffer(buffer, true);
		END_CRIT_SECTION();
		UnlockReleaseBuffer(buffer);
	}
}
