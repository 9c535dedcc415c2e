/*
 * epiphany_ivf: building. A sample of the table gives the centroids (k-means), then each row's record is sorted by its list, and lists
 * are written one after another. Nothing is logged until the whole file is.
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
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/sampling.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "ivf_progress.h"

#define SEED 0x65706970			/* of the rotation, samples and k-means: the same table gives the same index */
#define SAMPLES_PER_LIST 64
#define MIN_SAMPLES 10000
#define ROUNDS 8
#define BATCH 64				/* vectors that are assigned to lists at a time */
#define LITTLE_DATA 32			/* rows a list, below which lists say little */

typedef struct IvfBuild
{
	Relation	heap;
	Relation	index;
	IndexInfo  *info;
	const PgeVectorIndexType *type;
	IvfMeta		meta;
	PgeIvfModel *model;
	float	   *panels;
	MemoryContext row;

	float	   *samples;
	int64		sample_count;
	int64		max_samples;
	double		seen;
	ReservoirStateData reservoir;

	float	   *vector;			/* one, not rotated */
	float	   *batch;			/* rotated */
	uint8	   *records;		/* without factors and codes */
	int			batch_count;
	uint8	   *scratch;
	uint8	   *sorted;			/* a varlena around a record */
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	double		heap_rows;
	double		indexed;
} IvfBuild;

/* Vectors of the sample, rotated; the rest of the table takes places at random. */
static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	IvfBuild   *build = state;
	int			padded = build->model->Shape.Padded;
	int64		place = build->sample_count;
	MemoryContext old;

	if (nulls[0])
		return;
	build->seen++;
	if (place == build->max_samples)
	{
		place = (int64) (sampler_random_fract(&build->reservoir.randstate) * build->seen);
		if (place >= build->max_samples)
			return;
	}
	old = MemoryContextSwitchTo(build->row);
	if (pge_vector_index_floats(build->type, build->meta.dims, values[0], build->vector))
	{
		PGE_CALL(IvfRotate, build->model, build->vector, build->samples + place * padded);
		if (place == build->sample_count)
			build->sample_count++;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
}

/* Of heap, some blocks; what other tables have in blocks is theirs to know, so they are read in full. */
static void
draw_sample(IvfBuild *build, double rows)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(build->heap);
	const TableAmRoutine *heap_methods = GetHeapamTableAmRoutine();

	sampler_random_init_state(SEED, &build->reservoir.randstate);
	if (build->heap->rd_tableam->index_build_range_scan == heap_methods->index_build_range_scan &&
		rows > 4.0 * build->max_samples && blocks > 1000)
	{
		BlockSamplerData sampler;

		BlockSampler_Init(&sampler, blocks, (int) Min(blocks, build->max_samples / (rows / blocks) * 1.2 + 10), SEED);
		while (BlockSampler_HasMore(&sampler))
			table_index_build_range_scan(build->heap, build->index, build->info, false, true, false, BlockSampler_Next(&sampler), 1,
										 sample_row, build, NULL);
	}
	else
		table_index_build_range_scan(build->heap, build->index, build->info, false, true, false, 0, InvalidBlockNumber,
									 sample_row, build, NULL);
}

static void *
allocate(Size bytes)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
train(IvfBuild *build)
{
	PgeIvfShape *shape = &build->model->Shape;
	PgeIvfTrainer trainer = {
		.Samples = build->samples,
		.Centroids = build->model->Centroids,
		.Panels = build->panels,
		.Sums = allocate(sizeof(float) * (Size) shape->Lists * shape->Padded),
		.Counts = allocate(sizeof(int32) * (Size) shape->Lists),
		.Nearest = allocate(sizeof(int32) * Max(build->sample_count, 1)),
		.Scores = allocate(sizeof(float) * Max(build->sample_count, 1)),
		.SampleCount = build->sample_count,
		.Seed = SEED,
		.Lists = shape->Lists,
		.Padded = shape->Padded,
	};
	int			rounds = shape->Lists > 1 ? ROUNDS : trainer.SampleCount > 0 ? 1 : 0;	/* one centroid is the mean at once */

	PGE_CALL(IvfTrainBegin, &trainer);
	for (int round = 0; round < rounds; round++)
	{
		PGE_CALL(IvfTrainRoundBegin, &trainer);
		for (int64 first = 0; first < trainer.SampleCount; first += BATCH * 4)
		{
			PGE_CALL(IvfTrainAdd, &trainer, first, Min(BATCH * 4, trainer.SampleCount - first));
			CHECK_FOR_INTERRUPTS();
		}
		PGE_CALL(IvfTrainRoundEnd, &trainer, round);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, round + 1);
	}
	pfree(trainer.Sums);
	pfree(trainer.Counts);
	pfree(trainer.Nearest);
	pfree(trainer.Scores);
}

/* Vectors that wait become records, and go to the sort. */
static void
sort_batch(IvfBuild *build)
{
	PgeIvfShape *shape = &build->model->Shape;
	int32		lists[BATCH];
	float		scores[BATCH];

	PGE_CALL(IvfAssign, build->model, build->panels, build->batch, build->batch_count, lists, scores);
	for (int i = 0; i < build->batch_count; i++)
	{
		uint8	   *record = build->records + (Size) i * shape->RecordBytes;

		PGE_CALL(IvfEncode, build->model, lists[i], build->batch + (Size) i * shape->Padded, build->scratch, record);
		memcpy(VARDATA(build->sorted), record, shape->RecordBytes);
		ExecClearTuple(build->slot);
		build->slot->tts_values[0] = Int32GetDatum(lists[i]);
		build->slot->tts_values[1] = PointerGetDatum(build->sorted);
		build->slot->tts_isnull[0] = build->slot->tts_isnull[1] = false;
		ExecStoreVirtualTuple(build->slot);
		tuplesort_puttupleslot(build->sort, build->slot);
	}
	build->indexed += build->batch_count;
	build->batch_count = 0;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, build->indexed);
}

static void
add_row(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	IvfBuild   *build = state;
	PgeIvfShape *shape = &build->model->Shape;
	uint8	   *record = build->records + (Size) build->batch_count * shape->RecordBytes;
	MemoryContext old;
	bool		indexed;

	if (nulls[0])
		return;
	old = MemoryContextSwitchTo(build->row);
	indexed = pge_vector_index_floats(build->type, build->meta.dims, values[0], build->vector);
	if (indexed)
	{
		PGE_CALL(IvfRotate, build->model, build->vector, build->batch + (Size) build->batch_count * shape->Padded);
		memset(record, 0, shape->RecordBytes);
		memcpy(record, tid, sizeof(ItemPointerData));
		record[6] = 1;
		pge_ivf_put_attributes(index, values, nulls, record);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
	if (indexed && ++build->batch_count == BATCH)
		sort_batch(build);
}

static void
sort_rows(IvfBuild *build)
{
	PgeIvfShape *shape = &build->model->Shape;
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	AttrNumber	column = 1;
	Oid			less = Int4LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	TupleDescInitEntry(desc, 1, "list", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "record", BYTEAOID, -1, 0);
	build->batch = allocate(sizeof(float) * BATCH * (Size) shape->Padded);
	build->records = allocate((Size) BATCH * shape->RecordBytes);
	build->scratch = palloc(shape->ScratchBytes);
	build->sorted = palloc(VARHDRSZ + shape->RecordBytes);
	SET_VARSIZE(build->sorted, VARHDRSZ + shape->RecordBytes);
	build->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	build->sort = tuplesort_begin_heap(desc, 1, &column, &less, &collation, &nulls_first, maintenance_work_mem, NULL, TUPLESORT_NONE);
	build->heap_rows = table_index_build_scan(build->heap, build->index, build->info, true, true, add_row, build, NULL);
	if (build->batch_count > 0)
		sort_batch(build);
	tuplesort_performsort(build->sort);
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
	PgeIvfShape *shape = &build->model->Shape;
	IvfWriter  *writer = pge_ivf_writer_begin(build->index, shape, true);
	IvfHead    *heads = allocate(sizeof(IvfHead) * (Size) shape->Lists);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(build->slot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
	bool		more = tuplesort_gettupleslot(build->sort, true, false, slot, NULL);
	double		done = 0;

	for (uint32 i = 0; i < 1 + build->meta.head_pages + build->meta.centroid_pages; i++)
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
	write_front(build->index, &build->meta, heads, build->model->Centroids, (uint64) shape->Lists * shape->Padded);
	ExecDropSingleTupleTableSlot(slot);
}

/* What the index is to be like. */
static void
plan(Relation index, const PgeVectorIndexType *type, double rows, IvfMeta *meta)
{
	IvfOptions *options = (IvfOptions *) index->rd_options;
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
	meta->lists = rows < 1 ? 1 : options != NULL && options->lists > 0 ? options->lists : pge_ivf_default_lists(rows);
	meta->attributes = IndexRelationGetNumberOfKeyAttributes(index) - 1;
	meta->seed = SEED;
	meta->build = (uint64) GetCurrentTimestamp();
	pge_ivf_check_attributes(index);
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

static void
prepare(IvfBuild *build)
{
	PgeIvfShape shape;
	Size		budget = (Size) maintenance_work_mem * 1024 / 2;
	i64			model_bytes;
	i64			panel_bytes;

	pge_ivf_shape(&build->meta, &shape);
	PGE_CALL(IvfModelBytes, &shape, &model_bytes);
	PGE_CALL(IvfPanelBytes, &shape, &panel_bytes);
	build->model = allocate(model_bytes);
	PGE_CALL(IvfModelBegin, build->model, &shape);
	build->panels = allocate(panel_bytes);
	build->vector = allocate(sizeof(float) * shape.Dimensions);
	build->row = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf row", ALLOCSET_DEFAULT_SIZES);
	build->max_samples = Max(MIN_SAMPLES, (int64) shape.Lists * SAMPLES_PER_LIST);
	build->max_samples = Min(build->max_samples, (int64) (budget / (shape.Padded * sizeof(float))));
	build->max_samples = Max(build->max_samples, shape.Lists);
}

IndexBuildResult *
pge_ivf_build(Relation heap, Relation index, IndexInfo *info)
{
	IvfBuild	build = {.heap = heap, .index = index, .info = info, .type = pge_vector_index_type(index)};
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf build", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	double		rows = estimate_rows(heap);

	if (RelationGetNumberOfBlocks(index) != 0)
		elog(ERROR, "index \"%s\" already contains data", RelationGetRelationName(index));
	plan(index, build.type, rows, &build.meta);
	prepare(&build);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_SAMPLE);
	build.samples = allocate(sizeof(float) * (Size) build.max_samples * build.model->Shape.Padded);
	draw_sample(&build, rows);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_TRAIN);
	train(&build);
	pfree(build.samples);
	PGE_CALL(IvfArrange, build.model, build.panels);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_ENCODE);
	sort_rows(&build);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_WRITE);
	write_index(&build);
	tuplesort_end(build.sort);
	if (RelationNeedsWAL(index))
		log_newpage_range(index, MAIN_FORKNUM, 0, RelationGetNumberOfBlocks(index), true);

	/* ivfflat says it in pgvector's words. */
	if (index->rd_indam->ambuild == pge_ivf_build &&
		build.indexed < (double) build.meta.lists * LITTLE_DATA && build.indexed < MIN_SAMPLES / 10)
		ereport(NOTICE,
				(errmsg("epiphany_ivf index created with little data"),
				 errdetail("Its lists do not fit rows that are added later."),
				 errhint("REINDEX when the table has its data.")));
	result->heap_tuples = build.heap_rows;
	result->index_tuples = build.indexed;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
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
