/*
 * Tiering: what the files that move row groups to objects of stores, and read them there, have of each other. An object is a Parquet file
 * with one row group: a row group of a table, rows in their order. What the table keeps of it is a stub (tableam/layout.h).
 */
#ifndef PGE_COLD_H
#define PGE_COLD_H

#include "port/pg_crc32c.h"
#include "tableam/cold_group.h"
#include "tableam/column.h"
#include "tiering.h"

/* ---- cold_values.c: a column's values as an object has them, and back ---- */

typedef struct PgeColdValues
{
	PgeColdForm form;
	Oid			type;			/* base type */
	int16		typlen;
	bool		byval;
	PgeNatural	natural;		/* of the object's column; of a list, of its elements */
	FmgrInfo	input;			/* TEXT */
	Oid			ioparam;
	Oid			element;		/* LIST */
	int16		element_len;
	bool		element_byval;
	char		element_align;
} PgeColdValues;

extern void pge_cold_values_of(PgeColdValues *values, Form_pg_attribute att);
extern Oid	pge_cold_out_type(const PgeColdValues *values, int32 *typmod);
extern Datum pge_cold_out_value(const PgeColdValues *values, Datum value);
extern bool pge_cold_fits(const PgeColdValues *values, int32 typmod, Datum value);
extern bool pge_cold_is_sure(const PgeColdValues *values);
extern bool pge_cold_values_shape(const PgeColdValues *values, const PgeStubColumn *stub, PgeTransferShape *shape);
extern void pge_cold_values_bind(PgeColdValues *values, const PgeParquetColumn *column);
extern Datum pge_cold_value(const PgeColdValues *values, const PgeParquetVector *vector, int row, int *element, bool *isnull);
extern bool pge_cold_same(const PgeColdValues *values, Datum a, Datum b);
extern void pge_cold_count(const PgeColdValues *values, pg_crc32c *crc, Datum value, bool isnull);
extern void pge_cold_values_of_stub(PgeColdValues *values, const PgeStubColumn *column);

/* ---- cold_column.c: a column of an object ---- */

extern PgeStore *pge_cold_store(Relation rel, const PgeColdGroup *cold);
extern void pge_cold_verify(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, const char *footer, int column);

/* ---- cold_object.c: a row group becomes an object ---- */

extern char *pge_cold_write(Relation rel, const PgeGroupDesc *desc, PgeColdGroup *cold, PgeStore *store, const char *archive_key,
							uint32 *stub_length);
extern char *pge_cold_archive(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, PgeStore *store, const char *key,
							  uint32 *stub_length);

/* ---- cold_own.c: whose objects are ---- */

extern const char *pge_cold_own_prefix(void);
extern PgeStore *pge_cold_named_store(const char *name, const char **prefix);
extern List *pge_cold_tables(void);

/* ---- cold_cache.c: images of columns in files, for all sessions ---- */

/* A group of one column, in the memory of who reads it or in a file of the cache. */
typedef struct PgeColdImage
{
	PgeGroupSource source;		/* first: the managed side's token points here */
	PgeGroupImage group;		/* if it is held in memory */
	bool		is_held;
	int			file;			/* a File, or -1 */
	uint64		length;
	uint64		footer_offset;
	uint32		footer_length;
	char		path[96];
} PgeColdImage;

extern void pge_cold_cache_name(PgeColdImage *image, const PgeColdGroup *cold, int column);
extern bool pge_cold_cache_open(PgeColdImage *image);
extern bool pge_cold_cache_store(const PgeColdImage *image);
extern bool pge_cold_cache_read(PgeColdImage *image, uint64 offset, uint64 length, char *dest);
extern void pge_cold_cache_close(PgeColdImage *image);

/* ---- cold_stats.c: what all sessions have asked of cold groups since the server's start ---- */

typedef struct PgeColdStats
{
	uint64		requests;		/* of stores */
	uint64		bytes_read;
	uint64		hits;			/* columns that the cache had */
	uint64		cache_bytes;
} PgeColdStats;

extern void pge_cold_stats_fetched(uint64 bytes);
extern void pge_cold_stats_hit(void);
extern bool pge_cold_cache_grew(uint64 bytes);
extern bool pge_cold_cache_lock(void);
extern void pge_cold_cache_unlock(uint64 bytes);
extern void pge_cold_stats(PgeColdStats *stats);

#endif							/* PGE_COLD_H */
