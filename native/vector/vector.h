/*
 * Vector types: what their values look like, what is demanded of them, and how one function serves both dense types.
 *
 * Layouts, limits, texts of errors and their SQLSTATEs are pgvector's: clients read the binary form, dumps the text, and tests the errors.
 */
#ifndef PGE_VECTOR_H
#define PGE_VECTOR_H

#include <math.h>

#include "fmgr.h"
#include "nodes/miscnodes.h"
#include "utils/array.h"

#include "half.h"
#include "shim/pge.h"

#define DENSE_MAX_DIMS 16000
#define SPARSE_MAX_DIMS 1000000000
#define SPARSE_MAX_ELEMENTS 16000

/* vector and halfvec: floats, or halves. */
typedef struct PgeDense
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dims;
	int16		unused;			/* zero */
	char		values[FLEXIBLE_ARRAY_MEMBER];
} PgeDense;

/* sparsevec: ascending indices, from 0, then as many floats, none of them zero. */
typedef struct PgeSparse
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		dims;
	int32		count;
	int32		unused;			/* zero */
	int32		indices[FLEXIBLE_ARRAY_MEMBER];
} PgeSparse;

/* What tells one type from another. */
typedef struct PgeVectorType
{
	const char *name;
	int			max_dims;
	PgeVectorElement element;
	int			size;			/* of an element */
	float		overflow;		/* finite numbers from here on are not in the type's range */
} PgeVectorType;

static const PgeVectorType pge_vector_type = {"vector", DENSE_MAX_DIMS, PgeVectorElement_Float32, sizeof(float), INFINITY};
static const PgeVectorType pge_halfvec_type = {"halfvec", DENSE_MAX_DIMS, PgeVectorElement_Float16, sizeof(half), HALF_OVERFLOW};
static const PgeVectorType pge_sparsevec_type = {"sparsevec", SPARSE_MAX_DIMS, PgeVectorElement_Float32, sizeof(float), INFINITY};

/*
 * Defines pge_vector_<name>() and pge_halfvec_<name>() from one body, which knows its type as a constant.
 */
#define PGE_DENSE_FUNCTION(function) \
	static pg_attribute_always_inline Datum dense_##function(FunctionCallInfo fcinfo, const PgeVectorType *type); \
	PG_FUNCTION_INFO_V1(pge_vector_##function); \
	PG_FUNCTION_INFO_V1(pge_halfvec_##function); \
	Datum pge_vector_##function(PG_FUNCTION_ARGS) { return dense_##function(fcinfo, &pge_vector_type); } \
	Datum pge_halfvec_##function(PG_FUNCTION_ARGS) { return dense_##function(fcinfo, &pge_halfvec_type); } \
	static pg_attribute_always_inline Datum dense_##function(FunctionCallInfo fcinfo, const PgeVectorType *type)

/* As PG_DETOAST_DATUM(), whose call is felt beside a short distance. */
static inline void *
pge_plain(Datum value)
{
	struct varlena *stored = (struct varlena *) DatumGetPointer(value);

	return unlikely(VARATT_IS_EXTENDED(stored)) ? pg_detoast_datum(stored) : stored;
}

#define PG_GETARG_DENSE(n) ((PgeDense *) pge_plain(PG_GETARG_DATUM(n)))
#define PG_GETARG_SPARSE(n) ((PgeSparse *) pge_plain(PG_GETARG_DATUM(n)))

/* ---- values ---- */

static inline float *
pge_dense_floats(const PgeDense *vector)
{
	return (void *) vector->values;
}

static inline half *
pge_dense_halves(const PgeDense *vector)
{
	return (void *) vector->values;
}

static inline float
pge_dense_get(const PgeVectorType *type, const PgeDense *vector, int i)
{
	return type->element == PgeVectorElement_Float16 ? half_to_float(pge_dense_halves(vector)[i]) : pge_dense_floats(vector)[i];
}

/* Rounds; what is too large for the type becomes infinite. */
static inline void
pge_dense_set(const PgeVectorType *type, PgeDense *vector, int i, float value)
{
	if (type->element == PgeVectorElement_Float16)
		pge_dense_halves(vector)[i] = float_to_half(value);
	else
		pge_dense_floats(vector)[i] = value;
}

/* All zeros. */
static inline PgeDense *
pge_dense_make(const PgeVectorType *type, int dims)
{
	Size		size = offsetof(PgeDense, values) + (Size) dims * type->size;
	PgeDense   *vector = palloc0(size);

	SET_VARSIZE(vector, size);
	vector->dims = dims;
	return vector;
}

static inline float *
pge_sparse_values(const PgeSparse *vector)
{
	return (float *) (vector->indices + vector->count);
}

extern PgeSparse *pge_sparse_make(int dims, int count);

/* ---- what is demanded (check.c); with an error context that wants it, a failure is saved there and false returned ---- */

extern bool pge_vector_check_dims(const PgeVectorType *type, int dims, Node *escontext);
extern bool pge_vector_check_typmod(int32 typmod, int dims, Node *escontext);
extern bool pge_vector_check_element(const PgeVectorType *type, float value, Node *escontext);
extern bool pge_sparse_check_index(const int32 *indices, int i, int dims, Node *escontext);
extern void pge_sparse_check_count(int count, int dims);
extern void pge_vector_check_unused(int unused);
extern void pge_vector_refuse_dims(const PgeVectorType *type, int a, int b) pg_attribute_noreturn();
extern void pge_vector_refuse_value(const PgeVectorType *type, float value) pg_attribute_noreturn();

extern void pge_bit_refuse_lengths(uint32 a, uint32 b) pg_attribute_noreturn();

static inline void
pge_bit_check_same_length(uint32 a, uint32 b)
{
	if (unlikely(a != b))
		pge_bit_refuse_lengths(a, b);
}

static inline void
pge_vector_check_same_dims(const PgeVectorType *type, int a, int b)
{
	if (unlikely(a != b))
		pge_vector_refuse_dims(type, a, b);
}

/* As pge_dense_set(), but what is finite and not in the type's range is an error. */
static inline void
pge_dense_put(const PgeVectorType *type, PgeDense *vector, int i, float value)
{
	if (unlikely(fabsf(value) >= type->overflow && !isinf(value)))
		pge_vector_refuse_value(type, value);
	pge_dense_set(type, vector, i, value);
}

/* Rounding takes similarities past their bounds. NaN stays. */
static inline double
pge_clamp_similarity(double similarity)
{
	return similarity > 1 ? 1 : similarity < -1 ? -1 : similarity;
}

/* ---- text (text.c) ---- */

/* A literal that is being read. */
typedef struct PgeVectorText
{
	const PgeVectorType *type;
	const char *literal;
	const char *at;
	Node	   *escontext;
} PgeVectorText;

extern void pge_text_skip_space(PgeVectorText *text);
extern bool pge_text_refuse(PgeVectorText *text, const char *detail);
extern bool pge_text_read_number(PgeVectorText *text, bool underflow_is_error, float *value);
extern bool pge_text_read_integer(PgeVectorText *text, int32 *value);
extern int	pge_text_count_elements(const char *literal);
extern int32 pge_vector_read_typmod(const PgeVectorType *type, ArrayType *words);

/* ---- arrays (array.c) ---- */

extern float *pge_array_floats(const PgeVectorType *type, ArrayType *array, int32 typmod, int *count);

#endif							/* PGE_VECTOR_H */
