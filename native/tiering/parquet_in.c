/*
 * Parquet files: a file's rows as rows of a table, columns matched by name. A value becomes the table's type as an assignment would make
 * it, text as the type's input function reads it; what cannot is refused when the columns are matched, not when a value comes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "executor/batch_scan.h"
#include "tiering.h"

/* How values of the natural type become values of another. */
typedef struct Conversion
{
	FmgrInfo	input;			/* of text; fn_oid 0: not so */
	Oid			ioparam;
	int32		typmod;
	ExprState  *cast;			/* NULL: they are of that type */
} Conversion;

typedef struct InColumn
{
	int			attribute;		/* from 0 */
	int16		length;			/* of the attribute's values */
	bool		byval;
	const char *name;
	PgeNatural	natural;
	bool		is_list;
	Oid			element;		/* of a list: type of the array's elements */
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Conversion	value;			/* of a list: of its elements */
	Conversion	array;			/* of a list: of the array */
	int			next;			/* of a list: its next element in the batch */
} InColumn;

struct PgeParquetScan
{
	PgeStoredFile *file;
	PgeParquetInfo info;
	MemoryContext cxt;
	MemoryContext row_cxt;
	u64			handle;
	ExprContext *econtext;
	InColumn   *columns;
	int			ncolumns;
	const char *column;			/* whose values are being made */
	PgeParquetVector *vectors;
	i32			rows;			/* in the batch */
	i32			row;			/* that comes next */
};

static void
file_context(void *arg)
{
	PgeParquetScan *scan = arg;

	if (scan->column != NULL)
		errcontext("column \"%s\" of file \"%s\"", scan->column, scan->file->name);
	else
		errcontext("file \"%s\"", scan->file->name);
}

#define FILE_CONTEXT(scan) \
	ErrorContextCallback file_callback = {error_context_stack, file_context, (scan)}; \
	error_context_stack = &file_callback
#define FILE_CONTEXT_END() \
	error_context_stack = file_callback.previous

/* Opens a file and reads its footer; *info lives as long as the scan. */
PgeParquetScan *
pge_parquet_open(PgeStore *store, const char *key, const PgeStoreEntry *known, PgeParquetInfo *info)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "Parquet scan", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeParquetScan *scan = palloc0(sizeof(PgeParquetScan));

	scan->cxt = cxt;
	scan->row_cxt = AllocSetContextCreate(cxt, "Parquet row", ALLOCSET_DEFAULT_SIZES);
	scan->file = pge_store_open(store, key, known);
	scan->file->keeps_end = true;
	{
		FILE_CONTEXT(scan);
		PGE_CALL(ParquetOpen, cxt, pge_group_token(&scan->file->source), scan->file->length, &scan->info, &scan->handle);
		pge_own_handle(cxt, scan->handle);
		FILE_CONTEXT_END();
	}
	*info = scan->info;
	MemoryContextSwitchTo(old);
	return scan;
}

static void
cannot_become(const InColumn *column, Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" cannot be read as type %s", column->name, format_type_be(type)),
			 errdetail("In the file it is %s.", pge_parquet_describe(&column->natural.column)),
			 errhint("Its values are of type %s%s.", format_type_be(column->natural.type),
					 column->natural.column.Flags & PgeParquetFlags_List ? "[]" : "")));
}

/* From one type to another, by assignment. */
static void
prepare_cast(PgeParquetScan *scan, const InColumn *column, Conversion *conversion, Oid from, int32 from_typmod, Oid type, int32 typmod)
{
	CaseTestExpr *input;
	Node	   *expression;

	if (from == type && (typmod < 0 || typmod == from_typmod))
		return;
	if (!can_coerce_type(1, &from, &type, COERCION_ASSIGNMENT))
		cannot_become(column, type);
	input = makeNode(CaseTestExpr);
	input->typeId = from;
	input->typeMod = from_typmod;
	input->collation = get_typcollation(from);
	expression = coerce_to_target_type(NULL, (Node *) input, from, type, typmod, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (expression == NULL)
		cannot_become(column, type);
	conversion->cast = ExecInitExpr(expression_planner((Expr *) expression), NULL);
}

static void
prepare_value(PgeParquetScan *scan, InColumn *column, Oid type, int32 typmod)
{
	PgeNatural *natural = &column->natural;
	Oid			base = getBaseType(type);
	Oid			function;

	/* Bytes that nobody says anything of are text to who wants text: so many writers of old left it. */
	if (natural->type == BYTEAOID && base != BYTEAOID && natural->column.Physical == PgeParquetPhysical_ByteArray)
		natural->type = TEXTOID;
	if (natural->type != TEXTOID && natural->type != JSONOID)
	{
		prepare_cast(scan, column, &column->value, natural->type, natural->typmod, type, typmod);
		return;
	}
	if (type == TEXTOID && natural->type == TEXTOID)
		return;
	getTypeInputInfo(type, &function, &column->value.ioparam);
	fmgr_info_cxt(function, &column->value.input, scan->cxt);
	column->value.typmod = typmod;
}

static void
bind_column(PgeParquetScan *scan, InColumn *column, Form_pg_attribute attribute)
{
	int32		typmod = attribute->atttypmod;
	Oid			base = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
	Oid			element = get_element_type(base);
	Oid			array;

	column->is_list = (column->natural.column.Flags & PgeParquetFlags_List) != 0;
	if (!column->is_list)
	{
		prepare_value(scan, column, attribute->atttypid, attribute->atttypmod);
		return;
	}
	/* To what is no array by way of one, as to a vector. */
	column->element = OidIsValid(element) ? element : column->natural.type;
	prepare_value(scan, column, column->element, OidIsValid(element) ? typmod : -1);
	get_typlenbyvalalign(column->element, &column->typlen, &column->typbyval, &column->typalign);
	array = OidIsValid(element) ? base : get_array_type(column->element);
	if (!OidIsValid(element) || base != attribute->atttypid)
		prepare_cast(scan, column, &column->array, array, -1, attribute->atttypid, attribute->atttypmod);
}

/* The file's column of that name. */
static int
find_column(PgeParquetScan *scan, const char *name)
{
	char	   *utf8 = pg_server_to_any(name, strlen(name), PG_UTF8);
	int			found = -1;

	for (i32 i = 0; i < scan->info.Count; i++)
	{
		PgeParquetColumn *column = &scan->info.Columns[i];

		if (column->NameLength != strlen(utf8) || memcmp(column->Name, utf8, column->NameLength) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("column \"%s\" is more than once in file \"%s\"", name, scan->file->name)));
		found = i;
	}
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" is not in file \"%s\"", name, scan->file->name),
				 errhint("epiphany.parquet_schema() shows the columns of a file.")));
	return found;
}

/* Text is read as it is, and integers keep their order whatever their width; of all else that is converted nothing is known before. */
static bool
keeps_values(const InColumn *column, Oid type)
{
	if (column->is_list)
		return false;
	if (OidIsValid(column->value.input.fn_oid))
		return column->natural.type == TEXTOID && type == VARCHAROID && column->value.typmod < 0;
	return column->value.cast == NULL || type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Tests are of columns of the row type; those that say something of the file are its own. */
static PgeZoneTest *
translate_tests(PgeParquetScan *scan, TupleDesc desc, const i32 *wanted, const PgeZoneTest *tests, int ntests, int *count)
{
	PgeZoneTest *translated = palloc0(sizeof(PgeZoneTest) * (ntests + 1));

	*count = 0;
	for (int i = 0; i < ntests; i++)
		for (int j = 0; j < scan->ncolumns; j++)
		{
			const InColumn *column = &scan->columns[j];
			Oid			type = TupleDescAttr(desc, column->attribute)->atttypid;

			if (column->attribute != tests[i].Column || !keeps_values(column, type) ||
				!pge_parquet_zone(&column->natural, type, &tests[i], &translated[*count]))
				continue;
			translated[(*count)++].Column = wanted[j];
		}
	return translated;
}

/*
 * Matches columns of a row type, but dropped ones, with the file's by name; rows come from the first on. Rows that fail a test may be left
 * out, and may come all the same.
 */
void
pge_parquet_bind(PgeParquetScan *scan, TupleDesc desc, const PgeZoneTest *tests, int ntests)
{
	MemoryContext old = MemoryContextSwitchTo(scan->cxt);
	i32		   *wanted = palloc(sizeof(i32) * (desc->natts + 1));
	PgeZoneTest *translated;
	int			count;

	scan->columns = palloc0(sizeof(InColumn) * (desc->natts + 1));
	scan->econtext = CreateStandaloneExprContext();
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		InColumn   *column = &scan->columns[scan->ncolumns];

		if (attribute->attisdropped)
			continue;
		column->attribute = i;
		column->length = attribute->attlen;
		column->byval = attribute->attbyval;
		column->name = pstrdup(NameStr(attribute->attname));
		wanted[scan->ncolumns] = find_column(scan, column->name);
		{
			FILE_CONTEXT(scan);
			if (!pge_parquet_natural(&scan->info.Columns[wanted[scan->ncolumns]], &column->natural))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("column \"%s\" cannot be read", column->name),
						 errdetail("It is nested: a struct, a map, or a list of those or of lists.")));
			bind_column(scan, column, attribute);
			FILE_CONTEXT_END();
		}
		scan->ncolumns++;
	}
	{
		FILE_CONTEXT(scan);
		translated = translate_tests(scan, desc, wanted, tests, ntests, &count);
		PGE_CALL(ParquetBegin, scan->handle, wanted, scan->ncolumns, translated, count);
		FILE_CONTEXT_END();
	}
	MemoryContextSwitchTo(old);
}

static Datum
convert(PgeParquetScan *scan, Conversion *conversion, Datum value, bool *isnull)
{
	if (OidIsValid(conversion->input.fn_oid))
		return InputFunctionCall(&conversion->input, text_to_cstring(DatumGetTextPP(value)), conversion->ioparam, conversion->typmod);
	if (conversion->cast == NULL)
		return value;
	scan->econtext->caseValue_datum = value;
	scan->econtext->caseValue_isNull = *isnull;
	return ExecEvalExpr(conversion->cast, scan->econtext, isnull);
}

static Datum
make_value(PgeParquetScan *scan, InColumn *column, const PgeParquetVector *vector, int at, bool *isnull)
{
	*isnull = vector->Nulls[at] != 0;
	if (!*isnull)
		return convert(scan, &column->value,
					   pge_parquet_value(&column->natural, vector->Values[at], vector->Lengths ? vector->Lengths[at] : 0), isnull);
	/* Domains may refuse nulls, too. */
	if (OidIsValid(column->value.input.fn_oid))
		return InputFunctionCall(&column->value.input, NULL, column->value.ioparam, column->value.typmod);
	return convert(scan, &column->value, (Datum) 0, isnull);
}

static Datum
make_list(PgeParquetScan *scan, InColumn *column, const PgeParquetVector *vector, bool *isnull)
{
	int			count = vector->Lists[scan->row];
	int			lower = 1;
	Datum	   *values;
	bool	   *nulls;
	ArrayType  *array;

	*isnull = count < 0;
	if (*isnull)
		return convert(scan, &column->array, (Datum) 0, isnull);
	values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (Size) (count + 1));
	nulls = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(bool) * (Size) (count + 1));
	for (int i = 0; i < count; i++)
		values[i] = make_value(scan, column, vector, column->next++, &nulls[i]);
	array = count == 0 ? construct_empty_array(column->element) :
		construct_md_array(values, nulls, 1, &count, &lower, column->element, column->typlen, column->typbyval, column->typalign);
	return convert(scan, &column->array, PointerGetDatum(array), isnull);
}

/* There are rows in hand; false: it was the last of them. */
static bool
has_rows(PgeParquetScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	if (scan->row == scan->rows)
	{
		PGE_CALL(ParquetNext, scan->handle, &scan->vectors, &scan->rows);
		scan->row = 0;
		for (int i = 0; i < scan->ncolumns; i++)
			scan->columns[i].next = 0;
	}
	return scan->rows > 0;
}

/* The next row, as a virtual tuple that is good until the next call; false at the end. */
bool
pge_parquet_next(PgeParquetScan *scan, TupleTableSlot *slot)
{
	MemoryContext old;

	FILE_CONTEXT(scan);
	ExecClearTuple(slot);
	if (!has_rows(scan))
	{
		FILE_CONTEXT_END();
		return false;
	}
	MemoryContextReset(scan->row_cxt);
	ResetExprContext(scan->econtext);
	old = MemoryContextSwitchTo(scan->row_cxt);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < scan->ncolumns; i++)
	{
		InColumn   *column = &scan->columns[i];
		Datum	   *value = &slot->tts_values[column->attribute];
		bool	   *isnull = &slot->tts_isnull[column->attribute];

		scan->column = column->name;
		*value = column->is_list ? make_list(scan, column, &scan->vectors[i], isnull) :
			make_value(scan, column, &scan->vectors[i], scan->row, isnull);
	}
	scan->column = NULL;
	scan->row++;
	MemoryContextSwitchTo(old);
	ExecStoreVirtualTuple(slot);
	FILE_CONTEXT_END();
	return true;
}

/* So many rows' values of a column, from the row in hand on. */
static void
fill_column(PgeParquetScan *scan, int number, i32 rows, u64 *values, u8 *nulls)
{
	InColumn   *column = &scan->columns[number];
	const PgeParquetVector *vector = &scan->vectors[number];
	i32			first = scan->row;

	bool		is_natural = !column->is_list && column->value.cast == NULL && !OidIsValid(column->value.input.fn_oid);

	scan->column = column->name;
	if (is_natural && pge_parquet_lanes(&column->natural, vector, first, rows, values, nulls))
	{
		scan->column = NULL;
		return;
	}
	for (i32 i = 0; i < rows; i++)
	{
		bool		isnull;
		Datum		value;

		/* Lists are made of elements that follow those of the row before. */
		scan->row = first + i;
		value = column->is_list ? make_list(scan, column, vector, &isnull) : make_value(scan, column, vector, first + i, &isnull);
		nulls[i] = isnull;
		/* What was made here lies in this context, and is flat. */
		values[i] = isnull ? 0 : column->byval || column->value.cast != NULL || column->array.cast != NULL ?
			pge_engine_lane(value, column->byval, column->length) : (u64) value;
	}
	scan->row = first;
	scan->column = NULL;
	ResetExprContext(scan->econtext);
}

/* As pge_next_batch(), of columns that are bound; of others that are asked for all is null. 0: the file's end. */
i32
pge_parquet_batch(PgeParquetScan *scan, const AttrNumber *attributes, int nattributes, u64 **values, u8 **nulls, i32 capacity)
{
	i32			rows = 0;

	FILE_CONTEXT(scan);
	if (has_rows(scan))
	{
		rows = Min(capacity, scan->rows - scan->row);
		for (int i = 0; i < nattributes; i++)
		{
			int			number = 0;

			if (values[i] == NULL)
				continue;
			while (number < scan->ncolumns && scan->columns[number].attribute != attributes[i] - 1)
				number++;
			if (number < scan->ncolumns)
				fill_column(scan, number, rows, values[i], nulls[i]);
			else
				memset(nulls[i], 1, rows);
		}
		scan->row += rows;
	}
	FILE_CONTEXT_END();
	return rows;
}

PgeParquetCounts
pge_parquet_counts(PgeParquetScan *scan)
{
	PgeParquetCounts counts;

	PGE_CALL(ParquetStats, scan->handle, &counts);
	return counts;
}

void
pge_parquet_close(PgeParquetScan *scan)
{
	pge_store_close(scan->file);
	if (scan->econtext != NULL)
		FreeExprContext(scan->econtext, true);
	MemoryContextDelete(scan->cxt);
}
