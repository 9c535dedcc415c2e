/*
 * PostgreSQL's arrays as floats, which all vector types are cast from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "vector.h"

static float
element_of(Oid type, Datum value)
{
	switch (type)
	{
		case INT4OID:
			return (float) DatumGetInt32(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return (float) DatumGetFloat8(value);
		case NUMERICOID:
			return DatumGetFloat4(DirectFunctionCall1(numeric_float4, value));
		default:
			ereport(ERROR,
					errcode(ERRCODE_DATA_EXCEPTION),
					errmsg("unsupported array type"));
	}
}

/*
 * As many as the type allows, one dimension, no nulls. The floats themselves are the caller's to check: doubles past their range are
 * infinite.
 */
float *
pge_array_floats(const PgeVectorType *type, ArrayType *array, int32 typmod, int *count)
{
	Oid			element = ARR_ELEMTYPE(array);
	int16		length;
	bool		by_value;
	char		alignment;
	Datum	   *values;
	float	   *floats;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("array must be 1-D"));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("array must not contain nulls"));
	get_typlenbyvalalign(element, &length, &by_value, &alignment);
	deconstruct_array(array, element, length, by_value, alignment, &values, NULL, count);
	pge_vector_check_dims(type, *count, NULL);
	pge_vector_check_typmod(typmod, *count, NULL);

	floats = palloc_array(float, *count);
	for (int i = 0; i < *count; i++)
		floats[i] = element_of(element, values[i]);
	pfree(values);
	return floats;
}
