/*
 * Planner: aggregates over a whole column table that the footers of its row groups know. PostgreSQL reckons that every row is read, and
 * has parallel workers help with that, or asks an index for the least and the greatest value. Such an aggregation gets one path more:
 * serial, over a scan at the price of the groups' footers, and of those rows that have to be read all the same.
 *
 * Nothing but costs: whether a footer serves is found out when the group is reached.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "shim/pge.h"
#include "tableam/column.h"
#include "vectorize.h"

/* To open a row group and look at its footer, with pages at 1. */
#define FOOTER_COST		1.0

static create_upper_paths_hook_type next_upper_paths = NULL;

/* Can it be answered from footers? Those of NUMERIC know nothing of display scales, which then must be the type's. */
static bool
is_known(const Aggref *aggregate)
{
	const Node *argument = NULL;

	if (aggregate->aggkind != AGGKIND_NORMAL || aggregate->aggfilter != NULL || aggregate->aggdistinct != NIL ||
		aggregate->aggorder != NIL || list_length(aggregate->args) > 1)
		return false;
	if (aggregate->args != NIL)
		argument = (Node *) linitial_node(TargetEntry, aggregate->args)->expr;
	while (argument != NULL && IsA(argument, RelabelType))
		argument = (Node *) ((const RelabelType *) argument)->arg;
	if (argument != NULL && (!IsA(argument, Var) || ((const Var *) argument)->varattno <= 0))
		return false;
	if (argument != NULL && aggregate->aggtype == NUMERICOID && getBaseType(exprType(argument)) == NUMERICOID && exprTypmod(argument) < 0)
		return false;
	return pge_aggregate_support(aggregate) == PgeAggregateSupport_Footers;
}

/* Can all of the query's aggregates, of which there are some? count_only: are they all about rows, whatever these hold? */
static bool
all_known(const PlannerInfo *root, bool *count_only)
{
	*count_only = true;
	foreach_node(AggInfo, info, root->agginfos)
	{
		const Aggref *aggregate = linitial_node(Aggref, info->aggrefs);

		*count_only &= aggregate->args == NIL;
		if (!is_known(aggregate))
			return false;
	}
	return root->agginfos != NIL;
}

/* Groups that there are, and rows of those that no row was ever deleted from. */
static void
measure(const PlannerInfo *root, const RelOptInfo *table, bool count_only, double *groups, double *rows)
{
	Relation	rel = table_open(planner_rt_fetch(table->relid, root)->relid, NoLock);
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);

	*groups = *rows = 0;
	for (uint32 i = 0; i < ndescs; i++)
	{
		if (!pge_group_is_current(&descs[i]))
			continue;
		(*groups)++;
		if (count_only || descs[i].delete_root == InvalidBlockNumber)
			*rows += descs[i].rows - descs[i].dead_rows;
	}
	table_close(rel, NoLock);
}

/* A sequential scan of the table, at its price for the engine, among the paths that are left; NULL: others are better. */
static const Path *
scan_of_all(const RelOptInfo *table)
{
	foreach_ptr(Path, path, table->pathlist)
	{
		if (IsA(path, ProjectionPath))
			path = ((ProjectionPath *) path)->subpath;
		if (path->pathtype == T_SeqScan && path->param_info == NULL)
			return path;
	}
	return NULL;
}

static void
add_metadata_path(PlannerInfo *root, RelOptInfo *table, RelOptInfo *grouped, Node *having, bool count_only)
{
	const Path *all = scan_of_all(table);
	AggClauseCosts costs = {0};
	Path	   *scan;
	double		groups;
	double		known;
	double		share;

	if (all == NULL)
		return;
	measure(root, table, count_only, &groups, &known);
	share = 1 - Min(known / Max(table->tuples, 1), 1);
	scan = create_seqscan_path(root, table, NULL, 0);
	scan->rows = clamp_row_est(all->rows * share);
	scan->startup_cost = all->startup_cost;
	scan->total_cost = all->startup_cost + groups * FOOTER_COST + share * (all->total_cost - all->startup_cost);
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	add_path(grouped, (Path *) create_agg_path(root, grouped, scan, grouped->reltarget, AGG_PLAIN, AGGSPLIT_SIMPLE, NIL, (List *) having,
											   &costs, 1));
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, void *extra)
{
	bool		count_only;

	if (next_upper_paths)
		next_upper_paths(root, stage, input, output, extra);
	if (stage == UPPERREL_GROUP_AGG && pge_enable_vectorized_agg && input->reloptkind == RELOPT_BASEREL && pge_engine_scans(input) &&
		input->baserestrictinfo == NIL && root->parse->groupClause == NIL && root->parse->groupingSets == NIL &&
		all_known(root, &count_only) && !contain_volatile_functions((Node *) root->processed_tlist))
		add_metadata_path(root, input, output, ((GroupPathExtraData *) extra)->havingQual, count_only);
}

void
pge_metadata_paths_init(void)
{
	next_upper_paths = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
