/*
 * Indexes of vectors: rows on their way out of a scan, the nearest first. A row is known by a lower bound of its distance, or by the
 * distance.
 */
#ifndef PGE_ROW_QUEUE_H
#define PGE_ROW_QUEUE_H

#include "storage/itemptr.h"

typedef struct PgeQueuedRow
{
	double		key;			/* what rows are ordered by; NaN comes last */
	double		distance;		/* as the operator gives it; of exact ones */
	ItemPointerData tid;
	bool		exact;			/* goes before what is not, of equal keys */
} PgeQueuedRow;

/* All zeros: empty. Rows are in the memory context of the first push after that. */
typedef struct PgeRowQueue
{
	PgeQueuedRow *rows;
	int			count;
	int			room;
} PgeRowQueue;

extern void pge_row_push(PgeRowQueue *queue, PgeQueuedRow row);
extern PgeQueuedRow pge_row_pop(PgeRowQueue *queue);

#endif							/* PGE_ROW_QUEUE_H */
