/*
 * Executor: what the files that lower a plan share. A subtree becomes words; managed/Epiphany.Execution/README.md has their grammar.
 *
 * A node gives only those columns that somebody above asks for, in the order of its target list: they are its *wanted* ones, by column
 * number less one.
 */
#ifndef PGE_LOWER_H
#define PGE_LOWER_H

#include "engine.h"
#include "nodes/bitmapset.h"

/* Which raw column of a node each Var, Aggref, WindowFunc and GroupingFunc in its expressions stands for. */
typedef struct PgeRawColumns
{
	int			varno;			/* of Vars that outer is for: OUTER_VAR, INNER_VAR or a relation's number */
	int		   *outer;			/* by column number less one; -1: none */
	int		   *inner;			/* likewise of INNER_VAR, or NULL */
	List	   *functions;		/* Aggrefs or WindowFuncs; the first is raw column first_function */
	int			first_function;
	List	   *groupings;		/* GroupingFuncs, likewise */
	int			first_grouping;
} PgeRawColumns;

typedef struct PgeLowering
{
	EState	   *estate;
	int			nsources;		/* row sources */
	PgeLowered *out;
	i64			word_capacity;
	int			expr_capacity;
	int			scan_order;		/* of the scan that is lowered next, as in PgeLowered.scan_orders: a sort's ... */
	int			scan_decisive;	/* ... and an aggregation's */
	int			only_firsts;	/* the sort that is lowered next is below a Unique of so many columns; or 0 */
} PgeLowering;

/* lower_words.c */
extern void pge_word(PgeLowering *lowering, i64 word);
extern void pge_word_double(PgeLowering *lowering, double value);
extern void pge_words_type(PgeLowering *lowering, Oid type, int32 typmod, Oid collation);
extern void pge_words_type_of(PgeLowering *lowering, const void *expr);
extern void pge_word_collation(PgeLowering *lowering, bool by_order, Oid collation);
extern void pge_words_equality(PgeLowering *lowering, Oid equality, Oid collation);
extern void pge_words_keys(PgeLowering *lowering, const int *map, int nkeys, const AttrNumber *columns, const Oid *operators,
						   const Oid *collations);
extern void pge_words_order(PgeLowering *lowering, int column, Oid ordering_operator, Oid collation, bool nulls_first);

/* lower.c */
extern void pge_lower_node(PgeLowering *lowering, Plan *plan, Bitmapset *wanted);
extern void pge_lower_head(PgeLowering *lowering, PgePlanKind kind, Plan *plan, double rows, int nraw);
extern void pge_lower_target_types(PgeLowering *lowering, const Plan *plan, Bitmapset *wanted);
extern void pge_lower_tail(PgeLowering *lowering, List *conditions, List *projection, const PgeRawColumns *raw, int nraw);
extern int	pge_scanned_column(Plan *scan, AttrNumber column);
extern int	pge_sorted_column(const Sort *sort, int key);

/* lower_columns.c */
extern Expr *pge_target(const Plan *plan, int column);
extern List *pge_wanted_targets(const Plan *plan, Bitmapset *wanted);
extern Bitmapset *pge_all_targets(const Plan *plan);
extern Bitmapset *pge_columns_used(Bitmapset *columns, const void *expr, int varno);
extern PgeRawColumns *pge_raw_columns(int varno, const Plan *plan, Bitmapset *wanted);
extern int *pge_column_map(const Plan *plan, Bitmapset *wanted, int first);
extern int	pge_raw_column(const PgeRawColumns *raw, const Node *node);

/* lower_expression.c */
extern int	pge_expression_number(PgeLowering *lowering, PgeExpressionKind kind, Expr *expr, const PgeRawColumns *raw);
extern void pge_lower_expression(PgeLowering *lowering, Expr *expr, const PgeRawColumns *raw);
extern void pge_lower_expressions(PgeLowering *lowering, List *exprs, const PgeRawColumns *raw);

/* own_functions.c */
#define PGE_LAST_OWN_FUNCTION	PgeOwnFunction_TimeBucketZone

extern char *pge_own_symbol(Oid function);
extern PgeOwnAggregate pge_own_aggregate(Oid aggregate);
extern PgeOwnFunction pge_own_function(Oid function);

/* rounding.c */
typedef struct PgeRounding
{
	Var		   *var;			/* the column that is rounded */
	int64		before;			/* a result is no further behind its argument, in units of the column's ... */
	int64		after;			/* ... and no further before it, if is_bounded */
	bool		is_bounded;
} PgeRounding;

extern bool pge_rounding(const Node *node, PgeRounding *rounding);

/* lower_case.c */
extern bool pge_case_conditions(const CaseExpr *expr, List **conditions);

/* lower_aggregate.c */
extern void pge_lower_aggregate(PgeLowering *lowering, Agg *plan, Bitmapset *wanted);
extern Plan *pge_aggregate_input(const Agg *plan);
extern bool pge_wants_order(Node *node);

/* lower_window.c */
extern void pge_lower_window(PgeLowering *lowering, WindowAgg *plan, Bitmapset *wanted);

#endif							/* PGE_LOWER_H */
