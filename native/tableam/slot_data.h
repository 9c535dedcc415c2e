/*
 * Column store: the memory of a slot that owns its by-reference values (slot_data.c).
 */
#ifndef PGE_SLOT_DATA_H
#define PGE_SLOT_DATA_H

#include "executor/tuptable.h"

/* More room than this is not worth keeping for the next row. */
#define PGE_SLOT_DATA_KEPT	8192

extern void pge_slot_data_fill(VirtualTupleTableSlot *slot, Size *room);
extern void pge_slot_data_free(VirtualTupleTableSlot *slot, Size *room);

#endif							/* PGE_SLOT_DATA_H */
