/*
 * Column store: a sequential scan taken by units (column_units.c). The scan is begun, rescanned and ended like any other; no rows are
 * asked of it.
 */
#ifndef PGE_COLUMN_UNITS_H
#define PGE_COLUMN_UNITS_H

#include "abi/pge_abi.h"
#include "access/relscan.h"
#include "executor/tuptable.h"

extern void pge_units_next(TableScanDesc sscan, PgeScanUnit *unit);
extern void pge_units_go(TableScanDesc sscan, int32 number);
extern bool pge_units_order(TableScanDesc sscan, AttrNumber attno, bool descending);
extern void pge_units_skip_groups(TableScanDesc sscan);
extern uint32 pge_units_group(TableScanDesc sscan);
extern bool pge_units_delta_row(TableScanDesc sscan, TupleTableSlot *slot);

#endif							/* PGE_COLUMN_UNITS_H */
