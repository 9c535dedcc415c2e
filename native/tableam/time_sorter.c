/*
 * Column store: rows in memory, to be stored by bucket of time, then series, then time. Who adds them bounds their number, and stores them:
 * here is only their order.
 *
 * Series are ordered by the bytes of their columns, not by anybody's collation: rows of one series lie together, and zone maps rule out
 * what they rule out in "C" order. Each series gets a number when it first comes, so that rows are sorted by three integers.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "time_sorter.h"

typedef struct Series
{
	const char *bytes;			/* of its columns; orders them */
	uint32		length;
	uint32		number;
	uint32		hash;
	char		status;
} Series;

#define SH_PREFIX		series
#define SH_ELEMENT_TYPE Series
#define SH_KEY			bytes
#define SH_KEY_TYPE		const char *
#define SH_SCOPE		static inline
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), ((PgeTimeSorter *) (table)->private_data)->key_length)
#define SH_EQUAL(table, a, b) same_series((PgeTimeSorter *) (table)->private_data, a, b)
#define SH_DECLARE
#define SH_DEFINE

struct PgeTimeSorter
{
	PgeTimeKey	key;
	TupleDesc	tupdesc;
	MemoryContext cxt;			/* all of this */
	MemoryContext row_cxt;		/* rows and series */
	PgeTimeRow *rows;
	uint32		nrows;
	uint32		space;
	uint64		bytes;
	uint32		next;			/* of sorted rows, the first that was not handed out */

	struct series_hash *series;
	StringInfoData bytes_of;	/* the series in hand */
	uint32		key_length;
};

static inline bool
same_series(PgeTimeSorter *sorter, const char *a, const char *b)
{
	/* Of entries of one hash only that in hand is compared with others; each begins with its length. */
	uint32		length_a,
				length_b;

	memcpy(&length_a, a, sizeof(uint32));
	memcpy(&length_b, b, sizeof(uint32));
	return length_a == length_b && memcmp(a, b, length_a) == 0;
}

#include "lib/simplehash.h"

#define ST_SORT		sort_rows
#define ST_ELEMENT_TYPE PgeTimeRow
#define ST_COMPARE(a, b) \
	((a)->bucket != (b)->bucket ? ((a)->bucket < (b)->bucket ? -1 : 1) : \
	 (a)->series != (b)->series ? ((a)->series < (b)->series ? -1 : 1) : \
	 (a)->time != (b)->time ? ((a)->time < (b)->time ? -1 : 1) : \
	 (a)->arrival < (b)->arrival ? -1 : (a)->arrival > (b)->arrival)
#define ST_SCOPE	static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "miscadmin.h"
#include "lib/sort_template.h"

static void
begin_rows(PgeTimeSorter *sorter)
{
	MemoryContext old = MemoryContextSwitchTo(sorter->row_cxt);

	sorter->space = 1024;
	sorter->rows = palloc_array(PgeTimeRow, sorter->space);
	sorter->nrows = sorter->next = 0;
	sorter->bytes = 0;
	sorter->series = series_create(sorter->row_cxt, 256, sorter);
	initStringInfo(&sorter->bytes_of);
	MemoryContextSwitchTo(old);
}

PgeTimeSorter *
pge_time_sorter_begin(Relation rel, const PgeTimeKey *key, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "rows to be sorted by time", ALLOCSET_SMALL_SIZES);
	PgeTimeSorter *sorter = MemoryContextAllocZero(cxt, sizeof(PgeTimeSorter));

	sorter->key = *key;
	sorter->tupdesc = RelationGetDescr(rel);
	sorter->cxt = cxt;
	sorter->row_cxt = AllocSetContextCreate(cxt, "rows", ALLOCSET_DEFAULT_SIZES);
	begin_rows(sorter);
	return sorter;
}

/* Bytes that order as the values do: numbers from the highest byte, strings with an end that none contains; NULLs come last. */
static void
put_column(StringInfo bytes, Form_pg_attribute att, Datum value, bool is_null)
{
	const char *from;
	Size		length;
	uint64		number;

	appendStringInfoCharMacro(bytes, is_null ? 1 : 0);
	if (is_null)
		return;
	if (att->attbyval)
	{
		number = pg_hton64((uint64) DatumGetInt64(value) ^ (UINT64CONST(1) << 63));
		appendBinaryStringInfo(bytes, &number, sizeof(number));
		return;
	}
	if (att->attlen == -1)
	{
		struct varlena *plain = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));

		from = VARDATA_ANY(plain);
		length = VARSIZE_ANY_EXHDR(plain);
	}
	else
	{
		from = DatumGetPointer(value);
		length = att->attlen == -2 ? strlen(from) : (Size) att->attlen;
	}
	for (Size i = 0; i < length; i++)
	{
		appendStringInfoCharMacro(bytes, from[i]);
		if (from[i] == 0)
			appendStringInfoCharMacro(bytes, (char) 0xFF);
	}
	appendStringInfoCharMacro(bytes, 0);
	appendStringInfoCharMacro(bytes, 0);
}

/* The number of the row's series. */
static uint32
series_of(PgeTimeSorter *sorter, const Datum *values, const bool *nulls)
{
	StringInfo	bytes = &sorter->bytes_of;
	uint32		length;
	bool		found;
	Series	   *entry;

	if (sorter->key.nsegments == 0)
		return 0;
	resetStringInfo(bytes);
	appendBinaryStringInfo(bytes, &length, sizeof(length));
	for (int i = 0; i < sorter->key.nsegments; i++)
	{
		AttrNumber	attno = sorter->key.segments[i];

		put_column(bytes, TupleDescAttr(sorter->tupdesc, attno - 1), values[attno - 1], nulls[attno - 1]);
	}
	length = bytes->len;
	memcpy(bytes->data, &length, sizeof(length));
	sorter->key_length = length;
	entry = series_insert(sorter->series, bytes->data, &found);
	if (!found)
	{
		char	   *copy = palloc(length);

		memcpy(copy, bytes->data, length);
		entry->bytes = copy;
		entry->length = length;
		entry->number = sorter->series->members - 1;
		sorter->bytes += length + 2 * sizeof(Series);
	}
	return entry->number;
}

/* Take a copy of a row. Values may not lie outside it. */
void
pge_time_sorter_add(PgeTimeSorter *sorter, const Datum *values, const bool *nulls, const ItemPointerData *from)
{
	MemoryContext old = MemoryContextSwitchTo(sorter->row_cxt);
	AttrNumber	attno = sorter->key.attno;
	PgeTimeRow *row;

	if (sorter->nrows == sorter->space)
	{
		sorter->space *= 2;
		sorter->rows = repalloc_huge(sorter->rows, sorter->space * sizeof(PgeTimeRow));
	}
	row = &sorter->rows[sorter->nrows];
	row->time = nulls[attno - 1] ? PG_INT64_MAX : pge_time_number(&sorter->key, values[attno - 1]);
	row->bucket = nulls[attno - 1] ? PGE_BUCKET_NULL : pge_time_bucket_of(&sorter->key, row->time);
	row->series = series_of(sorter, values, nulls);
	row->arrival = sorter->nrows;
	row->tuple = heap_form_tuple(sorter->tupdesc, values, nulls);
	if (from != NULL)
		row->from = *from;
	else
		ItemPointerSetInvalid(&row->from);
	/* With what the allocator adds, and the array of rows when it has just grown. */
	sorter->bytes += HEAPTUPLESIZE + row->tuple->t_len + sizeof(PgeTimeRow) * 3 / 2 + 16;
	sorter->nrows++;
	MemoryContextSwitchTo(old);
}

uint32
pge_time_sorter_rows(const PgeTimeSorter *sorter)
{
	return sorter->nrows - sorter->next;
}

uint64
pge_time_sorter_bytes(const PgeTimeSorter *sorter)
{
	return sorter->bytes;
}

static int
compare_series(const void *a, const void *b)
{
	const Series *x = *(Series *const *) a;
	const Series *y = *(Series *const *) b;
	/* Past the lengths. */
	int			order = memcmp(x->bytes + sizeof(uint32), y->bytes + sizeof(uint32), Min(x->length, y->length) - sizeof(uint32));

	return order != 0 ? order : x->length < y->length ? -1 : x->length > y->length;
}

/* Numbers in the order that series came in become numbers in the order of their bytes. */
static void
rank_series(PgeTimeSorter *sorter)
{
	uint32		n = sorter->series->members;
	MemoryContext old;
	Series	  **all;
	uint32	   *rank;
	series_iterator iterator;
	Series	   *entry;
	uint32		i = 0;

	if (n < 2)
		return;
	old = MemoryContextSwitchTo(sorter->row_cxt);
	all = palloc_extended(n * sizeof(Series *), MCXT_ALLOC_HUGE);
	rank = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	series_start_iterate(sorter->series, &iterator);
	while ((entry = series_iterate(sorter->series, &iterator)) != NULL)
		all[i++] = entry;
	qsort(all, n, sizeof(Series *), compare_series);
	for (i = 0; i < n; i++)
		rank[all[i]->number] = i;
	for (i = 0; i < sorter->nrows; i++)
		sorter->rows[i].series = rank[sorter->rows[i].series];
	MemoryContextSwitchTo(old);
}

/* No row may be added until all were handed out and the sorter is reset. */
void
pge_time_sorter_sort(PgeTimeSorter *sorter)
{
	rank_series(sorter);
	sort_rows(sorter->rows, sorter->nrows);
}

/* The rows of the next bucket, in order; NULL: there is none. They live until the reset. */
PgeTimeRow *
pge_time_sorter_bucket(PgeTimeSorter *sorter, uint32 *n)
{
	PgeTimeRow *first = &sorter->rows[sorter->next];

	*n = 0;
	while (sorter->next < sorter->nrows && sorter->rows[sorter->next].bucket == first->bucket)
	{
		sorter->next++;
		(*n)++;
	}
	return *n > 0 ? first : NULL;
}

void
pge_time_sorter_reset(PgeTimeSorter *sorter)
{
	MemoryContextReset(sorter->row_cxt);
	begin_rows(sorter);
}

void
pge_time_sorter_end(PgeTimeSorter *sorter)
{
	MemoryContextDelete(sorter->cxt);
}
