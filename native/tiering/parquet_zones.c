/*
 * Parquet files: tests of zone maps, which are of SQL values, as tests of what is in a file. What cannot be said of the file's values is
 * not tested; wider is allowed, narrower is not.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "tiering.h"

/* Bounds move by so much; what is infinite in SQL, at least and at most, is so in the file by its own numbers. */
static void
shift(PgeZoneRange *range, int64 by, int64 least, int64 most, int64 file_least, int64 file_most)
{
	int64		low = (int64) range->Low;
	int64		high = (int64) range->High;

	if (low <= least)
		low = PG_INT64_MIN;
	else if (low >= most)
		low = file_most;
	else if (pg_add_s64_overflow(low, by, &low))
		low = PG_INT64_MAX;
	if (high <= least)
		high = file_least;
	else if (high >= most || pg_add_s64_overflow(high, by, &high))
		high = PG_INT64_MAX;
	range->Low = (u64) low;
	range->High = (u64) high;
}

/* Values of the column's type, as integers, from values of the file. */
static bool
integers(const PgeNatural *natural, Oid type, PgeZoneRange *range)
{
	switch (natural->type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return type == INT2OID || type == INT4OID || type == INT8OID;
		case TIMEOID:
			return type == TIMEOID && natural->column.Unit == PgeParquetUnit_Microseconds;
		case DATEOID:
			if (type != DATEOID)
				return false;
			shift(range, PGE_EPOCH_DAYS, DATEVAL_NOBEGIN, DATEVAL_NOEND, -PGE_PARQUET_DATE_INFINITY, PGE_PARQUET_DATE_INFINITY);
			return true;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			if (type != natural->type || natural->column.Annotation != PgeParquetAnnotation_Timestamp ||
				natural->column.Unit != PgeParquetUnit_Microseconds)
				return false;
			shift(range, PGE_EPOCH_DAYS * USECS_PER_DAY, DT_NOBEGIN, DT_NOEND, -PGE_PARQUET_INFINITY, PGE_PARQUET_INFINITY);
			return true;
		default:
			return false;
	}
}

/* *translated, whose ranges are the current context's; false: nothing can be said. */
bool
pge_parquet_zone(const PgeNatural *natural, Oid type, const PgeZoneTest *test, PgeZoneTest *translated)
{
	*translated = *test;
	if (natural->column.Flags & (PgeParquetFlags_List | PgeParquetFlags_Unsigned))
		return false;
	if (test->Order == PgeZoneOrder_IsNull || test->Order == PgeZoneOrder_IsNotNull)
		return true;
	translated->Ranges = palloc(sizeof(PgeZoneRange) * (test->Count + 1));
	for (int i = 0; i < test->Count; i++)
	{
		PgeZoneRange *range = &translated->Ranges[i];

		*range = test->Ranges[i];
		switch (test->Order)
		{
			case PgeZoneOrder_Integers:
				if (!integers(natural, type, range))
					return false;
				break;
			case PgeZoneOrder_Floats:
				if (type != natural->type || natural->column.Annotation == PgeParquetAnnotation_Float16)
					return false;
				break;
			case PgeZoneOrder_Bytes:
				/* A file's text is UTF-8. */
				if (natural->type == TEXTOID && (type == TEXTOID || type == VARCHAROID) && GetDatabaseEncoding() == PG_UTF8)
					break;
				if (natural->type == TEXTOID || type != natural->type)
					return false;
				break;
			default:
				return false;
		}
	}
	return true;
}
