/*
 * Tiering: what there is, for views: groups with their tier, bytes and how they are read; what policies would move is for cold_move.c. Asks
 * no store.
 */
#include "postgres.h"

#include "access/table.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "cold.h"
#include "tableam/group_access.h"

PG_FUNCTION_INFO_V1(pge_cold_groups);
PG_FUNCTION_INFO_V1(pge_tiering_groups);
PG_FUNCTION_INFO_V1(pge_tiering_counters);

/* Where a table's cold groups are. */
Datum
pge_cold_groups(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);
	PgeGroupDesc *descs;
	uint32		ndescs;

	InitMaterializedSRF(fcinfo, 0);
	ndescs = pge_directory_load(rel, &descs);
	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeColdGroup *cold;
		Datum		values[4];
		bool		nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		if (descs[i].state != PGE_GROUP_COMPLETE || !(descs[i].flags & PGE_GROUP_COLD))
			continue;
		cold = pge_cold_open(rel, &descs[i]);
		values[0] = Int64GetDatum(i);
		values[1] = CStringGetTextDatum(cold->server ? cold->server : cold->url);
		values[2] = CStringGetTextDatum(cold->key);
		values[3] = Int64GetDatum((int64) cold->head.object_length);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

static void
put_groups(ReturnSetInfo *result, Relation rel)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);

	for (uint32 i = 0; i < ndescs; i++)
	{
		const PgeGroupDesc *desc = &descs[i];
		bool		cold = (desc->flags & PGE_GROUP_COLD) != 0;
		PgeGroupAccess access;
		Datum		values[12];
		bool		nulls[12] = {false};

		CHECK_FOR_INTERRUPTS();
		if (!pge_group_is_current(desc))
			continue;
		pge_access_get(RelationGetRelid(rel), desc, &access);
		values[0] = ObjectIdGetDatum(RelationGetRelid(rel));
		values[1] = CStringGetTextDatum(pge_tier_names[pge_group_tier(desc)]);
		values[2] = Int64GetDatum(i);
		values[3] = Int64GetDatum(desc->rows);
		values[4] = Int64GetDatum((int64) desc->blocks * BLCKSZ);
		values[5] = Int64GetDatum(cold ? (int64) pge_cold_open(rel, desc)->head.object_length : 0);
		values[6] = Int64GetDatum((int64) access.reads);
		values[7] = TimestampTzGetDatum(access.last_read);
		nulls[7] = access.last_read == 0;
		values[8] = TimestampTzGetDatum(access.since);
		values[9] = Int64GetDatum((int64) access.requests);
		values[10] = Int64GetDatum((int64) access.bytes_read);
		values[11] = Int64GetDatum((int64) access.cache_hits);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (descs != NULL)
		pfree(descs);
}

/* Row groups of a column table, or of all that the user may read: where they are, their rows and bytes, how they were read. */
Datum
pge_tiering_groups(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
	{
		Relation	rel = pge_open_column_table(PG_GETARG_OID(0), ACL_SELECT, AccessShareLock);

		put_groups(result, rel);
		table_close(rel, AccessShareLock);
		return (Datum) 0;
	}
	foreach_oid(relid, pge_cold_tables())
	{
		Relation	rel = pge_try_open_column_table(relid, ACL_SELECT, AccessShareLock);

		if (rel == NULL)
			continue;
		put_groups(result, rel);
		table_close(rel, AccessShareLock);
	}
	return (Datum) 0;
}

/* What all sessions have asked of cold groups. */
Datum
pge_tiering_counters(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	PgeColdStats stats;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	pge_cold_stats(&stats);
	values[0] = Int64GetDatum((int64) stats.requests);
	values[1] = Int64GetDatum((int64) stats.bytes_read);
	values[2] = Int64GetDatum((int64) stats.hits);
	values[3] = Int64GetDatum((int64) stats.cache_bytes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
