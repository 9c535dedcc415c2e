/*
 * Column store: SQL functions that show how a table is stored. Read only; need SELECT on the table, since zone maps are data.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "cold_group.h"
#include "column.h"
#include "column_filter.h"

PG_FUNCTION_INFO_V1(pge_row_groups);
PG_FUNCTION_INFO_V1(pge_column_chunks);
PG_FUNCTION_INFO_V1(pge_table_stats);
PG_FUNCTION_INFO_V1(pge_scan_counts_of_session);

/* Open a column table for a user who needs this right to it. */
Relation
pge_open_column_table(Oid relid, AclMode right, LOCKMODE mode)
{
	AclResult	acl = pg_class_aclcheck(relid, GetUserId(), right);
	Relation	rel;

	/* Before locking: nobody locks a table that they have no right to. */
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	rel = table_open(relid, mode);
	pge_check_column_table(rel);
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary tables of other sessions")));
	pge_writer_flush(rel);
	return rel;
}

/* The same of a table that may be gone, may be none, or may be none of the user's: NULL. */
Relation
pge_try_open_column_table(Oid relid, AclMode right, LOCKMODE mode)
{
	Relation	rel;

	if (pg_class_aclcheck_ext(relid, GetUserId(), right, &(bool) {false}) != ACLCHECK_OK)
		return NULL;
	rel = try_table_open(relid, mode);
	if (rel == NULL || (pge_is_column_table(rel) && !RELATION_IS_OTHER_TEMP(rel)))
		return rel;
	table_close(rel, mode);
	return NULL;
}

static const char *
state_name(const PgeGroupDesc *desc)
{
	if (desc->state == PGE_GROUP_RESERVED && TransactionIdIsValid(desc->xmin) && !(desc->flags & PGE_XMIN_ABORTED))
		return "reserved";
	if (desc->state == PGE_GROUP_RETIRED)
		return "removed";
	switch (pge_group_fate(desc))
	{
		case PGE_FATE_LIVE:
			if (!pge_group_is_current(desc))
				return desc->flags & PGE_GROUP_DROPPED ? "dropped" : "replaced";
			return desc->flags & PGE_XMIN_FROZEN ? "frozen" : "committed";
		case PGE_FATE_MINE:
		case PGE_FATE_IN_PROGRESS:
			return "in progress";
		case PGE_FATE_DEAD:
			break;
	}
	return "aborted";
}

Datum
pge_row_groups(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	PgeGroupDesc *descs;
	uint32		ndescs;

	InitMaterializedSRF(fcinfo, 0);
	ndescs = pge_directory_load(rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		const PgeGroupDesc *desc = &descs[i];
		Datum		values[10] = {
			Int64GetDatum(desc->group_id),
			CStringGetTextDatum(state_name(desc)),
			Int64GetDatum(desc->rows),
			Int64GetDatum(desc->dead_rows),
			Int32GetDatum(desc->natts),
			Int64GetDatum(desc->length),
			Int64GetDatum(desc->first_block),
			Int64GetDatum(desc->blocks),
			TransactionIdGetDatum(desc->xmin),
			CStringGetTextDatum(pge_tier_names[pge_group_tier(desc)])
		};
		bool		nulls[10] = {false};

		if (desc->state == PGE_GROUP_FREE)
			continue;
		nulls[6] = nulls[9] = desc->state != PGE_GROUP_COMPLETE;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

static const char *
codec_name(i32 codec)
{
	switch (codec)
	{
		case PgeCodec_Lz4:
			return "lz4";
		case PgeCodec_Zstd:
			return "zstd";
	}
	return "none";
}

/* A bound of a zone map as text, for numbers; the others keep byte order, which is not their own. */
static bool
bound_text(Form_pg_attribute att, const PgeChunkInfo *info, const u8 *bytes, i32 length, Datum *text)
{
	Datum		value;
	Oid			output;
	bool		varlena;

	if (bytes == NULL || length != 8 || att->attisdropped || !(att->attbyval || info->Kind == PgeColumnKind_Numeric))
		return false;
	if (info->Kind == PgeColumnKind_Numeric)
	{
		int64		number;

		/* The column may by now have another type of the same bytes. */
		memcpy(&number, bytes, 8);
		value = NumericGetDatum(int64_div_fast_to_numeric(number, info->Scale));
		*text = CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(numeric_out, value)));
		return true;
	}
	if (info->Kind == PgeColumnKind_Float32 || info->Kind == PgeColumnKind_Float64)
	{
		double		number;

		memcpy(&number, bytes, 8);
		value = info->Kind == PgeColumnKind_Float32 ? Float4GetDatum((float4) number) : Float8GetDatum(number);
	}
	else
	{
		int64		number;

		memcpy(&number, bytes, 8);
		value = Int64GetDatum(number);
	}
	getTypeOutputInfo(att->atttypid, &output, &varlena);
	*text = CStringGetTextDatum(OidOutputFunctionCall(output, value));
	return true;
}

static void
put_chunk(ReturnSetInfo *result, Relation rel, PgeReader *reader, int column, bool show_bounds)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), column);
	PgeChunkInfo info;
	Datum		values[11];
	bool		nulls[11] = {false};

	pge_reader_chunk_info(reader, RelationGetDescr(rel), column, &info);
	values[0] = Int64GetDatum(pge_reader_desc(reader)->group_id);
	values[1] = NameGetDatum(&att->attname);
	values[2] = CStringGetTextDatum((char *) info.Encoding);
	values[3] = CStringGetTextDatum(codec_name(info.Codec));
	values[4] = Int64GetDatum(info.Nulls);
	values[5] = Int64GetDatum(info.StoredBytes);
	values[6] = Int64GetDatum(info.EncodedBytes);
	values[7] = Int64GetDatum(info.RawBytes);
	nulls[8] = info.StoredBytes == 0;
	values[8] = Float8GetDatum(nulls[8] ? 0 : (double) info.RawBytes / (double) info.StoredBytes);
	nulls[9] = !show_bounds || !bound_text(att, &info, info.Min, info.MinLength, &values[9]);
	nulls[10] = !show_bounds || !bound_text(att, &info, info.Max, info.MaxLength, &values[10]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Chunks of groups that this transaction's snapshot sees. Bounds are hidden where row security hides rows. */
Datum
pge_column_chunks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	bool		show_bounds = check_enable_rls(RelationGetRelid(rel), InvalidOid, true) != RLS_ENABLED;
	PgeGroupDesc *descs;
	uint32		ndescs;

	InitMaterializedSRF(fcinfo, 0);
	ndescs = pge_directory_load(rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeReader  *reader;

		CHECK_FOR_INTERRUPTS();
		if (!pge_group_visible(rel, &descs[i], GetActiveSnapshot()))
			continue;
		reader = pge_reader_open(rel, &descs[i]);
		for (int column = 0; column < descs[i].natts; column++)
			if (!TupleDescAttr(RelationGetDescr(rel), column)->attisdropped)
				put_chunk(result, rel, reader, column, show_bounds);
		pge_reader_release(reader);
	}
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

/* Rows of a block of the delta that the snapshot sees; each is shown to "see", if given, under the block's lock. */
int64
pge_delta_block_rows(Relation rel, BlockNumber block, Snapshot snapshot, BufferAccessStrategy strategy, PgeSeeRow see, void *arg)
{
	Buffer		buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
	Page		page = BufferGetPage(buffer);
	int64		rows = 0;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!PageIsNew(page))
		for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
		{
			ItemId		item = PageGetItemId(page, offset);
			HeapTupleData tuple = {.t_tableOid = RelationGetRelid(rel)};

			if (!ItemIdIsNormal(item))
				continue;
			tuple.t_data = (HeapTupleHeader) PageGetItem(page, item);
			tuple.t_len = ItemIdGetLength(item);
			ItemPointerSet(&tuple.t_self, block, offset);
			if (!HeapTupleSatisfiesVisibility(&tuple, snapshot, buffer))
				continue;
			rows++;
			if (see != NULL)
				see(&tuple, arg);
		}
	UnlockReleaseBuffer(buffer);
	return rows;
}

Datum
pge_table_stats(PG_FUNCTION_ARGS)
{
	Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	TupleDesc	tupdesc;
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);
	int64		groups = 0,
				rows = 0,
				dead_rows = 0,
				blocks = 0,
				delta_rows = 0,
				delta_blocks = 0;
	BlockNumber total = RelationGetNumberOfBlocks(rel);
	PgeBlockRange *ranges;
	int			nranges;
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	Datum		values[7];
	bool		nulls[7] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (uint32 i = 0; i < ndescs; i++)
		if (pge_group_is_current(&descs[i]))
		{
			groups++;
			rows += descs[i].rows;
			dead_rows += descs[i].dead_rows;
			blocks += descs[i].blocks;
		}
	nranges = pge_delta_ranges(rel, descs, ndescs, total, &ranges);
	for (int i = 0; i < nranges; i++)
	{
		delta_blocks += ranges[i].end - ranges[i].start;
		for (BlockNumber block = ranges[i].start; block < ranges[i].end; block++)
		{
			CHECK_FOR_INTERRUPTS();
			delta_rows += pge_delta_block_rows(rel, block, GetActiveSnapshot(), strategy, NULL, NULL);
		}
	}
	FreeAccessStrategy(strategy);
	values[0] = Int64GetDatum(groups);
	values[1] = Int64GetDatum(rows);
	values[2] = Int64GetDatum(dead_rows);
	values[3] = Int64GetDatum(blocks * BLCKSZ);
	values[4] = Int64GetDatum(delta_rows);
	values[5] = Int64GetDatum(delta_blocks * BLCKSZ);
	values[6] = Int64GetDatum((int64) total * BLCKSZ);
	table_close(rel, AccessShareLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}

Datum
pge_scan_counts_of_session(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(pge_scan_counts.groups_read);
	values[1] = Int64GetDatum(pge_scan_counts.groups_skipped);
	values[2] = Int64GetDatum(pge_scan_counts.vectors_read);
	values[3] = Int64GetDatum(pge_scan_counts.vectors_skipped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
