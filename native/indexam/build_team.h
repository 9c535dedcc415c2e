/*
 * Parallel builds of vector indexes: the leader and its workers, what they share, and their scan of the table. What they make of the rows
 * is the access method's.
 */
#ifndef PGE_BUILD_TEAM_H
#define PGE_BUILD_TEAM_H

#include "access/tableam.h"
#include "nodes/execnodes.h"
#include "storage/dsm.h"
#include "storage/shm_toc.h"
#include "utils/rel.h"

/* One process's part in a build. */
typedef struct PgeBuildTeam PgeBuildTeam;

/* What all have done, once pge_build_team_wait() has returned. */
typedef struct PgeBuildResult
{
	double		heap_rows;
	double		rows;			/* in the index */
	int			participants;
} PgeBuildResult;

/*
 * The leader's, before there are workers; the current process is in parallel mode then, until pge_build_team_end(). NULL: no parallel build
 * is wanted, or it cannot be had. function: the workers' entry point, of this library. *shared: so many bytes, of which nothing is known.
 */
extern PgeBuildTeam *pge_build_team_begin(Relation heap, Relation index, struct IndexInfo *info, const char *function, Size bytes,
										  void **shared, dsm_segment **segment);

/* How many participants there will be at most, the leader included. */
extern int	pge_build_team_most(const PgeBuildTeam *team);

/* Starts the workers. Returns how many there are, the leader included; some may still be on their way. */
extern int	pge_build_team_launch(PgeBuildTeam *team);

/* The entry point's first and last call. */
extern PgeBuildTeam *pge_build_team_join(dsm_segment *segment, shm_toc *toc, Relation *heap, Relation *index, void **shared);
extern void pge_build_team_leave(PgeBuildTeam *team);

/* Calls back for this process's share of the table's rows. Returns how many rows these are, as table_index_build_scan() counts. */
extern double pge_build_team_scan(PgeBuildTeam *team, IndexBuildCallback callback, void *state);

/* This process has done its part. */
extern void pge_build_team_done(PgeBuildTeam *team, double heap_rows, double rows);

/* The leader: waits until all have. A worker's error is raised here, and that one cannot start is an error. */
extern PgeBuildResult pge_build_team_wait(PgeBuildTeam *team);

extern void pge_build_team_end(PgeBuildTeam *team);

#endif							/* PGE_BUILD_TEAM_H */
