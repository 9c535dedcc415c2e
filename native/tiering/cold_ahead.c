/*
 * Tiering: columns of cold groups that a scan will want next, asked of the store before that. A scan does not say which columns it reads,
 * so those that were read of the last cold group of the table are taken for them; which group comes next it says (tableam/cold_scan.c). So
 * requests of a group's columns, and of the next group's, are under way while a column is decoded. Of columns that the cache has nothing
 * is asked.
 */
#include "postgres.h"

#include <unistd.h>

#include "utils/memutils.h"
#include "utils/rel.h"

#include "cold.h"

/* More of one group are not remembered. */
#define MOST_COLUMNS	32

/* What this session has read last: of a group, and of the one before. */
static struct
{
	Oid			relid;
	uint32		group;
	int			ncolumns;
	int			nbefore;
	int16		columns[MOST_COLUMNS];
	int16		before[MOST_COLUMNS];
}			last;

static bool
has(const int16 *columns, int ncolumns, int column)
{
	for (int i = 0; i < ncolumns; i++)
		if (columns[i] == column)
			return true;
	return false;
}

/* A column is read, from wherever. */
void
pge_cold_ahead_note(Relation rel, const PgeGroupDesc *desc, int column)
{
	if (last.relid != RelationGetRelid(rel))
		last.ncolumns = last.nbefore = 0;
	else if (last.group != desc->group_id)
	{
		memcpy(last.before, last.columns, sizeof(last.before));
		last.nbefore = last.ncolumns;
		last.ncolumns = 0;
	}
	last.relid = RelationGetRelid(rel);
	last.group = desc->group_id;
	if (last.ncolumns < MOST_COLUMNS && !has(last.columns, last.ncolumns, column))
		last.columns[last.ncolumns++] = column;
}

/* Is anything known of what scans of the table read? */
static bool
is_known(Relation rel)
{
	return last.relid == RelationGetRelid(rel) && (last.ncolumns > 0 || last.nbefore > 0);
}

static bool
is_cached(const PgeColdGroup *cold, int column)
{
	PgeColdImage image = {.file = -1};

	pge_cold_cache_name(&image, cold, column);
	return pge_cold_cache_size > 0 && access(image.path, F_OK) == 0;
}

static void
ask(Relation rel, PgeStore *store, const PgeColdGroup *cold, const int16 *columns, int ncolumns)
{
	PgeStoreEntry known = {.key = cold->key,.length = cold->head.object_length,.etag = cold->etag};

	for (int i = 0; i < ncolumns; i++)
	{
		const PgeStubColumn *column = &cold->columns[columns[i]];

		if (columns[i] < cold->head.columns && column->form != PGE_COLD_ABSENT && !is_cached(cold, columns[i]))
			pge_store_ahead(store, &known, column->object_offset, column->object_length);
	}
}

/* The group is going to be read. False: of no such group, and no such store, anything is asked ahead. */
bool
pge_cold_ahead(Relation rel, const PgeGroupDesc *desc)
{
	MemoryContext cxt,
				old;
	PgeColdGroup *cold;
	bool		asks = false;

	if (pge_group_tier(desc) != PGE_TIER_COLD || !is_known(rel))
		return false;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "cold columns ahead", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);
	cold = pge_cold_open(rel, desc);
	if (cold->server != NULL)
	{
		PgeStore   *store = pge_cold_store(rel, cold);

		asks = pge_store_has_ahead(store);
		if (asks)
		{
			/* In their order; of the group in hand some may not have been read yet. */
			ask(rel, store, cold, last.before, last.group == desc->group_id || last.ncolumns < last.nbefore ? last.nbefore : 0);
			ask(rel, store, cold, last.columns, last.ncolumns);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return asks;
}
