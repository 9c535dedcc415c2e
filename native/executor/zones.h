/*
 * Simple conditions of a scan as tests of zone maps.
 */
#ifndef PGE_ZONES_H
#define PGE_ZONES_H

#include "abi/pge_abi.h"
#include "nodes/execnodes.h"
#include "tableam/column_filter.h"

/* zone_bounds.c: what an operator's right side says of a column */

typedef struct PgeZoneColumn
{
	Oid			type;			/* of the column, domains looked through */
	Oid			value_type;		/* the operator's right side */
	int			strategy;		/* of btree */
	PgeZoneOrder order;
} PgeZoneColumn;

extern bool pge_zone_column(Oid type, Oid operator_id, Oid collation, PgeZoneColumn *column);
extern bool pge_zone_range(const PgeZoneColumn *column, Datum value, PgeZoneRange *range);

/* zone_quals.c: the conditions themselves */

extern PgeScanFilter *pge_zone_filter(const Scan *scan, EState *estate, ExprContext *econtext);

/* zone_scan.c: a sequential scan that skips by them */

extern void pge_zone_scan(SeqScanState *node);

#endif							/* PGE_ZONES_H */
