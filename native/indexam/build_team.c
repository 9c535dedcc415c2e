/*
 * Parallel builds of vector indexes. Promise: an error of any participant ends the build, whatever the others wait for; every wait is one
 * that can be cancelled.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/instrument.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "build_team.h"

#define KEY_TEAM UINT64CONST(0xE500000000000001)
#define KEY_SHARED UINT64CONST(0xE500000000000002)
#define KEY_SCAN UINT64CONST(0xE500000000000003)
#define KEY_QUERY UINT64CONST(0xE500000000000004)
#define KEY_WAL UINT64CONST(0xE500000000000005)
#define KEY_BUFFERS UINT64CONST(0xE500000000000006)

typedef struct TeamState
{
	Oid			heap;
	Oid			index;
	bool		concurrent;
	ConditionVariable changed;
	slock_t		mutex;			/* of what follows */
	int			done;
	double		heap_rows;
	double		rows;
} TeamState;

struct PgeBuildTeam
{
	Relation	heap;
	Relation	index;
	IndexInfo  *info;
	TeamState  *state;
	ParallelTableScanDesc scan;
	WalUsage   *wal;
	BufferUsage *buffers;
	int			participants;

	/* The leader's. */
	ParallelContext *context;
	Snapshot	snapshot;

	/* A worker's. */
	LOCKMODE	heap_lock;
	LOCKMODE	index_lock;
};

static void
reserve(ParallelContext *context, Size bytes)
{
	shm_toc_estimate_chunk(&context->estimator, bytes);
	shm_toc_estimate_keys(&context->estimator, 1);
}

static void *
put(ParallelContext *context, uint64 key, Size bytes)
{
	void	   *place = shm_toc_allocate(context->toc, bytes);

	shm_toc_insert(context->toc, key, place);
	return place;
}

PgeBuildTeam *
pge_build_team_begin(Relation heap, Relation index, IndexInfo *info, const char *function, Size bytes, void **shared,
					 dsm_segment **segment)
{
	PgeBuildTeam *team;
	ParallelContext *context;
	Snapshot	snapshot = SnapshotAny;
	Size		scan_bytes;
	Size		query_bytes = debug_query_string != NULL ? strlen(debug_query_string) + 1 : 0;

	if (info->ii_ParallelWorkers == 0)
		return NULL;
	EnterParallelMode();
	context = CreateParallelContext("pg_epiphany", function, info->ii_ParallelWorkers);

	/* As PostgreSQL's own builds: all rows that somebody may see, or in concurrent ones those of a snapshot. */
	if (info->ii_Concurrent)
		snapshot = RegisterSnapshot(GetTransactionSnapshot());
	scan_bytes = table_parallelscan_estimate(heap, snapshot);
	reserve(context, sizeof(TeamState));
	reserve(context, bytes);
	reserve(context, scan_bytes);
	reserve(context, mul_size(sizeof(WalUsage), context->nworkers));
	reserve(context, mul_size(sizeof(BufferUsage), context->nworkers));
	if (query_bytes > 0)
		reserve(context, query_bytes);
	InitializeParallelDSM(context);
	if (context->seg == NULL)
	{
		if (IsMVCCSnapshot(snapshot))
			UnregisterSnapshot(snapshot);
		DestroyParallelContext(context);
		ExitParallelMode();
		return NULL;
	}

	team = palloc0(sizeof(PgeBuildTeam));
	team->heap = heap;
	team->index = index;
	team->info = info;
	team->context = context;
	team->snapshot = snapshot;
	team->state = put(context, KEY_TEAM, sizeof(TeamState));
	*team->state = (TeamState) {RelationGetRelid(heap), RelationGetRelid(index), info->ii_Concurrent};
	ConditionVariableInit(&team->state->changed);
	SpinLockInit(&team->state->mutex);
	*shared = put(context, KEY_SHARED, bytes);
	*segment = context->seg;
	team->scan = put(context, KEY_SCAN, scan_bytes);
	table_parallelscan_initialize(heap, team->scan, snapshot);
	team->wal = put(context, KEY_WAL, mul_size(sizeof(WalUsage), context->nworkers));
	team->buffers = put(context, KEY_BUFFERS, mul_size(sizeof(BufferUsage), context->nworkers));
	if (query_bytes > 0)
		memcpy(put(context, KEY_QUERY, query_bytes), debug_query_string, query_bytes);
	return team;
}

int
pge_build_team_most(const PgeBuildTeam *team)
{
	return team->context->nworkers + 1;
}

int
pge_build_team_launch(PgeBuildTeam *team)
{
	LaunchParallelWorkers(team->context);
	team->participants = team->context->nworkers_launched + 1;
	ereport(DEBUG1,
			(errmsg("using %d parallel workers", team->context->nworkers_launched)));
	return team->participants;
}

PgeBuildTeam *
pge_build_team_join(dsm_segment *segment, shm_toc *toc, Relation *heap, Relation *index, void **shared)
{
	PgeBuildTeam *team = palloc0(sizeof(PgeBuildTeam));

	debug_query_string = shm_toc_lookup(toc, KEY_QUERY, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	team->state = shm_toc_lookup(toc, KEY_TEAM, false);
	*shared = shm_toc_lookup(toc, KEY_SHARED, false);
	team->scan = shm_toc_lookup(toc, KEY_SCAN, false);
	team->wal = shm_toc_lookup(toc, KEY_WAL, false);
	team->buffers = shm_toc_lookup(toc, KEY_BUFFERS, false);

	/* The locks that the leader has. */
	team->heap_lock = team->state->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	team->index_lock = team->state->concurrent ? RowExclusiveLock : AccessExclusiveLock;
	team->heap = *heap = table_open(team->state->heap, team->heap_lock);
	team->index = *index = index_open(team->state->index, team->index_lock);
	team->info = BuildIndexInfo(team->index);
	team->info->ii_Concurrent = team->state->concurrent;
	InstrStartParallelQuery();
	return team;
}

void
pge_build_team_leave(PgeBuildTeam *team)
{
	InstrEndParallelQuery(&team->buffers[ParallelWorkerNumber], &team->wal[ParallelWorkerNumber]);
	index_close(team->index, team->index_lock);
	table_close(team->heap, team->heap_lock);
}

double
pge_build_team_scan(PgeBuildTeam *team, IndexBuildCallback callback, void *state)
{
	TableScanDesc scan = table_beginscan_parallel(team->heap, team->scan);

	return table_index_build_scan(team->heap, team->index, team->info, true, team->context != NULL, callback, state, scan);
}

void
pge_build_team_done(PgeBuildTeam *team, double heap_rows, double rows)
{
	SpinLockAcquire(&team->state->mutex);
	team->state->done++;
	team->state->heap_rows += heap_rows;
	team->state->rows += rows;
	SpinLockRelease(&team->state->mutex);
	ConditionVariableSignal(&team->state->changed);
}

PgeBuildResult
pge_build_team_wait(PgeBuildTeam *team)
{
	PgeBuildResult result = {.participants = team->participants};
	int			done;

	WaitForParallelWorkersToAttach(team->context);
	ConditionVariablePrepareToSleep(&team->state->changed);
	for (;;)
	{
		SpinLockAcquire(&team->state->mutex);
		done = team->state->done;
		result.heap_rows = team->state->heap_rows;
		result.rows = team->state->rows;
		SpinLockRelease(&team->state->mutex);
		if (done == team->participants)
			break;
		ConditionVariableSleep(&team->state->changed, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
	}
	ConditionVariableCancelSleep();
	return result;
}

void
pge_build_team_end(PgeBuildTeam *team)
{
	WaitForParallelWorkersToFinish(team->context);
	for (int i = 0; i < team->context->nworkers_launched; i++)
		InstrAccumParallelQuery(&team->buffers[i], &team->wal[i]);
	if (IsMVCCSnapshot(team->snapshot))
		UnregisterSnapshot(team->snapshot);
	DestroyParallelContext(team->context);
	ExitParallelMode();
}
