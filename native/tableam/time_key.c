/*
 * Column store: the time column of a table, its series and its buckets. Knows the table's options and columns, and what descriptors
 * of groups say of times.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "column.h"
#include "planner/options.h"
#include "time_key.h"

/* From 1970 to 2000, where PostgreSQL's times begin. */
#define EPOCH_USECS		((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Can a column of this type be a time column? */
bool
pge_time_type(Oid type, bool *is_integer)
{
	*is_integer = type == INT2OID || type == INT4OID || type == INT8OID;
	return *is_integer || type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/*
 * The time column of a table that names none: the first date, timestamp or timestamptz that cannot be null, as a primary key's column
 * cannot, else the first of all. InvalidAttrNumber: there is none.
 */
AttrNumber
pge_time_column_find(const FormData_pg_attribute *atts, int natts)
{
	AttrNumber	first = InvalidAttrNumber;

	for (int i = 0; i < natts; i++)
	{
		bool		is_integer;

		if (atts[i].attisdropped || !pge_time_type(atts[i].atttypid, &is_integer) || is_integer)
			continue;
		if (atts[i].attnotnull)
			return atts[i].attnum;
		if (first == InvalidAttrNumber)
			first = atts[i].attnum;
	}
	return first;
}

AttrNumber
pge_column_named(const FormData_pg_attribute *atts, int natts, const char *name)
{
	for (int i = 0; i < natts; i++)
		if (!atts[i].attisdropped && strcmp(NameStr(atts[i].attname), name) == 0)
			return atts[i].attnum;
	return InvalidAttrNumber;
}

/* The columns that an option in its one spelling names; their number. */
static int
named_columns(Relation rel, const char *option, const char *spelt, AttrNumber *attnos)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	List	   *names;
	int			n = 0;

	if (!SplitIdentifierString(pstrdup(spelt), ',', &names) || list_length(names) > PGE_MAX_SEGMENTS)
		elog(ERROR, "invalid value of option \"epiphany.%s\": \"%s\"", option, spelt);
	foreach_ptr(char, name, names)
	{
		attnos[n] = pge_column_named(tupdesc->attrs, tupdesc->natts, name);
		if (attnos[n++] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("option \"epiphany.%s\" of table \"%s\" names column \"%s\", which does not exist",
							option, RelationGetRelationName(rel), name),
					 errhint("Use ALTER TABLE ... SET (epiphany.%s = ...) to name another.", option)));
	}
	list_free(names);
	return n;
}

bool
pge_time_key(Relation rel, PgeTimeKey *key)
{
	const PgeTableOptions *options = pge_table_options(rel);
	TupleDesc	tupdesc = RelationGetDescr(rel);
	AttrNumber	columns[PGE_MAX_SEGMENTS];
	bool		is_integer,
				integer_width;

	memset(key, 0, sizeof(*key));
	if (options->time_column != NULL)
	{
		(void) named_columns(rel, "time_column", options->time_column, columns);
		key->attno = columns[0];
	}
	else if (pge_is_time_table(rel))
		key->attno = pge_time_column_find(tupdesc->attrs, tupdesc->natts);
	if (key->attno == InvalidAttrNumber)
		return false;
	key->type = TupleDescAttr(tupdesc, key->attno - 1)->atttypid;
	key->width = pge_chunk_interval_width(options->chunk_interval, &integer_width);
	if (!pge_time_type(key->type, &is_integer) || is_integer != integer_width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of table \"%s\" do not fit the type of its time column \"%s\"", RelationGetRelationName(rel),
						NameStr(TupleDescAttr(tupdesc, key->attno - 1)->attname)),
				 errhint("Use ALTER TABLE ... SET (epiphany.time_column = ..., epiphany.chunk_interval = ...).")));
	if (options->segment_by != NULL)
		key->nsegments = named_columns(rel, "segment_by", options->segment_by, key->segments);
	return true;
}

int64
pge_time_number(const PgeTimeKey *key, Datum value)
{
	switch (key->type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case DATEOID:
			if (DATE_IS_NOBEGIN(DatumGetDateADT(value)))
				return DT_NOBEGIN;
			if (DATE_IS_NOEND(DatumGetDateADT(value)))
				return DT_NOEND;
			return (int64) DatumGetDateADT(value) * USECS_PER_DAY;
	}
	return DatumGetInt64(value);
}

static bool
is_integer_key(const PgeTimeKey *key)
{
	return key->type == INT2OID || key->type == INT4OID || key->type == INT8OID;
}

static int64
saturated(int128 number)
{
	return number < PG_INT64_MIN ? PG_INT64_MIN : number > PG_INT64_MAX ? PG_INT64_MAX : (int64) number;
}

int64
pge_time_bucket_of(const PgeTimeKey *key, int64 time)
{
	int64		shift = 0,
				bucket;
	int128		since;

	if (!is_integer_key(key))
	{
		if (time == DT_NOBEGIN)
			return PGE_BUCKET_BEFORE;
		if (time == DT_NOEND)
			return PGE_BUCKET_AFTER;
		shift = EPOCH_USECS;
	}
	/* The latest times count more microseconds from 1970 than 64 bits do. */
	since = (int128) time + shift;
	bucket = saturated(since / key->width - (since % key->width < 0));
	/* With a width of 1 a bucket might have one of the numbers that are taken: it shares its neighbour's. */
	return Max(PGE_BUCKET_BEFORE + 1, Min(PGE_BUCKET_AFTER - 1, bucket));
}

int64
pge_time_bucket_of_slot(const PgeTimeKey *key, TupleTableSlot *slot)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, key->attno, &is_null);

	return is_null ? PGE_BUCKET_NULL : pge_time_bucket_of(key, pge_time_number(key, value));
}

/* From start up to, not including, end; as far as there are such numbers. */
void
pge_time_bucket_range(const PgeTimeKey *key, int64 bucket, int64 *start, int64 *end)
{
	int64		shift = is_integer_key(key) ? 0 : EPOCH_USECS;

	if (bucket == PGE_BUCKET_BEFORE || bucket == PGE_BUCKET_AFTER)
	{
		*start = *end = bucket == PGE_BUCKET_BEFORE ? PG_INT64_MIN : PG_INT64_MAX;
		return;
	}
	*start = saturated((int128) bucket * key->width - shift);
	*end = saturated(((int128) bucket + 1) * key->width - shift);
}

/* The buckets all of whose times lie in start <= time < end: from *first up to, not including, *last. */
void
pge_time_buckets_within(const PgeTimeKey *key, int64 start, int64 end, int64 *first, int64 *last)
{
	int64		begin,
				ignored;

	*first = pge_time_bucket_of(key, start);
	pge_time_bucket_range(key, *first, &begin, &ignored);
	if (begin < start)
		(*first)++;
	*last = pge_time_bucket_of(key, end);
}

/* A time as its column's type writes it; a date's bucket may end in the middle of a day, so it is written as a timestamp. */
char *
pge_time_text(const PgeTimeKey *key, int64 time)
{
	if (is_integer_key(key))
		return psprintf(INT64_FORMAT, time);
	if (time != DT_NOBEGIN && time != DT_NOEND)
		time = IS_VALID_TIMESTAMP(time) ? time : time < 0 ? DT_NOBEGIN : DT_NOEND;
	if (key->type == TIMESTAMPTZOID)
		return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(time)));
	return DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum(time)));
}

/* Which columns name the series, as descriptors of groups note it. */
uint32
pge_series_hash(const PgeTimeKey *key)
{
	return hash_bytes((const unsigned char *) key->segments, key->nsegments * sizeof(AttrNumber));
}

/* The one bucket that all rows of a group are in; false: they are in several, or nobody knows. */
bool
pge_time_bucket_of_group(const PgeTimeKey *key, const PgeGroupDesc *desc, int64 *bucket)
{
	if (desc->time_attno != key->attno)
		return false;
	if (desc->time_nulls > 0)
	{
		*bucket = PGE_BUCKET_NULL;
		return desc->time_nulls == desc->rows;
	}
	*bucket = pge_time_bucket_of(key, desc->time_min);
	return pge_time_bucket_of(key, desc->time_max) == *bucket;
}

/* Are its rows in the order of series and time that the table has now? */
bool
pge_time_group_sorted(const PgeTimeKey *key, const PgeGroupDesc *desc)
{
	return desc->time_attno == key->attno && (desc->time_flags & PGE_TIME_SORTED) && desc->series_hash == pge_series_hash(key);
}
