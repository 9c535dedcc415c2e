/*
 * Column store: what a range of TIDs means in both regions. Delta TIDs come before those of groups, whatever order a scan reads them in.
 * Bounds are inclusive and may name blocks, offsets and groups that there are not.
 */
#include "postgres.h"

#include "column_scan.h"

/* The first row of the group whose TID is not less than the bound. */
static int64
first_row_from(const PgeGroupDesc *desc, ItemPointer bound)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(bound);
	OffsetNumber offset = ItemPointerGetOffsetNumberNoCheck(bound);

	if (!pge_block_is_column(block) || pge_tid_group(bound) < desc->group_id)
		return 0;
	if (pge_tid_group(bound) > desc->group_id)
		return desc->rows;
	return (int64) (block & 0x1FF) * PGE_TID_ROWS + (offset == 0 ? 0 : Min(offset - 1, PGE_TID_ROWS));
}

/* The last row of the group whose TID is not greater than the bound. */
static int64
last_row_to(const PgeGroupDesc *desc, ItemPointer bound)
{
	ItemPointerData beyond = *bound;

	/* That before the first one from the TID that follows. */
	ItemPointerInc(&beyond);
	if (ItemPointerCompare(&beyond, bound) <= 0)
		return (int64) desc->rows - 1;
	return Min(first_row_from(desc, &beyond), (int64) desc->rows) - 1;
}

/* Rows of the group that the scan reads; none if first > last. */
void
pge_tid_range_rows(const PgeScan *scan, const PgeGroupDesc *desc, int64 *first, int64 *last)
{
	*first = 0;
	*last = (int64) desc->rows - 1;
	if (scan->ranged)
	{
		*first = first_row_from(desc, (ItemPointer) &scan->base.rs_mintid);
		*last = last_row_to(desc, (ItemPointer) &scan->base.rs_maxtid);
	}
}

/* Leave out groups and delta blocks that have no TID of the scan's range. */
void
pge_tid_range_clip(PgeScan *scan)
{
	uint64		start = ItemPointerGetBlockNumberNoCheck(&scan->base.rs_mintid);
	uint64		end = (uint64) ItemPointerGetBlockNumberNoCheck(&scan->base.rs_maxtid) + 1;
	uint32		ngroups = 0;
	int			nranges = 0;

	for (uint32 i = 0; i < scan->ngroups; i++)
	{
		int64		first,
					last;

		pge_tid_range_rows(scan, &scan->descs[scan->groups[i]], &first, &last);
		if (first <= last)
			scan->groups[ngroups++] = scan->groups[i];
	}
	scan->ngroups = ngroups;

	for (int i = 0; i < scan->nranges; i++)
	{
		PgeBlockRange range = scan->ranges[i];

		range.start = (BlockNumber) Max(range.start, start);
		range.end = (BlockNumber) Min(range.end, end);
		if (range.start < range.end)
			scan->ranges[nranges++] = range;
	}
	scan->nranges = nranges;
}
