/*
 * Column store, page layer: pages of ours move to other blocks of the same table. Ids, TIDs and bytes stay. The caller holds the table's
 * strongest lock. At every instant what the directory names is complete: a crash leaves pages that nobody owns (directory_free.c notes
 * where), never a hole.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/freespace.h"
#include "storage/sinval.h"
#include "utils/inval.h"

#include "directory.h"

/* An empty page of heap's, or one that was never used? */
bool
pge_page_is_free(Page page)
{
	if (PageIsNew(page))
		return true;
	if (pge_page_is_ours(page))
		return false;
	for (OffsetNumber i = FirstOffsetNumber; i <= PageGetMaxOffsetNumber(page); i++)
		if (ItemIdIsUsed(PageGetItemId(page, i)))
			return false;
	return true;
}

/* The first of the blocks that is not free; InvalidBlockNumber: all are. */
static BlockNumber
first_taken(Relation rel, BlockNumber start, uint32 blocks)
{
	for (BlockNumber block = start; block < start + blocks; block++)
	{
		Buffer		buffer = ReadBuffer(rel, block);
		bool		is_free;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		is_free = pge_page_is_free(BufferGetPage(buffer));
		UnlockReleaseBuffer(buffer);
		if (!is_free)
			return block;
	}
	return InvalidBlockNumber;
}

/* Copy pages [done, done + n) of the group's extent to target. */
static void
copy_pages(Relation rel, const PgeGroupDesc *desc, uint32 done, uint32 n, BlockNumber target)
{
	Buffer		buffers[PGE_PAGES_PER_RECORD];
	char	   *payloads = palloc((Size) n * PGE_PAGE_PAYLOAD);

	for (uint32 i = 0; i < n; i++)
	{
		Buffer		source = pge_page_read(rel, desc->first_block + done + i, PGE_KIND_GROUP, BUFFER_LOCK_SHARE);
		PgePageHeader *header = PgePageGetHeader(BufferGetPage(source));

		if (header->group_id != desc->group_id || header->page_no != done + i)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("block %u of column table \"%s\" is not page %u of row group %u",
							BufferGetBlockNumber(source), RelationGetRelationName(rel), done + i, desc->group_id)));
		memcpy(payloads + (Size) i * PGE_PAGE_PAYLOAD, PgePageGetPayload(BufferGetPage(source)), PGE_PAGE_PAYLOAD);
		UnlockReleaseBuffer(source);
	}
	for (uint32 i = 0; i < n; i++)
	{
		buffers[i] = ReadBuffer(rel, target + done + i);
		LockBuffer(buffers[i], BUFFER_LOCK_EXCLUSIVE);
	}
	START_CRIT_SECTION();
	for (uint32 i = 0; i < n; i++)
	{
		/* Should nobody come to own them, there is no writer to ask. */
		pge_page_init(BufferGetPage(buffers[i]), PGE_KIND_GROUP, desc->group_id, done + i, FrozenTransactionId);
		memcpy(PgePageGetPayload(BufferGetPage(buffers[i])), payloads + (Size) i * PGE_PAGE_PAYLOAD, PGE_PAGE_PAYLOAD);
		MarkBufferDirty(buffers[i]);
	}
	pge_pages_log(rel, buffers, n);
	END_CRIT_SECTION();
	for (uint32 i = 0; i < n; i++)
		UnlockReleaseBuffer(buffers[i]);
	pfree(payloads);
}

/* Move a group's extent to free blocks in front of it; false: one of them is not free, which is *taken. The caller has noted a sweep. */
bool
pge_extent_move(Relation rel, PgeGroupDesc *desc, BlockNumber target, BlockNumber *taken)
{
	Buffer		buffer;
	GenericXLogState *state;

	Assert(target + desc->blocks <= desc->first_block);
	*taken = first_taken(rel, target, desc->blocks);
	if (*taken != InvalidBlockNumber)
		return false;
	if (RelationNeedsWAL(rel))
		XLogEnsureRecordSpace(PGE_PAGES_PER_RECORD - 1, 0);
	for (uint32 done = 0; done < desc->blocks; done += PGE_PAGES_PER_RECORD)
	{
		CHECK_FOR_INTERRUPTS();
		copy_pages(rel, desc, done, Min(PGE_PAGES_PER_RECORD, desc->blocks - done), target);
	}
	pge_mark_all_frozen(rel, target, desc->blocks);
	desc->first_block = target;
	buffer = pge_directory_lock(rel, desc->group_id);
	state = GenericXLogStart(rel);
	pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), desc->group_id)->first_block = target;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
	for (uint32 i = 0; i < desc->blocks; i++)
		RecordPageWithFreeSpace(rel, target + i, 0);
	return true;
}

/* ---- single pages: directory, maps, delete vectors ---- */

/* Lock the page that should name the page with this header, and find the place where it does; InvalidBuffer: there is none. */
static Buffer
lock_owner(Relation rel, const PgePageHeader *header, uint16 *offset)
{
	Buffer		buffer = InvalidBuffer;
	PgeGroupDesc desc;
	uint32		no = header->page_no;
	char	   *place = NULL;
	Page		page;

	if (header->kind == PGE_KIND_DIRECTORY && no >= PGE_ROOT_DIRECT)
	{
		BlockNumber map = pge_directory_map_block(rel, (no - PGE_ROOT_DIRECT) / PGE_BLOCKS_PER_MAP);

		buffer = pge_page_read(rel, map, PGE_KIND_MAP, BUFFER_LOCK_EXCLUSIVE);
		place = (char *) ((BlockNumber *) PgePageGetPayload(BufferGetPage(buffer)) + (no - PGE_ROOT_DIRECT) % PGE_BLOCKS_PER_MAP);
	}
	else if ((header->kind == PGE_KIND_DIRECTORY) || (header->kind == PGE_KIND_MAP && no < PGE_ROOT_MAPS))
	{
		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);
		page = BufferGetPage(buffer);
		place = (char *) (header->kind == PGE_KIND_MAP ? &pge_root_of(page)->map[no] : &pge_root_of(page)->directory[no]);
	}
	else if (!pge_directory_get(rel, header->group_id, &desc) || desc.delete_root == InvalidBlockNumber)
		return InvalidBuffer;
	else if (header->kind == PGE_KIND_DELETE_MAP)
	{
		buffer = pge_directory_lock(rel, header->group_id);
		place = (char *) &pge_directory_slot(BufferGetPage(buffer), header->group_id)->delete_root;
	}
	else if ((header->kind == PGE_KIND_DELETE && no < PGE_DELETE_PAGES) || (header->kind == PGE_KIND_DEAD && no < PGE_DEAD_PAGES))
	{
		buffer = pge_delete_read(rel, header->group_id, desc.delete_root, PGE_KIND_DELETE_MAP, 0, BUFFER_LOCK_EXCLUSIVE);
		page = BufferGetPage(buffer);
		place = (char *) (header->kind == PGE_KIND_DEAD ? &pge_delete_map_of(page)->dead[no] : &pge_delete_map_of(page)->pages[no]);
	}
	if (BufferIsValid(buffer))
		*offset = (uint16) (place - (char *) BufferGetPage(buffer));
	return buffer;
}

/*
 * Sessions remember where directory pages are. The transaction's end tells standbys; other sessions must know before they get the table's
 * lock, even if this transaction fails.
 */
static void
directory_moved(Relation rel)
{
	SharedInvalidationMessage message = {0};

	CacheInvalidateRelcache(rel);
	message.rc.id = SHAREDINVALRELCACHE_ID;
	message.rc.dbId = rel->rd_lockInfo.lockRelId.dbId;
	message.rc.relId = RelationGetRelid(rel);
	SendSharedInvalidMessages(&message, 1);
	pge_directory_forget(rel);
}

/* Move a page that is no group's to a free block; its old place is free then, all at once. False: the target is not free. */
bool
pge_page_move(Relation rel, BlockNumber block, BlockNumber target)
{
	Buffer		old = ReadBuffer(rel, block),
				new,
				owner;
	PgePageHeader header;
	uint16		offset = 0;
	bool		done;

	LockBuffer(old, BUFFER_LOCK_SHARE);
	header = *PgePageGetHeader(BufferGetPage(old));
	LockBuffer(old, BUFFER_LOCK_UNLOCK);
	new = ReadBuffer(rel, target);
	LockBuffer(new, BUFFER_LOCK_EXCLUSIVE);
	done = pge_page_is_free(BufferGetPage(new));
	owner = done ? lock_owner(rel, &header, &offset) : InvalidBuffer;
	if (done && (!BufferIsValid(owner) || memcmp((char *) BufferGetPage(owner) + offset, &block, sizeof(block)) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" is a page of kind %u that nobody owns",
						block, RelationGetRelationName(rel), header.kind)));
	if (done)
	{
		GenericXLogState *state = GenericXLogStart(rel);

		LockBuffer(old, BUFFER_LOCK_EXCLUSIVE);
		memcpy(GenericXLogRegisterBuffer(state, new, GENERIC_XLOG_FULL_IMAGE), BufferGetPage(old), BLCKSZ);
		memcpy((char *) GenericXLogRegisterBuffer(state, owner, 0) + offset, &target, sizeof(target));
		pge_page_init_heap(GenericXLogRegisterBuffer(state, old, GENERIC_XLOG_FULL_IMAGE));
		GenericXLogFinish(state);
		LockBuffer(old, BUFFER_LOCK_UNLOCK);
		RecordPageWithFreeSpace(rel, target, 0);
		UnlockReleaseBuffer(owner);
		if (header.kind == PGE_KIND_DIRECTORY)
			directory_moved(rel);
	}
	UnlockReleaseBuffer(new);
	ReleaseBuffer(old);
	return done;
}
