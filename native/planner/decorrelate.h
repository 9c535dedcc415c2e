/*
 * Planner: subqueries that depend on outer rows as joins. What decorrelate.c and narrow.c share.
 */
#ifndef PGE_DECORRELATE_H
#define PGE_DECORRELATE_H

#include "nodes/parsenodes.h"

typedef struct PgeDecorrelation
{
	bool		narrow;			/* groups are to be those of outer tables that pass their own conditions */
	bool		changed;
	bool		narrowed;
	int			depth;			/* of the query in work; the one at the top has 1 */
	Query	   *query;			/* in work */
	List	   *conjuncts;		/* of its WHERE */
	List	   *replaced;		/* SubLink: subqueries of its that became joins */
	List	   *values;			/* Node: what stands for each of them */
	List	   *tables;			/* OIDs of those in subqueries that became joins */
} PgeDecorrelation;

/* A condition that ties a subquery's rows to an outer row. */
typedef struct PgeTie
{
	OpExpr	   *clause;
	Expr	   *inner;
	Expr	   *outer;			/* as the outer query would write it */
	bool		inner_first;
	AttrNumber	column;			/* of inner, in the grouped subquery */
} PgeTie;

/* decorrelate.c */
extern List *pge_flat_conjuncts(Node *quals);

/* narrow.c */
extern void pge_narrow_groups(PgeDecorrelation *work, Query *subquery, List *ties);

#endif							/* PGE_DECORRELATE_H */
