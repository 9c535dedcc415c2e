/*
 * epiphany_ivf: the lists' centroids, by k-means over a sample of the table. The leader draws the sample; in each round all participants
 * say which list each vector is nearest to, and the leader moves the centroids, so they do not depend on who took part.
 *
 * Promise: a worker may come at any time, or not at all.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/sampling.h"
#include "utils/wait_event.h"

#include "ivf_build.h"

#define SAMPLES_PER_LIST 64
#define MIN_SAMPLES 10000
#define ROUNDS 8
#define TURN 256				/* samples that a participant takes at a time */

typedef struct IvfSample
{
	IvfBuild   *build;
	float	   *vectors;
	int64		count;
	int64		most;
	double		seen;
	ReservoirStateData reservoir;
} IvfSample;

void *
pge_ivf_allocate(Size bytes)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Vectors of the sample, rotated; the rest of the table takes places at random. */
static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *nulls, bool alive, void *state)
{
	IvfSample  *sample = state;
	IvfBuild   *build = sample->build;
	int			padded = build->model.Shape.Padded;
	int64		place = sample->count;
	MemoryContext old;

	if (nulls[0])
		return;
	sample->seen++;
	if (place == sample->most)
	{
		place = (int64) (sampler_random_fract(&sample->reservoir.randstate) * sample->seen);
		if (place >= sample->most)
			return;
	}
	old = MemoryContextSwitchTo(build->row);
	if (pge_vector_index_floats(build->type, build->shared->meta.dims, values[0], build->vector))
	{
		PGE_CALL(IvfRotate, &build->model, build->vector, sample->vectors + place * padded);
		if (place == sample->count)
			sample->count++;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(build->row);
}

/* Of heap, some blocks; what other tables have in blocks is theirs to know, so they are read in full. */
static void
draw_sample(IvfSample *sample, double rows, uint64 seed)
{
	IvfBuild   *build = sample->build;
	BlockNumber blocks = RelationGetNumberOfBlocks(build->heap);
	const TableAmRoutine *heap_methods = GetHeapamTableAmRoutine();

	/* Rows of open transactions are as good as others, but a concurrent build reads by a snapshot. */
	bool		any = !build->info->ii_Concurrent;

	sampler_random_init_state(seed, &sample->reservoir.randstate);
	if (build->heap->rd_tableam->index_build_range_scan == heap_methods->index_build_range_scan &&
		rows > 4.0 * sample->most && blocks > 1000)
	{
		BlockSamplerData sampler;

		BlockSampler_Init(&sampler, blocks, (int) Min(blocks, sample->most / (rows / blocks) * 1.2 + 10), seed);
		while (BlockSampler_HasMore(&sampler))
			table_index_build_range_scan(build->heap, build->index, build->info, false, any, false, BlockSampler_Next(&sampler), 1,
										 sample_row, sample, NULL);
	}
	else
		table_index_build_range_scan(build->heap, build->index, build->info, false, any, false, 0, InvalidBlockNumber,
									 sample_row, sample, NULL);
}

/* Half of the memory is the sample's at most, but a vector a list there must be. More than the table's rows are of no use. */
static int64
most_samples(const IvfBuild *build, double rows)
{
	const PgeIvfShape *shape = &build->model.Shape;
	Size		budget = (Size) maintenance_work_mem * 1024 / 2;
	int64		most = Max(MIN_SAMPLES, (int64) shape->Lists * SAMPLES_PER_LIST);

	most = Min(most, (int64) (budget / (shape->Padded * sizeof(float))));
	most = Min(most, (int64) (rows * 2) + 1000);
	return Max(most, shape->Lists);
}

/* What lies in the samples' memory: lists, scores, vectors. */
static Size
sample_bytes(int64 most, int padded)
{
	return most * (sizeof(int32) + sizeof(float) + sizeof(float) * (Size) padded);
}

static void
place(const IvfBuild *build, PgeIvfTrainer *trainer, char *memory, int64 most)
{
	*trainer = build->shared->trainer;
	trainer->Centroids = build->model.Centroids;
	trainer->Panels = build->panels;
	trainer->Nearest = (int32 *) memory;
	trainer->Scores = (float *) (memory + most * sizeof(int32));
	trainer->Samples = (float *) (memory + most * (sizeof(int32) + sizeof(float)));
}

/* This process's turns in a round. */
static void
assign(IvfBuildShared *shared, PgeIvfTrainer *trainer)
{
	for (;;)
	{
		int64		first = pg_atomic_fetch_add_u64(&shared->next_sample, TURN);

		if (first >= trainer->SampleCount)
			break;
		PGE_CALL(IvfTrainAssign, trainer, first, Min(TURN, trainer->SampleCount - first));
		CHECK_FOR_INTERRUPTS();
	}
}

/* The barrier's phases: even before a round has begun, odd in the middle of one; after the last it stays odd. */
static void
begin_round(IvfBuildShared *shared)
{
	BarrierArriveAndWait(&shared->barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
}

static void
end_round(IvfBuildShared *shared)
{
	BarrierArriveAndWait(&shared->barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
}

void
pge_ivf_train(IvfBuild *build, PgeBuildTeam *team, double rows, uint64 seed)
{
	PgeIvfShape *shape = &build->model.Shape;
	IvfBuildShared *shared = build->shared;
	IvfSample	sample = {.build = build,.most = most_samples(build, rows)};
	Size		bytes = sample_bytes(sample.most, shape->Padded);
	dsm_segment *segment = team != NULL ? dsm_create(bytes, 0) : NULL;
	char	   *memory = segment != NULL ? dsm_segment_address(segment) : pge_ivf_allocate(bytes);
	PgeIvfTrainer trainer;
	int			rounds;

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_SAMPLE);
	place(build, &trainer, memory, sample.most);
	sample.vectors = trainer.Samples;
	draw_sample(&sample, rows, seed);
	shared->trainer.SampleCount = sample.count;
	shared->trainer.Seed = seed;
	shared->trainer.Lists = shape->Lists;
	shared->trainer.Padded = shape->Padded;
	shared->most_samples = sample.most;
	place(build, &trainer, memory, sample.most);
	trainer.Counts = pge_ivf_allocate(sizeof(int32) * (Size) shape->Lists);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, IVF_PHASE_TRAIN);
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u64(&shared->next_sample, 0);
	BarrierAttach(&shared->barrier);
	if (team != NULL)
	{
		shared->samples = dsm_segment_handle(segment);
		shared->participants = pge_build_team_most(team);
		pge_build_team_launch(team);
	}
	PGE_CALL(IvfTrainBegin, &trainer);
	rounds = shape->Lists > 1 ? ROUNDS : trainer.SampleCount > 0 ? 1 : 0;	/* one centroid is the mean at once */
	for (int round = 0; round < rounds; round++)
	{
		PGE_CALL(IvfTrainRoundBegin, &trainer);
		pg_atomic_write_u64(&shared->next_sample, 0);
		begin_round(shared);
		assign(shared, &trainer);
		end_round(shared);
		PGE_CALL(IvfTrainRoundEnd, &trainer, round);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, round + 1);
		CHECK_FOR_INTERRUPTS();
	}
	PGE_CALL(IvfArrange, &build->model, build->panels);
	shared->trained = true;
	begin_round(shared);
	BarrierDetach(&shared->barrier);
	pfree(trainer.Counts);
	if (segment != NULL)
		dsm_detach(segment);
	else
		pfree(memory);
}

void
pge_ivf_help_train(IvfBuild *build)
{
	IvfBuildShared *shared = build->shared;
	PgeIvfTrainer trainer;
	dsm_segment *segment;
	bool		begun = BarrierAttach(&shared->barrier) % 2 != 0;

	/* The samples stay while the leader trains, and it trains as long as it waits for this process. */
	segment = shared->trained ? NULL : dsm_attach(shared->samples);
	if (segment != NULL)
		place(build, &trainer, dsm_segment_address(segment), shared->most_samples);
	for (;; begun = false)
	{
		if (!begun)
			begin_round(shared);
		if (shared->trained)
			break;
		if (segment != NULL)
			assign(shared, &trainer);
		end_round(shared);
	}
	BarrierDetach(&shared->barrier);
	if (segment != NULL)
		dsm_detach(segment);
}
