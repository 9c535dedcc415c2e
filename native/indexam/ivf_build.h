/*
 * epiphany_ivf: what a build's parts share, and what its processes do. Phases are as pg_stat_progress_create_index shows them.
 */
#ifndef PGE_IVF_BUILD_H
#define PGE_IVF_BUILD_H

#include "storage/barrier.h"
#include "storage/dsm.h"
#include "utils/tuplesort.h"

#include "build_team.h"
#include "ivf.h"

#define IVF_PHASE_SAMPLE 2		/* 1 is PostgreSQL's */
#define IVF_PHASE_TRAIN 3
#define IVF_PHASE_ENCODE 4
#define IVF_PHASE_WRITE 5

/* Of all participants; one that is alone has it in its own memory. Places are from the struct's start. */
typedef struct IvfBuildShared
{
	IvfMeta		meta;
	int			participants;	/* at most */
	Size		origin;			/* the model's address in the leader */
	Size		sort_at;
	Size		model_at;
	Size		panels_at;

	/* Training (ivf_train.c). */
	Barrier		barrier;
	bool		trained;
	dsm_handle	samples;
	int64		most_samples;
	PgeIvfTrainer trainer;		/* without pointers */
	pg_atomic_uint64 next_sample;	/* of the round */
} IvfBuildShared;

/* One process's. */
typedef struct IvfBuild
{
	Relation	heap;
	Relation	index;
	IndexInfo  *info;
	const PgeVectorIndexType *type;
	IvfBuildShared *shared;
	PgeIvfModel model;			/* its pointers are this process's */
	float	   *panels;
	MemoryContext row;
	float	   *vector;			/* one, not rotated */

	TupleDesc	desc;			/* of what is sorted */
	float	   *batch;			/* rotated */
	uint8	   *records;		/* without factors and codes */
	int			batch_count;
	uint8	   *scratch;
	uint8	   *sorted;			/* a varlena around a record */
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	double		indexed;
} IvfBuild;

/* ---- ivf_train.c ---- */

/* Zeroed, of any size. */
extern void *pge_ivf_allocate(Size bytes);

/* The leader: makes the centroids, and arranges them. Launches the team, if there is one. */
extern void pge_ivf_train(IvfBuild *build, PgeBuildTeam *team, double rows, uint64 seed);

/* A worker: returns when the centroids are there. */
extern void pge_ivf_help_train(IvfBuild *build);

#endif							/* PGE_IVF_BUILD_H */
