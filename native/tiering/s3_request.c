/*
 * Stores: one request of S3's protocol, repeated where that may help, over connections that the session keeps. It waits for one transfer
 * at a time; those that s3_ahead.c has under way go on meanwhile.
 *
 * Nothing of PostgreSQL's raises inside libcurl's frames: its callbacks take memory that may be refused. libcurl may look names up in a
 * thread; that is started with all signals masked, since handlers are for the main thread only. The last of what libcurl holds of a
 * request goes when that ends, by an error, too.
 */
#include "postgres.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>

#include "common/pg_prng.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "s3_transfer.h"

/* Most of an answer that is text; a list of a thousand keys of 1,024 bytes, percent-encoded, and what is said of them is below. */
#define MOST_TEXT		(16 << 20)

/* Bytes that libcurl takes from the system with one call. */
#define RECEIVED_AT_ONCE	(128L << 10)

#define FIRST_DELAY_MS	100
#define LONGEST_DELAY_MS	5000

/* What a request at an error's end may take. */
#define QUIET_SECONDS	3

static uint32
wait_event(void)
{
	static uint32 event = 0;

	if (event == 0)
		event = WaitEventExtensionNew("EpiphanyObjectStore");
	return event;
}

/* ---- What comes ---- */

static bool
append_text(S3Request *request, const char *bytes, size_t length)
{
	StringInfo	text = &request->text;

	if (text->len + length + 1 > MOST_TEXT)
		return false;
	if (text->len + length + 1 > text->maxlen)
	{
		int			room = Max(2 * text->maxlen, text->len + (int) length + 1);
		char	   *data = repalloc_extended(text->data, room, MCXT_ALLOC_NO_OOM);

		if (data == NULL)
			return false;
		text->data = data;
		text->maxlen = room;
	}
	memcpy(text->data + text->len, bytes, length);
	text->len += length;
	text->data[text->len] = '\0';
	return true;
}

static size_t
receive_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	S3Transfer *transfer = arg;
	S3Request  *request = transfer->request;
	size_t		length = size * count;

	pge_store_counts.bytes_read += length;
	if (request->dest == NULL || request->status / 100 != 2)
		return append_text(request, bytes, length) ? length : 0;
	if (length > request->dest_room - request->received)
	{
		transfer->overflow = true;
		return 0;
	}
	memcpy(request->dest + request->received, bytes, length);
	request->received += length;
	return length;
}

/* The value of a header that is so called, without blanks and quotes around it; false if it is another. */
static bool
header_is(const char *line, size_t length, const char *name, char *value, size_t room)
{
	size_t		skip = strlen(name);

	if (length <= skip || line[skip] != ':' || pg_strncasecmp(line, name, skip) != 0)
		return false;
	line += skip + 1;
	length -= skip + 1;
	while (length > 0 && (*line == ' ' || *line == '\t' || *line == '"'))
		line++, length--;
	while (length > 0 && strchr(" \t\r\n\"", line[length - 1]) != NULL)
		length--;
	length = Min(length, room - 1);
	memcpy(value, line, length);
	value[length] = '\0';
	return true;
}

static void
forget_answer(S3Request *request)
{
	request->status = 0;
	request->received = 0;
	request->text.len = 0;
	request->text.data[0] = '\0';
	request->etag[0] = '\0';
	request->region[0] = '\0';
	request->class[0] = '\0';
	request->length = request->total = request->first = -1;
	request->modified = 0;
}

static size_t
receive_header(char *line, size_t size, size_t count, void *arg)
{
	S3Request  *request = ((S3Transfer *) arg)->request;
	size_t		length = size * count;
	char		value[256];

	/* A line of its own: of each answer, as 100 Continue, the first. */
	if (length > 12 && strncmp(line, "HTTP/", 5) == 0)
	{
		forget_answer(request);
		request->status = strtol(line + strcspn(line, " "), NULL, 10);
	}
	else if (header_is(line, length, "ETag", request->etag, sizeof(request->etag)) ||
			 header_is(line, length, "x-amz-bucket-region", request->region, sizeof(request->region)) ||
			 header_is(line, length, "x-amz-storage-class", request->class, sizeof(request->class)))
		;
	else if (header_is(line, length, "Content-Length", value, sizeof(value)))
		request->length = strtoll(value, NULL, 10);
	else if (header_is(line, length, "Last-Modified", value, sizeof(value)))
		request->modified = pge_s3_date(value);
	else if (header_is(line, length, "Content-Range", value, sizeof(value)))
	{
		char	   *slash = strchr(value, '/');

		if (slash != NULL && slash[1] >= '0' && slash[1] <= '9')
			request->total = strtoll(slash + 1, NULL, 10);
		if (strncmp(value, "bytes ", 6) == 0 && value[6] >= '0' && value[6] <= '9')
			request->first = strtoll(value + 6, NULL, 10);
	}
	return length;
}

/* ---- A transfer ---- */

static void
no_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"), errdetail("Failed in libcurl.")));
}

struct curl_slist *
pge_s3_headers(PgeCurl *curl, const S3Transfer *transfer)
{
	const S3Request *request = transfer->request;
	List	   *lines = pge_s3_sign(request, transfer->url);
	struct curl_slist *headers = NULL;

	if (request->if_match != NULL)
		lines = lappend(lines, psprintf("If-Match: \"%s\"", request->if_match));
	if (request->body != NULL)
		lines = lappend(lines, pstrdup("Content-Type: application/octet-stream"));
	foreach_ptr(char, line, lines)
	{
		struct curl_slist *longer = curl->slist_append(headers, line);

		if (longer == NULL)
		{
			curl->slist_free_all(headers);
			no_memory();
		}
		headers = longer;
	}
	return headers;
}

static bool
set_options(PgeCurl *curl, S3Transfer *transfer, struct curl_slist *headers)
{
	S3Request  *request = transfer->request;
	S3Store    *store = request->store;
	CURL	   *easy = transfer->easy;
	long		seconds = request->quiet ? QUIET_SECONDS : store->timeout;
	bool		ok = true;

	ok = curl->easy_setopt(easy, CURLOPT_URL, transfer->url) == CURLE_OK && ok;
	ok = curl->easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK && ok;
	if (strcmp(request->method, "HEAD") == 0)
		curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		ok = curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK && ok;
	if (request->body != NULL)
	{
		curl->easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (int64) request->body_length);
	}
	if (request->range != NULL)
		ok = curl->easy_setopt(easy, CURLOPT_RANGE, request->range) == CURLE_OK && ok;
	if (store->ca_file != NULL)
		ok = curl->easy_setopt(easy, CURLOPT_CAINFO, store->ca_file) == CURLE_OK && ok;
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "pg_epiphany");
	curl->easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP_AND_HTTPS);
	curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVED_AT_ONCE);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, seconds * 1000);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, seconds);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_bytes);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	return curl->easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK && ok;
}

bool
pge_s3_prepare(PgeCurl *curl, S3Transfer *transfer, struct curl_slist *headers)
{
	forget_answer(transfer->request);
	transfer->done = false;
	transfer->error[0] = '\0';
	transfer->overflow = false;
	transfer->result = CURLE_OPERATION_TIMEDOUT;
	pge_store_counts.requests++;
	return set_options(curl, transfer, headers);
}

void
pge_s3_step(PgeCurl *curl)
{
	sigset_t	all;
	sigset_t	before;
	PgeCurlMessage *message;
	int			running,
				queued;
	bool		again;

	do
	{
		again = false;
		pge_s3_ahead_start(curl);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		curl->multi_perform(curl->multi, &running);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		while ((message = curl->multi_info_read(curl->multi, &queued)) != NULL)
		{
			S3Transfer *transfer = NULL;

			if (message->message != CURLMSG_DONE ||
				curl->easy_getinfo(message->easy, CURLINFO_PRIVATE, &transfer) != CURLE_OK || transfer == NULL)
				continue;
			transfer->result = message->data.result;
			transfer->done = again = true;
		}
	} while (again);
}

void
pge_s3_wait(PgeCurl *curl)
{
	int			ready;

	pgstat_report_wait_start(wait_event());
	curl->multi_poll(curl->multi, NULL, 0, PGE_S3_STEP_MS, &ready);
	pgstat_report_wait_end();
}

static void
run(PgeCurl *curl, S3Transfer *transfer)
{
	bool		quiet = transfer->request->quiet;
	TimestampTz until = GetCurrentTimestamp() + QUIET_SECONDS * USECS_PER_SEC;

	curl->multi_add_handle(curl->multi, transfer->easy);
	for (;;)
	{
		pge_s3_step(curl);
		if (transfer->done)
			return;
		if (quiet && GetCurrentTimestamp() > until)
			return;
		if (!quiet)
			CHECK_FOR_INTERRUPTS();
		pge_s3_wait(curl);
	}
}

static void
perform(S3Transfer *transfer)
{
	PgeCurl    *curl = pge_curl();
	struct curl_slist *volatile headers = NULL;

	transfer->easy = curl->easy;
	/* Who is ended in the middle of a transfer comes here again without having left. */
	curl->multi_remove_handle(curl->multi, curl->easy);
	curl->easy_reset(curl->easy);
	PG_TRY();
	{
		headers = pge_s3_headers(curl, transfer);
		if (!pge_s3_prepare(curl, transfer, headers))
			no_memory();
		run(curl, transfer);
	}
	PG_FINALLY();
	{
		pgstat_report_wait_end();
		curl->multi_remove_handle(curl->multi, curl->easy);
		curl->easy_reset(curl->easy);
		curl->slist_free_all(headers);
	}
	PG_END_TRY();
}

/* ---- A request ---- */

char *
pge_s3_url(const S3Request *request)
{
	StringInfoData url;

	initStringInfo(&url);
	appendStringInfoString(&url, request->store->address);
	appendStringInfoChar(&url, '/');
	if (request->key != NULL)
	{
		pge_s3_encode(&url, pg_server_to_any(request->store->prefix, strlen(request->store->prefix), PG_UTF8), true);
		pge_s3_encode(&url, pg_server_to_any(request->key, strlen(request->key), PG_UTF8), true);
	}
	if (request->query != NULL)
		appendStringInfo(&url, "?%s", request->query);
	return url.data;
}

/* May the same request come to something better? */
static bool
is_passing(const S3Transfer *transfer)
{
	const S3Request *request = transfer->request;

	switch (transfer->result)
	{
		case CURLE_OK:
			break;
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_PARTIAL_FILE:
		case CURLE_OPERATION_TIMEDOUT:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_GOT_NOTHING:
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
			return true;
		default:
			return false;
	}
	if (request->status == 400)
		return strstr(request->text.data, "<Code>RequestTimeout</Code>") != NULL;
	return request->status == 408 || request->status == 429 || request->status == 500 || (request->status >= 502 && request->status <= 504);
}

/* Twice as long each time, and by chance up to half as long, so that sessions that failed together do not come back together. */
static void
wait_before(int attempt)
{
	double		delay = Min(FIRST_DELAY_MS * pow(2, attempt - 1), LONGEST_DELAY_MS) * (1 - pg_prng_double(&pg_global_prng_state) / 2);
	TimestampTz until = GetCurrentTimestamp() + (int64) (delay * 1000);

	for (;;)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

		if (left <= 0)
			return;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, left, wait_event());
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
fail(const S3Transfer *transfer)
{
	const S3Request *request = transfer->request;

	if (transfer->overflow)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("object store \"%s\" sent more bytes than it was asked for", request->store->base.name)));
	if (transfer->result == CURLE_WRITE_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed on an answer of object store \"%s\".", request->store->base.name)));
	if (transfer->result != CURLE_OK)
		pge_s3_unreachable(request, transfer->error[0] ? transfer->error : pge_curl()->easy_strerror(transfer->result),
						   transfer->result == CURLE_PEER_FAILED_VERIFICATION);
	pge_s3_error(request);
}

static bool
repeat(S3Transfer *transfer)
{
	S3Request  *request = transfer->request;
	int			tries = request->quiet ? 1 : request->store->retries + 1;

	for (;;)
	{
		perform(transfer);
		request->attempts++;
		if (transfer->result == CURLE_OK && (request->status / 100 == 2 || (request->accept != 0 && request->status == request->accept)))
			return request->status / 100 == 2;
		if (request->attempts >= tries || !is_passing(transfer))
		{
			if (request->quiet)
				return false;
			fail(transfer);
		}
		ereport(DEBUG1,
				(errmsg_internal("object store \"%s\": %s %s: status %ld, %s", request->store->base.name, request->method, transfer->url,
								 request->status, transfer->error)));
		wait_before(request->attempts);
	}
}

/* What is needed on the way goes at its end: who scans makes many requests. */
bool
pge_s3_request(S3Request *request)
{
	S3Transfer	transfer = {.request = request};
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "S3 request", ALLOCSET_SMALL_SIZES);
	MemoryContext old;
	bool		good;

	initStringInfo(&request->text);
	old = MemoryContextSwitchTo(cxt);
	transfer.url = pge_s3_url(request);
	good = repeat(&transfer);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	if (good && request->body != NULL)
		pge_store_counts.bytes_written += request->body_length;
	return good;
}
