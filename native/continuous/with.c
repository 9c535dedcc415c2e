/*
 * Continuous aggregates: options in WITH and SET. Of prefix epiphany or timescaledb (tsdb); with that extension in the same database, its
 * prefixes are its own. Options that are not the aggregate's are its table's.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"

#include "planner/options.h"
#include "with.h"

/* May this be ours to read? */
bool
pge_continuous_option(const DefElem *option)
{
	return (option->defnamespace && strcmp(option->defnamespace, "epiphany") == 0) || pge_peer_option(option);
}

/* Is this WITH list one of a continuous aggregate? */
bool
pge_continuous_wanted(List *options)
{
	foreach_node(DefElem, option, options)
	{
		if (strcmp(option->defname, "continuous") == 0 && option->defnamespace && pge_continuous_option(option))
			return defGetBoolean(option);
	}
	return false;
}

void
pge_continuous_with(List *options, PgeContinuousWith *with)
{
	memset(with, 0, sizeof(*with));
	with->create_group_indexes = true;
	foreach_node(DefElem, option, options)
	{
		bool		ours = pge_continuous_option(option);

		if (ours && strcmp(option->defname, "continuous") == 0)
			with->continuous = defGetBoolean(option);
		else if (ours && strcmp(option->defname, "materialized_only") == 0)
		{
			with->materialized_only = defGetBoolean(option);
			with->materialized_only_given = true;
		}
		else if (ours && strcmp(option->defname, "create_group_indexes") == 0)
			with->create_group_indexes = defGetBoolean(option);
		else if (pge_peer_option(option) && !pge_peer_option_of_table(option->defname))
			ereport(NOTICE,
					(errmsg("option \"%s.%s\" has no meaning here and is ignored", option->defnamespace, option->defname)));
		else
			with->of_data = lappend(with->of_data, option);
	}
}

/* ALTER TABLE ... SET (...) or RESET (...) on the table that has the rows, by way of whoever looks at such statements. */
void
pge_continuous_alter_data(const PgeContinuous *aggregate, List *options, bool reset)
{
	AlterTableStmt *alter;
	AlterTableCmd *cmd;
	PlannedStmt *planned;

	if (options == NIL)
		return;
	cmd = makeNode(AlterTableCmd);
	cmd->subtype = reset ? AT_ResetRelOptions : AT_SetRelOptions;
	cmd->def = (Node *) options;
	alter = makeNode(AlterTableStmt);
	alter->relation = makeRangeVar(get_namespace_name(get_rel_namespace(aggregate->materialization)),
								   get_rel_name(aggregate->materialization), -1);
	alter->cmds = list_make1(cmd);
	alter->objtype = OBJECT_TABLE;
	planned = makeNode(PlannedStmt);
	planned->commandType = CMD_UTILITY;
	planned->utilityStmt = (Node *) alter;
	planned->stmt_location = -1;
	ProcessUtility(planned, "ALTER TABLE of a continuous aggregate", false, PROCESS_UTILITY_SUBCOMMAND, NULL, NULL, None_Receiver, NULL);
}
