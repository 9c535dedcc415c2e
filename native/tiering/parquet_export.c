/*
 * Parquet files: epiphany.export_parquet(), a query's rows into a file. The query runs into a receiver of ours, so that it may run in
 * parallel and nothing of its result is kept but a batch of rows and the row group in the making.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "tiering.h"

PG_FUNCTION_INFO_V1(pge_export_parquet);

/* What a row group takes in memory at most, whatever it holds. */
#define GROUP_BYTES		(UINT64CONST(128) << 20)
#define MAX_GROUP_ROWS	(16 * 1024 * 1024)
#define MAX_ZSTD_LEVEL	19

typedef struct Export
{
	DestReceiver receiver;		/* first */
	const char *query;
	PgeWriterOptions options;
	PgeNewFile *file;
	MemoryContext cxt;
	u64			handle;			/* 0 until the query's columns are known */
	PgeOutColumn *columns;
	int64		total;
} Export;

static void
flush_group(Export *export)
{
	for (;;)
	{
		u8		   *bytes;
		u64			length;

		PGE_CALL(ParquetFlush, export->handle, &bytes, &length);
		if (length == 0)
			return;
		pge_store_write(export->file, (char *) bytes, length);
	}
}

static void
receive_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	Export	   *export = (Export *) self;
	MemoryContext old = MemoryContextSwitchTo(export->cxt);
	PgeParquetColumn *columns;

	if (export->handle != 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("more than one query to export"),
				 errhint("A file has the rows of one query.")));
	if (desc->natts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_DEFINITION),
				 errmsg("query to export has no columns")));
	columns = palloc0(sizeof(PgeParquetColumn) * desc->natts);
	export->columns = pge_parquet_out(desc, columns);
	PGE_CALL(ParquetCreate, export->cxt, columns, desc->natts, &export->options, &export->handle);
	pge_own_handle(export->cxt, export->handle);
	MemoryContextSwitchTo(old);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Export	   *export = (Export *) self;

	slot_getallattrs(slot);
	export->total++;
	if (pge_parquet_out_row(export->columns, slot) && pge_parquet_out_flush(export->columns, export->handle))
		flush_group(export);
	return true;
}

static void
receive_shutdown(DestReceiver *self)
{
}

static void
read_options(Export *export, FunctionCallInfo fcinfo)
{
	char	   *codec = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			level = PG_GETARG_INT32(3);
	int			rows = PG_GETARG_INT32(4);

	if (pg_strcasecmp(codec, "zstd") == 0)
		export->options.Codec = PgeCodec_Zstd;
	else if (pg_strcasecmp(codec, "lz4") == 0)
		export->options.Codec = PgeCodec_Lz4;
	else if (pg_strcasecmp(codec, "none") == 0)
		export->options.Codec = PgeCodec_None;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized compression: \"%s\"", codec),
				 errhint("Compressions are zstd, lz4 and none.")));
	if (level < 1 || level > MAX_ZSTD_LEVEL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("compression level %d is out of range", level),
				 errhint("Levels are 1 to %d.", MAX_ZSTD_LEVEL)));
	if (rows < 1 || rows > MAX_GROUP_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a row group of %d rows is out of range", rows),
				 errhint("Row groups have 1 to %d rows.", MAX_GROUP_ROWS)));
	export->options.Level = level;
	export->options.MaxRows = rows;
	export->options.MaxBytes = GROUP_BYTES;
}

static void
run_query(Export *export)
{
	SPIExecuteOptions options = {0};
	int			result;

	options.dest = &export->receiver;
	options.must_return_tuples = true;
	SPI_connect();
	result = SPI_execute_extended(export->query, &options);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("query cannot be exported: %s", SPI_result_code_string(result))));
	SPI_finish();
	if (export->handle == 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("query to export returns no rows")));
}

static void
write_file(void *arg)
{
	Export	   *export = arg;
	u8		   *bytes;
	u64			length;

	run_query(export);
	(void) pge_parquet_out_flush(export->columns, export->handle);
	flush_group(export);
	PGE_CALL(ParquetFinish, export->handle, &bytes, &length);
	pge_store_write(export->file, (char *) bytes, length);
	pge_store_finish(export->file);
}

Datum
pge_export_parquet(PG_FUNCTION_ARGS)
{
	Export	   *export;
	PgeStore   *store;
	const char *key;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	for (int i = 0; i < 5; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	store = pge_store_for_url(text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_ARGISNULL(5) ? NULL : NameStr(*PG_GETARG_NAME(5)), PGE_STORE_WRITE,
							  &key);
	export = palloc0(sizeof(Export));
	export->query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	read_options(export, fcinfo);
	export->receiver.receiveSlot = receive_row;
	export->receiver.rStartup = receive_startup;
	export->receiver.rShutdown = receive_shutdown;
	export->receiver.rDestroy = receive_shutdown;
	export->receiver.mydest = DestNone;
	export->cxt = AllocSetContextCreate(CurrentMemoryContext, "Parquet export", ALLOCSET_DEFAULT_SIZES);
	export->file = pge_store_create(store, key);
	pge_store_guard(export->file, write_file, export);
	values[0] = Int64GetDatum(export->total);
	values[1] = Int64GetDatum((int64) export->file->length);
	MemoryContextDelete(export->cxt);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
