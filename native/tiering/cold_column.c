/*
 * Tiering: a column of a cold group, as a group of one column in our own format. Its chunk comes from the object in one request, is
 * compared with the checksum that the stub has of it, decoded, encoded as any group is, and kept for all sessions (cold_cache.c). The
 * values have a checksum of their own, so nothing comes out that did not go in, whatever the object, the store or a later release make
 * of it.
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "foreign/foreign.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cold.h"
#include "shim/host.h"
#include "tableam/group_access.h"

/* Half of what a session that reads columns of objects keeps for the next one. */
#define KEPT_BYTES	((size_t) 12 * 1024 * 1024)

/* Taken from malloc's heap once such a block was freed, and twice as much is kept. */
#define HEAP_BYTES	((size_t) 11 * 1024 * 1024)

/* Above so many bytes images that are in files are not held in a session's memory besides. */
#define MOST_HELD	((uint64) 16 * 1024 * 1024)

static uint64 held_bytes = 0;

/* Of an object the bytes that a column needs. */
typedef struct ObjectPart
{
	PgeGroupSource source;		/* first */
	PgeStore   *store;
	const char *chunk;
	uint64		chunk_offset;
	uint64		chunk_length;
	const char *footer;
	uint64		footer_offset;
	uint64		footer_length;
} ObjectPart;

/* What is fetched, for messages. */
typedef struct Fetch
{
	Relation	rel;
	const PgeGroupDesc *desc;
	const PgeColdGroup *cold;
	int			column;
} Fetch;

static void
fetch_context(void *arg)
{
	Fetch	   *fetch = arg;

	errcontext("reading column %d of row group %u of column table \"%s\" from object \"%s\" of store \"%s\"",
			   fetch->column + 1, fetch->desc->group_id, RelationGetRelationName(fetch->rel), fetch->cold->key,
			   fetch->cold->server ? fetch->cold->server : fetch->cold->url);
}

/* The store of a group's object, on the behalf of the table's owner. */
PgeStore *
pge_cold_store(Relation rel, const PgeColdGroup *cold)
{
	if (cold->server == NULL)
		return pge_file_store(InvalidOid, NULL, cold->url);
	return pge_store_of(GetForeignServerByName(cold->server, false)->serverid, rel->rd_rel->relowner);
}

/* Of the chunk; NULL: it is not there. */
static const char *
chunk_at(PgeGroupSource *source, uint64 offset, uint64 length)
{
	ObjectPart *part = (ObjectPart *) source;

	pge_store_advance(part->store);
	if (offset < part->chunk_offset || length > part->chunk_length - Min(offset - part->chunk_offset, part->chunk_length))
		return NULL;
	return part->chunk + (offset - part->chunk_offset);
}

static void
read_part(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	ObjectPart *part = (ObjectPart *) source;
	const char *bytes = chunk_at(source, offset, length);

	if (bytes != NULL)
		memcpy(dest, bytes, length);
	else if (offset >= part->footer_offset && length <= part->footer_length - Min(offset - part->footer_offset, part->footer_length))
		memcpy(dest, part->footer + (offset - part->footer_offset), length);
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the object's footer says that the column is where it is not")));
}

/* Gets the column's chunk from the store. */
static char *
read_chunk(Fetch *fetch, PgeStore *store, const PgeStubColumn *column)
{
	PgeStoreEntry known = {.key = fetch->cold->key,.length = fetch->cold->head.object_length,.etag = fetch->cold->etag};
	PgeStoredFile *file = pge_store_open(store, fetch->cold->key, &known);
	char	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, column->object_length + PGE_READ_SLACK);
	pg_crc32c	crc;

	file->source.read(&file->source, column->object_offset, column->object_length, bytes);
	pge_store_close(file);
	pge_cold_stats_fetched(column->object_length);
	pge_access_fetched(RelationGetRelid(fetch->rel), fetch->desc, column->object_length);
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, column->object_length);
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, column->object_crc))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("object \"%s\" was changed: the checksum of a column does not match its bytes",
						pge_store_name(store, fetch->cold->key))));
	return bytes;
}

/* Rows on their way from the object to a group. */
typedef struct Transfer
{
	PgeColdValues values;
	u64			parquet;
	u64			writer;			/* 0: values are only to be checked */
	uint32		rows;
	pg_crc32c	crc;
	MemoryContext batch_cxt;
	Datum	   *datums;			/* PGE_PARQUET_BATCH of each */
	bool	   *nulls;
} Transfer;

static void
transfer_batch(Transfer *t, const PgeParquetVector *vector, i32 rows)
{
	MemoryContext old = MemoryContextSwitchTo(t->batch_cxt);
	PgeWriterState state;
	int			element = 0;

	for (i32 row = 0; row < rows; row++)
	{
		t->datums[row] = pge_cold_value(&t->values, vector, row, &element, &t->nulls[row]);
		pge_cold_count(&t->values, &t->crc, t->datums[row], t->nulls[row]);
	}
	MemoryContextSwitchTo(old);
	if (t->writer != 0)
		PGE_CALL(WriterAppend, t->writer, (u64 *) t->datums, (u8 *) t->nulls, rows, &state);
	MemoryContextReset(t->batch_cxt);
	t->rows += rows;
}

/* What needs functions of ours, or has lists. */
static void
transfer_datums(Transfer *t, i32 number)
{
	PGE_CALL(ParquetBegin, t->parquet, &number, 1, NULL, 0);
	t->batch_cxt = AllocSetContextCreate(CurrentMemoryContext, "cold values", ALLOCSET_DEFAULT_SIZES);
	t->datums = palloc_array(Datum, PGE_PARQUET_BATCH);
	t->nulls = palloc_array(bool, PGE_PARQUET_BATCH);
	INIT_CRC32C(t->crc);
	for (;;)
	{
		PgeParquetVector *vector;
		i32			rows;

		CHECK_FOR_INTERRUPTS();
		PGE_CALL(ParquetNext, t->parquet, &vector, &rows);
		if (rows == 0)
			break;
		transfer_batch(t, vector, rows);
	}
	FIN_CRC32C(t->crc);
}

static void
transfer(Fetch *fetch, Transfer *t, const char *footer)
{
	const PgeColdGroup *cold = fetch->cold;
	const PgeStubColumn *column = &cold->columns[fetch->column];
	ObjectPart	part = {.source.read = read_part,.source.at = chunk_at};
	PgeParquetInfo info = {0};
	i32			number = column->object_column;
	int			level = pge_parquet_text_modes();
	PgeTransferShape shape;
	u32			crc;

	part.footer = footer;
	part.footer_length = cold->head.object_footer_length;
	part.footer_offset = cold->head.object_length - part.footer_length;
	part.store = pge_cold_store(fetch->rel, cold);
	part.chunk = read_chunk(fetch, part.store, column);
	part.chunk_offset = column->object_offset;
	part.chunk_length = column->object_length;
	PGE_CALL(ParquetOpen, CurrentMemoryContext, pge_group_token(&part.source), cold->head.object_length, &info, &t->parquet);
	pge_own_handle(CurrentMemoryContext, t->parquet);
	if (info.Rows != fetch->desc->rows || number < 0 || number >= info.Count)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the object has %lld rows and %d columns, and not column %d of %u rows",
						(long long) info.Rows, info.Count, number + 1, fetch->desc->rows)));
	pge_cold_values_of_stub(&t->values, column);
	pge_cold_values_bind(&t->values, &info.Columns[number]);
	if (pge_cold_values_shape(&t->values, column, &shape))
	{
		i64			rows;

		PGE_CALL(ParquetTransfer, t->parquet, number, &shape, t->writer, &rows, &crc);
		t->rows = (uint32) rows;
		t->crc = crc;
	}
	else
		transfer_datums(t, number);
	AtEOXact_GUC(true, level);
	if (t->rows != fetch->desc->rows || !EQ_CRC32C(t->crc, column->values_crc))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the object's values are not those that the table had"),
				 errdetail("Their checksum is another one.")));
}

/*
 * Images are made with the same options whatever those of the table are, so that one that was thrown away can be made again: in the
 * encoding that the chunk had in the table, and without codec, as who waits for a column waits for this, too. Once it is made nothing else
 * is kept.
 */
static u64
make_writer(Relation rel, const PgeGroupDesc *desc, const PgeStubColumn *column)
{
	PgeWriterOptions options = {.Codec = PgeCodec_None,.Known = column->encoding};
	PgeColumnDesc shape = {.Kind = column->kind,.TypeOid = column->type,.TypeMod = -1};
	u64			writer;

	shape.FixedLength = shape.Kind == PgeColumnKind_FixedBytes ? column->typlen : 0;
	options.MaxRows = (i32) desc->rows;
	options.Codes = pge_has_vector_codes(rel);
	options.MaxBytes = 0;
	PGE_CALL(WriterCreate, CurrentMemoryContext, &shape, 1, &options, &writer);
	pge_own_handle(CurrentMemoryContext, writer);
	return writer;
}

/* Values of an archive are not to be asked for. */
static void
check_readable(const Fetch *fetch)
{
	if ((fetch->desc->flags & PGE_GROUP_ARCHIVED) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("row group %u of table \"%s\" is frozen", fetch->desc->group_id, RelationGetRelationName(fetch->rel)),
			 errdetail("Its values are in object \"%s\" of store \"%s\", which is an archive.",
					   fetch->cold->key, fetch->cold->server ? fetch->cold->server : fetch->cold->url),
			 errhint("Make it readable with epiphany.restore_group(%s, %u), or leave it out by a condition.",
					 quote_literal_cstr(RelationGetRelationName(fetch->rel)), fetch->desc->group_id)));
}

/*
 * Columns on their way take some MB, which malloc would give back to the system after each, to fault them in again for the next: a fifth of
 * the time. Once a block of this size was freed, glibc keeps twice as much, and takes what is smaller from the heap: its next so many bytes
 * come in large pages where the system has some for who asks.
 */
static void
keep_freed_memory(void)
{
	static bool done = false;
	char	   *volatile blocks[2];

	if (done)
		return;
	done = true;
	blocks[0] = malloc(KEPT_BYTES);
	free(blocks[0]);
	for (int i = 0; i < lengthof(blocks); i++)
	{
		blocks[i] = malloc(HEAP_BYTES);
		if (blocks[i] != NULL)
		{
			char	   *page = (char *) TYPEALIGN(sysconf(_SC_PAGESIZE), blocks[i]);

			(void) madvise(page, HEAP_BYTES - (page - blocks[i]), MADV_HUGEPAGE);
		}
	}
	for (int i = 0; i < lengthof(blocks); i++)
		free(blocks[i]);
}

/* What becomes of a column that is not in the cache: image has it in a file, or in memory. */
static void
fetch_image(Fetch *fetch, PgeColdImage *image)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(keep, "cold column", ALLOCSET_DEFAULT_SIZES);
	ErrorContextCallback context = {error_context_stack, fetch_context, fetch};
	MemoryContext image_cxt = AllocSetContextCreate(cxt, "cold column's image", ALLOCSET_SMALL_SIZES);
	Transfer	t = {0};
	bool		is_stored;

	error_context_stack = &context;
	MemoryContextSwitchTo(image_cxt);
	t.writer = make_writer(fetch->rel, fetch->desc, &fetch->cold->columns[fetch->column]);
	MemoryContextSwitchTo(cxt);
	transfer(fetch, &t, pge_cold_object_footer(fetch->rel, fetch->desc, fetch->cold));
	PGE_CALL(WriterFinish, t.writer, &image->group);
	image->length = image->group.Length;
	image->footer_offset = image->group.FooterOffset;
	image->footer_length = image->group.FooterLength;
	MemoryContextSwitchTo(keep);
	is_stored = pge_cold_cache_store(image);
	/* Who has made it reads it where it lies, if that is not too much. */
	if (!is_stored || image->length <= MOST_HELD - Min(held_bytes, MOST_HELD) || !pge_cold_cache_open(image))
	{
		MemoryContextSetParent(image_cxt, keep);
		image->is_held = true;
		held_bytes += image->length;
	}
	MemoryContextDelete(cxt);
	error_context_stack = context.previous;
}

/* An image that a reader holds, and what it is made of. */
typedef struct HeldImage
{
	PgeColdImage image;			/* first */
	Oid			relid;
	PgeGroupDesc desc;
	const PgeColdGroup *cold;
	int			column;
	MemoryContext cxt;
} HeldImage;

/* Bytes of an image; where its file was thrown away it is made again, as it was. */
static void
read_image(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	HeldImage  *held = (HeldImage *) source;
	PgeColdImage *image = &held->image;

	if (offset > image->length || length > image->length - offset)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("an image of a column refers to bytes beyond its end")));
	while (!image->is_held && !pge_cold_cache_read(image, offset, length, dest))
	{
		Relation	rel = RelationIdGetRelation(held->relid);
		Fetch		fetch = {.rel = rel,.desc = &held->desc,.cold = held->cold,.column = held->column};
		MemoryContext old = MemoryContextSwitchTo(held->cxt);

		if (!RelationIsValid(rel))
			elog(ERROR, "table %u was dropped while its rows were in use", held->relid);
		pge_cold_cache_close(image);
		fetch_image(&fetch, image);
		MemoryContextSwitchTo(old);
		RelationClose(rel);
	}
	if (image->is_held)
		pge_image_copy(&image->group, offset, length, dest);
}

/* Bytes of one segment; others are to be copied. */
static const char *
image_at(PgeGroupSource *source, uint64 offset, uint64 length)
{
	const PgeColdImage *image = &((HeldImage *) source)->image;
	const PgeGroupImage *group = &image->group;

	if (!image->is_held || offset > group->Length || length > group->Length - offset ||
		length > group->SegmentBytes - offset % group->SegmentBytes)
		return NULL;
	return (const char *) (uintptr_t) group->Segments[offset / group->SegmentBytes] + offset % group->SegmentBytes;
}

static void
close_image(void *arg)
{
	PgeColdImage *image = arg;

	if (image->is_held)
		held_bytes -= image->length;
	pge_cold_cache_close(image);
}

void
pge_cold_column(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, int column, PgeGroupRef *ref)
{
	HeldImage  *held = palloc0_object(HeldImage);
	MemoryContextCallback *callback = palloc_object(MemoryContextCallback);
	PgeColdImage *image = &held->image;
	Fetch		fetch = {.rel = rel,.desc = desc,.cold = cold,.column = column};

	image->source.read = read_image;
	image->source.at = image_at;
	image->file = -1;
	held->relid = RelationGetRelid(rel);
	held->desc = *desc;
	held->cold = cold;
	held->column = column;
	held->cxt = CurrentMemoryContext;
	callback->func = close_image;
	callback->arg = image;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	if (cold->columns[column].form == PGE_COLD_ABSENT)
		elog(ERROR, "column %d of row group %u was dropped when it was moved", column + 1, desc->group_id);
	check_readable(&fetch);
	keep_freed_memory();
	pge_cold_ahead_note(rel, desc, cold, column);
	pge_cold_cache_name(image, cold, column);
	if (pge_cold_cache_open(image))
	{
		pge_cold_stats_hit();
		pge_access_hit(held->relid, desc);
	}
	else
		fetch_image(&fetch, image);
	ref->Token = pge_group_token(&image->source);
	ref->Length = image->length;
	ref->FooterOffset = image->footer_offset;
	ref->FooterLength = image->footer_length;
	ref->Rows = (i32) desc->rows;
	ref->Columns = 1;
}

/* Reads a column as above, of an object that is not a group's yet, and only looks whether its values are right. */
void
pge_cold_verify(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, const char *footer, int column)
{
	Fetch		fetch = {.rel = rel,.desc = desc,.cold = cold,.column = column};
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold column", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	ErrorContextCallback context = {error_context_stack, fetch_context, &fetch};
	Transfer	t = {0};

	error_context_stack = &context;
	transfer(&fetch, &t, footer);
	error_context_stack = context.previous;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}
