/*
 * Table options: where they are stored (a security label of ours on the table), what a session remembers of them, and
 * epiphany.table_options().
 *
 * Promise: pge_table_options() shows a change by anyone from the next cache invalidation on, which every lock on the table brings.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/seclabel.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "options.h"

PG_FUNCTION_INFO_V1(pge_table_options_sql);

#define PROVIDER "epiphany"

/* Entries are never removed, so that a pointer into one stays good: 64 bytes for each table that the session has asked about. */
typedef struct CacheEntry
{
	Oid			table;
	bool		valid;
	PgeTableOptions options;
} CacheEntry;

static HTAB *cache;
static uint64 invalidations;

static void
invalidate(Datum arg, Oid relation)
{
	CacheEntry *entry;

	invalidations++;
	if (OidIsValid(relation))
	{
		entry = hash_search(cache, &relation, HASH_FIND, NULL);
		if (entry)
			entry->valid = false;
	}
	else
	{
		HASH_SEQ_STATUS all;

		hash_seq_init(&all, cache);
		while ((entry = hash_seq_search(&all)) != NULL)
			entry->valid = false;
	}
}

const PgeTableOptions *
pge_table_options(Relation rel)
{
	Oid			table = OidIsValid(rel->rd_rel->relrewrite) ? rel->rd_rel->relrewrite : RelationGetRelid(rel);
	bool		found;
	CacheEntry *entry = hash_search(cache, &table, HASH_ENTER, &found);

	if (!found)
		entry->valid = false;
	if (!entry->valid)
	{
		uint64		before = invalidations;
		PgeOptionValues values;

		pge_options_read(table, &values);
		pge_option_values_apply(&values, &entry->options);
		/* An invalidation while reading may be about what was read. */
		entry->valid = before == invalidations;
	}
	return &entry->options;
}

void
pge_options_read(Oid table, PgeOptionValues *values)
{
	ObjectAddress object;
	char	   *label;

	ObjectAddressSet(object, RelationRelationId, table);
	label = GetSecurityLabel(&object, PROVIDER);
	if (label)
		pge_option_values_parse(label, values);
	else
		memset(values, 0, sizeof(*values));
}

/* A table in the making: not in the caches of any session but, maybe, this one's own. */
void
pge_options_write_new(Oid table, const PgeOptionValues *values)
{
	ObjectAddress object;

	ObjectAddressSet(object, RelationRelationId, table);
	SetSecurityLabel(&object, PROVIDER, pge_option_values_format(values));
	invalidate((Datum) 0, table);
}

void
pge_options_write(Oid table, const PgeOptionValues *values)
{
	pge_options_write_new(table, values);
	CacheInvalidateRelcacheByRelid(table);
	CommandCounterIncrement();
}

/* SECURITY LABEL FOR epiphany, which is how pg_restore brings options back. label is NULL where it is taken away. */
static void
check_label(const ObjectAddress *object, const char *label)
{
	if (object->classId != RelationRelationId || object->objectSubId != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("labels of provider \"%s\" are for tables only", PROVIDER)));
	if (label)
	{
		PgeOptionValues values;

		pge_option_values_parse(label, &values);
		for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
		{
			if (values.of[id])
				pge_option_check_applies(id, get_rel_relam(object->objectId));
		}
		pge_time_options_check(object->objectId, get_rel_relam(object->objectId), false, &values);
	}
	/* Our caller writes the label next; the invalidation takes effect together with it. */
	CacheInvalidateRelcacheByRelid(object->objectId);
}

/* epiphany.table_options(regclass): rows (name, value, is_default, description) for the options that the table's access method has. */
Datum
pge_table_options_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	rel = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	const PgeTableOptions *options;
	PgeAm		am;

	InitMaterializedSRF(fcinfo, 0);
	if (rel == NULL)
		return (Datum) 0;

	am = pge_am_of(rel->rd_rel->relam);
	options = pge_table_options(rel);
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
	{
		const char *shown = pge_option_show(id, options);
		Datum		values[4] = {
			CStringGetTextDatum(psprintf("epiphany.%s", pge_options[id].name)),
			shown ? CStringGetTextDatum(shown) : (Datum) 0,
			BoolGetDatum((options->given & (1U << id)) == 0),
			CStringGetTextDatum(pge_options[id].description),
		};
		bool		nulls[4] = {false, shown == NULL};

		if (pge_options[id].access_methods & am)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	relation_close(rel, AccessShareLock);
	return (Datum) 0;
}

void
pge_options_label_init(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(CacheEntry), .hcxt = TopMemoryContext};

	cache = hash_create("epiphany table options", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(invalidate, (Datum) 0);
	register_label_provider(PROVIDER, check_label);
}
