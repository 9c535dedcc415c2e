/*
 * Tiering: whose objects are, and which of them are wanted. Keys begin with the server's system identifier and the database's OID, so that
 * a base backup that became a server, or a database made from a template, reads what it has copies of stubs for, and never takes it for
 * its own. An object is wanted as long as a stub names it; what becomes of a stub (DROP, TRUNCATE, retention, compaction) need not be told
 * to anybody. epiphany.tiering_gc() (sql/) does the rest.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "cold.h"

PG_FUNCTION_INFO_V1(pge_tiering_references);
PG_FUNCTION_INFO_V1(pge_tiering_objects);
PG_FUNCTION_INFO_V1(pge_tiering_remove);

/* Of the keys that this database's objects get. */
const char *
pge_cold_own_prefix(void)
{
	return psprintf("%016llx/%u/", (unsigned long long) GetSystemIdentifier(), MyDatabaseId);
}

/*
 * The store that was named, by the right of who calls, and what stands before the keys of this database's objects in it: a server's, or
 * the server's whose URL it is, or the machine's files.
 */
PgeStore *
pge_cold_named_store(const char *name, const char **prefix)
{
	PgeStore   *store;

	if (strstr(name, "://") == NULL)
	{
		*prefix = pge_cold_own_prefix();
		return pge_store_of(GetForeignServerByName(name, false)->serverid, GetUserId());
	}
	store = pge_store_for_folder(name, prefix);
	*prefix = psprintf("%s%s", *prefix, pge_cold_own_prefix());
	return store;
}

/* Is what a retired descriptor had still in its place? VACUUM may have been stopped in giving it back. */
static bool
is_in_place(Relation rel, const PgeGroupDesc *desc)
{
	Buffer		buffer;
	bool		found;

	if (desc->blocks == 0 || !pge_block_exists(rel, desc->first_block))
		return false;
	buffer = ReadBuffer(rel, desc->first_block);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	found = pge_page_is_ours(BufferGetPage(buffer)) && PgePageGetHeader(BufferGetPage(buffer))->kind == PGE_KIND_GROUP &&
		PgePageGetHeader(BufferGetPage(buffer))->group_id == pge_pages_of(desc);
	UnlockReleaseBuffer(buffer);
	return found;
}

/* Names of objects that a table's stubs have, also of those that nobody but who reads already will ask. */
static void
put_references(ReturnSetInfo *result, Relation rel)
{
	PgeGroupDesc *descs;
	uint32		ndescs = pge_directory_load(rel, &descs);

	for (uint32 i = 0; i < ndescs; i++)
	{
		PgeGroupDesc desc = descs[i];
		PgeColdGroup *cold;
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		if (!(desc.flags & PGE_GROUP_COLD) ||
			!(desc.state == PGE_GROUP_COMPLETE || (desc.state == PGE_GROUP_RETIRED && is_in_place(rel, &desc))))
			continue;
		desc.group_id = pge_pages_of(&desc);
		cold = pge_cold_open(rel, &desc);
		nulls[0] = cold->server == NULL;
		if (cold->server != NULL)
			values[0] = CStringGetTextDatum(cold->server);
		values[1] = CStringGetTextDatum(cold->url);
		values[2] = CStringGetTextDatum(cold->key);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (descs != NULL)
		pfree(descs);
}

/* All tables of the database that can have row groups; their OIDs. */
List *
pge_cold_tables(void)
{
	Relation	classes = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, NULL, 0, NULL);
	List	   *relids = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if ((form->relkind == RELKIND_RELATION || form->relkind == RELKIND_MATVIEW) && form->relpersistence != RELPERSISTENCE_TEMP)
			relids = lappend_oid(relids, form->oid);
	}
	systable_endscan(scan);
	table_close(classes, AccessShareLock);
	return relids;
}

/*
 * Objects that stubs of this database name: server, URL of the store (of files without a server) and key. Who moves groups holds the lock
 * that is taken here, so an object that was in the store before this began is named or nobody's.
 */
Datum
pge_tiering_references(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *relids;
	ListCell   *cell;

	PreventCommandDuringRecovery("epiphany.tiering_references()");
	InitMaterializedSRF(fcinfo, 0);
	relids = pge_cold_tables();
	foreach(cell, relids)
	{
		Relation	rel = try_table_open(lfirst_oid(cell), AccessShareLock);
		bool		is_ours = rel != NULL && pge_is_column_table(rel);

		if (rel != NULL)
			table_close(rel, AccessShareLock);
		if (!is_ours)
			continue;
		rel = try_table_open(lfirst_oid(cell), ShareUpdateExclusiveLock);
		if (rel == NULL)
			continue;
		if (pge_is_column_table(rel))
			put_references(result, rel);
		table_close(rel, ShareUpdateExclusiveLock);
	}
	return (Datum) 0;
}

/* This database's objects in a store: key, bytes, when it was written. */
Datum
pge_tiering_objects(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *prefix;
	PgeStore   *store;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	store = pge_cold_named_store(text_to_cstring(PG_GETARG_TEXT_PP(0)), &prefix);
	foreach(cell, pge_store_list(store, prefix))
	{
		PgeStoreEntry *entry = lfirst(cell);
		Datum		values[5] = {
			store->name ? CStringGetTextDatum(store->name) : (Datum) 0,
			CStringGetTextDatum(store->name ? "" : store->url),
			CStringGetTextDatum(entry->key),
			Int64GetDatum((int64) entry->length),
			TimestampTzGetDatum(entry->modified)
		};
		bool		nulls[5] = {store->name == NULL};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Removes one of this database's objects. */
Datum
pge_tiering_remove(PG_FUNCTION_ARGS)
{
	const char *prefix;
	PgeStore   *store;
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PreventCommandIfReadOnly("epiphany.tiering_remove()");
	PreventCommandDuringRecovery("epiphany.tiering_remove()");
	store = pge_cold_named_store(text_to_cstring(PG_GETARG_TEXT_PP(0)), &prefix);
	if (strncmp(key, prefix, strlen(prefix)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("object \"%s\" is not one of this database's", key),
				 errdetail("Those begin with \"%s\".", prefix)));
	pge_store_remove(store, key);
	PG_RETURN_VOID();
}
