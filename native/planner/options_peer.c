/*
 * Table options: TimescaleDB's, by the prefixes timescaledb and tsdb, as ours. Where that extension is in the same database, its prefixes
 * are its own; where epiphany_timeseries is not, nobody's. What has no meaning here is said in a NOTICE and left out.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"

#include "options.h"

/* Names of ours; NULL: it has no meaning here, and why. */
static const struct
{
	const char *name;
	const char *ours;
	const char *reason;
}			options[] = {
	{"associated_schema", NULL, "Chunks are no relations."},
	{"associated_table_prefix", NULL, "Chunks are no relations."},
	{"chunk_interval", "chunk_interval"},
	{"chunk_time_interval", "chunk_interval"},
	{"compress_chunk_time_interval", NULL, "Chunks are not joined into larger ones."},
	{"compress_index", NULL, "All columns have zone maps."},
	{"compress_orderby", NULL, "Rows of a series are in the order of time."},
	{"compress_segmentby", "segment_by"},
	{"create_default_indexes", NULL, "Times are found without an index."},
	{"direct_compress", NULL, "Bulk loads go to row groups at once."},
	{"index", NULL, "All columns have zone maps."},
	{"orderby", NULL, "Rows of a series are in the order of time."},
	{"partition_column", "time_column"},
	{"segmentby", "segment_by"},
	{"sparse_index", NULL, "All columns have zone maps."},
};

static bool
is_one_of(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
is_columnstore(const char *name)
{
	static const char *const names[] = {"columnstore", "compress", "enable_columnstore"};

	return is_one_of(name, names, lengthof(names));
}

/* Is it one of TimescaleDB's that is ours to read? */
bool
pge_peer_option(const DefElem *definition)
{
	static const char *const prefixes[] = {"timescaledb", "tsdb"};

	return definition->defnamespace && is_one_of(definition->defnamespace, prefixes, lengthof(prefixes)) &&
		!OidIsValid(get_extension_oid("timescaledb", true)) && OidIsValid(get_extension_oid("epiphany_timeseries", true));
}

/* Has a table such an option? */
bool
pge_peer_option_of_table(const char *name)
{
	for (int i = 0; i < lengthof(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return true;
	return is_columnstore(name);
}

static DefElem *
translate(DefElem *definition)
{
	for (int i = 0; i < lengthof(options); i++)
	{
		if (strcmp(options[i].name, definition->defname) != 0)
			continue;
		if (options[i].ours != NULL)
			return makeDefElemExtended("epiphany", pstrdup(options[i].ours), copyObject(definition->arg), DEFELEM_UNSPEC,
									   definition->location);
		ereport(NOTICE,
				(errmsg("option \"%s.%s\" has no meaning here and is ignored", definition->defnamespace, definition->defname),
				 errdetail_internal("%s", options[i].reason)));
		return NULL;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized parameter \"%s.%s\"", definition->defnamespace, definition->defname)));
	return NULL;
}

/* A WITH, SET or RESET list with ours in place of TimescaleDB's, and what these say beside. */
List *
pge_peer_options_translate(List *definitions, bool is_reset, PgePeerOptions *peer)
{
	List	   *translated = NIL;

	foreach_node(DefElem, definition, definitions)
	{
		DefElem    *ours = definition;

		if (pge_peer_option(definition) && strcmp(definition->defname, "hypertable") == 0)
		{
			peer->hypertable = !is_reset && defGetBoolean(definition);
			continue;
		}
		if (pge_peer_option(definition) && is_columnstore(definition->defname))
		{
			peer->columnstore = !is_reset && defGetBoolean(definition);
			if (!peer->columnstore)
				ereport(NOTICE,
						(errmsg("option \"%s.%s\" has no meaning here and is ignored", definition->defnamespace, definition->defname),
						 errdetail("Tables USING epiphany_timeseries are column storage.")));
			continue;
		}
		if (pge_peer_option(definition))
			ours = translate(definition);
		if (ours)
			translated = lappend(translated, ours);
	}
	return translated;
}
