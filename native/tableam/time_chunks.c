/*
 * Column store: epiphany.chunks(), the buckets of a table with a time column. From descriptors of groups only, but for the number of rows
 * in the delta; needs SELECT on the table.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "column.h"
#include "time_key.h"

PG_FUNCTION_INFO_V1(pge_chunks);

/* Groups that are one row of the result. */
typedef struct Chunk
{
	int64		bucket;
	bool		mixed;			/* a group that is in no bucket */
	bool		ordered;
	int64		start;
	int64		end;
	int64		groups;
	int64		rows;
	int64		dead_rows;
	int64		blocks;
} Chunk;

static int
compare_chunks(const void *a, const void *b)
{
	const Chunk *x = a;
	const Chunk *y = b;

	if (x->mixed != y->mixed)
		return x->mixed ? 1 : -1;
	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static Chunk
chunk_of(const PgeTimeKey *key, const PgeGroupDesc *desc)
{
	Chunk		chunk = {.groups = 1,.rows = desc->rows,.dead_rows = desc->dead_rows,.blocks = desc->blocks};

	chunk.mixed = !pge_time_bucket_of_group(key, desc, &chunk.bucket);
	chunk.ordered = pge_time_group_sorted(key, desc);
	if (!chunk.mixed)
		pge_time_bucket_range(key, chunk.bucket, &chunk.start, &chunk.end);
	else if (desc->time_attno == key->attno && desc->time_nulls < desc->rows)
	{
		int64		ignored;

		chunk.bucket = 0;
		pge_time_bucket_range(key, pge_time_bucket_of(key, desc->time_min), &chunk.start, &ignored);
		pge_time_bucket_range(key, pge_time_bucket_of(key, desc->time_max), &ignored, &chunk.end);
	}
	else
		chunk.bucket = PGE_BUCKET_NULL;
	return chunk;
}

static void
put_chunk(ReturnSetInfo *result, const PgeTimeKey *key, const Chunk *chunk, const char *state)
{
	bool		integers = key->type == INT2OID || key->type == INT4OID || key->type == INT8OID;
	bool		unknown = chunk->bucket == PGE_BUCKET_NULL;
	Datum		values[9] = {0};
	bool		nulls[9] = {unknown || integers, unknown || integers, unknown || !integers, unknown || !integers};

	values[0] = values[2] = Int64GetDatum(chunk->start);
	values[1] = values[3] = Int64GetDatum(chunk->end);
	/* As far as the type goes. */
	if (!integers && chunk->start != PG_INT64_MIN && chunk->start < MIN_TIMESTAMP)
		values[0] = TimestampTzGetDatum(DT_NOBEGIN);
	if (!integers && chunk->end >= END_TIMESTAMP)
		values[1] = TimestampTzGetDatum(DT_NOEND);
	values[4] = Int64GetDatum(chunk->groups);
	values[5] = Int64GetDatum(chunk->rows);
	values[6] = Int64GetDatum(chunk->dead_rows);
	values[7] = Int64GetDatum(chunk->blocks * BLCKSZ);
	values[8] = CStringGetTextDatum(state);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_delta(ReturnSetInfo *result, Relation rel, const PgeTimeKey *key, const PgeGroupDesc *descs, uint32 ndescs)
{
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	Chunk		delta = {.bucket = PGE_BUCKET_NULL};
	PgeBlockRange *ranges;
	int			nranges = pge_delta_ranges(rel, descs, ndescs, RelationGetNumberOfBlocks(rel), &ranges);

	for (int i = 0; i < nranges; i++)
	{
		delta.blocks += ranges[i].end - ranges[i].start;
		for (BlockNumber block = ranges[i].start; block < ranges[i].end; block++)
		{
			CHECK_FOR_INTERRUPTS();
			delta.rows += pge_delta_block_rows(rel, block, GetActiveSnapshot(), strategy);
		}
	}
	FreeAccessStrategy(strategy);
	if (delta.rows > 0)
		put_chunk(result, key, &delta, "delta");
}

/* A row for each bucket that has groups which the snapshot sees, one for each group that is in no bucket, and one for the delta. */
Datum
pge_chunks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	PgeTimeKey	key;
	PgeGroupDesc *descs;
	uint32		ndescs;
	Chunk	   *chunks;
	uint32		n = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (!pge_time_key(rel, &key))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" has no time column", RelationGetRelationName(rel)),
				 errhint("Use ALTER TABLE ... SET (epiphany.time_column = ...).")));
	ndescs = pge_directory_load(rel, &descs);
	chunks = palloc_extended((ndescs + 1) * sizeof(Chunk), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < ndescs; i++)
		if (pge_group_visible(rel, &descs[i], GetActiveSnapshot()))
			chunks[n++] = chunk_of(&key, &descs[i]);
	qsort(chunks, n, sizeof(Chunk), compare_chunks);
	for (uint32 i = 0; i < n; i++)
	{
		Chunk	   *chunk = &chunks[i];

		for (; !chunk->mixed && i + 1 < n && !chunks[i + 1].mixed && chunks[i + 1].bucket == chunk->bucket; i++)
		{
			chunk->groups++;
			chunk->rows += chunks[i + 1].rows;
			chunk->dead_rows += chunks[i + 1].dead_rows;
			chunk->blocks += chunks[i + 1].blocks;
			chunk->ordered &= chunks[i + 1].ordered;
		}
		put_chunk(result, &key, chunk, chunk->mixed ? "mixed" : chunk->ordered ? "sorted" : "unsorted");
	}
	put_delta(result, rel, &key, descs, ndescs);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}
