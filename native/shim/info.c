/*
 * epiphany.version() and epiphany.build_info(): what runs here.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "host.h"

PG_FUNCTION_INFO_V1(pge_version);
PG_FUNCTION_INFO_V1(pge_build_info);

/* Answers without the managed library, so that it works where that can't be loaded. */
Datum
pge_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PGE_VERSION));
}

static void
put(ReturnSetInfo *result, const char *name, const char *value)
{
	Datum		values[2] = {CStringGetTextDatum(name), CStringGetTextDatum(value)};
	bool		nulls[2] = {false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static const char *
codecs(void)
{
	bool		lz4 = pge_codec_available(PgeCodec_Lz4);
	bool		zstd = pge_codec_available(PgeCodec_Zstd);

	return lz4 ? (zstd ? "lz4, zstd" : "lz4") : (zstd ? "zstd" : "none");
}

/* Rows (name, value); starts the managed library. */
Datum
pge_build_info(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PgeBuildInfo info;

	InitMaterializedSRF(fcinfo, 0);
	PGE_CALL(BuildInfo, &info);

	put(result, "version", PGE_VERSION);
	put(result, "built for", "PostgreSQL " PG_VERSION);
	put(result, "interface", psprintf("%08x", PGE_ABI_HASH));
	put(result, "managed library", (char *) info.Version);
	put(result, "managed variant", (char *) info.Variant);
	put(result, "managed runtime", (char *) info.Runtime);
	put(result, "instruction set", (char *) info.InstructionSet);
	put(result, "codecs", codecs());
	put(result, "managed heap bytes", psprintf(UINT64_FORMAT, (uint64) info.HeapBytes));
	return (Datum) 0;
}
