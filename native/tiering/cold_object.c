/*
 * Tiering: a row group becomes an object. All its rows are written, deleted ones too, so that they keep their numbers; a column that was
 * dropped is left out. The object is read back through the store, each value compared with what the table has, before anybody relies on it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_control.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cold.h"
#include "shim/host.h"

/* What ZSTD is told where it is there. */
#define ZSTD_LEVEL	3

/* Key of what the file says about itself, beside the types of its columns. */
#define NOTE_KEY	"epiphany.row_group"

typedef struct Export
{
	Relation	rel;
	const PgeGroupDesc *desc;
	PgeReader  *reader;
	PgeColdValues *values;		/* of each column of the group */
	PgeStubColumn *columns;
	pg_crc32c  *crcs;
	int		   *numbers;		/* of the object's columns: which of the group's */
	int			ncolumns;		/* of the object */
	TupleTableSlot *slot;		/* as handed to the writer */
	PgeOutColumn *out;
	PgeParquetColumn *parquet;
	PgeNewFile *file;
	const char *etag;			/* of the finished object */
	u64			handle;
	uint64		offset;
	char	   *footer;
	uint32		footer_length;
} Export;

/* ---- which form a column has ---- */

static TupleDesc
out_desc(const Export *export, const int *numbers, int n)
{
	TupleDesc	desc = CreateTemplateTupleDesc(n);

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(export->rel), numbers[i]);
		int32		typmod = att->atttypmod;
		Oid			type;

		(void) getBaseTypeAndTypmod(att->atttypid, &typmod);
		type = pge_cold_out_type(&export->values[numbers[i]], &typmod);
		TupleDescInitEntry(desc, i + 1, NameStr(att->attname), type, typmod, 0);
	}
	return desc;
}

/* Do the batch's values come back as they are? They are datums of as many rows. */
static bool
batch_survives(const PgeColdValues *values, PgeOutColumn *out, const Datum *datums, const bool *nulls, int rows)
{
	PgeParquetVector *vector = pge_parquet_out_vectors(out);
	int			element = 0;

	for (int row = 0; row < rows; row++)
	{
		bool		isnull;
		Datum		back = pge_cold_value(values, vector, row, &element, &isnull);

		if (isnull != nulls[row] || (!isnull && !pge_cold_same(values, back, datums[row])))
			return false;
	}
	return true;
}

/* Does each value of a column come back as it is, in the form that the column has? */
static bool
column_survives(const Export *export, int column)
{
	TupleDesc	tupdesc = RelationGetDescr(export->rel);
	PgeColdValues *values = &export->values[column];
	TupleDesc	desc = out_desc(export, &column, 1);
	int32		typmod = TupleDescAttr(desc, 0)->atttypmod;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	PgeParquetColumn parquet = {0};
	PgeOutColumn *out = pge_parquet_out(desc, &parquet);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold values", ALLOCSET_DEFAULT_SIZES);
	Datum	   *datums = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	Datum		batch[PGE_PARQUET_BATCH];
	bool		batch_nulls[PGE_PARQUET_BATCH];
	bool		survives = values->form != PGE_COLD_FLOATS || (parquet.Flags & PgeParquetFlags_List) != 0;

	if (survives)
		pge_cold_values_bind(values, &parquet);
	for (uint32 first = 0; survives && first < export->desc->rows;)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);
		int			rows = 0;
		bool		full = false;

		CHECK_FOR_INTERRUPTS();
		for (; survives && first < export->desc->rows && !full; first++, rows++)
		{
			/* Values live until the reader goes on to the next vector, of which a batch has no part. */
			if (rows > 0 && first % PGE_VECTOR_ROWS == 0)
				break;
			pge_reader_vector_values(export->reader, tupdesc, first, column, column + 1, datums, nulls);
			batch[rows] = slot->tts_values[0] = datums[column];
			batch_nulls[rows] = slot->tts_isnull[0] = nulls[column];
			survives = nulls[column] || pge_cold_fits(values, typmod, datums[column]);
			if (survives)
				full = pge_parquet_out_row(out, slot);
		}
		survives = survives && batch_survives(values, out, batch, batch_nulls, rows);
		pge_parquet_out_reset(out);
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(cxt);
	return survives;
}

static void
choose_forms(Export *export)
{
	TupleDesc	tupdesc = RelationGetDescr(export->rel);
	int			level = pge_parquet_text_modes();
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold forms", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < export->desc->natts; i++)
	{
		PgeColdValues *values = &export->values[i];
		PgeStubColumn *column = &export->columns[i];
		MemoryContext old;

		pge_cold_values_of(values, TupleDescAttr(tupdesc, i));
		old = MemoryContextSwitchTo(cxt);
		if (!pge_cold_is_sure(values) && !column_survives(export, i))
			values->form = values->byval ? PGE_COLD_LANE : PGE_COLD_BYTES;
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
		column->form = values->form;
		column->type = values->type;
		column->typlen = values->typlen;
		column->byval = values->byval;
		column->object_column = -1;
		if (values->form == PGE_COLD_ABSENT)
			continue;
		column->object_column = (int16) export->ncolumns;
		export->numbers[export->ncolumns++] = i;
	}
	MemoryContextDelete(cxt);
	AtEOXact_GUC(true, level);
	if (export->ncolumns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("row group %u of table \"%s\" has no columns that could be moved",
						export->desc->group_id, RelationGetRelationName(export->rel))));
}

/* ---- the object ---- */

static void
add_row(Export *export, const Datum *datums, const bool *nulls)
{
	for (int i = 0; i < export->desc->natts; i++)
		if (export->values[i].form != PGE_COLD_ABSENT)
			pge_cold_count(&export->values[i], &export->crcs[i], datums[i], nulls[i]);
	for (int i = 0; i < export->ncolumns; i++)
	{
		int			number = export->numbers[i];

		export->slot->tts_isnull[i] = nulls[number];
		export->slot->tts_values[i] = nulls[number] ? (Datum) 0 : pge_cold_out_value(&export->values[number], datums[number]);
	}
	/* All rows are one row group. */
	if (pge_parquet_out_row(export->out, export->slot))
		(void) pge_parquet_out_flush(export->out, export->handle);
}

static void
add_rows(Export *export)
{
	TupleDesc	tupdesc = RelationGetDescr(export->rel);
	Datum	   *datums = palloc_array(Datum, tupdesc->natts);
	bool	   *nulls = palloc_array(bool, tupdesc->natts);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold rows", ALLOCSET_DEFAULT_SIZES);

	for (uint32 row = 0; row < export->desc->rows; row++)
	{
		MemoryContext old;

		if (row % PGE_VECTOR_ROWS == 0)
			(void) pge_reader_plan_vector(export->reader, tupdesc, row / PGE_VECTOR_ROWS);
		(void) pge_reader_spare_values(export->reader, tupdesc, row, datums, nulls);
		old = MemoryContextSwitchTo(cxt);
		add_row(export, datums, nulls);
		MemoryContextSwitchTo(old);
		if (row % PGE_PARQUET_BATCH == 0)
			MemoryContextReset(cxt);
	}
	(void) pge_parquet_out_flush(export->out, export->handle);
	MemoryContextDelete(cxt);
}

/* The row group comes out column by column, and its indexes last. */
static void
write_columns(Export *export)
{
	for (int i = 0;; i++)
	{
		u8		   *bytes;
		u64			length;
		uint32		skipped = 0;

		PGE_CALL(ParquetFlush, export->handle, &bytes, &length);
		if (length == 0)
			break;
		if (i < export->ncolumns)
		{
			PgeStubColumn *column = &export->columns[export->numbers[i]];
			pg_crc32c	crc;

			/* Before the first stand the bytes that all such files begin with. */
			skipped = export->offset == 0 ? 4 : 0;
			column->object_offset = export->offset + skipped;
			column->object_length = length - skipped;
			INIT_CRC32C(crc);
			COMP_CRC32C(crc, bytes + skipped, length - skipped);
			FIN_CRC32C(crc);
			column->object_crc = crc;
		}
		pge_store_write(export->file, (char *) bytes, length);
		export->offset += length;
	}
}

/* What the file is, for who finds it without its table. */
static void
add_note(Export *export)
{
	TupleDesc	tupdesc = RelationGetDescr(export->rel);
	StringInfoData note;
	char	   *utf8;

	initStringInfo(&note);
	appendStringInfo(&note, "{\"version\": 1, \"table\": ");
	escape_json(&note, quote_qualified_identifier(get_namespace_name(RelationGetNamespace(export->rel)),
												  RelationGetRelationName(export->rel)));
	appendStringInfo(&note, ", \"relation\": %u, \"group\": %u, \"rows\": %u, \"columns\": [",
					 RelationGetRelid(export->rel), export->desc->group_id, export->desc->rows);
	for (int i = 0; i < export->ncolumns; i++)
	{
		static const char *const forms[] = {"absent", "natural", "lane", "text", "list", "floats", "bytes"};
		const PgeStubColumn *column = &export->columns[export->numbers[i]];
		Form_pg_attribute att = TupleDescAttr(tupdesc, export->numbers[i]);

		appendStringInfo(&note, "%s{\"attnum\": %d, \"type\": ", i > 0 ? ", " : "", att->attnum);
		escape_json(&note, format_type_extended(att->atttypid, att->atttypmod, FORMAT_TYPE_TYPEMOD_GIVEN));
		appendStringInfo(&note, ", \"form\": \"%s\", \"kind\": %d, \"crc\": %u}", forms[column->form], column->kind, column->values_crc);
	}
	appendStringInfoString(&note, "]}");
	utf8 = pg_server_to_any(note.data, note.len, PG_UTF8);
	PGE_CALL(ParquetNote, export->handle, (u8 *) NOTE_KEY, strlen(NOTE_KEY), (u8 *) utf8, strlen(utf8));
}

static void
write_object(Export *export)
{
	PgeWriterOptions options = {.Codec = PgeCodec_None,.Level = 1,.MaxRows = (i32) export->desc->rows,.MaxBytes = PG_UINT64_MAX};
	TupleDesc	desc = out_desc(export, export->numbers, export->ncolumns);
	u8		   *bytes;
	u64			length;

	if (pge_codec_available(PgeCodec_Zstd))
		options = (PgeWriterOptions) {.Codec = PgeCodec_Zstd,.Level = ZSTD_LEVEL,.MaxRows = options.MaxRows,.MaxBytes = options.MaxBytes};
	else if (pge_codec_available(PgeCodec_Lz4))
		options.Codec = PgeCodec_Lz4;
	export->parquet = palloc0_array(PgeParquetColumn, export->ncolumns);
	export->out = pge_parquet_out(desc, export->parquet);
	export->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	for (int i = 0; i < export->desc->natts; i++)
		INIT_CRC32C(export->crcs[i]);
	PGE_CALL(ParquetCreate, CurrentMemoryContext, export->parquet, export->ncolumns, &options, &export->handle);
	pge_own_handle(CurrentMemoryContext, export->handle);
	add_rows(export);
	for (int i = 0; i < export->desc->natts; i++)
	{
		FIN_CRC32C(export->crcs[i]);
		export->columns[i].values_crc = export->crcs[i];
	}
	write_columns(export);
	add_note(export);
	PGE_CALL(ParquetFinish, export->handle, &bytes, &length);
	pge_store_write(export->file, (char *) bytes, length);
	export->offset += length;
	export->footer = memcpy(palloc(length), bytes, length);
	export->footer_length = (uint32) length;
	ExecDropSingleTupleTableSlot(export->slot);
}

static void
make_object(void *arg)
{
	Export	   *export = arg;

	write_object(export);
	export->etag = pge_store_finish(export->file);
}

/* ---- the stub ---- */

static void
read_bytes(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, uint64 offset, uint32 length, char *dest)
{
	if (desc->flags & PGE_GROUP_COLD)
		pge_cold_read(rel, desc, cold, offset, length, dest);
	else
		pge_group_read(rel, desc, offset, length, dest, NULL);
}

/* The group's own footer and indexes, which are where the descriptor says, and the object's footer. */
static char *
make_stub(Relation rel, const PgeGroupDesc *desc, PgeColdGroup *cold, PgeStubColumn *columns, const char *footer)
{
	PgeStubPart *parts = palloc0_array(PgeStubPart, desc->natts + 2);
	char	   *bytes;

	for (int i = 0; i < desc->natts; i++)
	{
		PgeStubColumn *column = &columns[i];

		bytes = palloc(column->index_length);
		read_bytes(rel, desc, cold, column->chunk_offset, column->index_length, bytes);
		parts[i] = (PgeStubPart) {bytes, column->index_length, &column->index_at};
	}
	bytes = palloc(desc->footer_length);
	read_bytes(rel, desc, cold, desc->footer_offset, desc->footer_length, bytes);
	parts[desc->natts] = (PgeStubPart) {bytes, desc->footer_length, &cold->head.footer_at};
	parts[desc->natts + 1] = (PgeStubPart) {footer, cold->head.object_footer_length, &cold->head.object_footer_at};
	return pge_cold_stub(cold, columns, parts, desc->natts + 2);
}

/*
 * Writes a group's rows to an object, whose key and store cold has already, and reads it back. The rest of cold follows; the stub is
 * returned. An object that is not finished leaves nothing behind; one that is, and then found wrong, is nobody's. With a key for that
 * it goes to the store's archive once it has been read back.
 */
char *
pge_cold_write(Relation rel, const PgeGroupDesc *desc, PgeColdGroup *cold, PgeStore *store, const char *archive_key, uint32 *stub_length)
{
	Export	   *export = palloc0_object(Export);
	PgeColumnDesc *kinds = pge_column_descs(RelationGetDescr(rel));
	char	   *stub;
	pg_crc32c	crc;

	export->rel = rel;
	export->desc = desc;
	export->reader = pge_reader_open(rel, desc);
	export->values = palloc0_array(PgeColdValues, desc->natts);
	export->columns = palloc0_array(PgeStubColumn, desc->natts);
	export->crcs = palloc_array(pg_crc32c, desc->natts);
	export->numbers = palloc_array(int, desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		PgeChunkInfo info = {0};

		pge_reader_chunk_info(export->reader, RelationGetDescr(rel), i, &info);
		export->columns[i].kind = (uint8) kinds[i].Kind;
		export->columns[i].encoding = (uint8) info.EncodingKind;
		export->columns[i].chunk_offset = info.Offset;
		export->columns[i].index_length = (uint32) info.IndexBytes;
	}
	choose_forms(export);
	/* Its memory of vectors goes: large values are read one by one now. */
	pge_reader_release(export->reader);
	export->reader = pge_reader_open(rel, desc);

	export->file = pge_store_create(store, cold->key);
	pge_store_guard(export->file, make_object, export);
	cold->etag = export->etag;
	pge_reader_release(export->reader);

	cold->columns = export->columns;
	cold->head.columns = desc->natts;
	cold->head.rows = desc->rows;
	cold->head.object_length = export->offset;
	cold->head.object_footer_length = export->footer_length;
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, export->footer, export->footer_length);
	FIN_CRC32C(crc);
	cold->head.object_footer_crc = crc;
	for (int i = 0; i < desc->natts; i++)
		if (export->columns[i].form != PGE_COLD_ABSENT)
			pge_cold_verify(rel, desc, cold, export->footer, i);
	if (archive_key != NULL)
	{
		const char *key = cold->key;

		cold->etag = pge_store_archive(store, key, archive_key, cold->head.object_length);
		cold->key = archive_key;
		/* Nobody has been told of it. */
		pge_store_remove(store, key);
	}
	stub = make_stub(rel, desc, cold, export->columns, export->footer);
	*stub_length = cold->head.length;
	return stub;
}

/* Has the store copy a cold group's object into its archive, and gives a stub that names the copy. The object stays, for who reads it. */
char *
pge_cold_archive(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, PgeStore *store, const char *key, uint32 *stub_length)
{
	PgeStubColumn *columns = palloc_array(PgeStubColumn, desc->natts);
	char	   *footer = pge_cold_object_footer(rel, desc, cold);
	PgeColdGroup copy = *cold;
	char	   *stub;

	memcpy(columns, cold->columns, desc->natts * sizeof(PgeStubColumn));
	copy.etag = pge_store_archive(store, cold->key, key, cold->head.object_length);
	copy.key = key;
	stub = make_stub(rel, desc, &copy, columns, footer);
	*stub_length = copy.head.length;
	return stub;
}
