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
 * One more group each time: who is content with a few rows has asked for little more than it has read. Nothing is asked twice but of the
 * group that there was no room for.
 */
static void
ask_for_following(PgeScan *scan)
{
	scan->ahead_groups++;
	scan->ahead_unit = Max(scan->ahead_unit, scan->unit + 1);
	for (; scan->ahead_unit < scan->ngroups && scan->ahead_unit <= scan->unit + scan->ahead_groups; scan->ahead_unit++)
	{
		const PgeGroupDesc *desc = &scan->descs[scan->groups[scan->ahead_unit]];

		if (is_to_come(scan, desc) && pge_cold_ahead(scan->base.rs_rd, desc) == PGE_AHEAD_FULL)
			return;
	}
}

/*
 * The next group, if that is cold and wanted; or NULL. Participants of a parallel scan draw their groups one by one: this one draws its
 * next before it is done with the one in hand. Not the last ones, so that nobody sits on a group while others have nothing to do.
 */
static const PgeGroupDesc *
next_group(PgeScan *scan)
{
	int64		next = scan->unit >= 0 && scan->unit + 1 < scan->ngroups ? (int64) scan->groups[scan->unit + 1] : -1;

	if (scan->parallel != NULL)
	{
		uint32		participants = 1 + max_parallel_workers_per_gather;

		if (pg_atomic_read_u32(&scan->parallel->next_group) + participants > scan->parallel->groups)
			return NULL;
		next = scan->drawn = pge_scan_draw(scan);
	}
	return next >= 0 && is_to_come(scan, &scan->descs[next]) ? &scan->descs[next] : NULL;
}

void
pge_cold_scan_ahead(PgeScan *scan, uint32 group)
{
	Relation	rel = scan->base.rs_rd;
	const PgeGroupDesc *desc = &scan->descs[group];
	const PgeGroupDesc *next;
	PgeAhead	asked;

	if (pge_group_tier(desc) != PGE_TIER_COLD)
		return;
	if (scan->columns != NULL)
		pge_cold_ahead_only(rel, scan->columns);
	asked = pge_cold_ahead(rel, desc);
	if (asked == PGE_AHEAD_NOTHING || (asked == PGE_AHEAD_UNKNOWN && scan->columns == NULL))
		return;
	if (asked != PGE_AHEAD_UNKNOWN && scan->parallel == NULL)
	{
		if (scan->unit >= 0)
			ask_for_following(scan);
		return;
	}
	next = next_group(scan);
	if (asked == PGE_AHEAD_UNKNOWN)
		pge_cold_ahead_plan(rel, desc, scan->columns, next);
	else if (next != NULL)
		(void) pge_cold_ahead(rel, next);
}
