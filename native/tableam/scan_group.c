/*
 * Column store: the group that a scan has in hand: its reader, the vectors that the scan's filter leaves of it, the rows that are gone.
 *
 * Of the filter the group's descriptor is asked first, which is at hand and knows the times of its rows; then the managed reader
 * (ReaderMatch), which asks footers and indexes. Whatever is not known is left.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "port/pg_bitutils.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "column_scan.h"

/* Of a group of which a scan wants no more vectors the reader is worth keeping for the next statement. */
#define FEW_VECTORS			8

/* ---- filter ---- */

/* A time of a descriptor's as zone tests of a column of that type have it; false: that is not known. */
static bool
time_as_tested(Oid type, int64 time, int64 *tested)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			*tested = time;
			return true;
		case DATEOID:
			*tested = time == DT_NOBEGIN ? DATEVAL_NOBEGIN : time == DT_NOEND ? DATEVAL_NOEND : time / USECS_PER_DAY;
			return true;
		default:
			return false;
	}
}

/* No row of the group has a time that the test allows. */
static bool
times_fail(const PgeZoneTest *test, const PgeGroupDesc *desc, TupleDesc tupdesc)
{
	int64		least;
	int64		greatest;
	Oid			type;

	if (test->Order != PgeZoneOrder_Integers || test->Column != desc->time_attno - 1)
		return false;
	if (desc->time_nulls == desc->rows)
		return true;
	type = TupleDescAttr(tupdesc, test->Column)->atttypid;
	if (!time_as_tested(type, desc->time_min, &least) || !time_as_tested(type, desc->time_max, &greatest))
		return false;
	for (int i = 0; i < test->Count; i++)
		if ((int64) test->Ranges[i].Low <= greatest && (int64) test->Ranges[i].High >= least)
			return false;
	return true;
}

/* Can the descriptor tell that the filter leaves nothing of the group? */
bool
pge_scan_rules_out(PgeScanFilter *filter, const PgeGroupDesc *desc, TupleDesc tupdesc)
{
	if (filter == NULL)
		return false;
	if (!filter->ready)
		filter->prepare(filter);
	for (int i = 0; i < filter->ntests; i++)
		if (times_fail(&filter->tests[i], desc, tupdesc))
			return true;
	return false;
}

static uint64
all_vectors(const PgeGroupDesc *desc)
{
	int			vectors = (desc->rows + PGE_VECTOR_ROWS - 1) / PGE_VECTOR_ROWS;

	return PG_UINT64_MAX >> (PGE_GROUP_MAX_ROWS / PGE_VECTOR_ROWS - vectors);
}

/* The vectors that a filter, which has been asked about the descriptor, leaves. */
static uint64
vectors_left(const PgeScanFilter *filter, PgeReader *reader, TupleDesc tupdesc)
{
	uint64		all = all_vectors(pge_reader_desc(reader));

	return filter == NULL ? all : all & pge_reader_match(reader, tupdesc, filter->tests, filter->ntests);
}

/* ---- readers ---- */

void
pge_scan_close_group(PgeScan *scan)
{
	if (scan->reader != NULL)
	{
		pge_reader_end_stream(scan->reader);
		if (scan->kept != NULL)
			pge_kept_reader_put(scan->kept, scan->reader_of, scan->reader);
		else
			pge_reader_scanned(scan->reader, pg_popcount64(scan->vectors) <= FEW_VECTORS);
	}
	scan->reader = NULL;
	if (scan->gone != NULL)
		pfree(scan->gone);
	scan->gone = NULL;
}

static void
open_reader(PgeScan *scan, uint32 group)
{
	pge_scan_close_group(scan);
	if (scan->kept != NULL)
		scan->reader = pge_kept_reader_take(scan->kept, group);
	else if ((scan->base.rs_flags & SO_TYPE_SEQSCAN) && !(scan->descs[group].flags & PGE_GROUP_COLD))
		scan->reader = pge_reader_for_scan(scan->base.rs_rd, &scan->descs[group], scan->number);
	if (scan->reader == NULL)
		scan->reader = pge_reader_open(scan->base.rs_rd, &scan->descs[group]);
	scan->reader_of = group;
}

void
pge_scan_load_gone(PgeScan *scan, uint32 group, Snapshot snapshot)
{
	MemoryContext old;

	/* The caller's context may be one that it resets for each row. */
	old = MemoryContextSwitchTo(GetMemoryChunkContext(scan));
	scan->gone = pge_group_gone_rows(scan->base.rs_rd, &scan->descs[group], snapshot);
	MemoryContextSwitchTo(old);
}

/* Set up to read a group, by its id, but for the rows that are gone for the snapshot. */
void
pge_scan_open_group(PgeScan *scan, uint32 group, Snapshot snapshot)
{
	if (scan->reader != NULL && pge_reader_desc(scan->reader)->group_id == group)
		return;
	open_reader(scan, group);
	pge_scan_load_gone(scan, group, snapshot);
}

/*
 * A reader of the group, if the filter leaves vectors of it. Where all are left, the footer may be all that anybody asks for, and whether
 * values are read, too, only a reader tells that has none at hand.
 */
void
pge_scan_open_wanted(PgeScan *scan, uint32 group)
{
	TupleDesc	tupdesc = RelationGetDescr(scan->base.rs_rd);
	const PgeGroupDesc *desc = &scan->descs[group];

	pge_scan_close_group(scan);
	scan->vectors = 0;
	if (pge_scan_rules_out(scan->filter, desc, tupdesc))
		return;
	open_reader(scan, group);
	scan->vectors = vectors_left(scan->filter, scan->reader, tupdesc);
	if (scan->vectors == all_vectors(desc) && scan->kept == NULL && pge_reader_was_read(scan->reader))
	{
		pge_reader_scanned(scan->reader, true);
		scan->reader = pge_reader_open(scan->base.rs_rd, desc);
	}
	if (scan->vectors == 0)
		pge_scan_close_group(scan);
	else if (scan->base.rs_flags & SO_TYPE_SEQSCAN)
		pge_reader_stream(scan->reader, scan->base.rs_rd, scan->bulk,
						  scan->vectors != all_vectors(desc) && pg_popcount64(scan->vectors) <= FEW_VECTORS);
}
