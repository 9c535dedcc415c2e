/*
 * Column store: what a scan that enters a cold group says of what it will read: that group, and the next ones of which the scan's filter
 * leaves anything.
 */
#include "postgres.h"

#include "optimizer/cost.h"
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

/* Is the group cold, and not to be skipped? */
static bool
is_to_come(PgeScan *scan, const PgeGroupDesc *desc)
{
	return pge_group_tier(desc) == PGE_TIER_COLD && is_wanted(scan, desc);
}

/*
 * The next group of a participant of a parallel scan, who draw their groups one by one: this one does so before it is done with the one in
 * hand. Not the last ones, so that nobody sits on a group while others have nothing to do. -1: none.
 */
static int64
draw_next(PgeScan *scan)
{
	uint32		participants = 1 + max_parallel_workers_per_gather;

	if (pg_atomic_read_u32(&scan->parallel->next_group) + participants <= scan->parallel->groups)
		scan->drawn = pge_scan_draw(scan);
	return scan->drawn;
}

void
pge_cold_scan_ahead(PgeScan *scan, uint32 group)
{
	Relation	rel = scan->base.rs_rd;
	const PgeGroupDesc *desc = &scan->descs[group];
	PgeAhead	ahead;

	if (pge_group_tier(desc) != PGE_TIER_COLD)
		return;
	ahead = pge_cold_ahead_enter(rel, scan->number, scan->ahead_unit == 0, desc, scan->columns);
	if (ahead == PGE_AHEAD_NOTHING)
		return;
	if (ahead == PGE_AHEAD_ANEW)
		scan->ahead_unit = scan->unit + 1;
	if (scan->parallel != NULL)
	{
		int64		next = draw_next(scan);

		if (next >= 0 && is_to_come(scan, &scan->descs[next]))
			pge_cold_ahead_next(&scan->descs[next]);
	}
	else if (scan->unit >= 0)
	{
		for (; scan->ahead_unit < scan->ngroups && pge_cold_ahead_has_room(); scan->ahead_unit++)
		{
			desc = &scan->descs[scan->groups[scan->ahead_unit]];
			if (is_to_come(scan, desc))
				pge_cold_ahead_next(desc);
		}
	}
	pge_cold_ahead_ask(rel);
}
