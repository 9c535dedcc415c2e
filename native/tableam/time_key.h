/*
 * Column store: the time column of a table, its series and its buckets (time_key.c).
 *
 * A column table has a time column if its option epiphany.time_column says so; tables USING epiphany_timeseries get one when they are made.
 * Times are numbers here: microseconds since 2000-01-01 for date, timestamp and timestamptz, the number itself for integers.
 */
#ifndef PGE_TIME_KEY_H
#define PGE_TIME_KEY_H

#include "access/attnum.h"
#include "catalog/pg_attribute.h"
#include "executor/tuptable.h"
#include "layout.h"
#include "utils/relcache.h"

#define PGE_MAX_SEGMENTS	8

typedef struct PgeTimeKey
{
	AttrNumber	attno;
	Oid			type;			/* date, timestamp, timestamptz, smallint, integer, bigint */
	int64		width;			/* of a bucket */
	int			nsegments;
	AttrNumber	segments[PGE_MAX_SEGMENTS];
} PgeTimeKey;

/*
 * Buckets are numbered from 1970-01-01 or from 0, and half open. Below and above all others are those of -infinity and infinity, and last
 * that of rows without a time.
 */
#define PGE_BUCKET_BEFORE	PG_INT64_MIN
#define PGE_BUCKET_AFTER	(PG_INT64_MAX - 1)
#define PGE_BUCKET_NULL		PG_INT64_MAX

/* False: the table has no time column. An error where its option names a column that is not there. */
extern bool pge_time_key(Relation rel, PgeTimeKey *key);

extern int64 pge_time_number(const PgeTimeKey *key, Datum value);
extern int64 pge_time_bucket_of(const PgeTimeKey *key, int64 time);
extern int64 pge_time_bucket_of_slot(const PgeTimeKey *key, TupleTableSlot *slot);
extern void pge_time_bucket_range(const PgeTimeKey *key, int64 bucket, int64 *start, int64 *end);
extern void pge_time_buckets_within(const PgeTimeKey *key, int64 start, int64 end, int64 *first, int64 *last);
extern char *pge_time_text(const PgeTimeKey *key, int64 time);
extern uint32 pge_series_hash(const PgeTimeKey *key);
extern bool pge_time_bucket_of_group(const PgeTimeKey *key, const PgeGroupDesc *desc, int64 *bucket);
extern bool pge_time_group_sorted(const PgeTimeKey *key, const PgeGroupDesc *desc);

/* For those who look at columns before there is a relation: a tuple descriptor's, in order. */
extern bool pge_time_type(Oid type, bool *is_integer);
extern AttrNumber pge_time_column_find(const FormData_pg_attribute *atts, int natts);
extern AttrNumber pge_column_named(const FormData_pg_attribute *atts, int natts, const char *name);

/* planner/options_text.c */
extern int64 pge_chunk_interval_width(const char *spelt, bool *is_integer);

#endif							/* PGE_TIME_KEY_H */
