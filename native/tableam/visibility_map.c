/*
 * Column store, page layer: bits of the visibility map for ranges of blocks, which core sets and clears a block at a time. One image
 * of each map page is logged: less WAL than a record for each block. Generic WAL is no good here: to it a map page's bits are a hole.
 */
#include "postgres.h"

#include "access/visibilitymap.h"
#include "access/xloginsert.h"
#include "miscadmin.h"

#include "directory.h"

/* The visibility map's own arithmetic; visibilitymap.c keeps it private. */
#define VM_BYTES			(BLCKSZ - MAXALIGN(SizeOfPageHeaderData))
#define VM_BLOCKS_PER_BYTE	(BITS_PER_BYTE / BITS_PER_HEAPBLOCK)
#define VM_BLOCKS_PER_PAGE	(VM_BYTES * VM_BLOCKS_PER_BYTE)

/* Give blocks [start, end), all of one map page, these bits. */
static void
set_bits(Relation rel, Buffer map, BlockNumber start, BlockNumber end, uint8 bits)
{
	uint8	   *bytes = (uint8 *) PageGetContents(BufferGetPage(map));
	bool		changed = false;

	LockBuffer(map, BUFFER_LOCK_EXCLUSIVE);
	START_CRIT_SECTION();
	for (BlockNumber block = start; block < end; block++)
	{
		uint32		i = block % VM_BLOCKS_PER_PAGE;
		int			shift = i % VM_BLOCKS_PER_BYTE * BITS_PER_HEAPBLOCK;
		uint8		byte = (bytes[i / VM_BLOCKS_PER_BYTE] & ~(VISIBILITYMAP_VALID_BITS << shift)) | bits << shift;

		changed |= byte != bytes[i / VM_BLOCKS_PER_BYTE];
		bytes[i / VM_BLOCKS_PER_BYTE] = byte;
	}
	if (changed)
	{
		MarkBufferDirty(map);
		if (RelationNeedsWAL(rel))
			log_newpage_buffer(map, false);
	}
	END_CRIT_SECTION();
	LockBuffer(map, BUFFER_LOCK_UNLOCK);
}

static BlockNumber
map_page_end(BlockNumber block, BlockNumber end)
{
	return (BlockNumber) Min(end, ((uint64) block / VM_BLOCKS_PER_PAGE + 1) * VM_BLOCKS_PER_PAGE);
}

/*
 * Mark new pages of ours all-visible and all-frozen, so that VACUUM passes them by. Column TIDs lie beyond the map, so index-only
 * scans never trust these bits for rows.
 */
void
pge_mark_all_frozen(Relation rel, BlockNumber first, uint32 blocks)
{
	BlockNumber end = first + blocks;

	for (BlockNumber block = first; block < end; block = map_page_end(block, end))
	{
		Buffer		map = InvalidBuffer;

		visibilitymap_pin(rel, block, &map);
		set_bits(rel, map, block, map_page_end(block, end), VISIBILITYMAP_VALID_BITS);
		ReleaseBuffer(map);
	}
}

/*
 * Take all bits from blocks [start, end), before their tuples change. The caller keeps VACUUM out, which alone would set them again;
 * the pages' own flags may stay until then.
 */
void
pge_clear_visibility(Relation rel, BlockNumber start, BlockNumber end)
{
	for (BlockNumber block = start; block < end; block = map_page_end(block, end))
	{
		Buffer		map = InvalidBuffer;

		/* Pins the map page, if there is one. */
		visibilitymap_get_status(rel, block, &map);
		if (!BufferIsValid(map))
			continue;
		set_bits(rel, map, block, map_page_end(block, end), 0);
		ReleaseBuffer(map);
	}
}
