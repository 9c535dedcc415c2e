/*
 * Column store: the access method's handler. A column table is heap plus row groups: heap's routine table is the ground, and
 * each file column_*.c replaces the callbacks of its area.
 */
#include "postgres.h"

#include "fmgr.h"

#include "column.h"
#include "column_init.h"
#include "planner/options.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(pge_column_handler);

static TableAmRoutine routine;

const TableAmRoutine *
pge_heap_routine(void)
{
	return GetHeapamTableAmRoutine();
}

bool
pge_is_column_table(Relation rel)
{
	return rel->rd_tableam == &routine;
}

/* For functions that users hand a table to. */
void
pge_check_column_table(Relation rel)
{
	if (!pge_is_column_table(rel))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a column table", RelationGetRelationName(rel)),
				 errhint("Make one with CREATE TABLE ... USING epiphany_column.")));
}

/* How groups of this table are written, by its options; MaxBytes is the writer's. */
void
pge_writer_options(Relation rel, PgeWriterOptions *options)
{
	const PgeTableOptions *given = pge_table_options(rel);

	options->Codec = given->compression;
	options->Level = given->compression_level;
	options->MaxRows = given->row_group_rows;
}

/* Called once, when the library is loaded; in the postmaster too, if preloaded. */
void
pge_column_init(void)
{
	pge_writer_init();
	pge_reader_cache_init();
	pge_statement_init();
}

Datum
pge_column_handler(PG_FUNCTION_ARGS)
{
	if (routine.type != T_TableAmRoutine)
	{
		routine = *GetHeapamTableAmRoutine();
		pge_column_set_scan_callbacks(&routine);
		pge_column_set_bitmap_callbacks(&routine);
		pge_column_set_sample_callbacks(&routine);
		pge_column_set_fetch_callbacks(&routine);
		pge_column_set_modify_callbacks(&routine);
		pge_column_set_index_callbacks(&routine);
		pge_column_set_storage_callbacks(&routine);
		pge_column_set_rewrite_callbacks(&routine);
		pge_column_set_vacuum_callbacks(&routine);
	}
	PG_RETURN_POINTER(&routine);
}
