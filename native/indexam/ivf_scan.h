/*
 * epiphany_ivf: a scan's state, and its two halves: what reads the index (ivf_search.c), and what returns rows (ivf_scan.c).
 */
#ifndef PGE_IVF_SCAN_H
#define PGE_IVF_SCAN_H

#include "ivf.h"

#define IVF_PROBES_GROWTH 4
#define IVF_NO_PART UINT32_MAX

/* A row on its way out: a candidate by its lower bound, or an exact distance. */
typedef struct IvfResult
{
	double		key;			/* as estimates count */
	double		distance;		/* as the operator does; of exact ones */
	ItemPointerData tid;
	bool		exact;
} IvfResult;

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
	uint8	   *long_block;

	int			wanted;			/* 0: all rows */
	int			lists;			/* at least looked into */
	float		caution;		/* lower bounds are so many times as far below estimates as usual */
	bool		complete;		/* nothing is left for another pass */
	double		reach;			/* so far the pass is good; NaN: without end */
	double		last;			/* what was returned last */
	int64		visited;
	IvfResult  *results;		/* a heap, the least first */
	int			result_count;
	struct returned_hash *returned;	/* of rows, by TID */
} IvfScanState;

/*
 * Lists that belong to the pass, and what in them may be wanted, with extended codes looked at; false: VACUUM has come between, and it
 * is to be started over. In the search's memory context.
 */
extern bool pge_ivf_search(Relation index, IvfScanState *state);

#endif							/* PGE_IVF_SCAN_H */
