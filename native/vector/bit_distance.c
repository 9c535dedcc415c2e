/*
 * bit: distances. Bits past the last are zero in PostgreSQL's bit strings, so whole bytes are compared.
 */
#include "postgres.h"

#include "utils/varbit.h"

#include "vector.h"

static double
measure(FunctionCallInfo fcinfo, PgeVectorMetric metric)
{
	VarBit	   *a = PG_GETARG_VARBIT_P(0);
	VarBit	   *b = PG_GETARG_VARBIT_P(1);
	double		result;

	if (VARBITLEN(a) != VARBITLEN(b))
		ereport(ERROR,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("different bit lengths %u and %u", VARBITLEN(a), VARBITLEN(b)));
	result = pge_managed()->VectorDistance(metric, PgeVectorElement_Bit, VARBITS(a), VARBITS(b), VARBITBYTES(a));
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

PG_FUNCTION_INFO_V1(pge_bit_hamming_distance);
Datum
pge_bit_hamming_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(measure(fcinfo, PgeVectorMetric_Hamming));
}

PG_FUNCTION_INFO_V1(pge_bit_jaccard_distance);
Datum
pge_bit_jaccard_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(measure(fcinfo, PgeVectorMetric_Jaccard));
}
