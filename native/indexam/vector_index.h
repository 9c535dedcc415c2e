/*
 * What the index access methods for vectors share: what an operator class stands for, what may be indexed, and exact distances from the
 * table.
 *
 * An access method estimates from codes, but what it returns is exact: it fetches each row that it is about to return with the scan's own
 * snapshot and computes the operator's result. So the executor never sees an estimate, and rechecks no order.
 */
#ifndef PGE_VECTOR_INDEX_H
#define PGE_VECTOR_INDEX_H

#include "access/relscan.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "shim/guc.h"
#include "shim/pge.h"
#include "vector/vector.h"

/* The first key column's support function that says what its operator class is; every access method for vectors has it there. */
#define PGE_VECTOR_INFO_PROC 1

/* The first key column's ordering operator. */
#define PGE_VECTOR_DISTANCE_STRATEGY 1

/* What an operator class stands for. CosineSimilarity is the metric of cosine classes, InnerProduct that of (negative) inner product. */
typedef struct PgeVectorIndexType
{
	const char *type_name;
	PgeVectorElement element;
	bool		sparse;			/* sparsevec: elements are floats */
	PgeVectorMetric metric;
	int			max_dims;		/* 0: an index need not know the dimensions */
	void		(*check) (Datum value); /* what else is demanded of a sparse value, detoasted; may be NULL */
} PgeVectorIndexType;

/* An operator class's support function, which says what the class stands for. */
#define PGE_VECTOR_INDEX_TYPE(function, ...) \
	PG_FUNCTION_INFO_V1(function); \
	Datum function(PG_FUNCTION_ARGS) \
	{ \
		static const PgeVectorIndexType type = {__VA_ARGS__}; \
		\
		PG_RETURN_POINTER(&type); \
	}

extern const PgeVectorIndexType *pge_vector_index_type(Relation index);

/* What errors call the column's type, of numbers. */
static inline const PgeVectorType *
pge_vector_index_value_type(const PgeVectorIndexType *type)
{
	if (type->sparse)
		return &pge_sparsevec_type;
	return type->element == PgeVectorElement_Float16 ? &pge_halfvec_type : &pge_vector_type;
}

/*
 * The first key column's dimensions, from its declaration; an error where it has none or more than the type's limit for indexes. Bits:
 * as many dimensions. 0 for sparse vectors that are declared without.
 */
extern int	pge_vector_index_dims(Relation index, const PgeVectorIndexType *type);

/*
 * A value (a varlena that is not NULL) as floats, of vectors for cosine normalised to length 1; bits are 0 and 1. False: it is not
 * indexed (it has no direction, and its class is for cosine). An error if it does not have the dimensions. Not for sparse vectors.
 */
extern bool pge_vector_index_floats(const PgeVectorIndexType *type, int dims, Datum value, float *to);

/* The operator's result for two values of the type. */
extern double pge_vector_index_distance(const PgeVectorIndexType *type, Datum a, Datum b);

/* Are rows to come in the order of their exact distances, whatever it costs? */
static inline bool
pge_vector_scan_is_strict(void)
{
	return pge_vector_iterative_scan == PGE_ITERATIVE_STRICT;
}

/* ---- exact distances from the table (rerank.c) ---- */

typedef struct PgeRerank PgeRerank;

/*
 * For one scan: works with any table access method and with indexes on expressions. All memory is the current context's. Refuses
 * snapshots that are not MVCC: nothing pins what they would have to see again.
 */
extern PgeRerank *pge_rerank_begin(Relation heap, Relation index, const PgeVectorIndexType *type);

/* The query of the next rows: a value of the index's type that is not NULL, or 0: all distances are 0. Copied. */
extern void pge_rerank_query(PgeRerank *rerank, Datum query);

/* A row that an index entry points to. */
typedef struct PgeRerankRow
{
	ItemPointerData tid;
	bool		found;			/* the snapshot sees one, and its value is not NULL */
	double		distance;
} PgeRerankRow;

#define PGE_RERANK_BATCH 8

/* How many rows to ask for at a time: the first ones are wanted for certain, of those that follow a few may prove needless. */
static inline int
pge_rerank_batch(bool first)
{
	return first ? PGE_RERANK_BATCH : PGE_RERANK_BATCH / 2;
}

/* The distances of up to PGE_RERANK_BATCH rows. Together they take much less time than one after another (toast_fetch.h). */
extern void pge_rerank_fetch(PgeRerank *rerank, PgeRerankRow *rows, int count, Snapshot snapshot);

extern void pge_rerank_end(PgeRerank *rerank);

#endif							/* PGE_VECTOR_INDEX_H */
