/*
 * epiphany.vector_search(): the nearest rows of a column table for many queries, in one pass over its row groups and heap region. The
 * scan's units are the engine's (column_units.c), so the snapshot sees what any query of the statement sees; the managed library compares.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type_d.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "shim/pge.h"
#include "tableam/column.h"
#include "tableam/column_units.h"

PG_FUNCTION_INFO_V1(pge_vector_search);

/* As the search without an index has it (Nearest.MaxRows). */
#define MAX_WANTED	65536

/* Numbers of rows: of a group its id and the row's, of the heap region its TID. */
#define IS_HEAP_ROW		(UINT64CONST(1) << 63)
#define GROUP_SHIFT		32
#define BLOCK_SHIFT		16

typedef struct Search
{
	Relation	rel;
	int			column;			/* from 0 */
	u64			handle;
	MemoryContext row_cxt;
} Search;

/* The distance between values of a type by a metric's name; pgvector's own types have the same layouts. */
static PgeOwnFunction
distance_of(Oid type, const char *metric)
{
	static const char *const names[] = {"l2", "ip", "cosine", "l1"};
	Oid			input,
				param;
	char	   *function;
	PgeOwnFunction first = PgeOwnFunction_None;

	getTypeInputInfo(getBaseType(type), &input, &param);
	function = get_func_name(input);
	if (strcmp(function, "vector_in") == 0)
		first = PgeOwnFunction_VectorL2;
	else if (strcmp(function, "halfvec_in") == 0)
		first = PgeOwnFunction_HalfvecL2;
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s has no distances to search by", format_type_be(type)),
				 errhint("Types are vector and halfvec.")));
	for (int i = 0; i < lengthof(names); i++)
		if (pg_strcasecmp(metric, names[i]) == 0)
			return first + i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized metric: \"%s\"", metric),
			 errhint("Metrics are l2, ip, cosine and l1.")));
	return PgeOwnFunction_None;
}

/* The column's place, and its type. */
static int
find_column(Relation rel, const char *name, Oid *type)
{
	AttrNumber	number = get_attnum(RelationGetRelid(rel), name);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist", name, RelationGetRelationName(rel))));
	if (number < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot search by system column \"%s\"", name)));
	*type = getBaseType(TupleDescAttr(RelationGetDescr(rel), number - 1)->atttypid);
	return number - 1;
}

static int
add_queries(Search *search, ArrayType *queries)
{
	ArrayIterator iterator = array_create_iterator(queries, 0, NULL);
	Datum		value;
	bool		isnull;
	int			count = 0;

	while (array_iterate(iterator, &value, &isnull))
	{
		PGE_CALL(SearchQuery, search->handle, isnull ? NULL : (ptr) PG_DETOAST_DATUM(value));
		count++;
	}
	array_free_iterator(iterator);
	return count;
}

/* A group that was stored before the column was added: its rows have the column's missing value. */
static void
search_missing(Search *search, const PgeScanUnit *unit, uint64 first)
{
	bool		isnull;
	Datum		value = getmissingattr(RelationGetDescr(search->rel), search->column + 1, &isnull);

	for (i32 row = 0; !isnull && row < unit->Rows; row++)
		if (unit->Gone == NULL || (unit->Gone[row / 64] >> (row % 64) & 1) == 0)
			PGE_CALL(SearchRow, search->handle, (ptr) PG_DETOAST_DATUM(value), first + row);
}

static void
search_heap_rows(Search *search, TableScanDesc scan, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(search->row_cxt);

	while (pge_units_delta_row(scan, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, search->column + 1, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			PGE_CALL(SearchRow, search->handle, (ptr) PG_DETOAST_DATUM(value),
					 IS_HEAP_ROW | (uint64) ItemPointerGetBlockNumber(&slot->tts_tid) << BLOCK_SHIFT |
					 ItemPointerGetOffsetNumber(&slot->tts_tid));
		MemoryContextReset(search->row_cxt);
	}
	MemoryContextSwitchTo(old);
}

static void
search_table(Search *search)
{
	TableScanDesc scan = table_beginscan(search->rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(search->rel), &TTSOpsBufferHeapTuple);
	ErrorContextCallback damage = {error_context_stack, pge_reader_damage_context, NULL};
	PgeScanUnit unit;

	error_context_stack = &damage;
	for (;;)
	{
		uint64		first;

		pge_units_next(scan, &unit);
		if (unit.Kind == PgeUnitKind_End)
			break;
		if (unit.Kind == PgeUnitKind_Delta)
		{
			search_heap_rows(search, scan, slot);
			continue;
		}
		first = (uint64) pge_units_group(scan) << GROUP_SHIFT;
		if (search->column < unit.Columns)
			PGE_CALL(SearchGroup, search->handle, &unit, search->column, first);
		else
			search_missing(search, &unit, first);
	}
	error_context_stack = damage.previous;
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

static void
put_results(Search *search, int nqueries, ReturnSetInfo *result)
{
	for (int query = 0; query < nqueries; query++)
	{
		u64		   *rows;
		f64		   *distances;
		i32			count;

		PGE_CALL(SearchResult, search->handle, query, &rows, &distances, &count);
		for (i32 i = 0; i < count; i++)
		{
			ItemPointerData tid;
			Datum		values[3];
			bool		nulls[3] = {false};

			if (rows[i] & IS_HEAP_ROW)
				ItemPointerSet(&tid, (BlockNumber) (rows[i] >> BLOCK_SHIFT), (OffsetNumber) rows[i]);
			else
				pge_tid_set(&tid, (uint32) (rows[i] >> GROUP_SHIFT), (uint32) rows[i]);
			values[0] = Int32GetDatum(query + 1);
			values[1] = PointerGetDatum(&tid);
			values[2] = Float8GetDatum(distances[i]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

Datum
pge_vector_search(PG_FUNCTION_ARGS)
{
	Search		search = {0};
	ArrayType  *queries = PG_GETARG_ARRAYTYPE_P(2);
	int			wanted = PG_GETARG_INT32(3);
	char	   *metric = text_to_cstring(PG_GETARG_TEXT_PP(4));
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "vector search", ALLOCSET_DEFAULT_SIZES);
	PgeOwnFunction distance;
	Oid			type;
	int			nqueries;

	if (wanted < 1 || wanted > MAX_WANTED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of rows must be between 1 and %d", MAX_WANTED)));
	InitMaterializedSRF(fcinfo, 0);
	search.rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	if (check_enable_rls(RelationGetRelid(search.rel), InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot search table \"%s\", whose rows are restricted by policies", RelationGetRelationName(search.rel)),
				 errhint("Use ORDER BY and LIMIT.")));
	search.column = find_column(search.rel, NameStr(*PG_GETARG_NAME(1)), &type);
	distance = distance_of(type, metric);
	if (getBaseType(ARR_ELEMTYPE(queries)) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("queries are of type %s, column \"%s\" is of type %s",
						format_type_be(ARR_ELEMTYPE(queries)), NameStr(*PG_GETARG_NAME(1)), format_type_be(type))));
	search.row_cxt = AllocSetContextCreate(cxt, "vector search row", ALLOCSET_DEFAULT_SIZES);
	PGE_CALL(SearchCreate, cxt, distance, wanted, !pge_vector_exact, &search.handle);
	pge_own_handle(cxt, search.handle);
	nqueries = add_queries(&search, queries);
	search_table(&search);
	put_results(&search, nqueries, (ReturnSetInfo *) fcinfo->resultinfo);
	MemoryContextDelete(cxt);
	table_close(search.rel, AccessShareLock);
	return (Datum) 0;
}
