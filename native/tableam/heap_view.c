/*
 * Table access, bottom: a relation shown as heap to heap's own code.
 *
 * Promise: the table's relcache entry stays as it is, and the view stays usable whatever happens to that entry meanwhile. Only what
 * heap's scans and index builds read is in the view; what relcache.c computes on demand (index lists, attribute sets, triggers) is not.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "pgstat.h"
#include "storage/smgr.h"
#include "utils/memutils.h"
#include "utils/relcache.h"

#include "heap_view.h"

typedef struct HeapView
{
	RelationData rel;			/* first, so that the view is its relation */
	MemoryContext context;
	MemoryContextCallback on_reset;
} HeapView;

/* Runs after an error too, when the transaction's memory goes: by then its resource owner has let go of the view. */
static void
release(void *arg)
{
	HeapView   *view = arg;

	/* Not closed: that would take the table's open files and its place for the next row with it. */
	if (view->rel.rd_smgr != NULL)
		smgrunpin(view->rel.rd_smgr);
	if (--view->rel.rd_att->tdrefcount == 0)
		FreeTupleDesc(view->rel.rd_att);
}

Relation
pge_heap_view_begin(Relation rel)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "heap view", ALLOCSET_SMALL_SIZES);
	HeapView   *view = MemoryContextAllocZero(context, sizeof(HeapView));
	Relation	shown = &view->rel;

	view->context = context;

	/* These pointers a relcache rebuild leaves in place while the table is open ... */
	shown->rd_rel = rel->rd_rel;
	if (pgstat_should_count_relation(rel))
		shown->pgstat_info = rel->pgstat_info;
	/* ... the tuple descriptor is kept by its reference count ... */
	shown->rd_att = rel->rd_att;
	/* ... and this one it would free. */
	if (rel->rd_options)
	{
		shown->rd_options = MemoryContextAlloc(context, VARSIZE(rel->rd_options));
		memcpy(shown->rd_options, rel->rd_options, VARSIZE(rel->rd_options));
	}

	shown->rd_locator = rel->rd_locator;
	shown->rd_backend = rel->rd_backend;
	shown->rd_islocaltemp = rel->rd_islocaltemp;
	shown->rd_isvalid = true;
	shown->rd_createSubid = rel->rd_createSubid;
	shown->rd_newRelfilelocatorSubid = rel->rd_newRelfilelocatorSubid;
	shown->rd_firstRelfilelocatorSubid = rel->rd_firstRelfilelocatorSubid;
	shown->rd_id = rel->rd_id;
	shown->rd_lockInfo = rel->rd_lockInfo;
	shown->rd_toastoid = rel->rd_toastoid;
	shown->rd_amhandler = rel->rd_amhandler;
	shown->rd_tableam = GetHeapamTableAmRoutine();
	/* Never falls to zero: relcache.c knows nothing of this descriptor and must not close it. */
	shown->rd_refcnt = 1;

	shown->rd_att->tdrefcount++;
	view->on_reset.func = release;
	view->on_reset.arg = view;
	MemoryContextRegisterResetCallback(context, &view->on_reset);
	return shown;
}

void
pge_heap_view_end(Relation view)
{
	MemoryContextDelete(((HeapView *) view)->context);
}

void
pge_heap_view_adopt(Relation view, TableScanDesc scan)
{
	if (scan == NULL)
		return;
	/* The scan's end lets go of the relation that it names. */
	RelationIncrementReferenceCount(view);
	RelationDecrementReferenceCount(scan->rs_rd);
	scan->rs_rd = view;
}
