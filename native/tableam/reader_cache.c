/*
 * Column store: readers kept for the session. Fetches by TID come back to the same groups, statement after statement, and to open a
 * group anew (footer, chunk indexes, dictionaries, a block of each column) costs a hundred times what a value costs.
 *
 * A kept reader is found by all that never changes about its group, compared with the descriptor that the caller has just read. So
 * nothing has to be invalidated: a group that was moved, or whose place another one took, is not found, and its reader ages out.
 */
#include "postgres.h"

#include "access/xact.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "group_reader.h"

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
		MemoryContextSetParent(reader->cxt, TopTransactionContext);
}

/* Count what the most recent reader has grown to, and forget the oldest ones, but not that. */
static void
keep_within_limit(void)
{
	PgeReader  *recent = dlist_head_element(PgeReader, node, &kept);
	Size		bytes = MemoryContextMemAllocated(recent->cxt, true);

	kept_bytes += bytes - recent->bytes;
	recent->bytes = bytes;
	while (kept_bytes > (Size) pge_group_cache_size * 1024 && dlist_has_next(&kept, dlist_head_node(&kept)))
		forget(dlist_tail_element(PgeReader, node, &kept));
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

/* A reader of the group that desc, just read, describes, of which a row is wanted; the caller gets a reference. */
PgeReader *
pge_reader_cached(Relation rel, const PgeGroupDesc *desc)
{
	KeptKey		key = {.relid = RelationGetRelid(rel),.group_id = desc->group_id};
	KeptEntry  *entry;
	PgeReader  *found;

	if (!dlist_is_empty(&kept))
		keep_within_limit();
	if (by_group == NULL)
		make_cache();
	entry = hash_search(by_group, &key, HASH_FIND, NULL);
	if (entry != NULL && entry->reader != NULL && same_group(entry->reader, rel, desc))
	{
		found = entry->reader;
		/* VACUUM may have frozen it, somebody renamed the table. */
		found->desc = *desc;
		namestrcpy(&found->relname, RelationGetRelationName(rel));
		dlist_move_head(&kept, &found->node);
		return counted(pge_reader_retain(found), rel);
	}
	if (entry != NULL && entry->reader != NULL)
		forget(entry->reader);
	entry = hash_search(by_group, &key, HASH_ENTER, NULL);
	entry->reader = NULL;
	found = entry->reader = pge_reader_make(rel, desc, kept_cxt);
	found->kept = true;
	dlist_push_head(&kept, &found->node);
	return counted(found, rel);
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
	dlist_foreach(iter, &kept)
		dlist_container(PgeReader, node, iter.cur)->refs = 0;
	if (suspect || event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		pge_reader_forget_all();
	else
		keep_within_limit();
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
