/*
 * Simple conditions of a scan as tests of zone maps.
 */
#ifndef PGE_ZONES_H
#define PGE_ZONES_H

#include "abi/pge_abi.h"
#include "executor/execdesc.h"
#include "nodes/execnodes.h"

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

typedef struct PgeZoneQuals PgeZoneQuals;

extern PgeZoneQuals *pge_zone_quals(ScanState *node, PlannedStmt *statement);
extern bool pge_zone_tests(PgeZoneQuals *quals, PgeZoneTest **tests, int *ntests);

/* zone_scan.c: a sequential scan that skips by them */

extern void pge_zone_scan(SeqScanState *node, PlannedStmt *statement);

#endif							/* PGE_ZONES_H */
