/*
 * Table access method epiphany_row: heap's own functions, so heap's semantics, file format and speed.
 *
 * Promise: a table of it is a heap table to every part of the server that goes through the routine table. Nothing is wrapped that a
 * statement calls for each row; statistics and cost are heap's, which are right for it.
 */
#include "postgres.h"

#include "catalog/pg_am_d.h"
#include "fmgr.h"

#include "heap_view.h"
#include "row.h"

PG_FUNCTION_INFO_V1(pge_row_handler);

static double
row_index_build_range_scan(Relation table, Relation index, struct IndexInfo *info, bool allow_sync, bool anyvisible, bool progress,
						   BlockNumber start, BlockNumber blocks, IndexBuildCallback callback, void *state, TableScanDesc scan)
{
	Relation	view = pge_heap_view_begin(table);
	double		rows;

	pge_heap_view_adopt(view, scan);
	rows = view->rd_tableam->index_build_range_scan(view, index, info, allow_sync, anyvisible, progress,
													start, blocks, callback, state, scan);
	pge_heap_view_end(view);
	return rows;
}

static void
row_index_validate_scan(Relation table, Relation index, struct IndexInfo *info, Snapshot snapshot, struct ValidateIndexState *state)
{
	Relation	view = pge_heap_view_begin(table);

	view->rd_tableam->index_validate_scan(view, index, info, snapshot, state);
	pge_heap_view_end(view);
}

/* TOAST tables are plain heap: they have no options and are read by chunk only. */
static Oid
row_relation_toast_am(Relation table)
{
	return HEAP_TABLE_AM_OID;
}

const TableAmRoutine *
pge_row_routine(void)
{
	static TableAmRoutine routine;

	if (routine.type != T_TableAmRoutine)
	{
		routine = *GetHeapamTableAmRoutine();
		routine.index_build_range_scan = row_index_build_range_scan;
		routine.index_validate_scan = row_index_validate_scan;
		routine.relation_toast_am = row_relation_toast_am;
	}
	return &routine;
}

Datum
pge_row_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(pge_row_routine());
}
