/*
 * vector and halfvec: to each other, to and from arrays and sparse vectors, and to a declared number of dimensions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "vector.h"

/* To its own type: only the type modifier is checked. */
PGE_DENSE_FUNCTION(cast)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);

	pge_vector_check_typmod(PG_GETARG_INT32(1), vector->dims, NULL);
	PG_RETURN_POINTER(vector);
}

PGE_DENSE_FUNCTION(from_array)
{
	int			dims;
	float	   *floats = pge_array_floats(type, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_INT32(1), &dims);
	PgeDense   *result = pge_dense_make(type, dims);

	for (int i = 0; i < dims; i++)
		pge_dense_put(type, result, i, floats[i]);
	for (int i = 0; i < dims; i++)
		pge_vector_check_element(type, floats[i], NULL);
	pfree(floats);
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(to_array)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	Datum	   *values = palloc_array(Datum, vector->dims);
	ArrayType  *result;

	for (int i = 0; i < vector->dims; i++)
		values[i] = Float4GetDatum(pge_dense_get(type, vector, i));
	result = construct_array_builtin(values, vector->dims, FLOAT4OID);
	pfree(values);
	PG_RETURN_ARRAYTYPE_P(result);
}

/* From the other dense type. */
PGE_DENSE_FUNCTION(from_dense)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	PgeDense   *result;

	pge_vector_check_typmod(PG_GETARG_INT32(1), vector->dims, NULL);
	result = pge_dense_make(type, vector->dims);
	if (type->element == PgeVectorElement_Float32)
		pge_halves_to_floats(pge_dense_halves(vector), pge_dense_floats(result), vector->dims);
	else if (pge_floats_to_halves(pge_dense_floats(vector), pge_dense_halves(result), vector->dims))
		for (int i = 0; i < vector->dims; i++)
			pge_dense_put(type, result, i, pge_dense_floats(vector)[i]);
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(from_sparse)
{
	PgeSparse  *vector = PG_GETARG_SPARSE(0);
	float	   *values = pge_sparse_values(vector);
	PgeDense   *result;

	pge_vector_check_dims(type, vector->dims, NULL);
	pge_vector_check_typmod(PG_GETARG_INT32(1), vector->dims, NULL);
	result = pge_dense_make(type, vector->dims);
	for (int i = 0; i < vector->count; i++)
	{
		if (vector->indices[i] < 0 || vector->indices[i] >= vector->dims)
			elog(ERROR, "index out of bounds");
		pge_dense_put(type, result, vector->indices[i], values[i]);
	}
	PG_RETURN_POINTER(result);
}

PGE_DENSE_FUNCTION(to_sparse)
{
	PgeDense   *vector = PG_GETARG_DENSE(0);
	PgeSparse  *result;
	float	   *values;
	int			count = 0;

	pge_vector_check_typmod(PG_GETARG_INT32(1), vector->dims, NULL);
	for (int i = 0; i < vector->dims; i++)
		count += pge_dense_get(type, vector, i) != 0;
	result = pge_sparse_make(vector->dims, count);
	values = pge_sparse_values(result);
	count = 0;
	for (int i = 0; i < vector->dims; i++)
	{
		float		value = pge_dense_get(type, vector, i);

		if (value == 0)
			continue;
		result->indices[count] = i;
		values[count++] = value;
	}
	PG_RETURN_POINTER(result);
}
