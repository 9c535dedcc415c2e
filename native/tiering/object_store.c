/*
 * The foreign-data wrapper epiphany_object_store: what its options may be. Who makes a server of files decides what others may read and
 * write by its USAGE, so he must be allowed to himself.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "object_store.h"
#include "s3.h"

PG_FUNCTION_INFO_V1(pge_object_store_validator);

typedef struct Option
{
	const char *name;
	Oid			catalog;		/* of what it is an option */
	void		(*check) (const char *value);
} Option;

static void
invalid(const char *option, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("invalid value of option \"%s\": \"%s\"", option, value),
			 errhint("%s", hint)));
}

/* Without the value, which may be a secret. */
static void
invalid_secret(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0,
			 errhidestmt(true)));
}

static void
demand_files(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES) || !has_privs_of_role(GetUserId(), ROLE_PG_WRITE_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to make files of the server an object store"),
				 errdetail("Only roles with privileges of the \"%s\" and \"%s\" roles may do that.",
						   "pg_read_server_files", "pg_write_server_files")));
}

static void
check_url(const char *value)
{
	bool		is_s3 = strncmp(value, PGE_S3_SCHEME, strlen(PGE_S3_SCHEME)) == 0;
	const char *place = value + strlen(is_s3 ? PGE_S3_SCHEME : PGE_FILE_SCHEME);
	Size		bucket;

	if (!is_s3 && (strncmp(value, PGE_FILE_SCHEME, strlen(PGE_FILE_SCHEME)) != 0 || place[0] != '/'))
		invalid("url", value,
				"Object stores are s3://bucket/prefix, or file:/// and the rest of an absolute path of a folder on the server.");
	for (const char *part = place; (part = strstr(part, "/.")) != NULL; part++)
	{
		Size		length = strcspn(part + 1, "/");

		if (length == 1 || (length == 2 && part[2] == '.'))
			invalid("url", value, "\".\" and \"..\" cannot be in its path.");
	}
	if (!is_s3)
	{
		demand_files();
		return;
	}
	bucket = strcspn(place, "/");
	if (bucket < 3 || bucket > 63 ||
		strspn(place, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_") != bucket || place[0] == '.')
		invalid("url", value, "A bucket's name has 3 to 63 letters, digits, dots and hyphens.");
	if (strstr(place, "//") != NULL)
		invalid("url", value, "Between slashes must be something.");
}

/* Secrets do not belong into addresses, which everybody can read; who tries has one in his statement. */
static void
check_endpoint(const char *value)
{
	const char *host = strstr(value, "://");

	if (host == NULL || (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0) || strpbrk(value, "@?# \"<>\\") != NULL ||
		host[3] == '/' || host[3] == '\0')
		invalid_secret("invalid value of option \"endpoint\"",
					   "An endpoint is https:// or http://, a host, and a port where it is another than usual.");
}

static void
check_region(const char *value)
{
	if (*value == '\0' || strspn(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") != strlen(value))
		invalid("region", value, "A region's name has letters, digits and hyphens, as \"eu-central-1\".");
}

static void
check_bool(const char *value)
{
	bool		result;

	if (!parse_bool(value, &result))
		invalid("path_style", value, "It is true or false.");
}

static void
check_timeout(const char *value)
{
	int			seconds;

	if (!parse_int(value, &seconds, 0, NULL) || seconds < 1 || seconds > 3600)
		invalid("timeout", value, "It is 1 to 3600 seconds.");
}

static void
check_retries(const char *value)
{
	int			retries;

	if (!parse_int(value, &retries, 0, NULL) || retries < 0 || retries > 20)
		invalid("retries", value, "Requests are repeated 0 to 20 times.");
}

static void
check_class(const char *value)
{
	if (*value == '\0' || strspn(value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != strlen(value))
		invalid("frozen_storage_class", value, "It is a class of storage that the store knows, as \"GLACIER\".");
}

static void
check_days(const char *value)
{
	int			days;

	if (!parse_int(value, &days, 0, NULL) || days < 1 || days > 36500)
		invalid("restore_days", value, "It is 1 to 36500 days.");
}

static void
check_ca_file(const char *value)
{
	demand_files();
	if (!is_absolute_path(value))
		invalid("ca_file", value, "It is the absolute path of a file of certificates on the server.");
}

/* They go into headers. */
static void
check_secret(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c > '~')
			invalid_secret("keys and tokens have letters, digits and punctuation only", NULL);
}

static void
check_path(const char *value)
{
	if (*value == '\0' || *value == '/' || strstr(value, "://") != NULL)
		invalid("path", value, "It is a name within the server, with wildcards or without, as \"orders/*.parquet\".");
}

static const Option options[] = {
	{"url", ForeignServerRelationId, check_url},
	{"endpoint", ForeignServerRelationId, check_endpoint},
	{"region", ForeignServerRelationId, check_region},
	{"path_style", ForeignServerRelationId, check_bool},
	{"timeout", ForeignServerRelationId, check_timeout},
	{"retries", ForeignServerRelationId, check_retries},
	{"ca_file", ForeignServerRelationId, check_ca_file},
	{"frozen_storage_class", ForeignServerRelationId, check_class},
	{"restore_days", ForeignServerRelationId, check_days},
	{"access_key_id", UserMappingRelationId, check_secret},
	{"secret_access_key", UserMappingRelationId, check_secret},
	{"session_token", UserMappingRelationId, check_secret},
	{"path", ForeignTableRelationId, check_path},
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
		case AttributeRelationId:
			return "column";
		default:
			return "wrapper";
	}
}

static void
check_option(Oid catalog, DefElem *def)
{
	StringInfoData valid;
	bool		is_secret = false;

	initStringInfo(&valid);
	for (int i = 0; i < lengthof(options); i++)
	{
		bool		found = strcmp(options[i].name, def->defname) == 0;

		if (options[i].catalog == catalog)
		{
			if (found)
			{
				options[i].check(defGetString(def));
				return;
			}
			appendStringInfo(&valid, "%s%s", valid.len ? ", " : "", options[i].name);
		}
		else if (found && options[i].catalog == UserMappingRelationId)
			is_secret = true;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" of a %s", def->defname, what_has_options(catalog)),
			 is_secret ? errhint("Secrets belong into CREATE USER MAPPING, where others cannot read them.") :
			 valid.len ? errhint("Options are: %s.", valid.data) : errhint("It has no options."),
			 errhidestmt(is_secret)));
}

static void
check_mapping(List *given)
{
	if ((pge_object_store_option(given, "access_key_id") == NULL) != (pge_object_store_option(given, "secret_access_key") == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("\"access_key_id\" and \"secret_access_key\" need each other"),
				 errhint("Without both, requests are not signed, as public buckets allow.")));
	if (pge_object_store_option(given, "session_token") != NULL && pge_object_store_option(given, "access_key_id") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("\"session_token\" needs \"access_key_id\" and \"secret_access_key\"")));
}

/* Options of a bucket have no meaning for files. */
static void
check_server(List *given)
{
	const char *url = pge_object_store_url(given);

	if (strncmp(url, PGE_S3_SCHEME, strlen(PGE_S3_SCHEME)) == 0)
		return;
	foreach_ptr(DefElem, def, given)
	{
		if (strcmp(def->defname, "url") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("option \"%s\" needs a URL that begins with s3://", def->defname)));
	}
}

/* A statement that is refused is logged without its secrets: as a whole, not at all. */
static void
hide_statement(void *arg)
{
	errhidestmt(true);
}

Datum
pge_object_store_validator(PG_FUNCTION_ARGS)
{
	List	   *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);
	ErrorContextCallback callback = {error_context_stack, hide_statement, NULL};

	if (catalog == UserMappingRelationId)
		error_context_stack = &callback;
	foreach_ptr(DefElem, def, given)
		check_option(catalog, def);
	if (catalog == ForeignServerRelationId)
		check_server(given);
	else if (catalog == ForeignTableRelationId && pge_object_store_option(given, "path") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("a foreign table of an object store needs the option \"path\""),
				 errhint("It says which files have the rows, as \"orders/*.parquet\".")));
	else if (catalog == UserMappingRelationId)
		check_mapping(given);
	error_context_stack = callback.previous;
	PG_RETURN_VOID();
}

const char *
pge_object_store_option(List *given, const char *name)
{
	foreach_ptr(DefElem, def, given)
	{
		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

const char *
pge_object_store_url(List *given)
{
	const char *url = pge_object_store_option(given, "url");

	if (url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("an object store needs the option \"url\"")));
	return url;
}
