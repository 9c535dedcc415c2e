/*
 * Column store: what a sequential scan may leave out. Whoever runs the scan fills in tests; rows that fail one are not wanted, but the
 * scan may return them all the same: it skips only what zone maps rule out.
 */
#ifndef PGE_COLUMN_FILTER_H
#define PGE_COLUMN_FILTER_H

#include "access/relscan.h"
#include "abi/pge_abi.h"

typedef struct PgeScanFilter
{
	PgeZoneTest *tests;
	int			ntests;
	bool		ready;			/* the tests are this run's; a rescan makes it false */
	/* Called before a group is looked at, while not ready; may leave it so, to be called again for the next one. */
	void		(*prepare) (struct PgeScanFilter *filter);
} PgeScanFilter;

/* What sequential scans of this session have done so far. */
typedef struct PgeScanCounts
{
	int64		groups_read;
	int64		groups_skipped;
	int64		vectors_read;	/* of groups read */
	int64		vectors_skipped;
} PgeScanCounts;

extern PgeScanCounts pge_scan_counts;

/* The filter must live as long as the scan. */
extern void pge_scan_set_filter(TableScanDesc scan, PgeScanFilter *filter);

/* Columns, from 0, but for which the scan reads none; of them, too, it may read fewer. Likewise. */
extern void pge_scan_set_columns(TableScanDesc scan, const Bitmapset *columns);

#endif							/* PGE_COLUMN_FILTER_H */
