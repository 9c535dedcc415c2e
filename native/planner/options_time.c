/*
 * Table options that name columns: they are checked against the table's columns when they are given, and go with them when columns change.
 * A table whose access method needs a time column gets one here, and keeps it as its option: what columns come later does not matter.
 *
 * Columns are read by a snapshot of our own, since the table may be in the making.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "options.h"
#include "tableam/time_key.h"

typedef struct Columns
{
	FormData_pg_attribute *atts;	/* in order, dropped ones too */
	int			natts;
} Columns;

static Columns
load_columns(Oid table)
{
	Relation	pg_attribute = table_open(AttributeRelationId, AccessShareLock);
	Columns		columns = {palloc_array(FormData_pg_attribute, MaxHeapAttributeNumber), 0};
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTGreaterStrategyNumber, F_INT2GT, Int16GetDatum(0));
	scan = systable_beginscan(pg_attribute, AttributeRelidNumIndexId, true, SnapshotSelf, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)) && columns.natts < MaxHeapAttributeNumber)
		memcpy(&columns.atts[columns.natts++], GETSTRUCT(tuple), ATTRIBUTE_FIXED_PART_SIZE);
	systable_endscan(scan);
	table_close(pg_attribute, AccessShareLock);
	return columns;
}

/* The names in an option; NIL where it is not given. */
static List *
names_of(const char *spelt)
{
	List	   *names = NIL;

	if (spelt != NULL && !SplitIdentifierString(pstrdup(spelt), ',', &names))
		elog(ERROR, "invalid list of columns: \"%s\"", spelt);
	return names;
}

static char *
spell(List *names)
{
	StringInfoData spelt;

	initStringInfo(&spelt);
	foreach_ptr(char, name, names)
		appendStringInfo(&spelt, "%s%s", spelt.len > 0 ? "," : "", quote_identifier(name));
	return spelt.len > 0 ? spelt.data : NULL;
}

static const FormData_pg_attribute *
column_named(const Columns *columns, const char *option, const char *name)
{
	AttrNumber	attno = pge_column_named(columns->atts, columns->natts, name);

	if (attno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" named by option \"epiphany.%s\" does not exist", name, option)));
	return &columns->atts[attno - 1];
}

static void
check_time_type(const FormData_pg_attribute *att, const char *chunk_interval)
{
	bool		is_integer,
				integer_width = false;

	if (!pge_time_type(att->atttypid, &is_integer))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" cannot be a time column", NameStr(att->attname)),
				 errdetail("Its type is %s.", format_type_be(att->atttypid)),
				 errhint("Time columns are timestamptz, timestamp, date, bigint, integer or smallint.")));
	if (chunk_interval != NULL)
		(void) pge_chunk_interval_width(chunk_interval, &integer_width);
	if (is_integer && chunk_interval == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"epiphany.chunk_interval\" is needed for time column \"%s\" of type %s",
						NameStr(att->attname), format_type_be(att->atttypid)),
				 errhint("Give the width of a bucket as an integer.")));
	if (is_integer != integer_width && chunk_interval != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"epiphany.chunk_interval\": \"%s\"", chunk_interval),
				 errdetail("Time column \"%s\" is of type %s.", NameStr(att->attname), format_type_be(att->atttypid)),
				 is_integer ? errhint("Give an integer.") : errhint("Give an interval.")));
}

/*
 * Check options against the columns of a table that is to have them; one whose access method needs a time column gets one in values. Where
 * none is found, and must_have is not set, a table with an integer column may wait for an option that says so: a dump gives it later.
 */
void
pge_time_options_check(Oid table, Oid access_method, bool must_have, PgeOptionValues *values)
{
	bool		needed = (pge_am_of(access_method) & PGE_AM_TIME) != 0;
	const char **time_column = &values->of[PGE_OPTION_time_column];
	const char *segment_by = values->of[PGE_OPTION_segment_by];
	const char *chunk_interval = values->of[PGE_OPTION_chunk_interval];
	Columns		columns;
	bool		any_integer = false;

	if (!needed && *time_column == NULL && segment_by == NULL && chunk_interval == NULL)
		return;
	columns = load_columns(table);
	if (*time_column == NULL && needed)
	{
		AttrNumber	attno = pge_time_column_find(columns.atts, columns.natts);

		if (attno != InvalidAttrNumber)
			*time_column = quote_identifier(pstrdup(NameStr(columns.atts[attno - 1].attname)));
		for (int i = 0; i < columns.natts; i++)
		{
			bool		is_integer;

			if (!columns.atts[i].attisdropped && pge_time_type(columns.atts[i].atttypid, &is_integer))
				any_integer |= is_integer;
		}
		if (*time_column == NULL && !any_integer)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("access method \"epiphany_timeseries\" needs a time column"),
					 errdetail("The table has no column of type timestamptz, timestamp or date, nor one of an integer type."),
					 errhint("Tables without a time are stored with USING epiphany_column.")));
		if (*time_column == NULL && must_have)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("access method \"epiphany_timeseries\" needs a time column"),
					 errdetail("The table has no column of type timestamptz, timestamp or date."),
					 errhint("Name a column with WITH (epiphany.time_column = ..., epiphany.chunk_interval = ...); "
							 "tables without a time are stored with USING epiphany_column.")));
		if (*time_column == NULL)
			return;
	}
	if (*time_column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"epiphany.%s\" needs option \"epiphany.time_column\"",
						segment_by != NULL ? "segment_by" : "chunk_interval"),
				 errhint("Only tables with a time column have buckets and series.")));

	check_time_type(column_named(&columns, "time_column", linitial(names_of(*time_column))), chunk_interval);
	foreach_ptr(char, name, names_of(segment_by))
	{
		(void) column_named(&columns, "segment_by", name);
		if (strcmp(name, linitial(names_of(*time_column))) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("time column \"%s\" cannot be in option \"epiphany.segment_by\"", name)));
	}
	pfree(columns.atts);
}

/* A column got another name or type: the catalog still shows the old one, our own snapshot the new one. */
void
pge_time_options_altered(Oid table, AttrNumber attno)
{
	char	   *old_name = get_attname(table, attno, true);
	PgeOptionValues values;
	Columns		columns;
	const FormData_pg_attribute *att;
	List	   *segments;
	bool		is_time;
	bool		renamed = false;

	if (old_name == NULL || pge_am_of(get_rel_relam(table)) == PGE_AM_NONE)
		return;
	pge_options_read(table, &values);
	if (values.of[PGE_OPTION_time_column] == NULL)
		return;
	columns = load_columns(table);
	if (attno > columns.natts)
		return;
	att = &columns.atts[attno - 1];
	is_time = strcmp(linitial(names_of(values.of[PGE_OPTION_time_column])), old_name) == 0;
	if (is_time && !att->attisdropped)
		check_time_type(att, values.of[PGE_OPTION_chunk_interval]);
	if (strcmp(old_name, NameStr(att->attname)) == 0 || att->attisdropped)
		return;
	if (is_time)
	{
		values.of[PGE_OPTION_time_column] = pstrdup(quote_identifier(NameStr(att->attname)));
		renamed = true;
	}
	segments = names_of(values.of[PGE_OPTION_segment_by]);
	for (int i = 0; i < list_length(segments); i++)
		if (strcmp(list_nth(segments, i), old_name) == 0)
		{
			lfirst(list_nth_cell(segments, i)) = pstrdup(NameStr(att->attname));
			renamed = true;
		}
	values.of[PGE_OPTION_segment_by] = spell(segments);
	if (renamed)
	{
		pge_options_write_new(table, &values);
		CacheInvalidateRelcacheByRelid(table);
	}
}

/* A column is being dropped, and its table is not. */
void
pge_time_options_dropped(Oid table, AttrNumber attno)
{
	char	   *name = get_attname(table, attno, true);
	PgeOptionValues values;
	List	   *left = NIL;
	int			had;

	if (name == NULL || pge_am_of(get_rel_relam(table)) == PGE_AM_NONE)
		return;
	pge_options_read(table, &values);
	if (values.of[PGE_OPTION_time_column] == NULL)
		return;
	if (strcmp(linitial(names_of(values.of[PGE_OPTION_time_column])), name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop column \"%s\" of table \"%s\" because it is the table's time column", name, get_rel_name(table)),
				 errhint("Make another column it with ALTER TABLE ... SET (epiphany.time_column = ...), or SET ACCESS METHOD.")));
	had = list_length(names_of(values.of[PGE_OPTION_segment_by]));
	foreach_ptr(char, segment, names_of(values.of[PGE_OPTION_segment_by]))
		if (strcmp(segment, name) != 0)
			left = lappend(left, segment);
	if (list_length(left) == had)
		return;
	ereport(NOTICE,
			(errmsg("column \"%s\" leaves option \"epiphany.segment_by\" of table \"%s\"", name, get_rel_name(table))));
	values.of[PGE_OPTION_segment_by] = spell(left);
	pge_options_write_new(table, &values);
	CacheInvalidateRelcacheByRelid(table);
}
