/*
 * Tiering: counters of all sessions since the server's start, and the size of the cache, in shared memory that needs no preloading.
 */
#include "postgres.h"

#include "port/atomics.h"
#include "storage/dsm_registry.h"
#include "storage/lwlock.h"

#include "cold.h"

typedef struct Shared
{
	int			tranche;
	LWLock		lock;			/* of who makes the cache smaller */
	pg_atomic_uint64 requests;
	pg_atomic_uint64 bytes_read;
	pg_atomic_uint64 hits;
	pg_atomic_uint64 cache_bytes;
} Shared;

static Shared *shared;

static void
initialise(void *memory)
{
	Shared	   *state = memory;

	state->tranche = LWLockNewTrancheId();
	LWLockInitialize(&state->lock, state->tranche);
	pg_atomic_init_u64(&state->requests, 0);
	pg_atomic_init_u64(&state->bytes_read, 0);
	pg_atomic_init_u64(&state->hits, 0);
	pg_atomic_init_u64(&state->cache_bytes, 0);
}

static void
attach(void)
{
	bool		found;

	if (shared != NULL)
		return;
	shared = GetNamedDSMSegment("pg_epiphany tiering", sizeof(Shared), initialise, &found);
	LWLockRegisterTranche(shared->tranche, "PgEpiphanyTiering");
}

void
pge_cold_stats_fetched(uint64 bytes)
{
	attach();
	pg_atomic_fetch_add_u64(&shared->requests, 1);
	pg_atomic_fetch_add_u64(&shared->bytes_read, (int64) bytes);
}

void
pge_cold_stats_hit(void)
{
	attach();
	pg_atomic_fetch_add_u64(&shared->hits, 1);
}

/* True: there is more than may be. */
bool
pge_cold_cache_grew(uint64 bytes)
{
	attach();
	return pg_atomic_add_fetch_u64(&shared->cache_bytes, (int64) bytes) > (uint64) pge_cold_cache_size << 20;
}

/* False: somebody else is making the cache smaller. */
bool
pge_cold_cache_lock(void)
{
	attach();
	return LWLockConditionalAcquire(&shared->lock, LW_EXCLUSIVE);
}

/* It has so many bytes now. */
void
pge_cold_cache_unlock(uint64 bytes)
{
	pg_atomic_write_u64(&shared->cache_bytes, bytes);
	LWLockRelease(&shared->lock);
}

void
pge_cold_stats(PgeColdStats *stats)
{
	attach();
	stats->requests = pg_atomic_read_u64(&shared->requests);
	stats->bytes_read = pg_atomic_read_u64(&shared->bytes_read);
	stats->hits = pg_atomic_read_u64(&shared->hits);
	stats->cache_bytes = pg_atomic_read_u64(&shared->cache_bytes);
}
