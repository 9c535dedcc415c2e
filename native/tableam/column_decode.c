/*
 * Column store: changes of rows in groups, told to logical decoding. It reads heap's records only, so with wal_level = logical such a
 * change is made to a heap tuple, too: a copy of the row goes to the delta, unseen by decoding, and heap deletes or updates it at once.
 * Decoding gets one DELETE or UPDATE, with the old row that heap would have logged; crash recovery and standbys replay heap's own records.
 *
 * Promise: nobody sees the copy. To this transaction it dies with the command that made it, to others it never lived; no index knows it.
 * Pruning and VACUUM take it away like any dead tuple.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"

#include "column.h"
#include "column_decode.h"
#include "heap_view.h"

/* One change of a row. */
typedef struct Change
{
	Relation	rel;
	Relation	view;			/* the table as heap sees it */
	HeapTuple	copy;
	CommandId	cid;
	MemoryContext caller;
} Change;

/*
 * To heap, every update changes an indexed column (a reference to the whole row always does): so none is HOT. The new version needs index
 * entries of its own, since those of the row do not lead to the copy.
 */
static Relation
show_without_hot(Relation rel)
{
	Relation	view = pge_heap_view_begin(rel);

	view->rd_idattr = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_IDENTITY_KEY);
	view->rd_keyattr = view->rd_hotblockingattr = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
	view->rd_attrsvalid = true;
	return view;
}

/* Does decoding show the column's old value? */
static bool
shown(Change *change, int column)
{
	return change->rel->rd_rel->relreplident == REPLICA_IDENTITY_FULL ||
		bms_is_member(column + 1 - FirstLowInvalidHeapAttributeNumber, change->view->rd_idattr);
}

/*
 * The row, complete, since somebody who builds an index while others may still see the row computes expressions over the copy, too; but
 * without what would have to be TOASTed only to be deleted again, unless decoding shows it.
 */
static HeapTuple
form_copy(Change *change, const PgeGroupDesc *desc, uint32 row)
{
	TupleDesc	tupdesc = RelationGetDescr(change->rel);
	Datum	   *values = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	PgeReader  *reader = pge_reader_cached(change->rel, desc);
	HeapTuple	copy;

	pge_reader_row_values(reader, tupdesc, row, 0, tupdesc->natts, values, nulls, CurrentMemoryContext);
	copy = heap_form_tuple(tupdesc, values, nulls);
	if (copy->t_len > TOAST_TUPLE_THRESHOLD)
	{
		for (int i = 0; i < tupdesc->natts; i++)
			nulls[i] |= TupleDescAttr(tupdesc, i)->attlen == -1 && !shown(change, i);
		copy = heap_form_tuple(tupdesc, values, nulls);
	}
	pge_reader_release(reader);
	return copy;
}

static void
begin_change(Change *change, Relation rel, const PgeGroupDesc *desc, uint32 row, CommandId cid)
{
	struct PgStat_TableStatus *counted;

	change->rel = rel;
	change->cid = cid;
	change->view = show_without_hot(rel);
	change->caller = MemoryContextSwitchTo(GetMemoryChunkContext(change->view));
	change->copy = form_copy(change, desc, row);

	/* Not a row that anybody inserted. */
	counted = change->view->pgstat_info;
	change->view->pgstat_info = NULL;
	heap_insert(change->view, change->copy, cid, HEAP_INSERT_NO_LOGICAL, NULL);
	change->view->pgstat_info = counted;
	/* Heap deletes its TOASTed values as the current command, which cannot be the one that stored them. */
	if (change->copy->t_len > TOAST_TUPLE_THRESHOLD)
		CommandCounterIncrement();
}

/*
 * Heap changes nothing that the same command inserted, so it was told the next one's id. Here the tuple gets the true one as its cmin,
 * and as its cmax if it has any. Command ids matter to this transaction alone: nothing needs to be logged.
 */
static void
set_command(Change *change, ItemPointer tid)
{
	Buffer		buffer = ReadBuffer(change->view, ItemPointerGetBlockNumber(tid));
	Page		page = BufferGetPage(buffer);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	HeapTupleHeaderSetCmin((HeapTupleHeader) PageGetItem(page, PageGetItemId(page, ItemPointerGetOffsetNumber(tid))),
						   change->cid);
	MarkBufferDirtyHint(buffer, true);
	UnlockReleaseBuffer(buffer);
}

static void
end_change(Change *change, TM_Result result)
{
	if (result != TM_Ok)
		elog(ERROR, "could not log the change of a row of column table \"%s\": %d",
			 RelationGetRelationName(change->rel), (int) result);
	set_command(change, &change->copy->t_self);
	MemoryContextSwitchTo(change->caller);
	pge_heap_view_end(change->view);
}

void
pge_decode_delete(Relation rel, const PgeGroupDesc *desc, uint32 row, CommandId cid, bool changing_part)
{
	Change		change;
	TM_FailureData tmfd;

	begin_change(&change, rel, desc, row, cid);
	end_change(&change, heap_delete(change.view, &change.copy->t_self, cid + 1, InvalidSnapshot, true, &tmfd, changing_part));
}

void
pge_decode_update(Relation rel, const PgeGroupDesc *desc, uint32 row, TupleTableSlot *slot, CommandId cid)
{
	Change		change;
	TM_Result	result;
	TM_FailureData tmfd;
	LockTupleMode lockmode;
	TU_UpdateIndexes update_indexes;

	begin_change(&change, rel, desc, row, cid);
	result = pge_heap_routine()->tuple_update(change.view, &change.copy->t_self, slot, cid + 1, InvalidSnapshot, InvalidSnapshot,
											  true, &tmfd, &lockmode, &update_indexes);
	if (result == TM_Ok)
		set_command(&change, &slot->tts_tid);
	/* What RETURNING shows is the slot's own tuple. */
	if (slot->tts_ops->get_heap_tuple != NULL)
		HeapTupleHeaderSetCmin(slot->tts_ops->get_heap_tuple(slot)->t_data, cid);
	end_change(&change, result);
}
