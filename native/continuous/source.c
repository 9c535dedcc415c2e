/*
 * Continuous aggregates: what a session remembers of a table that has some: its time columns, and whom to tell of changes.
 *
 * Who makes an aggregate holds a lock on the table that excludes writers, and invalidates the table's relcache entry; so whoever writes
 * later finds out when he locks the table. The same goes for an aggregate over another, by the table below both.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
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

static void
build(PgeSource *source)
{
	MemoryContext caller = CurrentMemoryContext;

	source->ncolumns = 0;
	source->columns = NULL;
	if (source->context)
		MemoryContextReset(source->context);
	foreach_ptr(PgeContinuous, aggregate, pge_continuous_list(source->relid))
	{
		Query	   *query = pge_definition_query(aggregate->definition);
		PgeContinuousQuery parts;
		PgeTimeColumn *column;
		PgeBucketing *bucketing;

		if (query == NULL)
			continue;
		pge_continuous_query_take_apart(query, &parts);
		if (source->context == NULL)
			source->context = AllocSetContextCreate(TopMemoryContext, "epiphany source of continuous aggregates", ALLOCSET_SMALL_SIZES);
		MemoryContextSwitchTo(source->context);
		column = column_for(source, parts.time_attno, parts.time_type);
		bucketing = palloc_object(PgeBucketing);
		pge_bucketing_init(bucketing, parts.call);
		column->cell = Min(column->cell, bucketing->least_width);
		add_target(column, aggregate, bucketing, NULL, 0);
		MemoryContextSwitchTo(caller);
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
		source->ncolumns = 0;
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
