/*
 * sparsevec: order and equality, those of the dense vectors that they stand for (dense_compare.c).
 */
#include "postgres.h"

#include "vector.h"

static int
compare_vectors(const PgeSparse *a, const PgeSparse *b)
{
	const float *x = pge_sparse_values(a);
	const float *y = pge_sparse_values(b);
	int			shared = Min(a->count, b->count);

	/* Where one side alone has an element, the other has a zero there. */
	for (int i = 0; i < shared; i++)
	{
		if (a->indices[i] < b->indices[i])
			return x[i] < 0 ? -1 : 1;
		if (a->indices[i] > b->indices[i])
			return y[i] < 0 ? 1 : -1;
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	if (shared < b->count && b->indices[shared] < a->dims)
		return y[shared] < 0 ? 1 : -1;
	if (shared < a->count && a->indices[shared] < b->dims)
		return x[shared] < 0 ? -1 : 1;
	return (a->dims > b->dims) - (a->dims < b->dims);
}

static int
compare(FunctionCallInfo fcinfo)
{
	PgeSparse  *a = PG_GETARG_SPARSE(0);
	PgeSparse  *b = PG_GETARG_SPARSE(1);
	int			order = compare_vectors(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

#define COMPARISON(name, holds) \
	PG_FUNCTION_INFO_V1(pge_sparsevec_##name); \
	Datum pge_sparsevec_##name(PG_FUNCTION_ARGS) { PG_RETURN_BOOL(compare(fcinfo) holds); }

COMPARISON(lt, < 0)
COMPARISON(le, <= 0)
COMPARISON(eq, == 0)
COMPARISON(ne, != 0)
COMPARISON(ge, >= 0)
COMPARISON(gt, > 0)

PG_FUNCTION_INFO_V1(pge_sparsevec_cmp);
Datum
pge_sparsevec_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}
