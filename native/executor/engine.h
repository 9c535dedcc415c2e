/*
 * Executor: the engine's plan node. What its files, and the planner that makes such nodes, share.
 *
 * A CustomScan named PGE_ENGINE_NAME stands in a finished plan in place of a subtree. custom_private is the subtree (its root); behind it,
 * where a nested loop's outer side is read ahead, the number of the parameter that tells of coming rows (look_ahead.h). custom_plans are
 * those nodes below it that PostgreSQL's executor runs: the row sources, in the order of their numbers. The subtree is lowered when the
 * node starts.
 */
#ifndef PGE_ENGINE_H
#define PGE_ENGINE_H

#include "abi/pge_abi.h"
#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/plannodes.h"

#define PGE_ENGINE_NAME	"Epiphany Engine"

extern const CustomScanMethods pge_engine_methods;

/* An expression of the program, by its id: evaluated by PostgreSQL where the engine asks for that. */
typedef struct PgeLoweredExpr
{
	Expr	   *expr;			/* as in the plan */
	PgeExpressionKind kind;		/* as in the words */
	const struct PgeRawColumns *raw;	/* what its Vars and functions stand for; for pge_lowered_over_columns() */
} PgeLoweredExpr;

/* A subtree as words, and what the numbers in them mean. */
typedef struct PgeLowered
{
	i64		   *words;
	i64			nwords;
	List	   *scans;			/* SeqScan plan nodes of column tables, by scan number */
	List	   *scan_columns;	/* likewise: Bitmapset of the columns, from 0, that are looked at */
	List	   *scan_orders;	/* likewise: lists of columns, negative where the greatest is wanted first; 0: none; the times' counts */
	List	   *nodes;			/* Plan nodes, by node id */
	List	   *kinds;			/* their PgePlanKind, likewise; an integer list */
	List	   *params;			/* Param nodes, by parameter number */
	List	   *subqueries;		/* SubPlan nodes whose rows are sources, too, numbered after the row sources */
	int			nshares;		/* sets of rows that parallel processes share */
	PgeLoweredExpr *exprs;		/* by expression id */
	int			nexprs;
} PgeLowered;

/* An aggregation, and those that it has in its chain for other grouping sets. */
static inline List *
pge_agg_phases(const Agg *plan)
{
	return lcons(unconstify(Agg *, plan), list_copy(plan->chain));
}

/* A sort, by whatever means; NULL: the node is none. */
static inline Sort *
pge_as_sort(Plan *plan)
{
	return IsA(plan, Sort) || IsA(plan, IncrementalSort) ? (Sort *) plan : NULL;
}

/*
 * A semi join whose outer side is expected to be much the smaller one keeps that, and marks the rows that the other side finds. Not where
 * the inner side is shared: what it has no use for in one process, another may look for.
 */
static inline bool
pge_semi_join_is_turned(double outer_rows, double inner_rows)
{
	const int	much = 2;

	return outer_rows * much < inner_rows;
}

/* lower.c: in the current memory context. Row sources are numbered in the order of node->custom_plans. */
extern PgeLowered *pge_lower(CustomScan *node, EState *estate);
extern bool pge_join_is_turned(const Plan *plan);

/*
 * The expression with each Var (Aggref, WindowFunc) replaced by a Var of OUTER_VAR that counts its input columns from 1, in the order of
 * columns[], which are raw columns; for ExecInitExpr over one slot that has these columns.
 */
extern Expr *pge_lowered_over_columns(const PgeLoweredExpr *lowered, int *columns, int *ncolumns);

/* planner/nearest_costs.c */
extern OpExpr *pge_nearest_key(Expr *key, PgeOwnFunction *distance);

/* planner/vectorize_tlist.c: an expression of a node in a subtree, in terms of the tables at the bottom; for EXPLAIN. */
extern Node *pge_over_tables(Plan *plan, Node *expr);

#endif							/* PGE_ENGINE_H */
