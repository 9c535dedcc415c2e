/*
 * Stores: ends of objects, where files say what is in them, that this session has read: who plans a query and then runs it, and runs
 * another one, asks once. An end belongs to an object by its etag, which changes with the bytes; what has none is not kept. The store is
 * asked for the rest, so who may not read an object any more learns no more of it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "s3.h"

/* Of so many objects: a megabyte. The one that was kept first goes first. */
#define MOST_TAILS		16

typedef struct Tail
{
	char	   *object;			/* NULL: none; followed by the bytes */
	const char *bytes;
	uint64		length;
} Tail;

static Tail tails[MOST_TAILS];
static int	next = 0;

/* Where, for whom, which. */
static char *
describe(const S3Store *store, const char *key, const char *etag)
{
	return psprintf("%u %s %s %s %s %s", store->base.server, store->user, store->address, store->prefix, key, etag);
}

/* Copies the end of an object; false: it is not known. */
bool
pge_s3_tail_find(const S3Store *store, const char *key, const char *etag, char *dest, uint64 length)
{
	char	   *object = describe(store, key, etag);
	bool		found = false;

	for (int i = 0; i < MOST_TAILS && !found; i++)
	{
		found = tails[i].object != NULL && tails[i].length == length && strcmp(tails[i].object, object) == 0;
		if (found)
			memcpy(dest, tails[i].bytes, length);
	}
	pfree(object);
	return found;
}

void
pge_s3_tail_keep(const S3Store *store, const char *key, const char *etag, const char *bytes, uint64 length)
{
	char	   *object = describe(store, key, etag);
	Size		named = strlen(object) + 1;
	char	   *copy;

	if (*etag == '\0')
		return;
	copy = MemoryContextAlloc(TopMemoryContext, named + length);
	memcpy(copy, object, named);
	memcpy(copy + named, bytes, length);
	if (tails[next].object != NULL)
		pfree(tails[next].object);
	tails[next] = (Tail) {.object = copy,.bytes = copy + named,.length = length};
	next = (next + 1) % MOST_TAILS;
	pfree(object);
}
