/*
 * Column store, page layer: descriptors on their way out, and the root's note of pages that nobody owns. Under generic WAL.
 *
 * A group goes from COMPLETE (or RESERVED, if its writer never completed it) to RETIRED when no snapshot sees it and no index has its
 * TIDs, and to FREE when its pages have been given back. Only VACUUM does this, of which there is one at a time.
 *
 * A group whose bytes are to lie elsewhere (tiering/) gets another extent at once; the one that it had belongs to a descriptor of its own
 * from then on, which is RETIRED.
 */
#include "postgres.h"

#include "access/transam.h"

#include "directory.h"

void
pge_directory_retire(Relation rel, uint32 group_id)
{
	Buffer		buffer = pge_directory_lock(rel, group_id);
	GenericXLogState *state = GenericXLogStart(rel);
	PgeGroupDesc *desc = pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), group_id);

	/* Where a group that was never completed has its pages is not known. */
	if (desc->state == PGE_GROUP_RESERVED)
		desc->blocks = 0;
	desc->state = PGE_GROUP_RETIRED;
	/* Whoever has read the descriptor before us took his snapshot before this. */
	desc->xmax = ReadNextTransactionId();
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/* The group's pages are given back: its id may be given out again. */
void
pge_directory_free(Relation rel, uint32 group_id)
{
	Buffer		buffer = pge_directory_lock(rel, group_id);
	Buffer		root = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *state = GenericXLogStart(rel);
	PgeGroupDesc *desc = pge_directory_slot(GenericXLogRegisterBuffer(state, buffer, 0), group_id);
	PgeRoot    *image = pge_root_of(GenericXLogRegisterBuffer(state, root, 0));

	memset(desc, 0, sizeof(*desc));
	desc->group_id = group_id;
	desc->state = PGE_GROUP_FREE;
	desc->first_block = desc->delete_root = InvalidBlockNumber;
	if (image->first_free == 0 || image->first_free > group_id + 1)
		image->first_free = group_id + 1;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(root);
	UnlockReleaseBuffer(buffer);
}

/*
 * A group gets the extent that "to" describes, complete by now, and all that follows from it. Those who have read its descriptor before
 * find the old extent as it was: the descriptor "spare", which is reserved, becomes the old extent's, to be given back as any retired
 * one. One WAL record. The caller holds the lock that VACUUM takes; delete vectors may change meanwhile.
 */
void
pge_directory_exchange(Relation rel, const PgeGroupDesc *to, uint32 spare)
{
	uint32		id = to->group_id;
	bool		same_page = id / PGE_DESCS_PER_PAGE == spare / PGE_DESCS_PER_PAGE;
	Buffer		first = pge_directory_lock(rel, Min(id, spare));
	Buffer		second = same_page ? first : pge_directory_lock(rel, Max(id, spare));
	GenericXLogState *state = GenericXLogStart(rel);
	Page		first_page = GenericXLogRegisterBuffer(state, first, 0);
	Page		second_page = same_page ? first_page : GenericXLogRegisterBuffer(state, second, 0);
	PgeGroupDesc *desc = pge_directory_slot(id < spare ? first_page : second_page, id);
	PgeGroupDesc *old = pge_directory_slot(id < spare ? second_page : first_page, spare);

	Assert(desc->state == PGE_GROUP_COMPLETE && old->state == PGE_GROUP_RESERVED);
	*old = *desc;
	old->group_id = spare;
	old->state = PGE_GROUP_RETIRED;
	old->xmax = ReadNextTransactionId();
	old->delete_root = InvalidBlockNumber;
	old->pages_of = id + 1;
	desc->flags = to->flags;
	desc->first_block = to->first_block;
	desc->blocks = to->blocks;
	desc->natts = to->natts;
	desc->length = to->length;
	desc->footer_offset = to->footer_offset;
	desc->footer_length = to->footer_length;
	desc->origin_length = 0;
	GenericXLogFinish(state);
	if (!same_page)
		UnlockReleaseBuffer(second);
	UnlockReleaseBuffer(first);
}

/* Note that pages of ours may lie from a block on that nobody owns. */
void
pge_sweep_note(Relation rel, BlockNumber from)
{
	Buffer		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *state = GenericXLogStart(rel);
	PgeRoot    *root = pge_root_of(GenericXLogRegisterBuffer(state, buffer, 0));

	if (root->sweep_from == 0 || from < root->sweep_from)
		root->sweep_from = Max(from, PGE_ROOT_BLOCK + 1);
	root->sweep_notes++;
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

/* The first such block, 0 if there is none; *notes is for pge_sweep_end(). */
BlockNumber
pge_sweep_begin(Relation rel, uint32 *notes)
{
	Buffer		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_SHARE);
	BlockNumber from = pge_root_of(BufferGetPage(buffer))->sweep_from;

	*notes = pge_root_of(BufferGetPage(buffer))->sweep_notes;
	UnlockReleaseBuffer(buffer);
	return from;
}

/* All were found, but for those that somebody has noted meanwhile. */
void
pge_sweep_end(Relation rel, uint32 notes)
{
	Buffer		buffer = pge_page_read(rel, PGE_ROOT_BLOCK, PGE_KIND_ROOT, BUFFER_LOCK_EXCLUSIVE);

	if (pge_root_of(BufferGetPage(buffer))->sweep_notes == notes)
	{
		GenericXLogState *state = GenericXLogStart(rel);

		pge_root_of(GenericXLogRegisterBuffer(state, buffer, 0))->sweep_from = 0;
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
}
