/*
 * What we do to PostgreSQL's executor.
 */
#ifndef PGE_EXECUTOR_START_H
#define PGE_EXECUTOR_START_H

#include "nodes/execnodes.h"

extern void pge_executor_init(void);	/* start.c; once, when the library is loaded */

/* prefetch.c */
extern void pge_prefetch_init(void);
extern void pge_prefetch_off(BitmapHeapScanState *node);

/* wanted_columns.c */
extern void pge_want_columns(ScanState *node, PlanState *parent);
extern bool pge_input_columns(Plan *parent, const Plan *input, Bitmapset **columns);

#endif							/* PGE_EXECUTOR_START_H */
