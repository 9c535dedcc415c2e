/*
 * hnsw, as pgvector has it: epiphany_hnsw with pgvector's options, settings and limits.
 */
#include "postgres.h"

#include "catalog/index.h"
#include "commands/progress.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "hnsw.h"
#include "shim/guc.h"

#define MAX_EF_SEARCH 1000

static int	ef_search;
static int	iterative_scan;
static int	max_scan_tuples;
static double scan_mem_multiplier;	/* what a scan remembers is in its search; there is nothing to bound */

static relopt_kind options_kind;

static const struct config_enum_entry iterative_scans[] = {
	{"off", PGE_ITERATIVE_OFF, false},
	{"relaxed_order", PGE_ITERATIVE_RELAXED, false},
	{"strict_order", PGE_ITERATIVE_STRICT, false},
	{NULL, 0, false}
};

static const CompatSetting settings[] = {
	{&pge_hnsw_ef_search, &ef_search}, {&pge_vector_iterative_scan, &iterative_scan}, {&pge_vector_max_scan_tuples, &max_scan_tuples}
};
static CompatMethod method = {.name = "hnsw",.settings = settings,.nsettings = lengthof(settings)};

static void
check_sparse(Datum value)
{
	if (((PgeSparse *) DatumGetPointer(value))->count > COMPAT_SPARSE_ELEMENTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements for hnsw index", COMPAT_SPARSE_ELEMENTS)));
}

COMPAT_TYPE(hnsw, vector_l2, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_L2Squared, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(hnsw, vector_ip, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_InnerProduct, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(hnsw, vector_cosine, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_CosineSimilarity, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(hnsw, vector_l1, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_L1, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(hnsw, halfvec_l2, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_L2Squared, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(hnsw, halfvec_ip, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_InnerProduct, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(hnsw, halfvec_cosine, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_CosineSimilarity, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(hnsw, halfvec_l1, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_L1, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(hnsw, bit_hamming, "bit", PgeVectorElement_Bit, false, PgeVectorMetric_Hamming, COMPAT_BIT_DIMS)
COMPAT_TYPE(hnsw, bit_jaccard, "bit", PgeVectorElement_Bit, false, PgeVectorMetric_Jaccard, COMPAT_BIT_DIMS)
COMPAT_TYPE(hnsw, sparsevec_l2, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_L2Squared, 0, check_sparse)
COMPAT_TYPE(hnsw, sparsevec_ip, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_InnerProduct, 0, check_sparse)
COMPAT_TYPE(hnsw, sparsevec_cosine, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_CosineSimilarity, 0, check_sparse)
COMPAT_TYPE(hnsw, sparsevec_l1, "sparsevec", PgeVectorElement_Float32, true, PgeVectorMetric_L1, 0, check_sparse)

static bytea *
parse_options(Datum options, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"m", RELOPT_TYPE_INT, offsetof(HnswOptions, m)},
		{"ef_construction", RELOPT_TYPE_INT, offsetof(HnswOptions, ef_construction)},
	};

	return (bytea *) build_reloptions(options, validate, options_kind, sizeof(HnswOptions), table, lengthof(table));
}

static char *
phase_name(int64 phase)
{
	return phase == PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE ? "initializing" : "loading tuples";
}

static IndexBuildResult *
build(Relation heap, Relation index, IndexInfo *info)
{
	pge_compat_check_column(index, "hnsw");
	return method.ours->ambuild(heap, index, info);
}

static void
estimate_cost(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup, Cost *total, Selectivity *selectivity,
			  double *correlation, double *pages)
{
	pge_compat_estimate_cost(&method, root, path, loop_count, startup, total, selectivity, correlation, pages);
}

static bool
get_tuple(IndexScanDesc scan, ScanDirection direction)
{
	return pge_compat_get_tuple(&method, scan, direction);
}

/* Once a session, when the access method is first used: pgvector's own library may have the names in sessions that do not use ours. */
static void
initialize(void)
{
	pge_compat_check_setting("hnsw.ef_search");
	options_kind = add_reloption_kind();
	add_int_reloption(options_kind, "m", "Max number of connections", HNSW_DEFAULT_M, HNSW_MIN_M, HNSW_MAX_M, AccessExclusiveLock);
	add_int_reloption(options_kind, "ef_construction", "Size of the dynamic candidate list for construction",
					  HNSW_DEFAULT_EF_CONSTRUCTION, HNSW_MIN_EF_CONSTRUCTION, HNSW_MAX_EF_CONSTRUCTION, AccessExclusiveLock);
	DefineCustomIntVariable("hnsw.ef_search", "Sets how many nearest vertices a search keeps.", NULL,
							&ef_search, 40, 1, MAX_EF_SEARCH, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("hnsw.iterative_scan", "Sets whether scans go on where they ended if more rows are asked for.", NULL,
							 &iterative_scan, PGE_ITERATIVE_OFF, iterative_scans, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("hnsw.max_scan_tuples", "Sets how many vertices an iterative scan visits before it stops to go on.", NULL,
							&max_scan_tuples, 20000, 1, INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("hnsw.scan_mem_multiplier", "Has no effect.", NULL,
							 &scan_mem_multiplier, 1, 1, 1000, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("hnsw");
}

extern Datum pge_hnsw_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(pge_compat_hnsw_handler);

Datum
pge_compat_hnsw_handler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = (IndexAmRoutine *) DatumGetPointer(DirectFunctionCall1(pge_hnsw_handler, PointerGetDatum(NULL)));

	if (method.ours == NULL)
	{
		IndexAmRoutine *kept = MemoryContextAlloc(TopMemoryContext, sizeof(IndexAmRoutine));

		*kept = *routine;
		initialize();
		method.ours = kept;
	}
	routine->amcanmulticol = false;
	routine->ambuild = build;
	routine->amoptions = parse_options;
	routine->amcostestimate = estimate_cost;
	routine->ambuildphasename = phase_name;
	routine->amgettuple = get_tuple;
	PG_RETURN_POINTER(routine);
}
