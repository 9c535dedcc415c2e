/*
 * Column store: rows into groups in an index's order (row_sorter.c).
 */
#ifndef PGE_ROW_SORTER_H
#define PGE_ROW_SORTER_H

#include "utils/relcache.h"

typedef struct PgeSorter PgeSorter;

extern PgeSorter *pge_sorter_begin(Relation rel, Relation index);
extern void pge_sorter_add(PgeSorter *sorter, const Datum *values, const bool *nulls);
extern void pge_sorter_end(PgeSorter *sorter);

#endif							/* PGE_ROW_SORTER_H */
