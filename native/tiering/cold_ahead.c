/*
 * Tiering: columns of cold groups that a scan will want next, asked of the store before that. Those that were read of the last cold group
 * of the table are taken for them: a plan's columns are more than are read, where a group's own numbers answer, or a condition leaves
 * nothing. Only when of its first group one is read are the others that the plan has asked for as well, and when they all are, the next
 * group's. Which groups come next the scan says (tableam/cold_scan.c). So requests of a group's columns, and of the next groups', are under
 * way while a column is decoded. Of columns that the cache has nothing is asked.
 */
#include "postgres.h"

#include <unistd.h>

#include "utils/memutils.h"
#include "utils/rel.h"

#include "cold.h"

/* More of one group are not remembered. */
#define MOST_COLUMNS	32

typedef struct Columns
{
	int			n;
	int16		numbers[MOST_COLUMNS];
} Columns;

/* What this session has read last: of a group, and of the one before. */
static struct
{
	Oid			relid;
	uint32		group;
	Columns		now;
	Columns		before;
}			last;

/* What the scan in hand may read of the group that it is in. */
static struct
{
	Oid			relid;
	uint32		group;
	Columns		columns;
	bool		has_next;
	PgeGroupDesc next;			/* comes then */
}			planned;

static bool
has(const Columns *columns, int column)
{
	for (int i = 0; i < columns->n; i++)
		if (columns->numbers[i] == column)
			return true;
	return false;
}

static void
add(Columns *columns, int column)
{
	if (columns->n < MOST_COLUMNS && !has(columns, column))
		columns->numbers[columns->n++] = (int16) column;
}

/* Is anything known of what scans of the table read? */
static bool
is_known(Relation rel)
{
	return last.relid == RelationGetRelid(rel) && (last.now.n > 0 || last.before.n > 0);
}

static bool
are_all_in(const Columns *columns, const Bitmapset *set)
{
	for (int i = 0; i < columns->n; i++)
		if (!bms_is_member(columns->numbers[i], set))
			return false;
	return true;
}

/* Those who scan the table now read no columns but these: where others were read, that was for another statement, and says nothing. */
void
pge_cold_ahead_only(Relation rel, const Bitmapset *columns)
{
	if (last.relid == RelationGetRelid(rel) && !(are_all_in(&last.now, columns) && are_all_in(&last.before, columns)))
		last.now.n = last.before.n = 0;
}

/* A scan of which nothing else is known is in a group, of which it reads no columns but these, and then in the next one, or NULL. */
void
pge_cold_ahead_plan(Relation rel, const PgeGroupDesc *desc, const Bitmapset *columns, const PgeGroupDesc *next)
{
	int			column = -1;

	planned.relid = RelationGetRelid(rel);
	planned.group = desc->group_id;
	planned.columns.n = 0;
	while ((column = bms_next_member(columns, column)) >= 0)
		add(&planned.columns, column);
	planned.has_next = next != NULL;
	if (next != NULL)
		planned.next = *next;
}

static bool
is_cached(const PgeColdGroup *cold, int column)
{
	PgeColdImage image = {.file = -1};

	pge_cold_cache_name(&image, cold, column);
	return pge_cold_cache_size > 0 && access(image.path, F_OK) == 0;
}

/* False: there is no room for all that are to be asked for. */
static bool
ask(PgeStore *store, const PgeColdGroup *cold, const Columns *columns)
{
	PgeStoreEntry known = {.key = cold->key,.length = cold->head.object_length,.etag = cold->etag};

	for (int i = 0; i < columns->n; i++)
	{
		int			number = columns->numbers[i];
		const PgeStubColumn *column = &cold->columns[number];

		if (number < cold->head.columns && column->form != PGE_COLD_ABSENT && !is_cached(cold, number) &&
			!pge_store_ahead(store, &known, column->object_offset, column->object_length))
			return false;
	}
	return true;
}

/* The store, if it is one that is asked ahead; or NULL. */
static PgeStore *
store_ahead(Relation rel, const PgeColdGroup *cold)
{
	PgeStore   *store = cold->server != NULL ? pge_cold_store(rel, cold) : NULL;

	return store != NULL && pge_store_has_ahead(store) ? store : NULL;
}

/* Of the group in hand, whose first column is being read. */
static void
ask_for_planned(Relation rel, const PgeColdGroup *cold, int but)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold columns ahead", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeStore   *store = store_ahead(rel, cold);
	Columns		others = {0};

	for (int i = 0; i < planned.columns.n; i++)
		if (planned.columns.numbers[i] != but)
			add(&others, planned.columns.numbers[i]);
	if (store != NULL)
		(void) ask(store, cold, &others);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* A column is read, from wherever. */
void
pge_cold_ahead_note(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, int column)
{
	bool		first = !is_known(rel);

	if (last.relid != RelationGetRelid(rel))
		last.now.n = last.before.n = 0;
	else if (last.group != desc->group_id)
	{
		last.before = last.now;
		last.now.n = 0;
	}
	last.relid = RelationGetRelid(rel);
	last.group = desc->group_id;
	add(&last.now, column);
	if (planned.relid != last.relid || planned.group != last.group)
		return;
	if (first)
		ask_for_planned(rel, cold, column);
	if (planned.has_next && last.now.n == planned.columns.n)
	{
		planned.has_next = false;
		(void) pge_cold_ahead(rel, &planned.next);
	}
}

/* The group, which is cold, is going to be read. */
PgeAhead
pge_cold_ahead(Relation rel, const PgeGroupDesc *desc)
{
	MemoryContext cxt,
				old;
	PgeColdGroup *cold;
	PgeStore   *store;
	PgeAhead	result = PGE_AHEAD_NOTHING;

	cxt = AllocSetContextCreate(CurrentMemoryContext, "cold columns ahead", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);
	cold = pge_cold_open(rel, desc);
	store = store_ahead(rel, cold);
	if (store != NULL && !is_known(rel))
		result = PGE_AHEAD_UNKNOWN;
	else if (store != NULL)
	{
		/* In their order; of the group in hand some may not have been read yet. */
		bool		all = last.group == desc->group_id || last.now.n < last.before.n;

		result = (!all || ask(store, cold, &last.before)) && ask(store, cold, &last.now) ? PGE_AHEAD_ASKED : PGE_AHEAD_FULL;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return result;
}
