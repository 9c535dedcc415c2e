/*
 * Continuous aggregates: CREATE MATERIALIZED VIEW ... WITH (epiphany.continuous), and the view that users see.
 *
 * Three relations in one schema, all ordinary, so that dumps, privileges and dependencies need nothing of their own: the definition, a view
 * of the query as given; the data, a table of its rows; and the view of the name given. That one is, in real time,
 *
 *     SELECT * FROM data WHERE NOT is_pending(bucket) UNION ALL SELECT q.* FROM pending() p, LATERAL (query between p.first and p.last) q
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "catalog/toasting.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "commands/view.h"
#include "common/int.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "continuous.h"
#include "tableam/time_key.h"
#include "with.h"

/* Stored rows of so many buckets are one chunk. */
#define BUCKETS_IN_CHUNK	INT64CONST(1000)

/* ---- the query ---- */

/* CREATE MATERIALIZED VIEW name (columns): names of the result's first columns. */
static void
name_columns(Query *query, List *names)
{
	ListCell   *name = list_head(names);

	foreach_node(TargetEntry, entry, query->targetList)
	{
		if (name == NULL)
			break;
		if (entry->resjunk)
			continue;
		entry->resname = pstrdup(strVal(lfirst(name)));
		name = lnext(names, name);
	}
	if (name)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("too many column names were specified")));
}

static List *
columns_of(Query *query)
{
	List	   *columns = NIL;

	foreach_node(TargetEntry, entry, query->targetList)
	{
		Oid			type = exprType((Node *) entry->expr);
		Oid			collation = exprCollation((Node *) entry->expr);

		if (entry->resjunk)
			continue;
		if (OidIsValid(get_typcollation(type)) && !OidIsValid(collation))
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_COLLATION),
					 errmsg("could not determine which collation to use for column \"%s\" of the continuous aggregate", entry->resname),
					 errhint("Use the COLLATE clause to set the collation explicitly.")));
		columns = lappend(columns, makeColumnDef(entry->resname, type, exprTypmod((Node *) entry->expr), collation));
	}
	return columns;
}

/* ---- relations ---- */

static Oid
make_relation(const char *schema, const char *name, List *columns, char relkind, const char *access_method, const char *tablespace)
{
	CreateStmt *create = makeNode(CreateStmt);
	ObjectAddress address;

	create->relation = makeRangeVar(pstrdup(schema), pstrdup(name), -1);
	create->tableElts = copyObject(columns);
	create->oncommit = ONCOMMIT_NOOP;
	create->accessMethod = access_method ? pstrdup(access_method) : NULL;
	create->tablespacename = tablespace ? pstrdup(tablespace) : NULL;
	address = DefineRelation(create, relkind, InvalidOid, NULL, NULL);
	CommandCounterIncrement();
	if (relkind == RELKIND_RELATION)
	{
		NewRelationCreateToastTable(address.objectId, (Datum) 0);
		CommandCounterIncrement();
	}
	return address.objectId;
}

static const char *
column_of(const PgeContinuous *aggregate, AttrNumber attno)
{
	return quote_identifier(get_attname(aggregate->materialization, attno, false));
}

static DefElem *
option(const char *name, const char *value)
{
	return makeDefElemExtended("epiphany", pstrdup(name), (Node *) makeString(pstrdup(value)), DEFELEM_UNSPEC, -1);
}

/* Rows USING epiphany_timeseries are a time series of buckets, its series being the other keys. */
static void
set_time_options(const PgeContinuous *aggregate, const PgeContinuousQuery *parts)
{
	StringInfoData series;
	PgeBucketing bucketing;
	List	   *options = NIL;
	int64		unit;
	int64		width;
	int			n = 0;

	if (!pge_continuous_by_time(aggregate))
		return;
	pge_bucketing_init(&bucketing, parts->call);
	unit = parts->time_type == DATEOID ? USECS_PER_DAY : 1;
	if (pg_mul_s64_overflow(bucketing.least_width, BUCKETS_IN_CHUNK * unit, &width))
		width = PG_INT64_MAX / 2;
	options = lappend(options, option("time_column", column_of(aggregate, parts->bucket_resno)));
	options = lappend(options, option("chunk_interval", psprintf(INT64_FORMAT "%s", width, bucketing.is_integer ? "" : " microseconds")));
	initStringInfo(&series);
	foreach_int(key, parts->keys)
	{
		if (n++ < PGE_MAX_SEGMENTS)
			appendStringInfo(&series, "%s%s", n > 1 ? "," : "", column_of(aggregate, key));
	}
	if (n > 0)
		options = lappend(options, option("segment_by", series.data));
	pge_continuous_alter_data(aggregate, options, false);
}

/* ---- the view ---- */

/* Names of result columns may have been changed since, in the view or the definition. */
static void
use_names_of(Query *query, Oid relation)
{
	foreach_node(TargetEntry, entry, query->targetList)
	{
		if (!entry->resjunk)
			entry->resname = get_attname(relation, entry->resno, false);
	}
}

/* The query with times bounded by the columns of pending(), which stands before it in FROM. */
static Query *
query_of_pending(const PgeContinuous *aggregate)
{
	PgeContinuousQuery parts;

	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	pge_add_time_bounds(&parts, (Node *) makeVar(1, 1, parts.time_type, -1, InvalidOid, 1),
						(Node *) makeVar(1, 2, parts.time_type, -1, InvalidOid, 1));
	return parts.query;
}

/* Makes the user's view what the aggregate's options say. */
void
pge_continuous_store_view(const PgeContinuous *aggregate)
{
	PgeContinuousQuery parts;
	/* A constant that dumps show as a name, and on which the view depends. */
	const char *definition = quote_literal_cstr(pge_qualified_name(aggregate->definition));
	StringInfoData text;
	RawStmt    *raw;
	Query	   *query;

	pge_continuous_query_take_apart(pge_definition_query(aggregate->definition), &parts);
	initStringInfo(&text);
	appendStringInfo(&text, "SELECT d.* FROM %s d", pge_qualified_name(aggregate->materialization));
	if (!aggregate->materialized_only)
		appendStringInfo(&text,
						 " WHERE NOT epiphany.is_pending(%s::pg_catalog.regclass, d.%s)"
						 " UNION ALL SELECT q.* FROM epiphany.pending(%s::pg_catalog.regclass, NULL::%s) p, LATERAL (SELECT * FROM %s) q",
						 definition,
						 column_of(aggregate, parts.bucket_resno),
						 definition, format_type_be_qualified(parts.time_type),
						 pge_qualified_name(aggregate->definition));
	raw = linitial_node(RawStmt, raw_parser(text.data, RAW_PARSE_DEFAULT));
	query = parse_analyze_fixedparams(raw, text.data, NULL, 0, NULL);
	if (!aggregate->materialized_only)
	{
		/* UNION ALL's second side, and there the query in the place of the definition view. */
		Query	   *fresh = rt_fetch(2, query->rtable)->subquery;
		RangeTblEntry *entry = rt_fetch(2, fresh->rtable);

		Assert(entry->rtekind == RTE_SUBQUERY);
		entry->subquery = query_of_pending(aggregate);
	}
	use_names_of(query, aggregate->user_view);
	StoreViewQuery(aggregate->user_view, query, true);
	CommandCounterIncrement();
}

/* ---- the statement ---- */

static void
run(const char *statement)
{
	SPI_connect();
	if (SPI_execute(statement, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", statement);
	SPI_finish();
}

/* By the other keys and the bucket, as TimescaleDB's default is; by the bucket alone where there are none. */
static void
make_indexes(const PgeContinuous *aggregate, const PgeContinuousQuery *parts)
{
	const char *table = pge_qualified_name(aggregate->materialization);
	const char *bucket = column_of(aggregate, parts->bucket_resno);

	foreach_int(key, parts->keys)
		run(psprintf("CREATE INDEX ON %s (%s, %s DESC)", table, column_of(aggregate, key), bucket));
	if (parts->keys == NIL)
		run(psprintf("CREATE INDEX ON %s (%s DESC)", table, bucket));
}

void
pge_continuous_create(CreateTableAsStmt *stmt, const char *source_text)
{
	Query	   *query = castNode(Query, copyObject(stmt->query));
	RangeVar   *name = copyObject(stmt->into->rel);
	PgeContinuousWith with;
	PgeContinuousQuery parts;
	PgeContinuous aggregate = {0};
	PgeRange	everything = {PG_INT64_MIN, PG_INT64_MAX};
	List	   *columns;
	Oid			schema;
	Oid			existing;
	const char *schema_name;

	PreventCommandIfReadOnly("CREATE MATERIALIZED VIEW");
	PreventCommandDuringRecovery("CREATE MATERIALIZED VIEW");
	pge_continuous_with(stmt->into->options, &with);
	if (name->relpersistence != RELPERSISTENCE_PERMANENT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a continuous aggregate cannot be temporary or unlogged")));
	schema = RangeVarGetAndCheckCreationNamespace(name, NoLock, &existing);
	schema_name = get_namespace_name(schema);
	if (OidIsValid(existing))
	{
		ereport(stmt->if_not_exists ? NOTICE : ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 stmt->if_not_exists ? errmsg("relation \"%s\" already exists, skipping", name->relname) :
				 errmsg("relation \"%s\" already exists", name->relname)));
		return;
	}

	name_columns(query, stmt->into->colNames);
	pge_continuous_query_check(query);
	pge_continuous_query_take_apart(query, &parts);
	columns = columns_of(query);
	aggregate.source = parts.source;
	aggregate.materialized_only = with.materialized_only;
	foreach_oid(table, pge_continuous_tables(parts.source, query))
		pge_capture_install(table);

	aggregate.definition = make_relation(schema_name, ChooseRelationName(name->relname, NULL, "definition", schema, false), columns,
										 RELKIND_VIEW, NULL, NULL);
	StoreViewQuery(aggregate.definition, query, false);
	CommandCounterIncrement();
	aggregate.materialization = make_relation(schema_name, ChooseRelationName(name->relname, NULL, "data", schema, false), columns,
											  RELKIND_RELATION,
											  stmt->into->accessMethod ? stmt->into->accessMethod : "epiphany_timeseries",
											  stmt->into->tableSpaceName);
	aggregate.user_view = make_relation(schema_name, name->relname, columns, RELKIND_VIEW, NULL, NULL);
	pge_continuous_insert(&aggregate);
	pge_log_write(aggregate.definition, &(PgeRanges) {1, 1, &everything});
	pge_continuous_forget(parts.source);
	CommandCounterIncrement();
	pge_continuous_store_view(&aggregate);
	set_time_options(&aggregate, &parts);
	pge_continuous_alter_data(&aggregate, with.of_data, false);
	/* Where changes are decoded, publications want rows to be told apart. */
	run(psprintf("ALTER TABLE %s REPLICA IDENTITY FULL", pge_qualified_name(aggregate.materialization)));
	if (with.create_group_indexes)
		make_indexes(&aggregate, &parts);
	if (stmt->into->skipData)
		return;
	/* Rows of writers that we have waited for may be too new for such a snapshot, and they are in no log. */
	if (IsolationUsesXactSnapshot())
		ereport(NOTICE,
				(errmsg("continuous aggregate \"%s\" has no stored rows yet", name->relname),
				 errdetail("The transaction has one snapshot, which may be older than the aggregate."),
				 errhint("Refresh it afterwards.")));
	else
		pge_continuous_refresh(aggregate.user_view, PG_INT64_MIN, PG_INT64_MAX, false);
}
