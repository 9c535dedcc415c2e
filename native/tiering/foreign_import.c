/*
 * Foreign tables over Parquet files: IMPORT FOREIGN SCHEMA. A schema is a folder of the store; each file x.parquet in it becomes a table x
 * of the columns that can be read, with the types that they were exported with, or have.
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/miscnodes.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"

#include "foreign.h"
#include "tiering.h"

#define SUFFIX	".parquet"

static bool
is_wanted(const ImportForeignSchemaStmt *stmt, const char *name)
{
	bool		listed = false;

	foreach_node(RangeVar, table, stmt->table_list)
		listed |= strcmp(table->relname, name) == 0;
	return stmt->list_type == FDW_IMPORT_SCHEMA_ALL || listed == (stmt->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO);
}

/*
 * The column's type, checked: what a file says of it must not become part of a statement as it is. NULL: the column cannot be read, or
 * nobody knows its type.
 */
static char *
type_name(const PgeParquetColumn *column)
{
	ErrorSaveContext error = {T_ErrorSaveContext};
	char	   *name = pge_parquet_sql_type(column);
	Oid			type;
	int32		typmod;

	if (name == NULL || !parseTypeString(name, &type, &typmod, (Node *) &error))
		return NULL;
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

/* A statement that makes the table; NULL if no column can be read. */
static char *
make_statement(const ImportForeignSchemaStmt *stmt, PgeStore *store, const PgeStoreEntry *file, const char *name)
{
	PgeParquetInfo info;
	PgeParquetScan *scan = pge_parquet_open(store, file->key, file, &info);
	StringInfoData text;
	bool		any = false;

	initStringInfo(&text);
	appendStringInfo(&text, "CREATE FOREIGN TABLE %s (", quote_identifier(name));
	for (i32 i = 0; i < info.Count; i++)
	{
		const PgeParquetColumn *column = &info.Columns[i];
		char	   *column_name = pg_any_to_server((char *) column->Name, strlen((char *) column->Name), PG_UTF8);
		char	   *type = type_name(column);

		if (type == NULL)
			continue;
		appendStringInfo(&text, "%s%s %s", any ? ", " : "", quote_identifier(column_name), type);
		any = true;
	}
	appendStringInfo(&text, ") SERVER %s OPTIONS (path %s)", quote_identifier(stmt->server_name), quote_literal_cstr(file->key));
	pge_parquet_close(scan);
	return any ? text.data : NULL;
}

List *
pge_foreign_import(ImportForeignSchemaStmt *stmt, Oid server)
{
	PgeStore   *store = pge_store_of(server, GetUserId());
	char	   *folder = psprintf("%s/", stmt->remote_schema);
	List	   *statements = NIL;

	foreach_ptr(PgeStoreEntry, file, pge_store_list(store, folder))
	{
		const char *base = file->key + strlen(folder);
		Size		length = strlen(base);
		char	   *name;
		char	   *statement;

		/* A path with wildcards would mean others, too. */
		if (file->unfinished || strchr(base, '/') != NULL || length <= strlen(SUFFIX) || length - strlen(SUFFIX) >= NAMEDATALEN ||
			strcmp(base + length - strlen(SUFFIX), SUFFIX) != 0 || strpbrk(file->key, "*?[\\") != NULL)
			continue;
		name = pnstrdup(base, length - strlen(SUFFIX));
		if (is_wanted(stmt, name) && (statement = make_statement(stmt, store, file, name)) != NULL)
			statements = lappend(statements, statement);
	}
	return statements;
}
