/*
 * Tiering: a column's values as an object has them, and back. What comes back is what was stored, byte for byte: a type goes as Parquet's
 * own where that loses nothing, else as its text, if core reads that back as the same, else as the bytes that are stored. Which it is, is
 * found out by trying (cold_object.c), so nothing here need be known to lose nothing.
 *
 * No function of a user's runs on the way back.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "nodes/miscnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "cold.h"

/* A vector's payload, before its elements. */
typedef struct VectorHead
{
	int16		dimensions;
	int16		zero;
} VectorHead;

/* Digits of a DECIMAL at most. */
#define DECIMAL_DIGITS	38

/* As parquet_out.c has it; false: it is no DECIMAL. */
static bool
decimal_of(int32 typmod, int *precision, int *scale)
{
	if (typmod < (int32) VARHDRSZ)
		return false;
	*precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	*scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
	return *precision <= DECIMAL_DIGITS && *scale >= 0 && *scale <= *precision;
}

/* Types whose values Parquet has, as one of its own. */
static bool
is_natural(Oid type, int32 typmod)
{
	int			precision,
				scale;

	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case BYTEAOID:
		case UUIDOID:
			return true;
		case NUMERICOID:
			return decimal_of(typmod, &precision, &scale);
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case JSONOID:
			/* Bytes of other encodings may not come back. */
			return GetDatabaseEncoding() == PG_UTF8;
		default:
			return false;
	}
}

/* Of those, the ones of which each value is another one there. */
static bool
is_exact(Oid type)
{
	return type != NUMERICOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID;
}

/* The form that a column is to have unless a value turns up that does not fit. */
void
pge_cold_values_of(PgeColdValues *values, Form_pg_attribute att)
{
	int32		typmod = att->atttypmod;

	memset(values, 0, sizeof(*values));
	values->typlen = att->attlen;
	values->byval = att->attbyval;
	if (att->attisdropped)
		return;
	values->type = getBaseTypeAndTypmod(att->atttypid, &typmod);
	values->element = get_element_type(values->type);
	if (is_natural(values->type, typmod))
		values->form = PGE_COLD_NATURAL;
	else if (values->byval)
		values->form = PGE_COLD_LANE;
	else if (OidIsValid(values->element))
		values->form = is_natural(values->element, -1) && is_exact(values->element) ? PGE_COLD_LIST : PGE_COLD_BYTES;
	else if (values->typlen == -1 && values->type >= FirstNormalObjectId)
		values->form = PGE_COLD_FLOATS;
	else
		values->form = values->type < FirstNormalObjectId && values->type != XMLOID && GetDatabaseEncoding() == PG_UTF8 ?
			PGE_COLD_TEXT : PGE_COLD_BYTES;
}

/* The type as which a value is handed to what writes Parquet. */
Oid
pge_cold_out_type(const PgeColdValues *values, int32 *typmod)
{
	switch (values->form)
	{
		case PGE_COLD_LANE:
			*typmod = -1;
			return values->typlen <= 2 ? INT2OID : values->typlen == 4 ? INT4OID : INT8OID;
		case PGE_COLD_BYTES:
			*typmod = -1;
			return BYTEAOID;
		default:
			return values->type;
	}
}

/* The value as one of that type. */
Datum
pge_cold_out_value(const PgeColdValues *values, Datum value)
{
	const char *bytes = DatumGetPointer(value);

	if (values->form == PGE_COLD_LANE)
		return values->typlen == 1 ? Int16GetDatum(DatumGetChar(value)) : value;
	if (values->form != PGE_COLD_BYTES || values->typlen == -1)
		return value;
	return PointerGetDatum(cstring_to_text_with_len(bytes, values->typlen == -2 ? (int) strlen(bytes) : values->typlen));
}

/* What writes Parquet takes such values without an error. */
bool
pge_cold_fits(const PgeColdValues *values, int32 typmod, Datum value)
{
	if (values->form == PGE_COLD_LIST)
	{
		ArrayType  *array = DatumGetArrayTypeP(value);

		return ARR_NDIM(array) == 0 || (ARR_NDIM(array) == 1 && ARR_LBOUND(array)[0] == 1);
	}
	if (values->form != PGE_COLD_NATURAL)
		return true;
	if (values->type == TIMESTAMPOID || values->type == TIMESTAMPTZOID)
	{
		Timestamp	time = DatumGetTimestamp(value);
		int64		result;

		return TIMESTAMP_NOT_FINITE(time) || !pg_add_s64_overflow(time, PGE_EPOCH_DAYS * USECS_PER_DAY, &result);
	}
	if (values->type == NUMERICOID)
	{
		Numeric		number = DatumGetNumeric(value);
		const char *text,
				   *point;
		int			precision,
					scale,
					digits;

		if (!decimal_of(typmod, &precision, &scale) || numeric_is_nan(number) || numeric_is_inf(number))
			return false;
		text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
		point = strchr(text, '.');
		digits = (int) strlen(text) - (text[0] == '-') - (point != NULL);
		/* A zero before the point is no digit of a number below one. */
		return digits <= Max(precision, scale + 1) && (point == NULL ? 0 : (int) strlen(point + 1)) == scale;
	}
	return true;
}

/* Whatever the values are, they come back. */
bool
pge_cold_is_sure(const PgeColdValues *values)
{
	return values->form == PGE_COLD_ABSENT || values->form == PGE_COLD_LANE || values->form == PGE_COLD_BYTES ||
		(values->form == PGE_COLD_NATURAL && is_exact(values->type));
}

/* Makes ready to read values of an object's column, which must be what the form makes of them. */
void
pge_cold_values_bind(PgeColdValues *values, const PgeParquetColumn *column)
{
	bool		is_list = (column->Flags & PgeParquetFlags_List) != 0;
	Oid			function;

	if (!pge_parquet_natural(column, &values->natural) || is_list != (values->form == PGE_COLD_LIST || values->form == PGE_COLD_FLOATS))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the object has a column of type %s in another's place", pge_parquet_describe(column))));
	if (values->form == PGE_COLD_TEXT)
	{
		getTypeInputInfo(values->type, &function, &values->ioparam);
		fmgr_info(function, &values->input);
	}
	if (values->form == PGE_COLD_LIST)
	{
		values->element = get_element_type(values->type);
		if (!OidIsValid(values->element))
			elog(ERROR, "type %u is no array", values->type);
		get_typlenbyvalalign(values->element, &values->element_len, &values->element_byval, &values->element_align);
	}
}

/*
 * What the managed side makes of an object's values by itself, without Datums: what a form's values are by nature. False: they need
 * functions of ours. Wrong ones are found out by their checksum.
 */
bool
pge_cold_values_shape(const PgeColdValues *values, const PgeStubColumn *stub, PgeTransferShape *shape)
{
	const PgeParquetColumn *column = &values->natural.column;
	bool		is_time = values->type == TIMESTAMPOID || values->type == TIMESTAMPTZOID;

	*shape = (PgeTransferShape) {.Kind = stub->kind,.High = PG_INT64_MAX,.HighAs = PG_INT64_MAX,.Low = PG_INT64_MIN,.LowAs = PG_INT64_MIN};
	shape->FixedLength = stub->kind == PgeColumnKind_FixedBytes ? stub->typlen : 0;
	/* Numerics that are no decimals: NaN, say. */
	if (values->form == PGE_COLD_BYTES && stub->kind == PgeColumnKind_Numeric)
		return false;
	if (values->form == PGE_COLD_BYTES || values->form == PGE_COLD_LANE)
	{
		shape->Form = values->form == PGE_COLD_BYTES ? PgeTransferForm_Bytes : PgeTransferForm_Lanes;
		return true;
	}
	if (values->form != PGE_COLD_NATURAL)
		return false;
	if (values->type == NUMERICOID)
	{
		shape->Form = PgeTransferForm_Decimals;
		return column->Annotation == PgeParquetAnnotation_Decimal &&
			(column->Physical == PgeParquetPhysical_Int32 || column->Physical == PgeParquetPhysical_Int64);
	}
	shape->Form = values->byval ? PgeTransferForm_Lanes : PgeTransferForm_Bytes;
	if (values->type == DATEOID)
	{
		shape->Offset = PGE_EPOCH_DAYS;
		shape->High = PGE_PARQUET_DATE_INFINITY;
		shape->HighAs = DATEVAL_NOEND;
		shape->Low = -PGE_PARQUET_DATE_INFINITY;
		shape->LowAs = DATEVAL_NOBEGIN;
	}
	else if (is_time)
	{
		shape->Offset = PGE_EPOCH_DAYS * USECS_PER_DAY;
		shape->High = PGE_PARQUET_INFINITY;
		shape->HighAs = DT_NOEND;
		shape->Low = -PGE_PARQUET_INFINITY;
		shape->LowAs = DT_NOBEGIN;
	}
	return (!is_time && values->type != TIMEOID) || column->Unit == PgeParquetUnit_Microseconds;
}

static Datum
list_value(const PgeColdValues *values, const PgeParquetVector *vector, int count, int *element)
{
	Datum	   *datums;
	bool	   *nulls;
	int			lower = 1;

	if (count == 0)
		return PointerGetDatum(construct_empty_array(values->element));
	datums = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (Size) count);
	nulls = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(bool) * (Size) count);
	for (int i = 0; i < count; i++)
	{
		int			at = (*element)++;

		nulls[i] = vector->Nulls[at] != 0;
		datums[i] = nulls[i] ? (Datum) 0 :
			pge_parquet_value(&values->natural, vector->Values[at], vector->Lengths ? vector->Lengths[at] : 0);
	}
	return PointerGetDatum(construct_md_array(datums, nulls, 1, &count, &lower, values->element, values->element_len,
											  values->element_byval, values->element_align));
}

static Datum
vector_value(const PgeParquetVector *vector, int count, int *element)
{
	Size		bytes = VARHDRSZ + sizeof(VectorHead) + sizeof(float4) * (Size) count;
	char	   *value = palloc0(bytes);
	VectorHead	head = {.dimensions = (int16) count};

	SET_VARSIZE(value, bytes);
	memcpy(VARDATA(value), &head, sizeof(head));
	for (int i = 0; i < count; i++)
	{
		uint32		bits = (uint32) vector->Values[(*element)++];

		memcpy(VARDATA(value) + sizeof(head) + i * sizeof(bits), &bits, sizeof(bits));
	}
	return PointerGetDatum(value);
}

/* By-value bits that an integer has. */
static Datum
lane_value(const PgeColdValues *values, u64 lane)
{
	switch (values->typlen)
	{
		case 1:
			return CharGetDatum((char) lane);
		case 2:
			return Int16GetDatum((int16) lane);
		case 4:
			return Int32GetDatum((int32) lane);
		default:
			return Int64GetDatum((int64) lane);
	}
}

static Datum
bytes_value(const PgeColdValues *values, const char *bytes, i32 length)
{
	if (values->typlen == -1)
		return PointerGetDatum(cstring_to_text_with_len(bytes, length));
	if (values->typlen == -2)
		return CStringGetDatum(pnstrdup(bytes, length));
	if (length != values->typlen)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the object has a value of %d bytes in place of %d", length, values->typlen)));
	return PointerGetDatum(memcpy(palloc(length), bytes, length));
}

/* A row's value of a vector that was read, or is to be written; *element counts elements of lists, from 0 with the first row. */
Datum
pge_cold_value(const PgeColdValues *values, const PgeParquetVector *vector, int row, int *element, bool *isnull)
{
	u64			lane;
	i32			length;
	ErrorSaveContext soft = {T_ErrorSaveContext};
	Datum		result;

	if (values->form == PGE_COLD_LIST || values->form == PGE_COLD_FLOATS)
	{
		*isnull = vector->Lists[row] < 0;
		if (*isnull)
			return (Datum) 0;
		return values->form == PGE_COLD_LIST ? list_value(values, vector, vector->Lists[row], element) :
			vector_value(vector, vector->Lists[row], element);
	}
	*isnull = vector->Nulls[row] != 0;
	if (*isnull)
		return (Datum) 0;
	lane = vector->Values[row];
	length = vector->Lengths ? vector->Lengths[row] : 0;
	switch (values->form)
	{
		case PGE_COLD_LANE:
			return lane_value(values, lane);
		case PGE_COLD_BYTES:
			return bytes_value(values, (const char *) (uintptr_t) lane, length);
		case PGE_COLD_TEXT:
			/* What it does not take is found out by its being another value. */
			if (InputFunctionCallSafe(unconstify(FmgrInfo *, &values->input), pnstrdup((const char *) (uintptr_t) lane, length),
									  values->ioparam, -1, (Node *) &soft, &result))
				return result;
			*isnull = true;
			return (Datum) 0;
		default:
			return pge_parquet_value(&values->natural, lane, length);
	}
}

/* The bytes of a value that is passed by reference, without a varlena's header. */
static const char *
payload(const PgeColdValues *values, Datum value, uint32 *length)
{
	const char *bytes = DatumGetPointer(value);

	if (values->typlen == -1)
	{
		*length = VARSIZE_ANY_EXHDR(bytes);
		return VARDATA_ANY(bytes);
	}
	*length = values->typlen == -2 ? (uint32) strlen(bytes) : (uint32) values->typlen;
	return bytes;
}

static uint64
bits_of(const PgeColdValues *values, Datum value)
{
	return values->typlen == 8 ? (uint64) value : (uint64) value & ((UINT64CONST(1) << (8 * values->typlen)) - 1);
}

/* Are two values stored as the same? */
bool
pge_cold_same(const PgeColdValues *values, Datum a, Datum b)
{
	uint32		n,
				m;
	const char *x,
			   *y;

	if (values->byval)
		return bits_of(values, a) == bits_of(values, b);
	x = payload(values, a, &n);
	y = payload(values, b, &m);
	return n == m && memcmp(x, y, n) == 0;
}

/* Adds a value to a checksum: for each row a byte that says whether it is null; 8 bytes, or a length of four and the bytes. */
void
pge_cold_count(const PgeColdValues *values, pg_crc32c *crc, Datum value, bool isnull)
{
	uint8		present = !isnull;

	COMP_CRC32C(*crc, &present, 1);
	if (isnull)
		return;
	if (values->byval)
	{
		uint64		bits = bits_of(values, value);

		COMP_CRC32C(*crc, &bits, sizeof(bits));
	}
	else
	{
		uint32		length;
		const char *bytes = payload(values, value, &length);

		COMP_CRC32C(*crc, &length, sizeof(length));
		COMP_CRC32C(*crc, bytes, length);
	}
}

/* As the stub says; what it was when the group was moved, whatever the table's column is by now. */
void
pge_cold_values_of_stub(PgeColdValues *values, const PgeStubColumn *column)
{
	memset(values, 0, sizeof(*values));
	values->form = column->form;
	values->type = column->type;
	values->typlen = column->typlen;
	values->byval = column->byval;
}
