/*
 * Executor: rows of a nested loop's outer side, read ahead of it. What the planner (planner/look_ahead.c), the node and the engine share:
 * custom_private has the column whose values the inner side is to know (from 1), and the parameter by which it finds what it may know.
 */
#ifndef PGE_LOOK_AHEAD_H
#define PGE_LOOK_AHEAD_H

#include "abi/pge_abi.h"
#include "nodes/extensible.h"

enum PgeLookAheadPrivate
{
	PGE_LOOK_AHEAD_COLUMN,
	PGE_LOOK_AHEAD_PARAM,
};

/* What the parameter points to: the column's values in the row given last, and in those that are read and not given yet. */
typedef struct PgeComing
{
	uint64		first;			/* number of the row given last; they count on through rescans */
	u64		   *values;			/* pointers to varlenas, neither compressed nor out of line nor short; 0: null */
	int			count;
} PgeComing;

extern const CustomScanMethods pge_look_ahead_methods;

#endif							/* PGE_LOOK_AHEAD_H */
