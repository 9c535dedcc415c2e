/*
 * Column store: readers kept for the session. Fetches by TID and small scans come back to the same groups, statement after statement, and
 * to open a group anew (footer, chunk indexes, dictionaries, a block of each column) costs a hundred times what a value costs.
 *
 * A kept reader is found by all that never changes about its group, compared with the descriptor that the caller has just read. So
 * nothing has to be invalidated: a group that was moved, or whose place another one took, is not found, and its reader ages out.
 *
 * Fetches copy single values and share readers. Scans hand out values that lie in the reader until it decodes the next ones, so a scan has
 * its reader for itself. Of what a scan reads only the little is kept: footers of groups that it had no use for, and groups of which it
 * wanted few vectors. A table whose groups are more than there is room for has its first ones kept, not its last ones, which would be gone
 * when the next scan gets there.
 */
#include "postgres.h"

#include "access/xact.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "group_reader.h"

/* A reader that a scan has read much of is kept if it takes no more than this all the same. */
#define SMALL_BYTES		(32 * 1024)

/* A reader by what it is looked up by; what else may have changed about the group is compared then. */
typedef struct KeptKey
{
	Oid			relid;
	uint32		group_id;
} KeptKey;

typedef struct KeptEntry
{
	KeptKey		key;			/* first */
	PgeReader  *reader;			/* NULL: it could not be made */
} KeptEntry;

static HTAB *by_group;
static dlist_head kept = DLIST_STATIC_INIT(kept);	/* most recent first */
static Size kept_bytes;
static int	in_use;				/* readers that somebody refers to */
static MemoryContext kept_cxt;
static bool suspect;			/* a subtransaction aborted, and maybe in the middle of a read */

/* Keep it no longer. Who still refers to it has it until the transaction ends. */
static void
forget(PgeReader *reader)
{
	KeptKey		key = {.relid = reader->relid,.group_id = reader->desc.group_id};

	hash_search(by_group, &key, HASH_REMOVE, NULL);
	dlist_delete(&reader->node);
	kept_bytes -= reader->bytes;
	reader->kept = false;
	if (reader->refs == 0)
		MemoryContextDelete(reader->cxt);
	else
	{
		in_use--;
		MemoryContextSetParent(reader->cxt, TopTransactionContext);
	}
}

/* Count what a reader has grown to, and forget the oldest ones; that reader itself where a scan has kept all there are. */
static void
keep_within_limit(PgeReader *recent)
{
	Size		bytes = MemoryContextMemAllocated(recent->cxt, true);

	kept_bytes += bytes - recent->bytes;
	recent->bytes = bytes;
	while (kept_bytes > (Size) pge_group_cache_size * 1024 && recent->kept && dlist_has_next(&kept, dlist_head_node(&kept)))
	{
		PgeReader  *oldest = dlist_tail_element(PgeReader, node, &kept);

		forget(oldest->scan != 0 && oldest->scan == recent->scan ? recent : oldest);
	}
}

static bool
same_group(const PgeReader *reader, Relation rel, const PgeGroupDesc *desc)
{
	const PgeGroupDesc *known = &reader->desc;

	return known->group_id == desc->group_id && reader->relid == RelationGetRelid(rel) &&
		RelFileLocatorEquals(reader->locator, rel->rd_locator) &&
		known->first_block == desc->first_block && known->xmin == desc->xmin && known->cmin == desc->cmin &&
		known->rows == desc->rows && known->natts == desc->natts && known->length == desc->length &&
		known->footer_offset == desc->footer_offset && known->footer_length == desc->footer_length &&
		((known->flags ^ desc->flags) & (PGE_GROUP_COLD | PGE_GROUP_ARCHIVED)) == 0;
}

static void
make_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(KeptKey),.entrysize = sizeof(KeptEntry)};

	if (kept_cxt == NULL)
		kept_cxt = AllocSetContextCreate(TopMemoryContext, "row groups kept", ALLOCSET_SMALL_SIZES);
	control.hcxt = kept_cxt;
	by_group = hash_create("row groups kept", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Once in each transaction. */
static PgeReader *
counted(PgeReader *reader, Relation rel)
{
	if (reader->counted_in != MyProc->vxid.lxid)
	{
		reader->counted_in = MyProc->vxid.lxid;
		pge_reader_count(reader, rel);
	}
	return reader;
}

/* A reader of the group that desc, just read, describes; the caller gets a reference. scan: its number, or 0 for a fetch. */
static PgeReader *
find_or_make(Relation rel, const PgeGroupDesc *desc, uint64 scan)
{
	KeptKey		key = {.relid = RelationGetRelid(rel),.group_id = desc->group_id};
	KeptEntry  *entry;
	PgeReader  *reader;

	if (by_group == NULL)
		make_cache();
	entry = hash_search(by_group, &key, HASH_FIND, NULL);
	if (entry != NULL && entry->reader != NULL && same_group(entry->reader, rel, desc))
	{
		reader = entry->reader;
		if (reader->exclusive || (scan != 0 && reader->refs > 0))
			return pge_reader_open(rel, desc);
		/* VACUUM may have frozen it, somebody renamed the table. */
		reader->desc = *desc;
		namestrcpy(&reader->relname, RelationGetRelationName(rel));
		dlist_move_head(&kept, &reader->node);
		in_use += reader->refs == 0;
		reader->refs++;
	}
	else
	{
		if (entry != NULL && entry->reader != NULL)
			forget(entry->reader);
		entry = hash_search(by_group, &key, HASH_ENTER, NULL);
		entry->reader = NULL;
		reader = entry->reader = pge_reader_make(rel, desc, kept_cxt);
		reader->kept = true;
		in_use++;
		dlist_push_head(&kept, &reader->node);
	}
	if (scan != 0)
	{
		/* What it decoded last lies where others have decoded since; who wanted values and asked for none has not read it. */
		for (int i = 0; i < reader->desc.natts; i++)
			reader->columns[i].vector = -1;
		reader->counts = false;
	}
	reader->exclusive = scan != 0;
	reader->scan = scan;
	return reader;
}

/* For a fetch: a row is wanted. */
PgeReader *
pge_reader_cached(Relation rel, const PgeGroupDesc *desc)
{
	if (!dlist_is_empty(&kept))
		keep_within_limit(dlist_head_element(PgeReader, node, &kept));
	return counted(find_or_make(rel, desc, 0), rel);
}

/* For a scan, by its number, which gives it back by pge_reader_scanned(): nobody else gets it before. */
PgeReader *
pge_reader_for_scan(Relation rel, const PgeGroupDesc *desc, uint64 scan)
{
	return find_or_make(rel, desc, scan);
}

/*
 * The scan's reference goes. few: it wanted little of the group. What is kept of the reader is what it takes to find values again, not
 * values: many groups of which each scan reads little would make the process grow by all that it has ever read, page by page.
 */
void
pge_reader_scanned(PgeReader *reader, bool few)
{
	if (reader->kept && (few || MemoryContextMemAllocated(reader->cxt, true) <= SMALL_BYTES))
	{
		if (reader->refs == 1)
			pge_reader_rest(reader);
		keep_within_limit(reader);
	}
	else if (reader->kept)
		forget(reader);
	pge_reader_release(reader);
}

/* Nobody refers to a kept reader any more. */
void
pge_reader_idle(PgeReader *reader)
{
	reader->exclusive = false;
	in_use--;
}

/* Groups to come may look the same as those there were: keep none. */
void
pge_reader_forget_all(void)
{
	while (!dlist_is_empty(&kept))
		forget(dlist_head_element(PgeReader, node, &kept));
}

/* Nobody refers to a reader after the transaction; after an error its state is not worth trusting. */
static void
at_xact_event(XactEvent event, void *arg)
{
	dlist_iter	iter;

	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE ||
		dlist_is_empty(&kept))
		return;
	if (in_use > 0)
		dlist_foreach(iter, &kept)
		{
			PgeReader  *reader = dlist_container(PgeReader, node, iter.cur);

			reader->refs = 0;
			reader->exclusive = false;
		}
	in_use = 0;
	if (suspect || event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		pge_reader_forget_all();
	else
		keep_within_limit(dlist_head_element(PgeReader, node, &kept));
	suspect = false;
}

static void
at_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && !dlist_is_empty(&kept))
		suspect = true;
}

void
pge_reader_cache_init(void)
{
	RegisterXactCallback(at_xact_event, NULL);
	RegisterSubXactCallback(at_subxact_event, NULL);
}
