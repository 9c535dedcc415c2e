/*
 * Planner: which aggregations the engine can run.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "executor/engine.h"
#include "shim/pge.h"
#include "vectorize.h"

typedef struct AggregateKey
{
	Oid			function;
	int			split;
} AggregateKey;

typedef struct AggregateEntry
{
	AggregateKey key;
	PgeAggregateSupport support;
} AggregateEntry;

/* Does the engine have the aggregate? The managed library's answers are kept as long as the session. */
PgeAggregateSupport
pge_aggregate_support_of(Oid function, AggSplit split)
{
	static HTAB *known = NULL;
	AggregateKey key = {.function = function,.split = split};
	AggregateEntry *entry;

	if (known == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(AggregateKey),.entrysize = sizeof(AggregateEntry)};

		known = hash_create("aggregates of the engine", 32, &control, HASH_ELEM | HASH_BLOBS);
	}
	entry = hash_search(known, &key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		int			support;

		PGE_CALL(AggregateSupported, function, split, &support);
		entry = hash_search(known, &key, HASH_ENTER, NULL);
		entry->support = support;
	}
	return entry->support;
}

PgeAggregateSupport
pge_aggregate_support(const Aggref *aggregate)
{
	return pge_aggregate_support_of(aggregate->aggfnoid, aggregate->aggsplit);
}

/* Are values of the type grouped by its own operator for equal and its own hash function? */
bool
pge_groups_by_default(Oid equality, Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC | TYPECACHE_HASH_EXTENDED_PROC);
	RegProcedure hash;

	return equality == entry->eq_opr && get_op_hash_functions(equality, &hash, NULL) && hash == entry->hash_proc &&
		OidIsValid(entry->hash_extended_proc);
}

/* Groups that come sorted: can the sort be told from the node below? It must be one by the keys first. */
bool
pge_is_sorted_by_keys(const Agg *plan, const PgePart *input)
{
	const Sort *sort = pge_as_sort(outerPlan(plan));

	/* All keys are constants: there is one group. */
	if (plan->numCols == 0)
		return true;
	if (!input->native || sort == NULL || sort->numCols < plan->numCols)
		return false;
	for (int i = 0; i < plan->numCols; i++)
	{
		int			key = 0;

		while (key < plan->numCols && plan->grpColIdx[key] != sort->sortColIdx[i])
			key++;
		if (key == plan->numCols)
			return false;
	}
	return true;
}

const char *
pge_refused_aggregate(const Agg *plan, const PgePart *input)
{
	if (!pge_enable_vectorized_agg)
		return "epiphany.enable_vectorized_agg is off";
	/* Grouping sets that are no single rollup come in no order. */
	if (plan->aggstrategy == AGG_SORTED && plan->chain == NIL && !pge_is_sorted_by_keys(plan, input))
		return "its groups come in an order that no sort by its keys makes";
	foreach_node(Agg, phase, pge_agg_phases(plan))
	{
		for (int i = 0; i < phase->numCols; i++)
		{
			const TargetEntry *key = list_nth_node(TargetEntry, outerPlan(plan)->targetlist, phase->grpColIdx[i] - 1);

			if (!pge_groups_by_default(phase->grpOperators[i], exprType((Node *) key->expr)))
				return psprintf("it groups by operator %s, which is not the default", get_opname(phase->grpOperators[i]));
		}
	}
	/* Aggregates that the engine has not are PostgreSQL's own functions, called by it. */
	return DO_AGGSPLIT_COMBINE(plan->aggsplit) ? "it combines partial results" : NULL;
}
