/*
 * Continuous aggregates: what a session remembers of a table that some read or join: its time columns, its keys, and whom to tell of
 * changes.
 *
 * Who makes an aggregate holds locks on its tables that exclude writers, and invalidates their relcache entries; so whoever writes later
 * finds out when he locks the table. The same goes for an aggregate over another, by the tables of both.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "source.h"

static HTAB *sources;
static uint64 invalidations;

static void
invalidate(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS all;
	PgeSource  *source;

	invalidations++;
	if (OidIsValid(relation))
	{
		source = hash_search(sources, &relation, HASH_FIND, NULL);
		if (source)
			source->valid = false;
		return;
	}
	hash_seq_init(&all, sources);
	while ((source = hash_seq_search(&all)) != NULL)
		source->valid = false;
}

const PgeTimeColumn *
pge_source_column(const PgeSource *source, AttrNumber attno)
{
	for (int i = 0; i < source->ncolumns; i++)
	{
		if (source->columns[i].attno == attno)
			return &source->columns[i];
	}
	return NULL;
}

static PgeTimeColumn *
column_for(PgeSource *source, AttrNumber attno, Oid type)
{
	PgeTimeColumn *column = (PgeTimeColumn *) pge_source_column(source, attno);

	if (column == NULL)
	{
		source->columns = source->columns ? repalloc_array(source->columns, PgeTimeColumn, source->ncolumns + 1) :
			palloc_array(PgeTimeColumn, 1);
		column = &source->columns[source->ncolumns++];
		*column = (PgeTimeColumn) {.attno = attno,.type = type,.cell = PG_INT64_MAX};
	}
	return column;
}

/* Is the aggregate among those to tell? */
bool
pge_source_tells(const PgeSource *source, Oid definition)
{
	for (int i = 0; i < source->ncolumns; i++)
	{
		for (int j = 0; j < source->columns[i].ntargets; j++)
		{
			if (source->columns[i].targets[j].definition == definition)
				return true;
		}
	}
	return false;
}

/* Tells the column of an aggregate and of all that build on it. */
static void
add_target(PgeTimeColumn *column, const PgeContinuous *aggregate, PgeBucketing *bucketing, PgeBucketing **above, int depth)
{
	PgeTarget  *target;

	column->targets = column->targets ? repalloc_array(column->targets, PgeTarget, column->ntargets + 1) : palloc_array(PgeTarget, 1);
	target = &column->targets[column->ntargets++];
	target->definition = aggregate->definition;
	target->depth = depth + 1;
	target->chain = palloc_array(PgeBucketing *, depth + 1);
	if (depth > 0)
		memcpy(target->chain, above, depth * sizeof(PgeBucketing *));
	target->chain[depth] = bucketing;
	above = target->chain;
	foreach_ptr(PgeContinuous, child, pge_continuous_list(aggregate->user_view))
	{
		Query	   *query = pge_definition_query(child->definition);
		PgeContinuousQuery parts;
		PgeBucketing *next = palloc_object(PgeBucketing);

		if (query == NULL)
			continue;
		pge_continuous_query_take_apart(query, &parts);
		pge_bucketing_init(next, parts.call);
		add_target(column, child, next, above, depth + 1);
	}
}

/* The aggregates right over a source; by its definition, an aggregate itself. */
static List *
aggregates_over(Oid relid)
{
	PgeContinuous *aggregate = pge_continuous_find(relid);

	return aggregate && aggregate->definition == relid ? list_make1(aggregate) : pge_continuous_list(relid);
}

static void
add_column(PgeSource *source, const PgeContinuous *aggregate, PgeContinuousQuery *parts)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);
	PgeTimeColumn *column = column_for(source, parts->time_attno, parts->time_type);
	PgeBucketing *bucketing = palloc_object(PgeBucketing);

	pge_bucketing_init(bucketing, parts->call);
	column->cell = Min(column->cell, bucketing->least_width);
	add_target(column, aggregate, bucketing, NULL, 0);
	MemoryContextSwitchTo(caller);
}

static void
add_joins(PgeSource *source, const PgeContinuous *aggregate, PgeContinuousQuery *parts)
{
	Index		index = 0;

	foreach_node(RangeTblEntry, entry, parts->query->rtable)
	{
		PgeJoin		join;
		MemoryContext caller;

		index++;
		if (entry->relid != source->relid || !pge_continuous_watches(entry, parts->source))
			continue;
		pge_join_init(&join, parts, aggregate->definition, index);
		caller = MemoryContextSwitchTo(source->context);
		join.columns = bms_copy(join.columns);
		source->joins = source->joins ? repalloc_array(source->joins, PgeJoin, source->njoins + 1) : palloc_array(PgeJoin, 1);
		source->joins[source->njoins++] = join;
		MemoryContextSwitchTo(caller);
	}
}

static void
build(PgeSource *source)
{
	bool		table = get_rel_relkind(source->relid) == RELKIND_RELATION;

	source->ncolumns = source->njoins = 0;
	source->columns = NULL;
	source->joins = NULL;
	if (source->context)
		MemoryContextReset(source->context);
	foreach_ptr(PgeContinuous, aggregate, table ? pge_continuous_list(InvalidOid) : aggregates_over(source->relid))
	{
		Query	   *query = pge_definition_query(aggregate->definition);
		PgeContinuousQuery parts;

		if (query == NULL)
			continue;
		pge_continuous_query_take_apart(query, &parts);
		if (source->context == NULL)
			source->context = AllocSetContextCreate(TopMemoryContext, "epiphany source of continuous aggregates", ALLOCSET_SMALL_SIZES);
		if (!table || aggregate->source == source->relid)
			add_column(source, aggregate, &parts);
		if (table)
			add_joins(source, aggregate, &parts);
	}
}

const PgeSource *
pge_source(Oid relid)
{
	bool		found;
	PgeSource  *source = hash_search(sources, &relid, HASH_ENTER, &found);

	if (!found)
	{
		source->valid = false;
		source->context = NULL;
		source->ncolumns = source->njoins = 0;
	}
	if (!source->valid)
	{
		uint64		before = invalidations;

		build(source);
		/* An invalidation while reading may be about what was read. */
		source->valid = before == invalidations;
	}
	return source;
}

void
pge_source_init(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(PgeSource), .hcxt = TopMemoryContext};

	sources = hash_create("epiphany sources of continuous aggregates", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(invalidate, (Datum) 0);
}
