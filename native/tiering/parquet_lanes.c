/*
 * Parquet files: values of a batch as the engine has them (executor/batch_scan.h), a column at a time, where they are of the table's own
 * type: numbers as they lie there, text and decimals into one piece of memory. Whatever is not for here goes value by value
 * (parquet_in.c), and comes to the same.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "varatt.h"

#include "tiering.h"

/* Of decimals that are integers of 64 bits. */
#define MOST_SCALE		18

/* PostgreSQL's short format of numeric: a header, then digits of base 10,000, the highest first, none at the ends being 0. */
#define NUMERIC_BASE	10000
#define DIGIT_PLACES	4
#define SHORT_FORMAT	0x8000
#define SHORT_NEGATIVE	0x2000
#define SHORT_SCALE_AT	7
#define SHORT_WEIGHT	0x7F	/* with its sign */
#define MOST_DIGITS		6		/* 19 places, that may begin and end within a digit */
#define NUMERIC_ROOM	MAXALIGN(VARHDRSZ + sizeof(uint16) + MOST_DIGITS * sizeof(uint16))

/* Values that are in the file as they are in the table, and fit it whatever they are. */
static bool
is_same_lane(const PgeNatural *natural)
{
	const PgeParquetColumn *file = &natural->column;

	switch (natural->type)
	{
		case BOOLOID:
		case FLOAT8OID:
			return true;
		case FLOAT4OID:
			return file->Physical == PgeParquetPhysical_Float;
		case INT4OID:
			return file->Physical == PgeParquetPhysical_Int32 && (file->Flags & PgeParquetFlags_Unsigned) == 0;
		case INT8OID:
			return file->Physical == PgeParquetPhysical_Int64 && (file->Flags & PgeParquetFlags_Unsigned) == 0;
		default:
			return false;
	}
}

static bool
is_decimal(const PgeNatural *natural)
{
	return natural->column.Annotation == PgeParquetAnnotation_Decimal && natural->column.Scale <= MOST_SCALE &&
		(natural->column.Physical == PgeParquetPhysical_Int32 || natural->column.Physical == PgeParquetPhysical_Int64);
}

/* ---- decimals ---- */

/* What an integer is at a scale, as int64_div_fast_to_numeric() makes it. unit: of the last digit, the places that the scale fills. */
static void
make_numeric(int64 value, int scale, uint64 unit, char *dest)
{
	uint64		magnitude = value < 0 ? -(uint64) value : (uint64) value;
	uint64		rest = magnitude / unit;
	int			weight = -((scale + DIGIT_PLACES - 1) / DIGIT_PLACES);
	uint16		digits[MOST_DIGITS];	/* the lowest first */
	int			ndigits = 0;
	int			skip = 0;
	uint16		header = SHORT_FORMAT | (value < 0 ? SHORT_NEGATIVE : 0) | (uint16) (scale << SHORT_SCALE_AT);
	char	   *at = dest + VARHDRSZ + sizeof(uint16);

	digits[ndigits++] = (uint16) ((magnitude - rest * unit) * (NUMERIC_BASE / unit));
	for (; rest != 0; rest /= NUMERIC_BASE)
		digits[ndigits++] = (uint16) (rest % NUMERIC_BASE);
	while (ndigits > 0 && digits[ndigits - 1] == 0)
		ndigits--;
	while (skip < ndigits && digits[skip] == 0)
		skip++;
	weight = ndigits == 0 ? 0 : weight + ndigits - 1;
	header |= (uint16) (weight & SHORT_WEIGHT);
	memcpy(dest + VARHDRSZ, &header, sizeof(uint16));
	for (int i = ndigits - 1; i >= skip; i--, at += sizeof(uint16))
		memcpy(at, &digits[i], sizeof(uint16));
	SET_VARSIZE(dest, at - dest);
}

static void
fill_decimals(const PgeNatural *natural, const PgeParquetVector *vector, i32 first, i32 rows, u64 *values)
{
	int			scale = natural->column.Scale;
	uint64		unit = 1;
	char	   *room = palloc((Size) rows * NUMERIC_ROOM);

	for (int place = 0; place < (scale % DIGIT_PLACES == 0 ? DIGIT_PLACES : scale % DIGIT_PLACES); place++)
		unit *= 10;
	for (i32 i = 0; i < rows; i++)
	{
		values[i] = 0;
		if (vector->Nulls[first + i])
			continue;
		make_numeric((int64) vector->Values[first + i], scale, unit, room);
		values[i] = (u64) (uintptr_t) room;
		room += NUMERIC_ROOM;
	}
}

/* ---- text ---- */

/* Is each byte one of ASCII's, and none 0? Then it is text in UTF-8. */
static inline bool
is_ascii(const char *bytes, i32 length)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);
	uint64		bad = 0;
	i32			i = 0;

	for (; i + (i32) sizeof(uint64) <= length; i += sizeof(uint64))
	{
		uint64		word;

		memcpy(&word, bytes + i, sizeof(word));
		/* The first borrow into a byte's highest bit is a zero's; a bit that is set there already is bad by itself. */
		bad |= word | (word - ones);
	}
	for (; i < length; i++)
		bad |= (uint8) bytes[i] | (uint64) (uint8) (bytes[i] - 1);
	return (bad & (ones << 7)) == 0;
}

/* False: a value is too long for that. */
static bool
fill_text(const PgeParquetVector *vector, i32 first, i32 rows, u64 *values)
{
	Size		total = 0;
	char	   *room;

	for (i32 i = first; i < first + rows; i++)
	{
		if (vector->Nulls[i])
			continue;
		if ((Size) vector->Lengths[i] > MaxAllocSize - VARHDRSZ)
			return false;
		total += INTALIGN(VARHDRSZ + (Size) vector->Lengths[i]);
	}
	room = MemoryContextAllocHuge(CurrentMemoryContext, Max(total, 1));
	for (i32 i = 0; i < rows; i++)
	{
		const char *bytes = (const char *) (uintptr_t) vector->Values[first + i];
		i32			length;

		values[i] = 0;
		if (vector->Nulls[first + i])
			continue;
		length = vector->Lengths[first + i];
		if (!is_ascii(bytes, length))
			(void) pg_verify_mbstr(PG_UTF8, bytes, length, false);
		SET_VARSIZE(room, VARHDRSZ + length);
		/* Empty ones may have no address. */
		if (length > 0)
			memcpy(VARDATA(room), bytes, length);
		values[i] = (u64) (uintptr_t) room;
		room += INTALIGN(VARHDRSZ + (Size) length);
	}
	return true;
}

/* So many rows from one on of a column that is no list. False: its values are to be made one by one. */
bool
pge_parquet_lanes(const PgeNatural *natural, const PgeParquetVector *vector, i32 first, i32 rows, u64 *values, u8 *nulls)
{
	if (is_same_lane(natural))
		memcpy(values, vector->Values + first, rows * sizeof(u64));
	else if (is_decimal(natural))
		fill_decimals(natural, vector, first, rows, values);
	else if (natural->type != TEXTOID || GetDatabaseEncoding() != PG_UTF8 || !fill_text(vector, first, rows, values))
		return false;
	memcpy(nulls, vector->Nulls + first, rows);
	return true;
}
