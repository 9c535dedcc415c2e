/*
 * epiphany_ivf: pages. What is read is checked here: a page that is not what a pointer says is an error, never a crash.
 */
#include "postgres.h"

#include "storage/indexfsm.h"
#include "storage/lmgr.h"

#include "ivf.h"

void
pge_ivf_corrupt(Relation index, BlockNumber block, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" has a damaged page at block %u", RelationGetRelationName(index), block),
			 errdetail_internal("%s", what),
			 errhint("REINDEX makes it anew.")));
}

void
pge_ivf_page_init(Page page, IvfPageKind kind, uint32 list, uint32 generation)
{
	IvfSpecial *special;

	PageInit(page, BLCKSZ, sizeof(IvfSpecial));
	special = IvfPageSpecial(page);
	special->next = InvalidBlockNumber;
	special->list = list;
	special->generation = generation;
	special->kind = kind;
	special->count = 0;
}

/* What lies behind is not logged. */
void
pge_ivf_page_use(Page page, Size bytes)
{
	((PageHeader) page)->pd_lower = MAXALIGN(SizeOfPageHeaderData) + bytes;
}

bool
pge_ivf_page_is(Page page, IvfPageKind kind)
{
	return !PageIsNew(page) && PageGetSpecialSize(page) == MAXALIGN(sizeof(IvfSpecial)) && IvfPageSpecial(page)->kind == kind;
}

/* Of that kind, and of that list as it was then? The page is locked. */
bool
pge_ivf_page_belongs(Page page, IvfPageKind kind, uint32 list, uint32 generation)
{
	return pge_ivf_page_is(page, kind) && IvfPageSpecial(page)->list == list && IvfPageSpecial(page)->generation == generation;
}

/* The buffer is locked. */
IvfSpecial *
pge_ivf_page_check(Relation index, Buffer buffer, IvfPageKind kind)
{
	Page		page = BufferGetPage(buffer);

	if (!pge_ivf_page_is(page, kind))
		pge_ivf_corrupt(index, BufferGetBlockNumber(buffer), "It is not of the kind that points to it.");
	return IvfPageSpecial(page);
}

/*
 * A page that nobody points to, locked exclusively, so that it is ours whatever the free space map says to others: a free one, or one
 * more. The caller writes all of it before it lets go.
 */
Buffer
pge_ivf_new_buffer(Relation index)
{
	BlockNumber block;

	while ((block = GetFreeIndexPage(index)) != InvalidBlockNumber)
	{
		Buffer		buffer;

		if (block >= RelationGetNumberOfBlocks(index))
			continue;
		buffer = ReadBuffer(index, block);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		if (PageIsNew(BufferGetPage(buffer)) || pge_ivf_page_is(BufferGetPage(buffer), IVF_FREE))
			return buffer;
		UnlockReleaseBuffer(buffer);
	}
	return ExtendBufferedRel(BMR_REL(index), MAIN_FORKNUM, NULL, EB_LOCK_FIRST);
}

/* Likewise, to be written later: it belongs to no list until then, and is found free by the next VACUUM if that does not happen. */
BlockNumber
pge_ivf_new_block(Relation index)
{
	Buffer		buffer = pge_ivf_new_buffer(index);
	BlockNumber block = BufferGetBlockNumber(buffer);

	if (!PageIsNew(BufferGetPage(buffer)))
	{
		GenericXLogState *state = GenericXLogStart(index);

		pge_ivf_page_init(GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE), IVF_SLICE, UINT32_MAX, 0);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
	return block;
}

/* While building nobody else sees the file, and all of it is logged in the end. */
void
pge_ivf_write_page(Relation index, BlockNumber block, Page image, bool building)
{
	Buffer		buffer = ReadBuffer(index, block);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (building)
	{
		START_CRIT_SECTION();
		memcpy(BufferGetPage(buffer), image, BLCKSZ);
		MarkBufferDirty(buffer);
		END_CRIT_SECTION();
	}
	else
	{
		GenericXLogState *state = GenericXLogStart(index);

		memcpy(GenericXLogRegisterBuffer(state, buffer, GENERIC_XLOG_FULL_IMAGE), image, BLCKSZ);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
}

IvfHead
pge_ivf_read_head(Relation index, IvfIndex *entry, int list)
{
	Buffer		buffer = pge_recent_read(index, entry->recent, IVF_FIRST_LIST_BLOCK + list / IVF_HEADS_PER_PAGE);
	IvfHead		head;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (pge_ivf_page_check(index, buffer, IVF_HEADS)->count <= list % IVF_HEADS_PER_PAGE)
		pge_ivf_corrupt(index, BufferGetBlockNumber(buffer), "It lacks a list's head.");
	head = ((IvfHead *) IvfPageArea(BufferGetPage(buffer)))[list % IVF_HEADS_PER_PAGE];
	UnlockReleaseBuffer(buffer);
	return head;
}

void
pge_ivf_write_head(Relation index, int list, const IvfHead *head)
{
	Buffer		buffer = ReadBuffer(index, IVF_FIRST_LIST_BLOCK + list / IVF_HEADS_PER_PAGE);
	GenericXLogState *state;
	Page		page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	pge_ivf_page_check(index, buffer, IVF_HEADS);
	state = GenericXLogStart(index);
	page = GenericXLogRegisterBuffer(state, buffer, 0);
	((IvfHead *) IvfPageArea(page))[list % IVF_HEADS_PER_PAGE] = *head;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}
