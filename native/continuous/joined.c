/*
 * Continuous aggregates: which rows of joined tables this transaction has changed, by their keys, and what that means for its log rows.
 *
 * Keys are kept by subtransaction, as times are in capture.c. At the end, or before a refresh, the source is asked for the times of rows
 * that have them, and these count as changed. Until then all times are pending to the transaction itself. Too many keys, or a table without
 * any, mean all times at once.
 *
 * The look before commit sees every row of the source that a refresh may have stored with the joined row as it was before: no refresh takes
 * its snapshot between look and commit (PGE_LOCK_SNAPSHOT), and one with an earlier snapshot has seen no more. Rows that come later are in
 * the log rows of who brings them. Whoever prepares cannot keep refreshes waiting, so that all times count as changed.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "lib/ilist.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "source.h"

#define MAX_ROWS	16384

typedef struct Row
{
	uint32		hash;
	Datum		values[PGE_JOIN_MAX_KEYS];
} Row;

/* What a subtransaction has changed in a table, for one place of it in one query. */
typedef struct Changed
{
	dlist_node	node;
	PgeJoin		join;			/* without columns */
	SubTransactionId subid;
	bool		all;			/* too many rows, or rows without keys */
	int			n;
	int			room;
	Row		   *rows;			/* some more than once */
	MemoryContext context;		/* of rows and their values */
} Changed;

static dlist_head changed = DLIST_STATIC_INIT(changed);

static Changed *
find_changed(const PgeJoin *join, SubTransactionId subid)
{
	dlist_iter	iter;

	dlist_foreach(iter, &changed)
	{
		Changed    *c = dlist_container(Changed, node, iter.cur);

		if (c->join.definition == join->definition && c->join.index == join->index && c->subid == subid)
			return c;
	}
	return NULL;
}

static Changed *
changed_of(const PgeJoin *join)
{
	Changed    *c = find_changed(join, GetCurrentSubTransactionId());

	if (c == NULL)
	{
		c = MemoryContextAllocZero(TopTransactionContext, sizeof(Changed));
		c->join = *join;
		c->join.columns = NULL;
		c->subid = GetCurrentSubTransactionId();
		c->all = join->nkeys == 0;
		c->context = AllocSetContextCreate(TopTransactionContext, "epiphany joined rows", ALLOCSET_SMALL_SIZES);
		dlist_push_head(&changed, &c->node);
		pge_capture_unsettled();
	}
	return c;
}

static void
forget(Changed *c)
{
	dlist_delete(&c->node);
	MemoryContextDelete(c->context);
	pfree(c);
	pge_capture_unsettled();
}

/* ---- rows ---- */

static bool
same(const Changed *c, const Row *a, const Row *b)
{
	if (a->hash != b->hash)
		return false;
	for (int i = 0; i < c->join.nkeys; i++)
	{
		if (!datum_image_eq(a->values[i], b->values[i], c->join.keys[i].by_value, c->join.keys[i].length))
			return false;
	}
	return true;
}

static int
by_hash(const void *a, const void *b)
{
	return pg_cmp_u32(((const Row *) a)->hash, ((const Row *) b)->hash);
}

/* Rows with one hash are neighbours then. Between those that differ some may stay twice. */
static void
remove_duplicates(Changed *c)
{
	int			kept = 0;

	qsort(c->rows, c->n, sizeof(Row), by_hash);
	for (int i = 1; i < c->n; i++)
	{
		if (!same(c, &c->rows[kept], &c->rows[i]))
			c->rows[++kept] = c->rows[i];
		else
		{
			for (int key = 0; key < c->join.nkeys; key++)
			{
				if (!c->join.keys[key].by_value)
					pfree(DatumGetPointer(c->rows[i].values[key]));
			}
		}
	}
	c->n = kept + 1;
}

static Datum
copy_of(Datum value, const PgeJoinKey *key)
{
	return key->length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_COPY(value)) : datumCopy(value, key->by_value, key->length);
}

/* Copies the row's values. */
static void
remember(Changed *c, Row row)
{
	MemoryContext caller;

	if (c->all || (c->n > 0 && same(c, &c->rows[c->n - 1], &row)))
		return;
	if (c->n == MAX_ROWS)
	{
		remove_duplicates(c);
		if (c->n > MAX_ROWS / 2)
		{
			MemoryContextReset(c->context);
			c->all = true;
			return;
		}
	}
	caller = MemoryContextSwitchTo(c->context);
	if (c->n == c->room)
	{
		c->room = c->room ? c->room * 2 : 8;
		c->rows = c->rows ? repalloc_array(c->rows, Row, c->room) : palloc_array(Row, c->room);
	}
	for (int i = 0; i < c->join.nkeys; i++)
		row.values[i] = copy_of(row.values[i], &c->join.keys[i]);
	MemoryContextSwitchTo(caller);
	c->rows[c->n++] = row;
}

/* A row with a null in a key equals none of the source's. */
static void
remember_slot(Changed *c, TupleTableSlot *slot)
{
	Row			row = {0};

	for (int i = 0; i < c->join.nkeys; i++)
	{
		const PgeJoinKey *key = &c->join.keys[i];
		bool		isnull;

		row.values[i] = slot_getattr(slot, key->attno, &isnull);
		if (isnull)
			return;
		row.hash = hash_combine(row.hash, datum_image_hash(row.values[i], key->by_value, key->length));
	}
	remember(c, row);
}

/* Does it change what the query reads? */
static bool
matters(const PgeJoin *join, TupleTableSlot *old, TupleTableSlot *new)
{
	int			member = -1;

	while ((member = bms_next_member(join->columns, member)) >= 0)
	{
		AttrNumber	attno = member + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute attribute;
		Datum		before;
		Datum		after;
		bool		was_null;
		bool		is_null;

		if (attno == 0)
			return true;
		attribute = TupleDescAttr(old->tts_tupleDescriptor, attno - 1);
		before = slot_getattr(old, attno, &was_null);
		after = slot_getattr(new, attno, &is_null);
		if (was_null != is_null || (!is_null && !datum_image_eq(before, after, attribute->attbyval, attribute->attlen)))
			return true;
	}
	return false;
}

/* A row comes, goes, or changes. */
void
pge_joined_row(const PgeJoin *join, TupleTableSlot *old, TupleTableSlot *new)
{
	Changed    *c;

	if (old && new && !matters(join, old, new))
		return;
	c = changed_of(join);
	if (c->all)
		return;
	if (old)
		remember_slot(c, old);
	if (new)
		remember_slot(c, new);
}

/* ---- what it means ---- */

/* May this transaction's rows matter to an aggregate, or to one below it? */
bool
pge_joined_concerns(Oid definition)
{
	dlist_iter	iter;

	dlist_foreach(iter, &changed)
	{
		const Changed *c = dlist_container(Changed, node, iter.cur);

		if (pge_source_tells(pge_source(c->join.definition), definition))
			return true;
	}
	return false;
}

/* Adds the times that the rows matter to. False: they are not to be had. */
static bool
look(const Changed *c, bool to_commit, PgeRanges *ranges)
{
	PgeContinuous *aggregate = pge_continuous_find(c->join.definition);
	Datum	  **values;
	bool		known;

	if (aggregate == NULL || (c->n == 0 && !c->all))
		return true;
	if (c->all)
		return false;
	values = palloc_array(Datum *, c->n);
	for (int i = 0; i < c->n; i++)
		values[i] = c->rows[i].values;
	if (to_commit)
		LockDatabaseObject(RelationRelationId, pge_continuous_base(aggregate->source), PGE_LOCK_SNAPSHOT, ShareLock);
	PushActiveSnapshot(GetLatestSnapshot());
	known = pge_join_look(&c->join, values, c->n, ranges);
	PopActiveSnapshot();
	return known;
}

/*
 * Makes times of what has changed. Before a refresh the keys are kept: they are asked for once more before commit, since nothing keeps
 * other refreshes waiting until then.
 */
void
pge_joined_settle(PgeSettle settle)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &changed)
	{
		Changed    *c = dlist_container(Changed, node, iter.cur);
		PgeRanges	ranges = {0};

		if (settle != PGE_SETTLE_TO_PREPARE && look(c, settle == PGE_SETTLE_TO_COMMIT, &ranges))
			pge_capture_ranges(c->join.definition, &ranges);
		else
			pge_capture_everything(c->join.definition);
		if (settle != PGE_SETTLE_FOR_REFRESH)
			forget(c);
	}
}

/* ---- the transaction's course ---- */

void
pge_joined_end_sub(bool commit, SubTransactionId subid, SubTransactionId parent)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &changed)
	{
		Changed    *c = dlist_container(Changed, node, iter.cur);
		Changed    *outer = commit ? find_changed(&c->join, parent) : NULL;

		if (c->subid != subid)
			continue;
		if (commit && outer == NULL)
		{
			c->subid = parent;
			continue;
		}
		if (commit && c->all && !outer->all)
		{
			MemoryContextReset(outer->context);
			outer->all = true;
		}
		for (int i = 0; commit && !c->all && i < c->n; i++)
			remember(outer, c->rows[i]);
		forget(c);
	}
}

/* The memory goes with the transaction. */
void
pge_joined_end(void)
{
	dlist_init(&changed);
}
