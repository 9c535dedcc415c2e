/*
 * Executor: calls that round a column of times or integers down: time_bucket, date_bin, date_trunc. How far their results lie from their
 * arguments is known before anything is evaluated, so that conditions on results bound the column, and groups can be read in the order of
 * results.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/int.h"
#include "nodes/nodeFuncs.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/date.h"
#include "utils/fmgroids.h"

#include "lower.h"

/* Where zones change their clocks, local times jump by no more than a day: what is rounded by them is off by no more than this. */
#define CLOCK_JUMP (2 * USECS_PER_DAY)

/* What an offset of months moves is moved back by months that may have fewer days. */
#define OFFSET_SLACK (4 * USECS_PER_DAY)

/* A width or offset that is further than any two times are apart is not looked at. */
#define MAX_LENGTH (PG_INT64_MAX / 4)

/* The longest that an interval can be, in microseconds; false: it is not positive, or too long. */
static bool
interval_length(const Node *node, int64 *length)
{
	const Interval *interval;
	int64		days;

	if (!IsA(node, Const) || ((const Const *) node)->constisnull || ((const Const *) node)->consttype != INTERVALOID)
		return false;
	interval = DatumGetIntervalP(((const Const *) node)->constvalue);
	if (interval->month < 0 || interval->day < 0 || interval->time < 0)
		return false;
	/* Of months as buckets, which are calendar months; PostgreSQL's infinite interval is too long. */
	days = (int64) interval->month * 31 + interval->day;
	return !pg_mul_s64_overflow(days, USECS_PER_DAY, length) && !pg_add_s64_overflow(*length, interval->time, length) &&
		*length > 0 && *length <= MAX_LENGTH;
}

static bool
unit_length(const Node *node, int64 *length)
{
	char	   *name;
	int			field;

	if (!IsA(node, Const) || ((const Const *) node)->constisnull)
		return false;
	name = TextDatumGetCString(((const Const *) node)->constvalue);
	if (DecodeUnits(0, downcase_truncate_identifier(name, strlen(name), false), &field) != UNITS)
		return false;
	switch (field)
	{
		case DTK_MICROSEC:
		case DTK_MILLISEC:
		case DTK_SECOND:
		case DTK_MINUTE:
		case DTK_HOUR:
			*length = USECS_PER_HOUR;
			return true;
		case DTK_DAY:
			*length = USECS_PER_DAY;
			return true;
		case DTK_WEEK:
			*length = 7 * USECS_PER_DAY;
			return true;
		case DTK_MONTH:
			*length = 31 * USECS_PER_DAY;
			return true;
		case DTK_QUARTER:
			*length = 92 * USECS_PER_DAY;
			return true;
		case DTK_YEAR:
			*length = 366 * USECS_PER_DAY;
			return true;
		default:
			return false;
	}
}

static bool
integer_length(const Node *node, int64 *length)
{
	if (!IsA(node, Const) || ((const Const *) node)->constisnull)
		return false;
	switch (((const Const *) node)->consttype)
	{
		case INT2OID:
			*length = DatumGetInt16(((const Const *) node)->constvalue);
			break;
		case INT4OID:
			*length = DatumGetInt32(((const Const *) node)->constvalue);
			break;
		default:
			*length = DatumGetInt64(((const Const *) node)->constvalue);
	}
	return *length > 0 && *length <= MAX_LENGTH;
}

static int64
offset_slack(const List *args)
{
	const Const *offset = list_length(args) > 2 ? list_nth(args, 2) : NULL;

	return offset != NULL && IsA(offset, Const) && !offset->constisnull && DatumGetIntervalP(offset->constvalue)->month == 0 ? 0 :
		OFFSET_SLACK;
}

/* Lengths in microseconds, as days that hold them. */
static int64
days_of(int64 length)
{
	return length / USECS_PER_DAY + 1;
}

/*
 * Fills *rounding if a node is such a call, of a column as it is. Arguments that are no constants tell nothing of lengths; errors that they
 * make are not found here.
 */
bool
pge_rounding(const Node *node, PgeRounding *rounding)
{
	const FuncExpr *call = (const FuncExpr *) node;
	int64		length = 0;

	if (node == NULL || !IsA(node, FuncExpr) || list_length(call->args) < 2)
		return false;
	rounding->var = lsecond(call->args);
	rounding->before = 0;
	while (IsA(rounding->var, RelabelType))
		rounding->var = (Var *) ((RelabelType *) rounding->var)->arg;
	if (!IsA(rounding->var, Var) || rounding->var->varattno <= 0)
		return false;
	switch (call->funcid)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
			rounding->is_bounded = unit_length(linitial(call->args), &length);
			break;
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
			rounding->is_bounded = unit_length(linitial(call->args), &length);
			rounding->before = CLOCK_JUMP;
			break;
		case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
		case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
			rounding->is_bounded = interval_length(linitial(call->args), &length);
			break;
		default:
			switch (pge_own_function(call->funcid))
			{
				case PgeOwnFunction_TimeBucket:
				case PgeOwnFunction_TimeBucketOrigin:
					rounding->is_bounded = interval_length(linitial(call->args), &length);
					break;
				case PgeOwnFunction_TimeBucketOffset:
					rounding->is_bounded = interval_length(linitial(call->args), &length);
					length += offset_slack(call->args);
					break;
				case PgeOwnFunction_TimeBucketZone:
					rounding->is_bounded = interval_length(linitial(call->args), &length);
					length += OFFSET_SLACK;
					rounding->before = CLOCK_JUMP;
					break;
				case PgeOwnFunction_TimeBucketDate:
				case PgeOwnFunction_TimeBucketDateOrigin:
					rounding->is_bounded = interval_length(linitial(call->args), &length);
					length = days_of(length);
					break;
				case PgeOwnFunction_TimeBucketDateOffset:
					rounding->is_bounded = interval_length(linitial(call->args), &length);
					length = days_of(length + offset_slack(call->args));
					break;
				case PgeOwnFunction_TimeBucketInteger:
					rounding->is_bounded = integer_length(linitial(call->args), &length);
					break;
				default:
					return false;
			}
	}
	rounding->after = length + rounding->before;
	return true;
}
