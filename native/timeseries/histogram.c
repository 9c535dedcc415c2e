/*
 * Time series: histogram(value, min, max, nbuckets), how many values lie in each of nbuckets ranges of equal width from min up to below
 * max, and before and after them how many lie below and above. NULLs are left out; NaN, the greatest of floats, lies above.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "varatt.h"

#include "timeseries.h"

/* What an array of counts, and a message between processes, can hold. */
#define MAX_BUCKETS	1000000

typedef struct Histogram
{
	float8		min;
	float8		max;
	int32		nbuckets;
	int64		counts[FLEXIBLE_ARRAY_MEMBER];	/* nbuckets + 2 */
} Histogram;

static Histogram *
make_histogram(MemoryContext context, float8 min, float8 max, int32 nbuckets)
{
	Histogram  *histogram = MemoryContextAllocZero(context, offsetof(Histogram, counts) + (Size) (nbuckets + 2) * sizeof(int64));

	histogram->min = min;
	histogram->max = max;
	histogram->nbuckets = nbuckets;
	return histogram;
}

static void
check_bounds(float8 min, float8 max, int32 nbuckets)
{
	if (nbuckets < 1 || nbuckets > MAX_BUCKETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of buckets of a histogram must be between 1 and %d, not %d", MAX_BUCKETS, nbuckets)));
	if (isnan(min) || isinf(min) || isnan(max) || isinf(max) || isinf(max - min))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds of a histogram must be finite, and so must be their distance")));
	if (min >= max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lower bound of a histogram must be less than its upper bound")));
}

/* As width_bucket() has it. */
static int32
bucket_of(const Histogram *histogram, float8 value)
{
	int32		bucket;

	if (value < histogram->min)
		return 0;
	if (!(value < histogram->max))
		return histogram->nbuckets + 1;
	bucket = (int32) ((value - histogram->min) / (histogram->max - histogram->min) * histogram->nbuckets);
	return Min(bucket, histogram->nbuckets - 1) + 1;
}

PG_FUNCTION_INFO_V1(pge_histogram_add);
Datum
pge_histogram_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	Histogram  *histogram = PG_ARGISNULL(0) ? NULL : (Histogram *) PG_GETARG_POINTER(0);
	float8		min;
	float8		max;
	int32		nbuckets;

	if (PG_ARGISNULL(1))
	{
		if (histogram == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(histogram);
	}
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("bounds and number of buckets of a histogram must not be null")));
	min = PG_GETARG_FLOAT8(2);
	max = PG_GETARG_FLOAT8(3);
	nbuckets = PG_GETARG_INT32(4);
	if (histogram == NULL)
	{
		check_bounds(min, max, nbuckets);
		histogram = make_histogram(context, min, max, nbuckets);
	}
	else if (min != histogram->min || max != histogram->max || nbuckets != histogram->nbuckets)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds and number of buckets of a histogram must be the same for all rows of a group")));
	histogram->counts[bucket_of(histogram, PG_GETARG_FLOAT8(1))]++;
	PG_RETURN_POINTER(histogram);
}

PG_FUNCTION_INFO_V1(pge_histogram_combine);
Datum
pge_histogram_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = pge_aggregate_context(fcinfo);
	Histogram  *into = PG_ARGISNULL(0) ? NULL : (Histogram *) PG_GETARG_POINTER(0);
	Histogram  *from = PG_ARGISNULL(1) ? NULL : (Histogram *) PG_GETARG_POINTER(1);

	if (from == NULL)
	{
		if (into == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(into);
	}
	if (into == NULL)
		into = make_histogram(context, from->min, from->max, from->nbuckets);
	else if (from->min != into->min || from->max != into->max || from->nbuckets != into->nbuckets)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bounds and number of buckets of a histogram must be the same for all rows of a group")));
	for (int32 i = 0; i < into->nbuckets + 2; i++)
		into->counts[i] += from->counts[i];
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(pge_histogram_serialize);
Datum
pge_histogram_serialize(PG_FUNCTION_ARGS)
{
	Histogram  *histogram;
	StringInfoData buffer;

	pge_aggregate_context(fcinfo);
	histogram = (Histogram *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendfloat8(&buffer, histogram->min);
	pq_sendfloat8(&buffer, histogram->max);
	pq_sendint32(&buffer, histogram->nbuckets);
	for (int32 i = 0; i < histogram->nbuckets + 2; i++)
		pq_sendint64(&buffer, histogram->counts[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(pge_histogram_deserialize);
Datum
pge_histogram_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes;
	StringInfoData buffer;
	Histogram  *histogram;
	float8		min;
	float8		max;

	pge_aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	initReadOnlyStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	min = pq_getmsgfloat8(&buffer);
	max = pq_getmsgfloat8(&buffer);
	histogram = make_histogram(CurrentMemoryContext, min, max, pq_getmsgint(&buffer, 4));
	for (int32 i = 0; i < histogram->nbuckets + 2; i++)
		histogram->counts[i] = pq_getmsgint64(&buffer);
	pq_getmsgend(&buffer);
	PG_RETURN_POINTER(histogram);
}

PG_FUNCTION_INFO_V1(pge_histogram_show);
Datum
pge_histogram_show(PG_FUNCTION_ARGS)
{
	Histogram  *histogram = PG_ARGISNULL(0) ? NULL : (Histogram *) PG_GETARG_POINTER(0);
	Datum	   *counts;

	if (histogram == NULL)
		PG_RETURN_NULL();
	counts = palloc((Size) (histogram->nbuckets + 2) * sizeof(Datum));
	for (int32 i = 0; i < histogram->nbuckets + 2; i++)
	{
		if (histogram->counts[i] > PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("integer out of range"),
					 errdetail("A bucket of the histogram has " INT64_FORMAT " values.", histogram->counts[i])));
		counts[i] = Int32GetDatum((int32) histogram->counts[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array_builtin(counts, histogram->nbuckets + 2, INT4OID));
}
