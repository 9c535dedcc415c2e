/*
 * Stores: what the files s3_*.c, which speak S3's protocol, and store_s3.c, which is a store of it, have of each other.
 */
#ifndef PGE_S3_H
#define PGE_S3_H

#include "foreign/foreign.h"
#include "lib/stringinfo.h"

#include "store.h"

/* A bucket, or what is in it below a prefix. Secrets are here and in signatures only, and in no message. */
typedef struct S3Store
{
	PgeStore	base;			/* first */
	const char *address;		/* URL of the bucket as requests have it, without a slash at its end */
	const char *bucket;
	const char *prefix;			/* of keys; "" or with a slash at its end */
	const char *region;
	const char *user;			/* whose mapping it is */
	const char *access_key_id;	/* NULL: requests are not signed */
	const char *secret_access_key;
	const char *session_token;	/* or NULL */
	const char *ca_file;		/* or NULL: the machine's */
	const char *archive_class;	/* or NULL */
	int			restore_days;
	int			timeout;		/* seconds without a byte */
	int			retries;
} S3Store;

/* A request and its answer. Zeroes but for the fields that are said. */
typedef struct S3Request
{
	S3Store    *store;
	const char *what;			/* "read", "write", ...: could not ... object */
	const char *method;
	const char *key;			/* within the store; NULL: the bucket */
	const char *query;			/* encoded, sorted by name; or NULL */
	const char *range;			/* "first-last", "-last"; or NULL */
	const char *if_match;		/* etag; or NULL */
	const char *copy_source;	/* of what the object is to be a copy, as that header has it; or NULL */
	const char *storage_class;	/* or NULL */
	const char *body;			/* or NULL */
	uint64		body_length;
	long		accept;			/* a status, besides 2xx, that is an answer; or 0 */
	bool		quiet;			/* at an error's end: one try, a short one, without interrupts; nothing is raised */
	char	   *dest;			/* where the bytes of a 2xx go, room for dest_room; NULL: to text */
	uint64		dest_room;

	long		status;			/* 0: none came */
	int			attempts;
	uint64		received;		/* bytes in dest */
	StringInfoData text;		/* what else came, an error's too */
	char		etag[256];		/* without quotes; "": none was sent */
	int64		length;			/* Content-Length; -1: not sent */
	int64		total;			/* of the object, by Content-Range; -1: not sent */
	int64		first;			/* byte, by Content-Range; -1: not sent */
	TimestampTz modified;
	char		region[64];		/* x-amz-bucket-region */
	char		class[64];		/* x-amz-storage-class */
} S3Request;

/* s3_request.c: did it come to 2xx? All else but what is accepted is an error, raised unless quiet. */
extern bool pge_s3_request(S3Request *request);

/*
 * s3_ahead.c: a range that will be asked for soon may be under way by then; nothing is raised if it comes to nothing. False: too much is
 * asked for. Taking it: false, it is to be requested.
 */
extern bool pge_s3_ahead(S3Store *store, const char *key, const char *etag, const char *range, uint64 length);
extern bool pge_s3_ahead_take(S3Request *request);
extern void pge_s3_ahead_advance(void);

/* s3_tails.c: ends of objects, for the session's next one who reads them */
extern bool pge_s3_tail_find(const S3Store *store, const char *key, const char *etag, char *dest, uint64 length);
extern void pge_s3_tail_keep(const S3Store *store, const char *key, const char *etag, const char *bytes, uint64 length);

/* s3_sign.c: headers that a request to a URL needs, a line each */
extern List *pge_s3_sign(const S3Request *request, const char *url);

/* s3_archive.c: what is not to be read before the store is asked to make it readable */
extern bool pge_s3_archives(const PgeStore *store);
extern const char *pge_s3_archive(PgeStore *store, const char *key, const char *new_key, uint64 length);
extern bool pge_s3_restore(PgeStore *store, const char *key);

/* s3_error.c: raises what a request came to */
extern void pge_s3_error(const S3Request *request) pg_attribute_noreturn();
extern void pge_s3_unreachable(const S3Request *request, const char *detail, bool certificate) pg_attribute_noreturn();

/* s3_text.c: what is in URLs and XML */
extern void pge_s3_encode(StringInfo dest, const char *text, bool keep_slashes);
extern char *pge_s3_element(const char *xml, const char *name, const char **rest);
extern TimestampTz pge_s3_date(const char *text);

/* store_s3.c: the store that a server with a URL of the scheme is for a user, whose mapping is looked up */

#define PGE_S3_SCHEME	"s3://"

extern PgeStore *pge_s3_store(const ForeignServer *server, Oid user, const char *url);

#endif							/* PGE_S3_H */
