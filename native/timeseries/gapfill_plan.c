/*
 * Time series: puts the node that fills gaps above the aggregation of a query that groups by time_bucket_gapfill. Whatever runs the
 * aggregation, PostgreSQL or the engine, alone or with workers: it gives the keys, the aggregates, and the values that locf and interpolate
 * are called with; all other expressions of the select list are computed above, of filled rows.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

#include "gapfill.h"

static create_upper_paths_hook_type next_upper_paths = NULL;

/* What is planned for a query. Kept in the paths' custom_private, as a list of its parts. */
typedef struct Filling
{
	const FuncExpr *bucket;
	Index		ref;			/* sortgroupref of the bucket */
	PathTarget *below;			/* what the aggregation gives */
	List	   *calls;			/* FuncExpr, of locf and interpolate; without duplicates */
} Filling;

/* ---- what the query asks for ---- */

static void
refuse(const char *message, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("%s", message), detail != NULL ? errdetail("%s", detail) : 0));
}

/* The call that the query groups by, or NULL. */
static const FuncExpr *
find_bucket(PlannerInfo *root, Index *ref)
{
	const FuncExpr *found = NULL;

	foreach_node(SortGroupClause, group, root->parse->groupClause)
	{
		Node	   *expr = get_sortgroupclause_expr(group, root->processed_tlist);

		if (pge_gapfill_call(expr) != PGE_GAPFILL_BUCKET)
			continue;
		if (found != NULL)
			refuse("multiple time_bucket_gapfill calls not allowed", NULL);
		found = (const FuncExpr *) expr;
		*ref = group->tleSortGroupRef;
	}
	return found;
}

typedef struct Walk
{
	Filling    *filling;
	bool		in_call;		/* among the arguments of one */
} Walk;

/* The calls of locf and interpolate in an expression. */
static bool
find_calls(Node *node, void *context)
{
	Walk	   *walk = context;
	PgeGapfillCall call = pge_gapfill_call(node);

	if (node == NULL)
		return false;
	if (call == PGE_GAPFILL_BUCKET && !equal(node, walk->filling->bucket))
		refuse("multiple time_bucket_gapfill calls not allowed", "All calls in a query must be the one that it groups by.");
	if (call == PGE_GAPFILL_LOCF || call == PGE_GAPFILL_INTERPOLATE)
	{
		Walk		below = {.filling = walk->filling,.in_call = true};

		if (walk->in_call)
			refuse("calls of locf and interpolate cannot be nested", NULL);
		if (contain_windowfuncs(node))
			refuse("arguments of locf and interpolate cannot contain window functions", "Windows are computed when gaps have been filled.");
		walk->filling->calls = list_append_unique(walk->filling->calls, node);
		return expression_tree_walker(node, find_calls, &below);
	}
	return expression_tree_walker(node, find_calls, context);
}

/* ---- what the aggregation is to give ---- */

static void
add_column(PathTarget *target, Expr *expr)
{
	foreach_ptr(Expr, there, target->exprs)
	{
		if (equal(there, expr))
			return;
	}
	add_column_to_pathtarget(target, expr, 0);
}

/* Keys are there already. Aggregates, columns that depend on the keys, and values of fills, from an expression above. */
static bool
add_pieces(Node *node, void *context)
{
	Filling    *filling = context;
	PgeGapfillCall call = pge_gapfill_call(node);

	if (node == NULL)
		return false;
	foreach_ptr(Expr, there, filling->below->exprs)
	{
		if (equal(there, node))
			return false;
	}
	if (IsA(node, Var) || IsA(node, PlaceHolderVar) || IsA(node, Aggref) || IsA(node, GroupingFunc))
	{
		add_column(filling->below, (Expr *) node);
		return false;
	}
	if (call == PGE_GAPFILL_LOCF || call == PGE_GAPFILL_INTERPOLATE)
	{
		FuncExpr   *fill = (FuncExpr *) node;

		add_column(filling->below, linitial(fill->args));
		return add_pieces((Node *) list_copy_tail(fill->args, 1), context);
	}
	return expression_tree_walker(node, add_pieces, context);
}

static Filling *
plan_filling(PlannerInfo *root, const FuncExpr *bucket, Index ref)
{
	Filling    *filling = palloc0_object(Filling);
	Walk		walk = {.filling = filling};

	filling->bucket = bucket;
	filling->ref = ref;
	find_calls((Node *) root->processed_tlist, &walk);
	filling->below = create_empty_pathtarget();
	foreach_node(SortGroupClause, group, root->parse->groupClause)
		add_column_to_pathtarget(filling->below, (Expr *) get_sortgroupclause_expr(group, root->processed_tlist), group->tleSortGroupRef);
	foreach_node(TargetEntry, target, root->processed_tlist)
		add_pieces((Node *) target->expr, filling);
	set_pathtarget_cost_width(root, filling->below);
	return filling;
}

/*
 * Above the node calls of locf and interpolate are columns: those that nodes above compute with must come out of it, too. Nodes for windows
 * pass on what the query's own target for groups has, which is nobody else's then.
 */
static PathTarget *
target_above(PlannerInfo *root, PathTarget *grouping, const Filling *filling)
{
	PathTarget *target = root->parse->hasWindowFuncs ? grouping : copy_pathtarget(grouping);

	add_new_columns_to_pathtarget(target, filling->calls);
	return set_pathtarget_cost_width(root, target);
}

/* ---- paths ---- */

static Plan *make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children);

static const CustomPathMethods path_methods = {
	.CustomName = PGE_GAPFILL_NAME,
	.PlanCustomPath = make_plan,
};

/* By the other keys, then by time, nulls last. */
static List *
sort_keys(PlannerInfo *root, const Filling *filling)
{
	List	   *clauses = NIL;
	SortGroupClause *last = NULL;

	foreach_node(SortGroupClause, group, root->parse->groupClause)
	{
		SortGroupClause *clause = copyObject(group);

		if (!OidIsValid(clause->sortop))
			refuse("time_bucket_gapfill needs keys that can be sorted", "A column of GROUP BY has a type without an order.");
		clause->nulls_first = false;
		clause->sortop = get_ordering_op_for_equality_op(clause->eqop, true);
		if (clause->tleSortGroupRef == filling->ref)
			last = clause;
		else
			clauses = lappend(clauses, clause);
	}
	return make_pathkeys_for_sortclauses(root, lappend(clauses, last), root->processed_tlist);
}

static Path *
filling_path(PlannerInfo *root, RelOptInfo *rel, Path *below, PathTarget *target, List *keys, Filling *filling)
{
	CustomPath *path = makeNode(CustomPath);

	below = apply_projection_to_path(root, rel, below, filling->below);
	if (!pathkeys_contained_in(keys, below->pathkeys))
		below = (Path *) create_sort_path(root, rel, below, keys, -1.0);
	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = target;
	path->path.rows = below->rows;
	path->path.startup_cost = below->startup_cost;
	path->path.total_cost = below->total_cost + below->rows * cpu_tuple_cost + target->cost.startup + below->rows * target->cost.per_tuple;
	path->path.pathkeys = below->pathkeys;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(below);
	path->custom_private = list_make1(filling);
	path->methods = &path_methods;
	return &path->path;
}

/*
 * The aggregation, sorted: where all that the planner has left is made of partitions' groups, which have what the query asks for and not
 * its pieces.
 */
static Path *
aggregate_again(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output, List *having, const Filling *filling)
{
	Path	   *path = input->cheapest_total_path;
	double		groups = output->cheapest_total_path != NULL ? output->cheapest_total_path->rows : path->rows;
	AggClauseCosts costs = {0};

	if (!pathkeys_contained_in(root->group_pathkeys, path->pathkeys))
		path = (Path *) create_sort_path(root, output, path, root->group_pathkeys, -1.0);
	if (!root->parse->hasAggs)
		return (Path *) create_group_path(root, output, path, root->processed_groupClause, having, groups);
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	return (Path *) create_agg_path(root, output, path, filling->below, AGG_SORTED, AGGSPLIT_SIMPLE, root->processed_groupClause, having,
									&costs, groups);
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, void *extra)
{
	const FuncExpr *bucket;
	Index		ref;
	Filling    *filling;
	PathTarget *target;
	List	   *keys;
	List	   *paths = NIL;

	if (next_upper_paths)
		next_upper_paths(root, stage, input, output, extra);
	if (stage != UPPERREL_GROUP_AGG || root->parse->groupClause == NIL || IS_OTHER_REL(output) ||
		(bucket = find_bucket(root, &ref)) == NULL)
		return;
	if (root->parse->groupingSets != NIL)
		refuse("time_bucket_gapfill cannot be used with grouping sets", NULL);
	filling = plan_filling(root, bucket, ref);
	target = target_above(root, root->upper_targets[UPPERREL_GROUP_AGG], filling);
	keys = sort_keys(root, filling);
	foreach_ptr(Path, path, output->pathlist)
	{
		if (IsA(path, AggPath) || IsA(path, GroupPath))
			paths = lappend(paths, filling_path(root, output, path, target, keys, filling));
	}
	if (paths == NIL)
	{
		Path	   *path = aggregate_again(root, input, output, (List *) ((GroupPathExtraData *) extra)->havingQual, filling);

		paths = list_make1(filling_path(root, output, path, target, keys, filling));
	}
	output->pathlist = paths;
	output->partial_pathlist = NIL;
}

/* ---- the plan ---- */

static int
column_of(const PathTarget *target, const void *expr)
{
	int			number = 0;

	foreach_ptr(Expr, there, target->exprs)
	{
		if (equal(there, expr))
			return number;
		number++;
	}
	elog(ERROR, "no column for an expression below %s", PGE_GAPFILL_NAME);
}

/* Adds an expression to evaluate; its number, or -1 where there is none to speak of. */
static int
add_argument(CustomScan *scan, Expr *argument)
{
	if (IsA(argument, Const) && ((const Const *) argument)->constisnull)
		return -1;
	scan->custom_exprs = lappend(scan->custom_exprs, argument);
	return list_length(scan->custom_exprs) - 1;
}

static List *
plan_fills(CustomScan *scan, const Filling *filling)
{
	List	   *words = NIL;

	foreach_node(FuncExpr, call, filling->calls)
	{
		words = lappend_int(words, pge_gapfill_call((Node *) call));
		words = lappend_int(words, column_of(filling->below, linitial(call->args)));
		words = lappend_int(words, add_argument(scan, lsecond(call->args)));
		words = lappend_int(words, add_argument(scan, lthird(call->args)));
	}
	return words;
}

/* Which columns filled rows have of their group's other rows: what has no aggregate. */
static List *
kept_columns(const Filling *filling)
{
	List	   *kept = NIL;
	int			number = 0;

	foreach_ptr(Node, expr, filling->below->exprs)
		kept = lappend_int(kept, get_pathtarget_sortgroupref(filling->below, number++) != 0 || IsA(expr, Var) || IsA(expr, PlaceHolderVar));
	return kept;
}

static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *children)
{
	const Filling *filling = linitial(path->custom_private);
	PgeGapfillArguments arguments = pge_gapfill_arguments(filling->bucket);
	PgeBounds	starts = pge_gapfill_bounds(root, &arguments, false);
	PgeBounds	finishes = pge_gapfill_bounds(root, &arguments, true);
	CustomScan *scan = makeNode(CustomScan);
	List	   *keys = NIL;
	List	   *operators = NIL;
	List	   *collations = NIL;
	List	   *layout;
	List	   *fills;

	foreach_ptr(Expr, expr, list_concat_copy(filling->below->exprs, filling->calls))
		scan->custom_scan_tlist = lappend(scan->custom_scan_tlist,
										  makeTargetEntry(copyObject(expr), list_length(scan->custom_scan_tlist) + 1, NULL, false));
	foreach_node(SortGroupClause, group, root->parse->groupClause)
	{
		Node	   *expr = get_sortgroupclause_expr(group, root->processed_tlist);

		if (group->tleSortGroupRef == filling->ref)
			continue;
		keys = lappend_int(keys, column_of(filling->below, expr) + 1);
		operators = lappend_oid(operators, group->eqop);
		collations = lappend_oid(collations, exprCollation(expr));
	}
	layout = list_make4_int(list_length(filling->below->exprs), column_of(filling->below, filling->bucket),
							list_length(starts.exprs), list_length(finishes.exprs));
	scan->custom_exprs = list_make1(arguments.width);
	if (arguments.zone != NULL)
		scan->custom_exprs = lappend(scan->custom_exprs, arguments.zone);
	scan->custom_exprs = list_concat(list_concat(scan->custom_exprs, starts.exprs), finishes.exprs);
	fills = plan_fills(scan, filling);
	scan->custom_private = list_make5(lappend_int(layout, arguments.zone != NULL), list_concat(starts.kinds, finishes.kinds), keys,
									  operators, collations);
	scan->custom_private = lappend(lappend(scan->custom_private, kept_columns(filling)), fills);
	scan->scan.plan.targetlist = tlist;
	scan->custom_plans = children;
	scan->flags = path->flags;
	scan->methods = &pge_gapfill_methods;
	return &scan->scan.plan;
}

void
pge_gapfill_init(void)
{
	RegisterCustomScanMethods(&pge_gapfill_methods);
	next_upper_paths = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
