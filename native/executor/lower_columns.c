/*
 * Executor, lowering: columns. Which of a node's columns are asked for, and which column of the engine's a Var of PostgreSQL's stands for.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "lower.h"

/* A column of a node's, by its number less one. */
Expr *
pge_target(const Plan *plan, int column)
{
	return list_nth_node(TargetEntry, plan->targetlist, column)->expr;
}

Bitmapset *
pge_all_targets(const Plan *plan)
{
	Bitmapset  *all = NULL;

	if (plan->targetlist != NIL)
		all = bms_add_range(all, 0, list_length(plan->targetlist) - 1);
	return all;
}

typedef struct UsedContext
{
	int			varno;
	Bitmapset  *columns;
} UsedContext;

static bool
collect_used(Node *node, void *context)
{
	UsedContext *used = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		if (((Var *) node)->varno == used->varno)
			used->columns = bms_add_member(used->columns, ((Var *) node)->varattno - 1);
		return false;
	}
	return expression_tree_walker(node, collect_used, context);
}

/* Adds the columns of the input varno that an expression, or a list of them, looks at. */
Bitmapset *
pge_columns_used(Bitmapset *columns, const void *expr, int varno)
{
	UsedContext context = {.varno = varno,.columns = columns};

	collect_used((Node *) expr, &context);
	return context.columns;
}

List *
pge_wanted_targets(const Plan *plan, Bitmapset *wanted)
{
	List	   *targets = NIL;
	int			column = -1;

	while ((column = bms_next_member(wanted, column)) >= 0)
		targets = lappend(targets, pge_target(plan, column));
	return targets;
}

/* Where each of a node's columns lies among the wanted ones, counted from first. */
int *
pge_column_map(const Plan *plan, Bitmapset *wanted, int first)
{
	int			ncolumns = list_length(plan->targetlist);
	int		   *map = palloc_array(int, Max(ncolumns, 1));

	for (int i = 0; i < ncolumns; i++)
		map[i] = bms_is_member(i, wanted) ? first++ : -1;
	return map;
}

/* Raw columns that are the wanted ones of one input. */
PgeRawColumns *
pge_raw_columns(int varno, const Plan *plan, Bitmapset *wanted)
{
	PgeRawColumns *raw = palloc0_object(PgeRawColumns);

	raw->varno = varno;
	raw->outer = pge_column_map(plan, wanted, 0);
	return raw;
}

static int
place_in(const List *nodes, int first, const Node *node)
{
	foreach_ptr(Node, known, nodes)
	{
		if (equal(known, node))
			return first;
		first++;
	}
	return -1;
}

/* The raw column that a Var, Aggref, WindowFunc or GroupingFunc stands for; an error for one that stands for none. */
int
pge_raw_column(const PgeRawColumns *raw, const Node *node)
{
	int			column = -1;

	if (raw != NULL && (IsA(node, Aggref) || IsA(node, WindowFunc)))
		column = place_in(raw->functions, raw->first_function, node);
	else if (raw != NULL && IsA(node, GroupingFunc))
		column = place_in(raw->groupings, raw->first_grouping, node);
	else if (raw != NULL && IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		if (var->varno == raw->varno)
			column = raw->outer[var->varattno - 1];
		else if (var->varno == INNER_VAR && raw->inner != NULL)
			column = raw->inner[var->varattno - 1];
	}
	if (column < 0)
		elog(ERROR, "expression refers to a column that its plan node does not have");
	return column;
}

typedef struct OverColumns
{
	const PgeRawColumns *raw;
	int		   *columns;
	int		   *ncolumns;
} OverColumns;

static Node *
put_over_columns(Node *node, void *context)
{
	OverColumns *over = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc))
	{
		int			column = pge_raw_column(over->raw, node);
		int			i = 0;

		while (i < *over->ncolumns && over->columns[i] != column)
			i++;
		if (i == *over->ncolumns)
			over->columns[(*over->ncolumns)++] = column;
		return (Node *) makeVar(OUTER_VAR, i + 1, exprType(node), exprTypmod(node), exprCollation(node), 0);
	}
	return expression_tree_mutator(node, put_over_columns, context);
}

Expr *
pge_lowered_over_columns(const PgeLoweredExpr *lowered, int *columns, int *ncolumns)
{
	OverColumns over = {.raw = lowered->raw,.columns = columns,.ncolumns = ncolumns};

	*ncolumns = 0;
	return (Expr *) put_over_columns((Node *) lowered->expr, &over);
}
