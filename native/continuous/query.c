/*
 * Continuous aggregates: which queries can be kept up to date bucket by bucket, and what their parts are.
 *
 * The rule behind all refusals: the result rows of a bucket must follow from the source's rows of that bucket and the joined tables alone,
 * whenever and by whomever they are computed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "continuous.h"

static void pg_attribute_noreturn()
refuse(const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("this query cannot be a continuous aggregate"),
			 errdetail("%s", detail),
			 hint ? errhint("%s", hint) : 0));
}

/* ---- parts ---- */

/* A grouping expression that is time_bucket of a column: its call with the other arguments computed, else NULL. */
static FuncExpr *
bucket_call(Query *query, Expr *expression)
{
	Node	   *node = flatten_join_alias_vars(NULL, query, copyObject((Node *) expression));
	FuncExpr   *call;

	if (!IsA(node, FuncExpr) || !pge_is_time_bucket(((FuncExpr *) node)->funcid))
		return NULL;
	node = eval_const_expressions(NULL, node);
	if (!IsA(node, FuncExpr) || list_length(((FuncExpr *) node)->args) < 2)
		return NULL;
	call = (FuncExpr *) node;
	return IsA(lsecond(call->args), Var) ? call : NULL;
}

/* Finds the parts of a query that was checked, or complains of what every query must have. */
void
pge_continuous_query_take_apart(Query *query, PgeContinuousQuery *parts)
{
	memset(parts, 0, sizeof(*parts));
	parts->query = query;
	foreach_node(SortGroupClause, group, query->groupClause)
	{
		TargetEntry *entry = get_sortgroupclause_tle(group, query->targetList);
		FuncExpr   *call = bucket_call(query, entry->expr);

		if (call == NULL)
		{
			if (!entry->resjunk)
				parts->keys = lappend_int(parts->keys, entry->resno);
			continue;
		}
		if (parts->call)
			refuse("There are several calls of time_bucket in GROUP BY.",
				   "Make the coarser one a continuous aggregate over the finer one.");
		if (entry->resjunk)
			refuse("The bucket in GROUP BY is not among the result columns.", "Select the time_bucket(...) expression as it stands.");
		parts->call = call;
		parts->bucket_resno = entry->resno;
	}
	if (parts->call)
	{
		Var		   *time = lsecond_node(Var, parts->call->args);
		RangeTblEntry *source = rt_fetch(time->varno, query->rtable);

		if (time->varlevelsup != 0 || source->rtekind != RTE_RELATION || time->varattno <= 0)
			refuse("The time that buckets are made of must be a table's column.", NULL);
		if (!bms_is_empty(time->varnullingrels))
			refuse("The table with the times is on the optional side of an outer join.", "Put it on the other side.");
		parts->source = source->relid;
		parts->source_index = time->varno;
		parts->time_attno = time->varattno;
		parts->time_type = time->vartype;
	}
	else
		refuse("GROUP BY has no time_bucket(width, column).",
			   "Select and group by epiphany.time_bucket(width, column), where the column is the source's time.");
}

/* ---- refusals ---- */

static bool
has_system_column(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varattno < 0;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_system_column, context, 0);
	return expression_tree_walker(node, has_system_column, context);
}

static void
check_clauses(Query *query)
{
	const char *hint = "Do that in queries of the continuous aggregate.";

	if (query->commandType != CMD_SELECT || query->utilityStmt)
		refuse("It is not a SELECT.", NULL);
	if (query->cteList)
		refuse("It has a WITH clause.", "Write it as one SELECT.");
	if (query->setOperations)
		refuse("It has UNION, INTERSECT or EXCEPT.", hint);
	if (query->hasSubLinks)
		refuse("It has a subquery.", "Join the table instead.");
	if (query->hasWindowFuncs)
		refuse("It has window functions, which look beyond a bucket.", hint);
	if (query->distinctClause)
		refuse("It has DISTINCT.", "GROUP BY does what DISTINCT would.");
	if (query->limitCount || query->limitOffset)
		refuse("It has LIMIT or OFFSET.", hint);
	if (query->sortClause)
		refuse("It has ORDER BY.", "Stored rows have no order: sort in queries of the continuous aggregate.");
	if (query->groupingSets)
		refuse("It has grouping sets.", "Make a continuous aggregate for each.");
	if (query->hasTargetSRFs)
		refuse("Its result columns have functions that return sets.", hint);
	if (query->rowMarks)
		refuse("It locks rows.", NULL);
	if (contain_mutable_functions((Node *) query))
		refuse("It calls functions whose result depends on more than their arguments: on the current time, settings or a sequence, say.",
			   "Use immutable functions only. To cast or truncate timestamptz, name the time zone: time AT TIME ZONE 'UTC'.");
	if (has_system_column((Node *) query, NULL))
		refuse("It reads system columns, which are not the row's contents.", NULL);
}

/*
 * Is it a joined table whose changes are noticed? Its rows have to be its own, and to go by statements only. It is read without child
 * tables, which is decided when the aggregate is made.
 */
bool
pge_continuous_watches(const RangeTblEntry *entry, Oid source)
{
	return entry->rtekind == RTE_RELATION && !entry->inh && entry->relid != source && !IsCatalogRelationOid(entry->relid) &&
		get_rel_relkind(entry->relid) == RELKIND_RELATION && get_rel_persistence(entry->relid) == RELPERSISTENCE_PERMANENT;
}

static void
check_relations(Query *query, Oid source)
{
	int			times = 0;

	foreach_node(RangeTblEntry, entry, query->rtable)
	{
		if (entry->rtekind == RTE_JOIN)
			continue;
		if (entry->rtekind != RTE_RELATION)
			refuse("FROM has more than tables and their joins.", "Put what the other items give into a table.");
		if (entry->tablesample)
			refuse("It samples a table.", NULL);
		if (get_rel_persistence(entry->relid) == RELPERSISTENCE_TEMP)
			refuse("It reads a temporary table.", NULL);
		if (entry->relid == source)
			times++;
		else if (entry->relkind == RELKIND_VIEW)
			refuse(psprintf("It joins the view \"%s\", behind which there may be anything.", get_rel_name(entry->relid)),
				   "Join the view's tables.");
	}
	foreach_node(RangeTblEntry, entry, query->rtable)
	{
		if (entry->rtekind != RTE_RELATION || entry->relid == source)
			continue;
		if (entry->relkind == RELKIND_RELATION && !has_subclass(entry->relid))
			entry->inh = false;
		if (!pge_continuous_watches(entry, source))
			ereport(NOTICE,
					(errmsg("changes of \"%s\" are not noticed by the continuous aggregate", get_rel_name(entry->relid)),
					 errdetail("Those of permanent tables without partitions or child tables are."),
					 errhint("Tell of them with epiphany.invalidate().")));
	}
	if (times > 1)
		refuse("It reads the table with the times more than once.", "Rows of one bucket could depend on rows of others.");
}

/* Known by the trigger that keeps rows out of it. */
static bool
is_hypertable_of_timescaledb(Relation source)
{
	for (int i = 0; source->trigdesc && i < source->trigdesc->numtriggers; i++)
		if (strcmp(source->trigdesc->triggers[i].tgname, "ts_insert_blocker") == 0)
			return true;
	return false;
}

static void
check_source(const PgeContinuousQuery *parts)
{
	Relation	source = table_open(parts->source, AccessShareLock);
	const char *name = RelationGetRelationName(source);
	const char *column = NameStr(TupleDescAttr(RelationGetDescr(source), parts->time_attno - 1)->attname);
	PgeContinuous *below;

	switch (source->rd_rel->relkind)
	{
		case RELKIND_RELATION:
			if (source->rd_rel->relispartition == false && has_subclass(parts->source))
				refuse(psprintf("Table \"%s\" has child tables.", name), NULL);
			if (is_hypertable_of_timescaledb(source))
				refuse(psprintf("Table \"%s\" is a hypertable of TimescaleDB, whose rows are in other tables.", name),
					   "Make a table USING epiphany_timeseries.");
			if (source->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
				refuse(psprintf("Table \"%s\" is unlogged, so a crash would empty it unnoticed.", name), "ALTER TABLE ... SET LOGGED.");
			if (source->rd_rel->relrowsecurity)
				refuse(psprintf("Table \"%s\" has row security, so its rows depend on who asks.", name),
					   "Filter in a view over the continuous aggregate instead.");
			if (!TupleDescAttr(RelationGetDescr(source), parts->time_attno - 1)->attnotnull)
				refuse(psprintf("Column \"%s\" of table \"%s\" may be null, and null is in no bucket.", column, name),
					   psprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL.", quote_identifier(name), quote_identifier(column)));
			break;
		case RELKIND_PARTITIONED_TABLE:
			refuse(psprintf("Table \"%s\" is partitioned.", name),
				   "A table USING epiphany_timeseries or epiphany_column needs no partitions.");
			break;
		case RELKIND_VIEW:
			below = pge_continuous_find(parts->source);
			if (below && below->user_view == parts->source)
			{
				PgeContinuousQuery inner;

				pge_continuous_query_take_apart(pge_definition_query(below->definition), &inner);
				if (inner.bucket_resno != parts->time_attno)
					refuse(psprintf("Column \"%s\" of continuous aggregate \"%s\" is not its bucket.", column, name), NULL);
				break;
			}
			/* FALLTHROUGH */
		default:
			refuse(psprintf("\"%s\" is neither a table nor a continuous aggregate.", name), NULL);
	}
	table_close(source, NoLock);
}

/*
 * Refuses what cannot be kept up to date. The source is read without child tables from here on: who makes some later does not change what
 * the query means.
 */
void
pge_continuous_query_check(Query *query)
{
	PgeContinuousQuery parts;
	PgeBucketing bucketing;
	const char *hint;
	const char *refusal;

	check_clauses(query);
	pge_continuous_query_take_apart(query, &parts);
	check_relations(query, parts.source);
	check_source(&parts);
	refusal = pge_bucketing_refusal(parts.call, &hint);
	if (refusal)
		refuse(refusal, hint);
	/* Widths and zones that there are not raise their errors now, not in whoever writes to the source. */
	pge_bucketing_init(&bucketing, parts.call);
	pge_bucketing_floor(&bucketing, 0);
	rt_fetch(parts.source_index, query->rtable)->inh = rt_fetch(parts.source_index, query->rtable)->relkind == RELKIND_VIEW;
}

/* ---- definitions ---- */

/*
 * The query of a definition view. Without a lock on the view: whoever writes to the source may come here, and must not wait for, nor
 * deadlock with, who drops the aggregate. NULL: it is gone.
 */
Query *
pge_definition_query(Oid definition)
{
	Relation	pg_rewrite = table_open(RewriteRelationId, AccessShareLock);
	HeapTuple	tuple = SearchSysCache2(RULERELNAME, ObjectIdGetDatum(definition), CStringGetDatum("_RETURN"));
	Query	   *query = NULL;

	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		action = heap_getattr(tuple, Anum_pg_rewrite_ev_action, RelationGetDescr(pg_rewrite), &isnull);

		query = linitial_node(Query, (List *) stringToNode(TextDatumGetCString(action)));
		ReleaseSysCache(tuple);
	}
	table_close(pg_rewrite, AccessShareLock);
	return query;
}

static Node *
compare(PgeContinuousQuery *parts, int16 strategy, Node *bound)
{
	Oid			opfamily = lookup_type_cache(parts->time_type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	Oid			operator = get_opfamily_member(opfamily, parts->time_type, parts->time_type, strategy);
	Var		   *time = copyObject(lsecond_node(Var, parts->call->args));
	OpExpr	   *comparison = (OpExpr *) make_opclause(operator, BOOLOID, false, (Expr *) time, (Expr *) bound, InvalidOid, InvalidOid);

	set_opfuncid(comparison);
	return (Node *) comparison;
}

/* Lets the query read only times from first to last. */
void
pge_add_time_bounds(PgeContinuousQuery *parts, Node *first, Node *last)
{
	FromExpr   *from = parts->query->jointree;

	from->quals = make_and_qual(from->quals, make_and_qual(compare(parts, BTGreaterEqualStrategyNumber, first),
														   compare(parts, BTLessEqualStrategyNumber, last)));
}
