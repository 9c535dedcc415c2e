/*
 * Column store: one group in the making. C side of the managed RowGroupWriter; shared by whoever stores rows in groups (loads, rewrites,
 * compaction), which decide about rows, descriptors and transactions. Here is only: rows go to the managed side in batches, values whole.
 *
 * A builder is a memory context that owns its managed handle, so an error needs no clean-up.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "column.h"
#include "group_builder.h"
#include "group_reader.h"

/* Rows handed to the managed side in one call. */
#define BATCH_ROWS	64

/* Detoasted values, which may be huge, are handed over at so many bytes. */
#define MAX_IN_HAND	((Size) 256 * 1024)

/* Memory for a group: with less it is not worth its pages, more gains nothing. */
#define MIN_BYTES	((uint64) 1024 * 1024)
#define MAX_BYTES	((uint64) 256 * 1024 * 1024)

static void
begin_times(PgeBuilder *b)
{
	b->sorted = false;
	b->in_order = true;
	b->time_min = PG_INT64_MAX;
	b->time_max = PG_INT64_MIN;
	b->time_nulls = 0;
}

static void
note_time(PgeBuilder *b, Datum value, bool is_null)
{
	int64		time;

	if (is_null)
	{
		b->time_nulls++;
		return;
	}
	time = pge_time_number(&b->key, value);
	b->in_order &= time >= b->time_max;
	b->time_min = Min(b->time_min, time);
	b->time_max = Max(b->time_max, time);
}

static void
describe_times(const PgeBuilder *b, PgeGroupDesc *desc)
{
	bool		ordered = b->sorted || (b->key.nsegments == 0 && b->in_order && (b->time_nulls == 0 || b->time_nulls == desc->rows));

	desc->time_attno = b->key.attno;
	desc->time_min = b->time_min;
	desc->time_max = b->time_max;
	desc->time_nulls = b->time_nulls;
	desc->time_flags = ordered ? PGE_TIME_SORTED : 0;
	desc->series_hash = pge_series_hash(&b->key);
}

/* Begin groups of rel's columns by its options; max_rows 0: as many rows as they say. */
PgeBuilder *
pge_builder_begin(Relation rel, MemoryContext parent, uint32 max_rows, uint64 max_bytes)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "row group in the making", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeBuilder *b = palloc0_object(PgeBuilder);
	TupleDesc	tupdesc = RelationGetDescr(rel);
	PgeWriterOptions options = {0};

	pge_writer_options(rel, &options);
	if (max_rows > 0)
		options.MaxRows = max_rows;
	options.MaxBytes = max_bytes;
	b->cxt = cxt;
	b->row_cxt = AllocSetContextCreate(cxt, "rows in hand", ALLOCSET_DEFAULT_SIZES);
	b->tupdesc = tupdesc;
	b->max_rows = options.MaxRows;
	b->max_bytes = max_bytes;
	b->values = palloc_array(Datum, BATCH_ROWS * tupdesc->natts);
	b->nulls = palloc_array(bool, BATCH_ROWS * tupdesc->natts);
	b->varlenas = palloc_array(int, tupdesc->natts);
	b->dropped = palloc_array(int, tupdesc->natts);
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped)
			b->dropped[b->ndropped++] = i;
		else if (att->attlen == -1)
			b->varlenas[b->nvarlenas++] = i;
	}
	b->timed = pge_time_key(rel, &b->key);
	begin_times(b);
	PGE_CALL(WriterCreate, cxt, pge_column_descs(tupdesc), tupdesc->natts, &options, &b->handle);
	pge_own_handle(cxt, b->handle);
	MemoryContextSwitchTo(old);
	return b;
}

/* Hand the rows in hand over: values that were added may go now, and state is what it says. */
void
pge_builder_flush(PgeBuilder *b)
{
	u8		   *nulls = (u8 *) b->nulls;

	if (b->pending == 0)
		return;
	/* Mostly there is no null at all, which need not be found out column by column. */
	if (memchr(b->nulls, 1, b->pending * b->tupdesc->natts) == NULL)
		nulls = NULL;
	PGE_CALL(WriterAppend, b->handle, (u64 *) b->values, nulls, b->pending, &b->state);
	b->pending = 0;
	b->in_hand = 0;
	MemoryContextReset(b->row_cxt);
}

/* A whole, plain copy among the rows in hand. */
static pg_noinline Datum
detoasted(PgeBuilder *b, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(b->row_cxt);

	value = PointerGetDatum(detoast_attr((struct varlena *) DatumGetPointer(value)));
	MemoryContextSwitchTo(old);
	b->in_hand += VARSIZE_ANY(DatumGetPointer(value));
	return value;
}

/* Add a row; its place in the group is returned. The values must live until the next flush. */
uint32
pge_builder_add(PgeBuilder *b, const Datum *values, const bool *nulls)
{
	int			natts = b->tupdesc->natts;
	Datum	   *row = b->values + b->pending * natts;
	bool	   *row_nulls = b->nulls + b->pending * natts;
	uint32		place = pge_builder_rows(b);

	memcpy(row, values, natts * sizeof(Datum));
	memcpy(row_nulls, nulls, natts * sizeof(bool));
	for (int i = 0; i < b->ndropped; i++)
		row_nulls[b->dropped[i]] = true;
	for (int i = 0; i < b->nvarlenas; i++)
	{
		Datum	   *value = row + b->varlenas[i];

		if (!row_nulls[b->varlenas[i]] &&
			unlikely(VARATT_IS_EXTERNAL(DatumGetPointer(*value)) || VARATT_IS_COMPRESSED(DatumGetPointer(*value))))
			*value = detoasted(b, *value);
	}
	if (b->timed)
		note_time(b, row[b->key.attno - 1], row_nulls[b->key.attno - 1]);
	b->pending++;
	/* The group may become full only here: a place past its last row would be no TID. */
	if (b->pending == BATCH_ROWS || b->in_hand >= MAX_IN_HAND || place + 1 == b->max_rows)
		pge_builder_flush(b);
	return place;
}

/* Adds the rows of a stored group that keep says stay, all if it is NULL. To encode them, the builder has the reader's memory. */
void
pge_builder_copy(PgeBuilder *b, Relation rel, const PgeGroupDesc *from, PgeKeepRow keep, void *arg)
{
	Datum	   *values = palloc_array(Datum, b->tupdesc->natts);
	bool	   *nulls = palloc_array(bool, b->tupdesc->natts);
	PgeReader  *reader = pge_reader_open(rel, from);
	bool		brief;

	for (uint32 row = 0; row < from->rows; row++)
	{
		/* Values live until the reader goes on to another vector, large ones until the next row. */
		if (row % PGE_VECTOR_ROWS == 0)
		{
			CHECK_FOR_INTERRUPTS();
			pge_builder_flush(b);
			(void) pge_reader_plan_vector(reader, b->tupdesc, row / PGE_VECTOR_ROWS);
		}
		if (keep != NULL && !keep(row, arg))
			continue;
		brief = pge_reader_spare_values(reader, b->tupdesc, row, values, nulls);
		pge_builder_add(b, values, nulls);
		if (brief)
			pge_builder_flush(b);
	}
	pge_builder_flush(b);
	pge_reader_release(reader);
	pfree(values);
	pfree(nulls);
}

/* Its rows are as many as there may be, or take as much memory. */
void
pge_builder_mark_full(const PgeBuilder *b, PgeGroupDesc *desc)
{
	desc->flags |= PGE_GROUP_FULL;
	desc->full_mb = pge_builder_rows(b) < b->max_rows ? (uint16) Max(1, Min(b->max_bytes >> 20, PG_UINT16_MAX)) : 0;
}

/*
 * Is there little to be gained by giving the group's rows to a builder of so many rows and bytes? One that may hold twice as much is
 * worth it: so a row moves for that reason only as often as what a group may hold doubles.
 */
bool
pge_builder_is_full(const PgeGroupDesc *desc, uint32 max_rows, uint64 max_bytes)
{
	if ((desc->flags & PGE_GROUP_FULL) == 0)
		return false;
	return desc->full_mb > 0 ? max_bytes >> 20 < 2 * desc->full_mb : max_rows < 2 * desc->rows;
}

/* The bytes of the group of rows so far, the builder's until it takes more. */
void
pge_builder_image(PgeBuilder *b, PgeGroupImage *image)
{
	pge_builder_flush(b);
	PGE_CALL(WriterFinish, b->handle, image);
}

/*
 * Store the group under its reserved descriptor and publish that. The builder is ready for the next group, whose rows take the same
 * memory. rel is where the group goes: in a rewrite not the table that the builder was begun for.
 */
void
pge_builder_store(PgeBuilder *b, Relation rel, PgeGroupDesc *desc, const PgeOriginList *origins)
{
	PgeGroupImage image = {0};

	pge_builder_image(b, &image);
	desc->natts = b->tupdesc->natts;
	desc->rows = image.Rows;
	desc->footer_offset = image.FooterOffset;
	desc->footer_length = image.FooterLength;
	if (b->state.Full)
		pge_builder_mark_full(b, desc);
	if (b->timed)
		describe_times(b, desc);
	if (desc->stored_at == 0)
		desc->stored_at = GetCurrentTimestamp();
	pge_group_store(rel, desc, &image, origins);
	pge_directory_publish(rel, desc);
	memset(&b->state, 0, sizeof(b->state));
	begin_times(b);
}

void
pge_builder_end(PgeBuilder *b)
{
	MemoryContextDelete(b->cxt);
}

/*
 * A group takes so many bytes, values and encoded ones, that all of it stays within maintenance_work_mem: the rest is for tables that
 * help to choose encodings, for rows in hand, and for what the allocator adds.
 */
uint64
pge_builder_max_bytes(void)
{
	return Max(MIN_BYTES, Min(MAX_BYTES, (uint64) maintenance_work_mem * 1024 / 4 * 3));
}
