/*
 * Stores: signatures of S3's requests (AWS signature version 4). libcurl could make them (CURLOPT_AWS_SIGV4), but its versions differ in
 * what they sign, and 8.14 signs a plus in a query as a blank, which tokens of lists have: who is to work with what is installed must do
 * it himself. The URL is what is sent, byte for byte, and in the form that is signed: encoded once, the query sorted, each name with "=".
 */
#include "postgres.h"

#include <time.h>

#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"

#include "s3.h"

#define HASH	PG_SHA256_DIGEST_LENGTH

static void
failed(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not sign a request"),
			 errdetail("%s", detail ? detail : "out of memory")));
}

static char *
to_hex(const uint8 *hash)
{
	char	   *text = palloc(2 * HASH + 1);

	text[hex_encode((const char *) hash, HASH, text)] = '\0';
	return text;
}

static char *
hash_hex(const char *bytes, uint64 length)
{
	pg_cryptohash_ctx *cxt = pg_cryptohash_create(PG_SHA256);
	uint8		hash[HASH];

	if (pg_cryptohash_init(cxt) < 0 || pg_cryptohash_update(cxt, (const uint8 *) bytes, length) < 0 ||
		pg_cryptohash_final(cxt, hash, sizeof(hash)) < 0)
		failed(pg_cryptohash_error(cxt));
	pg_cryptohash_free(cxt);
	return to_hex(hash);
}

/* The key and the result may be the same. */
static void
keyed_hash(const uint8 *key, Size key_length, const char *text, uint8 *result)
{
	pg_hmac_ctx *cxt = pg_hmac_create(PG_SHA256);

	if (pg_hmac_init(cxt, key, key_length) < 0 || pg_hmac_update(cxt, (const uint8 *) text, strlen(text)) < 0 ||
		pg_hmac_final(cxt, result, HASH) < 0)
		failed(pg_hmac_error(cxt));
	pg_hmac_free(cxt);
}

static char *
signature_of(const S3Store *store, const char *date, const char *scope, const char *time, const char *canonical)
{
	char	   *secret = psprintf("AWS4%s", store->secret_access_key);
	uint8		key[HASH];

	keyed_hash((uint8 *) secret, strlen(secret), date, key);
	explicit_bzero(secret, strlen(secret));
	keyed_hash(key, HASH, store->region, key);
	keyed_hash(key, HASH, "s3", key);
	keyed_hash(key, HASH, "aws4_request", key);
	keyed_hash(key, HASH, psprintf("AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope, hash_hex(canonical, strlen(canonical))), key);
	return to_hex(key);
}

/* One more header, in the order of their names, unless it has no value. */
static List *
sign_header(List *headers, StringInfo canonical, StringInfo names, const char *name, const char *value)
{
	if (value == NULL)
		return headers;
	appendStringInfo(canonical, "%s:%s\n", name, value);
	appendStringInfo(names, ";%s", name);
	return lappend(headers, psprintf("%s: %s", name, value));
}

/* Headers that a request to the URL needs, a line each; without a key those that are not for signatures alone. */
List *
pge_s3_sign(const S3Request *request, const char *url)
{
	const S3Store *store = request->store;
	const char *host = strstr(url, "://") + 3;
	const char *path = host + strcspn(host, "/");
	const char *query = strchr(path, '?');
	char	   *host_name = pnstrdup(host, path - host);
	List	   *headers = list_make1(psprintf("Host: %s", host_name));
	time_t		now = time(NULL);
	struct tm	utc;
	char		date[16];
	char		moment[32];
	char	   *hash;
	char	   *scope;
	StringInfoData canonical;
	StringInfoData names;

	initStringInfo(&names);
	initStringInfo(&canonical);
	if (store->access_key_id == NULL)
	{
		headers = sign_header(headers, &canonical, &names, "x-amz-copy-source", request->copy_source);
		return sign_header(headers, &canonical, &names, "x-amz-storage-class", request->storage_class);
	}
	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y%m%d", &utc);
	strftime(moment, sizeof(moment), "%Y%m%dT%H%M%SZ", &utc);
	hash = hash_hex(request->body ? request->body : "", request->body_length);
	scope = psprintf("%s/%s/s3/aws4_request", date, store->region);

	appendStringInfo(&canonical, "%s\n%.*s\n%s\nhost:%s\n", request->method,
					 (int) (query ? query - path : (int) strlen(path)), path, query ? query + 1 : "", host_name);
	appendStringInfoString(&names, "host");
	headers = sign_header(headers, &canonical, &names, "x-amz-content-sha256", hash);
	headers = sign_header(headers, &canonical, &names, "x-amz-copy-source", request->copy_source);
	headers = sign_header(headers, &canonical, &names, "x-amz-date", moment);
	headers = sign_header(headers, &canonical, &names, "x-amz-security-token", store->session_token);
	headers = sign_header(headers, &canonical, &names, "x-amz-storage-class", request->storage_class);
	appendStringInfo(&canonical, "\n%s\n%s", names.data, hash);
	headers = lappend(headers, psprintf("Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
										store->access_key_id, scope, names.data,
										signature_of(store, date, scope, moment, canonical.data)));
	return headers;
}
