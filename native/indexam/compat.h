/*
 * Our index access methods under the names of pgvector's: what hnsw and ivfflat have in common (compat.c).
 *
 * An access method of the compatibility extension is one of ours with other limits, options, settings and messages. Its pages are the same:
 * only the names by which users reach it are pgvector's.
 */
#ifndef PGE_COMPAT_H
#define PGE_COMPAT_H

#include "access/amapi.h"

#include "indexam/vector_index.h"

/* A support function of an operator class: what ours says, with pgvector's limits. */
#define COMPAT_TYPE(method, name, ...) \
	PG_FUNCTION_INFO_V1(pge_compat_##method##_##name##_type); \
	Datum pge_compat_##method##_##name##_type(PG_FUNCTION_ARGS) \
	{ \
		static const PgeVectorIndexType type = {__VA_ARGS__}; \
		\
		PG_RETURN_POINTER(&type); \
	}

#define COMPAT_VECTOR_DIMS 2000
#define COMPAT_HALFVEC_DIMS 4000
#define COMPAT_BIT_DIMS 64000
#define COMPAT_SPARSE_ELEMENTS 1000

/* Settings of ours that a scan of pgvector's reads under other names. */
typedef struct CompatSetting
{
	int		   *ours;
	const int  *theirs;
	int			kept;			/* ours, while theirs is in its place */
} CompatSetting;

extern void pge_compat_use(CompatSetting *settings, int count);
extern void pge_compat_restore(CompatSetting *settings, int count);

/* Raises an error where pgvector's own library has the name of a setting. */
extern void pge_compat_check_setting(const char *name);

/* What pgvector demands of an index's column; returns its dimensions. */
extern int	pge_compat_check_column(Relation index, const char *method);

#endif							/* PGE_COMPAT_H */
