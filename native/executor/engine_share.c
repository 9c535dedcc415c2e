/*
 * Executor, the engine's host: rows that the processes of a parallel plan share, such as the inner side of a join. Each process computes
 * some and writes them to a file of its own; when all have, each reads everybody's.
 *
 * A process takes part from before it computes its first row until it has written its last, and gives out no row in between; one that comes
 * later only reads. So nobody waits for a process that could be waiting for him to take rows.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "storage/dsm.h"
#include "utils/wait_event.h"

#include "engine_state.h"
#include "shim/guard.h"
#include "shim/host.h"

/* Phases of the barrier. */
#define WRITING	0

struct PgeEngineShare
{
	Barrier		barrier;
	u64			bytes[FLEXIBLE_ARRAY_MEMBER];	/* written by each member, the leader first */
};

static Size
share_size(int nworkers)
{
	return MAXALIGN(offsetof(PgeEngineShare, bytes) + (nworkers + 1) * sizeof(u64));
}

Size
pge_engine_shares_size(const PgeEngine *engine, int nworkers)
{
	return engine->lowered->nshares == 0 ? 0 :
		add_size(MAXALIGN(sizeof(SharedFileSet)), mul_size(engine->lowered->nshares, share_size(nworkers)));
}

static void
find_shares(PgeEngine *engine, int nworkers, void *space)
{
	engine->share_files = space;
	engine->nmembers = nworkers + 1;
	engine->shares = MemoryContextAlloc(engine->cxt, engine->lowered->nshares * sizeof(PgeEngineShare *));
	for (int i = 0; i < engine->lowered->nshares; i++)
		engine->shares[i] = (PgeEngineShare *) ((char *) space + MAXALIGN(sizeof(SharedFileSet)) + i * share_size(nworkers));
}

static void
start_shares(PgeEngine *engine)
{
	for (int i = 0; i < engine->lowered->nshares; i++)
	{
		BarrierInit(&engine->shares[i]->barrier, 0);
		memset(engine->shares[i]->bytes, 0, engine->nmembers * sizeof(u64));
	}
}

/* The leader. Without a segment it is alone, and shares nothing. */
void
pge_engine_create_shares(PgeEngine *engine, ParallelContext *pcxt, void *space)
{
	engine->nmembers = 0;
	if (engine->lowered->nshares == 0 || pcxt->seg == NULL)
		return;
	find_shares(engine, pcxt->nworkers, space);
	SharedFileSetInit(engine->share_files, pcxt->seg);
	start_shares(engine);
}

/* The leader, when the workers of the last run have ended. */
void
pge_engine_restart_shares(PgeEngine *engine)
{
	if (engine->nmembers == 0)
		return;
	SharedFileSetDeleteAll(engine->share_files);
	start_shares(engine);
}

void
pge_engine_attach_shares(PgeEngine *engine, int nworkers, dsm_handle segment, void *space)
{
	if (engine->lowered->nshares == 0)
		return;
	find_shares(engine, nworkers, space);
	SharedFileSetAttach(engine->share_files, dsm_find_mapping(segment));
}

static void
file_name(char *name, int share, int member)
{
	snprintf(name, MAXPGPATH, "rows%d.%d", share, member);
}

PgeStatus
pge_host_share_begin(ptr host, i32 share, i32 *members, i32 *file)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	Barrier    *barrier;

	*members = engine->nmembers;
	*file = -1;
	if (engine->nmembers > 0)
	{
		barrier = &engine->shares[share]->barrier;
		if (BarrierAttach(barrier) == WRITING)
		{
			char		name[MAXPGPATH];
			MemoryContext old = MemoryContextSwitchTo(engine->cxt);

			file_name(name, share, ParallelWorkerNumber + 1);
			*file = pge_engine_free_file(engine);
			PrepareTempTablespaces();
			engine->files[*file] = BufFileCreateFileSet(&engine->share_files->fs, name);
			MemoryContextSwitchTo(old);
		}
		else
			BarrierDetach(barrier);
	}
	PGE_GUARD_END;
}

PgeStatus
pge_host_share_end(ptr host, i32 share, i32 file, u64 bytes)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	PgeEngineShare *shared = engine->shares[share];
	BufFile    *written = engine->files[file];

	BufFileExportFileSet(written);
	engine->files[file] = NULL;
	BufFileClose(written);
	shared->bytes[ParallelWorkerNumber + 1] = bytes;
	BarrierArriveAndWait(&shared->barrier, WAIT_EVENT_HASH_BUILD_HASH_INNER);
	BarrierDetach(&shared->barrier);
	PGE_GUARD_END;
}

PgeStatus
pge_host_share_open(ptr host, i32 share, i32 member, i32 *file, u64 *bytes)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;

	*file = -1;
	*bytes = engine->shares[share]->bytes[member];
	if (*bytes > 0)
	{
		char		name[MAXPGPATH];
		MemoryContext old = MemoryContextSwitchTo(engine->cxt);

		file_name(name, share, member);
		*file = pge_engine_free_file(engine);
		engine->files[*file] = BufFileOpenFileSet(&engine->share_files->fs, name, O_RDONLY, false);
		MemoryContextSwitchTo(old);
	}
	PGE_GUARD_END;
}
