/*
 * Our index access methods under the names of pgvector's: what hnsw and ivfflat have in common (compat.c).
 *
 * An access method of the compatibility extension is one of ours with other limits, options, settings and messages. Its pages are the same:
 * only the names by which users reach it are pgvector's.
 */
#ifndef PGE_COMPAT_H
#define PGE_COMPAT_H

#include "access/amapi.h"
#include "nodes/pathnodes.h"

#include "indexam/vector_index.h"

/* A support function of an operator class: what ours says, with pgvector's limits. */
#define COMPAT_TYPE(method, name, ...) PGE_VECTOR_INDEX_TYPE(pge_compat_##method##_##name##_type, __VA_ARGS__)

#define COMPAT_VECTOR_DIMS 2000
#define COMPAT_HALFVEC_DIMS 4000
#define COMPAT_BIT_DIMS 64000
#define COMPAT_SPARSE_ELEMENTS 1000

/* A setting of ours that a scan of pgvector's reads under another name. */
typedef struct CompatSetting
{
	int		   *ours;
	const int  *theirs;
} CompatSetting;

#define COMPAT_MAX_SETTINGS 4

/* An access method of pgvector's. */
typedef struct CompatMethod
{
	const char *name;
	const CompatSetting *settings;
	int			nsettings;
	const IndexAmRoutine *ours; /* set at the first use */
} CompatMethod;

/* Our access method's own callbacks, under pgvector's settings. */
extern void pge_compat_estimate_cost(const CompatMethod *method, PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup,
									 Cost *total, Selectivity *selectivity, double *correlation, double *pages);
extern bool pge_compat_get_tuple(const CompatMethod *method, IndexScanDesc scan, ScanDirection direction);

/* Raises an error where pgvector's own library has the name of a setting. */
extern void pge_compat_check_setting(const char *name);

/* What pgvector demands of an index's column; returns its dimensions. */
extern int	pge_compat_check_column(Relation index, const char *method);

#endif							/* PGE_COMPAT_H */
