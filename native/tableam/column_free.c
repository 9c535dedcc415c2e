/*
 * Column store: pages of the past. Groups and pages of delete vectors that VACUUM has retired become free pages of the delta once nobody
 * can be reading them; pages that a crash or an abort has left to nobody at once.
 */
#include "postgres.h"

#include "access/transam.h"
#include "storage/procarray.h"
#include "utils/snapmgr.h"

#include "column_vacuum.h"

typedef struct Readers
{
	Relation	rel;
	bool		alone;			/* we hold the table's strongest lock: nobody reads */
	TransactionId told;			/* standbys know that they must not read what was retired before it */
} Readers;

/* Has everybody begun after "next" was the next transaction id? Standbys are told before anything is overwritten. */
static bool
nobody_reads(TransactionId next, void *arg)
{
	Readers    *readers = arg;

	/* A standby holds our lock, too. */
	if (readers->alone)
		return true;
	if (!GlobalVisCheckRemovableXid(readers->rel, next))
		return false;
	if (!TransactionIdIsValid(readers->told) || TransactionIdFollows(next, readers->told))
	{
		pge_log_standby_conflict(readers->rel, next);
		readers->told = next;
	}
	return true;
}

/* Is the block one of a retired descriptor's, which gives it back itself? */
static bool
is_retired(const PgeGroupDesc *descs, uint32 ndescs, BlockNumber block)
{
	for (uint32 i = 0; i < ndescs; i++)
		if (descs[i].state == PGE_GROUP_RETIRED && block >= descs[i].first_block && block - descs[i].first_block < descs[i].blocks)
			return true;
	return false;
}

/* Give back what was retired and nobody reads any more; returns the number of pages. */
uint32
pge_free_retired(Relation rel, bool alone)
{
	Readers		readers = {.rel = rel,.alone = alone};
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	uint32		freed = 0;

	for (uint32 i = 0; i < ndescs; i++)
	{
		const PgeGroupDesc *desc = &descs[i];

		vacuum_delay_point();
		if (desc->state == PGE_GROUP_COMPLETE)
			freed += pge_delete_free_retired(rel, desc, nobody_reads, &readers);
		else if (desc->state == PGE_GROUP_RETIRED && nobody_reads(desc->xmax, &readers))
		{
			freed += pge_delete_vector_free(rel, desc);
			freed += pge_extent_free(rel, pge_pages_of(desc), desc->first_block, desc->blocks);
			pge_directory_free(rel, i);
		}
	}
	if (descs != NULL)
		pfree(descs);
	return freed;
}

/* Is there anything that waits to be given back? */
bool
pge_has_retired(Relation rel)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	bool		found = false;

	for (uint32 i = 0; i < ndescs && !found; i++)
		found = descs[i].state == PGE_GROUP_RETIRED ||
			(descs[i].state == PGE_GROUP_COMPLETE && pge_delete_has_retired(rel, &descs[i]));
	if (descs != NULL)
		pfree(descs);
	return found;
}

/*
 * Give back pages of groups that no group owns. They are looked for only where somebody has noted that there may be some. Transactions
 * before limit had ended before this began; a writer that has not ended will own its pages.
 */
uint32
pge_sweep_orphans(Relation rel, TransactionId limit)
{
	uint32		notes;
	BlockNumber from = pge_sweep_begin(rel, &notes);
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	PgeGroupDesc *descs;
	uint32		ndescs;
	PgeBlockRange *ranges;
	int			nranges;
	bool		all = true;
	uint32		freed = 0;

	if (from == 0)
		return 0;
	ndescs = pge_directory_load(rel, &descs);
	nranges = pge_delta_ranges(rel, descs, ndescs, nblocks, &ranges);
	for (int i = 0; i < nranges; i++)
		for (BlockNumber block = Max(ranges[i].start, from); block < ranges[i].end; block++)
		{
			Buffer		buffer = ReadBuffer(rel, block);
			PgePageHeader header = {0};

			vacuum_delay_point();
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			if (pge_page_is_ours(BufferGetPage(buffer)))
				header = *PgePageGetHeader(BufferGetPage(buffer));
			UnlockReleaseBuffer(buffer);
			if (header.kind != PGE_KIND_GROUP)
				continue;
			if (is_retired(descs, ndescs, block))
				continue;
			/* Ids that are not given out yet belong to pages that are very old. */
			if (TransactionIdIsNormal(header.xid) && !TransactionIdPrecedes(header.xid, limit) &&
				TransactionIdPrecedes(header.xid, ReadNextTransactionId()))
				all = false;
			else
				freed += pge_extent_free(rel, header.group_id, block, 1);
		}
	if (all)
		pge_sweep_end(rel, notes);
	pfree(ranges);
	if (descs != NULL)
		pfree(descs);
	return freed;
}
