/*
 * Planner: lets PostgreSQL plan, then puts nodes of the engine's in place of what it can run: each of them for a subtree as large as
 * possible.
 *
 * A plan stays what it was in all other respects: locks, permissions, parameters, parallelism. Where nothing is replaced, nothing is
 * touched.
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"

#include "shim/pge.h"
#include "tableam/column.h"
#include "executor/batch_scan.h"
#include "vectorize.h"

static planner_hook_type next_planner = NULL;
static set_rel_pathlist_hook_type next_rel_pathlist = NULL;
static set_join_pathlist_hook_type next_join_pathlist = NULL;

/* A column table that is being planned for. */
typedef struct PlannedTable
{
	Oid			relid;
	Oid			named;			/* the one that the query names, which has it as a partition or child, or is it */
	double		rows;
	bool		by_engine;		/* large enough for the engine to scan it */
} PlannedTable;

/* A call of the planner. They nest, where functions are evaluated in planning. */
typedef struct Planning
{
	struct Planning *outer;
	List	   *tables;			/* PlannedTable */
	List	   *scanned;		/* RelOptInfo of those that the engine is going to scan */
	List	   *roots;			/* PlannerInfo of queries that these are in */
	Cost		setup_cost;		/* parallel_setup_cost as it is set */
} Planning;

static Planning *planning = NULL;

static void
report(PgeVectorize *work, const Plan *plan, const char *reason)
{
	const char *name;

	if (pge_debug_vectorize != PGE_VECTORIZE_STRICT && !pge_vectorize_notices)
		return;
	name = plan == NULL ? "statement" : pge_node_name(work->statement, plan);
	if (pge_debug_vectorize == PGE_VECTORIZE_STRICT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is not vectorized: %s", name, reason),
				 errhint("epiphany.debug_vectorize is \"strict\".")));
	ereport(NOTICE, errmsg("%s is not vectorized: %s", name, reason));
}

/* Where a plan's children hang, the outer one first. */
List *
pge_child_slots(Plan *plan)
{
	List	   *slots = NIL;
	List	   *children = NIL;
	ListCell   *cell;

	/* Its outer plan is for rechecks only. */
	if (IsA(plan, ForeignScan))
		return NIL;
	if (plan->lefttree != NULL)
		slots = lappend(slots, &plan->lefttree);
	if (plan->righttree != NULL)
		slots = lappend(slots, &plan->righttree);
	switch (nodeTag(plan))
	{
		case T_SubqueryScan:
			slots = lappend(slots, &((SubqueryScan *) plan)->subplan);
			break;
		case T_Append:
			children = ((Append *) plan)->appendplans;
			break;
		case T_MergeAppend:
			children = ((MergeAppend *) plan)->mergeplans;
			break;
		case T_CustomScan:
			children = ((CustomScan *) plan)->custom_plans;
			break;
		default:
			break;
	}
	foreach(cell, children)
		slots = lappend(slots, &lfirst(cell));
	return slots;
}

/* Does the node, asked for its rows in reverse or from a mark, ask the child for the same? */
static bool
passes_direction(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_Result:
		case T_SubqueryScan:
		case T_Append:
		case T_Limit:
			return true;
		default:
			return false;
	}
}

/* Only there to keep or hash what comes from below: no part of the engine's on its own. */
static bool
passes_through(const Plan *plan)
{
	return IsA(plan, Hash) || IsA(plan, Material);
}

/*
 * A part that is as large as it gets: becomes a node of the engine's if that is worth it. parent: the node above the slot, or NULL;
 * keep: it is run again and again, and gives the same rows.
 */
static void
finish(PgeVectorize *work, Plan *parent, PgePlanSlot *slot, PgePart *part, bool keep)
{
	while (passes_through(*slot) && list_member_ptr(part->nodes, *slot))
	{
		part->nodes = list_delete_ptr(part->nodes, *slot);
		parent = *slot;
		slot = &(*slot)->lefttree;
		keep = false;
	}
	if (part->nodes == NIL)
		return;
	if (pge_debug_vectorize == PGE_VECTORIZE_BY_SIZE)
	{
		const char *reason = NULL;

		if (part->nscans == 0)
			reason = "no column table is scanned below it by the engine";
		else if (part->rows < pge_vectorize_min_rows)
			reason = psprintf("it is expected to read %.0f rows, fewer than epiphany.vectorize_min_rows", part->rows);
		if (reason != NULL)
		{
			if (part->has_columns)
				report(work, *slot, reason);
			return;
		}
	}
	*slot = pge_engine_node(parent, slot, part, keep);
}

/* Nodes that are PostgreSQL's by design: what brings parallel workers' rows together, what changes tables, what only keeps rows. */
static bool
stays_by_design(const Plan *plan)
{
	if (IsA(plan, Agg))
		return DO_AGGSPLIT_COMBINE(((const Agg *) plan)->aggsplit);
	return IsA(plan, Gather) || IsA(plan, GatherMerge) || IsA(plan, ModifyTable) || passes_through(plan);
}

/* Adds what is known of a child's part to a part that the engine runs. */
static void
absorb(PgePart *part, PgePlanSlot *slot, PgePart *child)
{
	if (!child->native)
	{
		part->sources = lappend(part->sources, slot);
		if (child->gives_batches)
		{
			part->nscans++;
			part->rows += child->rows;
		}
		return;
	}
	if (child->as_aggregate)
		part->groups = lappend(part->groups, slot);
	part->groups = list_concat(part->groups, child->groups);
	part->nodes = list_concat(part->nodes, child->nodes);
	part->sources = list_concat(part->sources, child->sources);
	part->nscans += child->nscans;
	part->rows += child->rows;
}

/* How many rows the planner took a table to have. */
static double
rows_expected(const Planning *call, Oid relid, const Plan *plan)
{
	foreach_ptr(PlannedTable, table, call->tables)
	{
		if (table->relid == relid)
			return table->rows;
	}
	return plan->plan_rows;
}

/*
 * From the bottom up: what of the subtree the engine can run; what it cannot run on from here on is finished. fixed: rows may be asked for
 * in reverse or from a mark, which the engine does not do. changing: parameters that have other values each time the node is run again.
 */
static PgePart
visit(PgeVectorize *work, Plan *plan, bool fixed, Bitmapset *changing)
{
	PgePart		part = {0};
	List	   *slots = pge_child_slots(plan);
	PgePart    *parts = palloc0_array(PgePart, Max(list_length(slots), 1));
	Relation	scanned = pge_open_scanned(work->statement, plan);
	const char *reason;
	int			i = 0;

	check_stack_depth();
	if (scanned != NULL)
	{
		part.has_columns = pge_is_column_table(scanned);
		part.rows = rows_expected(work->call, RelationGetRelid(scanned), plan);
		table_close(scanned, NoLock);
	}
	part.gives_batches = pge_is_batch_scan(plan, &part.rows);
	part.is_volatile = pge_node_is_volatile(plan, work->volatile_subplans);
	foreach_ptr(PgePlanSlot, slot, slots)
	{
		bool		child_fixed = fixed && passes_direction(plan);

		if (IsA(plan, MergeJoin) && slot == &plan->righttree)
			child_fixed = !((MergeJoin *) plan)->skip_mark_restore;
		if (IsA(*slot, ForeignScan))
			*slot = pge_split_scan(work, *slot);
		parts[i] = visit(work, *slot, child_fixed, pge_changing_below(plan, *slot, changing));
		part.has_columns |= parts[i].has_columns;
		part.is_volatile |= parts[i].is_volatile;
		i++;
	}
	if (fixed)
		reason = "its rows may be asked for in reverse or from a mark";
	else if (part.is_volatile)
		reason = "a volatile function is called in it or below it";
	else
		reason = pge_refused_node(work, plan, parts, changing);

	i = 0;
	part.native = reason == NULL;
	foreach_ptr(PgePlanSlot, slot, slots)
	{
		/* The engine starts from scratch: what does not change is a node of its own then, and its rows are kept. */
		bool		keep = parts[i].native && list_length(parts[i].nodes) > 1 && bms_overlap(plan->allParam, changing) &&
			!bms_overlap((*slot)->allParam, changing);

		if (parts[i].native && (keep || !part.native))
		{
			finish(work, plan, slot, &parts[i], keep);
			parts[i].native = false;
		}
		if (part.native)
			absorb(&part, slot, &parts[i]);
		i++;
	}
	if (part.native)
	{
		part.nodes = lappend(part.nodes, plan);
		part.nscans += scanned != NULL;
		part.as_aggregate = pge_runs_as_aggregate(plan, &parts[0]);
	}
	else if (part.has_columns && !stays_by_design(plan))
		report(work, plan, reason);
	return part;
}

/* Puts the engine into a tree of the statement's. fixed, changing: as in visit(). */
static Plan *
vectorize_tree(PgeVectorize *work, Plan *plan, bool fixed, Bitmapset *changing, bool *is_volatile)
{
	PgePart		part;

	if (IsA(plan, ForeignScan))
		plan = pge_split_scan(work, plan);
	part = visit(work, plan, fixed, changing);
	if (part.native)
		finish(work, NULL, &plan, &part, false);
	pge_join_scans(work, &plan);
	*is_volatile = part.is_volatile;
	return plan;
}

/* Adds the subplans that run once, by number less one, and not anew for each row. */
static Bitmapset *
find_initplans(Bitmapset *initplans, Plan *plan)
{
	check_stack_depth();
	foreach_node(SubPlan, initplan, plan->initPlan)
		initplans = bms_add_member(initplans, initplan->plan_id - 1);
	foreach_ptr(PgePlanSlot, slot, pge_child_slots(plan))
		initplans = find_initplans(initplans, *slot);
	return initplans;
}

static void
vectorize(PlannedStmt *statement, const Planning *call, bool goes_back)
{
	PgeVectorize work = {.statement = statement,.call = call};
	const char *reason = pge_refused_statement(statement);
	Bitmapset  *initplans;
	bool		is_volatile;
	ListCell   *cell;
	int			number = 0;

	if (reason != NULL)
	{
		if (call->tables != NIL)
			report(&work, NULL, reason);
		return;
	}
	initplans = find_initplans(NULL, statement->planTree);
	foreach_ptr(Plan, subplan, statement->subplans)
	{
		if (subplan != NULL)
			initplans = find_initplans(initplans, subplan);
	}
	/* A subplan comes after those that it refers to. */
	foreach(cell, statement->subplans)
	{
		if (lfirst(cell) != NULL)
		{
			Plan	   *subplan = lfirst(cell);
			Bitmapset  *changing = bms_is_member(number, initplans) ? NULL : subplan->extParam;

			lfirst(cell) = vectorize_tree(&work, subplan, false, changing, &is_volatile);
			if (is_volatile)
				work.volatile_subplans = bms_add_member(work.volatile_subplans, number);
		}
		number++;
	}
	goes_back = goes_back && ExecSupportsBackwardScan(statement->planTree);
	statement->planTree = vectorize_tree(&work, statement->planTree, goes_back, NULL, &is_volatile);
	foreach_ptr(Plan, subplan, statement->subplans)
	{
		if (subplan != NULL)
			pge_bound_gathered(subplan);
	}
	pge_bound_gathered(statement->planTree);
	if (pge_enable_look_ahead)
		pge_look_ahead(statement, work.volatile_subplans);
}

/* Can the query at the top, and those down to this one, be run by the engine in part? */
static bool
may_be_vectorized(const PlannerInfo *root)
{
	for (; root != NULL; root = root->parent_root)
	{
		if ((root->parse->commandType != CMD_SELECT && root->parse->commandType != CMD_INSERT) || root->parse->rowMarks != NIL)
			return false;
	}
	return true;
}

/*
 * Called for each table, before joins are planned. Where the engine is going to scan a large one, it is to do the joins, too.
 */
static void
rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index number, RangeTblEntry *rte)
{
	Relation	table;

	if (next_rel_pathlist)
		next_rel_pathlist(root, rel, number, rte);
	if (planning == NULL || rte->rtekind != RTE_RELATION || rte->inh || IS_DUMMY_REL(rel))
		return;
	if (pge_is_batch_table(rel))
	{
		PlannedTable *planned = palloc_object(PlannedTable);

		*planned = (PlannedTable) {.relid = rte->relid,.named = rte->relid,.rows = rel->tuples};
		planning->tables = lappend(planning->tables, planned);
	}
	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		return;
	table = table_open(rte->relid, NoLock);
	if (pge_is_column_table(table))
	{
		PlannedTable *planned = palloc_object(PlannedTable);

		*planned = (PlannedTable) {.relid = rte->relid,.named = rte->relid,.rows = rel->tuples};
		if (rel->top_parent_relids != NULL)
			planned->named = planner_rt_fetch(bms_singleton_member(rel->top_parent_relids), root)->relid;
		planning->tables = lappend(planning->tables, planned);
		if (rel->tuples >= pge_vectorize_min_rows)
		{
			bool		by_engine = pge_enable_vectorized_scan && rte->tablesample == NULL && may_be_vectorized(root);

			planned->by_engine = by_engine;
			if (by_engine)
			{
				planning->scanned = lappend(planning->scanned, rel);
				/* From here on: nobody can tell a Gather with the engine below it from others while they are costed. */
				parallel_setup_cost = pge_setup_cost(planning->setup_cost);
			}
			if (by_engine && !list_member_ptr(planning->roots, root))
			{
				planning->roots = lappend(planning->roots, root);
				pge_find_join_keys(root);
			}
			pge_column_costs(root, rel, table, by_engine, pge_has_vector_codes(table));
		}
	}
	table_close(table, NoLock);
}

/* Is it the engine that is going to scan the table, if that is scanned as a whole? Asked while planning. */
bool
pge_engine_scans(const RelOptInfo *rel)
{
	return planning != NULL && list_member_ptr(planning->scanned, rel);
}

/* Called for each pair of what is joined. */
static void
join_pathlist(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type, JoinPathExtraData *extra)
{
	if (next_join_pathlist)
		next_join_pathlist(root, join, outer, inner, type, extra);
	if (planning == NULL)
		return;
	foreach_node(RelOptInfo, rel, planning->scanned)
	{
		Relids		relids = rel->top_parent_relids != NULL ? rel->top_parent_relids : rel->relids;
		bool		is_here = rel->relid < root->simple_rel_array_size && root->simple_rel_array[rel->relid] == rel;

		if (is_here && bms_is_subset(relids, join->relids))
		{
			if (!pge_judge_buckets(root, join, outer, inner, type, extra) &&
				pge_prefer_hash_joins(root, join, outer, inner, type, extra))
				pge_judge_shared_joins(root, join, outer, inner, type, extra);
			return;
		}
	}
}

/* Plans as PostgreSQL does; call: filled with what is learnt. */
static PlannedStmt *
plan_query(Query *query, const char *text, int cursor_options, ParamListInfo params, Planning *call)
{
	planner_hook_type plan = next_planner != NULL ? next_planner : standard_planner;
	PlannedStmt *statement;
	Cost		setup_cost = parallel_setup_cost;

	*call = (Planning) {.outer = planning,.setup_cost = planning != NULL ? planning->setup_cost : setup_cost};
	parallel_setup_cost = call->setup_cost;
	planning = call;
	PG_TRY();
	{
		statement = plan(query, text, cursor_options, params);
	}
	PG_FINALLY();
	{
		planning = call->outer;
		parallel_setup_cost = setup_cost;
	}
	PG_END_TRY();
	return statement;
}

/* Is the engine to scan one of the tables? */
static bool
scans_one_of(const Planning *call, const List *tables)
{
	foreach_ptr(PlannedTable, table, call->tables)
	{
		if (table->by_engine && list_member_oid(tables, table->named))
			return true;
	}
	return false;
}

static PlannedStmt *
vectorized_planner(Query *query, const char *text, int cursor_options, ParamListInfo params)
{
	Planning	call;
	PlannedStmt *statement;
	List	   *others = NIL;
	List	   *tables;

	if (!pge_enable_vectorized)
	{
		statement = (next_planner != NULL ? next_planner : standard_planner) (query, text, cursor_options, params);
		pge_drop_order_columns(statement);
		return statement;
	}
	if (pge_enable_decorrelation)
		others = pge_decorrelated(query, &tables);
	statement = plan_query(query, text, cursor_options, params, &call);
	if (others != NIL && (pge_debug_vectorize != PGE_VECTORIZE_BY_SIZE || scans_one_of(&call, tables)))
	{
		foreach_node(Query, other, others)
		{
			Planning	other_call;
			PlannedStmt *other_statement = plan_query(other, text, cursor_options, params, &other_call);

			if (pge_debug_vectorize != PGE_VECTORIZE_BY_SIZE ||
				pge_statement_cost(other_statement, cursor_options) < pge_statement_cost(statement, cursor_options))
			{
				statement = other_statement;
				call = other_call;
			}
		}
	}
	if (pge_enable_asof_lookup && pge_refused_statement(statement) == NULL)
		pge_asof_lookups(statement);
	if (call.tables != NIL || pge_debug_vectorize != PGE_VECTORIZE_BY_SIZE)
		vectorize(statement, &call,
				  (cursor_options & CURSOR_OPT_NO_SCROLL) == 0 && (cursor_options & (CURSOR_OPT_SCROLL | CURSOR_OPT_FAST_PLAN)) != 0);
	pge_drop_order_columns(statement);
	return statement;
}

void
pge_vectorize_init(void)
{
	next_planner = planner_hook;
	planner_hook = vectorized_planner;
	next_rel_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = rel_pathlist;
	next_join_pathlist = set_join_pathlist_hook;
	set_join_pathlist_hook = join_pathlist;
}
