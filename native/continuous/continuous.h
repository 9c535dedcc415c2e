/*
 * Continuous aggregates: what the files of this folder share, and what others call.
 *
 * Times are "raw" here: 64 bits in the time column's own units (microseconds or days since 2000, integers), INT64_MIN and INT64_MAX being
 * -infinity and infinity. Ranges include both ends. A range is closed when it holds all times of each bucket that it touches; what is
 * logged, read and refreshed are closed ranges only.
 */
#ifndef PGE_CONTINUOUS_H
#define PGE_CONTINUOUS_H

#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "pgtime.h"
#include "storage/itemptr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

typedef struct PgeRange
{
	int64		first;
	int64		last;
} PgeRange;

/* A growing list of ranges. */
typedef struct PgeRanges
{
	int			n;
	int			room;
	PgeRange   *of;
} PgeRanges;

/* ---- bucket.c: a call of time_bucket as arithmetic over raw times ---- */

#define PGE_BUCKET_MAX_ARGS	5

typedef struct PgeBucketing
{
	Oid			type;			/* of times and buckets */
	FmgrInfo	function;
	Oid			collation;
	int			nargs;
	NullableDatum args[PGE_BUCKET_MAX_ARGS];	/* args[1] is the time */
	int64		least_width;	/* a bucket is at least so long, in raw units */
	int64		margin;			/* nearer to the type's ends than this, buckets are not computed */
	bool		is_integer;
	Interval	width;			/* else */
	Interval	offset;			/* zero, if none */
	pg_tz	   *zone;			/* or NULL */
	Datum		zone_name;
} PgeBucketing;

extern bool pge_is_time_bucket(Oid function);
extern void pge_bucketing_init(PgeBucketing *bucketing, const FuncExpr *call);
extern const char *pge_bucketing_refusal(const FuncExpr *call, const char **hint);
extern int64 pge_bucketing_floor(PgeBucketing *bucketing, int64 time);
extern int64 pge_bucketing_after(PgeBucketing *bucketing, int64 time);
extern bool pge_bucketing_window(PgeBucketing *bucketing, int64 first, int64 end, PgeRange *window);
extern PgeRange pge_bucketing_close(PgeBucketing *bucketing, PgeRange range);
extern int64 pge_raw_time(Datum time, Oid type);
extern Datum pge_time_datum(int64 time, Oid type);

/* ---- ranges.c ---- */

extern void pge_ranges_add(PgeRanges *ranges, int64 first, int64 last);
extern void pge_ranges_merge(PgeRanges *ranges);
extern void pge_ranges_limit(PgeRanges *ranges, int most);
extern bool pge_ranges_have(const PgeRanges *ranges, int64 time);
extern void pge_ranges_cut(const PgeRanges *from, PgeRange window, PgeRanges *inside, PgeRanges *outside);

/* ---- query.c: queries that can be kept up to date ---- */

typedef struct PgeContinuousQuery
{
	Query	   *query;
	Oid			source;
	Index		source_index;	/* in the range table */
	AttrNumber	time_attno;		/* of the source */
	Oid			time_type;
	FuncExpr   *call;			/* of time_bucket */
	AttrNumber	bucket_resno;	/* the result column that has it */
	List	   *keys;			/* result columns of other grouping expressions, as integers */
} PgeContinuousQuery;

/* Refuses what cannot be kept up to date. */
extern void pge_continuous_query_check(Query *query);
extern void pge_continuous_query_take_apart(Query *query, PgeContinuousQuery *parts);
extern bool pge_continuous_watches(const RangeTblEntry *entry, Oid source);	/* are changes of this joined table noticed? */
extern Query *pge_definition_query(Oid definition);
extern void pge_add_time_bounds(PgeContinuousQuery *parts, Node *first, Node *last);

/* ---- catalog.c: our two tables ---- */

typedef struct PgeContinuous
{
	Oid			user_view;
	Oid			definition;
	Oid			materialization;
	Oid			source;
	bool		materialized_only;
	ItemPointerData tid;
} PgeContinuous;

/*
 * Advisory kinds of locks, as sub-objects. On a definition: refreshes of the aggregate take turns. On a base table: who looks for the times
 * that a joined row matters to holds it shared until he has committed, and a refresh gets it while it takes its snapshot.
 */
#define PGE_LOCK_REFRESH	1
#define PGE_LOCK_SNAPSHOT	2

/* What a refresh did. */
typedef struct PgeRefreshed
{
	int64		ranges;
	int64		buckets;
	int64		deleted;
	int64		inserted;
} PgeRefreshed;

extern char *pge_qualified_name(Oid relation);
extern Oid	pge_owner_of(Oid relation);
extern bool pge_continuous_installed(void);
extern List *pge_continuous_list(Oid source);	/* InvalidOid: all */
extern PgeContinuous *pge_continuous_find(Oid relation);	/* the view, the definition or the stored rows; or NULL */
extern bool pge_continuous_by_time(const PgeContinuous *aggregate);	/* are its rows USING epiphany_timeseries? */
extern bool pge_continuous_visible(Oid definition, Snapshot snapshot);
extern Oid	pge_continuous_base(Oid source);
extern List *pge_continuous_tables(Oid source, const Query *query);	/* whose changes concern it: the base, then joined ones */
extern void pge_continuous_forget(Oid source);
extern void pge_continuous_insert(const PgeContinuous *aggregate);
extern void pge_continuous_delete(const PgeContinuous *aggregate);
extern void pge_continuous_set_materialized_only(const PgeContinuous *aggregate, bool materialized_only);
extern void pge_continuous_count(const PgeContinuous *aggregate, const PgeRefreshed *refreshed);
extern void pge_log_write(Oid definition, const PgeRanges *ranges);
extern void pge_log_read(Oid definition, Snapshot snapshot, PgeRanges *ranges);
extern void pge_log_take(Oid definition, Snapshot snapshot, PgeRanges *ranges);

/* ---- capture.c: what this transaction has changed ---- */

extern void pge_capture_init(void);
extern void pge_capture_flush(void);
extern void pge_capture_range(Oid source, AttrNumber column, int64 first, int64 last);
extern void pge_capture_table(Oid table);
extern void pge_capture_descendants(Oid user_view, const PgeRanges *ranges);
extern void pge_capture_own(Oid definition, PgeRanges *ranges);
extern uint64 pge_capture_generation(void);

/* ---- triggers.c: how changes come to capture.c ---- */

extern void pge_capture_install(Oid table);
extern void pge_capture_clean(void);
extern bool pge_capture_repair(Oid table);

/* The write path of column tables: rows to be stored; the row at a TID about to be deleted, or replaced by another. */
extern void pge_capture_rows(Relation rel, TupleTableSlot **slots, int nslots);
extern void pge_capture_tid(Relation rel, ItemPointer tid, TupleTableSlot *replacement);

/* drop_chunks() deletes from this table: what aggregates have stored outlives the rows that it was made of. */
extern Oid	pge_capture_paused;

/* Are this table's changes recorded, as far as a look at the relation tells? */
static inline bool
pge_capture_wanted(Relation rel)
{
	return unlikely(rel->trigdesc != NULL && rel->trigdesc->trig_truncate_after_statement);
}

/* ---- pending.c ---- */

extern void pge_pending(Oid definition, Snapshot snapshot, PgeRanges *ranges);

/* ---- create.c ---- */

extern void pge_continuous_create(CreateTableAsStmt *stmt, const char *source_text);
extern void pge_continuous_store_view(const PgeContinuous *aggregate);

/* ---- refresh.c ---- */

extern int64 pge_time_argument(Datum value, bool isnull, Oid type, Oid time_type, int64 if_null, const char *name);
extern void pge_continuous_refresh(Oid user_view, int64 first, int64 end, bool force);

/* ---- statements.c ---- */

extern void pge_continuous_init(void);

#endif							/* PGE_CONTINUOUS_H */
