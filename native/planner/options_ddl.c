/*
 * Table options: the statements that give them.
 *
 * Options of namespace "epiphany" are taken out of a statement before the server sees them. ALTER TABLE stores them at once, so that a
 * rewrite in the same statement already goes by them; CREATE TABLE and its kin leave them here until the table appears (object access
 * hook), so that CREATE TABLE AS writes its rows by them.
 *
 * Two ways lead in: the ProcessUtility hook, and an event trigger for the statement that loads this library into a session without
 * preloading, which was on its way before there was a hook. Where both see a statement, the second finds nothing left to do.
 *
 * A new partition gets the options of its parent that its access method has, where it is given none; CREATE TABLE LIKE and INHERITS copy
 * none. Changing the access method drops the options that the new one doesn't have, with a notice.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/event_trigger.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "options.h"

PG_FUNCTION_INFO_V1(pge_ddl_command_start);

/* A table that a statement on its way will create. Lives in the transaction's memory, and leaves the list with it. */
typedef struct Creation Creation;
struct Creation
{
	Creation   *outer;
	Oid			schema;
	char	   *name;
	RangeVar   *parent;			/* of a partition, else NULL */
	bool		method_given;	/* the statement itself says which access method */
	PgeOptionValues values;
	MemoryContext context;
	MemoryContextCallback on_reset;
};

static Creation *creations;

/* Instead of a value: the option is to be unset. */
static const char reset[] = "";

static ProcessUtility_hook_type next_process_utility;
static object_access_hook_type next_object_access;

static bool
is_ours(const DefElem *definition)
{
	return definition->defnamespace && strcmp(definition->defnamespace, "epiphany") == 0;
}

static bool
has_ours(List *definitions)
{
	foreach_node(DefElem, definition, definitions)
	{
		if (is_ours(definition) || pge_peer_option(definition))
			return true;
	}
	return false;
}

/* Takes our options out of a WITH, SET or RESET list. */
static List *
take(List *definitions, bool is_reset, PgeOptionValues *values)
{
	PgeOptionValues given = {0};

	foreach_node(DefElem, definition, definitions)
	{
		PgeOptionId id;

		if (!is_ours(definition))
			continue;
		id = pge_option_find(definition->defname);
		if (given.of[id])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"epiphany.%s\" is given more than once", definition->defname)));
		if (is_reset && definition->arg)
			ereport(ERROR,
					(errcode(ERRCODE_SYNTAX_ERROR),
					 errmsg("RESET takes no value for option \"epiphany.%s\"", definition->defname)));
		/* As for storage parameters, a name alone says true. */
		given.of[id] = is_reset ? reset : pge_option_value(id, definition->arg ? defGetString(definition) : "true");
		values->of[id] = given.of[id];
		definitions = foreach_delete_current(definitions, definition);
	}
	return definitions;
}

/* ---- Tables to be created ---- */

static void
forget_creation(void *arg)
{
	Creation  **link = &creations;

	while (*link && *link != arg)
		link = &(*link)->outer;
	if (*link)
		*link = (*link)->outer;
}

static Creation *
find_creation(Oid schema, const char *name)
{
	Creation   *creation = creations;

	while (creation && (creation->schema != schema || strcmp(creation->name, name) != 0))
		creation = creation->outer;
	return creation;
}

static void
discard_creation(Creation *creation)
{
	for (Creation *it = creations; it; it = it->outer)
	{
		if (it == creation)
		{
			MemoryContextDelete(it->context);
			return;
		}
	}
}

/* The access method of WITH (timescaledb.hypertable). */
static char *
access_method_of_hypertable(const char *given)
{
	if (given == NULL)
		return pstrdup("epiphany_timeseries");
	if (!(pge_am_of(get_table_am_oid(given, false)) & PGE_AM_TIME))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a hypertable cannot be USING %s", quote_identifier(given)),
				 errhint("Leave out USING.")));
	return pstrdup(given);
}

static List *
prepare_create(RangeVar *table, List *definitions, bool if_not_exists, RangeVar *parent, bool method_given)
{
	PgeOptionValues values = {0};
	Oid			schema;
	MemoryContext context;
	MemoryContext caller;
	Creation   *creation;

	definitions = take(definitions, false, &values);
	schema = RangeVarGetCreationNamespace(table);
	/* Seen by the hook already, or not to be created. */
	if (find_creation(schema, table->relname) || (if_not_exists && get_relname_relid(table->relname, schema)))
		return definitions;

	context = AllocSetContextCreate(CurTransactionContext, "epiphany options of a new table", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	creation = palloc0(sizeof(Creation));
	creation->schema = schema;
	creation->name = pstrdup(table->relname);
	creation->parent = copyObject(parent);
	creation->method_given = method_given;
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
		creation->values.of[id] = values.of[id] ? pstrdup(values.of[id]) : NULL;
	creation->context = context;
	creation->on_reset.func = forget_creation;
	creation->on_reset.arg = creation;
	MemoryContextRegisterResetCallback(context, &creation->on_reset);
	creation->outer = creations;
	creations = creation;
	MemoryContextSwitchTo(caller);
	return definitions;
}

/* A table has been entered into the catalogs. Without a creation its statement has nothing for us, but it may need a time column. */
static void
finish_create(Creation *creation, Oid table, Oid access_method, char relkind)
{
	PgeAm		am = pge_am_of(access_method);
	PgeOptionValues values = {0};
	PgeOptionValues inherited = {0};
	bool		any = false;

	if (creation && creation->parent)
		pge_options_read(RangeVarGetRelid(creation->parent, NoLock, false), &inherited);
	for (PgeOptionId id = 0; creation && id < PGE_OPTION_COUNT; id++)
	{
		values.of[id] = creation->values.of[id];
		if (values.of[id])
			pge_option_check_applies(id, access_method);
		else if (pge_options[id].access_methods & am)
			values.of[id] = inherited.of[id];
	}
	pge_time_options_check(table, access_method, creation && creation->method_given && relkind != RELKIND_PARTITIONED_TABLE, &values);
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
		any |= values.of[id] != NULL;
	if (any)
		pge_options_write_new(table, &values);
	if (creation)
		MemoryContextDelete(creation->context);
}

/* A relation has been entered into pg_class, where for now only a snapshot of our own sees it. */
static void
relation_created(Oid relation)
{
	Relation	pg_class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(pg_class, ClassOidIndexId, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		Creation   *creation = find_creation(form->relnamespace, NameStr(form->relname));

		/* The copy that a rewrite fills has the options of its original. */
		if ((RELKIND_HAS_TABLE_AM(form->relkind) || form->relkind == RELKIND_PARTITIONED_TABLE) && !OidIsValid(form->relrewrite) &&
			form->relkind != RELKIND_TOASTVALUE)
			finish_create(creation, relation, form->relam, form->relkind);
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
}

static void
object_access(ObjectAccessType access, Oid class, Oid object, int subobject, void *arg)
{
	if (next_object_access)
		next_object_access(access, class, object, subobject, arg);
	if (class != RelationRelationId || object < FirstNormalObjectId)
		return;
	if (access == OAT_POST_CREATE && subobject == 0)
		relation_created(object);
	else if (access == OAT_POST_ALTER && subobject > 0)
		pge_time_options_altered(object, (AttrNumber) subobject);
	else if (access == OAT_DROP && subobject > 0)
		pge_time_options_dropped(object, (AttrNumber) subobject);
}

/* ---- Tables that exist ---- */

static void
prepare_alter(AlterTableStmt *stmt)
{
	PgeOptionValues changes = {0};
	PgeOptionValues values;
	AlterTableCmd *set_access_method = NULL;
	char	   *before;
	char	   *after;
	PgePeerOptions peer = {0};
	Oid			table;
	Oid			access_method;

	foreach_node(AlterTableCmd, cmd, stmt->cmds)
	{
		if (cmd->subtype == AT_SetAccessMethod)
			set_access_method = cmd;
		else if (cmd->subtype == AT_SetRelOptions || cmd->subtype == AT_ResetRelOptions)
		{
			bool		had_some = cmd->def != NULL;
			bool		is_reset = cmd->subtype == AT_ResetRelOptions;

			cmd->def = (Node *) take(pge_peer_options_translate((List *) cmd->def, is_reset, &peer), is_reset, &changes);
			if (had_some && cmd->def == NULL)
				stmt->cmds = foreach_delete_current(stmt->cmds, cmd);
		}
	}

	/* What the server will say too, but we write first. */
	PreventCommandIfReadOnly(CreateCommandName((Node *) stmt));
	PreventCommandIfParallelMode(CreateCommandName((Node *) stmt));
	PreventCommandDuringRecovery(CreateCommandName((Node *) stmt));
	table = AlterTableLookupRelation(stmt, AlterTableGetLockLevel(stmt->cmds));
	if (!OidIsValid(table))
		return;

	if (set_access_method == NULL)
		access_method = get_rel_relam(table);
	else if (set_access_method->name)
		access_method = get_table_am_oid(set_access_method->name, false);
	else if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
		access_method = InvalidOid;
	else
		access_method = get_table_am_oid(default_table_access_method, false);

	if (peer.hypertable || (peer.columnstore && !(pge_am_of(access_method) & PGE_AM_COLUMN)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"%s\" is not a hypertable", get_rel_name(table)),
				 errhint("Use epiphany.create_hypertable().")));

	pge_options_read(table, &values);
	before = pge_option_values_format(&values);
	for (PgeOptionId id = 0; id < PGE_OPTION_COUNT; id++)
	{
		if (changes.of[id] == reset)
			values.of[id] = NULL;
		else if (changes.of[id])
		{
			pge_option_check_applies(id, access_method);
			values.of[id] = changes.of[id];
		}
		else if (values.of[id] && set_access_method && !(pge_options[id].access_methods & pge_am_of(access_method)))
		{
			ereport(NOTICE,
					(errmsg("dropping option \"epiphany.%s\", which the new access method does not have", pge_options[id].name)));
			values.of[id] = NULL;
		}
	}
	pge_time_options_check(table, access_method, get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE, &values);
	after = pge_option_values_format(&values);
	if (before != after && (before == NULL || after == NULL || strcmp(before, after) != 0))
		pge_options_write(table, &values);
}

/* ---- Statements ---- */

static Node *
explained(const ExplainStmt *stmt)
{
	return castNode(Query, stmt->query)->utilityStmt;
}

/* Has the statement anything for us? */
static bool
concerns_us(Node *stmt)
{
	switch (stmt ? nodeTag(stmt) : T_Invalid)
	{
		case T_CreateStmt:
			return castNode(CreateStmt, stmt)->partbound || castNode(CreateStmt, stmt)->accessMethod ||
				has_ours(castNode(CreateStmt, stmt)->options);
		case T_CreateTableAsStmt:
			return castNode(CreateTableAsStmt, stmt)->into->accessMethod || has_ours(castNode(CreateTableAsStmt, stmt)->into->options);
		case T_ExplainStmt:
			return concerns_us(explained((ExplainStmt *) stmt));
		case T_AlterTableStmt:
			foreach_node(AlterTableCmd, cmd, castNode(AlterTableStmt, stmt)->cmds)
			{
				if (cmd->subtype == AT_SetAccessMethod ||
					((cmd->subtype == AT_SetRelOptions || cmd->subtype == AT_ResetRelOptions) && has_ours((List *) cmd->def)))
					return true;
			}
			return false;
		default:
			return false;
	}
}

/* Takes our options out of the statement, which is about to run and may be changed. */
static void
prepare(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			{
				CreateStmt *create = (CreateStmt *) stmt;
				PgePeerOptions peer = {0};

				create->options = pge_peer_options_translate(create->options, false, &peer);
				if (peer.hypertable)
					create->accessMethod = access_method_of_hypertable(create->accessMethod);
				create->options = prepare_create(create->relation, create->options, create->if_not_exists,
												 create->partbound ? linitial_node(RangeVar, create->inhRelations) : NULL,
												 create->accessMethod != NULL);
				break;
			}
		case T_CreateTableAsStmt:
			{
				CreateTableAsStmt *create = (CreateTableAsStmt *) stmt;
				PgePeerOptions peer = {0};

				create->into->options = pge_peer_options_translate(create->into->options, false, &peer);
				if (peer.hypertable)
					create->into->accessMethod = access_method_of_hypertable(create->into->accessMethod);
				create->into->options = prepare_create(create->into->rel, create->into->options, create->if_not_exists, NULL,
													   create->into->accessMethod != NULL);
				break;
			}
		case T_ExplainStmt:
			prepare(explained((ExplainStmt *) stmt));
			break;
		default:
			prepare_alter(castNode(AlterTableStmt, stmt));
			break;
	}
}

static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	ProcessUtility_hook_type next = next_process_utility ? next_process_utility : standard_ProcessUtility;
	Creation   *before = creations;
	Creation   *creation;

	if (!concerns_us(pstmt->utilityStmt))
	{
		next(pstmt, query, read_only_tree, context, params, environment, dest, completion);
		return;
	}

	/* Always a copy: hooks before us may still want to look at the statement as it was given. */
	pstmt = copyObject(pstmt);
	prepare(pstmt->utilityStmt);
	creation = creations != before ? creations : NULL;
	next(pstmt, query, false, context, params, environment, dest, completion);
	/* EXPLAIN may not have created it. After an error it goes with the transaction's memory. */
	if (creation)
		discard_creation(creation);
}

/* Event trigger on ddl_command_start: see the top of this file. Loading the library may be all that this call was needed for. */
Datum
pge_ddl_command_start(PG_FUNCTION_ARGS)
{
	Node	   *stmt;
	MemoryContext caller = CurrentMemoryContext;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is for event triggers only")));
	stmt = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (concerns_us(stmt))
	{
		/* What is put into the statement has to live as long as it. */
		MemoryContextSwitchTo(GetMemoryChunkContext(stmt));
		prepare(stmt);
		MemoryContextSwitchTo(caller);
	}
	PG_RETURN_NULL();
}

void
pge_options_ddl_init(void)
{
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	next_object_access = object_access_hook;
	object_access_hook = object_access;
}

void
pge_options_init(void)
{
	pge_options_label_init();
	pge_options_ddl_init();
}
