/*
 * epiphany_ivf: a scan's state, and its two halves: what reads the index (ivf_search.c), and what returns rows (ivf_scan.c).
 */
#ifndef PGE_IVF_SCAN_H
#define PGE_IVF_SCAN_H

#include "ivf.h"
#include "row_queue.h"

#define IVF_PROBES_GROWTH 4
#define IVF_NO_PART UINT32_MAX

/* What a pass asks the processor for before its turn: how far ahead along the lists it is, as they seem to be. */
typedef struct IvfAhead
{
	const PgeIvfProbe *probes;
	int			count;
	int			turn;			/* of a list */
	bool		records;		/* in its records; else in its blocks */
	BlockNumber block;			/* asked for last */
	int			lead;			/* pages in front of the scan */
} IvfAhead;

typedef struct IvfScanState
{
	const PgeVectorIndexType *type;
	IvfIndex   *index;
	MemoryContext search;		/* of the search between two rescans */
	MemoryContext whole;
	PgeRerank  *rerank;
	bool		started;
	bool		no_query;		/* NULL: every row is at distance 0 */
	bool		impossible;
	bool		recheck;

	PgeIvfScan	scan;
	int			capacity;		/* of candidates */
	PgeIvfProbe *probes;
	uint32	   *generations;	/* of each probe's list */
	bool	   *probed;			/* by list */
	int			probe_count;
	BlockNumber pages;			/* the file has at least */
	float	   *scratch;
	IvfAhead	ahead;
	uint8	   *long_block;

	int			wanted;			/* 0: all rows */
	int			lists;			/* at least looked into */
	float		caution;		/* lower bounds are so many times as far below estimates as usual */
	bool		complete;		/* nothing is left for another pass */
	double		reach;			/* so far the pass is good; NaN: without end */
	double		last;			/* what was returned last */
	int64		visited;
	PgeRowQueue results;		/* keys are as estimates count */
	bool		batched;		/* the pass has looked rows up */
	struct returned_hash *returned;	/* of rows, by TID */
} IvfScanState;

/*
 * Lists that belong to the pass, and what in them may be wanted, with extended codes looked at; false: VACUUM has come between, and it
 * is to be started over. In the search's memory context.
 */
extern bool pge_ivf_search(Relation index, IvfScanState *state);

#endif							/* PGE_IVF_SCAN_H */
