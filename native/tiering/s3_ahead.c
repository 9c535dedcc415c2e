/*
 * Stores: ranges of objects that are on their way before they are asked for. They go over connections of their own, while the session
 * decodes what came before: its system's buffers fill meanwhile, which whoever waits for one request, and who computes now and then
 * (pge_s3_ahead_advance), empties for all. What comes to nothing is forgotten, and requested as ever, with all that is done then about
 * errors. So is what others were taken in front of so often that it will not be asked for; at the transaction's end all go.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "s3_transfer.h"

/* Requests under way at most, and bytes that they may bring. */
#define MOST_REQUESTS	16
#define MOST_BYTES		((uint64) 64 << 20)

/* A request that is not taken while so many later ones are is not wanted. */
#define PASSED_OVER		(2 * MOST_REQUESTS)

/* Between two looks of who computes, in microseconds: a look costs some, and the system's buffers have room for more than comes in that. */
#define LOOK_EVERY		500

typedef struct Ahead
{
	CURL	   *easy;			/* kept for the next one */
	MemoryContext cxt;			/* NULL: none is under way */
	struct curl_slist *volatile headers;
	S3Request	request;
	S3Transfer	transfer;
	char	   *range;
	char	   *etag;
	uint64		asked_at;		/* as taken was */
} Ahead;

static Ahead requests[MOST_REQUESTS];
static uint64 bytes_asked = 0;
static int	under_way = 0;
static uint64 taken = 0;		/* requests, so far */

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
	under_way--;
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
		if (requests[i].cxt != NULL && taken - requests[i].asked_at > PASSED_OVER)
			forget(&requests[i]);
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

bool
pge_s3_ahead(S3Store *store, const char *key, const char *etag, const char *range, uint64 length)
{
	PgeCurl    *curl = pge_curl();
	S3Request	wanted = {.store = store,.what = "read",.method = "GET",.key = key,.range = range,.if_match = *etag ? etag : NULL};
	Ahead	   *ahead;
	MemoryContext old;

	/* What is larger by itself is not for here. */
	if (length == 0 || length > MOST_BYTES || find(&wanted) != NULL)
		return true;
	if ((ahead = free_request(curl)) == NULL || length > MOST_BYTES - bytes_asked)
		return false;
	ahead->cxt = AllocSetContextCreate(TopMemoryContext, "S3 request ahead", ALLOCSET_SMALL_SIZES);
	under_way++;
	ahead->asked_at = taken;
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
	return true;
}

/* Moves what has come, now and then. */
void
pge_s3_ahead_advance(void)
{
	static instr_time last;
	instr_time	now,
				since;

	if (under_way == 0)
		return;
	INSTR_TIME_SET_CURRENT(now);
	since = now;
	INSTR_TIME_SUBTRACT(since, last);
	if (INSTR_TIME_GET_MICROSEC(since) < LOOK_EVERY)
		return;
	last = now;
	pge_s3_step(pge_curl());
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
	taken++;
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
