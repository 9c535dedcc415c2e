/*
 * Column store: readers of groups that a scan keeps when it is run again and again, as the inner side of a nested loop is. To open a group
 * anew each time (footer, chunk indexes, dictionaries, codes of vectors) may cost more than what is asked of it.
 *
 * They count for epiphany.group_cache_size, a scan by itself: the first groups are kept, and what comes when that is reached is opened anew
 * each time. To give up the oldest instead would be to give up what the next run begins with.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "group_reader.h"

struct PgeKeptReaders
{
	uint32		groups;
	Size		bytes;			/* what those that are kept take, as counted when each was put away last */
	PgeReader  *readers[FLEXIBLE_ARRAY_MEMBER];
};

/* None yet, of so many groups; in the current memory context. */
PgeKeptReaders *
pge_kept_readers(uint32 groups)
{
	PgeKeptReaders *kept = MemoryContextAllocZero(CurrentMemoryContext,
												  offsetof(PgeKeptReaders, readers) + groups * sizeof(PgeReader *));

	kept->groups = groups;
	return kept;
}

/* The group's reader, which is the caller's until he puts it away; NULL: he may open one. */
PgeReader *
pge_kept_reader_take(PgeKeptReaders *kept, uint32 group)
{
	PgeReader  *reader = kept->readers[group];

	if (reader != NULL)
		kept->bytes -= reader->bytes;
	kept->readers[group] = NULL;
	return reader;
}

/* The caller's reference goes. */
void
pge_kept_reader_put(PgeKeptReaders *kept, uint32 group, PgeReader *reader)
{
	reader->bytes = MemoryContextMemAllocated(reader->cxt, true);
	if (kept->bytes + reader->bytes > (Size) pge_group_cache_size * 1024)
	{
		pge_reader_release(reader);
		return;
	}
	kept->bytes += reader->bytes;
	kept->readers[group] = reader;
}

void
pge_kept_readers_free(PgeKeptReaders *kept)
{
	for (uint32 i = 0; i < kept->groups; i++)
		if (kept->readers[i] != NULL)
			pge_reader_release(kept->readers[i]);
	pfree(kept);
}
