/*
 * sparsevec: from arrays, and to a declared number of dimensions. dense_cast.c has the casts to and from dense vectors.
 */
#include "postgres.h"

#include "vector.h"

/* To its own type: only the type modifier is checked. */
PG_FUNCTION_INFO_V1(pge_sparsevec_cast);
Datum
pge_sparsevec_cast(PG_FUNCTION_ARGS)
{
	PgeSparse  *vector = PG_GETARG_SPARSE(0);

	pge_vector_check_typmod(PG_GETARG_INT32(1), vector->dims, NULL);
	PG_RETURN_POINTER(vector);
}

PG_FUNCTION_INFO_V1(pge_sparsevec_from_array);
Datum
pge_sparsevec_from_array(PG_FUNCTION_ARGS)
{
	int			dims;
	float	   *floats = pge_array_floats(&pge_sparsevec_type, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_INT32(1), &dims);
	int			count = 0;
	PgeSparse  *result;
	float	   *values;

	for (int i = 0; i < dims; i++)
		count += floats[i] != 0;
	pge_sparse_check_count(count, dims);
	result = pge_sparse_make(dims, count);
	values = pge_sparse_values(result);
	count = 0;
	for (int i = 0; i < dims; i++)
	{
		if (floats[i] == 0)
			continue;
		pge_vector_check_element(&pge_sparsevec_type, floats[i], NULL);
		result->indices[count] = i;
		values[count++] = floats[i];
	}
	pfree(floats);
	PG_RETURN_POINTER(result);
}
