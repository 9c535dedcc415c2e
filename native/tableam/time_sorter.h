/*
 * Column store: rows in memory, to be stored by bucket of time, then series, then time (time_sorter.c).
 */
#ifndef PGE_TIME_SORTER_H
#define PGE_TIME_SORTER_H

#include "access/htup.h"
#include "storage/itemptr.h"

#include "time_key.h"

typedef struct PgeTimeRow
{
	int64		bucket;
	int64		time;
	HeapTuple	tuple;
	uint32		series;
	ItemPointerData from;		/* where it was; invalid: nowhere */
	uint32		arrival;		/* among rows of one time in one series the first comes first */
} PgeTimeRow;

typedef struct PgeTimeSorter PgeTimeSorter;

extern PgeTimeSorter *pge_time_sorter_begin(Relation rel, const PgeTimeKey *key, MemoryContext parent);
extern void pge_time_sorter_add(PgeTimeSorter *sorter, const Datum *values, const bool *nulls, const ItemPointerData *from);
extern uint32 pge_time_sorter_rows(const PgeTimeSorter *sorter);
extern uint64 pge_time_sorter_bytes(const PgeTimeSorter *sorter);
extern void pge_time_sorter_sort(PgeTimeSorter *sorter);
extern PgeTimeRow *pge_time_sorter_bucket(PgeTimeSorter *sorter, uint32 *n);
extern void pge_time_sorter_reset(PgeTimeSorter *sorter);
extern void pge_time_sorter_end(PgeTimeSorter *sorter);

#endif							/* PGE_TIME_SORTER_H */
