/*
 * Stores: buckets of S3, or of whoever speaks its protocol. Reading is requests of ranges, writing one request, or for what is larger
 * than a part a multipart upload, which nobody sees before it is complete. That a store's rule should remove uploads which a killed
 * server left unfinished is for the README to say: nothing lists them here.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/reloptions.h"
#include "catalog/pg_user_mapping.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "object_store.h"
#include "s3.h"

/* Ends of objects are fetched as a whole: there is what says where all else is. */
#define TAIL_BYTES		(64 * 1024)

/* Parts of uploads: the first so many of this size, as many of twice that, and so on; 10,000 parts are 248 GB. */
#define PART_BYTES		(8 << 20)
#define PARTS_OF_A_SIZE	2000
#define MOST_PARTS		10000

typedef struct OldObject
{
	PgeStoredFile base;			/* first */
	const char *key;
	char	   *tail;			/* from tail_start to the end; NULL: not fetched */
	uint64		tail_start;
} OldObject;

typedef struct NewObject
{
	PgeNewFile	base;			/* first */
	MemoryContext cxt;
	const char *key;
	char	   *buffer;			/* of the part in the making */
	uint64		room;
	uint64		used;
	char	   *upload;			/* NULL: not begun */
	List	   *etags;			/* of its parts */
} NewObject;

static S3Request
request_of(PgeStore *store, const char *what, const char *method, const char *key)
{
	S3Request	request = {0};

	request.store = (S3Store *) store;
	request.what = what;
	request.method = method;
	request.key = key;
	return request;
}

/* ---- Reading ---- */

static void
wrong_bytes(const OldObject *object, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("object store \"%s\" sent other bytes of object \"%s\" than it was asked for", object->base.store->name,
					object->base.name),
			 errdetail("%s", detail)));
}

static void
read_range(OldObject *object, uint64 offset, uint64 length, char *dest)
{
	S3Request	request = request_of(object->base.store, "read", "GET", object->key);

	if (length == 0)
		return;
	request.range = psprintf(UINT64_FORMAT "-" UINT64_FORMAT, offset, offset + length - 1);
	request.if_match = *object->base.etag ? object->base.etag : NULL;
	request.dest = dest;
	request.dest_room = length;
	if (!pge_s3_ahead_take(&request))
		pge_s3_request(&request);
	if (request.status == 206 ? request.first != (int64) offset : offset > 0)
		wrong_bytes(object, "It does not seem to know ranges.");
	if (request.received != length || (request.total >= 0 && (uint64) request.total != object->base.length))
		wrong_bytes(object, psprintf("It sent " UINT64_FORMAT " bytes of an object of " INT64_FORMAT " instead of " UINT64_FORMAT
									 " of " UINT64_FORMAT ".", request.received, request.total, length, object->base.length));
	pfree(request.text.data);
}

/* As it will be asked for by s3_read(). */
static bool
s3_ahead(PgeStore *store, const PgeStoreEntry *known, uint64 offset, uint64 length)
{
	uint64		tail_start = known->length - Min(known->length, TAIL_BYTES);
	char	   *range;
	bool		asked;

	if (offset >= tail_start)
	{
		offset = tail_start;
		length = known->length - offset;
	}
	range = psprintf(UINT64_FORMAT "-" UINT64_FORMAT, offset, offset + length - 1);
	asked = pge_s3_ahead((S3Store *) store, known->key, known->etag, range, length);
	pfree(range);
	return asked;
}

static void
s3_read(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	OldObject  *object = (OldObject *) source;
	uint64		tail_start = object->base.length - Min(object->base.length, TAIL_BYTES);

	if (length > object->base.length || offset > object->base.length - length)
		wrong_bytes(object, "The bytes asked for are past its end.");
	if (object->tail == NULL && offset >= tail_start)
	{
		char	   *tail = MemoryContextAlloc(GetMemoryChunkContext(object), TAIL_BYTES);
		uint64		tail_length = object->base.length - tail_start;
		S3Store    *store = (S3Store *) object->base.store;

		if (!object->base.keeps_end || !pge_s3_tail_find(store, object->key, object->base.etag, tail, tail_length))
		{
			read_range(object, tail_start, tail_length, tail);
			if (object->base.keeps_end)
				pge_s3_tail_keep(store, object->key, object->base.etag, tail, tail_length);
		}
		object->tail = tail;
		object->tail_start = tail_start;
	}
	if (object->tail != NULL && offset >= object->tail_start)
		memcpy(dest, object->tail + (offset - object->tail_start), length);
	else
		read_range(object, offset, length, dest);
}

/*
 * One request tells whether the object is there and how long it is, and brings all of one that is short. Not its end, which is wanted next
 * of one that is not: servers are about that do not know ranges from the end and send the start.
 */
static void
read_start(OldObject *object)
{
	S3Request	request = request_of(object->base.store, "open", "GET", object->key);
	char	   *start = palloc(TAIL_BYTES);

	request.range = psprintf("0-%d", TAIL_BYTES - 1);
	/* Of no bytes. */
	request.accept = 416;
	request.dest = start;
	request.dest_room = TAIL_BYTES;
	if (!pge_s3_request(&request))
		return;
	object->base.length = request.status == 206 ? (uint64) request.total : request.received;
	object->base.etag = pstrdup(request.etag);
	if (request.status == 206 &&
		(request.total < 0 || request.first != 0 || request.received != Min(object->base.length, (uint64) TAIL_BYTES)))
		wrong_bytes(object, "It does not say what they are.");
	if (request.received == object->base.length)
		object->tail = start;
	else
		pfree(start);
}

static PgeStoredFile *
s3_open(PgeStore *store, const char *key, const PgeStoreEntry *known)
{
	OldObject  *object = palloc0(sizeof(OldObject));

	object->base.source.read = s3_read;
	object->base.store = store;
	object->base.name = pge_store_name(store, key);
	object->base.etag = "";
	object->key = pstrdup(key);
	if (known != NULL)
	{
		object->base.length = known->length;
		object->base.etag = pstrdup(known->etag);
	}
	else
		read_start(object);
	return &object->base;
}

static void
s3_close(PgeStoredFile *file)
{
	OldObject  *object = (OldObject *) file;

	if (object->tail != NULL)
		pfree(object->tail);
	pfree(object);
}

/* ---- Writing ---- */

static PgeNewFile *
s3_create(PgeStore *store, const char *key)
{
	NewObject  *object = palloc0(sizeof(NewObject));

	object->base.store = store;
	object->base.name = pge_store_name(store, key);
	object->cxt = CurrentMemoryContext;
	object->key = pstrdup(key);
	return &object->base;
}

static uint64
part_bytes(const NewObject *object)
{
	return (uint64) PART_BYTES << (list_length(object->etags) / PARTS_OF_A_SIZE);
}

static void
begin_upload(NewObject *object)
{
	S3Request	request = request_of(object->base.store, "write", "POST", object->key);

	request.query = "uploads=";
	request.body = "";
	pge_s3_request(&request);
	object->upload = pge_s3_element(request.text.data, "UploadId", NULL);
	if (object->upload == NULL)
		pge_s3_error(&request);
}

static char *
upload_query(const NewObject *object, int part)
{
	StringInfoData query;

	initStringInfo(&query);
	if (part > 0)
		appendStringInfo(&query, "partNumber=%d&", part);
	appendStringInfoString(&query, "uploadId=");
	pge_s3_encode(&query, object->upload, false);
	return query.data;
}

static void
upload_part(NewObject *object)
{
	MemoryContext old = MemoryContextSwitchTo(object->cxt);
	S3Request	request = request_of(object->base.store, "write", "PUT", object->key);

	if (list_length(object->etags) == MOST_PARTS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("object \"%s\" becomes too large", object->base.name)));
	if (object->upload == NULL)
		begin_upload(object);
	request.query = upload_query(object, list_length(object->etags) + 1);
	request.body = object->buffer;
	request.body_length = object->used;
	pge_s3_request(&request);
	object->etags = lappend(object->etags, pstrdup(request.etag));
	object->used = 0;
	MemoryContextSwitchTo(old);
}

static void
s3_write(PgeNewFile *file, const char *bytes, uint64 length)
{
	NewObject  *object = (NewObject *) file;

	while (length > 0)
	{
		uint64		some;

		if (object->used == part_bytes(object))
			upload_part(object);
		some = Min(length, part_bytes(object) - object->used);
		if (object->used + some > object->room)
		{
			object->room = Min(Max(2 * object->room, object->used + some), part_bytes(object));
			object->buffer = object->buffer ? repalloc_huge(object->buffer, object->room) :
				MemoryContextAllocHuge(object->cxt, object->room);
		}
		memcpy(object->buffer + object->used, bytes, some);
		object->used += some;
		bytes += some;
		length -= some;
		file->length += some;
	}
}

static const char *
complete_upload(NewObject *object)
{
	S3Request	request = request_of(object->base.store, "write", "POST", object->key);
	StringInfoData body;
	PgeStoreEntry entry;
	char	   *etag;
	int			part = 0;

	initStringInfo(&body);
	appendStringInfoString(&body, "<CompleteMultipartUpload>");
	foreach_ptr(char, of_part, object->etags)
		appendStringInfo(&body, "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag></Part>", ++part, of_part);
	appendStringInfoString(&body, "</CompleteMultipartUpload>");
	request.query = upload_query(object, 0);
	request.body = body.data;
	request.body_length = body.len;
	request.accept = 404;
	if (!pge_s3_request(&request))
	{
		/* An upload that is not there any more may be complete: the first answer got lost, and libcurl or we have asked again. */
		if (!pge_store_stat(object->base.store, object->key, &entry) || entry.length != object->base.length)
			pge_s3_error(&request);
		return entry.etag;
	}
	etag = pge_s3_element(request.text.data, "ETag", NULL);
	/* The status is sent before the work is done. */
	if (etag == NULL)
		pge_s3_error(&request);
	return *etag == '"' ? pnstrdup(etag + 1, strcspn(etag + 1, "\"")) : etag;
}

static const char *
s3_finish(PgeNewFile *file)
{
	NewObject  *object = (NewObject *) file;
	S3Request	request = request_of(file->store, "write", "PUT", object->key);
	MemoryContext old = MemoryContextSwitchTo(object->cxt);
	const char *etag;

	if (object->upload == NULL)
	{
		request.body = object->buffer ? object->buffer : "";
		request.body_length = object->used;
		pge_s3_request(&request);
		etag = pstrdup(request.etag);
	}
	else
	{
		upload_part(object);
		etag = complete_upload(object);
		object->upload = NULL;
	}
	if (object->buffer != NULL)
		pfree(object->buffer);
	object->buffer = NULL;
	MemoryContextSwitchTo(old);
	return etag;
}

static void
s3_abandon(PgeNewFile *file)
{
	NewObject  *object = (NewObject *) file;
	S3Request	request = request_of(file->store, "abandon", "DELETE", object->key);

	if (object->upload == NULL)
		return;
	HOLD_INTERRUPTS();
	request.query = upload_query(object, 0);
	request.quiet = true;
	object->upload = NULL;
	pge_s3_request(&request);
	RESUME_INTERRUPTS();
}

/* ---- What there is ---- */

static bool
s3_stat(PgeStore *store, const char *key, PgeStoreEntry *entry)
{
	S3Request	request = request_of(store, "look up", "HEAD", key);

	request.accept = 404;
	if (!pge_s3_request(&request))
		return false;
	entry->key = pstrdup(key);
	entry->length = Max(request.length, 0);
	entry->etag = pstrdup(request.etag);
	entry->modified = request.modified;
	entry->archived = pge_s3_archives(store) && strcmp(request.class, ((S3Store *) store)->archive_class) == 0;
	return true;
}

static void
decode_url(char *text)
{
	char	   *to = text;

	for (const char *from = text; *from; from++)
	{
		unsigned	code;

		if (*from == '%' && isxdigit((unsigned char) from[1]) && sscanf(from + 1, "%2x", &code) == 1 && isxdigit((unsigned char) from[2]))
		{
			*to++ = (char) code;
			from += 2;
		}
		else
			*to++ = *from == '+' ? ' ' : *from;
	}
	*to = '\0';
}

static List *
add_entry(PgeStore *store, List *entries, const char *contents, bool encoded)
{
	const char *prefix = ((S3Store *) store)->prefix;
	char	   *key = pge_s3_element(contents, "Key", NULL);
	char	   *size = pge_s3_element(contents, "Size", NULL);
	char	   *etag = pge_s3_element(contents, "ETag", NULL);
	char	   *modified = pge_s3_element(contents, "LastModified", NULL);
	PgeStoreEntry *entry = palloc0(sizeof(PgeStoreEntry));

	if (key == NULL || size == NULL)
		return entries;
	if (encoded)
		decode_url(key);
	key = pg_any_to_server(key, strlen(key), PG_UTF8);
	/* What tools put in place of folders is no object. */
	if (*key == '\0' || key[strlen(key) - 1] == '/' || strncmp(key, prefix, strlen(prefix)) != 0)
		return entries;
	entry->key = key + strlen(prefix);
	entry->length = strtoull(size, NULL, 10);
	entry->etag = etag == NULL ? "" : *etag == '"' ? pnstrdup(etag + 1, strcspn(etag + 1, "\"")) : etag;
	entry->modified = modified ? pge_s3_date(modified) : 0;
	return lappend(entries, entry);
}

static char *
list_query(PgeStore *store, const char *prefix, const char *continuation)
{
	char	   *begin = psprintf("%s%s", ((S3Store *) store)->prefix, prefix);
	StringInfoData query;

	initStringInfo(&query);
	if (continuation != NULL)
	{
		appendStringInfoString(&query, "continuation-token=");
		pge_s3_encode(&query, continuation, false);
		appendStringInfoChar(&query, '&');
	}
	appendStringInfoString(&query, "encoding-type=url&list-type=2&prefix=");
	pge_s3_encode(&query, pg_server_to_any(begin, strlen(begin), PG_UTF8), false);
	return query.data;
}

static List *
s3_list(PgeStore *store, const char *prefix)
{
	List	   *entries = NIL;
	char	   *continuation = NULL;

	do
	{
		S3Request	request = request_of(store, "list", "GET", NULL);
		const char *at;
		char	   *encoding;
		char	   *truncated;

		request.query = list_query(store, prefix, continuation);
		pge_s3_request(&request);
		encoding = pge_s3_element(request.text.data, "EncodingType", NULL);
		truncated = pge_s3_element(request.text.data, "IsTruncated", NULL);
		for (at = request.text.data; (at = strstr(at, "<Contents>")) != NULL;)
		{
			const char *end = strstr(at, "</Contents>");

			if (end == NULL)
				break;
			entries = add_entry(store, entries, pnstrdup(at, end - at), encoding != NULL && strcmp(encoding, "url") == 0);
			at = end;
		}
		continuation = pge_s3_element(request.text.data, "NextContinuationToken", NULL);
		/* A list that ends too early must not pass for a whole one. */
		if (truncated == NULL || (strcmp(truncated, "true") == 0 && continuation == NULL))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_REPLY_HANDLE),
					 errmsg("object store \"%s\" sent a list of objects that makes no sense", store->name)));
		if (strcmp(truncated, "true") != 0)
			continuation = NULL;
		pfree(request.text.data);
	} while (continuation != NULL);
	return entries;
}

static void
s3_remove(PgeStore *store, const char *key)
{
	S3Request	request = request_of(store, "remove", "DELETE", key);

	request.accept = 404;
	pge_s3_request(&request);
}

static const PgeStoreRoutine s3_routine = {
	.open = s3_open,
	.ahead = s3_ahead,
	.advance = pge_s3_ahead_advance,
	.close = s3_close,
	.create = s3_create,
	.write = s3_write,
	.finish = s3_finish,
	.abandon = s3_abandon,
	.stat = s3_stat,
	.list = s3_list,
	.remove = s3_remove,
	.archives = pge_s3_archives,
	.archive = pge_s3_archive,
	.restore = pge_s3_restore,
};

/* ---- Servers ---- */

/* Options of the user's mapping, or else of that for everybody. */
static List *
mapping_options(const ForeignServer *server, Oid user)
{
	HeapTuple	tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(user), ObjectIdGetDatum(server->serverid));
	Datum		options;
	bool		isnull;
	List	   *list;

	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid), ObjectIdGetDatum(server->serverid));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("user mapping not found for user \"%s\", server \"%s\"", GetUserNameFromId(user, false), server->servername),
				 errhint("CREATE USER MAPPING says with which key requests are signed; without options they are not.")));
	options = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple, Anum_pg_user_mapping_umoptions, &isnull);
	list = isnull ? NIL : untransformRelOptions(options);
	ReleaseSysCache(tuple);
	return list;
}

/* The bucket's URL: below the endpoint, or a host of its own. */
static char *
bucket_address(const S3Store *store, List *options)
{
	const char *endpoint = pge_object_store_option(options, "endpoint");
	const char *path_style = pge_object_store_option(options, "path_style");
	bool		below = endpoint != NULL;
	char	   *address;
	char	   *host;

	if (path_style != NULL)
		(void) parse_bool(path_style, &below);
	address = endpoint ? pstrdup(endpoint) : psprintf("https://s3.%s.amazonaws.com", store->region);
	while (address[strlen(address) - 1] == '/')
		address[strlen(address) - 1] = '\0';
	if (below)
		return psprintf("%s/%s", address, store->bucket);
	host = strstr(address, "://") + 3;
	return psprintf("%.*s%s.%s", (int) (host - address), address, store->bucket, host);
}

PgeStore *
pge_s3_store(const ForeignServer *server, Oid user, const char *url)
{
	S3Store    *store = palloc0(sizeof(S3Store));
	List	   *mapping = mapping_options(server, user);
	const char *place = url + strlen(PGE_S3_SCHEME);
	const char *region = pge_object_store_option(server->options, "region");
	const char *timeout = pge_object_store_option(server->options, "timeout");
	const char *retries = pge_object_store_option(server->options, "retries");
	const char *days = pge_object_store_option(server->options, "restore_days");

	store->base.routine = &s3_routine;
	store->base.server = server->serverid;
	store->base.name = server->servername;
	store->base.url = url;
	store->bucket = pnstrdup(place, strcspn(place, "/"));
	place += strlen(store->bucket);
	store->prefix = *place ? psprintf("%s/", place + 1) : "";
	store->region = region ? region : "us-east-1";
	store->address = bucket_address(store, server->options);
	store->user = psprintf("\"%s\"", GetUserNameFromId(user, false));
	store->access_key_id = pge_object_store_option(mapping, "access_key_id");
	store->secret_access_key = pge_object_store_option(mapping, "secret_access_key");
	store->session_token = pge_object_store_option(mapping, "session_token");
	store->ca_file = pge_object_store_option(server->options, "ca_file");
	store->archive_class = pge_object_store_option(server->options, "frozen_storage_class");
	store->restore_days = days ? pg_strtoint32(days) : PGE_STORE_RESTORE_DAYS;
	store->timeout = timeout ? pg_strtoint32(timeout) : PGE_STORE_TIMEOUT;
	store->retries = retries ? pg_strtoint32(retries) : PGE_STORE_RETRIES;
	return &store->base;
}
