/*
 * ivfflat, as pgvector has it: epiphany_ivf with pgvector's options, settings and limits, and one column.
 */
#include "postgres.h"

#include "catalog/index.h"
#include "commands/progress.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "ivf_build.h"
#include "shim/guc.h"

#define DEFAULT_LISTS 100
#define MAX_LISTS 32768

static int	probes;
static int	iterative_scan;
static int	max_probes;
static const int no_bound = 0;

static relopt_kind options_kind;

static const struct config_enum_entry iterative_scans[] = {
	{"off", PGE_ITERATIVE_OFF, false},
	{"relaxed_order", PGE_ITERATIVE_RELAXED, false},
	{NULL, 0, false}
};

static const CompatSetting settings[] = {
	{&pge_ivf_probes, &probes}, {&pge_ivf_max_probes, &max_probes},
	{&pge_vector_iterative_scan, &iterative_scan}, {&pge_vector_max_scan_tuples, &no_bound}
};
static CompatMethod method = {.name = "ivfflat",.settings = settings,.nsettings = lengthof(settings)};

COMPAT_TYPE(ivfflat, vector_l2, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_L2Squared, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(ivfflat, vector_ip, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_InnerProduct, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(ivfflat, vector_cosine, "vector", PgeVectorElement_Float32, false, PgeVectorMetric_CosineSimilarity, COMPAT_VECTOR_DIMS)
COMPAT_TYPE(ivfflat, halfvec_l2, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_L2Squared, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(ivfflat, halfvec_ip, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_InnerProduct, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(ivfflat, halfvec_cosine, "halfvec", PgeVectorElement_Float16, false, PgeVectorMetric_CosineSimilarity, COMPAT_HALFVEC_DIMS)
COMPAT_TYPE(ivfflat, bit_hamming, "bit", PgeVectorElement_Bit, false, PgeVectorMetric_Hamming, COMPAT_BIT_DIMS)

static bytea *
parse_options(Datum options, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"lists", RELOPT_TYPE_INT, offsetof(IvfOptions, lists)},
	};

	return (bytea *) build_reloptions(options, validate, options_kind, sizeof(IvfOptions), table, lengthof(table));
}

static char *
phase_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case IVF_PHASE_SAMPLE:
		case IVF_PHASE_TRAIN:
			return "performing k-means";
		case IVF_PHASE_ENCODE:
			return "assigning tuples";
		case IVF_PHASE_WRITE:
			return "loading tuples";
		default:
			return NULL;
	}
}

static IndexBuildResult *
build(Relation heap, Relation index, IndexInfo *info)
{
	int			dims = pge_compat_check_column(index, "ivfflat");
	PgeVectorMetric metric = pge_vector_index_type(index)->metric;
	int			lists = index->rd_options != NULL ? ((IvfOptions *) index->rd_options)->lists : DEFAULT_LISTS;
	IndexBuildResult *result;

	if (dims == 1 && (metric == PgeVectorMetric_InnerProduct || metric == PgeVectorMetric_CosineSimilarity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions must be greater than one for this opclass")));
	result = method.ours->ambuild(heap, index, info);
	if (result->index_tuples < lists)
		ereport(NOTICE,
				(errmsg("ivfflat index created with little data"),
				 errdetail("This will cause low recall."),
				 errhint("Drop the index until the table has more data.")));
	return result;
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

/* Once a session, as hnsw's. */
static void
initialize(void)
{
	pge_compat_check_setting("ivfflat.probes");
	options_kind = add_reloption_kind();
	add_int_reloption(options_kind, "lists", "Number of inverted lists", DEFAULT_LISTS, 1, MAX_LISTS, AccessExclusiveLock);
	DefineCustomIntVariable("ivfflat.probes", "Sets how many lists a scan looks into.", NULL,
							&probes, 1, 1, MAX_LISTS, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("ivfflat.iterative_scan", "Sets whether scans look into more lists if more rows are asked for.", NULL,
							 &iterative_scan, PGE_ITERATIVE_OFF, iterative_scans, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfflat.max_probes", "Sets how many lists an iterative scan looks into at most.", NULL,
							&max_probes, MAX_LISTS, 1, MAX_LISTS, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("ivfflat");
}

extern Datum pge_ivf_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(pge_compat_ivfflat_handler);

Datum
pge_compat_ivfflat_handler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = (IndexAmRoutine *) DatumGetPointer(DirectFunctionCall1(pge_ivf_handler, PointerGetDatum(NULL)));

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
