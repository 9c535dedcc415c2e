/*
 * Executor, the engine's host: temporary files. They are PostgreSQL's: in temp_tablespaces, under temp_file_limit, seen by log_temp_files,
 * and removed with the query whatever becomes of it.
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "utils/memutils.h"

#include "engine_state.h"
#include "shim/guard.h"
#include "shim/host.h"

#define FIRST_FILES	16

/* A number that no open file has; the caller's memory context must last as long as the node. */
int
pge_engine_free_file(PgeEngine *engine)
{
	for (int i = 0; i < engine->nfiles; i++)
		if (engine->files[i] == NULL)
			return i;
	if (engine->nfiles == engine->space_files)
	{
		engine->space_files = Max(FIRST_FILES, engine->space_files * 2);
		if (engine->files == NULL)
			engine->files = palloc_array(BufFile *, engine->space_files);
		else
			engine->files = repalloc_array(engine->files, BufFile *, engine->space_files);
	}
	engine->files[engine->nfiles] = NULL;
	return engine->nfiles++;
}

PgeStatus
pge_host_file_create(ptr host, i32 *file)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	MemoryContext old = MemoryContextSwitchTo(engine->cxt);

	*file = pge_engine_free_file(engine);
	PrepareTempTablespaces();
	engine->files[*file] = BufFileCreateTemp(false);
	MemoryContextSwitchTo(old);
	PGE_GUARD_END;
}

PgeStatus
pge_host_file_write(ptr host, i32 file, u8 *bytes, u64 length)
{
	PGE_GUARD;
	BufFileWrite(((PgeEngine *) host)->files[file], bytes, length);
	PGE_GUARD_END;
}

PgeStatus
pge_host_file_read(ptr host, i32 file, u8 *bytes, u64 length)
{
	PGE_GUARD;
	BufFileReadExact(((PgeEngine *) host)->files[file], bytes, length);
	PGE_GUARD_END;
}

PgeStatus
pge_host_file_seek(ptr host, i32 file, u64 place)
{
	PGE_GUARD;
	if (BufFileSeek(((PgeEngine *) host)->files[file], 0, (off_t) place, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in a temporary file of a query")));
	PGE_GUARD_END;
}

PgeStatus
pge_host_file_close(ptr host, i32 file)
{
	PGE_GUARD;
	PgeEngine  *engine = (PgeEngine *) host;
	BufFile    *closing = engine->files[file];

	engine->files[file] = NULL;
	BufFileClose(closing);
	PGE_GUARD_END;
}

/* The node's end. An error closes them with the query's resource owner. */
void
pge_engine_close_files(PgeEngine *engine)
{
	for (int i = 0; i < engine->nfiles; i++)
		if (engine->files[i] != NULL)
			BufFileClose(engine->files[i]);
	engine->nfiles = 0;
}
