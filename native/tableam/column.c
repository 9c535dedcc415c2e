/*
 * Column store: the access method's handler. A column table is heap plus row groups: heap's routine table is the ground, and
 * each file column_*.c replaces the callbacks of its area. Access method epiphany_vector is the same, but for codes beside vectors, and
 * epiphany_timeseries is the same, but that each table has a time column (time_key.h).
 */
#include "postgres.h"

#include "fmgr.h"

#include "column.h"
#include "column_init.h"
#include "planner/options.h"
#include "statement.h"

PG_FUNCTION_INFO_V1(pge_column_handler);
PG_FUNCTION_INFO_V1(pge_vector_table_handler);
PG_FUNCTION_INFO_V1(pge_timeseries_handler);

/* One store under three names: tables of the second have codes beside their vectors, tables of the third a time column. */
static TableAmRoutine routine;
static TableAmRoutine vector_routine;
static TableAmRoutine time_routine;

const TableAmRoutine *
pge_heap_routine(void)
{
	return GetHeapamTableAmRoutine();
}

bool
pge_is_column_table(Relation rel)
{
	return rel->rd_tableam == &routine || rel->rd_tableam == &vector_routine || rel->rd_tableam == &time_routine;
}

/* Is it a table that must have a time column? Others may have one. */
bool
pge_is_time_table(Relation rel)
{
	return rel->rd_tableam == &time_routine;
}

/* Do vectors of new row groups get codes? */
bool
pge_has_vector_codes(Relation rel)
{
	return rel->rd_tableam == &vector_routine;
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
	options->Codes = pge_has_vector_codes(rel);
}

/* Called once, when the library is loaded; in the postmaster too, if preloaded. */
void
pge_column_init(void)
{
	pge_writer_init();
	pge_reader_cache_init();
	pge_statement_init();
}

static TableAmRoutine *
fill(TableAmRoutine *filled)
{
	if (filled->type != T_TableAmRoutine)
	{
		*filled = *GetHeapamTableAmRoutine();
		pge_column_set_scan_callbacks(filled);
		pge_column_set_bitmap_callbacks(filled);
		pge_column_set_sample_callbacks(filled);
		pge_column_set_fetch_callbacks(filled);
		pge_column_set_modify_callbacks(filled);
		pge_column_set_index_callbacks(filled);
		pge_column_set_storage_callbacks(filled);
		pge_column_set_rewrite_callbacks(filled);
		pge_column_set_vacuum_callbacks(filled);
	}
	return filled;
}

Datum
pge_column_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(fill(&routine));
}

Datum
pge_vector_table_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(fill(&vector_routine));
}

Datum
pge_timeseries_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(fill(&time_routine));
}
