/*
 * Stores: S3's classes of storage from which nothing can be read before a restoration, which takes minutes to hours. An object goes there
 * as a copy that the store makes: what was written was read back before.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "s3.h"

/* What S3 copies with one request. Row groups have at most 131,072 rows: values of 40 kB each come to so much. */
#define MOST_COPIED		((uint64) 5 << 30)

bool
pge_s3_archives(const PgeStore *store)
{
	return ((const S3Store *) store)->archive_class != NULL;
}

/* The object in the store's archive class, under another key; the copy's etag. */
const char *
pge_s3_archive(PgeStore *base, const char *key, const char *new_key, uint64 length)
{
	S3Store    *store = (S3Store *) base;
	S3Request	request = {.store = store,.what = "archive",.method = "PUT",.key = new_key};
	StringInfoData source;
	PgeStoreEntry entry;
	char	   *etag;

	if (length > MOST_COPIED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("object \"%s\" is too large to be archived", pge_store_name(base, key)),
				 errdetail("It has " UINT64_FORMAT " bytes, of which stores copy " UINT64_FORMAT " with one request.", length, MOST_COPIED),
				 errhint("It can stay cold, or be stored anew in smaller row groups (epiphany.row_group_rows).")));
	initStringInfo(&source);
	appendStringInfo(&source, "/%s/", store->bucket);
	pge_s3_encode(&source, pg_server_to_any(store->prefix, strlen(store->prefix), PG_UTF8), true);
	pge_s3_encode(&source, pg_server_to_any(key, strlen(key), PG_UTF8), true);
	request.copy_source = source.data;
	request.storage_class = store->archive_class;
	request.body = "";
	pge_s3_request(&request);
	etag = pge_s3_element(request.text.data, "ETag", NULL);
	/* The status is sent before the work is done. */
	if (etag == NULL)
		pge_s3_error(&request);
	if (!pge_store_stat(base, new_key, &entry) || entry.length != length)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("object \"%s\" is not the copy that was asked for", pge_store_name(base, new_key)),
				 errdetail("Object \"%s\" has " UINT64_FORMAT " bytes.", pge_store_name(base, key), length)));
	return *etag == '"' ? pnstrdup(etag + 1, strcspn(etag + 1, "\"")) : etag;
}

/* Can the object be read? Otherwise the store is asked to see to it. */
bool
pge_s3_restore(PgeStore *base, const char *key)
{
	S3Store    *store = (S3Store *) base;
	S3Request	probe = {.store = store,.what = "restore",.method = "GET",.key = key,.range = "0-1",.accept = 403};
	S3Request	request = {.store = store,.what = "restore",.method = "POST",.key = key,.query = "restore=",.accept = 409};
	char		bytes[2];		/* servers are about that take 0-0 for all */
	char	   *code;

	probe.dest = bytes;
	probe.dest_room = sizeof(bytes);
	if (pge_s3_request(&probe))
		return true;
	code = pge_s3_element(probe.text.data, "Code", NULL);
	if (code == NULL || strcmp(code, "InvalidObjectState") != 0)
		pge_s3_error(&probe);
	request.body = psprintf("<RestoreRequest><Days>%d</Days></RestoreRequest>", store->restore_days);
	request.body_length = strlen(request.body);
	if (!pge_s3_request(&request))
	{
		code = pge_s3_element(request.text.data, "Code", NULL);
		if (code == NULL || strcmp(code, "RestoreAlreadyInProgress") != 0)
			pge_s3_error(&request);
	}
	return false;
}
