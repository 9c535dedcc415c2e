/*
 * Column store: a sequential scan taken by units, for who computes on whole groups: a group's managed reader with the rows that the
 * snapshot sees, or a range of the delta, row by row. Which groups and vectors are left, whom a serializable reader conflicts with and what
 * is counted is decided where scans by row have it decided (column_scan.c); forward only.
 */
#include "postgres.h"

#include "pgstat.h"
#include "port/pg_bitutils.h"

#include "column_scan.h"
#include "column_units.h"

/* Rows of the group that lie in its wanted vectors and are there: what a scan by row would return. */
static uint64
rows_seen(const PgeScan *scan, uint32 rows)
{
	uint64		seen = 0;

	for (uint32 v = 0; v * PGE_VECTOR_ROWS < rows; v++)
	{
		uint32		first = v * PGE_VECTOR_ROWS;
		uint32		count = Min(PGE_VECTOR_ROWS, rows - first);

		if ((scan->vectors >> v & 1) == 0)
			continue;
		seen += count;
		if (scan->gone != NULL)
			for (uint32 row = first; row < first + count; row += 64)
				seen -= pg_popcount64(scan->gone[row / 64]);
	}
	return seen;
}

/* On to the next unit; its reader and bitmap are good until the next call. Groups that zone maps rule out are counted on the way. */
void
pge_units_next(TableScanDesc sscan, PgeScanUnit *unit)
{
	PgeScan    *scan = (PgeScan *) sscan;
	const PgeGroupDesc *desc;

	memset(unit, 0, sizeof(PgeScanUnit));
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!pge_scan_next_unit(scan))
		{
			unit->Kind = PgeUnitKind_End;
			return;
		}
		if (!pge_scan_in_group(scan))
		{
			unit->Kind = PgeUnitKind_Delta;
			return;
		}
		if (scan->vectors != 0)
			break;
		unit->Skipped++;
	}
	desc = pge_reader_desc(scan->reader);
	unit->Kind = PgeUnitKind_Group;
	unit->Rows = (i32) desc->rows;
	unit->Reader = pge_reader_handle(scan->reader, RelationGetDescr(sscan->rs_rd));
	unit->Vectors = scan->vectors;
	unit->Gone = (u64 *) scan->gone;
	unit->Columns = desc->natts;
	unit->Number = scan->parallel != NULL ? -1 : (i32) scan->unit;
	if (!scan->goes_back)
		pgstat_count_index_tuples(sscan->rs_rd, rows_seen(scan, desc->rows));
}

/* A group that has come is the next unit once more, by the number it had; from now on readers are kept. Rows are not counted again. */
void
pge_units_go(TableScanDesc sscan, int32 number)
{
	PgeScan    *scan = (PgeScan *) sscan;

	Assert(scan->parallel == NULL && number >= 0 && number < scan->ngroups);
	pge_scan_close_group(scan);
	pge_scan_keep_readers(scan);
	scan->unit = (int64) number - 1;
	scan->goes_back = true;
}

/* Where a group comes when groups are read by the times in a column; who has rows without one, or may have any time, comes first. */
static int64
place_of(const PgeGroupDesc *desc, AttrNumber attno, bool descending)
{
	if (desc->time_attno != attno || desc->time_nulls > 0)
		return PG_INT64_MIN;
	return descending ? ~desc->time_max : desc->time_min;
}

typedef struct Order
{
	const PgeGroupDesc *descs;
	AttrNumber	attno;
	bool		descending;
} Order;

static int
compare_groups(const void *a, const void *b, void *arg)
{
	const Order *order = arg;
	int64		x = place_of(&order->descs[*(const uint32 *) a], order->attno, order->descending);
	int64		y = place_of(&order->descs[*(const uint32 *) b], order->attno, order->descending);

	return x < y ? -1 : x > y;
}

/*
 * Before the first unit: whoever needs the first rows by a column finds them soonest in this order. Only descriptors are asked, which know
 * of the table's time column: false if it is another. Participants of a parallel scan draw groups by their ids.
 */
bool
pge_units_order(TableScanDesc sscan, AttrNumber attno, bool descending)
{
	PgeScan    *scan = (PgeScan *) sscan;
	Order		order = {scan->descs, attno, descending};
	bool		is_time = false;

	for (uint32 i = 0; i < scan->ngroups && !is_time; i++)
		is_time = scan->descs[scan->groups[i]].time_attno == attno;
	if (!is_time || scan->parallel != NULL)
		return is_time;
	qsort_arg(scan->groups, scan->ngroups, sizeof(uint32), compare_groups, &order);
	scan->ordered_by = attno;
	return true;
}

/* What comes in the order after the group in hand is not wanted. Where that order says nothing of the group, all may be. */
void
pge_units_skip_groups(TableScanDesc sscan)
{
	PgeScan    *scan = (PgeScan *) sscan;

	if (scan->ordered_by != 0 && scan->unit >= 0 && scan->unit < scan->ngroups &&
		place_of(&scan->descs[scan->groups[scan->unit]], scan->ordered_by, false) != PG_INT64_MIN)
		scan->unit = scan->ngroups - 1;
}

/* The id of the group that is the unit in hand. */
uint32
pge_units_group(TableScanDesc sscan)
{
	return pge_reader_desc(((PgeScan *) sscan)->reader)->group_id;
}

/* The next row of a delta unit, into a slot for tuples of heap's in buffers; false: the unit is over. */
bool
pge_units_delta_row(TableScanDesc sscan, TupleTableSlot *slot)
{
	return heap_getnextslot(((PgeScan *) sscan)->heap, ForwardScanDirection, slot);
}
