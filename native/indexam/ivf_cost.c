/*
 * epiphany_ivf: what a scan costs. Nearly all of it comes before the first row: the lists that are looked into. Rows are then fetched
 * from the table twice, by us for their exact distance and by the executor.
 */
#include "postgres.h"

#include "access/genam.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/float.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

#include "ivf.h"

/*
 * In units of cpu_operator_cost: an estimate from a block, a list's distance, a row's exact distance. What a row takes in all was measured
 * where most rows are thrown away by a condition: 5 microseconds each, where a sequential scan takes 1.3 for a unit of costs.
 */
#define ESTIMATE_COST 0.02
#define LIST_COST 0.2
#define EXACT_COST 1400

/* Of the file, what a first pass over all lists reads: the blocks, not the parts. */
#define BLOCKS_SHARE 0.25

/* Of what tests leave, a first pass wants as much as a quarter of what it visits without tests. */
#define FILTERED_SHARE 0.25

void
pge_ivf_cost(PlannerInfo *root, IndexPath *path, double loop_count, Cost *startup, Cost *total,
			 Selectivity *selectivity, double *correlation, double *pages)
{
	IndexOptInfo *info = path->indexinfo;
	GenericCosts costs = {0};
	double		tuples = Max(info->tuples, 1);
	double		share;
	double		lists;
	double		page_cost;
	Relation	index;

	if (path->indexorderbys == NIL)
	{
		*startup = *total = get_float8_infinity();
		*selectivity = 0;
		*correlation = 0;
		*pages = 0;
		return;
	}
	genericcostestimate(root, path, loop_count, &costs);

	index = index_open(info->indexoid, NoLock);
	lists = index->rd_options != NULL && ((IvfOptions *) index->rd_options)->lists > 0
		? ((IvfOptions *) index->rd_options)->lists : pge_ivf_default_lists(tuples);
	index_close(index, NoLock);
	share = pge_ivf_choose_probes((int) lists) / lists;
	if (path->indexclauses != NIL)
		share = Min(1, share * Max(1, FILTERED_SHARE / Max(costs.indexSelectivity, 1e-9)));
	get_tablespace_page_costs(info->reltablespace, NULL, &page_cost);

	/* Lists are read from their beginning to their end, and are warm when they are looked into again. */
	*startup = lists * LIST_COST * cpu_operator_cost + share * tuples * ESTIMATE_COST * cpu_operator_cost +
		share * info->pages * BLOCKS_SHARE * page_cost / Max(loop_count, 1);
	*total = *startup + (1 - share) * info->pages * page_cost +
		costs.indexSelectivity * tuples * (cpu_index_tuple_cost + EXACT_COST * cpu_operator_cost);
	*selectivity = costs.indexSelectivity;
	*correlation = 0;
	*pages = info->pages;
}
