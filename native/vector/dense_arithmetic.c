/*
 * vector and halfvec: arithmetic, and what takes vectors apart or puts them together.
 */
#include "postgres.h"

#include "utils/float.h"
#include "utils/varbit.h"

#include "vector.h"

/*
 * As an aggregate's transition function the sum goes where the first addend is: that is the aggregate's own, and not shared, unless what
 * we see of it is a copy.
 */
static pg_attribute_always_inline Datum
compute(FunctionCallInfo fcinfo, const PgeVectorType *type, PgeVectorOperation operation)
{
	PgeDense   *a = PG_GETARG_DENSE(0);
	PgeDense   *b = PG_GETARG_DENSE(1);
	PgeDense   *result = a;
	int			faults;

	pge_vector_check_same_dims(type, a->dims, b->dims);
	if (!AggCheckCallContext(fcinfo, NULL) || (Pointer) a != PG_GETARG_POINTER(0))
		result = pge_dense_make(type, a->dims);
	faults = pge_managed()->VectorCompute(operation, type->element, a->values, b->values, result->values, a->dims);
	if (unlikely(faults & PgeVectorFaults_Overflow))
		float_overflow_error();
	if (unlikely(faults & PgeVectorFaults_Underflow))
		float_underflow_error();
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(add)
{
	return compute(fcinfo, type, PgeVectorOperation_Add);
}

PGE_DENSE_FUNCTION(sub)
{
	return compute(fcinfo, type, PgeVectorOperation_Subtract);
}

PGE_DENSE_FUNCTION(mul)
{
	return compute(fcinfo, type, PgeVectorOperation_Multiply);
}

PGE_DENSE_FUNCTION(concat)
{
	PgeDense   *a = PG_GETARG_DENSE(0);
	PgeDense   *b = PG_GETARG_DENSE(1);
	PgeDense   *result;

	pge_vector_check_dims(type, a->dims + b->dims, NULL);
	result = pge_dense_make(type, a->dims + b->dims);
	memcpy(result->values, a->values, a->dims * type->size);
	memcpy(result->values + a->dims * type->size, b->values, b->dims * type->size);
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(dims)
{
	PG_RETURN_INT32(PG_GETARG_DENSE(0)->dims);
}

/* Elements from a place, counted from 1, as substring() counts characters. */
PGE_DENSE_FUNCTION(subvector)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	int32		start = PG_GETARG_INT32(1);
	int32		count = PG_GETARG_INT32(2);
	int64		first = Max(start, 1);
	int64		end = Min((int64) start + count, (int64) vector->dims + 1);
	PgeDense   *result;

	pge_vector_check_dims(type, count < 1 || end <= first ? 0 : (int) (end - first), NULL);
	result = pge_dense_make(type, (int) (end - first));
	memcpy(result->values, vector->values + (first - 1) * type->size, (end - first) * type->size);
	PG_RETURN_POINTER(result);
}

/* A bit for each element, set where that is above zero; the first is the highest of its byte. */
PGE_DENSE_FUNCTION(binary_quantize)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	Size		size = VARBITTOTALLEN(vector->dims);
	VarBit	   *result = palloc0(size);

	SET_VARSIZE(result, size);
	VARBITLEN(result) = vector->dims;
	for (int first = 0; first < vector->dims; first += BITS_PER_BYTE)
	{
		int			count = Min(BITS_PER_BYTE, vector->dims - first);
		bits8		byte = 0;

		for (int i = 0; i < count; i++)
			byte |= (pge_dense_get(type, vector, first + i) > 0) << (BITS_PER_BYTE - 1 - i);
		VARBITS(result)[first / BITS_PER_BYTE] = byte;
	}
	PG_RETURN_VARBIT_P(result);
}
