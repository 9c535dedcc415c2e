/*
 * Executor, the engine's node in EXPLAIN: the tree of operators that the lowered plan has, with the conditions and keys that PostgreSQL
 * would show for the same plan, and with ANALYZE what each operator has done. Row sources are shown where PostgreSQL shows children.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

#include "engine_state.h"

#define PLAN_GROUP	"Engine Plan"

static bool
is_text(const ExplainState *es)
{
	return es->format == EXPLAIN_FORMAT_TEXT;
}

/* ---- what an operator is ---- */

static const char *
join_name(const Plan *plan)
{
	switch (((const Join *) plan)->jointype)
	{
		case JOIN_LEFT:
			return "Hash Left Join";
		case JOIN_FULL:
			return "Hash Full Join";
		case JOIN_RIGHT:
			return "Hash Right Join";
		case JOIN_SEMI:
			return pge_join_is_turned(plan) ? "Hash Right Semi Join" : "Hash Semi Join";
		case JOIN_ANTI:
			return "Hash Anti Join";
		case JOIN_RIGHT_ANTI:
			return "Hash Right Anti Join";
		default:
			return "Hash Join";
	}
}

static const char *
aggregate_name(const Agg *plan)
{
	const char *name = plan->numCols > 0 || plan->chain != NIL ? "Hash Aggregate" : "Aggregate";

	if (DO_AGGSPLIT_SKIPFINAL(plan->aggsplit))
		return psprintf("Partial %s", name);
	if (DO_AGGSPLIT_COMBINE(plan->aggsplit))
		return psprintf("Finalize %s", name);
	return name;
}

static const char *
set_operation_name(SetOpCmd command)
{
	switch (command)
	{
		case SETOPCMD_INTERSECT:
			return "SetOp Intersect";
		case SETOPCMD_INTERSECT_ALL:
			return "SetOp Intersect All";
		case SETOPCMD_EXCEPT:
			return "SetOp Except";
		default:
			return "SetOp Except All";
	}
}

static const char *
operator_name(const PgeEngine *engine, const Plan *plan, PgePlanKind kind)
{
	switch (kind)
	{
		case PgePlanKind_ColumnScan:
			return plan->parallel_aware ? "Parallel Column Scan" : "Column Scan";
		case PgePlanKind_RowSource:
			/* Which of the children it is, by the number that the planner gave to what stands for it. */
			return engine->nsources > 1 ? psprintf("Row Source %d", plan->plan_node_id + 1) : "Row Source";
		case PgePlanKind_Aggregate:
			return aggregate_name((const Agg *) plan);
		case PgePlanKind_HashJoin:
			return join_name(plan);
		case PgePlanKind_Sort:
			return "Sort";
		case PgePlanKind_Limit:
			return "Limit";
		case PgePlanKind_Append:
			return "Append";
		case PgePlanKind_Project:
			return "Project";
		case PgePlanKind_SharedRows:
			return "Shared Rows";
		case PgePlanKind_Window:
			return "Window";
		case PgePlanKind_Unique:
			return "Unique";
		case PgePlanKind_SetOperation:
			return set_operation_name(((const SetOp *) plan)->cmd);
	}
	return "Operator";
}

static void
explain_relation(const Scan *plan, ExplainState *es)
{
	RangeTblEntry *rte = rt_fetch(plan->scanrelid, es->rtable);
	char	   *alias = list_nth(es->rtable_names, plan->scanrelid - 1);
	char	   *name = get_rel_name(rte->relid);
	char	   *schema = es->verbose ? get_namespace_name_or_temp(get_rel_namespace(rte->relid)) : NULL;

	if (alias == NULL)
		alias = rte->eref->aliasname;
	if (is_text(es))
	{
		appendStringInfo(es->str, " on %s", quote_qualified_identifier(schema, name));
		if (strcmp(alias, name) != 0)
			appendStringInfo(es->str, " %s", quote_identifier(alias));
		return;
	}
	ExplainPropertyText("Relation Name", name, es);
	if (schema != NULL)
		ExplainPropertyText("Schema", schema, es);
	ExplainPropertyText("Alias", alias, es);
}

/* ---- conditions and keys ---- */

static char *
deparse(const Node *node, Plan *plan, List *ancestors, bool prefix, bool show_cast, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt, plan, ancestors);

	return deparse_expression((Node *) node, context, prefix || es->verbose, show_cast);
}

static void
explain_condition(const char *label, List *qual, Plan *plan, List *ancestors, bool prefix, ExplainState *es)
{
	if (qual != NIL)
		ExplainPropertyText(label, deparse((Node *) make_ands_explicit(qual), plan, ancestors, prefix, false, es), es);
}

/* How a sort key differs from the usual order of its type. */
static char *
order_words(Oid type, Oid ordering_operator, Oid collation, bool nulls_first)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
	bool		descending = false;
	StringInfoData words;

	initStringInfo(&words);
	if (OidIsValid(collation) && collation != get_typcollation(type))
		appendStringInfo(&words, " COLLATE %s", quote_identifier(get_collation_name(collation)));
	if (ordering_operator != entry->lt_opr)
	{
		get_equality_op_for_ordering_op(ordering_operator, &descending);
		if (ordering_operator == entry->gt_opr)
			appendStringInfoString(&words, " DESC");
		else
			appendStringInfo(&words, " USING %s", get_opname(ordering_operator));
	}
	if (nulls_first != descending)
		appendStringInfoString(&words, nulls_first ? " NULLS FIRST" : " NULLS LAST");
	return words.data;
}

/* Columns of "input" by number, which is what they are deparsed as. Without sort, they are keys of groups. */
static void
explain_keys(const char *label, int n, const AttrNumber *columns, const Sort *sort, Plan *input, List *ancestors, ExplainState *es)
{
	List	   *keys = NIL;

	for (int i = 0; i < n; i++)
	{
		Expr	   *expr = get_tle_by_resno(input->targetlist, columns[i])->expr;
		char	   *key = deparse((Node *) expr, input, ancestors, list_length(es->rtable) > 1, true, es);

		if (sort != NULL)
			key = psprintf("%s%s", key,
						   order_words(exprType((Node *) expr), sort->sortOperators[i], sort->collations[i], sort->nullsFirst[i]));
		keys = lappend(keys, key);
	}
	if (keys != NIL)
		ExplainPropertyList(label, keys, es);
}

static void
explain_window(WindowAgg *window, List *ancestors, ExplainState *es)
{
	Plan	   *input = outerPlan(window);
	List	   *below = lcons(window, list_copy(ancestors));
	bool		prefix = list_length(es->rtable) > 1;

	explain_keys("Partition Key", window->partNumCols, window->partColIdx, NULL, input, below, es);
	explain_keys("Order Key", window->ordNumCols, window->ordColIdx, NULL, input, below, es);
	explain_condition("Run Condition", window->runConditionOrig, &window->plan, ancestors, prefix, es);
}

static void
explain_sets(Agg *plan, List *ancestors, ExplainState *es)
{
	List	   *sets = NIL;

	foreach_node(Agg, phase, pge_agg_phases(plan))
	{
		foreach_ptr(List, set, phase->groupingSets)
		{
			StringInfoData text;

			initStringInfo(&text);
			for (int i = 0; i < list_length(set); i++)
			{
				Expr	   *expr = get_tle_by_resno(outerPlan(plan)->targetlist, phase->grpColIdx[i])->expr;

				appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
								 deparse((Node *) expr, outerPlan(plan), ancestors, list_length(es->rtable) > 1, true, es));
			}
			sets = lappend(sets, psprintf("(%s)", text.data));
		}
	}
	ExplainPropertyList("Grouping Sets", sets, es);
}

/*
 * A scan right below a bounded sort by distance gives only rows that may be among the nearest. ancestors: what the scan is below, from
 * its parent up.
 */
static void
explain_nearest(Plan *scan, List *ancestors, ExplainState *es)
{
	PgeOwnFunction distance;
	Sort	   *sort;
	OpExpr	   *key;

	while (ancestors != NIL && IsA(linitial(ancestors), Append))
		ancestors = list_copy_tail(ancestors, 1);
	if (list_length(ancestors) < 2 || !IsA(lsecond(ancestors), Limit) || (sort = pge_as_sort(linitial(ancestors))) == NULL ||
		((const Limit *) lsecond(ancestors))->limitOption == LIMIT_OPTION_WITH_TIES || sort->nullsFirst[0] ||
		sort->sortOperators[0] != Float8LessOperator)
		return;
	key = pge_nearest_key(get_tle_by_resno(scan->targetlist, sort->sortColIdx[0])->expr, &distance);
	if (key != NULL)
		ExplainPropertyText("Nearest", deparse((Node *) key, scan, ancestors, false, false, es), es);
}

static void
explain_details(Plan *plan, PgePlanKind kind, List *ancestors, ExplainState *es)
{
	bool		prefix = list_length(es->rtable) > 1;

	switch (kind)
	{
		case PgePlanKind_Aggregate:
			{
				Agg		   *aggregate = (Agg *) plan;

				List	   *below = lcons(plan, list_copy(ancestors));

				if (aggregate->groupingSets != NIL)
					explain_sets(aggregate, below, es);
				else
					explain_keys("Group Key", aggregate->numCols, aggregate->grpColIdx, NULL, outerPlan(plan), below, es);
				break;
			}
		case PgePlanKind_HashJoin:
			if (IsA(plan, HashJoin))
				explain_condition("Hash Cond", ((HashJoin *) plan)->hashclauses, plan, ancestors, true, es);
			explain_condition("Join Filter", ((Join *) plan)->joinqual, plan, ancestors, true, es);
			break;
		case PgePlanKind_Sort:
			{
				Sort	   *sort = pge_as_sort(plan);

				explain_keys("Sort Key", sort->numCols, sort->sortColIdx, sort, plan, ancestors, es);
				break;
			}
		case PgePlanKind_Window:
			explain_window((WindowAgg *) plan, ancestors, es);
			break;
		case PgePlanKind_ColumnScan:
			prefix = false;
			explain_nearest(plan, ancestors, es);
			break;
		case PgePlanKind_RowSource:
			/* Its own node tells. */
			return;
		default:
			break;
	}
	explain_condition("Filter", plan->qual, plan, ancestors, prefix, es);
}

/* ---- what an operator has done ---- */

static void
explain_count(const char *label, uint64 count, ExplainState *es)
{
	if (count > 0 || !is_text(es))
		ExplainPropertyUInteger(label, NULL, count, es);
}

static void
explain_bytes(const char *label, uint64 bytes, ExplainState *es)
{
	if (is_text(es))
	{
		if (bytes > 0)
			ExplainPropertyUInteger(label, "kB", (bytes + 1023) / 1024, es);
	}
	else
		ExplainPropertyUInteger(psprintf("%s Bytes", label), NULL, bytes, es);
}

/* Behind the name, or in its group. */
static void
explain_rows(const PgeNodeStats *stats, bool started, ExplainState *es)
{
	double		ms = stats->Time / 1000000.0;

	if (is_text(es))
	{
		if (!started)
			appendStringInfoString(es->str, " (never executed)");
		else if (es->timing)
			appendStringInfo(es->str, " (actual time=%.3f rows=" UINT64_FORMAT " batches=" UINT64_FORMAT ")",
							 ms, stats->Rows, stats->Batches);
		else
			appendStringInfo(es->str, " (actual rows=" UINT64_FORMAT " batches=" UINT64_FORMAT ")", stats->Rows, stats->Batches);
		return;
	}
	if (es->timing)
		ExplainPropertyFloat("Actual Total Time", "ms", ms, 3, es);
	ExplainPropertyUInteger("Actual Rows", NULL, stats->Rows, es);
	ExplainPropertyUInteger("Actual Batches", NULL, stats->Batches, es);
}

static void
explain_pair(const char *label, uint64 read, uint64 skipped, ExplainState *es)
{
	ExplainPropertyText(label, psprintf("read=" UINT64_FORMAT " skipped=" UINT64_FORMAT, read, skipped), es);
}

static void
explain_scan(const PgeNodeStats *stats, ExplainState *es)
{
	if (is_text(es))
	{
		explain_pair("Groups", stats->GroupsRead, stats->GroupsSkipped, es);
		explain_pair("Vectors", stats->VectorsRead, stats->VectorsSkipped, es);
	}
	else
	{
		ExplainPropertyUInteger("Groups Read", NULL, stats->GroupsRead, es);
		ExplainPropertyUInteger("Groups Skipped", NULL, stats->GroupsSkipped, es);
		ExplainPropertyUInteger("Vectors Read", NULL, stats->VectorsRead, es);
		ExplainPropertyUInteger("Vectors Skipped", NULL, stats->VectorsSkipped, es);
	}
	explain_count("Groups from Metadata", stats->GroupsKnown, es);
	explain_count("Rows from Metadata", stats->RowsKnown, es);
	explain_bytes("Read", stats->BytesRead, es);
	if (es->timing)
		ExplainPropertyFloat("Decode Time", "ms", stats->DecodeTime / 1000000.0, 3, es);
}

static void
explain_memory(const PgeNodeStats *stats, PgePlanKind kind, ExplainState *es)
{
	if (kind == PgePlanKind_Aggregate || kind == PgePlanKind_HashJoin)
		explain_count("Hash Entries", stats->HashEntries, es);
	if (kind == PgePlanKind_Sort)
		explain_count("Sorted Ranges", stats->Ranges, es);
	explain_bytes("Peak Memory", stats->PeakMemory, es);
	explain_bytes("Spilled", stats->SpilledBytes, es);
	explain_count("Spilled Parts", stats->SpilledParts, es);
}

static void
explain_work(const PgeNodeStats *stats, const Plan *plan, PgePlanKind kind, ExplainState *es)
{
	if (plan->qual != NIL && kind != PgePlanKind_RowSource)
		explain_count("Rows Removed by Filter", stats->Filtered, es);
	if (kind == PgePlanKind_ColumnScan)
	{
		explain_count("Rows Removed by Join Keys", stats->Unmatched, es);
		explain_count("Distances Estimated", stats->Estimated, es);
		explain_count("Distances Computed", stats->Measured, es);
		explain_scan(stats, es);
	}
	if (kind == PgePlanKind_Aggregate || kind == PgePlanKind_HashJoin || kind == PgePlanKind_Sort || kind == PgePlanKind_Window)
		explain_memory(stats, kind, es);
	if (kind == PgePlanKind_SharedRows)
		explain_bytes("Read", stats->BytesRead, es);
}

/* ---- the tree ---- */

/* Node ids of the operators right below a plan, in the program's order; plan nodes that are no operators, as Hash, are looked through. */
static List *
operators_below(const Plan *plan, List *nodes)
{
	List	   *plans = NIL;
	List	   *ids = NIL;

	if (IsA(plan, Append))
		plans = ((const Append *) plan)->appendplans;
	else if (IsA(plan, SubqueryScan))
		plans = list_make1(((const SubqueryScan *) plan)->subplan);
	else
	{
		if (outerPlan(plan) != NULL)
			plans = lappend(plans, outerPlan(plan));
		if (innerPlan(plan) != NULL)
			plans = lappend(plans, innerPlan(plan));
	}
	foreach_ptr(Plan, child, plans)
	{
		int			id = -1;

		foreach_ptr(Plan, node, nodes)
			if (node == child)
				id = foreach_current_index(node);
		ids = id >= 0 ? lappend_int(ids, id) : list_concat(ids, operators_below(child, nodes));
	}
	list_sort(ids, list_int_cmp);
	return ids;
}

static void
explain_operator(PgeEngine *engine, int id, List *ancestors, ExplainState *es)
{
	Plan	   *plan = list_nth(engine->lowered->nodes, id);
	PgePlanKind kind = list_nth_int(engine->lowered->kinds, id);
	const char *name = operator_name(engine, plan, kind);
	bool		started = engine->handle != 0 || engine->workers != NULL;
	int			indent = es->indent;
	List	   *below = kind == PgePlanKind_RowSource ? NIL : operators_below(plan, engine->lowered->nodes);
	PgeNodeStats stats;

	if (es->analyze)
		pge_engine_stats(engine, id, &stats);
	if (is_text(es))
		appendStringInfoString(es->str, name);
	else
		ExplainPropertyText("Node Type", name, es);
	if (kind == PgePlanKind_ColumnScan)
		explain_relation((Scan *) plan, es);
	if (es->analyze)
		explain_rows(&stats, started, es);
	if (is_text(es))
	{
		appendStringInfoChar(es->str, '\n');
		es->indent++;
	}
	explain_details(plan, kind, ancestors, es);
	if (es->analyze && (started || !is_text(es)))
		explain_work(&stats, plan, kind, es);

	/* A copy: the callers' list is not to change. */
	ancestors = lcons(plan, list_copy(ancestors));
	if (below != NIL)
		ExplainOpenGroup("Plans", "Plans", false, es);
	foreach_int(child, below)
	{
		int			outer_indent = es->indent;

		if (is_text(es))
		{
			appendStringInfoSpaces(es->str, 2 * es->indent);
			appendStringInfoString(es->str, "->  ");
			es->indent += 2;
		}
		ExplainOpenGroup("Plan", NULL, true, es);
		explain_operator(engine, child, ancestors, es);
		ExplainCloseGroup("Plan", NULL, true, es);
		es->indent = outer_indent;
	}
	if (below != NIL)
		ExplainCloseGroup("Plans", "Plans", false, es);
	es->indent = indent;
}

/* ---- subqueries ---- */

typedef struct FindSubPlan
{
	int			plan_id;
	SubPlan    *found;
} FindSubPlan;

static bool
find_subplan(Node *node, void *context)
{
	FindSubPlan *find = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan) && ((SubPlan *) node)->plan_id == find->plan_id)
		find->found = (SubPlan *) node;
	return find->found != NULL || expression_tree_walker(node, find_subplan, context);
}

/* What is shown of a subquery's arguments: those that it is run with (engine_values.c) are columns of the engine's, which have no names. */
static void
name_arguments(SubPlanState *state, List *nodes)
{
	FindSubPlan find = {.plan_id = state->subplan->plan_id};

	foreach_ptr(Plan, plan, nodes)
	{
		if (!find_subplan((Node *) pge_engine_expressions(plan), &find))
			continue;
		state->subplan = copyObject(state->subplan);
		state->subplan->args = (List *) pge_over_tables(plan, (Node *) find.found->args);
		return;
	}
}

void
pge_engine_explain(CustomScanState *node, List *ancestors, ExplainState *es)
{
	if (is_text(es))
	{
		appendStringInfoSpaces(es->str, 2 * es->indent);
		appendStringInfoString(es->str, PLAN_GROUP ": ");
	}
	ExplainOpenGroup(PLAN_GROUP, PLAN_GROUP, true, es);
	foreach_node(SubPlanState, subquery, node->ss.ps.subPlan)
		name_arguments(subquery, ((PgeEngine *) node)->lowered->nodes);
	explain_operator((PgeEngine *) node, 0, lcons(node->ss.ps.plan, list_copy(ancestors)), es);
	ExplainCloseGroup(PLAN_GROUP, PLAN_GROUP, true, es);
}
