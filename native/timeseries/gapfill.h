/*
 * Time series: filling of gaps. A query that groups by time_bucket_gapfill gets a node above its aggregation (gapfill_plan.c) that gives
 * each group of the other keys a row for each bucket from start to finish (gapfill.c); locf and interpolate are computed there
 * (gapfill_fill.c). What these files share.
 */
#ifndef PGE_GAPFILL_H
#define PGE_GAPFILL_H

#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "utils/timestamp.h"

#define PGE_GAPFILL_NAME "GapFill"

/* ---- what a function is ---- */

typedef enum PgeGapfillCall
{
	PGE_GAPFILL_NONE,
	PGE_GAPFILL_BUCKET,
	PGE_GAPFILL_LOCF,
	PGE_GAPFILL_INTERPOLATE,
} PgeGapfillCall;

/* gapfill_functions.c */
extern PgeGapfillCall pge_gapfill_call(const Node *node);
extern FuncExpr *pge_gapfill_bucket(FuncExpr *call);

/* The arguments of time_bucket_gapfill; zone: NULL where there is none. */
typedef struct PgeGapfillArguments
{
	Expr	   *width;
	Expr	   *time;
	Expr	   *zone;
	Expr	   *start;
	Expr	   *finish;
} PgeGapfillArguments;

extern PgeGapfillArguments pge_gapfill_arguments(const FuncExpr *call);

/* ---- bounds: gapfill_bounds.c ---- */

/* How a bound is said. Starts are inclusive and finishes exclusive, once the ones that are not have been moved by one. */
typedef enum PgeBoundKind
{
	PGE_BOUND_EXACT,			/* start, or below finish */
	PGE_BOUND_MOVED,			/* above start, or up to finish */
} PgeBoundKind;

/* Expressions without columns, and a PgeBoundKind for each. */
typedef struct PgeBounds
{
	List	   *exprs;
	List	   *kinds;
} PgeBounds;

extern PgeBounds pge_gapfill_bounds(PlannerInfo *root, const PgeGapfillArguments *arguments, bool finish);
extern Oid	pge_bound_type(Oid time);

/* ---- buckets, counted in units of the time's type: gapfill_bucket.c ---- */

typedef struct PgeBuckets
{
	Oid			type;			/* of times */
	Datum		width;
	Datum		zone;
	bool		has_zone;
} PgeBuckets;

extern int64 pge_time_to_units(Oid type, Datum time);
extern Datum pge_units_to_time(Oid type, int64 units);
extern int64 pge_bound_to_units(Oid type, Datum bound, PgeBoundKind kind, bool finish);
extern int64 pge_bucket_of(const PgeBuckets *buckets, int64 units);
extern bool pge_bucket_after(const PgeBuckets *buckets, int64 bucket, int64 *next);

/* ---- the plan's layout ---- */

/* custom_private: lists of integers, but for the key operators and collations, which are OIDs. */
typedef enum PgeGapfillPrivate
{
	PGE_GAPFILL_LAYOUT,			/* columns from below, the time's (from 0), starts, finishes, is there a zone? */
	PGE_GAPFILL_KINDS,			/* PgeBoundKind of starts, then of finishes */
	PGE_GAPFILL_KEYS,			/* columns (from 1) that make a group, but for the time */
	PGE_GAPFILL_OPERATORS,		/* for equal, of each */
	PGE_GAPFILL_COLLATIONS,
	PGE_GAPFILL_KEPT,			/* for each column from below: 1 where filled rows have what the group's rows have, else 0 */
	PGE_GAPFILL_FILLS,			/* for each call of locf and interpolate PGE_FILL_WORDS numbers */
} PgeGapfillPrivate;

/* A fill: PgeGapfillCall, column of the value (from 0), first and second argument more (number in custom_exprs or -1). */
#define PGE_FILL_WORDS	4

/* custom_exprs: width, zone if there is one, starts, finishes, arguments of fills. */

/* ---- values of filled rows: gapfill_fill.c ---- */

typedef struct PgeSample
{
	bool		known;			/* has there been one, or been looked for? */
	bool		isnull;
	int64		time;
	Datum		value;
} PgeSample;

typedef struct PgeFill
{
	PgeGapfillCall call;
	int			column;			/* of its value */
	Oid			type;
	int16		length;
	bool		byval;
	ExprState  *before;			/* what to take where nothing came before; NULL: nothing */
	ExprState  *after;			/* likewise after; of locf: are NULLs to be filled? */
	MemoryContext context;		/* of samples */
	PgeSample	previous;
	PgeSample	next;			/* what has been looked for after the group's last row */
} PgeFill;

extern void pge_fill_reset(PgeFill *fill);
extern Datum pge_fill_of_row(PgeFill *fill, ExprContext *econtext, int64 time, Datum value, bool *isnull);
extern Datum pge_fill_of_gap(PgeFill *fill, ExprContext *econtext, Oid time_type, int64 time, const PgeSample *next, bool *isnull);

/* ---- start of the library ---- */

extern const CustomScanMethods pge_gapfill_methods;
extern void pge_gapfill_init(void);

#endif							/* PGE_GAPFILL_H */
