/*
 * The extension's settings as C variables, declared from guc.def.
 */
#ifndef PGE_GUC_H
#define PGE_GUC_H

/* epiphany.instruction_set; the numbers order the builds, so that the best that runs is a maximum. */
typedef enum PgeInstructionSet
{
	PGE_INSTRUCTION_SET_AUTO = 0,
	PGE_INSTRUCTION_SET_V2 = 2,
	PGE_INSTRUCTION_SET_V3 = 3,
	PGE_INSTRUCTION_SET_V4 = 4,
} PgeInstructionSet;

/* epiphany.debug_vectorize */
typedef enum PgeVectorizeMode
{
	PGE_VECTORIZE_BY_SIZE,
	PGE_VECTORIZE_FORCE,
	PGE_VECTORIZE_STRICT,
} PgeVectorizeMode;

/* epiphany.vector_iterative_scan */
typedef enum PgeIterativeScan
{
	PGE_ITERATIVE_OFF,
	PGE_ITERATIVE_RELAXED,
	PGE_ITERATIVE_STRICT,
} PgeIterativeScan;

/* epiphany.vector_index_type */
typedef enum PgeVectorIndexKind
{
	PGE_VECTOR_INDEX_AUTO,
	PGE_VECTOR_INDEX_IVF,
	PGE_VECTOR_INDEX_HNSW,
} PgeVectorIndexKind;

#define PGE_GUC_BOOL(name, ...) extern bool pge_##name;
#define PGE_GUC_INT(name, ...) extern int pge_##name;
#define PGE_GUC_ENUM(name, ...) extern int pge_##name;
#include "guc.def"
#undef PGE_GUC_BOOL
#undef PGE_GUC_INT
#undef PGE_GUC_ENUM

/* epiphany.vector_index_type, whose name as a variable is a function's (indexam/vector_index.h). */
extern int	pge_vector_index_kind;

/* epiphany.debug_force_gc as the boundary has it. */
extern int	pge_force_gc;

extern void pge_guc_init(void);

#endif							/* PGE_GUC_H */
