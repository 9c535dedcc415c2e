/*
 * Column store: the table's tuple slot. Holds one of three things: a heap tuple (in an inner buffer-heap slot, since heap's
 * functions accept no other), a column row (values decoded when asked for), or plain values (a virtual tuple, which is what
 * COPY, triggers and materialisation make of any slot). Statements on single rows cost what the slot costs: it is made for each of them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "column.h"
#include "slot_data.h"
#include "statement.h"

typedef enum SlotContent
{
	CONTENT_VALUES = 0,			/* tts_values are it */
	CONTENT_HEAP,
	CONTENT_COLUMN
} SlotContent;

typedef struct PgeSlot
{
	VirtualTupleTableSlot base; /* its data: by-reference values that a materialised slot owns (TTS_SHOULDFREE) */
	Size		data_size;		/* room there; kept for the next row if it is small, as COPY fills slots again and again */
	SlotContent content;
	BufferHeapTupleTableSlot heap;	/* the inner slot, by pge_slot_heap(); its values are ours, in our arrays */
	PgeReader  *reader;			/* CONTENT_COLUMN: held */
	uint32		row;
	PgeFetchMode mode;
	PgeWanted  *asker;			/* knows what is wanted, and has not been asked yet; or NULL */
	const Bitmapset *wanted;	/* columns of column rows that are worth decoding, from 0; NULL: all */
	bool		partial;		/* columns that are not have been left out of this row */
	MemoryContext row_cxt;		/* values of PGE_FETCH_ROW; made at first use */
	bool		has_header;		/* xmin and cmin are a column row's */
	TransactionId xmin;
	CommandId	cmin;
} PgeSlot;

static PgeSlot *
as_pge(TupleTableSlot *slot)
{
	Assert(slot->tts_ops == &PgeSlotOps);
	return (PgeSlot *) slot;
}

static inline TupleTableSlot *
inner(PgeSlot *self)
{
	return &self->heap.base.base;
}

static void
slot_init(TupleTableSlot *slot)
{
}

static void
slot_release(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	if (inner(self)->tts_ops != NULL)
		ExecClearTuple(inner(self));
	if (self->row_cxt != NULL)
		MemoryContextDelete(self->row_cxt);
	pge_slot_data_free(&self->base, &self->data_size);
	self->row_cxt = NULL;
}

static void
slot_clear(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	if (self->reader != NULL)
	{
		pge_reader_release(self->reader);
		self->reader = NULL;
		if (self->mode == PGE_FETCH_ROW)
			MemoryContextReset(self->row_cxt);
	}
	else if (self->content == CONTENT_HEAP)
		ExecClearTuple(inner(self));
	if (unlikely(TTS_SHOULDFREE(slot)))
	{
		if (self->data_size > PGE_SLOT_DATA_KEPT)
			pge_slot_data_free(&self->base, &self->data_size);
		slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
	}
	self->content = CONTENT_VALUES;
	self->has_header = false;
	self->partial = false;
	slot->tts_nvalid = 0;
	slot->tts_flags |= TTS_FLAG_EMPTY;
	ItemPointerSetInvalid(&slot->tts_tid);
}

/* Values of a column row, columns [from, to). */
static void
decode(TupleTableSlot *slot, int from, int to)
{
	PgeSlot    *self = as_pge(slot);

	if (self->mode == PGE_FETCH_VECTOR)
		pge_reader_vector_values(self->reader, slot->tts_tupleDescriptor, self->row, from, to, slot->tts_values, slot->tts_isnull);
	else
		pge_reader_row_values(self->reader, slot->tts_tupleDescriptor, self->row, from, to, slot->tts_values, slot->tts_isnull,
							  self->row_cxt);
}

/* The same, but for columns that nobody wants: they are left null. */
static void
decode_wanted(TupleTableSlot *slot, int from, int to)
{
	PgeSlot    *self = as_pge(slot);

	while (from < to)
	{
		int			end = from;

		while (end < to && bms_is_member(end, self->wanted))
			end++;
		if (end > from)
			decode(slot, from, end);
		for (from = end; from < to && !bms_is_member(from, self->wanted); from++)
		{
			slot->tts_values[from] = (Datum) 0;
			slot->tts_isnull[from] = true;
			self->partial = true;
		}
	}
}

static void
slot_fill(TupleTableSlot *slot, int natts)
{
	PgeSlot    *self = as_pge(slot);
	int			from = slot->tts_nvalid;
	MemoryContext old;

	switch (self->content)
	{
		case CONTENT_HEAP:
			slot_getsomeattrs(inner(self), natts);
			break;
		case CONTENT_COLUMN:
			/* Reading pages allocates and frees. A sort asks in a context where nothing can be freed, to copy the row there. */
			old = MemoryContextSwitchTo(slot->tts_mcxt);
			if (self->asker != NULL)
			{
				self->wanted = self->asker->ask(self->asker);
				self->asker = NULL;
			}
			if (self->wanted == NULL)
				decode(slot, from, natts);
			else
				decode_wanted(slot, from, natts);
			MemoryContextSwitchTo(old);
			break;
		case CONTENT_VALUES:
			elog(ERROR, "a slot of plain values has no more of them");
	}
	slot->tts_nvalid = natts;
}

/* All values, for a copy of the row: with those that were left out. */
static void
fill_all(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);
	PgeWanted  *asker = self->asker;
	const Bitmapset *wanted = self->wanted;

	if (self->partial)
		slot->tts_nvalid = 0;
	self->partial = false;
	self->asker = NULL;
	self->wanted = NULL;
	slot_getallattrs(slot);
	self->asker = asker;
	self->wanted = wanted;
}

/*
 * Only the columns that the asker names are going to be asked for while the slot is in use: others of column rows read as null, but in
 * copies of the slot. He is asked when the first column row is decoded. He and his set must live as long as the slot.
 */
void
pge_slot_want(TupleTableSlot *slot, PgeWanted *asker)
{
	as_pge(slot)->asker = asker;
}

/* Who deleted or updated a column row, as its table has it now; for RETURNING, after the change. */
static TransactionId
column_row_xmax(PgeSlot *self)
{
	Relation	rel = RelationIdGetRelation(self->base.base.tts_tableOid);
	TransactionId xmax = InvalidTransactionId;
	PgeGroupDesc desc;
	PgeDelete	entry;

	if (!RelationIsValid(rel))
		return xmax;
	if (pge_directory_get(rel, pge_reader_desc(self->reader)->group_id, &desc) && desc.state == PGE_GROUP_COMPLETE &&
		pge_delete_get(rel, &desc, self->row, &entry) && pge_delete_fate(&entry) != PGE_DELETE_NONE)
		xmax = entry.xmax;
	RelationClose(rel);
	return xmax;
}

static Datum
slot_sysattr(TupleTableSlot *slot, int attnum, bool *isnull)
{
	PgeSlot    *self = as_pge(slot);

	if (self->content == CONTENT_HEAP)
		return slot_getsysattr(inner(self), attnum, isnull);
	if (!self->has_header)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot retrieve a system column in this context")));
	*isnull = false;
	switch (attnum)
	{
		case MinTransactionIdAttributeNumber:
			return TransactionIdGetDatum(self->xmin);
		case MaxTransactionIdAttributeNumber:
			return TransactionIdGetDatum(self->content == CONTENT_COLUMN ? column_row_xmax(self) : InvalidTransactionId);
		case MinCommandIdAttributeNumber:
		case MaxCommandIdAttributeNumber:
			return CommandIdGetDatum(self->cmin);
	}
	elog(ERROR, "invalid system attribute number %d", attnum);
	return (Datum) 0;
}

static bool
slot_is_current_xact(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	if (self->content == CONTENT_HEAP)
		return slot_is_current_xact_tuple(inner(self));
	if (!self->has_header)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("don't have transaction information for this type of tuple")));
	return TransactionIdIsNormal(self->xmin) && TransactionIdIsCurrentTransactionId(self->xmin);
}

/* Are new rows going to the delta? Then they are made heap tuples at once, not copied as values first. */
static inline bool
single_rows(void)
{
	return pge_statement != NULL && pge_statement->single_rows;
}

/* Plain values become the heap tuple that they are about to be stored as. */
static void
form_tuple(TupleTableSlot *slot)
{
	TupleTableSlot *heap = pge_slot_heap(slot);

	ExecCopySlot(heap, slot);
	heap->tts_tid = slot->tts_tid;
	heap->tts_tableOid = slot->tts_tableOid;
	pge_slot_adopt_heap(slot);
}

static void
slot_materialize(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	Assert(!TTS_EMPTY(slot));
	if (self->content == CONTENT_HEAP)
	{
		/* The tuple moves into the inner slot's own memory, so values that point into the buffer are no longer good. */
		ExecMaterializeSlot(inner(self));
		slot->tts_nvalid = 0;
		return;
	}
	if (TTS_SHOULDFREE(slot))
		return;
	if (self->content == CONTENT_VALUES && !self->has_header && single_rows())
	{
		form_tuple(slot);
		return;
	}
	fill_all(slot);
	pge_slot_data_fill(&self->base, &self->data_size);
	if (self->content == CONTENT_COLUMN)
	{
		pge_reader_release(self->reader);
		self->reader = NULL;
		if (self->mode == PGE_FETCH_ROW)
			MemoryContextReset(self->row_cxt);
		self->content = CONTENT_VALUES;
	}
}

static void
slot_copy(TupleTableSlot *dst, TupleTableSlot *src)
{
	PgeSlot    *self = as_pge(dst);
	PgeSlot    *from = src->tts_ops == &PgeSlotOps ? (PgeSlot *) src : NULL;
	TupleTableSlot *heap = from && from->content == CONTENT_HEAP ? inner(from) :
		from == NULL && (src->tts_ops == &TTSOpsBufferHeapTuple || single_rows()) ? src : NULL;

	slot_clear(dst);
	if (heap != NULL)
	{
		ExecCopySlot(pge_slot_heap(dst), heap);
		self->content = CONTENT_HEAP;
		dst->tts_flags &= ~TTS_FLAG_EMPTY;
	}
	else
	{
		int			natts = src->tts_tupleDescriptor->natts;

		if (from != NULL)
			fill_all(src);
		else
			slot_getallattrs(src);
		memcpy(dst->tts_values, src->tts_values, natts * sizeof(Datum));
		memcpy(dst->tts_isnull, src->tts_isnull, natts * sizeof(bool));
		dst->tts_nvalid = natts;
		dst->tts_flags &= ~TTS_FLAG_EMPTY;
		pge_slot_data_fill(&self->base, &self->data_size);
		if (from != NULL && from->has_header)
		{
			self->has_header = true;
			self->xmin = from->xmin;
			self->cmin = from->cmin;
		}
	}
	dst->tts_tid = src->tts_tid;
	dst->tts_tableOid = src->tts_tableOid;
}

static void
set_header(HeapTuple tuple, TransactionId xmin, CommandId cmin)
{
	HeapTupleHeaderSetXmin(tuple->t_data, xmin);
	HeapTupleHeaderSetCmin(tuple->t_data, cmin);
	HeapTupleHeaderSetXmax(tuple->t_data, InvalidTransactionId);
	tuple->t_data->t_infomask |= HEAP_XMAX_INVALID;
}

static HeapTuple
slot_copy_heap_tuple(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);
	HeapTuple	tuple;

	Assert(!TTS_EMPTY(slot));
	if (self->content == CONTENT_HEAP)
		return ExecCopySlotHeapTuple(inner(self));
	fill_all(slot);
	tuple = heap_form_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
	/* ANALYZE sorts its sample by t_self. */
	tuple->t_self = slot->tts_tid;
	tuple->t_tableOid = slot->tts_tableOid;
	if (self->has_header)
		set_header(tuple, self->xmin, self->cmin);
	return tuple;
}

static MinimalTuple
slot_copy_minimal_tuple(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	Assert(!TTS_EMPTY(slot));
	if (self->content == CONTENT_HEAP)
		return ExecCopySlotMinimalTuple(inner(self));
	fill_all(slot);
	return heap_form_minimal_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
}

const TupleTableSlotOps PgeSlotOps = {
	.base_slot_size = sizeof(PgeSlot),
	.init = slot_init,
	.release = slot_release,
	.clear = slot_clear,
	.getsomeattrs = slot_fill,
	.getsysattr = slot_sysattr,
	.is_current_xact_tuple = slot_is_current_xact,
	.materialize = slot_materialize,
	.copyslot = slot_copy,
	.get_heap_tuple = NULL,
	.get_minimal_tuple = NULL,
	.copy_heap_tuple = slot_copy_heap_tuple,
	.copy_minimal_tuple = slot_copy_minimal_tuple,
};

/*
 * The inner slot, for heap's functions to fill. It is part of ours and deforms into our arrays, so a statement on a single row pays for one
 * slot, and nothing has to be copied. It refers to our descriptor without being counted; we hold that.
 */
TupleTableSlot *
pge_slot_heap(TupleTableSlot *slot)
{
	TupleTableSlot *heap = inner(as_pge(slot));

	if (unlikely(heap->tts_tupleDescriptor != slot->tts_tupleDescriptor))
	{
		heap->type = T_TupleTableSlot;
		heap->tts_flags = TTS_FLAG_EMPTY | TTS_FLAG_FIXED;
		*((const TupleTableSlotOps **) &heap->tts_ops) = &TTSOpsBufferHeapTuple;
		heap->tts_tupleDescriptor = slot->tts_tupleDescriptor;
		heap->tts_values = slot->tts_values;
		heap->tts_isnull = slot->tts_isnull;
		heap->tts_mcxt = slot->tts_mcxt;
	}
	return heap;
}

/* Heap has put a tuple into the inner slot: it is now what the slot holds. */
void
pge_slot_adopt_heap(TupleTableSlot *slot)
{
	PgeSlot    *self = as_pge(slot);

	if (self->content != CONTENT_HEAP)
		slot_clear(slot);
	self->content = CONTENT_HEAP;
	slot->tts_nvalid = 0;
	slot->tts_flags &= ~TTS_FLAG_EMPTY;
	slot->tts_tid = inner(self)->tts_tid;
	slot->tts_tableOid = inner(self)->tts_tableOid;
}

/* Store row "row" of the reader's group. */
void
pge_slot_store_row(TupleTableSlot *slot, Relation rel, PgeReader *reader, uint32 row, PgeFetchMode mode)
{
	PgeSlot    *self = as_pge(slot);
	const PgeGroupDesc *desc = pge_reader_desc(reader);

	if (self->reader == reader && self->mode == PGE_FETCH_VECTOR && mode == PGE_FETCH_VECTOR)
		slot->tts_nvalid = 0;	/* the next row of the same scan */
	else
	{
		pge_reader_retain(reader);
		slot_clear(slot);
		self->reader = reader;
		self->mode = mode;
		self->content = CONTENT_COLUMN;
		if (mode == PGE_FETCH_ROW && self->row_cxt == NULL)
			self->row_cxt = AllocSetContextCreate(slot->tts_mcxt, "column row", ALLOCSET_SMALL_SIZES);
		self->has_header = true;
		self->xmin = desc->flags & PGE_XMIN_FROZEN ? FrozenTransactionId : desc->xmin;
		self->cmin = desc->cmin;
		slot->tts_flags &= ~TTS_FLAG_EMPTY;
		slot->tts_tableOid = RelationGetRelid(rel);
	}
	self->row = row;
	pge_tid_set(&slot->tts_tid, desc->group_id, row);
}

/*
 * What is in the slot has been stored in a group: it has that row's system columns from now on, for RETURNING. Where that can be asked for
 * the executor has materialised the slot before.
 */
void
pge_slot_mark_stored(TupleTableSlot *slot, TransactionId xmin, CommandId cmin)
{
	PgeSlot    *self = (PgeSlot *) slot;

	if (slot->tts_ops != &PgeSlotOps)
		return;
	if (self->content == CONTENT_HEAP && TTS_SHOULDFREE(inner(self)))
		set_header(self->heap.base.tuple, xmin, cmin);
	else if (self->content == CONTENT_VALUES)
	{
		self->has_header = true;
		self->xmin = xmin;
		self->cmin = cmin;
	}
}

/* Does the slot hold a heap tuple? */
bool
pge_slot_is_heap(TupleTableSlot *slot)
{
	return as_pge(slot)->content == CONTENT_HEAP;
}

/* Does the slot hold a column row (decoded or not)? */
bool
pge_slot_is_column(TupleTableSlot *slot)
{
	return slot->tts_ops == &PgeSlotOps && as_pge(slot)->has_header;
}
