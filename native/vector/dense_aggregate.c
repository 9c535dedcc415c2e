/*
 * vector and halfvec: avg. The state is a float8[]: the number of rows, then a sum for each dimension, none before the first row.
 * Sums are doubles, and added to in place where the state is the aggregate's own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/float.h"

#include "vector.h"

typedef struct State
{
	ArrayType  *array;
	int			dims;
	float8	   *values;			/* values[0] counts rows */
} State;

static State
make_state(int dims)
{
	State		state = {.dims = dims};
	Size		size = ARR_OVERHEAD_NONULLS(1) + (Size) (dims + 1) * sizeof(float8);

	state.array = palloc0(size);
	SET_VARSIZE(state.array, size);
	state.array->ndim = 1;
	state.array->elemtype = FLOAT8OID;
	ARR_DIMS(state.array)[0] = dims + 1;
	ARR_LBOUND(state.array)[0] = 1;
	state.values = (float8 *) ARR_DATA_PTR(state.array);
	return state;
}

static State
get_state(FunctionCallInfo fcinfo, int argument, const char *caller)
{
	State		state = {.array = PG_GETARG_ARRAYTYPE_P(argument)};

	if (ARR_NDIM(state.array) != 1 || ARR_DIMS(state.array)[0] < 1 || ARR_HASNULL(state.array) ||
		ARR_ELEMTYPE(state.array) != FLOAT8OID)
		elog(ERROR, "%s: expected state array", caller);
	state.dims = ARR_DIMS(state.array)[0] - 1;
	state.values = (float8 *) ARR_DATA_PTR(state.array);
	return state;
}

/* The state that the first argument's sums go on in: itself, or a copy. */
static State
own_state(FunctionCallInfo fcinfo, State state)
{
	State		copy;

	if (AggCheckCallContext(fcinfo, NULL) && (Pointer) state.array == PG_GETARG_POINTER(0))
		return state;
	copy = make_state(state.dims);
	memcpy(copy.values, state.values, (state.dims + 1) * sizeof(float8));
	return copy;
}

static inline void
add(float8 *sum, float8 value)
{
	*sum += value;
	if (unlikely(isinf(*sum)))
		float_overflow_error();
}

PGE_DENSE_FUNCTION(accum)
{
	State		state = get_state(fcinfo, 0, type->element == PgeVectorElement_Float16 ? "halfvec_accum" : "vector_accum");
	PgeDense   *vector = PG_GETARG_DENSE(1);
	float8		rows = state.values[0];

	if (state.dims == 0)
		state = make_state(vector->dims);
	else
	{
		pge_vector_check_typmod(state.dims, vector->dims, NULL);
		state = own_state(fcinfo, state);
	}
	state.values[0] = rows + 1;
	for (int i = 0; i < vector->dims; i++)
		add(&state.values[i + 1], pge_dense_get(type, vector, i));
	PG_RETURN_ARRAYTYPE_P(state.array);
}

/* Either type's. */
PG_FUNCTION_INFO_V1(pge_vector_combine);
Datum
pge_vector_combine(PG_FUNCTION_ARGS)
{
	State		a = get_state(fcinfo, 0, "vector_combine");
	State		b = get_state(fcinfo, 1, "vector_combine");
	float8		rows = a.values[0] + b.values[0];

	if (a.dims > 0)
		pge_vector_check_dims(&pge_vector_type, a.dims, NULL);
	if (b.dims > 0)
		pge_vector_check_dims(&pge_vector_type, b.dims, NULL);
	if (a.dims == 0 && b.dims > 0)
		a = make_state(b.dims);
	else
	{
		if (b.dims > 0)
			pge_vector_check_typmod(a.dims, b.dims, NULL);
		a = own_state(fcinfo, a);
	}
	a.values[0] = rows;
	for (int i = 0; i < b.dims; i++)
		add(&a.values[i + 1], b.values[i + 1]);
	PG_RETURN_ARRAYTYPE_P(a.array);
}

/* Null without rows, as SQL has it. */
PGE_DENSE_FUNCTION(avg)
{
	State		state = get_state(fcinfo, 0, type->element == PgeVectorElement_Float16 ? "halfvec_avg" : "vector_avg");
	PgeDense   *result;

	if (state.values[0] == 0)
		PG_RETURN_NULL();
	pge_vector_check_dims(type, state.dims, NULL);
	result = pge_dense_make(type, state.dims);
	for (int i = 0; i < state.dims; i++)
	{
		float		mean = (float) (state.values[i + 1] / state.values[0]);

		pge_dense_put(type, result, i, mean);
		pge_vector_check_element(type, mean, NULL);
	}
	PG_RETURN_POINTER(result);
}
