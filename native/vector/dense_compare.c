/*
 * vector and halfvec: order and equality, as arrays have them: the first elements that differ decide, then the number of elements.
 * Minus zero equals zero. Copies are freed: B-tree builds call these without a context that is reset.
 */
#include "postgres.h"

#include "vector.h"

static pg_attribute_always_inline int
compare(FunctionCallInfo fcinfo, const PgeVectorType *type)
{
	PgeDense   *a = PG_GETARG_DENSE(0);
	PgeDense   *b = PG_GETARG_DENSE(1);
	int			shared = Min(a->dims, b->dims);
	int			order = (a->dims > b->dims) - (a->dims < b->dims);

	for (int i = 0; i < shared; i++)
	{
		float		x = pge_dense_get(type, a, i);
		float		y = pge_dense_get(type, b, i);

		if (x != y)
		{
			order = x < y ? -1 : 1;
			break;
		}
	}
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

#define COMPARISON(name, holds) \
	PGE_DENSE_FUNCTION(name) { PG_RETURN_BOOL(compare(fcinfo, type) holds); }

COMPARISON(lt, < 0)
COMPARISON(le, <= 0)
COMPARISON(eq, == 0)
COMPARISON(ne, != 0)
COMPARISON(ge, >= 0)
COMPARISON(gt, > 0)

PGE_DENSE_FUNCTION(cmp)
{
	PG_RETURN_INT32(compare(fcinfo, type));
}
