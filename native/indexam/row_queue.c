/*
 * Indexes of vectors: rows on their way out of a scan, as a binary heap (row_queue.h).
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "row_queue.h"

#define FIRST_ROOM 64

static bool
before(const PgeQueuedRow *a, const PgeQueuedRow *b)
{
	if (isnan(a->key) || isnan(b->key))
		return !isnan(a->key) || (isnan(b->key) && a->exact && !b->exact);
	return a->key < b->key || (a->key == b->key && a->exact && !b->exact);
}

void
pge_row_push(PgeRowQueue *queue, PgeQueuedRow row)
{
	int			at = queue->count;

	if (at == queue->room)
	{
		queue->room = Max(FIRST_ROOM, 2 * queue->room);
		queue->rows = queue->rows == NULL ? palloc(sizeof(PgeQueuedRow) * queue->room) :
			repalloc_huge(queue->rows, sizeof(PgeQueuedRow) * (Size) queue->room);
	}
	queue->count++;
	for (; at > 0 && before(&row, &queue->rows[(at - 1) / 2]); at = (at - 1) / 2)
		queue->rows[at] = queue->rows[(at - 1) / 2];
	queue->rows[at] = row;
}

PgeQueuedRow
pge_row_pop(PgeRowQueue *queue)
{
	PgeQueuedRow first = queue->rows[0];
	PgeQueuedRow last = queue->rows[--queue->count];
	int			at = 0;

	for (int child; (child = 2 * at + 1) < queue->count; at = child)
	{
		if (child + 1 < queue->count && before(&queue->rows[child + 1], &queue->rows[child]))
			child++;
		if (!before(&queue->rows[child], &last))
			break;
		queue->rows[at] = queue->rows[child];
	}
	queue->rows[at] = last;
	return first;
}
