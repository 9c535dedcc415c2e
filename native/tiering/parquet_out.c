/*
 * Parquet files: columns of a query's result as columns of a file. A type that Parquet has goes as that type; any other as what its output
 * function writes. The SQL type is noted in the file. A value that its column cannot hold is an error, never another value.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "tiering.h"

#define BATCH_BYTES		(16 * 1024 * 1024)

/* Digits that 32, 64 and 128 bits hold. */
#define INT32_DIGITS	9
#define INT64_DIGITS	18
#define INT128_DIGITS	38

typedef enum OutKind
{
	OUT_LANE,					/* the Datum, sign-extended by its length */
	OUT_DATE,
	OUT_TIMESTAMP,
	OUT_DECIMAL,
	OUT_TEXT,					/* a varlena of text */
	OUT_BYTES,
	OUT_UUID,
	OUT_FUNCTION,				/* what the output function gives */
} OutKind;

struct PgeOutColumn
{
	const char *name;
	int			ncolumns;		/* of the first alone: of all */
	MemoryContext cxt;			/* likewise: values of the batch */
	int			rows;			/* likewise: in the batch */
	PgeParquetVector *vectors;	/* likewise */
	OutKind		kind;
	int16		typlen;			/* of a value, or of a list's elements */
	bool		typbyval;
	char		typalign;
	Oid			type;
	PgeParquetColumn *column;
	FmgrInfo	output;
	bool		is_list;
	FmgrInfo	to_floats;		/* a list that is no array: the cast that makes it one of real; else fn_oid is 0 */
	int			to_floats_args;
	PgeParquetVector *vector;
	int			capacity;
};

static void
choose_numeric(PgeOutColumn *out, int32 typmod)
{
	int			precision = typmod >= (int32) VARHDRSZ ? ((typmod - VARHDRSZ) >> 16) & 0xffff : 0;
	int			scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;

	if (precision == 0 || precision > INT128_DIGITS || scale < 0 || scale > precision)
		return;
	out->kind = OUT_DECIMAL;
	out->column->Annotation = PgeParquetAnnotation_Decimal;
	out->column->Precision = precision;
	out->column->Scale = scale;
	out->column->Physical = precision <= INT32_DIGITS ? PgeParquetPhysical_Int32 :
		precision <= INT64_DIGITS ? PgeParquetPhysical_Int64 : PgeParquetPhysical_FixedBytes;
	out->column->Length = precision > INT64_DIGITS ? sizeof(int128) : 0;
}

static void
set_lane(PgeOutColumn *out, PgeParquetPhysical physical, PgeParquetAnnotation annotation, int bits)
{
	out->kind = OUT_LANE;
	out->column->Physical = physical;
	out->column->Annotation = annotation;
	out->column->Bits = bits;
	out->column->Unit = PgeParquetUnit_Microseconds;
}

/* How values of a type go; what is not named here goes as text. */
static void
choose(PgeOutColumn *out, Oid type, int32 typmod)
{
	PgeParquetColumn *column = out->column;
	Oid			function;
	bool		varlena;

	out->type = type;
	get_typlenbyvalalign(type, &out->typlen, &out->typbyval, &out->typalign);
	out->kind = OUT_FUNCTION;
	column->Physical = PgeParquetPhysical_ByteArray;
	column->Annotation = PgeParquetAnnotation_String;
	switch (type)
	{
		case BOOLOID:
			set_lane(out, PgeParquetPhysical_Boolean, PgeParquetAnnotation_None, 0);
			return;
		case INT2OID:
			set_lane(out, PgeParquetPhysical_Int32, PgeParquetAnnotation_Integer, 16);
			return;
		case INT4OID:
			set_lane(out, PgeParquetPhysical_Int32, PgeParquetAnnotation_None, 0);
			return;
		case OIDOID:
			set_lane(out, PgeParquetPhysical_Int32, PgeParquetAnnotation_Integer, 32);
			column->Flags |= PgeParquetFlags_Unsigned;
			return;
		case INT8OID:
			set_lane(out, PgeParquetPhysical_Int64, PgeParquetAnnotation_None, 0);
			return;
		case FLOAT4OID:
			set_lane(out, PgeParquetPhysical_Float, PgeParquetAnnotation_None, 0);
			return;
		case FLOAT8OID:
			set_lane(out, PgeParquetPhysical_Double, PgeParquetAnnotation_None, 0);
			return;
		case DATEOID:
			set_lane(out, PgeParquetPhysical_Int32, PgeParquetAnnotation_Date, 0);
			out->kind = OUT_DATE;
			return;
		case TIMEOID:
			set_lane(out, PgeParquetPhysical_Int64, PgeParquetAnnotation_Time, 0);
			return;
		case TIMESTAMPTZOID:
			column->Flags |= PgeParquetFlags_Utc;
			/* FALLTHROUGH */
		case TIMESTAMPOID:
			set_lane(out, PgeParquetPhysical_Int64, PgeParquetAnnotation_Timestamp, 0);
			out->kind = OUT_TIMESTAMP;
			return;
		case NUMERICOID:
			choose_numeric(out, typmod);
			break;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			out->kind = OUT_TEXT;
			return;
		case JSONOID:
			out->kind = OUT_TEXT;
			column->Annotation = PgeParquetAnnotation_Json;
			return;
		case JSONBOID:
			column->Annotation = PgeParquetAnnotation_Json;
			break;
		case BYTEAOID:
			out->kind = OUT_BYTES;
			column->Annotation = PgeParquetAnnotation_None;
			return;
		case UUIDOID:
			out->kind = OUT_UUID;
			column->Physical = PgeParquetPhysical_FixedBytes;
			column->Annotation = PgeParquetAnnotation_Uuid;
			column->Length = UUID_LEN;
			return;
		default:
			break;
	}
	getTypeOutputInfo(type, &function, &varlena);
	fmgr_info(function, &out->output);
}

/* Vectors are of no fixed OID, and known by their cast to real[]. */
static bool
choose_floats(PgeOutColumn *out, Oid type)
{
	Oid			function;

	if (type < FirstNormalObjectId || find_coercion_pathway(FLOAT4ARRAYOID, type, COERCION_ASSIGNMENT, &function) != COERCION_PATH_FUNC)
		return false;
	fmgr_info(function, &out->to_floats);
	out->to_floats_args = get_func_nargs(function);
	choose(out, FLOAT4OID, -1);
	return true;
}

static void
make_room(PgeOutColumn *out, int elements)
{
	PgeParquetVector *vector = out->vector;
	int			capacity = Max(elements, PGE_PARQUET_BATCH);

	if (elements <= out->capacity)
		return;
	if (out->capacity > 0)
		capacity = Max(elements, out->capacity * 2);
	/* Lists may be as long as memory goes. */
	if (out->capacity == 0)
	{
		vector->Values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(u64) * (Size) capacity);
		vector->Lengths = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(i32) * (Size) capacity);
		vector->Nulls = MemoryContextAllocHuge(CurrentMemoryContext, capacity);
	}
	else
	{
		vector->Values = repalloc_huge(vector->Values, sizeof(u64) * (Size) capacity);
		vector->Lengths = repalloc_huge(vector->Lengths, sizeof(i32) * (Size) capacity);
		vector->Nulls = repalloc_huge(vector->Nulls, capacity);
	}
	out->capacity = capacity;
}

/* Columns for a query's result; fills in what the file is to have. */
PgeOutColumn *
pge_parquet_out(TupleDesc desc, PgeParquetColumn *columns)
{
	PgeOutColumn *outs = palloc0(sizeof(PgeOutColumn) * desc->natts);

	outs->ncolumns = desc->natts;
	outs->cxt = AllocSetContextCreate(CurrentMemoryContext, "Parquet batch", ALLOCSET_DEFAULT_SIZES);
	outs->vectors = palloc0(sizeof(PgeParquetVector) * desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		PgeOutColumn *out = &outs[i];
		int32		typmod = attribute->atttypmod;
		Oid			type = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
		Oid			element = get_element_type(type);
		char	   *name = pg_server_to_any(NameStr(attribute->attname), strlen(NameStr(attribute->attname)), PG_UTF8);
		char	   *sql_type = format_type_extended(attribute->atttypid, attribute->atttypmod, FORMAT_TYPE_TYPEMOD_GIVEN);

		for (int before = 0; before < i; before++)
			if (strcmp(NameStr(attribute->attname), NameStr(TupleDescAttr(desc, before)->attname)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" appears more than once in the query to export", NameStr(attribute->attname)),
						 errhint("Give one of them another name, with AS.")));
		sql_type = pg_server_to_any(sql_type, strlen(sql_type), PG_UTF8);
		out->name = pstrdup(NameStr(attribute->attname));
		out->vector = &outs->vectors[i];
		out->column = &columns[i];
		columns[i].Name = (u8 *) pstrdup(name);
		columns[i].NameLength = strlen(name);
		columns[i].SqlType = (u8 *) sql_type;
		columns[i].SqlTypeLength = strlen(sql_type);
		out->is_list = OidIsValid(element);
		if (out->is_list)
			choose(out, getBaseTypeAndTypmod(element, &typmod), typmod);
		else if (!(out->is_list = choose_floats(out, type)))
			choose(out, type, typmod);
		if (out->is_list)
		{
			columns[i].Flags |= PgeParquetFlags_List;
			out->vector->Lists = palloc(sizeof(i32) * PGE_PARQUET_BATCH);
		}
		make_room(out, PGE_PARQUET_BATCH);
	}
	return outs;
}

static void
put_bytes(PgeOutColumn *out, int at, const void *bytes, int length)
{
	out->vector->Values[at] = (u64) (uintptr_t) bytes;
	out->vector->Lengths[at] = length;
}

static void
put_text(PgeOutColumn *out, int at, const char *text, int length)
{
	const char *utf8 = pg_server_to_any(text, length, PG_UTF8);

	put_bytes(out, at, utf8, utf8 == text ? length : strlen(utf8));
}

static void
out_of_range(PgeOutColumn *out, const char *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value %s of column \"%s\" cannot be written as Parquet's %s", value, out->name, pge_parquet_describe(out->column)),
			 errhint("Cast the column to text.")));
}

/* The number times ten to the power of the column's scale. */
static void
put_decimal(PgeOutColumn *out, int at, Datum value)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
	bool		negative = text[0] == '-';
	uint128		number = 0;
	int			digits = 0;
	int			places = -1;	/* after the point */

	for (char *c = text + negative; *c != '\0'; c++)
	{
		if (*c == '.' && places < 0)
		{
			places = 0;
			continue;
		}
		if (*c < '0' || *c > '9' || places == out->column->Scale || digits == INT128_DIGITS)
			out_of_range(out, text);
		number = number * 10 + (*c - '0');
		digits += number != 0;
		places += places >= 0;
	}
	for (int i = Max(places, 0); i < out->column->Scale; i++)
	{
		if (digits++ >= INT128_DIGITS)
			out_of_range(out, text);
		number *= 10;
	}
	if (digits > out->column->Precision && number != 0)
		out_of_range(out, text);
	if (negative)
		number = -number;
	if (out->column->Physical == PgeParquetPhysical_FixedBytes)
	{
		uint8	   *bytes = palloc(sizeof(int128));

		for (int i = 0; i < sizeof(int128); i++)
			bytes[i] = (uint8) (number >> (8 * (sizeof(int128) - 1 - i)));
		put_bytes(out, at, bytes, sizeof(int128));
	}
	else
		out->vector->Values[at] = (u64) number;
	pfree(text);
}

static void
put_timestamp(PgeOutColumn *out, int at, Timestamp value)
{
	int64		result;

	if (TIMESTAMP_IS_NOEND(value))
		result = PGE_PARQUET_INFINITY;
	else if (TIMESTAMP_IS_NOBEGIN(value))
		result = -PGE_PARQUET_INFINITY;
	else if (pg_add_s64_overflow(value, PGE_EPOCH_DAYS * USECS_PER_DAY, &result))
		out_of_range(out, DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(value))));
	out->vector->Values[at] = (u64) result;
}

static void
put_date(PgeOutColumn *out, int at, DateADT value)
{
	if (DATE_IS_NOEND(value))
		value = PGE_PARQUET_DATE_INFINITY;
	else if (DATE_IS_NOBEGIN(value))
		value = -PGE_PARQUET_DATE_INFINITY;
	else
		value += PGE_EPOCH_DAYS;
	out->vector->Values[at] = (u64) (int64) value;
}

static u64
lane_of(PgeOutColumn *out, Datum value)
{
	switch (out->typlen)
	{
		case 1:
			return DatumGetBool(value);
		case 2:
			return (u64) (int64) DatumGetInt16(value);
		case 4:
			return (u64) (int64) DatumGetInt32(value);
		default:
			return (u64) DatumGetInt64(value);
	}
}

static void
put_value(PgeOutColumn *out, int at, Datum value)
{
	struct varlena *bytes;
	char	   *text;

	switch (out->kind)
	{
		case OUT_LANE:
			out->vector->Values[at] = lane_of(out, value);
			break;
		case OUT_DATE:
			put_date(out, at, DatumGetDateADT(value));
			break;
		case OUT_TIMESTAMP:
			put_timestamp(out, at, DatumGetTimestamp(value));
			break;
		case OUT_DECIMAL:
			put_decimal(out, at, value);
			break;
		case OUT_TEXT:
		case OUT_BYTES:
			/* The slot's memory may be gone before the batch is full. */
			bytes = PG_DETOAST_DATUM_PACKED(value);
			if ((Pointer) bytes == DatumGetPointer(value))
				bytes = (struct varlena *) DatumGetPointer(datumCopy(PointerGetDatum(bytes), false, -1));
			if (out->kind == OUT_TEXT)
				put_text(out, at, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			else
				put_bytes(out, at, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			break;
		case OUT_UUID:
			put_bytes(out, at, memcpy(palloc(UUID_LEN), DatumGetUUIDP(value)->data, UUID_LEN), UUID_LEN);
			break;
		case OUT_FUNCTION:
			text = OutputFunctionCall(&out->output, value);
			put_text(out, at, text, strlen(text));
			break;
	}
}

static void
put_list(PgeOutColumn *out, int row, Datum value)
{
	PgeParquetVector *vector = out->vector;
	ArrayType  *array;
	Datum	   *values;
	bool	   *nulls;
	int			count;

	if (OidIsValid(out->to_floats.fn_oid))
		value = out->to_floats_args == 1 ? FunctionCall1(&out->to_floats, value) :
			out->to_floats_args == 2 ? FunctionCall2(&out->to_floats, value, Int32GetDatum(-1)) :
			FunctionCall3(&out->to_floats, value, Int32GetDatum(-1), BoolGetDatum(false));
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) > 1 || (ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] != 1))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("an array of column \"%s\" cannot be written as a Parquet list", out->name),
				 ARR_NDIM(array) > 1 ? errdetail("It has %d dimensions.", ARR_NDIM(array)) :
				 errdetail("Its first element is number %d.", ARR_LBOUND(array)[0]),
				 errhint("Cast the column to text.")));
	deconstruct_array(array, ARR_ELEMTYPE(array), out->typlen, out->typbyval, out->typalign, &values, &nulls, &count);
	if (count > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(vector->Values));

		make_room(out, vector->Elements + count);
		MemoryContextSwitchTo(old);
	}
	vector->Lists[row] = count;
	for (int i = 0; i < count; i++)
	{
		int			at = vector->Elements++;

		vector->Nulls[at] = nulls[i];
		if (!nulls[i])
			put_value(out, at, values[i]);
	}
}

/* Output functions are to write what any session reads, as pg_dump has them do, and input functions to read that. */
int
pge_parquet_text_modes(void)
{
	int			level = NewGUCNestLevel();

	if (DateStyle != USE_ISO_DATES)
		set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (IntervalStyle != INTSTYLE_POSTGRES)
		set_config_option("intervalstyle", "postgres", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (extra_float_digits < 1)
		set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* Adds a row to the batch; its slot is deformed, and not needed afterwards. True: the batch takes no more, by number or by bytes. */
bool
pge_parquet_out_row(PgeOutColumn *columns, TupleTableSlot *slot)
{
	MemoryContext old = MemoryContextSwitchTo(columns->cxt);
	int			level = pge_parquet_text_modes();
	int			row = columns->rows++;

	for (int i = 0; i < columns->ncolumns; i++)
	{
		PgeOutColumn *out = &columns[i];

		if (out->is_list)
		{
			if (slot->tts_isnull[i])
				out->vector->Lists[row] = -1;
			else
				put_list(out, row, slot->tts_values[i]);
			continue;
		}
		out->vector->Nulls[row] = slot->tts_isnull[i];
		if (!slot->tts_isnull[i])
			put_value(out, row, slot->tts_values[i]);
		out->vector->Elements = row + 1;
	}
	AtEOXact_GUC(true, level);
	MemoryContextSwitchTo(old);
	return columns->rows == PGE_PARQUET_BATCH || MemoryContextMemAllocated(columns->cxt, false) > BATCH_BYTES;
}

PgeParquetVector *
pge_parquet_out_vectors(PgeOutColumn *columns)
{
	return columns->vectors;
}

/* Begins the next batch. */
void
pge_parquet_out_reset(PgeOutColumn *columns)
{
	MemoryContextReset(columns->cxt);
	columns->rows = 0;
	for (int i = 0; i < columns->ncolumns; i++)
		columns[i].vector->Elements = 0;
}

/* The batch goes to the file of this handle. True: the row group in the making is full. */
bool
pge_parquet_out_flush(PgeOutColumn *columns, u64 handle)
{
	i32			full = 0;

	if (columns->rows == 0)
		return false;
	CHECK_FOR_INTERRUPTS();
	PGE_CALL(ParquetAppend, handle, columns->vectors, columns->rows, &full);
	pge_parquet_out_reset(columns);
	return full != 0;
}
