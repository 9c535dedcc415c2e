/*
 * Column store: which row groups are read, so that those can be moved that nobody asks for. A table of fixed size in shared memory, which
 * needs no preloading, kept in a file over restarts. To count costs a look-up under a shared lock for each group that a scan opens, and for
 * each group and transaction that reads rows by TID.
 *
 * It is advice, and errs on the side of "read": what is forgotten (the least recent ones, when the table is full; all, when the file is not
 * of this server's history) moves the time since which everything is known. A crash loses what was read since the file was last written.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "port/pg_crc32c.h"
#include "storage/dsm_registry.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "group_access.h"

#define SLOTS			65536
#define MOST_USED		(SLOTS / 8 * 7)

#define FILE_PATH		PGSTAT_STAT_PERMANENT_DIRECTORY "/pg_epiphany_groups.stat"
#define FILE_MAGIC		0x41475045	/* "EPGA" */
#define FILE_VERSION	1

/* While sessions go on; and when one ends. */
#define SAVE_AFTER		(5 * USECS_PER_MINUTE)
#define SAVE_AT_EXIT_AFTER	USECS_PER_SEC

/* A group is known by its table and the moment when it was stored, which it keeps whatever VACUUM FULL makes of its number. */
typedef struct Key
{
	Oid			database;		/* InvalidOid: a free slot */
	Oid			relid;
	int64		stored_at;		/* its number where that is not known */
} Key;

/* In the file, too. */
typedef struct Counts
{
	Key			key;
	uint64		reads;
	TimestampTz last_read;
	uint64		requests;
	uint64		bytes_read;
	uint64		cache_hits;
} Counts;

typedef struct Slot
{
	Key			key;
	pg_atomic_uint64 reads;
	pg_atomic_uint64 last_read;
	pg_atomic_uint64 requests;
	pg_atomic_uint64 bytes_read;
	pg_atomic_uint64 cache_hits;
} Slot;

typedef struct Shared
{
	int			tranche;
	LWLock		lock;			/* shared: slots that are taken stay, their numbers grow */
	LWLock		saving;
	bool		loaded;
	uint32		timeline;		/* whose reads are known; 0: a standby's */
	TimestampTz since;			/* of groups that have no slot: not read since */
	uint32		used;
	pg_atomic_uint32 changed;	/* since it was saved */
	pg_atomic_uint64 saved_at;
	Slot		slots[SLOTS];
} Shared;

typedef struct FileHead
{
	uint32		magic;
	uint32		version;
	uint32		crc;			/* of what follows */
	uint32		timeline;
	TimestampTz since;
	uint64		count;			/* of Counts, behind this */
} FileHead;

static Shared *shared;

/* ---- slots ---- */

static Key
key_of(Oid relid, const PgeGroupDesc *desc)
{
	return (Key) {MyDatabaseId, relid, desc->stored_at != 0 ? desc->stored_at : (int64) desc->group_id};
}

/* The slot of a key, or the free one where it belongs; under the lock. There is always a free one. */
static Slot *
find(const Key *key)
{
	uint32		i = hash_bytes((const unsigned char *) key, sizeof(Key)) % SLOTS;

	while (OidIsValid(shared->slots[i].key.database) && memcmp(&shared->slots[i].key, key, sizeof(Key)) != 0)
		i = (i + 1) % SLOTS;
	return &shared->slots[i];
}

/* Fills a slot that is free; under the lock, exclusively. */
static void
put(const Counts *counts)
{
	Slot	   *slot = find(&counts->key);

	Assert(!OidIsValid(slot->key.database));
	slot->key = counts->key;
	pg_atomic_init_u64(&slot->reads, counts->reads);
	pg_atomic_init_u64(&slot->last_read, (uint64) counts->last_read);
	pg_atomic_init_u64(&slot->requests, counts->requests);
	pg_atomic_init_u64(&slot->bytes_read, counts->bytes_read);
	pg_atomic_init_u64(&slot->cache_hits, counts->cache_hits);
	shared->used++;
}

static Counts
counts_of(Slot *slot)
{
	return (Counts)
	{
		.key = slot->key,
		.reads = pg_atomic_read_u64(&slot->reads),
		.last_read = (TimestampTz) pg_atomic_read_u64(&slot->last_read),
		.requests = pg_atomic_read_u64(&slot->requests),
		.bytes_read = pg_atomic_read_u64(&slot->bytes_read),
		.cache_hits = pg_atomic_read_u64(&slot->cache_hits),
	};
}

/* All that is known; under the lock. NULL: no memory. */
static Counts *
copy_all(uint32 *n)
{
	Counts	   *all = MemoryContextAllocExtended(TopMemoryContext, Max(shared->used, 1) * sizeof(Counts), MCXT_ALLOC_NO_OOM);

	*n = 0;
	if (all != NULL)
		for (int i = 0; i < SLOTS; i++)
			if (OidIsValid(shared->slots[i].key.database))
				all[(*n)++] = counts_of(&shared->slots[i]);
	return all;
}

static int
compare_last_read(const void *a, const void *b)
{
	TimestampTz left = ((const Counts *) a)->last_read;
	TimestampTz right = ((const Counts *) b)->last_read;

	return (left < right) - (left > right);
}

/* Keeps the half that was read last; under the lock, exclusively. Of those that were read at one moment, as by one statement, some go. */
static void
make_room(void)
{
	uint32		n;
	Counts	   *all = copy_all(&n);

	memset(shared->slots, 0, sizeof(shared->slots));
	shared->used = 0;
	if (all == NULL)
	{
		shared->since = GetCurrentTimestamp();
		return;
	}
	qsort(all, n, sizeof(Counts), compare_last_read);
	for (uint32 i = 0; i < n / 2; i++)
		put(&all[i]);
	shared->since = Max(shared->since, all[n / 2].last_read);
	pfree(all);
}

/* ---- the file ---- */

static uint32
current_timeline(void)
{
	return RecoveryInProgress() ? 0 : GetWALInsertionTimeLine();
}

static pg_crc32c
file_crc(const FileHead *head, const Counts *all)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, (const char *) head + offsetof(FileHead, timeline), sizeof(FileHead) - offsetof(FileHead, timeline));
	COMP_CRC32C(crc, all, head->count * sizeof(Counts));
	FIN_CRC32C(crc);
	return crc;
}

static void
complain(const char *what, const char *path)
{
	ereport(LOG, (errcode_for_file_access(), errmsg("could not %s file \"%s\": %m", what, path)));
}

static bool
write_file(const char *path, const FileHead *head, const Counts *all)
{
	int			fd = OpenTransientFile(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
	size_t		bytes = head->count * sizeof(Counts);
	bool		done;

	if (fd < 0)
		return false;
	errno = ENOSPC;
	done = write(fd, head, sizeof(FileHead)) == sizeof(FileHead) && write(fd, all, bytes) == (ssize_t) bytes;
	return CloseTransientFile(fd) == 0 && done;
}

/* Not synced: a file that an operating system's crash has cut is seen to be none. */
static void
save(void)
{
	FileHead	head = {.magic = FILE_MAGIC,.version = FILE_VERSION};
	Counts	   *all;
	uint32		n;

	pg_atomic_write_u64(&shared->saved_at, (uint64) GetCurrentTimestamp());
	pg_atomic_write_u32(&shared->changed, 0);
	LWLockAcquire(&shared->lock, LW_SHARED);
	head.timeline = shared->timeline;
	head.since = shared->since;
	all = copy_all(&n);
	LWLockRelease(&shared->lock);
	if (all == NULL)
		return;
	head.count = n;
	head.crc = file_crc(&head, all);
	if (!write_file(FILE_PATH ".tmp", &head, all) || rename(FILE_PATH ".tmp", FILE_PATH) != 0)
	{
		complain("write", FILE_PATH);
		(void) unlink(FILE_PATH ".tmp");
	}
	pfree(all);
}

/* Under the lock, exclusively, while nothing is known. */
static void
load(void)
{
	int			fd = OpenTransientFile(FILE_PATH, O_RDONLY | PG_BINARY);
	FileHead	head;
	Counts	   *all = NULL;

	shared->timeline = current_timeline();
	shared->since = GetCurrentTimestamp();
	pg_atomic_write_u64(&shared->saved_at, (uint64) (shared->since - SAVE_AT_EXIT_AFTER));
	if (fd < 0)
	{
		if (errno != ENOENT)
			complain("open", FILE_PATH);
		return;
	}
	if (read(fd, &head, sizeof(head)) == sizeof(head) && head.magic == FILE_MAGIC && head.version == FILE_VERSION && head.count < MOST_USED)
	{
		ssize_t		bytes = (ssize_t) (head.count * sizeof(Counts));

		all = palloc_extended(Max(bytes, 1), MCXT_ALLOC_NO_OOM);
		if (all != NULL && (read(fd, all, bytes) != bytes || !EQ_CRC32C(head.crc, file_crc(&head, all))))
		{
			pfree(all);
			all = NULL;
		}
	}
	CloseTransientFile(fd);
	if (all == NULL)
	{
		ereport(LOG, (errmsg("file \"%s\" cannot be used: when row groups were read is not known", FILE_PATH)));
		return;
	}
	for (uint64 i = 0; i < head.count; i++)
		put(&all[i]);
	pfree(all);
	/* A backup's, or a standby's that was promoted, says nothing of what was read where, or after, it was made. */
	if (head.timeline == shared->timeline)
		shared->since = head.since;
}

static void
save_unless_saving(TimestampTz age)
{
	if (pg_atomic_read_u32(&shared->changed) == 0 ||
		(TimestampTz) pg_atomic_read_u64(&shared->saved_at) + age > GetCurrentTimestamp() ||
		!LWLockConditionalAcquire(&shared->saving, LW_EXCLUSIVE))
		return;
	save();
	LWLockRelease(&shared->saving);
}

/* ---- processes ---- */

static void
initialise(void *memory)
{
	Shared	   *state = memory;

	memset(state, 0, sizeof(*state));
	state->tranche = LWLockNewTrancheId();
	LWLockInitialize(&state->lock, state->tranche);
	LWLockInitialize(&state->saving, state->tranche);
	pg_atomic_init_u32(&state->changed, 0);
	pg_atomic_init_u64(&state->saved_at, 0);
}

static void
session_exit(int code, Datum arg)
{
	save_unless_saving(SAVE_AT_EXIT_AFTER);
}

static void
map(void)
{
	bool		found;

	shared = GetNamedDSMSegment("pg_epiphany groups", sizeof(Shared), initialise, &found);
	LWLockRegisterTranche(shared->tranche, "PgEpiphanyGroups");
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (!shared->loaded)
		load();
	shared->loaded = true;
	LWLockRelease(&shared->lock);
}

static void
attach(void)
{
	if (likely(shared != NULL))
		return;
	map();
	before_shmem_exit(session_exit, (Datum) 0);
}

static void
launcher_exit(int code, Datum arg)
{
	if (pg_atomic_read_u32(&shared->changed) == 0)
		return;
	LWLockAcquire(&shared->saving, LW_EXCLUSIVE);
	save();
	LWLockRelease(&shared->saving);
}

/* This process lives as long as the server does, and writes the file when that stops. */
void
pge_access_save_at_exit(void)
{
	if (shared != NULL)
		return;
	map();
	before_shmem_exit(launcher_exit, (Datum) 0);
}

/* ---- counting ---- */

/* The group's slot, under the lock. */
static Slot *
enter(Oid relid, const PgeGroupDesc *desc)
{
	Key			key = key_of(relid, desc);
	Slot	   *slot;

	attach();
	LWLockAcquire(&shared->lock, LW_SHARED);
	slot = find(&key);
	if (unlikely(!OidIsValid(slot->key.database)))
	{
		LWLockRelease(&shared->lock);
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
		slot = find(&key);
		if (!OidIsValid(slot->key.database))
		{
			if (shared->used >= MOST_USED)
				make_room();
			put(&(Counts) {.key = key});
			slot = find(&key);
		}
	}
	return slot;
}

static void
leave(void)
{
	LWLockRelease(&shared->lock);
	if (pg_atomic_read_u32(&shared->changed) == 0)
		pg_atomic_write_u32(&shared->changed, 1);
}

/* A query reads values of the group. */
void
pge_access_read(Oid relid, const PgeGroupDesc *desc)
{
	TimestampTz now = Max(GetCurrentStatementStartTimestamp(), GetCurrentTransactionStartTimestamp());
	Slot	   *slot = enter(relid, desc);

	pg_atomic_fetch_add_u64(&slot->reads, 1);
	if ((TimestampTz) pg_atomic_read_u64(&slot->last_read) < now)
		pg_atomic_write_u64(&slot->last_read, (uint64) now);
	leave();
	if ((TimestampTz) pg_atomic_read_u64(&shared->saved_at) + SAVE_AFTER < now)
		save_unless_saving(SAVE_AFTER);
}

/* So many bytes of it came from its store. */
void
pge_access_fetched(Oid relid, const PgeGroupDesc *desc, uint64 bytes)
{
	Slot	   *slot = enter(relid, desc);

	pg_atomic_fetch_add_u64(&slot->requests, 1);
	pg_atomic_fetch_add_u64(&slot->bytes_read, (int64) bytes);
	leave();
}

/* A column of it was in the cache. */
void
pge_access_hit(Oid relid, const PgeGroupDesc *desc)
{
	Slot	   *slot = enter(relid, desc);

	pg_atomic_fetch_add_u64(&slot->cache_hits, 1);
	leave();
}

/* What is known of a group. */
void
pge_access_get(Oid relid, const PgeGroupDesc *desc, PgeGroupAccess *access)
{
	Key			key = key_of(relid, desc);
	uint32		timeline = current_timeline();
	Counts		counts;

	attach();
	if (shared->timeline != timeline)
	{
		LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
		shared->timeline = timeline;
		shared->since = GetCurrentTimestamp();
		LWLockRelease(&shared->lock);
	}
	LWLockAcquire(&shared->lock, LW_SHARED);
	counts = counts_of(find(&key));
	access->since = Max(shared->since, desc->stored_at);
	LWLockRelease(&shared->lock);
	access->reads = counts.reads;
	access->last_read = counts.last_read;
	access->requests = counts.requests;
	access->bytes_read = counts.bytes_read;
	access->cache_hits = counts.cache_hits;
}
