/*
 * vector and halfvec: distances and norms. The managed library's kernels compute the sums; roots, signs and limits are here.
 */
#include "postgres.h"

#include "utils/float.h"

#include "vector.h"

static pg_attribute_always_inline double
measure(FunctionCallInfo fcinfo, const PgeVectorType *type, PgeVectorMetric metric)
{
	PgeDense   *a = PG_GETARG_DENSE(0);
	PgeDense   *b = PG_GETARG_DENSE(1);
	double		result;

	pge_vector_check_same_dims(type, a->dims, b->dims);
	result = pge_managed()->VectorDistance(metric, type->element, a->values, b->values, a->dims);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

static double
norm(const PgeVectorType *type, PgeDense *vector)
{
	return sqrt(pge_managed()->VectorSumOfSquares(type->element, vector->values, vector->dims));
}

PGE_DENSE_FUNCTION(l2_distance)
{
	PG_RETURN_FLOAT8(sqrt(measure(fcinfo, type, PgeVectorMetric_L2Squared)));
}

PGE_DENSE_FUNCTION(l2_squared_distance)
{
	PG_RETURN_FLOAT8(measure(fcinfo, type, PgeVectorMetric_L2Squared));
}

PGE_DENSE_FUNCTION(inner_product)
{
	PG_RETURN_FLOAT8(measure(fcinfo, type, PgeVectorMetric_InnerProduct));
}

PGE_DENSE_FUNCTION(negative_inner_product)
{
	PG_RETURN_FLOAT8(-measure(fcinfo, type, PgeVectorMetric_InnerProduct));
}

PGE_DENSE_FUNCTION(cosine_distance)
{
	PG_RETURN_FLOAT8(1 - pge_clamp_similarity(measure(fcinfo, type, PgeVectorMetric_CosineSimilarity)));
}

/* The angle between two vectors of length 1, in half turns. */
PGE_DENSE_FUNCTION(spherical_distance)
{
	PG_RETURN_FLOAT8(acos(pge_clamp_similarity(measure(fcinfo, type, PgeVectorMetric_InnerProduct))) / M_PI);
}

PGE_DENSE_FUNCTION(l1_distance)
{
	PG_RETURN_FLOAT8(measure(fcinfo, type, PgeVectorMetric_L1));
}

PGE_DENSE_FUNCTION(norm)
{
	PG_RETURN_FLOAT8(norm(type, PG_GETARG_DENSE(0)));
}

/* Zeros stay zeros. */
PGE_DENSE_FUNCTION(l2_normalize)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	PgeDense   *result = pge_dense_make(type, vector->dims);
	double		length = norm(type, vector);

	if (length > 0 && type->element == PgeVectorElement_Float16)
	{
		if (pge_halves_divide(pge_dense_halves(vector), length, pge_dense_halves(result), vector->dims))
			float_overflow_error();
	}
	else if (length > 0)
		for (int i = 0; i < vector->dims; i++)
		{
			float		value = (float) (pge_dense_floats(vector)[i] / length);

			if (unlikely(isinf(value)))
				float_overflow_error();
			pge_dense_floats(result)[i] = value;
		}
	PG_RETURN_POINTER(result);
}
