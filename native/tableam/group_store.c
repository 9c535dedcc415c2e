/*
 * Column store, page layer: a row group's bytes to and from pages.
 *
 * Storing: the extent is new blocks at the relation's end, contiguous, filled and WAL-logged as full page images before
 * anybody is told of them (the descriptor follows). A crash or an abort leaves pages that no descriptor names; they say who
 * wrote them. Reading: pages are immutable, but each is checked to be the one that was asked for.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_control.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/lmgr.h"
#include "utils/spccache.h"

#include "shim/recent_buffers.h"

#include "directory.h"

/* An extent is lost when somebody takes one of its blocks between its allocation and our lock; so often we try again. */
#define MAX_TRIES	10

/* Bytes of a group in the making. */
void
pge_image_copy(const PgeGroupImage *image, uint64 offset, uint64 length, char *dest)
{
	while (length > 0)
	{
		const char *segment = (const char *) (uintptr_t) image->Segments[offset / image->SegmentBytes];
		uint64		within = offset % image->SegmentBytes;
		uint64		share = Min(length, image->SegmentBytes - within);

		memcpy(dest, segment + within, share);
		offset += share;
		dest += share;
		length -= share;
	}
}

/* A page's share of the group's bytes, and of the origins that follow them. */
static void
fill_page(Page page, const PgeGroupDesc *desc, uint32 page_no, const PgeGroupImage *image, const PgeOriginList *origins)
{
	uint64		offset = (uint64) page_no * PGE_PAGE_PAYLOAD;
	uint64		end = Min(offset + PGE_PAGE_PAYLOAD, desc->length + desc->origin_length);
	uint64		split = Max(offset, Min(end, desc->length));
	char	   *payload;

	pge_page_init(page, PGE_KIND_GROUP, desc->group_id, page_no, desc->xmin);
	payload = PgePageGetPayload(page);
	pge_image_copy(image, offset, split - offset, payload);
	if (end > split)
		memcpy(payload + (split - offset), (const char *) origins + (split - desc->length), end - split);
}

/* Log a batch of changed, locked buffers as images. In a critical section. */
void
pge_pages_log(Relation rel, Buffer *buffers, int n)
{
	if (RelationNeedsWAL(rel))
	{
		XLogRecPtr	lsn;

		XLogBeginInsert();
		for (int i = 0; i < n; i++)
			XLogRegisterBuffer(i, buffers[i], REGBUF_FORCE_IMAGE | REGBUF_STANDARD);
		lsn = XLogInsert(RM_XLOG_ID, XLOG_FPI);
		for (int i = 0; i < n; i++)
			PageSetLSN(BufferGetPage(buffers[i]), lsn);
	}
}

/* Write the extent; false if somebody took one of its blocks first. */
static bool
write_extent(Relation rel, PgeGroupDesc *desc, const PgeGroupImage *image, const PgeOriginList *origins,
			 BufferAccessStrategy strategy)
{
	uint32		done = 0;
	bool		mine = true;

	while (mine && done < desc->blocks)
	{
		Buffer		buffers[PGE_PAGES_PER_RECORD];
		uint32		got;
		BlockNumber first;

		CHECK_FOR_INTERRUPTS();
		first = ExtendBufferedRelBy(BMR_REL(rel), MAIN_FORKNUM, strategy, EB_SKIP_EXTENSION_LOCK,
									Min(PGE_PAGES_PER_RECORD, desc->blocks - done), buffers, &got);
		if (done == 0)
			desc->first_block = first;
		Assert(first == desc->first_block + done);
		if ((uint64) first + got > PGE_TID_BLOCK_FLAG)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("column table \"%s\" cannot have more than %u blocks",
							RelationGetRelationName(rel), PGE_TID_BLOCK_FLAG)));

		/* A heap insert or VACUUM that saw the new length may have used a block before we could lock it. */
		for (uint32 i = 0; i < got; i++)
		{
			LockBuffer(buffers[i], BUFFER_LOCK_EXCLUSIVE);
			mine &= PageIsNew(BufferGetPage(buffers[i]));
		}
		if (mine)
		{
			START_CRIT_SECTION();
			for (uint32 i = 0; i < got; i++)
			{
				fill_page(BufferGetPage(buffers[i]), desc, done + i, image, origins);
				MarkBufferDirty(buffers[i]);
			}
			pge_pages_log(rel, buffers, got);
			END_CRIT_SECTION();
		}
		for (uint32 i = 0; i < got; i++)
			UnlockReleaseBuffer(buffers[i]);
		done += got;
	}
	return mine;
}

/*
 * Store a group's bytes, and its rows' origins unless NULL, in new blocks; fills desc's extent and lengths. The caller publishes
 * the descriptor afterwards.
 */
void
pge_group_store(Relation rel, PgeGroupDesc *desc, const PgeGroupImage *image, const PgeOriginList *origins)
{
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKWRITE);
	bool		stored = false;

	desc->length = image->Length;
	desc->origin_length = origins ? (uint32) (offsetof(PgeOriginList, runs) + origins->nruns * sizeof(PgeOriginRun)) : 0;
	desc->blocks = (uint32) ((desc->length + desc->origin_length + PGE_PAGE_PAYLOAD - 1) / PGE_PAGE_PAYLOAD);
	if (RelationNeedsWAL(rel))
		XLogEnsureRecordSpace(PGE_PAGES_PER_RECORD - 1, 0);

	for (int tries = 0; !stored; tries++)
	{
		if (tries == MAX_TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("could not find room for a row group of column table \"%s\"",
							RelationGetRelationName(rel)),
					 errdetail("Concurrent inserts took blocks of the group %d times.", MAX_TRIES),
					 errhint("Try again.")));
		/* Held over the whole extent: nobody else grows the relation meanwhile, so it is contiguous. */
		if (!RELATION_IS_LOCAL(rel))
			LockRelationForExtension(rel, ExclusiveLock);
		stored = write_extent(rel, desc, image, origins, strategy);
		if (!RELATION_IS_LOCAL(rel))
			UnlockRelationForExtension(rel, ExclusiveLock);
		if (!stored)
			pge_sweep_note(rel, desc->first_block);
	}
	pge_mark_all_frozen(rel, desc->first_block, desc->blocks);
	FreeAccessStrategy(strategy);
}

/* Of each half of a page, which is a page of memory: processors read ahead within those. */
#define TOUCHED_BYTES	256

/* Pages ahead of the one that is copied: whose bytes are asked for, and the header of whose buffer, which must have come by then. */
#define TOUCHED_AHEAD	2
#define HEADER_AHEAD	5

/*
 * Waits, for memory that will be wanted, beside other such loads: each of them would wait alone later, behind the lock of its buffer. A
 * prefetch does not do where the processor's tables lack the page of memory, which is most of what scattered reads cost.
 */
static inline void
load(const void *memory)
{
	(void) *(const volatile char *) memory;
}

static bool
seems_to_hold(Relation rel, BlockNumber block, Buffer buffer)
{
	BufferTag	tag;

	if (buffer <= 0 || buffer > NBuffers)
		return false;
	InitBufferTag(&tag, &rel->rd_locator, MAIN_FORKNUM, block);
	return BufferTagsEqual(&GetBufferDescriptor(buffer - 1)->tag, &tag);
}

/* Has this reader read the page, or asked for it? */
static bool
was_read(Relation rel, const PgeGroupDesc *desc, uint64 page_no, const PgeReadPlan *plan)
{
	return plan->known != NULL && seems_to_hold(rel, desc->first_block + (BlockNumber) page_no, plan->known[page_no % PGE_KNOWN_BUFFERS]);
}

/*
 * The buffer that a page seems to be in: where it was for this reader or for another of the session, or beside the page before it, since
 * pages that were read together often lie side by side. Looked at without a lock, so who believes it asks again. InvalidBuffer: no idea.
 */
static Buffer
guess_buffer(Relation rel, const PgeGroupDesc *desc, uint64 page_no, const PgeReadPlan *plan)
{
	BlockNumber block = desc->first_block + (BlockNumber) page_no;
	Buffer		guesses[3] = {0};

	if (plan == NULL || plan->known == NULL)
		return InvalidBuffer;
	guesses[0] = plan->recent != NULL ? pge_recent_where(plan->recent, block) : InvalidBuffer;
	guesses[1] = plan->known[page_no % PGE_KNOWN_BUFFERS];
	guesses[2] = page_no == 0 ? InvalidBuffer : plan->known[(page_no - 1) % PGE_KNOWN_BUFFERS];
	guesses[2] += BufferIsValid(guesses[2]);
	for (int i = 0; i < lengthof(guesses); i++)
		if (seems_to_hold(rel, block, guesses[i]))
			return guesses[i];
	return InvalidBuffer;
}

/* The head of a page that is likely to be read soon is brought near, and the lines that the processor does not foresee. */
static void
touch_guess(Relation rel, const PgeGroupDesc *desc, uint64 page_no, const PgeReadPlan *plan)
{
	Buffer		guess = guess_buffer(rel, desc, page_no, plan);

	if (!BufferIsValid(guess))
		return;
	for (int line = 0; line < TOUCHED_BYTES; line += PG_CACHE_LINE_SIZE / 2)
	{
		__builtin_prefetch((char *) BufferGetPage(guess) + line);
		__builtin_prefetch((char *) BufferGetPage(guess) + BLCKSZ / 2 + line);
	}
}

/* Of pages that follow the one that is going to be copied, up to "end": nothing else knows that they do. */
static void
touch_ahead(Relation rel, const PgeGroupDesc *desc, uint64 page_no, uint64 end, const PgeReadPlan *plan)
{
	if (plan == NULL)
		return;
	if (plan->recent != NULL && page_no + HEADER_AHEAD < end)
	{
		Buffer		recent = pge_recent_where(plan->recent, desc->first_block + (BlockNumber) page_no + HEADER_AHEAD);

		if (BufferIsValid(recent))
			__builtin_prefetch(GetBufferDescriptor(recent - 1));
	}
	if (page_no + TOUCHED_AHEAD < end)
		touch_guess(rel, desc, page_no + TOUCHED_AHEAD, plan);
}

static void
remember(const PgeGroupDesc *desc, uint64 page_no, const PgeReadPlan *plan, Buffer buffer)
{
	if (plan == NULL || plan->known == NULL || !BufferIsValid(buffer))
		return;
	plan->known[page_no % PGE_KNOWN_BUFFERS] = buffer;
	if (plan->recent != NULL)
		pge_recent_note(plan->recent, desc->first_block + (BlockNumber) page_no, buffer);
}

/* Ask for the pages that will be read next, if this goes on as it does. */
static void
prefetch_pages(Relation rel, const PgeGroupDesc *desc, uint64 from, uint64 count, const PgeReadPlan *plan)
{
	if (get_tablespace_io_concurrency(rel->rd_rel->reltablespace) == 0)
		return;
	for (uint64 page_no = from; page_no < Min(from + count, desc->blocks); page_no++)
	{
		Buffer		guess = guess_buffer(rel, desc, page_no, plan);

		/* What is looked up now need not be when the page is read. The next page's guess starts from this one's. */
		if (!BufferIsValid(guess))
			guess = PrefetchBuffer(rel, MAIN_FORKNUM, desc->first_block + (BlockNumber) page_no).recent_buffer;
		else
		{
			load(BufferGetPage(guess));
			load(BufferGetPage(guess) + BLCKSZ / 2);
		}
		remember(desc, page_no, plan, guess);
	}
}

static BufferAccessStrategy
ring_of(const PgeReadPlan *plan)
{
	return plan != NULL && plan->bulk != NULL && plan->bulk->pages_left == 0 ? plan->bulk->ring : NULL;
}

/* Pin the buffer that a page is guessed to be in, and count as a look-up would. False: look it up. */
static bool
read_guessed(Relation rel, const PgeGroupDesc *desc, uint32 page_no, const PgeReadPlan *plan, Buffer *buffer)
{
	Buffer		guess = guess_buffer(rel, desc, page_no, plan);
	BufferAccessStrategy ring = ring_of(plan);

	/* Who has no plan has no guess. */
	if (!BufferIsValid(guess) || !pge_recent_pin(rel, desc->first_block + page_no, guess, ring == NULL ? BM_MAX_USAGE_COUNT : 1))
		return false;
	*buffer = guess;
	pgstat_count_io_op(IOOBJECT_RELATION, ring == NULL ? IOCONTEXT_NORMAL : IOContextForStrategy(ring), IOOP_HIT);
	return true;
}

/* Read neighbouring pages as one, or some of them; says how many. */
static int
read_pages(Relation rel, const PgeGroupDesc *desc, uint32 page_no, uint64 wanted, BufferAccessStrategy strategy, Buffer *buffers)
{
	ReadBuffersOperation read = {.rel = rel,.smgr = RelationGetSmgr(rel),.forknum = MAIN_FORKNUM,.strategy = strategy};
	uint32		limit = (uint32) Min(wanted, io_combine_limit);
	int			n;

	if (limit > 1)
	{
		if (RelationUsesLocalBuffers(rel))
			LimitAdditionalLocalPins(&limit);
		else
			LimitAdditionalPins(&limit);
	}
	n = (int) limit;
	if (StartReadBuffers(&read, buffers, desc->first_block + page_no, &n, 0))
		WaitReadBuffers(&read);
	return n;
}

/* Pin the next page of some, or several of them; says how many. */
static int
pin_pages(Relation rel, const PgeGroupDesc *desc, uint32 page_no, uint64 wanted, const PgeReadPlan *plan, Buffer *buffers)
{
	int			n = 1;

	CHECK_FOR_INTERRUPTS();
	if (!read_guessed(rel, desc, page_no, plan, buffers))
		n = read_pages(rel, desc, page_no, wanted, ring_of(plan), buffers);
	if (plan != NULL && plan->bulk != NULL)
		plan->bulk->pages_left -= Min(plan->bulk->pages_left, n);
	for (int i = 0; i < n; i++)
		remember(desc, page_no + i, plan, buffers[i]);
	return n;
}

/* Lock a page that is pinned, and see whether it is the group's. */
static const char *
locked_payload(Relation rel, const PgeGroupDesc *desc, uint32 page_no, Buffer buffer)
{
	PgePageHeader *header;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	header = pge_page_check(rel, buffer, PGE_KIND_GROUP);
	if (header->group_id != desc->group_id || header->page_no != page_no)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block %u of column table \"%s\" holds page %u of row group %u, expected page %u of row group %u",
						BufferGetBlockNumber(buffer), RelationGetRelationName(rel),
						header->page_no, header->group_id, page_no, desc->group_id)));
	return PgePageGetPayload(BufferGetPage(buffer));
}

static void
read_bytes(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest, const PgeReadPlan *plan)
{
	uint64		end = offset + length;
	uint32		page_no = (uint32) (offset / PGE_PAGE_PAYLOAD);
	uint64		pages = (end + PGE_PAGE_PAYLOAD - 1) / PGE_PAGE_PAYLOAD - page_no;

	if (length == 0)
		return;
	pge_block_must_exist(rel, desc->first_block + page_no + (BlockNumber) pages - 1);
	/* Who reads here and there has not read the page before. */
	if (plan != NULL && plan->ahead && (page_no == 0 || was_read(rel, desc, page_no - 1, plan)))
		prefetch_pages(rel, desc, page_no + pages, pages, plan);
	while (pages > 0)
	{
		Buffer		buffers[MAX_IO_COMBINE_LIMIT];
		int			n = pin_pages(rel, desc, page_no, pages, plan, buffers);

		for (int i = 0; i < n; i++, page_no++, pages--)
		{
			uint64		start = (uint64) page_no * PGE_PAGE_PAYLOAD;
			uint64		from = Max(offset, start);
			uint64		to = Min(end, start + PGE_PAGE_PAYLOAD);

			touch_ahead(rel, desc, page_no, page_no + pages, plan);
			memcpy(dest + (from - offset), locked_payload(rel, desc, page_no, buffers[i]) + (from - start), to - from);
			UnlockReleaseBuffer(buffers[i]);
		}
	}
}

static void
check_range(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length)
{
	if (offset > desc->length || length > desc->length - offset)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("row group %u of column table \"%s\" refers to bytes beyond its end",
						desc->group_id, RelationGetRelationName(rel))));
}

/* Copy bytes [offset, offset + length) of a stored group to dest. Without a plan it is one of many reads here and there. */
void
pge_group_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest, const PgeReadPlan *plan)
{
	check_range(rel, desc, offset, length);
	read_bytes(rel, desc, offset, length, dest, plan);
}

/* Memory that reading a part will want, where its page was last: if it is elsewhere, nothing is lost. */
static void
touch_part(const PgeGroupDesc *desc, uint64 offset, uint64 length, const PgeReadPlan *plan)
{
	Buffer		recent = pge_recent_where(plan->recent, desc->first_block + (BlockNumber) (offset / PGE_PAGE_PAYLOAD));
	char	   *page;
	char	   *from;

	if (!BufferIsValid(recent) || recent > NBuffers)
		return;
	page = (char *) BufferGetPage(recent);
	from = PgePageGetPayload(page) + offset % PGE_PAGE_PAYLOAD;
	load(GetBufferDescriptor(recent - 1));
	load(page);
	load(from);
	for (char *line = from; line < Min(from + length, page + BLCKSZ); line += PG_CACHE_LINE_SIZE / 2)
		__builtin_prefetch(line);
}

/* Likewise parts that lie here and there: while one is copied, others come from memory. Those that lie side by side share a page. */
void
pge_group_read_parts(Relation rel, const PgeGroupDesc *desc, const uint64 *offsets, int count, uint64 length, char *dest,
					 const PgeReadPlan *plan)
{
	Buffer		buffer = InvalidBuffer;
	uint64		held = 0;		/* the page in the buffer */
	const char *payload = NULL;

	for (int i = 0; i < count && plan->recent != NULL; i++)
		touch_part(desc, offsets[i], length, plan);
	for (int i = 0; i < count; i++, dest += length)
	{
		uint64		page_no = offsets[i] / PGE_PAGE_PAYLOAD;
		uint64		from = offsets[i] % PGE_PAGE_PAYLOAD;

		check_range(rel, desc, offsets[i], length);
		if (BufferIsValid(buffer) && (page_no != held || from + length > PGE_PAGE_PAYLOAD))
		{
			UnlockReleaseBuffer(buffer);
			buffer = InvalidBuffer;
		}
		if (from + length > PGE_PAGE_PAYLOAD)
		{
			read_bytes(rel, desc, offsets[i], length, dest, plan);
			continue;
		}
		if (!BufferIsValid(buffer))
		{
			held = page_no;
			pge_block_must_exist(rel, desc->first_block + (BlockNumber) page_no);
			pin_pages(rel, desc, (uint32) page_no, 1, plan, &buffer);
			payload = locked_payload(rel, desc, (uint32) page_no, buffer);
		}
		memcpy(dest, payload + from, length);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
}

/* Likewise bytes of a cold group's extent. */
void
pge_stub_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest)
{
	uint64		room = (uint64) desc->blocks * PGE_PAGE_PAYLOAD;

	if (offset > room || length > room - offset)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the stub of row group %u of column table \"%s\" refers to bytes beyond its end",
						desc->group_id, RelationGetRelationName(rel))));
	read_bytes(rel, desc, offset, length, dest, NULL);
}

/* The list of a group's origins as it is stored, palloc'd; group_origin.c checks what it says. */
PgeOriginList *
pge_group_read_origins(Relation rel, const PgeGroupDesc *desc)
{
	PgeOriginList *list = palloc(desc->origin_length);

	read_bytes(rel, desc, desc->length, desc->origin_length, (char *) list, NULL);
	return list;
}
