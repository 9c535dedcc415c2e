/*
 * Planner: finished plans get nodes of the engine's in place of subtrees that it can run. What the files of this subject share.
 */
#ifndef PGE_VECTORIZE_H
#define PGE_VECTORIZE_H

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
#include "utils/rel.h"

#include "abi/pge_abi.h"

/* A plan in work. */
typedef struct PgeVectorize
{
	PlannedStmt *statement;
	const struct Planning *call;	/* of the planner; vectorize.c */
	Bitmapset  *volatile_subplans;	/* by number less one */
	List	   *splits;			/* vectorize_foreign.c */
} PgeVectorize;

/* Where a child hangs. */
typedef Plan *PgePlanSlot;

/* What is known of a subtree, from the bottom up. */
typedef struct PgePart
{
	bool		native;			/* the engine can run its root; then nodes and sources say how much of it */
	bool		has_columns;	/* a column table is scanned at its root or below, by whomever */
	bool		is_volatile;	/* a volatile function is called there */
	bool		as_aggregate;	/* its root is not an aggregation, but is run by means of one */
	List	   *nodes;			/* Plan: what the engine runs */
	List	   *groups;			/* PgePlanSlot *: where such nodes hang */
	List	   *sources;		/* PgePlanSlot *: where the rest hangs, to be run by PostgreSQL */
	bool		gives_batches;	/* its root is a source whose rows come by column */
	int			nscans;			/* column tables that the engine scans, and such sources */
	double		rows;			/* in them */
} PgePart;

/* vectorize.c */
extern void pge_vectorize_init(void);
extern List *pge_child_slots(Plan *plan);
extern bool pge_engine_scans(const RelOptInfo *rel);

/* vectorize_judge.c: which nodes the engine runs. NULL, or the reason why not; parts: of the children. */
extern const char *pge_refused_statement(const PlannedStmt *statement);
extern const char *pge_refused_node(PgeVectorize *work, Plan *plan, const PgePart *parts, const Bitmapset *changing);
extern Bitmapset *pge_changing_below(const Plan *plan, const Plan *child, Bitmapset *changing);
extern bool pge_scans_table(const Plan *plan);
extern Relation pge_open_scanned(const PlannedStmt *statement, const Plan *plan);

/* vectorize_aggregate.c */
extern const char *pge_refused_aggregate(const Agg *plan, const PgePart *input);
extern bool pge_is_sorted_by_keys(const Agg *plan, const PgePart *input);
extern bool pge_groups_by_default(Oid equality, Oid type);
extern PgeAggregateSupport pge_aggregate_support(const Aggref *aggregate);
extern PgeAggregateSupport pge_aggregate_support_of(Oid function, AggSplit split);

/* vectorize_group.c: Group, Unique and SetOp */
extern bool pge_runs_as_aggregate(const Plan *plan, const PgePart *input);
extern Agg *pge_as_aggregate(const Plan *plan);
extern Plan *pge_put_aggregate(Plan *plan);
extern const char *pge_refused_keys(const Plan *child, int nkeys, const AttrNumber *columns, const Oid *operators);
extern const char *pge_refused_unique(const Unique *plan, const PgePart *input);

/* vectorize_foreign.c: scans of foreign tables as two nodes, and back */
extern Plan *pge_split_scan(PgeVectorize *work, Plan *plan);
extern void pge_join_scans(PgeVectorize *work, PgePlanSlot *place);

/* metadata_paths.c */
extern void pge_metadata_paths_init(void);

/* vectorize_window.c */
extern const char *pge_refused_window(const WindowAgg *window);

/* join_keys.c */
extern void pge_find_join_keys(PlannerInfo *root);
extern double pge_rows_of_key(PlannerInfo *root, const IndexPath *path);

/* column_costs.c */
extern void pge_column_costs(PlannerInfo *root, RelOptInfo *rel, Relation table, bool by_engine, bool has_codes);
extern Cost pge_setup_cost(Cost usual);

/* first_by_series.c */
extern bool pge_first_by_series(PlannerInfo *root, RelOptInfo *rel, Relation table);

/* nearest_costs.c */
extern double pge_nearest_share(PlannerInfo *root, RelOptInfo *rel, bool *by_workers);

/* gather_bound.c: what is sorted for a limit by parallel workers */
extern Node *pge_limit_bound(Node *count, Node *offset);
extern void pge_bound_gathered(Plan *plan);

/* decorrelate.c: subqueries that depend on outer rows as joins */
extern List *pge_decorrelated(Query *query, List **tables);

/* asof.c: lateral subqueries for the last row before each row */
extern void pge_asof_lookups(PlannedStmt *statement);

/* look_ahead.c: searches for the nearest rows of each outer row, several at once */
extern void pge_look_ahead(PlannedStmt *statement, Bitmapset *volatile_subplans);

/* plan_numbers.c */
extern bool pge_find_params(Node *node, void *params);
extern int	pge_last_node_id(const PlannedStmt *statement);

/* plan_cost.c */
extern Cost pge_statement_cost(const PlannedStmt *statement, int cursor_options);

/* vectorize_build.c */
extern Plan *pge_engine_node(Plan *parent, PgePlanSlot *place, const PgePart *part, bool keep);
extern List *pge_columns_above(const Plan *below);

/* vectorize_tlist.c: a node's output in terms of tables, for EXPLAIN */
extern List *pge_output_list(Plan *plan);

/* join_buckets.c */
extern bool pge_judge_buckets(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
							  JoinPathExtraData *extra);

/* join_choice.c */
extern bool pge_prefer_hash_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
								  JoinPathExtraData *extra);

/* join_parallel.c */
extern void pge_judge_shared_joins(PlannerInfo *root, RelOptInfo *join, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
								   JoinPathExtraData *extra);

/* index_order.c: sort keys that an index of vectors gives, computed for nobody */
extern void pge_drop_order_columns(PlannedStmt *statement);

/* plan_volatile.c: does the node itself call a volatile function? */
extern bool pge_node_is_volatile(const Plan *plan, Bitmapset *volatile_subplans);

/* plan_name.c: the node as EXPLAIN calls it */
extern const char *pge_node_name(const PlannedStmt *statement, const Plan *plan);

#endif							/* PGE_VECTORIZE_H */
