/*
 * sparsevec: distances and norms, as dense_distance.c.
 */
#include "postgres.h"

#include "utils/float.h"

#include "vector.h"

static double
measure(FunctionCallInfo fcinfo, PgeVectorMetric metric)
{
	PgeSparse  *a = PG_GETARG_SPARSE(0);
	PgeSparse  *b = PG_GETARG_SPARSE(1);
	PgeSparseElements x = {.Indices = a->indices, .Values = pge_sparse_values(a), .Count = a->count};
	PgeSparseElements y = {.Indices = b->indices, .Values = pge_sparse_values(b), .Count = b->count};
	double		result;

	pge_vector_check_same_dims(&pge_sparsevec_type, a->dims, b->dims);
	result = pge_managed()->SparseDistance(metric, &x, &y);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

static double
norm(PgeSparse *vector)
{
	return sqrt(pge_managed()->VectorSumOfSquares(PgeVectorElement_Float32, pge_sparse_values(vector), vector->count));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_l2_distance);
Datum
pge_sparsevec_l2_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(sqrt(measure(fcinfo, PgeVectorMetric_L2Squared)));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_l2_squared_distance);
Datum
pge_sparsevec_l2_squared_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(measure(fcinfo, PgeVectorMetric_L2Squared));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_inner_product);
Datum
pge_sparsevec_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(measure(fcinfo, PgeVectorMetric_InnerProduct));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_negative_inner_product);
Datum
pge_sparsevec_negative_inner_product(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-measure(fcinfo, PgeVectorMetric_InnerProduct));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_cosine_distance);
Datum
pge_sparsevec_cosine_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(1 - pge_clamp_similarity(measure(fcinfo, PgeVectorMetric_CosineSimilarity)));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_l1_distance);
Datum
pge_sparsevec_l1_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(measure(fcinfo, PgeVectorMetric_L1));
}

PG_FUNCTION_INFO_V1(pge_sparsevec_norm);
Datum
pge_sparsevec_norm(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(norm(PG_GETARG_SPARSE(0)));
}

/* What becomes zero is dropped, as everywhere. */
PG_FUNCTION_INFO_V1(pge_sparsevec_l2_normalize);
Datum
pge_sparsevec_l2_normalize(PG_FUNCTION_ARGS)
{
	PgeSparse  *vector = PG_GETARG_SPARSE(0);
	const float *values = pge_sparse_values(vector);
	double		length = norm(vector);
	int			count = 0;
	PgeSparse  *result;

	for (int i = 0; i < vector->count; i++)
	{
		float		value = (float) (values[i] / length);

		if (isinf(value))
			float_overflow_error();
		count += value != 0;
	}
	result = pge_sparse_make(vector->dims, count);
	count = 0;
	for (int i = 0; i < vector->count; i++)
	{
		float		value = (float) (values[i] / length);

		if (value == 0)
			continue;
		result->indices[count] = vector->indices[i];
		pge_sparse_values(result)[count++] = value;
	}
	PG_RETURN_POINTER(result);
}
