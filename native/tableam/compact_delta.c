/*
 * Column store: rows out of the delta. A page's rows that everybody sees and nobody is changing are marked as deleted by this transaction,
 * under the page's lock, as DELETE would leave them; whoever wants to change one from then on waits for us, readers go on. Then they are
 * copied out and handed to the sink.
 *
 * Logical decoding must not see these deletes, so they are logged as generic changes of the page.
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"

#include "column.h"
#include "compact.h"

/* Visibility bits are taken from so many blocks ahead at once: one image of the map page for all of them. */
#define VISIBILITY_BLOCKS	1024

typedef struct Delta
{
	Relation	rel;
	const PgeSink *sink;		/* says which rows, where there are bounds; or NULL */
	TransactionId oldest;		/* what precedes it and committed, everybody sees */
	BufferAccessStrategy strategy;
	PgeBlockRange *ranges;
	int			nranges;
} Delta;

static void
begin_delta(Delta *delta, Relation rel, const PgeSink *sink)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);

	delta->rel = rel;
	delta->sink = sink != NULL && sink->bounded ? sink : NULL;
	delta->oldest = GetOldestNonRemovableTransactionId(rel);
	delta->strategy = GetAccessStrategy(BAS_BULKREAD);
	delta->nranges = pge_delta_ranges(rel, descs, ndescs, RelationGetNumberOfBlocks(rel), &delta->ranges);
	if (descs != NULL)
		pfree(descs);
}

static void
end_delta(Delta *delta)
{
	FreeAccessStrategy(delta->strategy);
	pfree(delta->ranges);
}

/* Is the row of a bucket that is asked for? */
static bool
is_within(const PgeSink *sink, HeapTuple tuple)
{
	bool		is_null;
	Datum		value = heap_getattr(tuple, sink->key.attno, RelationGetDescr(sink->rel), &is_null);
	int64		bucket = is_null ? PGE_BUCKET_NULL : pge_time_bucket_of(&sink->key, pge_time_number(&sink->key, value));

	return bucket >= sink->first_bucket && bucket < sink->end_bucket;
}

/* The tuples of a locked page that may move, at most "limit"; their number. */
static int
movable(const Delta *delta, Buffer buffer, uint32 limit, OffsetNumber *offsets)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber last;
	int			n = 0;

	if (PageIsNew(page) || pge_page_is_ours(page))
		return 0;
	last = PageGetMaxOffsetNumber(page);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= last && n < limit; offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleData tuple;

		if (!ItemIdIsNormal(item))
			continue;
		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(delta->rel);
		ItemPointerSet(&tuple.t_self, BufferGetBlockNumber(buffer), offset);
		/* Somebody who saw the version before this one may still follow the chain to it. */
		if (!HeapTupleHeaderXminFrozen(tuple.t_data) &&
			!TransactionIdPrecedes(HeapTupleHeaderGetXmin(tuple.t_data), delta->oldest))
			continue;
		if (delta->sink != NULL && !is_within(delta->sink, &tuple))
			continue;
		if (HeapTupleSatisfiesUpdate(&tuple, GetCurrentCommandId(false), buffer) == TM_Ok)
			offsets[n++] = offset;
	}
	return n;
}

/* As heap_delete() leaves a tuple; it has no newer version, and no pointer to where the row goes. */
static void
mark_deleted(Page page, OffsetNumber offset, BlockNumber block, TransactionId xid, CommandId cid)
{
	HeapTupleHeader header = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, offset));

	header->t_infomask &= ~(HEAP_XMAX_BITS | HEAP_MOVED);
	header->t_infomask2 |= HEAP_KEYS_UPDATED;
	HeapTupleHeaderClearHotUpdated(header);
	HeapTupleHeaderSetXmax(header, xid);
	HeapTupleHeaderSetCmax(header, cid, false);
	ItemPointerSet(&header->t_ctid, block, offset);
}

/* Hand the marked tuples, in a copy of their page, to the sink. */
static void
move_tuples(PgeSink *sink, Page page, BlockNumber block, const OffsetNumber *offsets, int n)
{
	TupleTableSlot *slot = sink->slot;

	for (int i = 0; i < n; i++)
	{
		ItemId		item = PageGetItemId(page, offsets[i]);
		HeapTupleData tuple;

		tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple.t_len = ItemIdGetLength(item);
		tuple.t_tableOid = RelationGetRelid(sink->rel);
		ItemPointerSet(&tuple.t_self, block, offsets[i]);
		ExecClearTuple(slot);
		heap_deform_tuple(&tuple, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		pge_sink_add(sink, &tuple.t_self);
		if (pge_sink_full(sink))
			pge_sink_close_group(sink);
		if (HeapTupleHasExternal(&tuple))
			heap_toast_delete(sink->rel, &tuple, false);
	}
	/* The copy is gone soon. */
	ExecClearTuple(slot);
	pge_sink_flush(sink);
	if (pge_sink_full(sink))
		pge_sink_close_group(sink);
}

/* Move what a page has to move, as far as the sink has room. False: it has more. */
static bool
move_page(PgeSink *sink, const Delta *delta, BlockNumber block, BlockNumber range_end)
{
	Relation	rel = delta->rel;
	uint32		room = pge_sink_room(sink);
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	PGAlignedBlock copy;
	GenericXLogState *state;
	Buffer		map = InvalidBuffer,
				buffer;
	Page		image;
	int			n;

	CHECK_FOR_INTERRUPTS();
	buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block, RBM_NORMAL, delta->strategy);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	n = movable(delta, buffer, MaxHeapTuplesPerPage, offsets);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (n == 0 || room == 0)
	{
		ReleaseBuffer(buffer);
		return n == 0;
	}
	/* Before the page: a crash in between must not leave bits that speak for tuples which are going. */
	if (visibilitymap_get_status(rel, block, &map) != 0)
		pge_clear_visibility(rel, block, Min(range_end, block + VISIBILITY_BLOCKS));
	if (BufferIsValid(map))
		ReleaseBuffer(map);

	pge_sink_open_group(sink);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	n = movable(delta, buffer, room, offsets);
	if (n > 0)
	{
		memcpy(copy.data, BufferGetPage(buffer), BLCKSZ);
		state = GenericXLogStart(rel);
		image = GenericXLogRegisterBuffer(state, buffer, 0);
		for (int i = 0; i < n; i++)
			mark_deleted(image, offsets[i], block, GetCurrentTransactionId(), sink->cid);
		PageSetPrunable(image, GetCurrentTransactionId());
		PageClearAllVisible(image);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
	move_tuples(sink, (Page) copy.data, block, offsets, n);
	return n < room;
}

/* Has the delta so many rows that may move? */
bool
pge_compact_delta_has(Relation rel, uint32 rows)
{
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	uint32		found = 0;
	Delta		delta;

	begin_delta(&delta, rel, NULL);
	for (int i = 0; i < delta.nranges && found < rows; i++)
		for (BlockNumber block = delta.ranges[i].start; block < delta.ranges[i].end && found < rows; block++)
		{
			Buffer		buffer;

			CHECK_FOR_INTERRUPTS();
			buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block, RBM_NORMAL, delta.strategy);
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			found += movable(&delta, buffer, MaxHeapTuplesPerPage, offsets);
			UnlockReleaseBuffer(buffer);
		}
	end_delta(&delta);
	return found >= rows;
}

/* Move rows of blocks from *next_block on until a group is full. False: there are no more. */
bool
pge_compact_delta(PgeSink *sink, BlockNumber *next_block)
{
	uint32		groups = sink->groups;
	bool		more = false;
	Delta		delta;

	begin_delta(&delta, sink->rel, sink);
	for (int i = 0; i < delta.nranges && !more; i++)
		for (BlockNumber block = Max(*next_block, delta.ranges[i].start); block < delta.ranges[i].end && !more; block++)
		{
			more = !move_page(sink, &delta, block, delta.ranges[i].end) || sink->groups > groups;
			*next_block = block;
		}
	end_delta(&delta);
	return more;
}
