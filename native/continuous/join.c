/*
 * Continuous aggregates: what a row of a joined table matters to.
 *
 * Promise: a row that comes, goes or changes can change result rows only in buckets in which the source has rows that equal it, or what it
 * was, in all keys. A key is an equality of plain columns of source and table that every result row with the row meets: in WHERE; in ON of
 * inner joins; in ON of outer joins that have the table on the side that may be missing. (The source never is on that side, so all joins
 * above the one with the equality have the source's rows on a side that they keep.) A table without such keys may matter to everything.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"

#include "source.h"

/* Matching rows in more buckets than this are taken for one range. */
#define MAX_BUCKETS	16384

/* A query computes each pending range by itself, so few ranges with some buckets too many are read sooner than many. */
#define MAX_RANGES	64

/* ---- keys ---- */

typedef struct Search
{
	PgeContinuousQuery *parts;
	Index		joined;
	List	   *found;			/* OpExprs with the source's column on the left */
} Search;

static Var *
column_of(Node *node, Index index)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return IsA(node, Var) && ((Var *) node)->varno == index && ((Var *) node)->varattno > 0 ? (Var *) node : NULL;
}

static void
search_conjuncts(Node *condition, Search *search)
{
	OpExpr	   *equality;

	if (condition && is_andclause(condition))
	{
		foreach_ptr(Node, part, ((BoolExpr *) condition)->args)
			search_conjuncts(part, search);
		return;
	}
	if (condition == NULL || !is_opclause(condition) || list_length(search->found) == PGE_JOIN_MAX_KEYS)
		return;
	equality = (OpExpr *) condition;
	if (list_length(equality->args) != 2 || get_mergejoin_opfamilies(equality->opno) == NIL || !op_strict(equality->opno))
		return;
	if (column_of(linitial(equality->args), search->joined) && OidIsValid(get_commutator(equality->opno)))
		CommuteOpExpr(equality);
	if (column_of(linitial(equality->args), search->parts->source_index) && column_of(lsecond(equality->args), search->joined) &&
		OidIsValid(get_array_type(exprType(lsecond(equality->args)))))
		search->found = lappend(search->found, equality);
}

static bool
has(Node *from, Index index)
{
	return bms_is_member(index, get_relids_in_jointree(from, false, false));
}

/* Down to the source. */
static void
search_joins(Node *from, Search *search)
{
	Query	   *query = search->parts->query;
	Index		source = search->parts->source_index;

	if (IsA(from, FromExpr))
	{
		search_conjuncts(flatten_join_alias_vars(NULL, query, copyObject(((FromExpr *) from)->quals)), search);
		foreach_ptr(Node, item, ((FromExpr *) from)->fromlist)
		{
			if (has(item, source))
				search_joins(item, search);
		}
	}
	else if (IsA(from, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) from;
		bool		on_left = has(join->larg, source);

		if (join->jointype == JOIN_INNER || has(on_left ? join->rarg : join->larg, search->joined))
			search_conjuncts(flatten_join_alias_vars(NULL, query, copyObject(join->quals)), search);
		search_joins(on_left ? join->larg : join->rarg, search);
	}
}

static List *
keys_of(PgeContinuousQuery *parts, Index joined)
{
	Search		search = {parts, joined, NIL};

	search_joins((Node *) parts->query->jointree, &search);
	return search.found;
}

/* ---- columns ---- */

/* Columns that the query reads of an entry in its range table, by FirstLowInvalidHeapAttributeNumber. */
static Bitmapset *
columns_of(Query *query, Index index)
{
	Node	   *nodes[] = {(Node *) query->targetList, (Node *) query->jointree, query->havingQual};
	Bitmapset  *columns = NULL;

	for (int i = 0; i < lengthof(nodes); i++)
		pull_varattnos(flatten_join_alias_vars(NULL, query, copyObject(nodes[i])), index, &columns);
	return columns;
}

void
pge_join_init(PgeJoin *join, PgeContinuousQuery *parts, Oid definition, Index index)
{
	*join = (PgeJoin) {.definition = definition,.index = index,.columns = columns_of(parts->query, index)};
	foreach_node(OpExpr, equality, keys_of(parts, index))
	{
		PgeJoinKey *key = &join->keys[join->nkeys++];

		key->attno = column_of(lsecond(equality->args), index)->varattno;
		key->type = exprType(lsecond(equality->args));
		get_typlenbyvalalign(key->type, &key->length, &key->by_value, &key->align);
	}
}

/* ---- looking ---- */

/* $n is an array of the n-th key's values. */
static Node *
any_of(OpExpr *equality, Index source, int number)
{
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
	Param	   *values = makeNode(Param);
	Node	   *column = copyObject(linitial(equality->args));

	values->paramkind = PARAM_EXTERN;
	values->paramid = number;
	values->paramtype = get_array_type(exprType(lsecond(equality->args)));
	values->paramtypmod = -1;
	values->paramcollid = get_typcollation(values->paramtype);
	ChangeVarNodes(column, source, 1, 0);
	/* The operator's collation may be that of the joined table's column. */
	if (OidIsValid(equality->inputcollid) && exprCollation(column) != equality->inputcollid)
	{
		CollateExpr *collate = makeNode(CollateExpr);

		collate->arg = (Expr *) column;
		collate->collOid = equality->inputcollid;
		collate->location = -1;
		column = (Node *) collate;
	}
	any->opno = equality->opno;
	any->useOr = true;
	any->inputcollid = equality->inputcollid;
	any->args = list_make2(column, values);
	any->location = -1;
	return (Node *) any;
}

/* First and last time of the source's rows that have one of the values in each key: of each bucket, or of all. */
static char *
question(PgeContinuousQuery *parts, List *keys, bool by_bucket)
{
	List	   *context = deparse_context_for("s", parts->source);
	FuncExpr   *call = copyObject(parts->call);
	List	   *conditions = NIL;
	const char *time;

	ChangeVarNodes((Node *) call, parts->source_index, 1, 0);
	foreach_node(OpExpr, equality, keys)
		conditions = lappend(conditions, any_of(equality, parts->source_index, foreach_current_index(equality) + 1));
	time = deparse_expression(lsecond(call->args), context, false, false);
	return psprintf("SELECT pg_catalog.min(%s), pg_catalog.max(%s) FROM %s%s s WHERE %s%s", time, time,
					get_rel_relkind(parts->source) == RELKIND_VIEW ? "" : "ONLY ", pge_qualified_name(parts->source),
					deparse_expression((Node *) make_ands_explicit(conditions), context, false, false),
					by_bucket ? psprintf(" GROUP BY %s LIMIT %d", deparse_expression((Node *) call, context, false, false),
										 MAX_BUCKETS + 1) : "");
}

/* Adds what the answer's rows say. False: there are too many. */
static bool
ask(PgeContinuousQuery *parts, List *keys, bool by_bucket, Datum *arrays, PgeRanges *ranges)
{
	Oid			types[PGE_JOIN_MAX_KEYS];
	MemoryContext caller = CurrentMemoryContext;
	SPIPlanPtr	plan;
	char	   *statement = question(parts, keys, by_bucket);
	bool		few;

	foreach_node(OpExpr, equality, keys)
		types[foreach_current_index(equality)] = get_array_type(exprType(lsecond(equality->args)));
	SPI_connect();
	plan = SPI_prepare(statement, list_length(keys), types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement, SPI_result_code_string(SPI_result));
	if (SPI_execute_snapshot(plan, arrays, NULL, GetActiveSnapshot(), InvalidSnapshot, true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute \"%s\"", statement);
	few = SPI_processed <= MAX_BUCKETS;
	for (uint64 i = 0; few && i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		first = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		Datum		last = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);
		MemoryContext spi;

		if (isnull)
			continue;
		spi = MemoryContextSwitchTo(caller);
		pge_ranges_add(ranges, pge_raw_time(first, parts->time_type), pge_raw_time(last, parts->time_type));
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return few;
}

/* At once or not at all: whoever changes a joined table does not wait for who has locked the source, nor form a circle with him. */
static bool
lock(const PgeContinuous *aggregate)
{
	return ConditionalLockRelationOid(pge_continuous_base(aggregate->source), AccessShareLock) &&
		ConditionalLockRelationOid(aggregate->source, AccessShareLock) && ConditionalLockRelationOid(aggregate->user_view, AccessShareLock);
}

/* Nor is his transaction to fail because the aggregate's owner has lost rights. */
static bool
may_read(Oid owner, Oid relation)
{
	return pg_class_aclcheck(relation, owner, ACL_SELECT) == ACLCHECK_OK &&
		object_aclcheck(NamespaceRelationId, get_rel_namespace(relation), owner, ACL_USAGE) == ACLCHECK_OK;
}

/*
 * Adds ranges that have all times at which the source has rows with these keys, as the active snapshot sees them; values[i] are those of
 * row i of n. False: they are not to be had, so that everything has to be taken for changed.
 */
bool
pge_join_look(const PgeJoin *join, Datum *const *values, int n, PgeRanges *ranges)
{
	PgeContinuous *aggregate = pge_continuous_find(join->definition);
	PgeContinuousQuery parts;
	Query	   *query;
	List	   *keys;
	Datum		arrays[PGE_JOIN_MAX_KEYS];
	Datum	   *column = palloc_array(Datum, n);
	Oid			owner;
	Oid			user;
	int			security;
	int			nest_level;

	if (aggregate == NULL)
		return true;
	if (!lock(aggregate))
		return false;
	/* It may have been dropped just before. */
	aggregate = pge_continuous_find(join->definition);
	if (aggregate == NULL)
		return true;
	owner = pge_owner_of(aggregate->user_view);
	if (!may_read(owner, aggregate->source))
		return false;
	query = pge_definition_query(aggregate->definition);
	if (query == NULL)
		return true;
	pge_continuous_query_take_apart(query, &parts);
	keys = keys_of(&parts, join->index);
	for (int key = 0; key < join->nkeys; key++)
	{
		const PgeJoinKey *of = &join->keys[key];

		for (int i = 0; i < n; i++)
			column[i] = values[i][key];
		arrays[key] = PointerGetDatum(construct_array(column, n, of->type, of->length, of->by_value, of->align));
	}
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner, security | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	RestrictSearchPath();
	if (!ask(&parts, keys, true, arrays, ranges))
		ask(&parts, keys, false, arrays, ranges);
	pge_ranges_limit(ranges, MAX_RANGES);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(user, security);
	return true;
}
