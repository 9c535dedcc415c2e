/*
 * Column store: compaction, what its files share and what others may call.
 *
 * To heap a compaction is a bulk delete, and a bulk insert elsewhere, that keep the rows' values; users do not notice it. It runs in the
 * caller's transaction: until that commits nothing has changed for anybody, an abort leaves nothing but garbage for VACUUM.
 */
#ifndef PGE_COMPACT_H
#define PGE_COMPACT_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"

#include "column.h"
#include "group_builder.h"
#include "group_origin.h"
#include "time_sorter.h"

/* How far compaction of a table has come. Begin with zeros, but for min_rows, thorough and the bounds. */
typedef struct PgeCompactProgress
{
	bool		bounded;		/* only buckets that lie in from <= time < to as wholes, of a table with a time column */
	int64		from;
	int64		to;
	uint32		min_rows;		/* leave fewer delta rows than this where they are */
	BlockNumber next_block;		/* delta blocks before it have been done */
	bool		delta_done;
	bool		thorough;		/* join groups whatever the effort; else only small ones */
	uint32		next_group;		/* groups before it have been looked at */
	uint64		rows;			/* moved so far */
	uint32		groups;			/* made so far */
} PgeCompactProgress;

/*
 * Make at most one group of what the table has to compact. True: call again, after a commit if others should not wait for the rows; the
 * caller may drop the table's lock in between. The caller holds ShareUpdateExclusiveLock on rel and a snapshot, and has made sure
 * that this session does not use the table otherwise. A table that cannot be compacted is an error: ask pge_compact_refusal() before.
 */
extern bool pge_compact_some(Relation rel, PgeCompactProgress *progress);

/* Why the table cannot be compacted, as an error message's tail ("..."), or NULL. */
extern const char *pge_compact_refusal(Relation rel);

/* Has a table with a time column groups that are to be merged or sorted? Looks at descriptors only. */
extern bool pge_compact_buckets_wait(Relation rel, const PgeGroupDesc *descs, uint32 ndescs);

/* Is a group worth a rewrite of its own: is more than one of its rows in five dead? */
static inline bool
pge_compact_sparse(uint32 rows, uint32 dead)
{
	return (uint64) dead * 5 > rows;
}

/* ---- compact_sink.c: moved rows into groups and indexes ---- */

typedef struct PgeSinkIndex
{
	Relation	index;
	IndexInfo  *info;
	ExprState  *predicate;
} PgeSinkIndex;

typedef struct PgeSink
{
	Relation	rel;
	CommandId	cid;
	uint64		max_bytes;
	uint32		max_rows;
	MemoryContext cxt;			/* all of this but the rows */
	MemoryContext row_cxt;		/* values of the row in hand fetched from outside it */

	PgeBuilder *group;			/* the group being built, or NULL */
	PgeGroupDesc desc;
	PgeOrigins	origins;

	PgeTimeKey	key;			/* of the sorter */
	PgeTimeSorter *sorter;		/* of a table with a time column, where rows wait for others of their bucket; or NULL */
	bool		bounded;		/* only rows of these buckets are taken */
	int64		first_bucket;
	int64		end_bucket;		/* the first after them */

	EState	   *estate;
	TupleTableSlot *slot;		/* the row in hand */
	PgeSinkIndex *indexes;
	int			nindexes;

	uint64		rows;
	uint64		again;			/* of them those that this transaction's compaction has moved before */
	uint32		groups;
} PgeSink;

extern PgeSink *pge_sink_begin(Relation rel);
extern void pge_sink_bound(PgeSink *sink, int64 from, int64 to);
extern void pge_sink_open_group(PgeSink *sink);
extern uint32 pge_sink_room(PgeSink *sink);
extern void pge_sink_add(PgeSink *sink, ItemPointer from);
extern void pge_sink_flush(PgeSink *sink);
extern bool pge_sink_full(const PgeSink *sink);
extern bool pge_sink_has_room_beside(PgeSink *sink, uint64 bytes);
extern void pge_sink_close_group(PgeSink *sink);
extern void pge_sink_end(PgeSink *sink);

/* ---- compact_delta.c: rows out of the delta ---- */

extern bool pge_compact_delta_has(Relation rel, uint32 rows);
extern bool pge_compact_delta(PgeSink *sink, BlockNumber *next_block);

/* ---- compact_merge.c: rows out of groups ---- */

extern bool pge_compact_merge(PgeSink *sink, bool thorough, uint32 *next_group);

/* ---- compact_buckets.c: which groups of a table with a time column are to become one ---- */

/* Groups that are to become one. */
typedef struct PgeBin
{
	uint32	   *groups;			/* ids, ascending but for buckets */
	int			ngroups;
	uint64		rows;			/* what they have left, and the sink has already */
	bool		sparse;			/* one of them is worth a rewrite of its own */
} PgeBin;

extern bool pge_compact_survey(Relation rel, const PgeGroupDesc *desc, uint64 **gone, uint32 *left);
extern void pge_compact_fill_bucket(PgeSink *sink, const PgeGroupDesc *descs, uint32 ndescs, bool thorough, PgeBin *bin);

#endif							/* PGE_COMPACT_H */
