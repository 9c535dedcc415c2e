/*
 * Stores: ranges of objects that are on their way before they are asked for. They go over connections of their own, while the session
 * decodes what came before: its system's buffers fill meanwhile, which whoever waits for one request, and who computes now and then
 * (pge_s3_ahead_advance), empties for all. Some run at a time, in the order in which they were asked for; whenever one is done the next
 * one begins, so the link has something to do until the last. What comes to nothing is forgotten, and requested as ever, with all that is
 * done then about errors. So is what others were taken in front of so often that it will not be asked for; at the transaction's end all go.
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"

#include "s3_transfer.h"

/* Requests that run at most, those that were asked for and not taken yet, and bytes that these may bring. */
#define MOST_RUNNING	16
#define MOST_ASKED		64
#define MOST_BYTES		((uint64) 64 << 20)

/*
 * No other one begins while those that run have still to bring so many bytes, so that what is wanted first comes first. More where the link
 * is fast, and its answers late (pge_s3_ahead_start).
 */
#define FIRST_ROOM		((uint64) 2 << 20)

/* Between two looks of who computes, in microseconds: a look costs some, and the system's buffers have room for more than comes in that. */
#define LOOK_EVERY		500

typedef struct Ahead
{
	dlist_node	node;			/* in asked */
	MemoryContext cxt;			/* has all of it */
	struct curl_slist *headers;
	S3Store		store;			/* the caller's: of it the transfer needs numbers and ca_file */
	S3Request	request;
	S3Transfer	transfer;		/* easy is NULL unless it runs, or has just run */
	char	   *range;
	char	   *etag;
	uint64		asked_at;		/* as taken was */
} Ahead;

static dlist_head asked = DLIST_STATIC_INIT(asked);
static int	nasked = 0;
static uint64 bytes_asked = 0;
static uint64 taken = 0;		/* requests, so far */

/* Handles that no request has, and those that one has. */
static CURL *idle[MOST_RUNNING];
static int	nidle = 0;
static int	nrunning = 0;
static uint64 room = FIRST_ROOM;

static void
leave_handle(PgeCurl *curl, Ahead *ahead)
{
	CURL	   *easy = ahead->transfer.easy;

	if (easy == NULL)
		return;
	curl->multi_remove_handle(curl->multi, easy);
	curl->easy_reset(easy);
	ahead->transfer.easy = NULL;
	nrunning--;
	idle[nidle++] = easy;
}

static void
forget(Ahead *ahead)
{
	PgeCurl    *curl = pge_curl();

	leave_handle(curl, ahead);
	curl->slist_free_all(ahead->headers);
	dlist_delete(&ahead->node);
	nasked--;
	bytes_asked -= ahead->request.dest_room;
	MemoryContextDelete(ahead->cxt);
}

static void
end_of_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	while (!dlist_is_empty(&asked))
		forget(dlist_head_element(Ahead, node, &asked));
}

/* Of as many as may be asked for that would have been taken before, all have been, and more. */
static void
forget_passed_over(void)
{
	while (!dlist_is_empty(&asked) && taken - dlist_head_element(Ahead, node, &asked)->asked_at > MOST_ASKED)
		forget(dlist_head_element(Ahead, node, &asked));
}

static Ahead *
find(const S3Request *request)
{
	char	   *url = pge_s3_url(request);
	const char *etag = request->if_match ? request->if_match : "";
	Ahead	   *found = NULL;
	dlist_iter	iter;

	dlist_foreach(iter, &asked)
	{
		Ahead	   *ahead = dlist_container(Ahead, node, iter.cur);

		if (strcmp(ahead->range, request->range) == 0 && strcmp(ahead->transfer.url, url) == 0 && strcmp(ahead->etag, etag) == 0)
		{
			found = ahead;
			break;
		}
	}
	pfree(url);
	return found;
}

bool
pge_s3_ahead(S3Store *store, const char *key, const char *etag, const char *range, uint64 length)
{
	PgeCurl    *curl = pge_curl();
	S3Request	wanted = {.store = store,.what = "read",.method = "GET",.key = key,.range = range,.if_match = *etag ? etag : NULL};
	static bool registered = false;
	Ahead	   *ahead;
	MemoryContext cxt,
				old;

	/* What is larger by itself is not for here. */
	if (length == 0 || length > MOST_BYTES || find(&wanted) != NULL)
		return true;
	forget_passed_over();
	if (nasked == MOST_ASKED || length > MOST_BYTES - bytes_asked)
		return false;
	if (!registered)
		RegisterXactCallback(end_of_transaction, NULL);
	registered = true;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "S3 request ahead", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);
	ahead = palloc0_object(Ahead);
	ahead->cxt = cxt;
	ahead->asked_at = taken;
	ahead->store = *store;
	ahead->store.ca_file = store->ca_file ? pstrdup(store->ca_file) : NULL;
	ahead->range = pstrdup(range);
	ahead->etag = pstrdup(etag);
	ahead->request = wanted;
	ahead->request.range = ahead->range;
	ahead->request.dest = MemoryContextAllocHuge(cxt, length);
	ahead->request.dest_room = length;
	initStringInfo(&ahead->request.text);
	ahead->transfer = (S3Transfer) {.request = &ahead->request,.url = pge_s3_url(&wanted)};
	ahead->headers = pge_s3_headers(curl, &ahead->transfer);
	/* From here on nothing is raised; what was the caller's is not looked at any more. */
	ahead->request.store = &ahead->store;
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, TopMemoryContext);
	dlist_push_tail(&asked, &ahead->node);
	nasked++;
	bytes_asked += length;
	pge_s3_step(curl);
	return true;
}

/* A handle for a request that is to run; NULL: as many run as may, or memory is out, and it waits. */
static CURL *
take_handle(PgeCurl *curl)
{
	CURL	   *easy = NULL;

	if (nidle > 0)
		easy = idle[--nidle];
	else if (nrunning < MOST_RUNNING)
		easy = curl->easy_init();
	if (easy != NULL)
		nrunning++;
	return easy;
}

/*
 * Those that are done leave their handles, with the connections, to the next ones. If of those that run nothing has come by then, the link
 * had nothing to do. Raises nothing.
 */
void
pge_s3_ahead_start(PgeCurl *curl)
{
	uint64		coming = 0;
	bool		has_ended = false,
				has_begun = false;
	dlist_iter	iter;

	dlist_foreach(iter, &asked)
	{
		Ahead	   *ahead = dlist_container(Ahead, node, iter.cur);

		if (ahead->transfer.easy == NULL)
			continue;
		if (ahead->transfer.done)
		{
			leave_handle(curl, ahead);
			has_ended = true;
			continue;
		}
		has_begun |= ahead->request.received > 0;
		coming += ahead->request.dest_room - ahead->request.received;
	}
	dlist_foreach(iter, &asked)
	{
		Ahead	   *ahead = dlist_container(Ahead, node, iter.cur);

		if (ahead->transfer.easy != NULL || ahead->transfer.done)
			continue;
		if (has_ended && !has_begun && room < MOST_BYTES)
			room *= 2;
		has_ended = false;
		if (coming >= room)
			break;
		ahead->transfer.easy = take_handle(curl);
		if (ahead->transfer.easy == NULL)
			break;
		coming += ahead->request.dest_room;
		if (pge_s3_prepare(curl, &ahead->transfer, ahead->headers))
			curl->multi_add_handle(curl->multi, ahead->transfer.easy);
		else
			ahead->transfer.done = true;
	}
}

/* Moves what has come, now and then. */
void
pge_s3_ahead_advance(void)
{
	static instr_time last;
	instr_time	now,
				since;

	if (nrunning == 0)
		return;
	INSTR_TIME_SET_CURRENT(now);
	since = now;
	INSTR_TIME_SUBTRACT(since, last);
	if (INSTR_TIME_GET_MICROSEC(since) < LOOK_EVERY)
		return;
	last = now;
	pge_s3_step(pge_curl());
}

/* One that waits comes as soon by a request of its own. */
bool
pge_s3_ahead_take(S3Request *request)
{
	Ahead	   *ahead = find(request);
	const S3Request *answer;
	bool		good;

	if (ahead == NULL)
		return false;
	while (ahead->transfer.easy != NULL && !ahead->transfer.done)
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
	good = ahead->transfer.done && ahead->transfer.result == CURLE_OK && answer->status == 206 && answer->received <= request->dest_room;
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
