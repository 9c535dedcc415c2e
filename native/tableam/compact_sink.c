/*
 * Column store: rows that compaction moves, on their way into groups: each gets its place, its index entries under the new TID and a note
 * of where it came from. Knows nothing of where that is, nor of who deletes it there.
 *
 * The group is reserved before its first row, so that TIDs are known; it is published when it is full. Rows of a table with a time column
 * wait until as many have come as memory takes, and become a group for each of their buckets, in order.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "column.h"
#include "compact.h"

/* A group closes when it has less room than this, so that a page's rows rarely go to two groups. */
#define SPARE_BYTES		((uint64) 8 * BLCKSZ)

static void
open_indexes(PgeSink *sink)
{
	List	   *oids = RelationGetIndexList(sink->rel);
	ListCell   *cell;

	sink->indexes = palloc0_array(PgeSinkIndex, Max(1, list_length(oids)));
	foreach(cell, oids)
	{
		PgeSinkIndex *entry = &sink->indexes[sink->nindexes];

		entry->index = index_open(lfirst_oid(cell), RowExclusiveLock);
		entry->info = BuildIndexInfo(entry->index);
		if (!entry->info->ii_ReadyForInserts)
		{
			index_close(entry->index, NoLock);
			continue;
		}
		entry->predicate = ExecPrepareQual(entry->info->ii_Predicate, sink->estate);
		sink->nindexes++;
	}
	list_free(oids);
}

PgeSink *
pge_sink_begin(Relation rel)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "compaction", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeSink    *sink = palloc0_object(PgeSink);
	PgeWriterOptions options = {0};

	pge_writer_options(rel, &options);
	sink->rel = rel;
	sink->cid = GetCurrentCommandId(true);
	sink->max_rows = options.MaxRows;
	sink->max_bytes = pge_builder_max_bytes();
	if (pge_time_key(rel, &sink->key))
	{
		/* Half for rows that wait, half for the group that is made of them. */
		sink->max_bytes /= 2;
		sink->sorter = pge_time_sorter_begin(rel, &sink->key, cxt);
	}
	sink->cxt = cxt;
	sink->row_cxt = AllocSetContextCreate(cxt, "row in hand", ALLOCSET_DEFAULT_SIZES);
	sink->estate = CreateExecutorState();
	sink->slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	sink->slot->tts_tableOid = RelationGetRelid(rel);
	GetPerTupleExprContext(sink->estate)->ecxt_scantuple = sink->slot;
	open_indexes(sink);
	MemoryContextSwitchTo(old);
	return sink;
}

/* Take rows only of buckets that lie in from <= time < to as wholes. */
void
pge_sink_bound(PgeSink *sink, int64 from, int64 to)
{
	if (sink->sorter == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" has no time column", RelationGetRelationName(sink->rel)),
				 errhint("Use ALTER TABLE ... SET (epiphany.time_column = ...).")));
	sink->bounded = true;
	pge_time_buckets_within(&sink->key, from, to, &sink->first_bucket, &sink->end_bucket);
}

/*
 * Begin a group, if none is in the making. Whoever takes rows out of their old place does this before: to serializable readers a group of
 * the transaction that took a row away tells that the row may have been moved.
 */
void
pge_sink_open_group(PgeSink *sink)
{
	MemoryContext old;

	if (sink->group != NULL)
		return;
	old = MemoryContextSwitchTo(sink->cxt);
	sink->group = pge_builder_begin(sink->rel, sink->cxt, sink->max_rows, sink->max_bytes);
	memset(&sink->desc, 0, sizeof(sink->desc));
	sink->desc.state = PGE_GROUP_RESERVED;
	sink->desc.xmin = GetCurrentTransactionId();
	sink->desc.cmin = sink->cid;
	sink->desc.natts = RelationGetDescr(sink->rel)->natts;
	sink->desc.first_block = sink->desc.delete_root = InvalidBlockNumber;
	pge_directory_append(sink->rel, &sink->desc);
	sink->origins.nruns = 0;
	sink->origins.descends = false;
	MemoryContextSwitchTo(old);
}

/* Store and publish a group that has rows. */
static void
store_group(PgeSink *sink)
{
	PgeBuilder *group = sink->group;

	sink->group = NULL;
	sink->groups++;
	pge_builder_store(group, sink->rel, &sink->desc, pge_origins_finish(&sink->origins, &sink->desc.flags));
	pge_builder_end(group);
}

/* How many rows the group in the making still takes; a new one if none is. At 0 it wants to be closed. */
uint32
pge_sink_room(PgeSink *sink)
{
	if (sink->sorter != NULL)
		return pge_sink_full(sink) ? 0 : PGE_GROUP_MAX_ROWS;
	if (sink->group == NULL)
		return sink->max_rows;
	if (sink->group->state.Bytes + SPARE_BYTES > sink->max_bytes)
	{
		pge_builder_mark_full(sink->group, &sink->desc);
		return 0;
	}
	return sink->max_rows - pge_builder_rows(sink->group);
}

/* The row's entries. Nobody else can have made them, and whether its keys are unique was found out in its old place. */
static void
insert_entries(PgeSink *sink)
{
	ExprContext *econtext = GetPerTupleExprContext(sink->estate);
	MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);

	for (int i = 0; i < sink->nindexes; i++)
	{
		PgeSinkIndex *entry = &sink->indexes[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (entry->predicate != NULL && !ExecQual(entry->predicate, econtext))
			continue;
		FormIndexDatum(entry->info, sink->slot, sink->estate, values, nulls);
		index_insert(entry->index, values, nulls, &sink->slot->tts_tid, sink->rel, UNIQUE_CHECK_NO, false, entry->info);
	}
	MemoryContextSwitchTo(old);
	ResetExprContext(econtext);
}

/* Give the row in the slot, which was at "from", its place in the group in the making. */
static void
place_row(PgeSink *sink, const ItemPointerData *from)
{
	TupleTableSlot *slot = sink->slot;
	MemoryContext old = MemoryContextSwitchTo(sink->cxt);

	pge_origins_add(&sink->origins, from);
	MemoryContextSwitchTo(old);
	pge_tid_set(&slot->tts_tid, sink->desc.group_id, pge_builder_add(sink->group, slot->tts_values, slot->tts_isnull));
	if (sink->nindexes > 0)
		insert_entries(sink);
	sink->rows++;
}

/*
 * The rows that wait become groups, one or more for each bucket; the first is that which is in the making. Where memory for waiting rows
 * was full of one bucket, its groups cannot get larger, and count as full.
 */
static void
sorted_to_groups(PgeSink *sink)
{
	TupleTableSlot *slot = sink->slot;
	bool		full = pge_time_sorter_bytes(sink->sorter) >= sink->max_bytes;
	uint32		all = pge_time_sorter_rows(sink->sorter);
	PgeTimeRow *rows;
	uint32		n;

	pge_time_sorter_sort(sink->sorter);
	while ((rows = pge_time_sorter_bucket(sink->sorter, &n)) != NULL)
		for (uint32 i = 0; i < n; i++)
		{
			pge_sink_open_group(sink);
			sink->group->sorted = true;
			ExecClearTuple(slot);
			heap_deform_tuple(rows[i].tuple, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
			ExecStoreVirtualTuple(slot);
			place_row(sink, &rows[i].from);
			if (sink->group->state.Full || i + 1 == n)
			{
				CHECK_FOR_INTERRUPTS();
				if (full && n > all / 2)
					pge_builder_mark_full(sink->group, &sink->desc);
				store_group(sink);
			}
		}
	ExecClearTuple(slot);
	pge_time_sorter_reset(sink->sorter);
}

/*
 * Store and publish the group in the making, if there is one. It has no rows where others were quicker to change all that were to move:
 * then it is left as if its writer had died, and VACUUM takes its descriptor back.
 */
void
pge_sink_close_group(PgeSink *sink)
{
	PgeBuilder *group = sink->group;

	if (group == NULL)
		return;
	if (sink->sorter != NULL && pge_time_sorter_rows(sink->sorter) > 0)
		sorted_to_groups(sink);
	else if (pge_builder_rows(group) > 0)
		store_group(sink);
	else
	{
		sink->group = NULL;
		pge_builder_end(group);
	}
}

/*
 * Take the row in the slot, which was at "from"; its values must live until the next flush. A group that is full then is the caller's to
 * close.
 */
void
pge_sink_add(PgeSink *sink, ItemPointer from)
{
	TupleTableSlot *slot = sink->slot;
	TupleDesc	tupdesc = slot->tts_tupleDescriptor;
	bool		fetched = false;
	MemoryContext old;

	pge_sink_open_group(sink);
	/* Once for the group and for all indexes. */
	old = MemoryContextSwitchTo(sink->row_cxt);
	for (int i = 0; i < tupdesc->natts; i++)
		if (TupleDescAttr(tupdesc, i)->attlen == -1 && !slot->tts_isnull[i] && !TupleDescAttr(tupdesc, i)->attisdropped &&
			VARATT_IS_EXTERNAL(DatumGetPointer(slot->tts_values[i])))
		{
			slot->tts_values[i] = PointerGetDatum(detoast_attr((struct varlena *) DatumGetPointer(slot->tts_values[i])));
			fetched = true;
		}
	MemoryContextSwitchTo(old);
	if (sink->sorter != NULL)
		pge_time_sorter_add(sink->sorter, slot->tts_values, slot->tts_isnull, from);
	else
		place_row(sink, from);
	if (fetched)
	{
		/* Such values can be huge: none is kept longer than needed. */
		pge_builder_flush(sink->group);
		MemoryContextReset(sink->row_cxt);
	}
}

/* Values of rows that were added may go now. As with every row, the group may be full then. */
void
pge_sink_flush(PgeSink *sink)
{
	if (sink->group != NULL)
		pge_builder_flush(sink->group);
}

/* Does the group in the making take no row more? */
bool
pge_sink_full(const PgeSink *sink)
{
	if (sink->sorter != NULL)
		return pge_time_sorter_bytes(sink->sorter) >= sink->max_bytes;
	return sink->group != NULL && sink->group->state.Full;
}

/*
 * May a reader of rows take so many bytes beside the group in the making? If not, it is to be closed, and counts as full. The quarter of
 * all memory that is kept back for encoding is free until then; a group without rows is never in the way.
 */
bool
pge_sink_has_room_beside(PgeSink *sink, uint64 bytes)
{
	if (sink->sorter != NULL)
		return pge_time_sorter_rows(sink->sorter) == 0 || pge_time_sorter_bytes(sink->sorter) + bytes <= sink->max_bytes / 3 * 4;
	if (sink->group == NULL || pge_builder_rows(sink->group) == 0 ||
		MemoryContextMemAllocated(sink->group->cxt, true) + bytes <= sink->max_bytes / 3 * 4)
		return true;
	pge_builder_mark_full(sink->group, &sink->desc);
	return false;
}

/* Store what there is, and end. */
void
pge_sink_end(PgeSink *sink)
{
	pge_sink_close_group(sink);
	for (int i = 0; i < sink->nindexes; i++)
	{
		index_insert_cleanup(sink->indexes[i].index, sink->indexes[i].info);
		index_close(sink->indexes[i].index, NoLock);
	}
	ExecDropSingleTupleTableSlot(sink->slot);
	FreeExecutorState(sink->estate);
	MemoryContextDelete(sink->cxt);
}
