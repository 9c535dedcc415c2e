/*
 * epiphany_hnsw: the access method's handler, options and costs.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "commands/progress.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

#include "hnsw.h"

/* Vertices that a search looks at, for each of those that it is to find. */
#define VISITED_PER_EF 12

/* A vertex's distance costs so many operators. */
#define OPERATORS_PER_VERTEX 1.0

/* Rows whose exact distance is computed from the table before the first is returned, for each that is to be found: most are not. */
#define LOOKED_UP_SHARE 0.5

/* Vertices that are visited with a condition, of those that are without one, times what part of them meets it. */
#define FILTERED_SHARE 0.25

/* A row that a further search finds, in those of the first: measured where most rows are thrown away by a condition. */
#define FURTHER_COST 3.0

static relopt_kind hnsw_reloptions;

void
pge_hnsw_init(void)
{
	hnsw_reloptions = add_reloption_kind();
	add_int_reloption(hnsw_reloptions, "m", "Links that a vertex is given; it may have twice as many.",
					  HNSW_DEFAULT_M, HNSW_MIN_M, HNSW_MAX_M, AccessExclusiveLock);
	add_int_reloption(hnsw_reloptions, "ef_construction", "Nearest vertices among which those for a new vertex's links are chosen.",
					  HNSW_DEFAULT_EF_CONSTRUCTION, HNSW_MIN_EF_CONSTRUCTION, HNSW_MAX_EF_CONSTRUCTION, AccessExclusiveLock);
	add_int_reloption(hnsw_reloptions, "bits", "Bits of a code, a dimension; 0: as many as suit the dimensions.",
					  0, 0, HNSW_MAX_BITS, AccessExclusiveLock);
}

static bytea *
parse_options(Datum options, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"m", RELOPT_TYPE_INT, offsetof(HnswOptions, m)},
		{"ef_construction", RELOPT_TYPE_INT, offsetof(HnswOptions, ef_construction)},
		{"bits", RELOPT_TYPE_INT, offsetof(HnswOptions, bits)},
	};

	return (bytea *) build_reloptions(options, validate, hnsw_reloptions, sizeof(HnswOptions), table, lengthof(table));
}

static char *
phase_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case HNSW_PHASE_LOAD:
			return "adding rows to the graph";
		case HNSW_PHASE_WRITE:
			return "writing the graph";
		default:
			return NULL;
	}
}

/*
 * A search costs what it visits, before the first row. Further rows come from further searches, each of which finds ef more; that is what
 * a scan that reads everything would do. Where conditions on columns of the index leave few rows, it is cheaper to go through all
 * vertices' attributes (hnsw_filter.c).
 */
static void
estimate_cost(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup, Cost *total, Selectivity *selectivity,
			  double *correlation, double *pages)
{
	GenericCosts costs = {0};
	double		tuples = Max(path->indexinfo->tuples, 1);
	double		found = Min(pge_hnsw_ef_search, tuples);
	double		visited = Min(found * VISITED_PER_EF + sqrt(tuples), tuples);
	double		page_cost;
	double		vertex_cost;
	double		row_cost;

	if (path->indexorderbys == NIL)
	{
		*startup = *total = get_float8_infinity();
		*selectivity = 0;
		*correlation = 0;
		*pages = 0;
		return;
	}

	/* A vertex is read where it lies, of a page that is likely to be in memory. */
	get_tablespace_page_costs(path->indexinfo->reltablespace, &page_cost, NULL);
	vertex_cost = OPERATORS_PER_VERTEX * cpu_operator_cost + 0.01 * page_cost;
	costs.numIndexTuples = tuples;
	genericcostestimate(root, path, loop_count, &costs);
	*startup = visited * vertex_cost + found * LOOKED_UP_SHARE * (cpu_tuple_cost + 0.1 * page_cost);
	row_cost = FURTHER_COST * *startup / found;
	if (path->indexclauses != NIL)
	{
		double		rows = costs.indexSelectivity * tuples;
		double		further = Min(tuples, visited * FILTERED_SHARE / Max(costs.indexSelectivity, 1e-9));
		double		pass = tuples * HNSW_SLOT_COST + rows;

		*startup += Min(further, pass) * vertex_cost;
		*total = *startup + pass * vertex_cost + rows * row_cost;
	}
	else
		*total = Max(*startup, row_cost * tuples);
	*selectivity = costs.indexSelectivity;
	*correlation = 0;
	*pages = Min(visited, path->indexinfo->pages);
}

PG_FUNCTION_INFO_V1(pge_hnsw_handler);

Datum
pge_hnsw_handler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = makeNode(IndexAmRoutine);

	routine->amstrategies = BTMaxStrategyNumber;
	routine->amsupport = PGE_ATTRIBUTE_HASH_PROC;
	routine->amcanorderbyop = true;
	routine->amcanmulticol = true;
	routine->amoptionalkey = true;
	routine->amsearcharray = true;
	routine->amcanbuildparallel = true;
	routine->amusemaintenanceworkmem = true;
	routine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	routine->amkeytype = InvalidOid;

	routine->ambuild = hnsw_build;
	routine->ambuildempty = hnsw_build_empty;
	routine->aminsert = hnsw_insert;
	routine->ambulkdelete = hnsw_bulk_delete;
	routine->amvacuumcleanup = hnsw_vacuum_cleanup;
	routine->amcostestimate = estimate_cost;
	routine->amoptions = parse_options;
	routine->ambuildphasename = phase_name;
	routine->amvalidate = pge_vector_validate_class;
	routine->ambeginscan = hnsw_begin_scan;
	routine->amrescan = hnsw_rescan;
	routine->amgettuple = hnsw_get_tuple;
	routine->amendscan = hnsw_end_scan;
	PG_RETURN_POINTER(routine);
}
