/*
 * Column store: what VACUUM tells others. Heap has recorded what it saw of the delta in pg_class and in the cumulative statistics; here the
 * groups are added, so that the planner and autovacuum's thresholds go by the whole table.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "pgstat.h"
#include "postmaster/autovacuum.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/pgstat_internal.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "column_vacuum.h"

/* An index and the entries that it was known to have before heap's turn. */
typedef struct IndexTuples
{
	Oid			index;
	float4		tuples;
} IndexTuples;

List *
pge_vacuum_index_tuples(Relation rel)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(rel))
	{
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));
		IndexTuples *entry = palloc(sizeof(IndexTuples));

		entry->index = lfirst_oid(cell);
		entry->tuples = HeapTupleIsValid(tuple) ? ((Form_pg_class) GETSTRUCT(tuple))->reltuples : 0;
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		result = lappend(result, entry);
	}
	return result;
}

/* An index cannot have more entries than its table has rows, heap knows, and counts the delta's rows only. */
static void
restore_index_tuples(List *index_tuples, float4 delta_rows, float4 rows)
{
	ListCell   *cell;

	foreach(cell, index_tuples)
	{
		IndexTuples *entry = lfirst(cell);
		Relation	index = index_open(entry->index, RowExclusiveLock);
		HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(entry->index));

		if (HeapTupleIsValid(tuple))
		{
			Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
			bool		partial = !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
			float4		tuples = partial ? entry->tuples : rows;

			if (form->reltuples >= 0 && form->reltuples <= delta_rows && tuples > form->reltuples)
				vac_update_relstats(index, form->relpages, tuples, 0, false, InvalidTransactionId, InvalidMultiXactId, NULL, NULL,
									false);
			ReleaseSysCache(tuple);
		}
		index_close(index, NoLock);
	}
}

/* Add to what pgstat_report_vacuum() has set, without counting another VACUUM. */
static void
add_to_cumulative(Relation rel, const PgeVacuumCounts *counts)
{
	PgStat_EntryRef *ref;
	PgStat_StatTabEntry *stats;

	if (!pgstat_track_counts)
		return;
	ref = pgstat_get_entry_ref_locked(PGSTAT_KIND_RELATION, rel->rd_rel->relisshared ? InvalidOid : MyDatabaseId,
									  RelationGetRelid(rel), false);
	stats = &((PgStatShared_Relation *) ref->shared_stats)->stats;
	stats->live_tuples += (PgStat_Counter) counts->rows;
	stats->dead_tuples += (PgStat_Counter) (counts->dead_rows - counts->kept_rows);
	pgstat_unlock_entry(ref);
}

void
pge_vacuum_record(Relation rel, const PgeVacuumCounts *counts, List *index_tuples)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(rel)));

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		BlockNumber pages = RelationGetNumberOfBlocks(rel);

		if (counts->rows > 0 || pages != form->relpages)
		{
			float4		delta_rows = Max(form->reltuples, 0);

			vac_update_relstats(rel, pages, delta_rows + counts->rows, Min(form->relallvisible, pages), form->relhasindex,
								InvalidTransactionId, InvalidMultiXactId, NULL, NULL, false);
			restore_index_tuples(index_tuples, delta_rows, delta_rows + counts->rows);
		}
		ReleaseSysCache(tuple);
	}
	add_to_cumulative(rel, counts);
}

void
pge_vacuum_report(Relation rel, VacuumParams *params, const PgeVacuumCounts *counts)
{
	bool		logged = AmAutoVacuumWorkerProcess() && params->log_min_duration == 0;

	ereport(params->options & VACOPT_VERBOSE ? INFO : logged ? LOG : DEBUG2,
			(errmsg("row groups of \"%s.%s\": %u in use, %u removed",
					get_namespace_name(RelationGetNamespace(rel)), RelationGetRelationName(rel),
					counts->groups, counts->removed_groups),
			 errdetail("Rows: %.0f live, %.0f dead but not yet removed, %.0f removed. Index passes: %d. "
					   "Pages: %u given back to the heap region, %u cut off.",
					   counts->rows, counts->dead_rows, counts->removed_rows, counts->index_passes,
					   counts->freed_pages, counts->cut_pages)));
}
