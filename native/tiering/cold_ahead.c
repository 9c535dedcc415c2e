/*
 * Tiering: columns of cold groups that a scan will want next, asked of the store before that. Those that were read of the last cold groups
 * of the table are taken for them: a plan's columns are more than are read, where a group's own numbers answer, or a condition leaves
 * nothing. Only when of its first group one is read are all that the plan has taken for them. Which groups come next the scan says
 * (tableam/cold_scan.c). So requests of a group's columns, and of the next groups', are under way while a column is decoded. Of columns
 * that the cache has nothing is asked.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cold.h"

/* More of one group are not remembered. */
#define MOST_COLUMNS	32

/*
 * Of the groups after its first one a scan asks for so many bytes, and for twice as many as it has read: a link that answers late has
 * something to do, and who is content with a few rows has asked for little more than it has read.
 */
#define LEAST_BYTES		((uint64) 2 << 20)

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

/* The scan that has entered a cold group last, until it ends: what it sees of groups nobody else may see any more. */
static struct
{
	Oid			relid;			/* InvalidOid: none */
	uint64		scan;			/* its number */
	Columns		columns;		/* it reads no others; none: nobody has said so */
	PgeGroupDesc group;			/* that it is in */
	bool		is_asked;		/* for that */
	uint64		bytes_read;		/* of columns that it has read, and is reading */
	uint64		bytes_asked;	/* of groups after its first one */
	int			nnext;
	PgeGroupDesc next[PGE_AHEAD_GROUPS];	/* come then, in their order, and are not asked for yet */
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

static bool
are_all_in(const Columns *columns, const Bitmapset *set)
{
	for (int i = 0; i < columns->n; i++)
		if (!bms_is_member(columns->numbers[i], set))
			return false;
	return true;
}

static bool
is_cached(const PgeColdGroup *cold, int column)
{
	PgeColdImage image = {.file = -1};

	pge_cold_cache_name(&image, cold, column);
	return pge_cold_cache_size > 0 && access(image.path, F_OK) == 0;
}

/* False: there is no room for all that are to be asked for. Their bytes are counted, cached ones' too. */
static bool
ask_columns(PgeStore *store, const PgeColdGroup *cold, const Columns *columns, uint64 *bytes)
{
	PgeStoreEntry known = {.key = cold->key,.length = cold->head.object_length,.etag = cold->etag};

	for (int i = 0; i < columns->n; i++)
	{
		int			number = columns->numbers[i];
		const PgeStubColumn *column = &cold->columns[number];

		if (number >= cold->head.columns || column->form == PGE_COLD_ABSENT)
			continue;
		if (!is_cached(cold, number) && !pge_store_ahead(store, &known, column->object_offset, column->object_length))
			return false;
		*bytes += column->object_length;
	}
	return true;
}

/* The store of a group, if it is one that is asked ahead; or NULL. */
static PgeStore *
store_ahead(Relation rel, const PgeColdGroup *cold)
{
	PgeStore   *store = cold->server != NULL ? pge_cold_store(rel, cold) : NULL;

	return store != NULL && pge_store_has_ahead(store) ? store : NULL;
}

static bool
ask(Relation rel, const PgeGroupDesc *desc, const Columns *columns, uint64 *bytes)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold columns ahead", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	PgeColdGroup *cold = pge_cold_open(rel, desc);
	PgeStore   *store = store_ahead(rel, cold);
	bool		asked;

	*bytes = 0;
	asked = store == NULL || ask_columns(store, cold, columns, bytes);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return asked;
}

/* Columns that are taken for those that will be read; none: nothing is known. */
static Columns
expected(void)
{
	Columns		columns = {0};

	if (last.relid != planned.relid)
		return columns;
	/* Of its first group one is being read, no more is known. */
	if (last.before.n == 0 && last.group == planned.group.group_id && planned.bytes_read > 0)
		return planned.columns;
	columns = last.before;
	for (int i = 0; i < last.now.n; i++)
		add(&columns, last.now.numbers[i]);
	return columns;
}

static bool
is_asked_ahead(Relation rel, const PgeGroupDesc *desc)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "cold columns ahead", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool		result = store_ahead(rel, pge_cold_open(rel, desc)) != NULL;

	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return result;
}

/* The first so many of the next groups are not to be asked for any more. */
static void
drop_next(int n)
{
	planned.nnext -= n;
	memmove(planned.next, planned.next + n, sizeof(PgeGroupDesc) * planned.nnext);
}

/* A scan ends. */
void
pge_cold_ahead_leave(uint64 scan)
{
	if (planned.scan == scan)
		planned.relid = InvalidOid;
}

/* Those that an error has ended. */
static void
end_of_transaction(XactEvent event, void *arg)
{
	planned.relid = InvalidOid;
}

static void
end_of_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		planned.relid = InvalidOid;
}

/* A scan, which has a number, is in a group. Columns are the only ones that those who scan the table now read, or NULL. */
PgeAhead
pge_cold_ahead_enter(Relation rel, uint64 scan, bool begins, const PgeGroupDesc *desc, const Bitmapset *columns)
{
	static bool registered = false;
	Oid			relid = RelationGetRelid(rel);
	bool		is_new = begins || planned.relid != relid || planned.scan != scan;
	int			column = -1;

	if (!is_asked_ahead(rel, desc))
		return PGE_AHEAD_NOTHING;
	if (!registered)
	{
		RegisterXactCallback(end_of_transaction, NULL);
		RegisterSubXactCallback(end_of_subtransaction, NULL);
		registered = true;
	}
	/* Where others were read, that was for another statement, and says nothing. */
	if (last.relid == relid && columns != NULL && !(are_all_in(&last.now, columns) && are_all_in(&last.before, columns)))
		last.now.n = last.before.n = 0;
	if (is_new)
	{
		memset(&planned, 0, offsetof(typeof(planned), next));
		planned.relid = relid;
		planned.scan = scan;
		while ((column = bms_next_member(columns, column)) >= 0)
			add(&planned.columns, column);
	}
	planned.group = *desc;
	planned.is_asked = false;
	/* Those before it turned out not to be wanted. */
	for (int i = 0; i < planned.nnext; i++)
		if (planned.next[i].group_id == desc->group_id)
			drop_next(i + 1);
	return is_new ? PGE_AHEAD_ANEW : PGE_AHEAD_GOES_ON;
}

bool
pge_cold_ahead_has_room(void)
{
	return planned.nnext < PGE_AHEAD_GROUPS;
}

/* The scan's group after those that it has named. */
void
pge_cold_ahead_next(const PgeGroupDesc *desc)
{
	if (pge_cold_ahead_has_room())
		planned.next[planned.nnext++] = *desc;
}

/* Asks for what is to be, of the group that the scan is in and the next ones. */
void
pge_cold_ahead_ask(Relation rel)
{
	Columns		columns;
	uint64		bytes;

	if (planned.is_asked && (planned.nnext == 0 || planned.bytes_asked >= LEAST_BYTES + 2 * planned.bytes_read))
		return;
	columns = expected();
	if (columns.n == 0)
		return;
	if (!planned.is_asked)
		planned.is_asked = ask(rel, &planned.group, &columns, &bytes);
	while (planned.is_asked && planned.nnext > 0 && planned.bytes_asked < LEAST_BYTES + 2 * planned.bytes_read &&
		   ask(rel, &planned.next[0], &columns, &bytes))
	{
		planned.bytes_asked += bytes;
		drop_next(1);
	}
}

/* A column is read, from wherever. */
void
pge_cold_ahead_note(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, int column)
{
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
	if (planned.relid != last.relid || planned.group.group_id != last.group)
		return;
	planned.bytes_read += cold->columns[column].object_length;
	pge_cold_ahead_ask(rel);
}
