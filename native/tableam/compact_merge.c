/*
 * Column store: groups that have become few or small are rewritten: their rows that are left move to a new group, by themselves or with
 * others that fit together with them. The old group is marked as replaced.
 *
 * Row locks in groups are heavyweight locks by TID, which would not follow a row: only while nobody holds one, and nobody can take
 * one, may rows move. So the lock of all rows is taken, if it can be had at once, and kept until the end of the transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "column.h"
#include "compact.h"
#include "row_lock.h"

/* Unless asked for, a group is joined with others up to this part of a full one: bounds how often a row moves. */
#define SMALL_SHARE 4

/*
 * The rows of a group that are gone, as a bitmap (NULL: none), and how many are left; false if somebody is changing it, or it is not
 * to be touched at all. A group of this transaction's own counts: what it has just made may fit with others.
 */
bool
pge_compact_survey(Relation rel, const PgeGroupDesc *desc, uint64 **gone, uint32 *left)
{
	PgeGroupFate fate = pge_group_fate(desc);
	SnapshotData dirty;

	if ((fate != PGE_FATE_LIVE && fate != PGE_FATE_MINE) || pge_group_replaced(desc) != PGE_DELETE_NONE)
		return false;
	InitDirtySnapshot(dirty);
	dirty.xmax = InvalidTransactionId;
	*gone = pge_group_gone_rows(rel, desc, &dirty);
	*left = desc->rows;
	for (uint32 row = 0; *gone != NULL && row < desc->rows; row++)
		*left -= pge_bitmap_has(*gone, row);
	return !TransactionIdIsValid(dirty.xmax);
}

/* Would the group gain by a rewrite? A cold one comes back warm by it: only if it is sparse is that worth it. */
static bool
wanted(PgeSink *sink, const PgeGroupDesc *desc, bool thorough, uint32 *left, bool *sparse)
{
	uint64	   *gone = NULL;
	bool		full = pge_builder_is_full(desc, sink->max_rows, sink->max_bytes);
	bool		quiet;

	/* Without a delete vector it has all its rows. */
	if (desc->delete_root == InvalidBlockNumber && full)
		return false;
	quiet = pge_compact_survey(sink->rel, desc, &gone, left);
	if (gone != NULL)
		pfree(gone);
	/* A group of which nothing is left is VACUUM's. */
	if (!quiet || *left == 0)
		return false;
	*sparse = pge_compact_sparse(desc->rows, desc->rows - *left);
	if (desc->flags & PGE_GROUP_COLD)
		return *sparse && !(desc->flags & PGE_GROUP_ARCHIVED);
	return *sparse || (!full && (thorough || *left <= sink->max_rows / SMALL_SHARE));
}

/*
 * Find groups that fit together, and with what the sink has; from *next_group on, which becomes where to look next time. Without rows
 * in the sink a single group counts only if it is sparse.
 */
static void
fill_bin(PgeSink *sink, const PgeGroupDesc *descs, uint32 ndescs, bool thorough, uint32 *next_group, PgeBin *bin)
{
	uint32		begun = sink->group ? pge_builder_rows(sink->group) : 0;

	bin->groups = palloc_array(uint32, ndescs + 1);
	bin->ngroups = 0;
	bin->rows = begun;
	bin->sparse = false;
	for (; *next_group < ndescs; (*next_group)++)
	{
		uint32		left;
		bool		sparse;

		CHECK_FOR_INTERRUPTS();
		if (!wanted(sink, &descs[*next_group], thorough, &left, &sparse))
			continue;
		if (bin->rows + left > sink->max_rows)
		{
			if (begun > 0)
				continue;
			if (bin->ngroups > 1 || bin->sparse)
				return;
			bin->ngroups = 0;
			bin->rows = 0;
		}
		bin->groups[bin->ngroups++] = *next_group;
		bin->rows += left;
		bin->sparse |= sparse;
	}
	if (begun == 0 && bin->ngroups == 1 && !bin->sparse)
		bin->ngroups = 0;
}

/* A group whose rows move. */
typedef struct Source
{
	PgeGroupDesc desc;
	uint64	   *gone;
	PgeReader  *reader;			/* NULL: to be opened for the next row */
} Source;

/* Store the group in the making; the reader's memory goes first, since to encode a group takes what there is. */
static void
close_group(PgeSink *sink, Source *source)
{
	ExecClearTuple(sink->slot);
	if (source->reader != NULL)
		pge_reader_release(source->reader);
	source->reader = NULL;
	pge_sink_close_group(sink);
}

/* Make a reader ready for a vector, within the bound. */
static void
open_vector(PgeSink *sink, Source *source, int vector)
{
	TupleDesc	tupdesc = sink->slot->tts_tupleDescriptor;

	CHECK_FOR_INTERRUPTS();
	if (source->reader == NULL)
		source->reader = pge_reader_open(sink->rel, &source->desc);
	if (pge_sink_has_room_beside(sink, pge_reader_plan_vector(source->reader, tupdesc, vector)))
		return;
	close_group(sink, source);
	source->reader = pge_reader_open(sink->rel, &source->desc);
	(void) pge_reader_plan_vector(source->reader, tupdesc, vector);
}

/* Hand a vector's rows to the sink. Their values live until the reader goes on to another one, large ones until the next row. */
static void
move_vector(PgeSink *sink, Source *source, int vector)
{
	TupleTableSlot *slot = sink->slot;
	uint32		end = Min((vector + 1) * PGE_VECTOR_ROWS, source->desc.rows);

	for (uint32 row = vector * PGE_VECTOR_ROWS; row < end; row++)
	{
		ItemPointerData tid;
		bool		brief;

		if (pge_bitmap_has(source->gone, row))
			continue;
		if (source->reader == NULL)
			open_vector(sink, source, vector);
		pge_tid_set(&tid, source->desc.group_id, row);
		ExecClearTuple(slot);
		brief = pge_reader_spare_values(source->reader, slot->tts_tupleDescriptor, row, slot->tts_values, slot->tts_isnull);
		ExecStoreVirtualTuple(slot);
		pge_sink_add(sink, &tid);
		if (brief)
			pge_sink_flush(sink);
		if (pge_sink_full(sink))
			close_group(sink, source);
	}
	ExecClearTuple(slot);
	pge_sink_flush(sink);
	if (pge_sink_full(sink))
		close_group(sink, source);
}

/* Move a group's rows to the sink; false: somebody has begun to change them. */
static bool
merge_group(PgeSink *sink, uint32 group_id)
{
	Source		source = {0};
	uint32		left;

	/* Under the lock: its delete vector stays as it is from now on. */
	if (!pge_directory_get(sink->rel, group_id, &source.desc) || !pge_compact_survey(sink->rel, &source.desc, &source.gone, &left))
		return false;
	pge_sink_open_group(sink);
	if (source.desc.origin_length > 0 && pge_group_fate(&source.desc) == PGE_FATE_MINE)
		sink->again += left;
	pge_directory_replace(sink->rel, group_id, GetCurrentTransactionId(), sink->cid, false);
	for (int vector = 0; vector * PGE_VECTOR_ROWS < source.desc.rows; vector++)
	{
		open_vector(sink, &source, vector);
		move_vector(sink, &source, vector);
	}
	if (source.reader != NULL)
		pge_reader_release(source.reader);
	if (source.gone != NULL)
		pfree(source.gone);
	return true;
}

/*
 * Join what the sink has with small groups that fit, or make one group of some, from *next_group on. True: there may be more to do.
 * "thorough": whatever the effort.
 */
bool
pge_compact_merge(PgeSink *sink, bool thorough, uint32 *next_group)
{
	bool		timed = sink->sorter != NULL;
	bool		begun = !timed && sink->group != NULL;
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(sink->rel, &descs);
	PgeBin		bin;
	bool		merged = false;

	if (timed)
		pge_compact_fill_bucket(sink, descs, ndescs, thorough, &bin);
	else
		fill_bin(sink, descs, ndescs, thorough, next_group, &bin);
	if (descs != NULL)
		pfree(descs);
	if (bin.ngroups > 0 && !pge_row_lock_all(sink->rel, LockTupleExclusive, false))
	{
		pfree(bin.groups);
		return false;
	}
	for (int i = 0; i < bin.ngroups; i++)
		merged |= merge_group(sink, bin.groups[i]);
	pfree(bin.groups);
	/* What was made may fit with groups before it; and those that did not fit with the rows of the delta may fit with each other. */
	if (begun || (thorough && merged))
		*next_group = 0;
	return begun || (merged && (timed || *next_group < ndescs));
}
