/*
 * Executor, lowering: aggregation. The raw columns are the keys of all grouping sets, then the aggregates, then other columns of the child,
 * which are the same in all rows of a group, then what GROUPING() gives.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "lower.h"
#include "planner/vectorize.h"

typedef struct Aggregates
{
	List	   *aggregates;		/* Aggrefs, each once */
	List	   *groupings;		/* GroupingFuncs, likewise */
	Bitmapset  *columns;		/* of the child, outside of Aggrefs */
} Aggregates;

/* What any grouping set groups by: columns of the child, each once, from 0; how values of each are equal. */
typedef struct Keys
{
	List	   *columns;
	List	   *operators;
	List	   *collations;
} Keys;

static bool
collect_aggregates(Node *node, void *context)
{
	Aggregates *found = context;

	if (node == NULL)
		return false;
	if (IsA(node, Aggref))
	{
		found->aggregates = list_append_unique(found->aggregates, node);
		/* They are evaluated with the group, not with its rows. */
		return expression_tree_walker((Node *) ((Aggref *) node)->aggdirectargs, collect_aggregates, context);
	}
	/* Its arguments are not evaluated. */
	if (IsA(node, GroupingFunc))
	{
		found->groupings = list_append_unique(found->groupings, node);
		return false;
	}
	if (IsA(node, Var))
	{
		found->columns = bms_add_member(found->columns, ((Var *) node)->varattno - 1);
		return false;
	}
	return expression_tree_walker(node, collect_aggregates, context);
}

static Keys
collect_keys(const Agg *plan)
{
	Keys		keys = {0};

	foreach_node(Agg, phase, pge_agg_phases(plan))
	{
		for (int i = 0; i < phase->numCols; i++)
		{
			if (list_member_int(keys.columns, phase->grpColIdx[i] - 1))
				continue;
			keys.columns = lappend_int(keys.columns, phase->grpColIdx[i] - 1);
			keys.operators = lappend_oid(keys.operators, phase->grpOperators[i]);
			keys.collations = lappend_oid(keys.collations, phase->grpCollations[i]);
		}
	}
	return keys;
}

/* The number of the key that a column of the child is, by its attribute number. */
static int
key_number(const Keys *keys, AttrNumber column)
{
	int			number = 0;

	while (list_nth_int(keys->columns, number) != column - 1)
		number++;
	return number;
}

/* May its result depend on the order of its input? As far as is known; the engine's own aggregates look at rows in any order. */
static bool
wants_order_walker(Node *node, void *context)
{
	const Aggref *aggregate = (const Aggref *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Aggref))
		return expression_tree_walker(node, wants_order_walker, context);
	return aggregate->aggkind == AGGKIND_NORMAL && aggregate->aggorder == NIL && aggregate->aggdistinct == NIL &&
		pge_own_aggregate(aggregate->aggfnoid) == PgeOwnAggregate_None &&
		(list_length(aggregate->args) > 1 || pge_aggregate_support(aggregate) == PgeAggregateSupport_None);
}

bool
pge_wants_order(Node *node)
{
	return wants_order_walker(node, NULL);
}

/*
 * A sort right below that brings groups together, or the arguments of aggregates that have an order of their own, is not needed: the
 * engine's groups are in a hash table, and aggregates sort for themselves. But others of PostgreSQL's are to see its rows as they come.
 */
Plan *
pge_aggregate_input(const Agg *plan)
{
	Plan	   *child = outerPlan(plan);

	if (pge_as_sort(child) == NULL || plan->aggstrategy == AGG_HASHED || pge_wants_order((Node *) plan->plan.targetlist) ||
		pge_wants_order((Node *) plan->plan.qual))
		return child;
	return outerPlan(child);
}

static int
argument_number(const Aggref *aggregate, SortGroupClause *clause)
{
	return get_sortgroupclause_tle(clause, aggregate->args)->resno - 1;
}

/* What the aggregate's rows are sorted by: its DISTINCT begins with its ORDER BY. Ordered-set aggregates sort for themselves. */
static void
lower_own_order(PgeLowering *lowering, const Aggref *aggregate)
{
	List	   *order = aggregate->aggdistinct != NIL ? aggregate->aggdistinct : aggregate->aggorder;

	if (AGGKIND_IS_ORDERED_SET(aggregate->aggkind))
		order = NIL;
	pge_word(lowering, list_length(order));
	foreach_node(SortGroupClause, clause, order)
	{
		int			number = argument_number(aggregate, clause);

		pge_words_order(lowering, number, clause->sortop, exprCollation((Node *) list_nth_node(TargetEntry, aggregate->args, number)->expr),
						clause->nulls_first);
	}
	pge_word(lowering, list_length(aggregate->aggdistinct));
	foreach_node(SortGroupClause, clause, aggregate->aggdistinct)
	{
		int			number = argument_number(aggregate, clause);

		pge_word(lowering, number);
		pge_words_equality(lowering, get_opcode(clause->eqop),
						   exprCollation((Node *) list_nth_node(TargetEntry, aggregate->args, number)->expr));
	}
}

/* How values that are DISTINCT are told apart. */
static PgeDistinct
distinct_kind(const Aggref *aggregate)
{
	Oid			type;

	if (aggregate->aggdistinct == NIL)
		return PgeDistinct_None;
	if (list_length(aggregate->args) > 1 || aggregate->aggorder != NIL)
		return PgeDistinct_Sorted;
	type = exprType((Node *) linitial_node(TargetEntry, aggregate->args)->expr);
	return pge_groups_by_default(linitial_node(SortGroupClause, aggregate->aggdistinct)->eqop, type) ? PgeDistinct_ByDefault :
		PgeDistinct_Sorted;
}

/* Is it decided by the row where its last argument is greatest (1), or least (-1)? 0: by none, or that is no column. */
static int
decided_by(const Aggref *aggregate)
{
	PgeOwnAggregate own = pge_own_aggregate(aggregate->aggfnoid);
	HeapTuple	tuple;
	Oid			sort_operator = InvalidOid;
	Oid			family,
				type;
	int16		strategy;

	if (aggregate->args == NIL || !IsA(llast_node(TargetEntry, aggregate->args)->expr, Var))
		return 0;
	if (own != PgeOwnAggregate_None)
		return own == PgeOwnAggregate_Last ? 1 : -1;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate->aggfnoid));
	if (HeapTupleIsValid(tuple))
	{
		sort_operator = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop;
		ReleaseSysCache(tuple);
	}
	if (!OidIsValid(sort_operator) || !get_ordering_op_properties(sort_operator, &family, &type, &strategy))
		return 0;
	return strategy == BTGreaterStrategyNumber ? 1 : -1;
}

/*
 * Where aggregates ask for the row with the last or first time of each group, groups of rows are read from there: what the scan below has
 * for its order, as pge_sorted_column() says it. 0: they look at other rows, too.
 */
static int
decisive_column(Plan *child, List *aggregates)
{
	int			direction = 0;
	AttrNumber	column = 0;

	foreach_ptr(Aggref, aggregate, aggregates)
	{
		int			by = decided_by(aggregate);
		AttrNumber	of = by == 0 ? 0 : ((Var *) llast_node(TargetEntry, aggregate->args)->expr)->varattno;

		if (by == 0 || (direction != 0 && (by != direction || of != column)))
			return 0;
		direction = by;
		column = of;
	}
	return direction == 0 ? 0 : -direction * pge_scanned_column(child, column);
}

/* raw: what direct arguments are evaluated with. */
static void
lower_aggregate_call(PgeLowering *lowering, Aggref *aggregate, const PgeRawColumns *child_raw, const PgeRawColumns *raw)
{
	List	   *arguments = NIL;
	PgeOwnAggregate own = pge_own_aggregate(aggregate->aggfnoid);

	foreach_node(TargetEntry, argument, aggregate->args)
		arguments = lappend(arguments, argument->expr);
	pge_word(lowering, own != PgeOwnAggregate_None ? (i64) own : (i64) aggregate->aggfnoid);
	pge_word_collation(lowering, aggregate->aggfnoid < FirstUnpinnedObjectId, aggregate->inputcollid);
	pge_words_type_of(lowering, aggregate);
	pge_word(lowering, distinct_kind(aggregate));
	pge_lower_expressions(lowering, arguments, child_raw);
	pge_word(lowering, aggregate->aggfilter != NULL);
	if (aggregate->aggfilter != NULL)
		pge_lower_expression(lowering, aggregate->aggfilter, child_raw);
	pge_word(lowering, pge_expression_number(lowering, PgeExpressionKind_Other, (Expr *) aggregate, NULL));
	pge_word(lowering, aggregate->aggtransno);
	pge_word(lowering, AGGKIND_IS_ORDERED_SET(aggregate->aggkind));
	lower_own_order(lowering, aggregate);
	pge_lower_expressions(lowering, aggregate->aggdirectargs, raw);
}

/* A set of the first so many of a phase's columns, and what each GROUPING() is in its rows. */
static void
lower_set(PgeLowering *lowering, const Agg *phase, int ncolumns, bool hashed, const Keys *keys, const List *groupings)
{
	Bitmapset  *grouped = NULL;

	pge_word(lowering, hashed);
	pge_word(lowering, ncolumns);
	for (int i = 0; i < ncolumns; i++)
	{
		pge_word(lowering, key_number(keys, phase->grpColIdx[i]));
		grouped = bms_add_member(grouped, phase->grpColIdx[i]);
	}
	pge_word(lowering, list_length(groupings));
	foreach_node(GroupingFunc, grouping, groupings)
	{
		int32		value = 0;

		foreach_int(column, grouping->cols)
			value = (value << 1) | !bms_is_member(column, grouped);
		pge_word(lowering, value);
	}
}

static void
lower_sets(PgeLowering *lowering, const Agg *plan, const Keys *keys, const List *groupings)
{
	int			nsets = 0;

	if (plan->groupingSets == NIL)
	{
		pge_word(lowering, 1);
		lower_set(lowering, plan, plan->numCols, plan->aggstrategy != AGG_PLAIN, keys, groupings);
		return;
	}
	foreach_node(Agg, phase, pge_agg_phases(plan))
		nsets += list_length(phase->groupingSets);
	pge_word(lowering, nsets);
	foreach_node(Agg, phase, pge_agg_phases(plan))
	{
		foreach_ptr(List, set, phase->groupingSets)
			lower_set(lowering, phase, list_length(set), set != NIL, keys, groupings);
	}
}

/* How groups are to come out: as the sort that was left out would have them, in whose order groups of rows are read then. */
static void
lower_group_orders(PgeLowering *lowering, const Agg *plan, const Plan *child, const Keys *keys)
{
	Sort	   *sort;

	if (plan->aggstrategy != AGG_SORTED || plan->chain != NIL || plan->numCols == 0)
	{
		pge_word(lowering, 0);
		return;
	}
	sort = pge_as_sort(outerPlan(plan));
	pge_word(lowering, plan->numCols);
	for (int i = 0; i < plan->numCols; i++)
		pge_words_order(lowering, key_number(keys, sort->sortColIdx[i]), sort->sortOperators[i], sort->collations[i], sort->nullsFirst[i]);
	if (child != outerPlan(plan))
		lowering->scan_order = pge_sorted_column(sort, 0);
}

void
pge_lower_aggregate(PgeLowering *lowering, Agg *agg, Bitmapset *wanted)
{
	Plan	   *plan = &agg->plan;
	Plan	   *child = pge_aggregate_input(agg);
	List	   *projection = pge_wanted_targets(plan, wanted);
	Keys		keys = collect_keys(agg);
	int			nkeys = list_length(keys.columns);
	Aggregates	found = {0};
	Bitmapset  *child_wanted;
	Bitmapset  *others;
	PgeRawColumns *child_raw;
	PgeRawColumns *raw = palloc0_object(PgeRawColumns);
	int			column = -1;
	int			first_other;
	int			nraw;
	double		groups = agg->aggstrategy == AGG_PLAIN ? 1 : Max((double) agg->numGroups, plan->plan_rows);

	collect_aggregates((Node *) projection, &found);
	collect_aggregates((Node *) plan->qual, &found);
	child_wanted = pge_columns_used(bms_copy(found.columns), found.aggregates, OUTER_VAR);
	others = found.columns;
	foreach_int(key, keys.columns)
	{
		child_wanted = bms_add_member(child_wanted, key);
		others = bms_del_member(others, key);
	}
	child_raw = pge_raw_columns(OUTER_VAR, child, child_wanted);

	raw->varno = OUTER_VAR;
	raw->functions = found.aggregates;
	raw->first_function = nkeys;
	first_other = nkeys + list_length(found.aggregates);
	raw->outer = pge_column_map(child, others, first_other);
	raw->groupings = found.groupings;
	raw->first_grouping = first_other + bms_num_members(others);
	nraw = raw->first_grouping + list_length(found.groupings);
	for (int i = 0; i < nkeys; i++)
		raw->outer[list_nth_int(keys.columns, i)] = i;

	pge_lower_head(lowering, PgePlanKind_Aggregate, plan, plan->plan_rows, nraw);
	foreach_int(key, keys.columns)
		pge_words_type_of(lowering, pge_target(child, key));
	foreach_ptr(Aggref, aggregate, found.aggregates)
		pge_words_type_of(lowering, aggregate);
	pge_lower_target_types(lowering, child, others);
	foreach_ptr(GroupingFunc, grouping, found.groupings)
		pge_words_type_of(lowering, grouping);

	pge_word(lowering, agg->aggsplit);
	pge_word_double(lowering, groups);
	pge_word(lowering, nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		pge_word(lowering, child_raw->outer[list_nth_int(keys.columns, i)]);
		pge_words_equality(lowering, get_opcode(list_nth_oid(keys.operators, i)), list_nth_oid(keys.collations, i));
	}
	lower_sets(lowering, agg, &keys, found.groupings);
	pge_word(lowering, list_length(found.aggregates));
	foreach_ptr(Aggref, aggregate, found.aggregates)
		lower_aggregate_call(lowering, aggregate, child_raw, raw);
	pge_word(lowering, bms_num_members(others));
	while ((column = bms_next_member(others, column)) >= 0)
		pge_word(lowering, child_raw->outer[column]);
	lower_group_orders(lowering, agg, child, &keys);
	if (nkeys > 0)
		lowering->scan_decisive = decisive_column(child, found.aggregates);
	pge_lower_node(lowering, child, child_wanted);
	pge_lower_tail(lowering, plan->qual, projection, raw, nraw);
}
