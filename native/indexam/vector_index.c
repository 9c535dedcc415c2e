/*
 * Indexes of vectors: operator classes, and values on their way into an index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_type_d.h"
#include "utils/varbit.h"

#include "vector_index.h"

#define MAX_BITS 64000

#define OPERATOR_CLASS(name, ...) PGE_VECTOR_INDEX_TYPE(pge_##name##_index_type, __VA_ARGS__)

OPERATOR_CLASS(vector_l2, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_L2Squared, DENSE_MAX_DIMS)
OPERATOR_CLASS(vector_ip, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_InnerProduct, DENSE_MAX_DIMS)
OPERATOR_CLASS(vector_cosine, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_CosineSimilarity, DENSE_MAX_DIMS)
OPERATOR_CLASS(vector_l1, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_L1, DENSE_MAX_DIMS)
OPERATOR_CLASS(halfvec_l2, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_L2Squared, DENSE_MAX_DIMS)
OPERATOR_CLASS(halfvec_ip, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_InnerProduct, DENSE_MAX_DIMS)
OPERATOR_CLASS(halfvec_cosine, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_CosineSimilarity, DENSE_MAX_DIMS)
OPERATOR_CLASS(halfvec_l1, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_L1, DENSE_MAX_DIMS)
OPERATOR_CLASS(bit_hamming, "bit", PgeVectorElement_Bit, false, PgeVectorMetric_Hamming, MAX_BITS)
OPERATOR_CLASS(bit_jaccard, "bit", PgeVectorElement_Bit, false, PgeVectorMetric_Jaccard, MAX_BITS)
OPERATOR_CLASS(sparsevec_l2, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_L2Squared, 0)
OPERATOR_CLASS(sparsevec_ip, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_InnerProduct, 0)
OPERATOR_CLASS(sparsevec_cosine, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_CosineSimilarity, 0)
OPERATOR_CLASS(sparsevec_l1, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_L1, 0)

const PgeVectorIndexType *
pge_vector_index_type(Relation index)
{
	FmgrInfo   *info;

	/* relcache returns no function info for what a class lacks, but an internal error */
	if (!OidIsValid(index_getprocid(index, 1, PGE_VECTOR_INFO_PROC)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the first column of index \"%s\" is not of a vector type", RelationGetRelationName(index)),
				 errhint("Columns to filter by come after the vector.")));
	info = index_getprocinfo(index, 1, PGE_VECTOR_INFO_PROC);
	return (const PgeVectorIndexType *) DatumGetPointer(FunctionCall1(info, PointerGetDatum(NULL)));
}

int
pge_vector_index_dims(Relation index, const PgeVectorIndexType *type)
{
	int			dims = TupleDescAttr(RelationGetDescr(index), 0)->atttypmod;

	if (type->max_dims == 0)
		return Max(dims, 0);
	if (dims < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions"),
				 errhint("Declare them, as in %s(%d), or index an expression that casts to such a type.",
						 type->type_name, type->element == PgeVectorElement_Bit ? 1024 : 768)));
	if (dims > type->max_dims)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for an index", type->max_dims)));
	return dims;
}

/* Bits come from the left: the first is a byte's highest. */
static void
bit_floats(int dims, VarBit *value, float *to)
{
	pge_bit_check_same_length(dims, VARBITLEN(value));
	for (int i = 0; i < dims; i++)
		to[i] = (VARBITS(value)[i / 8] >> (7 - i % 8)) & 1;
}

bool
pge_vector_index_floats(const PgeVectorIndexType *type, int dims, Datum value, float *to)
{
	bool		indexed = true;
	struct varlena *detoasted = PG_DETOAST_DATUM(value);

	if (type->element == PgeVectorElement_Bit)
		bit_floats(dims, (VarBit *) detoasted, to);
	else
	{
		PgeDense   *vector = (PgeDense *) detoasted;
		double		scale = 1;

		pge_vector_check_same_dims(pge_vector_index_value_type(type), dims, vector->dims);
		if (type->metric == PgeVectorMetric_CosineSimilarity)
		{
			double		length = sqrt(pge_managed()->VectorSumOfSquares(type->element, vector->values, dims));

			indexed = length > 0;
			scale = indexed ? 1 / length : 0;
		}
		if (type->element == PgeVectorElement_Float16)
			for (int i = 0; i < dims; i++)
				to[i] = (float) (half_to_float(pge_dense_halves(vector)[i]) * scale);
		else if (scale != 1)
			for (int i = 0; i < dims; i++)
				to[i] = (float) (pge_dense_floats(vector)[i] * scale);
		else
			memcpy(to, vector->values, sizeof(float) * dims);
	}
	if ((Pointer) detoasted != DatumGetPointer(value))
		pfree(detoasted);
	return indexed;
}

/* Of what the metric gives, what the operator shows. */
static double
shown(PgeVectorMetric metric, double value)
{
	switch (metric)
	{
		case PgeVectorMetric_L2Squared:
			return sqrt(value);
		case PgeVectorMetric_InnerProduct:
			return -value;
		case PgeVectorMetric_CosineSimilarity:
			return 1 - pge_clamp_similarity(value);
		default:
			return value;
	}
}

static double
sparse_distance(PgeVectorMetric metric, PgeSparse *a, PgeSparse *b)
{
	PgeSparseElements x = {.Indices = a->indices, .Values = pge_sparse_values(a), .Count = a->count};
	PgeSparseElements y = {.Indices = b->indices, .Values = pge_sparse_values(b), .Count = b->count};

	pge_vector_check_same_dims(&pge_sparsevec_type, a->dims, b->dims);
	return pge_managed()->SparseDistance(metric, &x, &y);
}

double
pge_vector_index_distance(const PgeVectorIndexType *type, Datum a, Datum b)
{
	struct varlena *x = PG_DETOAST_DATUM(a);
	struct varlena *y = PG_DETOAST_DATUM(b);
	double		value;

	if (type->element == PgeVectorElement_Bit)
	{
		pge_bit_check_same_length(VARBITLEN(x), VARBITLEN(y));
		value = pge_managed()->VectorDistance(type->metric, type->element, VARBITS(x), VARBITS(y), VARBITBYTES(x));
	}
	else if (type->sparse)
		value = sparse_distance(type->metric, (PgeSparse *) x, (PgeSparse *) y);
	else
	{
		PgeDense   *v = (PgeDense *) x;
		PgeDense   *w = (PgeDense *) y;

		pge_vector_check_same_dims(pge_vector_index_value_type(type), v->dims, w->dims);
		value = pge_managed()->VectorDistance(type->metric, type->element, v->values, w->values, v->dims);
	}
	if ((Pointer) x != DatumGetPointer(a))
		pfree(x);
	if ((Pointer) y != DatumGetPointer(b))
		pfree(y);
	return shown(type->metric, value);
}
