/*
 * Continuous aggregates: the statements about them.
 *
 * Users speak of them as of materialized views. CREATE is carried out here; ALTER, DROP, COMMENT and CREATE INDEX are turned into what they
 * mean for the view or its table before the server sees them. As for table options, two ways lead in: the ProcessUtility hook, and an event
 * trigger for the statement that loads this library. That cannot keep the server from going on, so what was carried out becomes a statement
 * that does nothing.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "continuous.h"
#include "shim/pge.h"
#include "with.h"

PG_FUNCTION_INFO_V1(pge_continuous_ddl_start);
PG_FUNCTION_INFO_V1(pge_continuous_ddl_end);
PG_FUNCTION_INFO_V1(pge_continuous_drop);

static ProcessUtility_hook_type next_process_utility;

/* The aggregate whose view this is, or NULL. */
static PgeContinuous *
aggregate_of(RangeVar *view)
{
	Oid			relation = view ? RangeVarGetRelid(view, NoLock, true) : InvalidOid;
	PgeContinuous *aggregate;

	if (!OidIsValid(relation) || get_rel_relkind(relation) != RELKIND_VIEW)
		return NULL;
	aggregate = pge_continuous_find(relation);
	return aggregate && aggregate->user_view == relation ? aggregate : NULL;
}

static bool
may_concern_us(Node *stmt)
{
	switch (stmt ? nodeTag(stmt) : T_Invalid)
	{
		case T_CreateTableAsStmt:
			return castNode(CreateTableAsStmt, stmt)->objtype == OBJECT_MATVIEW &&
				pge_continuous_wanted(castNode(CreateTableAsStmt, stmt)->into->options);
		case T_AlterTableStmt:
			return castNode(AlterTableStmt, stmt)->objtype != OBJECT_INDEX;
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
		case T_DropStmt:
		case T_CommentStmt:
		case T_IndexStmt:
		case T_ViewStmt:
		case T_RefreshMatViewStmt:
			return true;
		default:
			return false;
	}
}

/* ---- ALTER ---- */

static void
set_options(PgeContinuous *aggregate, List *options)
{
	PgeContinuousWith with;

	pge_continuous_with(options, &with);
	if (with.materialized_only_given && with.materialized_only != aggregate->materialized_only)
	{
		PgeRange	everything = {PG_INT64_MIN, PG_INT64_MAX};

		aggregate->materialized_only = with.materialized_only;
		pge_continuous_set_materialized_only(aggregate, with.materialized_only);
		pge_continuous_store_view(aggregate);
		/* Pending buckets show other rows from now on. */
		pge_capture_descendants(aggregate->user_view, &(PgeRanges) {1, 1, &everything});
	}
	pge_continuous_alter_data(aggregate, with.of_data, false);
}

/* Carries out what concerns the aggregate's parts; what is left of the statement is ALTER VIEW. */
static void
alter(AlterTableStmt *stmt)
{
	PgeContinuous *aggregate = aggregate_of(stmt->relation);

	if (aggregate == NULL)
		return;
	pge_check_owner(aggregate->user_view);
	foreach_node(AlterTableCmd, cmd, stmt->cmds)
	{
		if ((cmd->subtype == AT_SetRelOptions || cmd->subtype == AT_ResetRelOptions) && stmt->objtype == OBJECT_MATVIEW)
		{
			if (cmd->subtype == AT_SetRelOptions)
				set_options(aggregate, (List *) cmd->def);
			else
				pge_continuous_alter_data(aggregate, (List *) cmd->def, true);
			stmt->cmds = foreach_delete_current(stmt->cmds, cmd);
		}
		else if (cmd->subtype == AT_ChangeOwner)
		{
			Oid			owner = get_rolespec_oid(cmd->newowner, false);

			ATExecChangeOwner(aggregate->definition, owner, false, AccessExclusiveLock);
			ATExecChangeOwner(aggregate->materialization, owner, false, AccessExclusiveLock);
			CommandCounterIncrement();
		}
		else if (cmd->subtype == AT_SetAccessMethod || cmd->subtype == AT_SetTableSpace)
		{
			AlterTableStmt *of_data = copyObject(stmt);

			of_data->cmds = list_make1(copyObject(cmd));
			of_data->relation = makeRangeVar(get_namespace_name(get_rel_namespace(aggregate->materialization)),
											 get_rel_name(aggregate->materialization), -1);
			stmt->relation = of_data->relation;
			stmt->objtype = OBJECT_TABLE;
			return;
		}
	}
	stmt->objtype = OBJECT_VIEW;
}

/* ---- the others ---- */

/* Columns have one name in all three relations, so that CREATE INDEX finds them. */
static void
rename_(RenameStmt *stmt)
{
	PgeContinuous *aggregate;

	if (stmt->renameType == OBJECT_MATVIEW && aggregate_of(stmt->relation))
		stmt->renameType = OBJECT_VIEW;
	else if (stmt->renameType == OBJECT_COLUMN && (aggregate = aggregate_of(stmt->relation)) != NULL)
	{
		Oid			parts[] = {aggregate->definition, aggregate->materialization};

		stmt->relationType = OBJECT_VIEW;
		for (int i = 0; i < lengthof(parts); i++)
		{
			RenameStmt *inner = copyObject(stmt);

			/* Done already: the event trigger sees what the hook has seen. */
			if (get_attnum(parts[i], stmt->subname) == InvalidAttrNumber)
				continue;
			inner->relation = makeRangeVar(get_namespace_name(get_rel_namespace(parts[i])), get_rel_name(parts[i]), -1);
			inner->relationType = get_rel_relkind(parts[i]) == RELKIND_VIEW ? OBJECT_VIEW : OBJECT_TABLE;
			renameatt(inner);
			CommandCounterIncrement();
		}
	}
}

static void
drop(DropStmt *stmt)
{
	int			ours = 0;

	if (stmt->removeType != OBJECT_MATVIEW)
		return;
	foreach_ptr(List, name, stmt->objects)
		ours += aggregate_of(makeRangeVarFromNameList(name)) != NULL;
	if (ours > 0 && ours < list_length(stmt->objects))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot drop continuous aggregates and other materialized views in one statement"),
				 errhint("Drop them in two.")));
	if (ours > 0)
		stmt->removeType = OBJECT_VIEW;
}

static void
comment(CommentStmt *stmt)
{
	if (stmt->objtype == OBJECT_MATVIEW && aggregate_of(makeRangeVarFromNameList(castNode(List, stmt->object))))
		stmt->objtype = OBJECT_VIEW;
}

static void
index_(IndexStmt *stmt)
{
	PgeContinuous *aggregate = aggregate_of(stmt->relation);

	if (aggregate)
	{
		stmt->relation = copyObject(stmt->relation);
		stmt->relation->schemaname = get_namespace_name(get_rel_namespace(aggregate->materialization));
		stmt->relation->relname = get_rel_name(aggregate->materialization);
	}
}

static void
view(ViewStmt *stmt)
{
	if (stmt->replace && aggregate_of(stmt->view))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a continuous aggregate", stmt->view->relname),
				 errhint("Drop it, and create it with the other query.")));
}

/* Changes the statement, or carries it out. True: nothing is left to be done. */
static bool
handle(Node *stmt, const char *source_text)
{
	PgeContinuous *aggregate;

	if (IsA(stmt, CreateTableAsStmt))
	{
		pge_continuous_create((CreateTableAsStmt *) stmt, source_text);
		return true;
	}
	if (!pge_continuous_installed())
		return false;
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			alter((AlterTableStmt *) stmt);
			return castNode(AlterTableStmt, stmt)->cmds == NIL;
		case T_RenameStmt:
			rename_((RenameStmt *) stmt);
			return false;
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *move = (AlterObjectSchemaStmt *) stmt;

				if (move->objectType == OBJECT_MATVIEW && aggregate_of(move->relation))
					move->objectType = OBJECT_VIEW;
				return false;
			}
		case T_DropStmt:
			drop((DropStmt *) stmt);
			return false;
		case T_CommentStmt:
			comment((CommentStmt *) stmt);
			return false;
		case T_IndexStmt:
			index_((IndexStmt *) stmt);
			return false;
		case T_ViewStmt:
			view((ViewStmt *) stmt);
			return false;
		case T_RefreshMatViewStmt:
			aggregate = aggregate_of(castNode(RefreshMatViewStmt, stmt)->relation);
			if (aggregate == NULL)
				return false;
			if (castNode(RefreshMatViewStmt, stmt)->skipData)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("a continuous aggregate cannot be refreshed WITH NO DATA")));
			pge_continuous_refresh(aggregate->user_view, PG_INT64_MIN, PG_INT64_MAX, false);
			return true;
		default:
			return false;
	}
}

static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	ProcessUtility_hook_type next = next_process_utility ? next_process_utility : standard_ProcessUtility;

	if (may_concern_us(pstmt->utilityStmt))
	{
		/* Always a copy: hooks before us may still want to look at the statement as it was given. */
		pstmt = copyObject(pstmt);
		if (handle(pstmt->utilityStmt, query))
			return;
		read_only_tree = false;
	}
	next(pstmt, query, read_only_tree, context, params, environment, dest, completion);
}

/* ---- event triggers ---- */

static EventTriggerData *
event_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is for event triggers only")));
	return (EventTriggerData *) fcinfo->context;
}

Datum
pge_continuous_ddl_start(PG_FUNCTION_ARGS)
{
	Node	   *stmt = event_data(fcinfo)->parsetree;
	MemoryContext caller = CurrentMemoryContext;

	/* What is put into the statement has to live as long as it. */
	if (may_concern_us(stmt))
		MemoryContextSwitchTo(GetMemoryChunkContext(stmt));
	if (may_concern_us(stmt) && handle(stmt, NULL) && IsA(stmt, CreateTableAsStmt))
	{
		/* DROP VIEW of no view. */
		DropStmt   *nothing = (DropStmt *) stmt;

		StaticAssertStmt(sizeof(DropStmt) <= sizeof(CreateTableAsStmt), "a statement has room for one that does nothing");
		memset(nothing, 0, sizeof(DropStmt));
		nothing->type = T_DropStmt;
		nothing->removeType = OBJECT_VIEW;
	}
	MemoryContextSwitchTo(caller);
	PG_RETURN_NULL();
}

static bool
sets_access_method(Node *stmt)
{
	if (!IsA(stmt, AlterTableStmt))
		return false;
	foreach_node(AlterTableCmd, cmd, castNode(AlterTableStmt, stmt)->cmds)
	{
		if (cmd->subtype == AT_SetAccessMethod)
			return true;
	}
	return false;
}

static bool
exists(Oid relation)
{
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation));
}

/* Not after other statements: a restore has its own ones for triggers, which come after it has altered tables. */
Datum
pge_continuous_ddl_end(PG_FUNCTION_ARGS)
{
	List	   *tables = NIL;

	if (!sets_access_method(event_data(fcinfo)->parsetree))
		PG_RETURN_NULL();
	foreach_ptr(PgeContinuous, aggregate, pge_continuous_list(InvalidOid))
	{
		Query	   *query = pge_definition_query(aggregate->definition);

		if (query)
			tables = list_concat_unique_oid(tables, pge_continuous_tables(aggregate->source, query));
	}
	foreach_oid(table, tables)
	{
		if (exists(table))
			pge_capture_repair(table);
	}
	PG_RETURN_NULL();
}

/* Part of an aggregate was dropped, or its source: the rest goes, too. */
Datum
pge_continuous_drop(PG_FUNCTION_ARGS)
{
	List	   *aggregates;
	bool		dropped = false;

	event_data(fcinfo);
	aggregates = pge_continuous_list(InvalidOid);
	foreach_ptr(PgeContinuous, aggregate, aggregates)
	{
		Oid			parts[] = {aggregate->user_view, aggregate->definition, aggregate->materialization};
		ObjectAddresses *rest;

		if (exists(parts[0]) && exists(parts[1]) && exists(parts[2]))
			continue;
		pge_continuous_forget(aggregate->source);
		/* First the row: what follows comes here again. */
		LockDatabaseObject(RelationRelationId, aggregate->definition, PGE_LOCK_REFRESH, ExclusiveLock);
		pge_continuous_delete(aggregate);
		rest = new_object_addresses();
		for (int i = 0; i < lengthof(parts); i++)
		{
			if (exists(parts[i]))
				add_exact_object_address(&(ObjectAddress) {RelationRelationId, parts[i], 0}, rest);
		}
		performMultipleDeletions(rest, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
		free_object_addresses(rest);
		dropped = true;
	}
	if (dropped)
		pge_capture_clean();
	PG_RETURN_NULL();
}

void
pge_continuous_init(void)
{
	pge_capture_init();
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
