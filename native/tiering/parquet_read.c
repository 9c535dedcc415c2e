/*
 * Parquet files: epiphany.read_parquet(), rows of files, and epiphany.parquet_schema(), their columns.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "tiering.h"

PG_FUNCTION_INFO_V1(pge_read_parquet);
PG_FUNCTION_INFO_V1(pge_parquet_schema);

/* A name without wildcards is not looked up: opening it will tell. */
List *
pge_parquet_files(const char *url, const char *server, PgeStore **store, bool *known)
{
	const char *key;
	List	   *files;

	*store = pge_store_for_url(url, server, PGE_STORE_READ, &key);
	*known = strpbrk(key, "*?[") != NULL;
	if (!*known)
	{
		PgeStoreEntry *entry = palloc0(sizeof(PgeStoreEntry));

		entry->key = key;
		return list_make1(entry);
	}
	files = pge_store_glob(*store, key);
	if (files == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("no file matches \"%s\"", url)));
	return files;
}

/* The files that arguments 0 and 1 name; no URL, no files. */
static List *
files_of(FunctionCallInfo fcinfo, PgeStore **store, bool *known)
{
	if (PG_ARGISNULL(0))
		return NIL;
	return pge_parquet_files(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_ARGISNULL(1) ? NULL : NameStr(*PG_GETARG_NAME(1)), store, known);
}

Datum
pge_read_parquet(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PgeStore   *store;
	bool		known;
	List	   *files = files_of(fcinfo, &store, &known);
	TupleTableSlot *slot;

	if (result == NULL || !IsA(result, ReturnSetInfo) || result->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("epiphany.read_parquet() needs to be told its columns"),
				 errhint("Use it as FROM epiphany.read_parquet(url) AS f (name type, ...).")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsVirtual);
	foreach_ptr(PgeStoreEntry, file, files)
	{
		PgeParquetInfo info;
		PgeParquetScan *scan = pge_parquet_open(store, file->key, known ? file : NULL, &info);

		pge_parquet_bind(scan, result->setDesc, NULL, 0);
		while (pge_parquet_next(scan, slot))
			tuplestore_putvalues(result->setResult, result->setDesc, slot->tts_values, slot->tts_isnull);
		ExecClearTuple(slot);
		pge_parquet_close(scan);
	}
	ExecDropSingleTupleTableSlot(slot);
	return (Datum) 0;
}

/* The SQL type that our writer noted, else the one that the values have; NULL: none. */
char *
pge_parquet_sql_type(const PgeParquetColumn *column)
{
	PgeNatural	natural;
	char	   *name;

	if (column->SqlTypeLength > 0)
		return pg_any_to_server((char *) column->SqlType, strlen((char *) column->SqlType), PG_UTF8);
	if (!pge_parquet_natural(column, &natural))
		return NULL;
	name = format_type_extended(natural.type, natural.typmod, FORMAT_TYPE_TYPEMOD_GIVEN);
	return column->Flags & PgeParquetFlags_List ? psprintf("%s[]", name) : name;
}

Datum
pge_parquet_schema(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PgeStore   *store;
	bool		known;
	List	   *files = files_of(fcinfo, &store, &known);

	InitMaterializedSRF(fcinfo, 0);
	foreach_ptr(PgeStoreEntry, file, files)
	{
		PgeParquetInfo info;
		PgeParquetScan *scan = pge_parquet_open(store, file->key, known ? file : NULL, &info);

		for (i32 i = 0; i < info.Count; i++)
		{
			const PgeParquetColumn *column = &info.Columns[i];
			char	   *name = pg_any_to_server((char *) column->Name, strlen((char *) column->Name), PG_UTF8);
			char	   *type = pge_parquet_sql_type(column);
			Datum		values[5];
			bool		nulls[5] = {false};

			values[0] = CStringGetTextDatum(pge_store_name(store, file->key));
			values[1] = CStringGetTextDatum(name);
			nulls[2] = type == NULL;
			values[2] = type ? CStringGetTextDatum(type) : (Datum) 0;
			values[3] = CStringGetTextDatum(pge_parquet_describe(column));
			values[4] = Int64GetDatum(info.Rows);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
		pge_parquet_close(scan);
	}
	return (Datum) 0;
}
