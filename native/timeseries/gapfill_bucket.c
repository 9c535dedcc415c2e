/*
 * Time series: buckets in the order in which gaps are filled. Times are counted as their type counts them: days, microseconds, or numbers.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/int.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"

#include "gapfill.h"
#include "timeseries.h"

int64
pge_time_to_units(Oid type, Datum time)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(time);
		case INT4OID:
			return DatumGetInt32(time);
		case DATEOID:
			return DatumGetDateADT(time);
		default:
			return DatumGetInt64(time);
	}
}

Datum
pge_units_to_time(Oid type, int64 units)
{
	switch (type)
	{
		case INT2OID:
			return Int16GetDatum((int16) units);
		case INT4OID:
			return Int32GetDatum((int32) units);
		case DATEOID:
			return DateADTGetDatum((DateADT) units);
		default:
			return Int64GetDatum(units);
	}
}

static void
check_finite(bool finite, bool finish)
{
	if (!finite)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid time_bucket_gapfill argument: %s cannot be infinite", finish ? "finish" : "start")));
}

/* A bound, of pge_bound_type(), as the least time that is in (start), or the least that is not (finish). */
int64
pge_bound_to_units(Oid type, Datum bound, PgeBoundKind kind, bool finish)
{
	int64		units = DatumGetInt64(bound);
	int64		moved;

	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			break;
		case DATEOID:
			check_finite(!TIMESTAMP_NOT_FINITE(units), finish);
			/* Days whose midnight is from there on, or after it. */
			moved = units / USECS_PER_DAY - (units % USECS_PER_DAY < 0);
			return kind == PGE_BOUND_MOVED || units % USECS_PER_DAY != 0 ? moved + 1 : moved;
		default:
			check_finite(!TIMESTAMP_NOT_FINITE(units), finish);
			break;
	}
	if (kind == PGE_BOUND_MOVED && pg_add_s64_overflow(units, 1, &moved))
		return units;
	return kind == PGE_BOUND_MOVED ? moved : units;
}

/* ---- times with a zone: by the clock on the wall ---- */

static Datum
in_zone(const PgeBuckets *buckets, int64 units)
{
	return DirectFunctionCall2(timestamptz_zone, buckets->zone, TimestampTzGetDatum(units));
}

static int64
local_bucket(const PgeBuckets *buckets, Datum local)
{
	Datum		start = DirectFunctionCall2(pge_time_bucket_timestamp, buckets->width, local);

	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, buckets->zone, start));
}

/* ---- buckets ---- */

static int64
bucket_by(PGFunction function, const PgeBuckets *buckets, int64 units)
{
	Datum		time = pge_units_to_time(buckets->type, units);

	return pge_time_to_units(buckets->type, DirectFunctionCall2(function, buckets->width, time));
}

/* The start of the bucket that a time is in. */
int64
pge_bucket_of(const PgeBuckets *buckets, int64 units)
{
	switch (buckets->type)
	{
		case INT2OID:
			return bucket_by(pge_time_bucket_int2, buckets, units);
		case INT4OID:
			return bucket_by(pge_time_bucket_int4, buckets, units);
		case INT8OID:
			return bucket_by(pge_time_bucket_int8, buckets, units);
		case DATEOID:
			return bucket_by(pge_time_bucket_date, buckets, units);
		default:
			if (buckets->has_zone)
				return local_bucket(buckets, in_zone(buckets, units));
			return bucket_by(pge_time_bucket_timestamp, buckets, units);
	}
}

static bool
next_number(const PgeBuckets *buckets, int64 bucket, int64 *next)
{
	int64		most = buckets->type == INT2OID ? PG_INT16_MAX : buckets->type == INT4OID ? PG_INT32_MAX : PG_INT64_MAX;

	return !pg_add_s64_overflow(bucket, pge_time_to_units(buckets->type, buckets->width), next) && *next <= most;
}

/*
 * The first bucket after one. False: there is none that the type can say. By the clock on the wall, or by days with widths in hours, more
 * than one step may be needed for the next start to differ.
 */
bool
pge_bucket_after(const PgeBuckets *buckets, int64 bucket, int64 *next)
{
	Datum		local;

	switch (buckets->type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return next_number(buckets, bucket, next);
		case DATEOID:
			local = DirectFunctionCall1(date_timestamp, DateADTGetDatum((DateADT) bucket));
			break;
		default:
			local = buckets->has_zone ? in_zone(buckets, bucket) : TimestampGetDatum(bucket);
			break;
	}
	do
	{
		local = DirectFunctionCall2(timestamp_pl_interval, local, buckets->width);
		if (buckets->type == DATEOID)
			*next = DatumGetDateADT(DirectFunctionCall1(timestamp_date,
														DirectFunctionCall2(pge_time_bucket_timestamp, buckets->width, local)));
		else if (buckets->has_zone)
			*next = local_bucket(buckets, local);
		else
			*next = DatumGetTimestamp(DirectFunctionCall2(pge_time_bucket_timestamp, buckets->width, local));
	} while (*next <= bucket);
	return true;
}
