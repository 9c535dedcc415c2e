/*
 * The library's entry. Runs in the postmaster too when preloaded: no managed code here.
 */
#include "postgres.h"

#include "fmgr.h"

#include "bgworker/jobs.h"
#include "bgworker/maintenance.h"
#include "continuous/continuous.h"
#include "executor/start.h"
#include "indexam/hnsw.h"
#include "pge.h"
#include "planner/options.h"
#include "planner/vectorize.h"
#include "indexam/ivf.h"
#include "tableam/column_init.h"
#include "timeseries/gapfill.h"

#if PG_VERSION_NUM < 170000 || PG_VERSION_NUM >= 180000
#error "pg_epiphany is written for PostgreSQL 17; give its pg_config: make PG_CONFIG=..."
#endif

/* Another major version refuses us by this block, with both versions in its message. */
PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	pge_guc_init();
	pge_column_init();
	pge_executor_init();
	pge_options_init();
	pge_continuous_init();
	pge_vectorize_init();
	pge_metadata_paths_init();
	pge_gapfill_init();
	pge_maintenance_init();
	pge_jobs_init();
	pge_ivf_init();
	pge_hnsw_init();
}
