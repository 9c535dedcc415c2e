/*
 * Column store: compaction of a table. Decides what is compacted and in whose name; compact_delta.c and compact_merge.c take rows out of
 * delta and groups, compact_sink.c puts them into groups.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "column.h"
#include "compact.h"

PG_FUNCTION_INFO_V1(pge_compact);
PG_FUNCTION_INFO_V1(pge_compact_range);

const char *
pge_compact_refusal(Relation rel)
{
	if (RELATION_IS_OTHER_TEMP(rel))
		return "it is a temporary table of another session";
	if (RelationGetDescr(rel)->natts == 0)
		return "it has no columns";
	return NULL;
}

/* One step, as the current user. */
static bool
step(Relation rel, PgeCompactProgress *progress)
{
	bool		more = false;
	PgeSink    *sink;

	pge_writer_flush(rel);
	if (!progress->delta_done && progress->min_rows > 1 && progress->next_block == 0 &&
		!pge_compact_delta_has(rel, progress->min_rows))
		progress->delta_done = true;

	sink = pge_sink_begin(rel);
	if (progress->bounded)
		pge_sink_bound(sink, progress->from, progress->to);
	if (!progress->delta_done)
	{
		more = pge_compact_delta(sink, &progress->next_block);
		progress->delta_done = !more;
		/* By time, rows become groups first, and those join others of their bucket afterwards. */
		more |= sink->sorter != NULL && pge_time_sorter_rows(sink->sorter) > 0;
	}
	if (!more)
		more = pge_compact_merge(sink, progress->thorough, &progress->next_group);
	pge_sink_close_group(sink);
	/* Locks of serializable readers on what was moved: none of them knows the new places. */
	if (sink->rows > 0)
		TransferPredicateLocksToHeapRelation(rel);
	/* The old versions are VACUUM's now, and count for autovacuum, but users did not delete anything. */
	pgstat_update_heap_dead_tuples(rel, -(int) sink->rows);
	progress->rows += sink->rows - sink->again;
	progress->groups += sink->groups;
	pge_sink_end(sink);
	return more;
}

/* In the name of the table's owner, since expressions of indexes are evaluated. */
bool
pge_compact_some(Relation rel, PgeCompactProgress *progress)
{
	const char *refusal = pge_compact_refusal(rel);
	Oid			user;
	int			context,
				nest_level;
	bool		more;

	if (refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot compact table \"%s\"", RelationGetRelationName(rel)),
				 errdetail("The reason is that %s.", refusal)));
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(rel->rd_rel->relowner, context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	more = step(rel, progress);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, context);
	return more;
}

static uint64
compact(Relation rel, PgeCompactProgress progress)
{
	while (pge_compact_some(rel, &progress))
		CHECK_FOR_INTERRUPTS();
	return progress.rows;
}

static void
check_may_maintain(Oid relid)
{
	AclResult	acl;

	if (object_ownercheck(DatabaseRelationId, MyDatabaseId, GetUserId()))
		return;
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_MAINTAIN);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
}

/* Compact a column table, or all partitions of a partitioned table that are column tables; the rows moved. */
static int64
compact_all(Oid relid, PgeCompactProgress progress)
{
	bool		partitioned = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;
	uint64		rows = 0;
	List	   *relids;
	ListCell   *cell;

	pge_check_may_write("epiphany.compact()");
	/* Before locking: nobody locks a table that they may not maintain. */
	check_may_maintain(relid);
	if (partitioned)
		LockRelationOid(relid, ShareUpdateExclusiveLock);
	relids = partitioned ? find_all_inheritors(relid, ShareUpdateExclusiveLock, NULL) : list_make1_oid(relid);
	foreach(cell, relids)
	{
		Relation	rel = table_open(lfirst_oid(cell), partitioned ? NoLock : ShareUpdateExclusiveLock);

		if (!partitioned)
			pge_check_column_table(rel);
		if (pge_is_column_table(rel))
		{
			CheckTableNotInUse(rel, "compact");
			rows += compact(rel, progress);
		}
		/* The lock stays: what we have done is not committed. */
		table_close(rel, NoLock);
	}
	return (int64) rows;
}

/* compact(relation) */
Datum
pge_compact(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(compact_all(PG_GETARG_OID(0), (PgeCompactProgress) {.min_rows = 1,.thorough = true}));
}

/* compact_range(relation, from, to): buckets within these times, which are the storage's numbers. */
Datum
pge_compact_range(PG_FUNCTION_ARGS)
{
	PgeCompactProgress progress = {.min_rows = 1,.thorough = true,.bounded = true,.from = PG_GETARG_INT64(1),.to = PG_GETARG_INT64(2)};

	PG_RETURN_INT64(compact_all(PG_GETARG_OID(0), progress));
}
