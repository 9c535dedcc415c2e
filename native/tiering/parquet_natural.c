/*
 * Parquet files: the SQL type that a column's values have by themselves, and values of that type. Units and epochs are Parquet's on one
 * side and PostgreSQL's on the other; what does not fit is an error.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "tiering.h"
#include "vector/half.h"

/* Digits of 64 bits that int64_div_fast_to_numeric() takes, and of 128. */
#define INT64_DIGITS	18
#define INT128_DIGITS	39

/* As messages name it. */
char *
pge_parquet_describe(const PgeParquetColumn *column)
{
	static const char *const physical[] = {
		"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"
	};
	static const char *const annotation[] = {
		NULL, "STRING", "ENUM", "JSON", "BSON", "UUID", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "INTEGER", "INTERVAL", "FLOAT16", NULL
	};
	static const char *const unit[] = {"MILLIS", "MICROS", "NANOS"};
	StringInfoData text;

	initStringInfo(&text);
	if (column->Flags & PgeParquetFlags_Unsupported)
		return pstrdup("nested");
	if (column->Flags & PgeParquetFlags_List)
		appendStringInfoString(&text, "LIST of ");
	appendStringInfoString(&text, annotation[column->Annotation] ? annotation[column->Annotation] : physical[column->Physical]);
	switch (column->Annotation)
	{
		case PgeParquetAnnotation_Decimal:
			appendStringInfo(&text, "(%d,%d)", column->Precision, column->Scale);
			break;
		case PgeParquetAnnotation_Integer:
			appendStringInfo(&text, "(%d,%s)", column->Bits, column->Flags & PgeParquetFlags_Unsigned ? "unsigned" : "signed");
			break;
		case PgeParquetAnnotation_Time:
		case PgeParquetAnnotation_Timestamp:
			appendStringInfo(&text, "(%s,%s)", unit[column->Unit], column->Flags & PgeParquetFlags_Utc ? "UTC" : "local");
			break;
		default:
			break;
	}
	return text.data;
}

static Oid
integer_type(const PgeParquetColumn *column)
{
	int			bits = column->Annotation == PgeParquetAnnotation_Integer ? column->Bits :
		column->Physical == PgeParquetPhysical_Int32 ? 32 : 64;

	if (column->Flags & PgeParquetFlags_Unsigned)
		bits *= 2;
	return bits <= 16 ? INT2OID : bits == 32 ? INT4OID : bits == 64 ? INT8OID : NUMERICOID;
}

static Oid
type_of(const PgeParquetColumn *column)
{
	switch (column->Annotation)
	{
		case PgeParquetAnnotation_String:
		case PgeParquetAnnotation_Enum:
			return TEXTOID;
		case PgeParquetAnnotation_Json:
			return JSONOID;
		case PgeParquetAnnotation_Uuid:
			return UUIDOID;
		case PgeParquetAnnotation_Decimal:
			return NUMERICOID;
		case PgeParquetAnnotation_Date:
			return DATEOID;
		case PgeParquetAnnotation_Time:
			return TIMEOID;
		case PgeParquetAnnotation_Timestamp:
			return column->Flags & PgeParquetFlags_Utc ? TIMESTAMPTZOID : TIMESTAMPOID;
		case PgeParquetAnnotation_Interval:
			return INTERVALOID;
		case PgeParquetAnnotation_Float16:
			return FLOAT4OID;
		default:
			break;
	}
	switch (column->Physical)
	{
		case PgeParquetPhysical_Boolean:
			return BOOLOID;
		case PgeParquetPhysical_Int32:
		case PgeParquetPhysical_Int64:
			return integer_type(column);
		case PgeParquetPhysical_Int96:
			return TIMESTAMPOID;
		case PgeParquetPhysical_Float:
			return FLOAT4OID;
		case PgeParquetPhysical_Double:
			return FLOAT8OID;
		default:
			return BYTEAOID;
	}
}

/* False: values of no type that we have. */
bool
pge_parquet_natural(const PgeParquetColumn *column, PgeNatural *natural)
{
	if (column->Flags & PgeParquetFlags_Unsupported)
		return false;
	natural->column = *column;
	natural->type = type_of(column);
	natural->typmod = -1;
	if (column->Annotation == PgeParquetAnnotation_Decimal)
		natural->typmod = ((column->Precision << 16) | column->Scale) + VARHDRSZ;
	return true;
}

static void
out_of_range(const PgeNatural *natural)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value of Parquet type %s is out of range for type %s",
					pge_parquet_describe(&natural->column), format_type_be(natural->type))));
}

static Datum
date_value(const PgeNatural *natural, int64 days)
{
	if (days == PGE_PARQUET_DATE_INFINITY)
		return DateADTGetDatum(DATEVAL_NOEND);
	if (days <= -PGE_PARQUET_DATE_INFINITY)
		return DateADTGetDatum(DATEVAL_NOBEGIN);
	days -= PGE_EPOCH_DAYS;
	if (!IS_VALID_DATE(days))
		out_of_range(natural);
	return DateADTGetDatum((DateADT) days);
}

static int64
microseconds(const PgeNatural *natural, int64 value)
{
	switch (natural->column.Unit)
	{
		case PgeParquetUnit_Milliseconds:
			if (pg_mul_s64_overflow(value, 1000, &value))
				out_of_range(natural);
			return value;
		case PgeParquetUnit_Nanoseconds:
			/* Down, as everything else rounds times that are cut. */
			return value / 1000 - (value % 1000 < 0);
		default:
			return value;
	}
}

static Datum
time_value(const PgeNatural *natural, int64 value)
{
	value = microseconds(natural, value);
	if (value < 0 || value > USECS_PER_DAY)
		out_of_range(natural);
	return TimeADTGetDatum(value);
}

static Datum
timestamp_value(const PgeNatural *natural, int64 value)
{
	if (natural->column.Unit == PgeParquetUnit_Microseconds && value == PGE_PARQUET_INFINITY)
		return TimestampGetDatum(DT_NOEND);
	if (natural->column.Unit == PgeParquetUnit_Microseconds && value <= -PGE_PARQUET_INFINITY)
		return TimestampGetDatum(DT_NOBEGIN);
	value = microseconds(natural, value);
	if (pg_sub_s64_overflow(value, PGE_EPOCH_DAYS * USECS_PER_DAY, &value) || !IS_VALID_TIMESTAMP(value))
		out_of_range(natural);
	return TimestampGetDatum(value);
}

/* Nanoseconds of a day, and the day's Julian number. */
static Datum
int96_value(const PgeNatural *natural, const char *bytes)
{
	int64		nanoseconds;
	uint32		day;
	int64		value;

	memcpy(&nanoseconds, bytes, sizeof(nanoseconds));
	memcpy(&day, bytes + sizeof(nanoseconds), sizeof(day));
	value = ((int64) day - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	if (day > DATE_END_JULIAN || pg_add_s64_overflow(value, nanoseconds / 1000, &value) || !IS_VALID_TIMESTAMP(value))
		out_of_range(natural);
	return TimestampGetDatum(value);
}

/* A number of so many places after the point, from its digits. */
static Datum
numeric_value(uint128 number, bool negative, int scale)
{
	char		text[INT128_DIGITS + 1008];
	char	   *at = text + sizeof(text);

	*--at = '\0';
	for (int digit = 0; number != 0 || digit <= scale; digit++)
	{
		if (digit == scale && scale > 0)
			*--at = '.';
		*--at = '0' + (int) (number % 10);
		number /= 10;
	}
	if (negative)
		*--at = '-';
	return DirectFunctionCall3(numeric_in, CStringGetDatum(at), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static Datum
decimal_value(const PgeNatural *natural, u64 lane, i32 length)
{
	const uint8 *bytes = (const uint8 *) (uintptr_t) lane;
	int			scale = natural->column.Scale;
	bool		negative;
	uint128		number;

	if (natural->column.Physical == PgeParquetPhysical_Int32 || natural->column.Physical == PgeParquetPhysical_Int64)
	{
		if (scale <= INT64_DIGITS)
			return NumericGetDatum(int64_div_fast_to_numeric((int64) lane, scale));
		negative = (int64) lane < 0;
		number = negative ? -(uint128) (int128) (int64) lane : lane;
		return numeric_value(number, negative, scale);
	}
	/* Two's complement, the highest byte first. */
	negative = length > 0 && (bytes[0] & 0x80) != 0;
	while (length > sizeof(uint128) && bytes[0] == (negative ? 0xFF : 0) && (bytes[1] & 0x80) == (negative ? 0x80 : 0))
	{
		bytes++;
		length--;
	}
	if (length > sizeof(uint128))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("value of Parquet type %s has more than 128 bits", pge_parquet_describe(&natural->column))));
	number = negative ? ~(uint128) 0 : 0;
	for (i32 i = 0; i < length; i++)
		number = number << 8 | bytes[i];
	return numeric_value(negative ? -number : number, negative, scale);
}

static Datum
interval_value(const PgeNatural *natural, const char *bytes)
{
	Interval   *interval = palloc(sizeof(Interval));
	uint32		parts[3];

	memcpy(parts, bytes, sizeof(parts));
	if (parts[0] > PG_INT32_MAX || parts[1] > PG_INT32_MAX)
		out_of_range(natural);
	interval->month = parts[0];
	interval->day = parts[1];
	interval->time = (int64) parts[2] * 1000;
	return IntervalPGetDatum(interval);
}

/* UTF-8 in the file; what is no text of this database is an error. */
static Datum
text_value(const char *bytes, i32 length)
{
	char	   *text = pg_any_to_server(bytes, length, PG_UTF8);

	return PointerGetDatum(cstring_to_text_with_len(text, text == bytes ? length : strlen(text)));
}

static Datum
bytes_value(const PgeNatural *natural, const char *bytes, i32 length)
{
	switch (natural->type)
	{
		case TEXTOID:
		case JSONOID:
			return text_value(bytes, length);
		case UUIDOID:
			return UUIDPGetDatum(memcpy(palloc(UUID_LEN), bytes, UUID_LEN));
		case INTERVALOID:
			return interval_value(natural, bytes);
		case TIMESTAMPOID:
			return int96_value(natural, bytes);
		case FLOAT4OID:
			{
				half		number;

				memcpy(&number, bytes, sizeof(number));
				return Float4GetDatum(half_to_float(number));
			}
		default:
			return PointerGetDatum(cstring_to_text_with_len(bytes, length));
	}
}

/* A value that is not null. */
Datum
pge_parquet_value(const PgeNatural *natural, u64 lane, i32 length)
{
	int64		value = (int64) lane;

	if (natural->column.Annotation == PgeParquetAnnotation_Decimal)
		return decimal_value(natural, lane, length);
	if (natural->column.Physical == PgeParquetPhysical_Int96 || natural->column.Physical >= PgeParquetPhysical_ByteArray)
		return bytes_value(natural, (const char *) (uintptr_t) lane, length);
	switch (natural->type)
	{
		case BOOLOID:
			return BoolGetDatum(value != 0);
		case DATEOID:
			return date_value(natural, value);
		case TIMEOID:
			return time_value(natural, value);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return timestamp_value(natural, value);
		case FLOAT4OID:
		case FLOAT8OID:
			return (Datum) lane;
		case NUMERICOID:
			return numeric_value(lane, false, 0);
		default:
			break;
	}
	if (natural->column.Flags & PgeParquetFlags_Unsigned && natural->column.Physical == PgeParquetPhysical_Int32)
		value = (uint32) value;
	if ((natural->type == INT2OID && value != (int16) value) || (natural->type == INT4OID && value != (int32) value))
		out_of_range(natural);
	return (Datum) value;
}
