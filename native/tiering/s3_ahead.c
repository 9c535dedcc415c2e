/*
 * Stores: ranges of objects that are on their way before they are asked for. They go over connections of their own, while the session
 * decodes what came before: its system's buffers fill meanwhile, and whoever waits for one request moves all. What comes to nothing is
 * forgotten, and requested as ever, with all that is done then about errors. At the transaction's end all go.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "s3_transfer.h"

/* Requests under way at most, and bytes that they may bring. */
#define MOST_REQUESTS	8
#define MOST_BYTES		((uint64) 64 << 20)

typedef struct Ahead
{
	CURL	   *easy;			/* kept for the next one */
	MemoryContext cxt;			/* NULL: none is under way */
	struct curl_slist *volatile headers;
	S3Request	request;
	S3Transfer	transfer;
	char	   *range;
	char	   *etag;
} Ahead;

static Ahead requests[MOST_REQUESTS];
static uint64 bytes_asked = 0;

static void
forget(Ahead *ahead)
{
	PgeCurl    *curl = pge_curl();

	if (ahead->cxt == NULL)
		return;
	curl->multi_remove_handle(curl->multi, ahead->easy);
	curl->easy_reset(ahead->easy);
	curl->slist_free_all(ahead->headers);
	ahead->headers = NULL;
	bytes_asked -= ahead->request.dest_room;
	MemoryContextDelete(ahead->cxt);
	ahead->cxt = NULL;
}

static void
end_of_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	for (int i = 0; i < MOST_REQUESTS; i++)
		forget(&requests[i]);
}

/* One that is free; NULL: there is none. */
static Ahead *
free_request(PgeCurl *curl)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(end_of_transaction, NULL);
	registered = true;
	for (int i = 0; i < MOST_REQUESTS; i++)
	{
		if (requests[i].cxt != NULL)
			continue;
		if (requests[i].easy == NULL)
			requests[i].easy = curl->easy_init();
		return requests[i].easy == NULL ? NULL : &requests[i];
	}
	return NULL;
}

static bool
is_for(const Ahead *ahead, const char *url, const S3Request *request)
{
	return ahead->cxt != NULL && strcmp(ahead->transfer.url, url) == 0 && strcmp(ahead->range, request->range) == 0 &&
		strcmp(ahead->etag, request->if_match ? request->if_match : "") == 0;
}

static Ahead *
find(const S3Request *request)
{
	char	   *url = pge_s3_url(request);
	Ahead	   *found = NULL;

	for (int i = 0; found == NULL && i < MOST_REQUESTS; i++)
		if (is_for(&requests[i], url, request))
			found = &requests[i];
	pfree(url);
	return found;
}

void
pge_s3_ahead(S3Store *store, const char *key, const char *etag, const char *range, uint64 length)
{
	PgeCurl    *curl = pge_curl();
	S3Request	wanted = {.store = store,.what = "read",.method = "GET",.key = key,.range = range,.if_match = *etag ? etag : NULL};
	Ahead	   *ahead;
	MemoryContext old;

	if (length == 0 || length > MOST_BYTES - bytes_asked || find(&wanted) != NULL || (ahead = free_request(curl)) == NULL)
		return;
	ahead->cxt = AllocSetContextCreate(TopMemoryContext, "S3 request ahead", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(ahead->cxt);
	ahead->request = wanted;
	bytes_asked += ahead->request.dest_room = length;
	ahead->range = pstrdup(range);
	ahead->etag = pstrdup(etag);
	ahead->request.dest = MemoryContextAllocHuge(ahead->cxt, length);
	initStringInfo(&ahead->request.text);
	ahead->transfer = (S3Transfer) {.request = &ahead->request,.url = pge_s3_url(&wanted),.easy = ahead->easy};
	pge_s3_prepare(curl, &ahead->transfer, &ahead->headers);
	/* It is the caller's, and of no use any more. */
	ahead->request.store = NULL;
	curl->multi_add_handle(curl->multi, ahead->easy);
	pge_s3_step(curl);
	MemoryContextSwitchTo(old);
}

bool
pge_s3_ahead_take(S3Request *request)
{
	Ahead	   *ahead = find(request);
	const S3Request *answer;
	bool		good;

	if (ahead == NULL)
		return false;
	for (;;)
	{
		PgeCurl    *curl = pge_curl();

		pge_s3_step(curl);
		if (ahead->transfer.done)
			break;
		CHECK_FOR_INTERRUPTS();
		pge_s3_wait(curl);
	}
	answer = &ahead->request;
	good = ahead->transfer.result == CURLE_OK && answer->status == 206 && answer->received <= request->dest_room;
	if (good)
	{
		memcpy(request->dest, answer->dest, answer->received);
		request->status = answer->status;
		request->received = answer->received;
		request->total = answer->total;
		request->first = answer->first;
		initStringInfo(&request->text);
	}
	forget(ahead);
	return good;
}
