/*
 * Shim: in which buffers a session found a relation's pages last. A look-up of a page costs more than most that is done with a vector's
 * page; a page that is where it was needs none: the buffer's header says whether it is.
 *
 * What is remembered is a guess. It may be wrong at any time, is checked at each use, and costs 8 bytes a page, of at most MAX_SLOTS
 * pages a relation and MAX_ALL in all; the relations that were not used for longest are forgotten first. Temporary tables' pages are not
 * remembered.
 */
#ifndef PGE_RECENT_BUFFERS_H
#define PGE_RECENT_BUFFERS_H

#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

typedef struct PgeRecentSlot
{
	BlockNumber block;
	Buffer		buffer;			/* InvalidBuffer: nothing is known */
} PgeRecentSlot;

/* Never freed, so it may be kept by what lives as long as the session; its slots come and go. */
typedef struct PgeRecentBuffers
{
	Oid			relid;			/* hash key */
	RelFileLocator locator;
	uint32		mask;
	PgeRecentSlot *slots;		/* mask + 1 */
	uint64		used;			/* by how many other uses it is younger */
} PgeRecentBuffers;

/* What is known of a relation; to be asked for at the beginning of each scan or search. */
extern PgeRecentBuffers *pge_recent_buffers(Relation rel);

/* ReadBuffer() of the main fork. */
extern Buffer pge_recent_read(Relation rel, PgeRecentBuffers *recent, BlockNumber block);

/*
 * Pins the buffer if it has the block, and counts as a look-up would, as a use of the page, too, which ReadRecentBuffer() does not.
 * False: it has another page by now. `uses` is how often the page may be counted as used: 1 of what is read once.
 */
extern bool pge_recent_pin(Relation rel, BlockNumber block, Buffer guess, uint32 uses);

static inline PgeRecentSlot *
pge_recent_slot(const PgeRecentBuffers *recent, BlockNumber block)
{
	return &recent->slots[block & recent->mask];
}

/* Where the block was last; InvalidBuffer: nobody knows. */
static inline Buffer
pge_recent_where(const PgeRecentBuffers *recent, BlockNumber block)
{
	const PgeRecentSlot *slot = pge_recent_slot(recent, block);

	return slot->block == block ? slot->buffer : InvalidBuffer;
}

/* Likewise, to be fetched ahead by the processor: what is there may be something else by now. NULL: nobody knows. */
static inline Page
pge_recent_page(const PgeRecentBuffers *recent, BlockNumber block)
{
	Buffer		buffer = pge_recent_where(recent, block);

	return BufferIsValid(buffer) ? BufferGetPage(buffer) : NULL;
}

/* Does the buffer have the block now, to look at without a pin? That may change at any time; who looks asks again afterwards. */
static inline bool
pge_recent_holds(Relation rel, BlockNumber block, Buffer buffer)
{
	const RelFileLocator *locator = &rel->rd_locator;
	BufferDesc *header;

	if (!BufferIsValid(buffer))
		return false;
	header = GetBufferDescriptor(buffer - 1);
	return header->tag.blockNum == block && header->tag.relNumber == locator->relNumber && header->tag.forkNum == MAIN_FORKNUM &&
		header->tag.spcOid == locator->spcOid && header->tag.dbOid == locator->dbOid &&
		(pg_atomic_read_u32(&header->state) & BM_VALID) != 0;
}

static inline void
pge_recent_note(PgeRecentBuffers *recent, BlockNumber block, Buffer buffer)
{
	if (!BufferIsLocal(buffer) && recent->mask > 0)
		*pge_recent_slot(recent, block) = (PgeRecentSlot)
	{
		block, buffer
	};
}

/* Has the processor fetch a part of a page. */
static inline void
pge_prefetch_bytes(const char *from, Size bytes)
{
	for (Size at = 0; at < bytes; at += 64)
		__builtin_prefetch(from + at);
}

#endif							/* PGE_RECENT_BUFFERS_H */
