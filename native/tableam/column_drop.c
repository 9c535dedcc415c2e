/*
 * Column store: rows of a range of time go by whole row groups. A group all of whose rows lie in the range is marked as deleted, as
 * compaction marks one that it has replaced, but without a successor: who waits for one of its rows finds it deleted. Nothing is read but
 * descriptors, and what VACUUM does later is what it does with replaced groups. Rows of other groups and of the delta are left to DELETE.
 *
 * To everybody else this is a DELETE of these rows. Where one of them would be missed (triggers, rules, row security, logical decoding,
 * a snapshot that must not see what came after it) nothing is done here.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "column.h"
#include "continuous/continuous.h"
#include "row_lock.h"
#include "time_key.h"

PG_FUNCTION_INFO_V1(pge_drop_groups);
PG_FUNCTION_INFO_V1(pge_delete_rest);

typedef struct Drop
{
	Relation	rel;
	PgeTimeKey	key;
	int64		from;			/* times from <= t < to */
	int64		to;
	int64		groups;			/* dropped */
	int64		rows;
} Drop;

/* Would somebody miss the rows' being deleted one by one? */
static bool
deletes_are_watched(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;	/* continuous aggregates have none for rows of column tables */

	if (triggers && (triggers->trig_delete_before_row || triggers->trig_delete_after_row || triggers->trig_delete_old_table))
		return true;
	return rel->rd_rules != NULL || RelationIsLogicallyLogged(rel) || IsolationUsesXactSnapshot() ||
		check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED;
}

/* Can the group go as a whole, by what its descriptor says? Groups of this transaction's own are DELETE's: it may not see them yet. */
static bool
is_inside(const Drop *drop, const PgeGroupDesc *desc)
{
	return desc->state == PGE_GROUP_COMPLETE && pge_group_fate(desc) == PGE_FATE_LIVE && pge_group_replaced(desc) == PGE_DELETE_NONE &&
		desc->time_attno == drop->key.attno && desc->time_nulls == 0 && desc->time_min >= drop->from && desc->time_max < drop->to;
}

/* Under the lock of all rows: nobody begins to change a row now. A group that somebody has begun to change is DELETE's, which waits. */
static void
drop_group(Drop *drop, uint32 group_id)
{
	PgeGroupDesc desc;
	SnapshotData dirty;
	uint64	   *gone;
	uint32		left;

	if (!pge_directory_get(drop->rel, group_id, &desc) || !is_inside(drop, &desc))
		return;
	InitDirtySnapshot(dirty);
	dirty.xmax = InvalidTransactionId;
	gone = pge_group_gone_rows(drop->rel, &desc, &dirty);
	if (TransactionIdIsValid(dirty.xmax))
		return;
	left = desc.rows;
	for (uint32 row = 0; gone != NULL && row < desc.rows; row++)
		left -= pge_bitmap_has(gone, row);
	if (gone != NULL)
		pfree(gone);
	if (left == 0)
		return;
	pge_directory_replace(drop->rel, group_id, GetCurrentTransactionId(), GetCurrentCommandId(true), true);
	for (uint32 row = 0; row < left; row++)
		pgstat_count_heap_delete(drop->rel);
	drop->groups++;
	drop->rows += left;
}

static void
drop_groups(Drop *drop)
{
	PgeGroupDesc *descs;
	uint32		ndescs;
	bool		any = false;

	pge_writer_flush(drop->rel);
	ndescs = pge_directory_load(drop->rel, &descs);
	for (uint32 i = 0; i < ndescs && !any; i++)
		any = is_inside(drop, &descs[i]);
	if (any)
	{
		/* Locks of rows are by TID and kept to the end of transactions: this waits for them, as DELETE would. */
		(void) pge_row_lock_all(drop->rel, LockTupleExclusive, true);
		for (uint32 i = 0; i < ndescs; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (is_inside(drop, &descs[i]))
				drop_group(drop, descs[i].group_id);
		}
	}
	if (descs != NULL)
		pfree(descs);
}

/*
 * drop_groups(relation, from, to): groups and rows that went. Times are the storage's numbers. The lock excludes what else marks groups:
 * VACUUM and compaction.
 */
Datum
pge_drop_groups(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Drop		drop = {.from = PG_GETARG_INT64(1),.to = PG_GETARG_INT64(2)};
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	pge_check_may_write("epiphany.drop_groups()");
	pge_check_owner(relid);
	drop.rel = table_open(relid, ShareUpdateExclusiveLock);
	if (pge_is_column_table(drop.rel) && !RELATION_IS_OTHER_TEMP(drop.rel) && pge_time_key(drop.rel, &drop.key) &&
		!deletes_are_watched(drop.rel))
		drop_groups(&drop);
	/* The lock stays: what we have done is not committed. */
	table_close(drop.rel, NoLock);

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(drop.groups);
	values[1] = Int64GetDatum(drop.rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * delete_rest(relation, condition): the rows that groups leave, by DELETE; continuous aggregates over the table are not told. Only its
 * owner decides that.
 */
Datum
pge_delete_rest(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *name;
	char	   *statement;
	int64		rows;

	pge_check_owner(relid);
	name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
	statement = psprintf("DELETE FROM ONLY %s WHERE %s", name, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	SPI_connect();
	pge_capture_paused = relid;
	PG_TRY();
	{
		if (SPI_execute(statement, false, 0) != SPI_OK_DELETE)
			elog(ERROR, "unexpected result of \"%s\"", statement);
	}
	PG_FINALLY();
	{
		pge_capture_paused = InvalidOid;
	}
	PG_END_TRY();
	rows = (int64) SPI_processed;
	SPI_finish();
	PG_RETURN_INT64(rows);
}
