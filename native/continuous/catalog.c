/*
 * Continuous aggregates: rows of epiphany.continuous_catalog and epiphany.continuous_pending. Nobody has privileges on either; whoever
 * writes to a source writes to the log through here.
 *
 * Log rows are ordinary rows of the transaction that changed the source, so both are seen or neither. They are not logically decoded: a
 * subscriber's aggregates have a log of their own.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "continuous.h"
#include "planner/options.h"

/* Columns of epiphany.continuous_catalog, in their order in sql/epiphany_timeseries. */
enum
{
	CATALOG_USER_VIEW = 1,
	CATALOG_DEFINITION,
	CATALOG_MATERIALIZATION,
	CATALOG_SOURCE,
	CATALOG_MATERIALIZED_ONLY,
	CATALOG_REFRESHES,
	CATALOG_LAST_REFRESH,
	CATALOG_LAST_RANGES,
	CATALOG_LAST_BUCKETS,
	CATALOG_LAST_DELETED,
	CATALOG_LAST_INSERTED,
	CATALOG_TOTAL_BUCKETS,
	CATALOG_TOTAL_DELETED,
	CATALOG_TOTAL_INSERTED,
	CATALOG_COLUMNS = CATALOG_TOTAL_INSERTED,
};

/* Columns of epiphany.continuous_pending. */
enum
{
	LOG_DEFINITION = 1,
	LOG_FIRST,
	LOG_LAST,
	LOG_COLUMNS = LOG_LAST,
};

static Oid
our_relation(const char *name)
{
	Oid			schema = get_namespace_oid("epiphany", true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

static Relation
open_ours(const char *name, LOCKMODE lockmode)
{
	Oid			relation = our_relation(name);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"epiphany_timeseries\" is not installed in this database"),
				 errhint("CREATE EXTENSION epiphany_timeseries CASCADE.")));
	return table_open(relation, lockmode);
}

bool
pge_continuous_installed(void)
{
	return OidIsValid(our_relation("continuous_catalog"));
}

/* ---- relations in general ---- */

char *
pge_qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
}

Oid
pge_owner_of(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* ---- aggregates ---- */

static PgeContinuous *
read_row(HeapTuple tuple, TupleDesc desc)
{
	PgeContinuous *aggregate = palloc_object(PgeContinuous);
	Datum		values[CATALOG_COLUMNS];
	bool		nulls[CATALOG_COLUMNS];

	heap_deform_tuple(tuple, desc, values, nulls);
	aggregate->user_view = DatumGetObjectId(values[CATALOG_USER_VIEW - 1]);
	aggregate->definition = DatumGetObjectId(values[CATALOG_DEFINITION - 1]);
	aggregate->materialization = DatumGetObjectId(values[CATALOG_MATERIALIZATION - 1]);
	aggregate->source = DatumGetObjectId(values[CATALOG_SOURCE - 1]);
	aggregate->materialized_only = DatumGetBool(values[CATALOG_MATERIALIZED_ONLY - 1]);
	aggregate->tid = tuple->t_self;
	return aggregate;
}

/* Aggregates right over a source; or all of them. */
List *
pge_continuous_list(Oid source)
{
	List	   *found = NIL;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!pge_continuous_installed())
		return NIL;
	catalog = open_ours("continuous_catalog", AccessShareLock);
	ScanKeyInit(&key, CATALOG_SOURCE, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(source));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, OidIsValid(source) ? 1 : 0, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = lappend(found, read_row(tuple, RelationGetDescr(catalog)));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

PgeContinuous *
pge_continuous_find(Oid relation)
{
	foreach_ptr(PgeContinuous, aggregate, pge_continuous_list(InvalidOid))
	{
		if (relation == aggregate->user_view || relation == aggregate->definition || relation == aggregate->materialization)
			return aggregate;
	}
	return NULL;
}

/* The table that everything comes from, below however many aggregates. */
Oid
pge_continuous_base(Oid source)
{
	PgeContinuous *below;

	while ((below = pge_continuous_find(source)) != NULL && below->user_view == source)
		source = below->source;
	return source;
}

/* The tables whose changes an aggregate over this source must be told of: the base, and those that its query joins, or one below it. */
List *
pge_continuous_tables(Oid source, const Query *query)
{
	List	   *joined = NIL;

	while (query != NULL)
	{
		PgeContinuous *below = pge_continuous_find(source);

		foreach_node(RangeTblEntry, entry, query->rtable)
		{
			if (pge_continuous_watches(entry, source))
				joined = list_append_unique_oid(joined, entry->relid);
		}
		if (below == NULL || below->user_view != source)
			break;
		query = pge_definition_query(below->definition);
		source = below->source;
	}
	return lcons_oid(source, joined);
}

/* An aggregate over this source comes or goes: sessions forget what they know of the source, and of the aggregates that it may build on. */
void
pge_continuous_forget(Oid source)
{
	while (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(source)))
	{
		PgeContinuous *below = pge_continuous_find(source);

		CacheInvalidateRelcacheByRelid(source);
		if (below == NULL || below->user_view != source)
			break;
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(below->definition)))
			CacheInvalidateRelcacheByRelid(below->definition);
		source = below->source;
	}
}

void
pge_continuous_insert(const PgeContinuous *aggregate)
{
	Relation	catalog = open_ours("continuous_catalog", RowExclusiveLock);
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};

	values[CATALOG_USER_VIEW - 1] = ObjectIdGetDatum(aggregate->user_view);
	values[CATALOG_DEFINITION - 1] = ObjectIdGetDatum(aggregate->definition);
	values[CATALOG_MATERIALIZATION - 1] = ObjectIdGetDatum(aggregate->materialization);
	values[CATALOG_SOURCE - 1] = ObjectIdGetDatum(aggregate->source);
	values[CATALOG_MATERIALIZED_ONLY - 1] = BoolGetDatum(aggregate->materialized_only);
	nulls[CATALOG_LAST_REFRESH - 1] = true;
	CatalogTupleInsert(catalog, heap_form_tuple(RelationGetDescr(catalog), values, nulls));
	table_close(catalog, NoLock);
	CommandCounterIncrement();
}

static void
update_row(const PgeContinuous *aggregate, Relation catalog, HeapTuple tuple, Datum *values, bool *nulls, bool *changed)
{
	HeapTuple	updated = heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, changed);

	CatalogTupleUpdate(catalog, &updated->t_self, updated);
	CommandCounterIncrement();
}

/* The aggregate's row as it is now. */
static HeapTuple
fetch_row(const PgeContinuous *aggregate, Relation catalog)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, CATALOG_DEFINITION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(aggregate->definition));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	tuple = systable_getnext(scan);
	tuple = HeapTupleIsValid(tuple) ? heap_copytuple(tuple) : NULL;
	systable_endscan(scan);
	return tuple;
}

bool
pge_continuous_by_time(const PgeContinuous *aggregate)
{
	return (pge_am_of(get_rel_relam(aggregate->materialization)) & PGE_AM_TIME) != 0;
}

/* Is the aggregate there for a snapshot? Its relations are, to any, once they are committed. */
bool
pge_continuous_visible(Oid definition, Snapshot snapshot)
{
	Relation	catalog = open_ours("continuous_catalog", AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		visible;

	ScanKeyInit(&key, CATALOG_DEFINITION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(definition));
	scan = systable_beginscan(catalog, InvalidOid, false, snapshot, 1, &key);
	visible = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return visible;
}

void
pge_continuous_delete(const PgeContinuous *aggregate)
{
	Relation	catalog = open_ours("continuous_catalog", RowExclusiveLock);
	HeapTuple	tuple = fetch_row(aggregate, catalog);
	PgeRanges	log = {0};

	if (tuple)
		CatalogTupleDelete(catalog, &tuple->t_self);
	table_close(catalog, NoLock);
	PushActiveSnapshot(GetLatestSnapshot());
	pge_log_take(aggregate->definition, GetActiveSnapshot(), &log);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

void
pge_continuous_set_materialized_only(const PgeContinuous *aggregate, bool materialized_only)
{
	Relation	catalog = open_ours("continuous_catalog", RowExclusiveLock);
	HeapTuple	tuple = fetch_row(aggregate, catalog);
	Datum		values[CATALOG_COLUMNS] = {0};
	bool		nulls[CATALOG_COLUMNS] = {0};
	bool		changed[CATALOG_COLUMNS] = {0};

	values[CATALOG_MATERIALIZED_ONLY - 1] = BoolGetDatum(materialized_only);
	changed[CATALOG_MATERIALIZED_ONLY - 1] = true;
	update_row(aggregate, catalog, tuple, values, nulls, changed);
	table_close(catalog, NoLock);
}

/* Counts a refresh. */
void
pge_continuous_count(const PgeContinuous *aggregate, const PgeRefreshed *refreshed)
{
	Relation	catalog = open_ours("continuous_catalog", RowExclusiveLock);
	HeapTuple	tuple = fetch_row(aggregate, catalog);
	Datum		values[CATALOG_COLUMNS];
	bool		nulls[CATALOG_COLUMNS];
	bool		changed[CATALOG_COLUMNS] = {0};

	heap_deform_tuple(tuple, RelationGetDescr(catalog), values, nulls);
	for (int i = CATALOG_REFRESHES - 1; i < CATALOG_COLUMNS; i++)
		changed[i] = true;
	nulls[CATALOG_LAST_REFRESH - 1] = false;
	values[CATALOG_LAST_REFRESH - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[CATALOG_REFRESHES - 1] = Int64GetDatum(DatumGetInt64(values[CATALOG_REFRESHES - 1]) + 1);
	values[CATALOG_LAST_RANGES - 1] = Int64GetDatum(refreshed->ranges);
	values[CATALOG_LAST_BUCKETS - 1] = Int64GetDatum(refreshed->buckets);
	values[CATALOG_LAST_DELETED - 1] = Int64GetDatum(refreshed->deleted);
	values[CATALOG_LAST_INSERTED - 1] = Int64GetDatum(refreshed->inserted);
	values[CATALOG_TOTAL_BUCKETS - 1] = Int64GetDatum(DatumGetInt64(values[CATALOG_TOTAL_BUCKETS - 1]) + refreshed->buckets);
	values[CATALOG_TOTAL_DELETED - 1] = Int64GetDatum(DatumGetInt64(values[CATALOG_TOTAL_DELETED - 1]) + refreshed->deleted);
	values[CATALOG_TOTAL_INSERTED - 1] = Int64GetDatum(DatumGetInt64(values[CATALOG_TOTAL_INSERTED - 1]) + refreshed->inserted);
	update_row(aggregate, catalog, tuple, values, nulls, changed);
	table_close(catalog, NoLock);
}

/* ---- the log ---- */

void
pge_log_write(Oid definition, const PgeRanges *ranges)
{
	Relation	log;
	Relation	index;
	IndexInfo  *info;

	if (ranges->n == 0)
		return;
	log = open_ours("continuous_pending", RowExclusiveLock);
	index = index_open(our_relation("continuous_pending_definition"), RowExclusiveLock);
	info = BuildIndexInfo(index);
	for (int i = 0; i < ranges->n; i++)
	{
		Datum		values[LOG_COLUMNS] = {
			ObjectIdGetDatum(definition), Int64GetDatum(ranges->of[i].first), Int64GetDatum(ranges->of[i].last)
		};
		bool		nulls[LOG_COLUMNS] = {0};
		HeapTuple	tuple = heap_form_tuple(RelationGetDescr(log), values, nulls);

		heap_insert(log, tuple, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL, NULL);
		index_insert(index, values, nulls, &tuple->t_self, log, UNIQUE_CHECK_NO, false, info);
		heap_freetuple(tuple);
	}
	index_close(index, NoLock);
	table_close(log, NoLock);
}

/* Adds the ranges that the snapshot sees, as they were written; takes them out of the log, if so wanted. */
static void
read_log(Oid definition, Snapshot snapshot, PgeRanges *ranges, bool take)
{
	Relation	log = open_ours("continuous_pending", take ? RowExclusiveLock : AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, LOG_DEFINITION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(definition));
	scan = systable_beginscan(log, our_relation("continuous_pending_definition"), true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		int64		first = DatumGetInt64(heap_getattr(tuple, LOG_FIRST, RelationGetDescr(log), &isnull));
		int64		last = DatumGetInt64(heap_getattr(tuple, LOG_LAST, RelationGetDescr(log), &isnull));
		TM_FailureData failure;

		pge_ranges_add(ranges, first, last);
		if (take && heap_delete(log, &tuple->t_self, GetCurrentCommandId(true), InvalidSnapshot, true, &failure, false) != TM_Ok)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent refresh of the continuous aggregate")));
	}
	systable_endscan(scan);
	table_close(log, NoLock);
}

void
pge_log_read(Oid definition, Snapshot snapshot, PgeRanges *ranges)
{
	read_log(definition, snapshot, ranges, false);
}

void
pge_log_take(Oid definition, Snapshot snapshot, PgeRanges *ranges)
{
	read_log(definition, snapshot, ranges, true);
}
