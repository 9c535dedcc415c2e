/*
 * Parquet files: what the files of this folder have of each other. C knows SQL types and stores (store.h); the bytes of the format are
 * managed/Epiphany.Tiering's.
 */
#ifndef PGE_TIERING_H
#define PGE_TIERING_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

#include "shim/pge.h"
#include "store.h"

/* Rows that cross the boundary at once; ParquetFormat.BatchRows. */
#define PGE_PARQUET_BATCH	1024

/* Days from 1970, where Parquet begins, to 2000. */
#define PGE_EPOCH_DAYS	(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

/* What a timestamp or date that is infinite is in a file; DuckDB takes them for that, too. */
#define PGE_PARQUET_INFINITY	PG_INT64_MAX
#define PGE_PARQUET_DATE_INFINITY	PG_INT32_MAX

/* parquet_read.c: the files that a URL names, PgeStoreEntry each, by name; without wildcards one of which only the key is known */

extern List *pge_parquet_files(const char *url, const char *server, PgeStore **store, bool *known);
extern char *pge_parquet_sql_type(const PgeParquetColumn *column);

/* parquet_out.c: columns of a query's result as columns of a file */

typedef struct PgeOutColumn PgeOutColumn;

extern PgeOutColumn *pge_parquet_out(TupleDesc desc, PgeParquetColumn *columns);
extern int	pge_parquet_text_modes(void);
extern bool pge_parquet_out_row(PgeOutColumn *columns, TupleTableSlot *slot);
extern PgeParquetVector *pge_parquet_out_vectors(PgeOutColumn *columns);
extern void pge_parquet_out_reset(PgeOutColumn *columns);
extern bool pge_parquet_out_flush(PgeOutColumn *columns, u64 handle);

/* parquet_natural.c: the SQL type that values of a file have by themselves */

typedef struct PgeNatural
{
	PgeParquetColumn column;
	Oid			type;			/* of the values; of lists, of their elements */
	int32		typmod;
} PgeNatural;

extern bool pge_parquet_natural(const PgeParquetColumn *column, PgeNatural *natural);
extern Datum pge_parquet_value(const PgeNatural *natural, u64 lane, i32 length);
extern char *pge_parquet_describe(const PgeParquetColumn *column);

/* parquet_lanes.c: values as the engine has them, many at a time */

extern bool pge_parquet_lanes(const PgeNatural *natural, const PgeParquetVector *vector, i32 first, i32 rows, u64 *values, u8 *nulls);

/* parquet_zones.c: a test of a column of that type as one of what is in the file */

extern bool pge_parquet_zone(const PgeNatural *natural, Oid type, const PgeZoneTest *test, PgeZoneTest *translated);

/* parquet_in.c: a file's columns as columns of a table, by name */

typedef struct PgeParquetScan PgeParquetScan;

extern PgeParquetScan *pge_parquet_open(PgeStore *store, const char *key, const PgeStoreEntry *known, PgeParquetInfo *info);
extern void pge_parquet_bind(PgeParquetScan *scan, TupleDesc desc, const PgeZoneTest *tests, int ntests);
extern bool pge_parquet_next(PgeParquetScan *scan, TupleTableSlot *slot);
extern i32	pge_parquet_batch(PgeParquetScan *scan, const AttrNumber *attributes, int nattributes, u64 **values, u8 **nulls, i32 capacity);
extern PgeParquetCounts pge_parquet_counts(PgeParquetScan *scan);
extern void pge_parquet_close(PgeParquetScan *scan);

#endif							/* PGE_TIERING_H */
