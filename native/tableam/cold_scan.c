/*
 * Column store: what a scan that enters a cold group says of what it will read: that group, and the next one if the scan's filter leaves
 * any of it.
 */
#include "postgres.h"

#include "utils/rel.h"

#include "cold_group.h"
#include "column_scan.h"
#include "group_reader.h"

/* Has the group rows that the scan wants, as far as can be told without reading a column? Strings are looked for in dictionaries. */
static bool
is_wanted(PgeScan *scan, const PgeGroupDesc *desc)
{
	PgeScanFilter *filter = scan->filter;
	Relation	rel = scan->base.rs_rd;
	PgeReader  *reader;
	bool		wanted;

	if (filter == NULL)
		return true;
	if (pge_scan_rules_out(filter, desc, RelationGetDescr(rel)))
		return false;
	for (int i = 0; i < filter->ntests; i++)
		if (filter->tests[i].Order == PgeZoneOrder_Bytes)
			return false;
	reader = pge_reader_open(rel, desc);
	wanted = pge_reader_match(reader, RelationGetDescr(rel), filter->tests, filter->ntests) != 0;
	pge_reader_release(reader);
	return wanted;
}

/* Parallel scans draw their groups one by one, and do not know what comes next. */
void
pge_cold_scan_ahead(PgeScan *scan, uint32 group)
{
	Relation	rel = scan->base.rs_rd;
	uint32		next = (uint32) scan->unit + 1;

	if (pge_cold_ahead(rel, &scan->descs[group]) && scan->parallel == NULL && scan->unit >= 0 && next < scan->ngroups)
	{
		const PgeGroupDesc *desc = &scan->descs[scan->groups[next]];

		if (pge_group_tier(desc) == PGE_TIER_COLD && is_wanted(scan, desc))
			(void) pge_cold_ahead(rel, desc);
	}
}
