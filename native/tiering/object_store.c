/*
 * The foreign-data wrapper epiphany_object_store: what its options may be. Who makes a server of files decides what others may read and
 * write by its USAGE, so he must be allowed to himself.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "object_store.h"
#include "store.h"

PG_FUNCTION_INFO_V1(pge_object_store_validator);

typedef struct Option
{
	const char *name;
	Oid			catalog;		/* of what it is an option */
	void		(*check) (const char *value);
} Option;

static void
check_url(const char *value)
{
	const char *path = value + strlen(PGE_FILE_SCHEME);

	if (strncmp(value, PGE_FILE_SCHEME, strlen(PGE_FILE_SCHEME)) != 0 || path[0] != '/')
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("unsupported URL: \"%s\"", value),
				 errhint("Object stores are file:/// and the rest of an absolute path of a folder on the server.")));
	for (const char *part = path; (part = strstr(part, "/.")) != NULL; part++)
	{
		Size		length = strcspn(part + 1, "/");

		if (length == 1 || (length == 2 && part[2] == '.'))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
					 errmsg("URL \"%s\" has \".\" or \"..\" in its path", value)));
	}
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES) || !has_privs_of_role(GetUserId(), ROLE_PG_WRITE_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to make files of the server an object store"),
				 errdetail("Only roles with privileges of the \"%s\" and \"%s\" roles may do that.",
						   "pg_read_server_files", "pg_write_server_files")));
}

static const Option options[] = {
	{"url", ForeignServerRelationId, check_url},
};

static const char *
what_has_options(Oid catalog)
{
	switch (catalog)
	{
		case ForeignServerRelationId:
			return "server";
		case UserMappingRelationId:
			return "user mapping";
		case ForeignTableRelationId:
			return "foreign table";
		default:
			return "wrapper";
	}
}

static void
check_option(Oid catalog, DefElem *def)
{
	bool		any = false;

	for (int i = 0; i < lengthof(options); i++)
	{
		if (options[i].catalog != catalog)
			continue;
		any = true;
		if (strcmp(options[i].name, def->defname) == 0)
		{
			options[i].check(defGetString(def));
			return;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" of a %s", def->defname, what_has_options(catalog)),
			 any ? 0 : errhint("There are no options in this context.")));
}

Datum
pge_object_store_validator(PG_FUNCTION_ARGS)
{
	List	   *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);

	foreach_ptr(DefElem, def, given)
		check_option(catalog, def);
	if (catalog == ForeignServerRelationId)
		pge_object_store_url(given);
	PG_RETURN_VOID();
}

const char *
pge_object_store_url(List *given)
{
	foreach_ptr(DefElem, def, given)
	{
		if (strcmp(def->defname, "url") == 0)
			return defGetString(def);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
			 errmsg("an object store needs the option \"url\"")));
}
