/*
 * Column store: the scan descriptor, shared by sequential scans, bitmap scans, samples and index builds.
 */
#ifndef PGE_COLUMN_SCAN_H
#define PGE_COLUMN_SCAN_H

#include "access/heapam.h"
#include "access/relscan.h"

#include "column.h"
#include "column_filter.h"

/* Shared state of a parallel scan. Heap's comes first: index builds hand it to heap. */
typedef struct PgeParallelScan
{
	ParallelBlockTableScanDescData heap;
	pg_atomic_uint32 next_group;
	pg_atomic_uint32 next_chunk;	/* of delta blocks */
	uint32		groups;			/* descriptors there were when the scan began */
	uint32		chunk_blocks;
} PgeParallelScan;

/*
 * A scan goes through units in order: the visible groups, by id, then the ranges of delta blocks. Both directions work: a unit
 * entered backwards starts at its end. In a parallel scan each participant draws its groups, then chunks of blocks.
 */
typedef struct PgeScan
{
	TableScanDescData base;
	TableScanDesc heap;			/* heap's scan of the delta, under the same snapshot */
	PgeParallelScan *parallel;	/* or NULL */

	PgeGroupDesc *descs;		/* all groups when the scan began */
	uint32		ndescs;
	uint32	   *groups;			/* those the snapshot sees, as indexes into descs */
	uint32		ngroups;
	PgeBlockRange *ranges;		/* delta blocks */
	int			nranges;
	BlockNumber nblocks;
	AttrNumber	ordered_by;		/* the column by whose times groups are sorted; 0: they come by id */
	bool		whole_delta;	/* the direction changed: treat the delta as one unit (see column_scan.c) */

	int64		unit;			/* -1: before the first; ngroups + nranges: after the last */
	bool		entered;		/* the unit is set up */
	bool		fresh;			/* nothing was asked for since the begin or the last rescan */
	ScanDirection direction;
	PgeReader  *reader;			/* the group of the unit */
	uint32		reader_of;		/* its number in descs */
	PgeKeptReaders *kept;		/* those of other groups, once groups are read again; or NULL */
	bool		goes_back;		/* groups come that have come before (pge_units_go) */
	uint64	   *gone;			/* its rows that the snapshot does not see any more, or NULL */
	int64		row;			/* last row returned */
	int64		first_row;		/* rows of the group that are scanned: first to last ... */
	int64		last_row;
	uint64		vectors;		/* ... of those vectors whose bit is set; none: there is no reader, either */
	uint64		number;			/* of the scan, in this session; from 1 */
	int64		run_first;		/* the vector in hand */
	int64		run_last;
	PgeScanFilter *filter;		/* or NULL */
	const Bitmapset *columns;	/* from 0, no others are read; or NULL: nobody has said so */
	PgeBulk    *bulk;			/* for pages of groups, where the table is large; or NULL */
	bool		ranged;			/* only TIDs from base.rs_mintid to rs_maxtid (column_tidrange.c) */

	/* parallel: draws only rise, so the search in groups goes on from here; the chunk of delta blocks in hand */
	uint32		next_visible;
	int64		drawn;			/* the next group, if that is drawn already, by its number in descs; or -1 */
	BlockNumber chunk_next;
	BlockNumber chunk_end;

	/* Cold groups: those of units before this one were told of, as to come (cold_scan.c) */
	int64		ahead_unit;

	/* ANALYZE and TABLESAMPLE: rows of the page in hand, removed rows of the group in hand (column_sample.c) */
	uint64	   *removed;
	uint32		removed_of;		/* that group's id + 1 */
	uint32		page_row;
	uint32		page_end;
	uint32		page_step;
	uint32		page_base;
	BlockNumber page_block;
	bool		page_is_group;
	/* ANALYZE: cold groups that stand for all of them, by number; of what share those rows are; what that leaves of others' */
	bool	   *stand_in;
	double		share;
	double		due;

	struct PgeBitmapPart *bitmap;	/* bitmap scans: made at the first column block (column_bitmap.c) */
} PgeScan;

extern bool pge_scan_next_unit(PgeScan *scan);
extern void pge_scan_keep_readers(PgeScan *scan);
extern bool pge_scan_in_group(const PgeScan *scan);
extern int64 pge_scan_draw(PgeScan *scan);
extern void pge_bitmap_reset(PgeScan *scan);

/* scan_group.c */
extern bool pge_scan_rules_out(PgeScanFilter *filter, const PgeGroupDesc *desc, TupleDesc tupdesc);
extern void pge_scan_open_group(PgeScan *scan, uint32 group, Snapshot snapshot);
extern void pge_scan_open_wanted(PgeScan *scan, uint32 group);
extern void pge_scan_load_gone(PgeScan *scan, uint32 group, Snapshot snapshot);
extern void pge_scan_close_group(PgeScan *scan);

/* column_tidrange.c */
extern void pge_tid_range_clip(PgeScan *scan);
extern void pge_tid_range_rows(const PgeScan *scan, const PgeGroupDesc *desc, int64 *first, int64 *last);

static inline bool
pge_tid_range_has(const PgeScan *scan, ItemPointer tid)
{
	return ItemPointerCompare(tid, (ItemPointer) &scan->base.rs_mintid) >= 0 &&
		ItemPointerCompare(tid, (ItemPointer) &scan->base.rs_maxtid) <= 0;
}

/* cold_scan.c */
extern void pge_cold_scan_ahead(PgeScan *scan, uint32 group);

#endif							/* PGE_COLUMN_SCAN_H */
