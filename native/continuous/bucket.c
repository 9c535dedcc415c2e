/*
 * Continuous aggregates: a call of time_bucket as arithmetic over raw times: where a bucket begins and where the next one does.
 *
 * Promise: floors and ends are never wrong, though near the type's ends and where clocks are set they may take in more than one bucket.
 * They raise no error: they are computed while somebody else's rows are being stored.
 *
 * By a time zone's clock one bucket may be two pieces of time, where the clock goes back. So a bound between buckets is taken only where
 * the clock is not set for a day on both sides; else the next such one is.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "continuous.h"

#define CLOCK_MARGIN	(26 * USECS_PER_HOUR)
#define CLOCK_TRIES		16

/* ---- times ---- */

int64
pge_raw_time(Datum time, Oid type)
{
	switch (type)
	{
		case DATEOID:
			{
				DateADT		date = DatumGetDateADT(time);

				return date == DATEVAL_NOBEGIN ? PG_INT64_MIN : date == DATEVAL_NOEND ? PG_INT64_MAX : date;
			}
		case INT2OID:
			return DatumGetInt16(time);
		case INT4OID:
			return DatumGetInt32(time);
		default:
			return DatumGetInt64(time);
	}
}

/* What the type cannot have becomes its first or last value. */
Datum
pge_time_datum(int64 time, Oid type)
{
	switch (type)
	{
		case DATEOID:
			return DateADTGetDatum(time <= PG_INT32_MIN ? DATEVAL_NOBEGIN : time >= PG_INT32_MAX ? DATEVAL_NOEND : (DateADT) time);
		case INT2OID:
			return Int16GetDatum((int16) Max(PG_INT16_MIN, Min(PG_INT16_MAX, time)));
		case INT4OID:
			return Int32GetDatum((int32) Max(PG_INT32_MIN, Min(PG_INT32_MAX, time)));
		default:
			return Int64GetDatum(time);
	}
}

static void
type_ends(Oid type, int64 *least, int64 *most)
{
	switch (type)
	{
		case INT2OID:
			*least = PG_INT16_MIN;
			*most = PG_INT16_MAX;
			break;
		case INT4OID:
			*least = PG_INT32_MIN;
			*most = PG_INT32_MAX;
			break;
		case INT8OID:
			*least = PG_INT64_MIN;
			*most = PG_INT64_MAX;
			break;
		case DATEOID:
			*least = MIN_TIMESTAMP / USECS_PER_DAY;
			*most = TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE;
			break;
		default:
			*least = MIN_TIMESTAMP;
			*most = END_TIMESTAMP;
	}
}

/* ---- which calls ---- */

bool
pge_is_time_bucket(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is = false;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		is = strcmp(NameStr(form->proname), "time_bucket") == 0 && form->pronamespace == get_namespace_oid("epiphany", true);
		ReleaseSysCache(tuple);
	}
	return is;
}

static bool
whole_days(const Interval *interval)
{
	return interval->time % USECS_PER_DAY == 0;
}

/* Why buckets of this call cannot be kept, or NULL. Its arguments are constants but for the time. */
const char *
pge_bucketing_refusal(const FuncExpr *call, const char **hint)
{
	Oid			type = call->funcresulttype;
	int			n = 0;

	*hint = NULL;
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID && type != INT8OID && type != INT4OID && type != INT2OID)
		return "Buckets of this type cannot be kept.";
	foreach_ptr(Node, arg, call->args)
	{
		Const	   *constant = (Const *) arg;
		bool		first = n == 0;

		if (n++ == 1)
			continue;
		if (!IsA(arg, Const) || (first && constant->constisnull))
		{
			*hint = "Write width, origin, offset and time zone as constants.";
			return "The arguments of time_bucket other than the time must be constants.";
		}
		if (constant->consttype == INTERVALOID && !constant->constisnull)
		{
			Interval   *interval = DatumGetIntervalP(constant->constvalue);

			if (!first && interval->month != 0)
			{
				*hint = "Give an offset of days or times, or an origin.";
				return "Buckets that are moved by months differ in order from the times in them.";
			}
			if (type == DATEOID && !whole_days(interval))
			{
				*hint = "Give whole days or months.";
				return "Buckets of dates must begin with a day.";
			}
			if (INTERVAL_NOT_FINITE(interval))
				return "Widths and offsets of buckets cannot be infinite.";
		}
	}
	if (list_length(call->args) > PGE_BUCKET_MAX_ARGS)
		return "This form of time_bucket is not known.";
	return NULL;
}

void
pge_bucketing_init(PgeBucketing *bucketing, const FuncExpr *call)
{
	int64		width;

	memset(bucketing, 0, sizeof(*bucketing));
	bucketing->type = call->funcresulttype;
	bucketing->collation = call->inputcollid;
	fmgr_info(call->funcid, &bucketing->function);
	foreach_ptr(Node, arg, call->args)
	{
		Const	   *constant = (Const *) arg;
		int			i = bucketing->nargs++;

		if (i == 1)
			continue;
		bucketing->args[i].isnull = constant->constisnull;
		if (constant->constisnull)
			continue;
		bucketing->args[i].value = datumCopy(constant->constvalue, constant->constbyval, constant->constlen);
		if (constant->consttype == INTERVALOID)
			*(i == 0 ? &bucketing->width : &bucketing->offset) = *DatumGetIntervalP(bucketing->args[i].value);
		else if (constant->consttype == TEXTOID)
		{
			bucketing->zone_name = bucketing->args[i].value;
			bucketing->zone = pg_tzset(text_to_cstring(DatumGetTextPP(bucketing->zone_name)));
		}
		else if (i == 0)
		{
			bucketing->is_integer = true;
			bucketing->least_width = pge_raw_time(bucketing->args[0].value, constant->consttype);
		}
	}
	if (bucketing->is_integer)
		width = bucketing->least_width;
	else
	{
		int128		length = (int128) bucketing->width.month * 28 * USECS_PER_DAY + (int128) bucketing->width.day * USECS_PER_DAY +
			bucketing->width.time;

		width = length > PG_INT64_MAX / 8 ? PG_INT64_MAX / 8 : (int64) length;
		if (bucketing->type == DATEOID)
			width /= USECS_PER_DAY;
	}
	bucketing->least_width = Max(1, width);
	/* Twice a bucket, and what offsets, time zones and long months add. */
	bucketing->margin = bucketing->least_width > PG_INT64_MAX / 8 ? PG_INT64_MAX / 2 : bucketing->least_width * 3;
	if (!bucketing->is_integer)
	{
		int128		offset = (int128) bucketing->offset.day * USECS_PER_DAY + bucketing->offset.time;
		int128		more = (offset < 0 ? -offset : offset) + 40 * USECS_PER_DAY;

		if (bucketing->type == DATEOID)
			more /= USECS_PER_DAY;
		bucketing->margin = more + bucketing->margin > PG_INT64_MAX / 2 ? PG_INT64_MAX / 2 : (int64) (more + bucketing->margin);
	}
}

/* ---- one bucket ---- */

/* So near to the type's ends that a bucket might lie beyond. */
static bool
near_begin(const PgeBucketing *bucketing, int64 time)
{
	int64		least;
	int64		most;
	int64		bound;

	type_ends(bucketing->type, &least, &most);
	return pg_add_s64_overflow(least, bucketing->margin, &bound) || time < bound;
}

static bool
near_end(const PgeBucketing *bucketing, int64 time)
{
	int64		least;
	int64		most;
	int64		bound;

	type_ends(bucketing->type, &least, &most);
	return pg_sub_s64_overflow(most, bucketing->margin, &bound) || time >= bound;
}

static int64
start_of(PgeBucketing *bucketing, int64 time)
{
	LOCAL_FCINFO(fcinfo, PGE_BUCKET_MAX_ARGS);
	Datum		start;

	InitFunctionCallInfoData(*fcinfo, &bucketing->function, bucketing->nargs, bucketing->collation, NULL, NULL);
	for (int i = 0; i < bucketing->nargs; i++)
		fcinfo->args[i] = bucketing->args[i];
	fcinfo->args[1].value = pge_time_datum(time, bucketing->type);
	fcinfo->args[1].isnull = false;
	start = FunctionCallInvoke(fcinfo);
	return pge_raw_time(start, bucketing->type);
}

/* A timestamp plus or minus an interval, both by calendar. */
static Timestamp
moved(Timestamp time, const Interval *by, bool back)
{
	return DatumGetTimestamp(DirectFunctionCall2(back ? timestamp_mi_interval : timestamp_pl_interval, TimestampGetDatum(time),
												 IntervalPGetDatum(by)));
}

/* The start of the bucket after the one that starts here. */
static int64
next_of(PgeBucketing *bucketing, int64 start)
{
	Timestamp	at;

	if (bucketing->is_integer)
		return start + bucketing->least_width;
	if (bucketing->type == DATEOID)
		at = start * USECS_PER_DAY;
	else if (bucketing->zone)
		at = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, bucketing->zone_name, TimestampTzGetDatum(start)));
	else
		at = start;
	at = moved(moved(moved(at, &bucketing->offset, true), &bucketing->width, false), &bucketing->offset, false);
	if (bucketing->type == DATEOID)
		return at / USECS_PER_DAY;
	if (bucketing->zone)
		return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, bucketing->zone_name, TimestampGetDatum(at)));
	return at;
}

/* Is the zone's clock set near this time? */
static bool
clock_is_set(const PgeBucketing *bucketing, int64 time)
{
	pg_time_t	from;
	pg_time_t	boundary;
	long		before;
	long		after;
	int			before_isdst;
	int			after_isdst;

	if (bucketing->zone == NULL)
		return false;
	from = timestamptz_to_time_t(time - CLOCK_MARGIN);
	return pg_next_dst_boundary(&from, &before, &before_isdst, &boundary, &after, &after_isdst, bucketing->zone) == 1 &&
		boundary <= timestamptz_to_time_t(time + CLOCK_MARGIN) + 1;
}

/* ---- bounds between buckets ---- */

/* The last bound at or before a time. */
int64
pge_bucketing_floor(PgeBucketing *bucketing, int64 time)
{
	for (int i = 0; i < CLOCK_TRIES; i++)
	{
		int64		start;

		/* Infinity's bucket is infinity. */
		if (time == PG_INT64_MAX && !bucketing->is_integer)
			return time;
		if (near_begin(bucketing, time))
			break;
		if (near_end(bucketing, time))
		{
			/* The last bound that we are sure of. */
			int64		least;
			int64		most;

			type_ends(bucketing->type, &least, &most);
			if (pg_sub_s64_overflow(most, bucketing->margin, &time) || near_begin(bucketing, --time))
				break;
		}
		start = start_of(bucketing, time);
		if (!clock_is_set(bucketing, start))
			return start;
		time = start - CLOCK_MARGIN;
	}
	return PG_INT64_MIN;
}

/* The first bound after a time; INT64_MAX: none. */
int64
pge_bucketing_after(PgeBucketing *bucketing, int64 time)
{
	for (int i = 0; i < CLOCK_TRIES; i++)
	{
		int64		next;

		if (near_end(bucketing, time))
			break;
		if (near_begin(bucketing, time))
		{
			int64		least;
			int64		most;

			type_ends(bucketing->type, &least, &most);
			if (pg_add_s64_overflow(least, bucketing->margin, &time) || near_end(bucketing, time))
				break;
		}
		next = next_of(bucketing, start_of(bucketing, time));
		if (!clock_is_set(bucketing, next))
			return next;
		time = next + CLOCK_MARGIN;
	}
	return PG_INT64_MAX;
}

/* The least closed range around one. */
PgeRange
pge_bucketing_close(PgeBucketing *bucketing, PgeRange range)
{
	PgeRange	closed = {range.first, range.last};
	int64		after;

	if (range.first != PG_INT64_MIN)
		closed.first = pge_bucketing_floor(bucketing, range.first);
	if (range.last != PG_INT64_MAX && range.last != PG_INT64_MIN)
	{
		after = pge_bucketing_after(bucketing, range.last);
		closed.last = after == PG_INT64_MAX ? after : after - 1;
	}
	else if (range.last == PG_INT64_MIN && bucketing->is_integer)
		closed.last = pge_bucketing_after(bucketing, range.last) - 1;
	return closed;
}

/*
 * The complete buckets from "first" to before "end". Where the clock is set near a bound, those beside them as well, since they cannot be
 * told apart by time. False: there is none.
 */
bool
pge_bucketing_window(PgeBucketing *bucketing, int64 first, int64 end, PgeRange *window)
{
	*window = (PgeRange) {first, end};
	if (first != PG_INT64_MIN && !near_begin(bucketing, first) && !near_end(bucketing, first))
	{
		window->first = start_of(bucketing, first);
		if (window->first != first)
			window->first = next_of(bucketing, window->first);
	}
	else if (first != PG_INT64_MIN)
		window->first = pge_bucketing_after(bucketing, first);
	if (end != PG_INT64_MAX)
		window->last = near_begin(bucketing, end) || near_end(bucketing, end) ? pge_bucketing_floor(bucketing, end) :
			start_of(bucketing, end);
	if (window->first >= window->last)
		return false;
	if (window->first != PG_INT64_MIN && clock_is_set(bucketing, window->first))
		window->first = pge_bucketing_floor(bucketing, window->first);
	if (window->last != PG_INT64_MAX && clock_is_set(bucketing, window->last))
		window->last = pge_bucketing_after(bucketing, window->last);
	if (window->last != PG_INT64_MAX)
		window->last--;
	return true;
}
