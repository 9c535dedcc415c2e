/*
 * The time column of a table, for SQL: of tables with the option epiphany.time_column or USING epiphany_timeseries what they say, of
 * other tables the column that such a table would have.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "tableam/column.h"
#include "tableam/time_key.h"

PG_FUNCTION_INFO_V1(pge_time_dimension);

/* time_dimension(relation): column, type, width of chunks (NULL: it has none), the series' columns; all NULL: there is no such column. */
Datum
pge_time_dimension(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	TupleDesc	columns = RelationGetDescr(rel);
	PgeTimeKey	key = {0};
	bool		chunks = pge_is_column_table(rel) && pge_time_key(rel, &key);
	AttrNumber	attno = chunks ? key.attno : pge_time_column_find(columns->attrs, columns->natts);
	TupleDesc	desc;
	Datum		segments[PGE_MAX_SEGMENTS];
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (attno != InvalidAttrNumber)
	{
		nulls[0] = nulls[1] = false;
		values[0] = NameGetDatum(&TupleDescAttr(columns, attno - 1)->attname);
		values[1] = ObjectIdGetDatum(TupleDescAttr(columns, attno - 1)->atttypid);
	}
	if (chunks)
	{
		for (int i = 0; i < key.nsegments; i++)
			segments[i] = CStringGetTextDatum(NameStr(TupleDescAttr(columns, key.segments[i] - 1)->attname));
		nulls[2] = nulls[3] = false;
		values[2] = Int64GetDatum(key.width);
		values[3] = PointerGetDatum(construct_array_builtin(segments, key.nsegments, TEXTOID));
	}
	values[0] = PointerGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(HeapTupleGetDatum((HeapTuple) DatumGetPointer(values[0])));
}
