/*
 * Executor, lowering: which functions and aggregates of this extension a call's function is. They are found by what C functions they call,
 * wherever and under whatever name they were made.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "lower.h"

static const struct
{
	const char *symbol;
	PgeOwnFunction function;
}			own_functions[] = {
	{"pge_time_bucket_timestamp", PgeOwnFunction_TimeBucket},
	{"pge_time_bucket_timestamp_origin", PgeOwnFunction_TimeBucketOrigin},
	{"pge_time_bucket_timestamp_offset", PgeOwnFunction_TimeBucketOffset},
	{"pge_time_bucket_timezone", PgeOwnFunction_TimeBucketZone},
	{"pge_time_bucket_date", PgeOwnFunction_TimeBucketDate},
	{"pge_time_bucket_date_origin", PgeOwnFunction_TimeBucketDateOrigin},
	{"pge_time_bucket_date_offset", PgeOwnFunction_TimeBucketDateOffset},
	{"pge_time_bucket_int2", PgeOwnFunction_TimeBucketInteger},
	{"pge_time_bucket_int4", PgeOwnFunction_TimeBucketInteger},
	{"pge_time_bucket_int8", PgeOwnFunction_TimeBucketInteger},
	{"pge_vector_l2_distance", PgeOwnFunction_VectorL2},
	{"pge_vector_negative_inner_product", PgeOwnFunction_VectorNegativeInnerProduct},
	{"pge_vector_cosine_distance", PgeOwnFunction_VectorCosine},
	{"pge_vector_l1_distance", PgeOwnFunction_VectorL1},
	{"pge_halfvec_l2_distance", PgeOwnFunction_HalfvecL2},
	{"pge_halfvec_negative_inner_product", PgeOwnFunction_HalfvecNegativeInnerProduct},
	{"pge_halfvec_cosine_distance", PgeOwnFunction_HalfvecCosine},
	{"pge_halfvec_l1_distance", PgeOwnFunction_HalfvecL1},
};

static PgeOwnFunction
function_of_symbol(const char *symbol)
{
	for (int i = 0; i < lengthof(own_functions); i++)
		if (strcmp(symbol, own_functions[i].symbol) == 0)
			return own_functions[i].function;
	return PgeOwnFunction_None;
}

/* The C function of this extension that the function is, or NULL. */
char *
pge_own_symbol(Oid function)
{
	char	   *symbol = NULL;
	HeapTuple	tuple;
	Datum		library;
	bool		isnull;

	if (function < FirstNormalObjectId)
		return NULL;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	library = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &isnull);
	if (!isnull && ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId &&
		strcmp(TextDatumGetCString(library), "$libdir/pg_epiphany") == 0)
		symbol = TextDatumGetCString(SysCacheGetAttrNotNull(PROCOID, tuple, Anum_pg_proc_prosrc));
	ReleaseSysCache(tuple);
	return symbol;
}

PgeOwnFunction
pge_own_function(Oid function)
{
	const char *symbol = pge_own_symbol(function);

	return symbol == NULL ? PgeOwnFunction_None : function_of_symbol(symbol);
}

PgeOwnAggregate
pge_own_aggregate(Oid aggregate)
{
	const char *symbol = NULL;
	HeapTuple	tuple;

	if (aggregate < FirstNormalObjectId)
		return PgeOwnAggregate_None;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	if (HeapTupleIsValid(tuple))
	{
		symbol = pge_own_symbol(((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn);
		ReleaseSysCache(tuple);
	}
	if (symbol == NULL)
		return PgeOwnAggregate_None;
	if (strcmp(symbol, "pge_first_add") == 0)
		return PgeOwnAggregate_First;
	return strcmp(symbol, "pge_last_add") == 0 ? PgeOwnAggregate_Last : PgeOwnAggregate_None;
}
