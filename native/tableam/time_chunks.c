/*
 * Column store: epiphany.chunks(), the buckets of a table with a time column. From descriptors of groups, and by reading the delta; needs
 * SELECT on the table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "column.h"
#include "time_key.h"

PG_FUNCTION_INFO_V1(pge_chunks);

/* Groups, or rows of the delta, that are one row of the result. */
typedef struct Chunk
{
	int64		bucket;
	bool		mixed;			/* a group that is in no bucket */
	bool		delta;
	bool		ordered;
	int64		start;
	int64		end;
	int64		groups;
	int64		rows;
	int64		dead_rows;
	int64		bytes;
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
	if (x->delta != y->delta)
		return x->delta ? 1 : -1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static Chunk
chunk_of(const PgeTimeKey *key, const PgeGroupDesc *desc)
{
	Chunk		chunk = {.groups = 1,.rows = desc->rows,.dead_rows = desc->dead_rows,.bytes = (int64) desc->blocks * BLCKSZ};

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

static const char *
state_of(const Chunk *chunk)
{
	return chunk->delta ? "delta" : chunk->mixed ? "mixed" : chunk->ordered ? "sorted" : "unsorted";
}

static void
put_chunk(ReturnSetInfo *result, const PgeTimeKey *key, const Chunk *chunk)
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
	values[7] = Int64GetDatum(chunk->bytes);
	values[8] = CStringGetTextDatum(state_of(chunk));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* ---- the delta ---- */

typedef struct BucketRows
{
	int64		bucket;
	int64		rows;
} BucketRows;

typedef struct DeltaRows
{
	const PgeTimeKey *key;
	TupleDesc	tupdesc;
	HTAB	   *buckets;
} DeltaRows;

static void
count_row(HeapTuple tuple, void *arg)
{
	DeltaRows  *delta = arg;
	bool		is_null,
				found;
	Datum		value = heap_getattr(tuple, delta->key->attno, delta->tupdesc, &is_null);
	int64		bucket = is_null ? PGE_BUCKET_NULL : pge_time_bucket_of(delta->key, pge_time_number(delta->key, value));
	BucketRows *entry = hash_search(delta->buckets, &bucket, HASH_ENTER, &found);

	entry->rows = found ? entry->rows + 1 : 1;
}

/* A chunk for each bucket that the delta has rows of, into a larger array; each has its rows' share of the delta's bytes. */
static Chunk *
add_delta(Relation rel, const PgeTimeKey *key, const PgeGroupDesc *descs, uint32 ndescs, Chunk *chunks, uint32 *n)
{
	HASHCTL		control = {.keysize = sizeof(int64),.entrysize = sizeof(BucketRows),.hcxt = CurrentMemoryContext};
	DeltaRows	delta = {.key = key,.tupdesc = RelationGetDescr(rel)};
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	int64		blocks = 0,
				rows = 0;
	PgeBlockRange *ranges;
	int			nranges = pge_delta_ranges(rel, descs, ndescs, RelationGetNumberOfBlocks(rel), &ranges);
	HASH_SEQ_STATUS all;
	BucketRows *entry;

	delta.buckets = hash_create("rows of the delta by bucket", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < nranges; i++)
	{
		blocks += ranges[i].end - ranges[i].start;
		for (BlockNumber block = ranges[i].start; block < ranges[i].end; block++)
		{
			CHECK_FOR_INTERRUPTS();
			rows += pge_delta_block_rows(rel, block, GetActiveSnapshot(), strategy, count_row, &delta);
		}
	}
	FreeAccessStrategy(strategy);
	chunks = repalloc_huge(chunks, (*n + hash_get_num_entries(delta.buckets) + 1) * sizeof(Chunk));
	hash_seq_init(&all, delta.buckets);
	while ((entry = hash_seq_search(&all)) != NULL)
	{
		Chunk	   *chunk = &chunks[(*n)++];

		*chunk = (Chunk) {.bucket = entry->bucket,.delta = true,.rows = entry->rows};
		chunk->bytes = (int64) ((double) blocks * BLCKSZ * entry->rows / rows);
		pge_time_bucket_range(key, entry->bucket, &chunk->start, &chunk->end);
	}
	hash_destroy(delta.buckets);
	return chunks;
}

/* ---- the function ---- */

/* Neighbours of one bucket become one chunk; how many are left. */
static uint32
join_groups(Chunk *chunks, uint32 n)
{
	uint32		joined = 0;

	qsort(chunks, n, sizeof(Chunk), compare_chunks);
	for (uint32 i = 0; i < n; i++)
	{
		Chunk	   *last = joined > 0 ? &chunks[joined - 1] : NULL;

		if (last == NULL || last->mixed || chunks[i].mixed || last->bucket != chunks[i].bucket)
		{
			chunks[joined++] = chunks[i];
			continue;
		}
		last->groups++;
		last->rows += chunks[i].rows;
		last->dead_rows += chunks[i].dead_rows;
		last->bytes += chunks[i].bytes;
		last->ordered &= chunks[i].ordered;
	}
	return joined;
}

/* A row for each bucket that has groups which the snapshot sees, for each group that is in no bucket, and for each bucket's delta. */
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
	n = join_groups(chunks, n);
	chunks = add_delta(rel, &key, descs, ndescs, chunks, &n);
	qsort(chunks, n, sizeof(Chunk), compare_chunks);
	for (uint32 i = 0; i < n; i++)
		put_chunk(result, &key, &chunks[i]);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}
