/*
 * Stores: which store a server or URL means, who may use it, and what is the same for all kinds of stores. Servers' options are read at
 * each look-up: nothing is kept that ALTER SERVER would have to invalidate.
 */
#include "postgres.h"

#include <fnmatch.h>

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"

#include "object_store.h"
#include "s3.h"

PgeStoreCounts pge_store_counts;

/* The length of a store's URL without slashes at its end; those of its scheme stay. */
static Size
root_length(const char *url)
{
	const char *scheme_end = strstr(url, "://");
	Size		least = scheme_end ? scheme_end + strlen("://") - url : 0;
	Size		length = strlen(url);

	while (length > least && url[length - 1] == '/')
		length--;
	return length;
}

static PgeStore *
make_store(const ForeignServer *server, Oid user)
{
	const char *url = pge_object_store_url(server->options);
	char	   *trimmed = pnstrdup(url, root_length(url));

	if (strncmp(url, PGE_S3_SCHEME, strlen(PGE_S3_SCHEME)) == 0)
		return pge_s3_store(server, user, trimmed);
	return pge_file_store(server->serverid, server->servername, trimmed);
}

PgeStore *
pge_store_of(Oid oid, Oid user)
{
	ForeignServer *server = GetForeignServer(oid);
	AclResult	result = object_aclcheck(ForeignServerRelationId, oid, user, ACL_USAGE);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_SERVER, server->servername);
	if (server->fdwid != get_foreign_data_wrapper_oid(PGE_OBJECT_STORE, true))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not an object store", server->servername),
				 errhint("Object stores are servers of the foreign-data wrapper \"%s\".", PGE_OBJECT_STORE)));
	return make_store(server, user);
}

/* What follows a store's URL in another, NULL if that does not begin with it. */
static const char *
key_under(const char *root, const char *url)
{
	Size		length = root_length(root);

	if (strncmp(url, root, length) != 0 || url[length] != '/')
		return NULL;
	return url + length + 1;
}

/* Of the servers whose URL this one begins with, the one with the longest; *refused: there are some that the user may not use. */
static Oid
find_server(const char *url, char **refused)
{
	Oid			wrapper = get_foreign_data_wrapper_oid(PGE_OBJECT_STORE, true);
	Oid			found = InvalidOid;
	Size		longest = 0;
	Relation	servers;
	SysScanDesc scan;
	HeapTuple	tuple;

	*refused = NULL;
	if (!OidIsValid(wrapper))
		return InvalidOid;
	servers = table_open(ForeignServerRelationId, AccessShareLock);
	scan = systable_beginscan(servers, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_server form = (Form_pg_foreign_server) GETSTRUCT(tuple);
		const char *root;

		if (form->srvfdw != wrapper)
			continue;
		root = pge_object_store_url(GetForeignServer(form->oid)->options);
		if (key_under(root, url) == NULL || strlen(root) <= longest)
			continue;
		if (object_aclcheck(ForeignServerRelationId, form->oid, GetUserId(), ACL_USAGE) != ACLCHECK_OK)
		{
			*refused = pstrdup(NameStr(form->srvname));
			continue;
		}
		found = form->oid;
		longest = strlen(root);
	}
	systable_endscan(scan);
	table_close(servers, AccessShareLock);
	return found;
}

/* Keys of a server stay below its URL. */
static void
check_key(const PgeStore *store, const char *key)
{
	for (const char *part = key;; part++)
	{
		Size		length = strcspn(part, "/");

		if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && strncmp(part, "..", 2) == 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_NAME),
					 errmsg("\"%s\" cannot be the name of an object", pge_store_name(store, key)),
					 errdetail("Between slashes must be something, but \".\" and \"..\".")));
		part += length;
		if (*part == '\0')
			return;
	}
}

static void
demand(Oid role, const char *name, const char *what)
{
	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s a file of the server", what),
				 errdetail("Only roles with privileges of the \"%s\" role may do that.", name),
				 errhint("Or else who may use an object store with that file in it.")));
}

/* The machine's files without a server; given is what messages name. */
static PgeStore *
bare_files(const char *given, const char *url, PgeStoreUse use, const char **key)
{
	if (strncmp(url, PGE_S3_SCHEME, strlen(PGE_S3_SCHEME)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no server for URL \"%s\"", given),
				 errhint("CREATE SERVER ... FOREIGN DATA WRAPPER %s OPTIONS (url 's3://bucket') makes one.", PGE_OBJECT_STORE)));
	if (strncmp(url, PGE_FILE_SCHEME, strlen(PGE_FILE_SCHEME)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unsupported URL: \"%s\"", given),
				 errhint("URLs are s3://bucket/name, or file:/// and the rest of an absolute path on the server; "
						 "names within an object store need its server.")));
	if (url[strlen(PGE_FILE_SCHEME)] != '/')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("URL \"%s\" has no absolute path", given),
				 errhint("After file:// comes a path that begins with a slash.")));
	if (use == PGE_STORE_READ)
		demand(ROLE_PG_READ_SERVER_FILES, "pg_read_server_files", "read");
	else
		demand(ROLE_PG_WRITE_SERVER_FILES, "pg_write_server_files", "write");
	*key = url + strlen(PGE_FILE_SCHEME) + 1;
	return pge_file_store(InvalidOid, NULL, PGE_FILE_SCHEME);
}

static PgeStore *
find_store(const char *given, const char *url, const char *server, PgeStoreUse use, const char **key)
{
	bool		is_url = strstr(url, "://") != NULL;
	char	   *scheme_end;
	char	   *lower = pstrdup(url);
	char	   *refused = NULL;
	Oid			oid;
	PgeStore   *store;

	/* Schemes know no case. */
	if (is_url)
	{
		scheme_end = strstr(lower, "://");
		for (char *c = lower; c < scheme_end; c++)
			*c = pg_ascii_tolower((unsigned char) *c);
	}
	oid = server ? get_foreign_server_oid(server, false) : find_server(lower, &refused);
	if (!OidIsValid(oid))
	{
		if (refused != NULL && strncmp(lower, PGE_FILE_SCHEME, strlen(PGE_FILE_SCHEME)) != 0)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, refused);
		store = bare_files(given, lower, use, key);
	}
	else
	{
		store = pge_store_of(oid, GetUserId());
		*key = is_url ? key_under(store->url, lower) : lower;
		if (*key == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("URL \"%s\" is not in server \"%s\"", given, store->name),
					 errdetail("The server has the URL \"%s\".", store->url)));
		check_key(store, *key);
	}
	if (use == PGE_STORE_WRITE && (**key == '\0' || (*key)[strlen(*key) - 1] == '/'))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" names a directory", given)));
	return store;
}

PgeStore *
pge_store_for_url(const char *url, const char *server, PgeStoreUse use, const char **key)
{
	return find_store(url, url, server, use, key);
}

PgeStore *
pge_store_for_folder(const char *url, const char **prefix)
{
	Size		length = root_length(url);
	bool		is_scheme = url[length] == '\0' && length > 0 && url[length - 1] == '/';
	const char *key;
	PgeStore   *store = find_store(url, is_scheme ? url : psprintf("%.*s/_", (int) length, url), NULL, PGE_STORE_WRITE, &key);

	/* The right to all files of the machine was asked for; the store is the folder. */
	if (store->name == NULL)
	{
		*prefix = "";
		return pge_file_store(InvalidOid, NULL, psprintf("%s%.*s", PGE_FILE_SCHEME, (int) (length - strlen(PGE_FILE_SCHEME)),
														 url + strlen(PGE_FILE_SCHEME)));
	}
	*prefix = pnstrdup(key, strlen(key) - 1);
	return store;
}

char *
pge_store_name(const PgeStore *store, const char *key)
{
	bool		is_file = strncmp(store->url, PGE_FILE_SCHEME, strlen(PGE_FILE_SCHEME)) == 0;

	return psprintf("%s/%s", store->url + (is_file ? strlen(PGE_FILE_SCHEME) : 0), key);
}

PgeStoredFile *
pge_store_open(PgeStore *store, const char *key, const PgeStoreEntry *known)
{
	return store->routine->open(store, key, known);
}

void
pge_store_close(PgeStoredFile *file)
{
	file->store->routine->close(file);
}

bool
pge_store_has_ahead(const PgeStore *store)
{
	return store->routine->ahead != NULL;
}

bool
pge_store_ahead(PgeStore *store, const PgeStoreEntry *known, uint64 offset, uint64 length)
{
	if (store->routine->ahead == NULL || length == 0 || offset >= known->length || length > known->length - offset)
		return true;
	return store->routine->ahead(store, known, offset, length);
}

void
pge_store_advance(PgeStore *store)
{
	if (store->routine->advance != NULL)
		store->routine->advance();
}

PgeNewFile *
pge_store_create(PgeStore *store, const char *key)
{
	if (OidIsValid(store->server))
		check_key(store, key);
	return store->routine->create(store, key);
}

void
pge_store_write(PgeNewFile *file, const char *bytes, uint64 length)
{
	file->store->routine->write(file, bytes, length);
}

const char *
pge_store_finish(PgeNewFile *file)
{
	return file->store->routine->finish(file);
}

/* Those of this session that are not finished, by the next one out. */
static PgeNewFile *unfinished = NULL;

/* Does nothing to what is finished, and raises nothing. */
static void
abandon(PgeNewFile *file)
{
	file->store->routine->abandon(file);
}

static void
abandon_all(int code, Datum arg)
{
	for (PgeNewFile *file = unfinished; file != NULL; file = file->outer)
		abandon(file);
}

/*
 * Not by PG_ENSURE_ERROR_CLEANUP: whatever is called may want to be called at the session's end from then on, and that takes callbacks back
 * in their order only.
 */
void
pge_store_guard(PgeNewFile *file, void (*make) (void *arg), void *arg)
{
	static bool registered = false;

	if (!registered)
		before_shmem_exit(abandon_all, (Datum) 0);
	registered = true;
	file->outer = unfinished;
	unfinished = file;
	PG_TRY();
	{
		make(arg);
	}
	PG_CATCH();
	{
		unfinished = file->outer;
		abandon(file);
		PG_RE_THROW();
	}
	PG_END_TRY();
	unfinished = file->outer;
}

bool
pge_store_stat(PgeStore *store, const char *key, PgeStoreEntry *entry)
{
	memset(entry, 0, sizeof(PgeStoreEntry));
	return store->routine->stat(store, key, entry);
}

static int
by_key(const ListCell *a, const ListCell *b)
{
	return strcmp(((PgeStoreEntry *) lfirst(a))->key, ((PgeStoreEntry *) lfirst(b))->key);
}

List *
pge_store_list(PgeStore *store, const char *prefix)
{
	List	   *entries = store->routine->list(store, prefix);

	list_sort(entries, by_key);
	return entries;
}

List *
pge_store_glob(PgeStore *store, const char *pattern)
{
	List	   *matching = NIL;
	List	   *entries;

	if (store->routine->glob != NULL)
		entries = store->routine->glob(store, pattern);
	else
		entries = store->routine->list(store, pnstrdup(pattern, strcspn(pattern, "*?[\\")));
	foreach_ptr(PgeStoreEntry, entry, entries)
	{
		if (!entry->unfinished &&
			(store->routine->glob != NULL || fnmatch(pattern, entry->key, FNM_PATHNAME | FNM_PERIOD) == 0))
			matching = lappend(matching, entry);
	}
	list_sort(matching, by_key);
	return matching;
}

void
pge_store_remove(PgeStore *store, const char *key)
{
	if (OidIsValid(store->server))
		check_key(store, key);
	store->routine->remove(store, key);
}

bool
pge_store_archives(const PgeStore *store)
{
	return store->routine->archives != NULL && store->routine->archives(store);
}

const char *
pge_store_archive(PgeStore *store, const char *key, const char *new_key, uint64 length)
{
	if (OidIsValid(store->server))
		check_key(store, new_key);
	return store->routine->archive(store, key, new_key, length);
}

bool
pge_store_restore(PgeStore *store, const char *key)
{
	return store->routine->restore == NULL || store->routine->restore(store, key);
}
