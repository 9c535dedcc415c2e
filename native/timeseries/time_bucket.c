/*
 * Time series: time_bucket, the start of the bucket that a time falls into. Names, arguments and defaults are TimescaleDB's.
 *
 * Buckets lie side by side from an origin in both directions. Widths without months are lengths of time; a width of months is that many
 * calendar months, and may not have days or times beside them. A timestamptz without a time zone is bucketed in UTC, so that the result
 * does not depend on the session; with one, by the clock on the wall there.
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define MONTHS_A_YEAR	12

/* Mondays begin weeks: 2000-01-03. Months count from 2000-01-01, PostgreSQL's own epoch. */
#define ORIGIN_OF_DAYS		(2 * USECS_PER_DAY)
#define ORIGIN_OF_MONTHS	INT64CONST(0)

static void
timestamp_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("timestamp out of range")));
}

/* The start of the value's bucket; false: it is beyond 64 bits. The width is positive. */
static bool
floor_to(int64 width, int64 value, int64 origin, int64 *start)
{
	int128		over = ((int128) value - origin) % width;

	if (over < 0)
		over += width;
	return !pg_sub_s64_overflow(value, (int64) over, start);
}

/* ---- widths ---- */

static void
check_width(const Interval *width)
{
	if (INTERVAL_NOT_FINITE(width))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket width cannot be infinite")));
	if (width->month != 0 && (width->day != 0 || width->time != 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("bucket width cannot have months beside days or times"),
				 errhint("Months differ in length: use a width of whole months, such as '1 month', or one of days, such as '30 days'.")));
}

/* Microseconds, or months. */
static int64
positive_width(const Interval *width)
{
	int64		length;

	check_width(width);
	if (width->month != 0)
		length = width->month;
	else if (pg_mul_s64_overflow(width->day, USECS_PER_DAY, &length) || pg_add_s64_overflow(length, width->time, &length))
		ereport(ERROR,
				(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
				 errmsg("bucket width is out of range")));
	if (length <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket width must be greater than 0")));
	return length;
}

/* ---- timestamps without a time zone ---- */

/* A timestamp as whole months since year 0 and what is over. */
static int64
months_of(Timestamp timestamp, int64 *over)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(timestamp, NULL, &tm, &fsec, NULL, NULL) != 0)
		timestamp_out_of_range();
	*over = (tm.tm_mday - 1) * USECS_PER_DAY + ((tm.tm_hour * INT64CONST(60) + tm.tm_min) * 60 + tm.tm_sec) * USECS_PER_SEC + fsec;
	return (int64) tm.tm_year * MONTHS_A_YEAR + tm.tm_mon - 1;
}

/* The first of a month, counted as above, and some time on. */
static Timestamp
month_start(int64 month, int64 over)
{
	int			year = (int) (month >= 0 ? month / MONTHS_A_YEAR : -((MONTHS_A_YEAR - 1 - month) / MONTHS_A_YEAR));
	Timestamp	start;

	if (!IS_VALID_JULIAN(year, 1, 1))
		timestamp_out_of_range();
	start = ((int64) date2j(year, (int) (month - (int64) year * MONTHS_A_YEAR) + 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY + over;
	if (!IS_VALID_TIMESTAMP(start))
		timestamp_out_of_range();
	return start;
}

/* Buckets begin on the origin's day and time of a month: one that each month has. */
static Timestamp
bucket_of_months(int64 width, Timestamp timestamp, Timestamp origin)
{
	int64		origin_over;
	int64		over;
	int64		origin_month = months_of(origin, &origin_over);
	int64		month = months_of(timestamp, &over);
	int64		start;

	if (origin_over >= 28 * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("origin of buckets of months must be on one of the first 28 days of a month")));
	if (over < origin_over)
		month--;
	if (!floor_to(width, month, origin_month, &start))
		timestamp_out_of_range();
	return month_start(start, origin_over);
}

static Timestamp
bucket(const Interval *width, Timestamp timestamp, const Timestamp *origin)
{
	int64		length = positive_width(width);
	Timestamp	from = origin != NULL ? *origin : width->month != 0 ? ORIGIN_OF_MONTHS : ORIGIN_OF_DAYS;
	Timestamp	start;

	if (TIMESTAMP_NOT_FINITE(from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("origin of buckets cannot be infinite")));
	if (TIMESTAMP_NOT_FINITE(timestamp))
		return timestamp;
	if (width->month != 0)
		return bucket_of_months(length, timestamp, from);
	if (!floor_to(length, timestamp, from, &start) || !IS_VALID_TIMESTAMP(start))
		timestamp_out_of_range();
	return start;
}

/* Buckets that are moved by an offset; by calendar where it has days or months. */
static Timestamp
bucket_with_offset(const Interval *width, Timestamp timestamp, const Timestamp *origin, const Interval *offset)
{
	Datum		by = IntervalPGetDatum(offset);
	Timestamp	moved = DatumGetTimestamp(DirectFunctionCall2(timestamp_mi_interval, TimestampGetDatum(timestamp), by));

	return DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval, TimestampGetDatum(bucket(width, moved, origin)), by));
}

/* timestamp, and timestamptz in UTC: their values are counted alike. */

PG_FUNCTION_INFO_V1(pge_time_bucket_timestamp);
Datum
pge_time_bucket_timestamp(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(bucket(PG_GETARG_INTERVAL_P(0), PG_GETARG_TIMESTAMP(1), NULL));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_timestamp_origin);
Datum
pge_time_bucket_timestamp_origin(PG_FUNCTION_ARGS)
{
	Timestamp	origin = PG_GETARG_TIMESTAMP(2);

	PG_RETURN_TIMESTAMP(bucket(PG_GETARG_INTERVAL_P(0), PG_GETARG_TIMESTAMP(1), &origin));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_timestamp_offset);
Datum
pge_time_bucket_timestamp_offset(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(bucket_with_offset(PG_GETARG_INTERVAL_P(0), PG_GETARG_TIMESTAMP(1), NULL, PG_GETARG_INTERVAL_P(2)));
}

/* timestamptz by the wall clock of a time zone; origin and offset may be NULL, which is the default. */
PG_FUNCTION_INFO_V1(pge_time_bucket_timezone);
Datum
pge_time_bucket_timezone(PG_FUNCTION_ARGS)
{
	Datum		zone;
	Interval   *width;
	Timestamp	origin;
	Timestamp	local;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	width = PG_GETARG_INTERVAL_P(0);
	zone = PG_GETARG_DATUM(2);
	local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, PG_GETARG_DATUM(1)));
	if (!PG_ARGISNULL(3))
		origin = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone, PG_GETARG_DATUM(3)));
	if (PG_ARGISNULL(4))
		local = bucket(width, local, PG_ARGISNULL(3) ? NULL : &origin);
	else
		local = bucket_with_offset(width, local, PG_ARGISNULL(3) ? NULL : &origin, PG_GETARG_INTERVAL_P(4));
	PG_RETURN_DATUM(DirectFunctionCall2(timestamp_zone, zone, TimestampGetDatum(local)));
}

/* ---- dates: buckets of a day's midnight ---- */

static Timestamp
midnight(DateADT date)
{
	return DatumGetTimestamp(DirectFunctionCall1(date_timestamp, DateADTGetDatum(date)));
}

static Datum
day_of(Timestamp timestamp)
{
	return DirectFunctionCall1(timestamp_date, TimestampGetDatum(timestamp));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_date);
Datum
pge_time_bucket_date(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(day_of(bucket(PG_GETARG_INTERVAL_P(0), midnight(PG_GETARG_DATEADT(1)), NULL)));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_date_origin);
Datum
pge_time_bucket_date_origin(PG_FUNCTION_ARGS)
{
	Timestamp	origin = midnight(PG_GETARG_DATEADT(2));

	PG_RETURN_DATUM(day_of(bucket(PG_GETARG_INTERVAL_P(0), midnight(PG_GETARG_DATEADT(1)), &origin)));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_date_offset);
Datum
pge_time_bucket_date_offset(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(day_of(bucket_with_offset(PG_GETARG_INTERVAL_P(0), midnight(PG_GETARG_DATEADT(1)), NULL, PG_GETARG_INTERVAL_P(2))));
}

/* ---- integers ---- */

static int64
bucket_of_integers(int64 width, int64 value, int64 offset, int64 least, int64 most, const char *type)
{
	int64		start;

	if (width <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket width must be greater than 0")));
	if (!floor_to(width, value, offset, &start) || start < least || start > most)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range", type),
				 errdetail("The bucket begins before the type's first value.")));
	return start;
}

PG_FUNCTION_INFO_V1(pge_time_bucket_int2);
Datum
pge_time_bucket_int2(PG_FUNCTION_ARGS)
{
	int16		offset = PG_NARGS() > 2 ? PG_GETARG_INT16(2) : 0;

	PG_RETURN_INT16(bucket_of_integers(PG_GETARG_INT16(0), PG_GETARG_INT16(1), offset, PG_INT16_MIN, PG_INT16_MAX, "smallint"));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_int4);
Datum
pge_time_bucket_int4(PG_FUNCTION_ARGS)
{
	int32		offset = PG_NARGS() > 2 ? PG_GETARG_INT32(2) : 0;

	PG_RETURN_INT32(bucket_of_integers(PG_GETARG_INT32(0), PG_GETARG_INT32(1), offset, PG_INT32_MIN, PG_INT32_MAX, "integer"));
}

PG_FUNCTION_INFO_V1(pge_time_bucket_int8);
Datum
pge_time_bucket_int8(PG_FUNCTION_ARGS)
{
	int64		offset = PG_NARGS() > 2 ? PG_GETARG_INT64(2) : 0;

	PG_RETURN_INT64(bucket_of_integers(PG_GETARG_INT64(0), PG_GETARG_INT64(1), offset, PG_INT64_MIN, PG_INT64_MAX, "bigint"));
}
