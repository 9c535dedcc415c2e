/*
 * Column store: VACUUM's part on indexes. Entries of rows in groups that nobody needs are taken out of every index, in one pass over each
 * for as many rows as memory allows. The delta's entries are heap's business.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "commands/progress.h"
#include "utils/backend_progress.h"
#include "utils/rel.h"

#include "column_vacuum.h"

/* Any address that is no bitmap. */
static uint64 whole_group;
uint64	   *const PGE_WHOLE_GROUP = &whole_group;

static bool
is_dead(ItemPointer tid, void *arg)
{
	const PgeDeadRows *dead = arg;
	uint32		group;

	if (!pge_tid_is_column(tid))
		return false;
	group = pge_tid_group(tid);
	if (group >= dead->groups || dead->rows[group] == NULL)
		return false;
	return dead->rows[group] == PGE_WHOLE_GROUP ||
		(pge_tid_row(tid) < dead->nrows[group] && pge_bitmap_has(dead->rows[group], pge_tid_row(tid)));
}

void
pge_vacuum_indexes(Relation rel, Relation *indexes, int nindexes, PgeDeadRows *dead, double reltuples,
				   BufferAccessStrategy strategy)
{
	pgstat_progress_update_param(PROGRESS_VACUUM_PHASE, PROGRESS_VACUUM_PHASE_VACUUM_INDEX);
	for (int i = 0; i < nindexes; i++)
	{
		IndexVacuumInfo info = {0};
		IndexBulkDeleteResult *result;

		info.index = indexes[i];
		info.heaprel = rel;
		info.estimated_count = true;
		info.message_level = DEBUG2;
		info.num_heap_tuples = reltuples;
		info.strategy = strategy;
		result = index_bulk_delete(&info, NULL, is_dead, dead);
		result = index_vacuum_cleanup(&info, result);
		if (result == NULL)
			continue;
		if (!result->estimated_count)
			vac_update_relstats(indexes[i], result->num_pages, result->num_index_tuples, 0, false, InvalidTransactionId,
								InvalidMultiXactId, NULL, NULL, false);
		pfree(result);
	}
}
