/*
 * Time series: what its files share.
 */
#ifndef PGE_TIMESERIES_H
#define PGE_TIMESERIES_H

#include "fmgr.h"

/* Where an aggregate's state lives; an error where the function was not called as part of one. */
static inline MemoryContext
pge_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* time_bucket.c: functions as SQL calls them */
extern Datum pge_time_bucket_timestamp(PG_FUNCTION_ARGS);
extern Datum pge_time_bucket_date(PG_FUNCTION_ARGS);
extern Datum pge_time_bucket_int2(PG_FUNCTION_ARGS);
extern Datum pge_time_bucket_int4(PG_FUNCTION_ARGS);
extern Datum pge_time_bucket_int8(PG_FUNCTION_ARGS);
extern Datum pge_time_bucket_timezone(PG_FUNCTION_ARGS);

#endif
