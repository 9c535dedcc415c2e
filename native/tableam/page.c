/*
 * Column store, page layer: making and checking pages of ours. A page that fails its check is corrupt data, never a crash.
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "miscadmin.h"

#include "directory.h"

/* Make an empty page of ours: to core, a full heap page without tuples (layout.h). */
void
pge_page_init(Page page, uint16 kind, uint32 group_id, uint32 page_no, TransactionId xid)
{
	PageHeader	header = (PageHeader) page;
	PgePageHeader *ours;

	PageInit(page, BLCKSZ, 0);
	header->pd_upper = header->pd_lower;
	PageSetAllVisible(page);

	ours = PgePageGetHeader(page);
	ours->magic = PGE_PAGE_MAGIC;
	ours->version = PGE_PAGE_VERSION;
	ours->kind = kind;
	ours->group_id = group_id;
	ours->page_no = page_no;
	ours->xid = xid;
}

/* Make an empty heap page. The visibility map's bits, if set, stay true of it. */
void
pge_page_init_heap(Page page)
{
	PageInit(page, BLCKSZ, 0);
	PageSetAllVisible(page);
}

/* Is this one of our pages? False for heap pages and for pages that were never written. */
bool
pge_page_is_ours(Page page)
{
	return !PageIsNew(page) &&
		((PageHeader) page)->pd_lower == SizeOfPageHeaderData &&
		((PageHeader) page)->pd_upper == SizeOfPageHeaderData &&
		PgePageGetHeader(page)->magic == PGE_PAGE_MAGIC;
}

/* Check a page that must be ours and of that kind; the buffer is locked or its page immutable. */
PgePageHeader *
pge_page_check(Relation rel, Buffer buffer, uint16 kind)
{
	Page		page = BufferGetPage(buffer);
	PgePageHeader *ours;

	if (!pge_page_is_ours(page))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" is not a page of the column store",
						BufferGetBlockNumber(buffer), RelationGetRelationName(rel)),
				 errdetail("A page of kind %u was expected.", kind)));
	ours = PgePageGetHeader(page);
	if (ours->version != PGE_PAGE_VERSION || ours->kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" has kind %u and version %u, expected kind %u and version %u",
						BufferGetBlockNumber(buffer), RelationGetRelationName(rel),
						ours->kind, ours->version, kind, PGE_PAGE_VERSION)));
	return ours;
}

/*
 * Does the table have that block? Asked of each block number that was read from a page. What the storage manager knew last spares the
 * system call: a table that was cut off meanwhile costs a worse message, no more.
 */
bool
pge_block_exists(Relation rel, BlockNumber block)
{
	BlockNumber known = RelationGetSmgr(rel)->smgr_cached_nblocks[MAIN_FORKNUM];

	return (known != InvalidBlockNumber && block < known) || block < RelationGetNumberOfBlocks(rel);
}

void
pge_block_must_exist(Relation rel, BlockNumber block)
{
	if (!pge_block_exists(rel, block))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" is missing", block, RelationGetRelationName(rel))));
}

/* Read and lock a page that must be ours and of that kind. */
Buffer
pge_page_read(Relation rel, BlockNumber block, uint16 kind, int mode)
{
	Buffer		buffer;

	pge_block_must_exist(rel, block);
	buffer = ReadBuffer(rel, block);
	LockBuffer(buffer, mode);
	pge_page_check(rel, buffer, kind);
	return buffer;
}

/* A new page under generic WAL: the image is ours from the first byte. */
Page
pge_page_register_new(GenericXLogState *state, Buffer buffer, uint16 kind, uint32 group_id, uint32 page_no)
{
	Page		page = GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE);

	pge_page_init(page, kind, group_id, page_no, InvalidTransactionId);
	return page;
}

/*
 * Change a few bytes of a page of ours, which is locked. To WAL this is a generic change, one fragment of a page as generic_xlog.c
 * describes them; but who knows what changes need not have it looked for by comparing pages, which costs ten times as much as all the rest.
 */
void
pge_page_patch(Relation rel, Buffer buffer, uint16 offset, const void *bytes, uint16 length)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber fragment[2] = {offset, length};

	Assert(pge_page_is_ours(page) && offset >= SizeOfPageHeaderData && offset + length <= BLCKSZ);
	START_CRIT_SECTION();
	memcpy((char *) page + offset, bytes, length);
	MarkBufferDirty(buffer);
	if (RelationNeedsWAL(rel))
	{
		XLogBeginInsert();
		XLogRegisterBuffer(0, buffer, REGBUF_STANDARD);
		XLogRegisterBufData(0, (char *) fragment, sizeof(fragment));
		XLogRegisterBufData(0, unconstify(void *, bytes), length);
		PageSetLSN(page, XLogInsert(RM_GENERIC_ID, 0));
	}
	END_CRIT_SECTION();
}
