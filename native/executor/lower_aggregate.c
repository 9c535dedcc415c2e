/*
 * Executor, lowering: aggregation. The raw columns are the group's keys, then the aggregates, then other columns of the child, which
 * are the same in all rows of a group.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "lower.h"

typedef struct Aggregates
{
	List	   *aggregates;		/* Aggrefs, each once */
	Bitmapset  *columns;		/* of the child, outside of Aggrefs */
} Aggregates;

static bool
collect_aggregates(Node *node, void *context)
{
	Aggregates *found = context;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		found->aggregates = list_append_unique(found->aggregates, node);
		return false;
	}
	if (IsA(node, Var))
	{
		found->columns = bms_add_member(found->columns, ((Var *) node)->varattno - 1);
		return false;
	}
	return expression_tree_walker(node, collect_aggregates, context);
}

/*
 * A sort right below that brings groups together, or the arguments of DISTINCT aggregates, is not needed: the engine's groups are in a
 * hash table.
 */
Plan *
pge_aggregate_input(const Agg *plan)
{
	Plan	   *child = outerPlan(plan);

	if (!IsA(child, Sort) || plan->aggstrategy == AGG_HASHED)
		return child;
	return outerPlan(child);
}

static void
lower_aggregate_call(PgeLowering *lowering, Aggref *aggregate, const PgeRawColumns *raw)
{
	List	   *arguments = NIL;

	foreach_node(TargetEntry, argument, aggregate->args)
		arguments = lappend(arguments, argument->expr);
	pge_word(lowering, aggregate->aggfnoid);
	pge_word(lowering, aggregate->aggtranstype);
	pge_word(lowering, aggregate->inputcollid);
	pge_words_type_of(lowering, aggregate);
	pge_word(lowering, aggregate->aggdistinct != NIL);
	pge_lower_expressions(lowering, arguments, raw);
	pge_word(lowering, aggregate->aggfilter != NULL);
	if (aggregate->aggfilter != NULL)
		pge_lower_expression(lowering, aggregate->aggfilter, raw);
}

/* How groups are to come out: as the sort that was left out would have them. */
static void
lower_group_orders(PgeLowering *lowering, const Agg *plan)
{
	Sort	   *sort;

	if (plan->aggstrategy != AGG_SORTED || plan->numCols == 0)
	{
		pge_word(lowering, 0);
		return;
	}
	sort = castNode(Sort, outerPlan(plan));
	pge_word(lowering, plan->numCols);
	for (int i = 0; i < plan->numCols; i++)
	{
		int			key = 0;

		while (plan->grpColIdx[key] != sort->sortColIdx[i])
			key++;
		pge_words_order(lowering, key, sort->sortOperators[i], sort->collations[i], sort->nullsFirst[i]);
	}
}

void
pge_lower_aggregate(PgeLowering *lowering, Agg *agg, Bitmapset *wanted)
{
	Plan	   *plan = &agg->plan;
	Plan	   *child = pge_aggregate_input(agg);
	List	   *projection = pge_wanted_targets(plan, wanted);
	Aggregates	found = {0};
	Bitmapset  *child_wanted;
	Bitmapset  *others;
	PgeRawColumns *child_raw;
	PgeRawColumns *raw = palloc0_object(PgeRawColumns);
	int			column = -1;
	int			nothers = 0;
	int			first_other;
	double		groups = agg->aggstrategy == AGG_PLAIN ? 1 : Max((double) agg->numGroups, plan->plan_rows);

	collect_aggregates((Node *) projection, &found);
	collect_aggregates((Node *) plan->qual, &found);
	child_wanted = pge_columns_used(bms_copy(found.columns), found.aggregates, OUTER_VAR);
	others = found.columns;
	for (int i = 0; i < agg->numCols; i++)
	{
		child_wanted = bms_add_member(child_wanted, agg->grpColIdx[i] - 1);
		others = bms_del_member(others, agg->grpColIdx[i] - 1);
	}
	child_raw = pge_raw_columns(OUTER_VAR, child, child_wanted);

	raw->varno = OUTER_VAR;
	raw->functions = found.aggregates;
	raw->first_function = agg->numCols;
	first_other = agg->numCols + list_length(found.aggregates);
	raw->outer = pge_column_map(child, others, first_other);
	nothers = bms_num_members(others);
	for (int i = agg->numCols - 1; i >= 0; i--)
		raw->outer[agg->grpColIdx[i] - 1] = i;

	pge_lower_head(lowering, PgePlanKind_Aggregate, plan, plan->plan_rows, first_other + nothers);
	for (int i = 0; i < agg->numCols; i++)
		pge_words_type_of(lowering, pge_target(child, agg->grpColIdx[i] - 1));
	foreach_ptr(Aggref, aggregate, found.aggregates)
		pge_words_type_of(lowering, aggregate);
	pge_lower_target_types(lowering, child, others);

	pge_word(lowering, agg->aggstrategy != AGG_PLAIN);
	pge_word(lowering, agg->aggsplit);
	pge_word_double(lowering, groups);
	pge_word(lowering, agg->numCols);
	for (int i = 0; i < agg->numCols; i++)
	{
		pge_word(lowering, child_raw->outer[agg->grpColIdx[i] - 1]);
		pge_word(lowering, get_opcode(agg->grpOperators[i]));
		pge_word(lowering, agg->grpCollations[i]);
	}
	pge_word(lowering, list_length(found.aggregates));
	foreach_ptr(Aggref, aggregate, found.aggregates)
		lower_aggregate_call(lowering, aggregate, child_raw);
	pge_word(lowering, nothers);
	while ((column = bms_next_member(others, column)) >= 0)
		pge_word(lowering, child_raw->outer[column]);
	lower_group_orders(lowering, agg);
	pge_lower_node(lowering, child, child_wanted);
	pge_lower_tail(lowering, plan->qual, projection, raw, first_other + nothers);
}
