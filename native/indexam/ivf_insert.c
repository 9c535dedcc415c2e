/*
 * epiphany_ivf: a new row. Its record goes to the end of its list, one page's change; VACUUM makes blocks of records when there are
 * enough.
 */
#include "postgres.h"

#include "storage/lmgr.h"
#include "utils/memutils.h"

#include "ivf.h"

static int
records_per_page(const PgeIvfShape *shape)
{
	return IVF_AREA / shape->RecordBytes;
}

static void
append(Page page, const PgeIvfShape *shape, const uint8 *record)
{
	IvfSpecial *special = IvfPageSpecial(page);

	memcpy(IvfPageArea(page) + special->count * shape->RecordBytes, record, shape->RecordBytes);
	special->count++;
	pge_ivf_page_use(page, special->count * shape->RecordBytes);
}

/* Into the list's last page, if it has room. */
static bool
append_to_last(Relation index, IvfIndex *entry, int list, const IvfHead *head, const uint8 *record)
{
	const PgeIvfShape *shape = &entry->model->Shape;
	Buffer		buffer;
	IvfSpecial *special;
	bool		fits;

	if (head->last_records == InvalidBlockNumber)
		return false;
	buffer = pge_ivf_read(index, entry, head->last_records);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	special = pge_ivf_page_check(index, buffer, IVF_RECORDS);
	if (special->list != list || special->generation != head->generation)
		pge_ivf_corrupt(index, head->last_records, "It belongs to another list.");
	fits = special->next == InvalidBlockNumber && special->count < records_per_page(shape);
	if (fits)
	{
		GenericXLogState *state = GenericXLogStart(index);

		append(GenericXLogRegisterBuffer(state, buffer, 0), shape, record);
		GenericXLogFinish(state);
	}
	UnlockReleaseBuffer(buffer);
	return fits;
}

/* A page more, and the record in it. False: somebody else was quicker. */
static bool
append_page(Relation index, const PgeIvfShape *shape, int list, const IvfHead *seen, const uint8 *record)
{
	Buffer		heads = ReadBuffer(index, IVF_FIRST_LIST_BLOCK + list / IVF_HEADS_PER_PAGE);
	IvfHead    *head;
	Buffer		last = InvalidBuffer;
	Buffer		fresh;
	Page		page;
	GenericXLogState *state;

	LockBuffer(heads, BUFFER_LOCK_EXCLUSIVE);
	pge_ivf_page_check(index, heads, IVF_HEADS);
	head = &((IvfHead *) IvfPageArea(BufferGetPage(heads)))[list % IVF_HEADS_PER_PAGE];
	if (head->last_records != seen->last_records)
	{
		UnlockReleaseBuffer(heads);
		return false;
	}
	if (head->last_records != InvalidBlockNumber)
	{
		last = ReadBuffer(index, head->last_records);
		LockBuffer(last, BUFFER_LOCK_EXCLUSIVE);
		pge_ivf_page_check(index, last, IVF_RECORDS);
	}
	fresh = pge_ivf_new_buffer(index);

	state = GenericXLogStart(index);
	page = GenericXLogRegisterBuffer(state, fresh, GENERIC_XLOG_FULL_IMAGE);
	pge_ivf_page_init(page, IVF_RECORDS, list, seen->generation);
	append(page, shape, record);
	head = &((IvfHead *) IvfPageArea(GenericXLogRegisterBuffer(state, heads, 0)))[list % IVF_HEADS_PER_PAGE];
	head->last_records = BufferGetBlockNumber(fresh);
	if (last == InvalidBuffer)
		head->records = head->last_records;
	else
		IvfPageSpecial(GenericXLogRegisterBuffer(state, last, 0))->next = head->last_records;
	GenericXLogFinish(state);

	UnlockReleaseBuffer(fresh);
	if (last != InvalidBuffer)
		UnlockReleaseBuffer(last);
	UnlockReleaseBuffer(heads);
	return true;
}

bool
pge_ivf_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck unique,
			   bool unchanged, IndexInfo *info)
{
	IvfIndex   *entry;
	PgeIvfShape *shape;
	MemoryContext scratch;
	MemoryContext old;
	float	   *vector;
	float	   *rotated;

	if (nulls[0])
		return false;
	entry = pge_ivf_open(index);
	shape = &entry->model->Shape;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "epiphany_ivf insert", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);
	vector = palloc(sizeof(float) * shape->Dimensions);
	rotated = palloc(sizeof(float) * shape->Padded);
	if (pge_vector_index_floats(pge_vector_index_type(index), shape->Dimensions, values[0], vector))
	{
		uint8	   *record = palloc0(shape->RecordBytes);
		int			list;
		IvfHead		head;

		PGE_CALL(IvfRotate, entry->model, vector, rotated);
		PGE_CALL(IvfNearest, entry->model, rotated, &list);
		memcpy(record, tid, sizeof(ItemPointerData));
		record[7] = pge_attribute_keys(index, values, nulls, (int64 *) (record + 8));
		record[6] = 1;
		PGE_CALL(IvfEncode, entry->model, list, rotated, palloc(shape->ScratchBytes), record);

		/* VACUUM writes no list anew while somebody adds to it. */
		LockPage(index, list, ShareLock);
		do
			head = pge_ivf_read_head(index, entry, list);
		while (!append_to_last(index, entry, list, &head, record) && !append_page(index, shape, list, &head, record));
		UnlockPage(index, list, ShareLock);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return false;
}
