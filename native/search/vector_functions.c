/*
 * Functions around searches that need no table: the scores of hybrid search.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "shim/pge.h"

PG_FUNCTION_INFO_V1(pge_rrf);
PG_FUNCTION_INFO_V1(pge_default_vector_index);

/*
 * Reciprocal rank fusion (Cormack, Clarke and others, SIGIR 2009): what a list gives to a row by its rank, from 1. NULL: the list lacks
 * the row.
 */
Datum
pge_rrf(PG_FUNCTION_ARGS)
{
	int64		rank;
	int32		k;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	k = PG_GETARG_INT32(1);
	if (k < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must not be negative")));
	if (PG_ARGISNULL(0))
		PG_RETURN_FLOAT8(0);
	rank = PG_GETARG_INT64(0);
	if (rank < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ranks begin at 1, not at " INT64_FORMAT, rank)));
	PG_RETURN_FLOAT8(1.0 / ((double) k + (double) rank));
}

/* The access method that epiphany.vector_index_type stands for. NULL: which it is depends on the table. */
Datum
pge_default_vector_index(PG_FUNCTION_ARGS)
{
	NameData   *name = palloc0_object(NameData);

	if (pge_vector_index_kind == PGE_VECTOR_INDEX_AUTO)
		PG_RETURN_NULL();
	namestrcpy(name, pge_vector_index_kind == PGE_VECTOR_INDEX_HNSW ? "epiphany_hnsw" : "epiphany_ivf");
	PG_RETURN_NAME(name);
}
