/*
 * What is demanded of vectors, and the errors where it is not met.
 */
#include "postgres.h"

#include "common/shortest_dec.h"

#include "vector.h"

bool
pge_vector_check_dims(const PgeVectorType *type, int dims, Node *escontext)
{
	if (dims < 1)
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("%s must have at least 1 dimension", type->name));
	if (dims > type->max_dims)
		ereturn(escontext, false,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("%s cannot have more than %d dimensions", type->name, type->max_dims));
	return true;
}

bool
pge_vector_check_typmod(int32 typmod, int dims, Node *escontext)
{
	if (typmod != -1 && typmod != dims)
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("expected %d dimensions, not %d", typmod, dims));
	return true;
}

bool
pge_vector_check_element(const PgeVectorType *type, float value, Node *escontext)
{
	if (unlikely(isnan(value)))
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("NaN not allowed in %s", type->name));
	if (unlikely(isinf(value)))
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("infinite value not allowed in %s", type->name));
	return true;
}

/* The indices before it have been checked. */
bool
pge_sparse_check_index(const int32 *indices, int i, int dims, Node *escontext)
{
	if (indices[i] < 0 || indices[i] >= dims)
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("sparsevec index out of bounds"));
	if (i > 0 && indices[i] < indices[i - 1])
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("sparsevec indices must be in ascending order"));
	if (i > 0 && indices[i] == indices[i - 1])
		ereturn(escontext, false,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("sparsevec indices must not contain duplicates"));
	return true;
}

void
pge_sparse_check_count(int count, int dims)
{
	if (count < 0)
		ereport(ERROR,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("sparsevec cannot have negative number of elements"));
	if (count > SPARSE_MAX_ELEMENTS)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("sparsevec cannot have more than %d non-zero elements", SPARSE_MAX_ELEMENTS));
	if (count > dims)
		ereport(ERROR,
				errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("sparsevec cannot have more elements than dimensions"));
}

/* Of a binary value. */
void
pge_vector_check_unused(int unused)
{
	if (unused != 0)
		ereport(ERROR,
				errcode(ERRCODE_DATA_EXCEPTION),
				errmsg("expected unused to be 0, not %d", unused));
}

void
pge_vector_refuse_dims(const PgeVectorType *type, int a, int b)
{
	ereport(ERROR,
			errcode(ERRCODE_DATA_EXCEPTION),
			errmsg("different %s dimensions %d and %d", type->name, a, b));
}

void
pge_bit_refuse_lengths(uint32 a, uint32 b)
{
	ereport(ERROR,
			errcode(ERRCODE_DATA_EXCEPTION),
			errmsg("different bit lengths %u and %u", a, b));
}

void
pge_vector_refuse_value(const PgeVectorType *type, float value)
{
	char		text[FLOAT_SHORTEST_DECIMAL_LEN];

	float_to_shortest_decimal_buf(value, text);
	ereport(ERROR,
			errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			errmsg("\"%s\" is out of range for type %s", text, type->name));
}

/* Indices and values are for the caller to fill. */
PgeSparse *
pge_sparse_make(int dims, int count)
{
	Size		size = offsetof(PgeSparse, indices) + (Size) count * (sizeof(int32) + sizeof(float));
	PgeSparse  *vector = palloc0(size);

	SET_VARSIZE(vector, size);
	vector->dims = dims;
	vector->count = count;
	return vector;
}
