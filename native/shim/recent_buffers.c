/*
 * Shim: in which buffers a session found pages last (recent_buffers.h).
 */
#include "postgres.h"

#include "pgstat.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "recent_buffers.h"

/* Slots of a relation, and of all. */
#define MIN_SLOTS 64
#define MAX_SLOTS (1 << 20)
#define MAX_ALL (4 * MAX_SLOTS)

static HTAB *known;
static uint64 uses;
static uint64 all_slots;

/* Of a relation of which nothing is remembered; its mask says that nothing is to be noted. */
static PgeRecentSlot nothing = {InvalidBlockNumber, InvalidBuffer};

static void
forget(PgeRecentBuffers *recent)
{
	if (recent->slots != &nothing)
	{
		all_slots -= (uint64) recent->mask + 1;
		pfree(recent->slots);
	}
	recent->slots = &nothing;
	recent->mask = 0;
}

static void
forget_oldest(const PgeRecentBuffers *but)
{
	HASH_SEQ_STATUS status;
	PgeRecentBuffers *recent;
	PgeRecentBuffers *oldest = NULL;

	hash_seq_init(&status, known);
	while ((recent = hash_seq_search(&status)) != NULL)
		if (recent != but && recent->mask > 0 && (oldest == NULL || recent->used < oldest->used))
			oldest = recent;
	if (oldest != NULL)
		forget(oldest);
}

/* As many slots as there are pages, and some for those to come; but not many more than there are buffers. */
static uint32
slots_for(BlockNumber blocks)
{
	uint64		wanted = Min((uint64) blocks + blocks / 8, (uint64) NBuffers);
	uint32		slots = MIN_SLOTS;

	while (slots < wanted && slots < MAX_SLOTS)
		slots *= 2;
	return slots;
}

static void
make_room(PgeRecentBuffers *recent, uint32 slots)
{
	PgeRecentSlot *fresh;

	while (all_slots + slots > MAX_ALL)
	{
		uint64		before = all_slots;

		forget_oldest(recent);
		if (all_slots == before)
			break;
	}
	fresh = MemoryContextAllocHuge(CacheMemoryContext, sizeof(PgeRecentSlot) * slots);
	forget(recent);
	for (uint32 i = 0; i < slots; i++)
		fresh[i] = nothing;
	recent->slots = fresh;
	recent->mask = slots - 1;
	all_slots += slots;
}

PgeRecentBuffers *
pge_recent_buffers(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	PgeRecentBuffers *recent;
	bool		found;

	if (known == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid),.entrysize = sizeof(PgeRecentBuffers),.hcxt = CacheMemoryContext};

		known = hash_create("epiphany recent buffers", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	recent = hash_search(known, &relid, HASH_ENTER, &found);
	if (!found)
	{
		recent->mask = 0;
		recent->slots = &nothing;
		recent->locator = rel->rd_locator;
	}
	recent->used = ++uses;
	if (!RelationUsesLocalBuffers(rel))
	{
		/* Asked every so often: a table that grows outgrows its slots, which is wrong guesses and no harm. */
		bool		moved = !RelFileLocatorEquals(recent->locator, rel->rd_locator);

		if (recent->mask == 0 || moved || (recent->mask < MAX_SLOTS - 1 && uses % 64 == 0))
		{
			uint32		slots = slots_for(RelationGetNumberOfBlocks(rel));

			if (moved || slots > recent->mask + 1)
				make_room(recent, slots);
			recent->locator = rel->rd_locator;
		}
	}
	return recent;
}

bool
pge_recent_pin(Relation rel, BlockNumber block, Buffer guess, uint32 most_uses)
{
	BufferDesc *header;
	uint32		state;

	if (!BufferIsValid(guess) || BufferIsLocal(guess) || !ReadRecentBuffer(rel->rd_locator, MAIN_FORKNUM, block, guess))
		return false;

	/* A page that somebody else is busy with needs no help of ours. */
	header = GetBufferDescriptor(guess - 1);
	state = pg_atomic_read_u32(&header->state);
	if ((state & BM_LOCKED) == 0 && BUF_STATE_GET_USAGECOUNT(state) < most_uses)
		pg_atomic_compare_exchange_u32(&header->state, &state, state + BUF_USAGECOUNT_ONE);
	pgstat_count_buffer_read(rel);
	pgstat_count_buffer_hit(rel);
	return true;
}

Buffer
pge_recent_read(Relation rel, PgeRecentBuffers *recent, BlockNumber block)
{
	Buffer		buffer = pge_recent_where(recent, block);

	if (BufferIsValid(buffer) && pge_recent_pin(rel, block, buffer, BM_MAX_USAGE_COUNT))
	{
		pgstat_count_io_op(IOOBJECT_RELATION, IOCONTEXT_NORMAL, IOOP_HIT);
		return buffer;
	}
	buffer = ReadBuffer(rel, block);
	pge_recent_note(recent, block, buffer);
	return buffer;
}
