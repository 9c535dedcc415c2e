/*
 * Continuous aggregates: how changes of tables that aggregates read come to capture.c.
 *
 * A column table tells of them in its write path. For that it carries a trigger on TRUNCATE: a look at the relation finds it, and dumps
 * have it. Row triggers would make it give each row a TID at once and queue an event for it. All other tables have row triggers, too. They
 * fire whatever session_replication_role is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "source.h"
#include "tableam/column.h"

PG_FUNCTION_INFO_V1(pge_capture_row_trigger);
PG_FUNCTION_INFO_V1(pge_capture_truncate_trigger);

#define ROW_TRIGGER			"epiphany_capture"
#define TRUNCATE_TRIGGER	"epiphany_capture_truncate"

Oid			pge_capture_paused = InvalidOid;

static TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is for triggers only")));
	return (TriggerData *) fcinfo->context;
}

Datum
pge_capture_row_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo);
	Oid			relid = RelationGetRelid(data->tg_relation);

	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event) || !TRIGGER_FIRED_AFTER(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is for AFTER ROW triggers only")));
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event) && relid == pge_capture_paused)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		pge_capture_row(relid, NULL, data->tg_trigslot);
	else
		pge_capture_row(relid, data->tg_trigslot, TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newslot : NULL);
	return PointerGetDatum(NULL);
}

Datum
pge_capture_truncate_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo);

	pge_capture_table(RelationGetRelid(data->tg_relation));
	return PointerGetDatum(NULL);
}

/* ---- column tables ---- */

void
pge_capture_rows(Relation rel, TupleTableSlot **slots, int nslots)
{
	pge_capture_slots(RelationGetRelid(rel), slots, nslots);
}

/* Only times are read where nobody wants more of the row. */
void
pge_capture_tid(Relation rel, ItemPointer tid, TupleTableSlot *replacement)
{
	Oid			relid = RelationGetRelid(rel);
	const PgeSource *source = pge_source(relid);
	int			ncolumns = source->ncolumns;
	TupleTableSlot *slot;

	if (ncolumns == 0 && source->njoins == 0)
		return;
	if (source->njoins == 0 && pge_tid_is_column(tid))
	{
		for (int i = 0; i < ncolumns; i++)
		{
			Datum		time;
			bool		isnull;

			if (pge_column_value(rel, tid, pge_source(relid)->columns[i].attno, &time, &isnull) && !isnull)
				pge_capture_time(relid, i, time);
		}
		if (replacement)
			pge_capture_slots(relid, &replacement, 1);
		return;
	}
	slot = table_slot_create(rel, NULL);
	pge_capture_row(relid, table_tuple_fetch_row_version(rel, tid, SnapshotAny, slot) ? slot : NULL, replacement);
	ExecDropSingleTupleTableSlot(slot);
}

/* ---- triggers ---- */

static Oid
find_trigger(Relation base, const char *name)
{
	for (int i = 0; base->trigdesc && i < base->trigdesc->numtriggers; i++)
	{
		if (strcmp(base->trigdesc->triggers[i].tgname, name) == 0)
			return base->trigdesc->triggers[i].tgoid;
	}
	return InvalidOid;
}

/* As the table's owner: whoever makes an aggregate needs the right to make triggers, but only owners may let them fire always. */
static void
make_trigger(Oid relid, const char *name, const char *events, const char *function)
{
	char	   *table = pge_qualified_name(relid);
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(pge_owner_of(relid), security | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	if (SPI_execute(psprintf("CREATE TRIGGER %s AFTER %s EXECUTE FUNCTION epiphany.%s()", name, psprintf(events, table), function),
					false, 0) < 0 ||
		SPI_execute(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, name), false, 0) < 0)
		elog(ERROR, "could not make trigger \"%s\"", name);
	SPI_finish();
	SetUserIdAndSecContext(user, security);
}

/* Makes the triggers that the table needs and lacks. False: it had them all. */
static bool
make_triggers(Oid relid)
{
	Relation	base = table_open(relid, ShareRowExclusiveLock);
	bool		row = !pge_is_column_table(base) && !OidIsValid(find_trigger(base, ROW_TRIGGER));
	bool		truncate = !OidIsValid(find_trigger(base, TRUNCATE_TRIGGER));

	table_close(base, NoLock);
	if (row)
		make_trigger(relid, ROW_TRIGGER, "INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW", "capture_row");
	if (truncate)
		make_trigger(relid, TRUNCATE_TRIGGER, "TRUNCATE ON %s FOR EACH STATEMENT", "capture_truncate");
	return row || truncate;
}

static void
drop_trigger(Oid relid, const char *name)
{
	Relation	base = table_open(relid, AccessExclusiveLock);
	Oid			trigger = find_trigger(base, name);
	ObjectAddress address;

	table_close(base, NoLock);
	if (!OidIsValid(trigger))
		return;
	ObjectAddressSet(address, TriggerRelationId, trigger);
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}

/* An aggregate comes to be that reads this table: locks out writers to the end of the transaction, and lets them know. */
void
pge_capture_install(Oid relid)
{
	LockRelationOid(relid, ShareRowExclusiveLock);
	if (pg_class_aclcheck(relid, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", get_rel_name(relid)),
				 errdetail("A continuous aggregate puts triggers on the table that it reads."),
				 errhint("Let the table's owner GRANT TRIGGER ON it.")));
	make_triggers(relid);
	CacheInvalidateRelcacheByRelid(relid);
	CommandCounterIncrement();
}

/* Tables that have a trigger of ours. */
static List *
tables_with_triggers(void)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *tables = NIL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(tuple);

		if (strcmp(NameStr(trigger->tgname), ROW_TRIGGER) == 0 || strcmp(NameStr(trigger->tgname), TRUNCATE_TRIGGER) == 0)
			tables = list_append_unique_oid(tables, trigger->tgrelid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return tables;
}

static bool
is_needed(Oid table)
{
	foreach_ptr(PgeContinuous, aggregate, pge_continuous_list(InvalidOid))
	{
		Query	   *query = pge_definition_query(aggregate->definition);

		if (query && list_member_oid(pge_continuous_tables(aggregate->source, query), table))
			return true;
	}
	return false;
}

/* Aggregates are gone, and with them what told of their tables: triggers that no other needs go, too. */
void
pge_capture_clean(void)
{
	foreach_oid(table, tables_with_triggers())
	{
		if (!is_needed(table))
		{
			/* Whoever makes an aggregate has the table locked until others see it. */
			LockRelationOid(table, AccessExclusiveLock);
			if (!is_needed(table))
			{
				drop_trigger(table, ROW_TRIGGER);
				drop_trigger(table, TRUNCATE_TRIGGER);
				continue;
			}
		}
		CacheInvalidateRelcacheByRelid(table);
	}
}

/*
 * The table's access method may have changed, by ALTER TABLE or from dump to restore. True: changes may have been missed. Row triggers
 * that a column table does not need go.
 */
bool
pge_capture_repair(Oid relid)
{
	Relation	base = table_open(relid, AccessShareLock);
	bool		column = pge_is_column_table(base);
	bool		row = OidIsValid(find_trigger(base, ROW_TRIGGER));
	bool		truncate = OidIsValid(find_trigger(base, TRUNCATE_TRIGGER));

	table_close(base, AccessShareLock);
	if (column && row && truncate)
		drop_trigger(relid, ROW_TRIGGER);
	return (!column && !row) || !truncate ? make_triggers(relid) : false;
}
