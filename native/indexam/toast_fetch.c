/*
 * Indexes of vectors: values that a heap keeps in its TOAST table, read by the batch (toast_fetch.h).
 *
 * What it gives is what detoast_attr() does: chunks come from the TOAST table's own index, by value id and number, each is checked to be
 * the one, and seen by the same snapshot. It goes there shorter: relations stay open from one value to the next, a leaf of the index is
 * read where one for a neighbouring value id was found, pages in the buffers where they were. Whatever is not as expected (a split, a
 * posting list, a chunk of another length) is left to detoast_attr(), which also has the errors.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/toast_internals.h"
#include "catalog/pg_am_d.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "varatt.h"

#include "shim/recent_buffers.h"

#include "toast_fetch.h"

/* Leaves that a session remembers, one for each so many value ids of a TOAST table that follow one another. */
#define LEAVES 16384
#define IDS_SHIFT 6

#define CHUNK_HEAD (sizeof(Oid) + sizeof(int32))

struct PgeToastReader
{
	Relation	toast;
	Relation   *indexes;
	int			index_count;
	Relation	index;			/* the valid one */
	PgeRecentBuffers *recent;
	PgeRecentBuffers *recent_index;
	SnapshotData snapshot;
	MemoryContext context;
	char	   *value;
	Size		room;
};

typedef struct Leaf
{
	RelFileNumber index;
	BlockNumber block;
} Leaf;

/* Where value ids were found; guesses. */
static Leaf *leaves;

static Leaf *
leaf_slot(const PgeToastReader *reader, Oid id)
{
	RelFileNumber number = reader->index->rd_locator.relNumber;

	return &leaves[((id >> IDS_SHIFT) + number * UINT32_C(0x9E3779B1)) % LEAVES];
}

PgeToastReader *
pge_toast_begin(Relation table)
{
	PgeToastReader *reader;
	int			valid;

	if (!OidIsValid(table->rd_rel->reltoastrelid))
		return NULL;
	if (leaves == NULL)
		leaves = MemoryContextAllocZero(TopMemoryContext, sizeof(Leaf) * LEAVES);
	reader = palloc0(sizeof(PgeToastReader));
	reader->context = CurrentMemoryContext;
	reader->toast = table_open(table->rd_rel->reltoastrelid, AccessShareLock);
	if (reader->toast->rd_rel->relam != HEAP_TABLE_AM_OID)
	{
		table_close(reader->toast, AccessShareLock);
		pfree(reader);
		return NULL;
	}
	valid = toast_open_indexes(reader->toast, AccessShareLock, &reader->indexes, &reader->index_count);
	reader->index = reader->indexes[valid];
	reader->recent = pge_recent_buffers(reader->toast);
	reader->recent_index = pge_recent_buffers(reader->index);
	return reader;
}

void
pge_toast_end(PgeToastReader *reader)
{
	toast_close_indexes(reader->indexes, reader->index_count, AccessShareLock);
	table_close(reader->toast, AccessShareLock);
	if (reader->value != NULL)
		pfree(reader->value);
	pfree(reader);
}

bool
pge_toast_want(PgeToastReader *reader, struct varlena *datum, PgeToastValue *value)
{
	Leaf	   *leaf;
	Buffer		buffer;

	if (!VARATT_IS_EXTERNAL_ONDISK(datum))
		return false;
	VARATT_EXTERNAL_GET_POINTER(value->pointer, datum);
	if (VARATT_EXTERNAL_IS_COMPRESSED(value->pointer) || value->pointer.va_toastrelid != RelationGetRelid(reader->toast))
		return false;
	value->chunks = (VARATT_EXTERNAL_GET_EXTSIZE(value->pointer) - 1) / TOAST_MAX_CHUNK_SIZE + 1;
	value->found = false;
	if (value->chunks < 1 || value->chunks > PGE_TOAST_MAX_CHUNKS)
		return false;
	leaf = leaf_slot(reader, value->pointer.va_valueid);
	buffer = leaf->index == reader->index->rd_locator.relNumber ? pge_recent_where(reader->recent_index, leaf->block) : InvalidBuffer;
	if (BufferIsValid(buffer))
	{
		__builtin_prefetch(GetBufferDescriptor(buffer - 1));
		pge_prefetch_bytes(BufferGetPage(buffer), 64);
		pge_prefetch_bytes((char *) BufferGetPage(buffer) + BLCKSZ - 64, 64);
	}
	return true;
}

/* ---- The index ---- */

typedef struct ChunkKey
{
	Oid			id;
	int32		number;
} ChunkKey;

static const ChunkKey *
key_at(Page page, OffsetNumber offset, IndexTuple *tuple)
{
	*tuple = (IndexTuple) PageGetItem(page, PageGetItemId(page, offset));
	return (const ChunkKey *) ((char *) *tuple + sizeof(IndexTupleData));
}

static bool
below(const ChunkKey *key, Oid id, int32 number)
{
	return key->id < id || (key->id == id && key->number < number);
}

/* The first item that is not below the key. Value ids mostly follow one another, so it is looked for first where it would lie then. */
static OffsetNumber
search_leaf(Page page, Oid id, int32 number)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber low = P_FIRSTDATAKEY(opaque);
	OffsetNumber end = PageGetMaxOffsetNumber(page) + 1;
	OffsetNumber high = end;
	IndexTuple	tuple;

	if (high - low > 8)
	{
		Oid			first = key_at(page, low, &tuple)->id;
		Oid			last = key_at(page, high - 1, &tuple)->id;

		if (first < id && id < last)
		{
			OffsetNumber guess = low + (OffsetNumber) ((uint64) (high - 1 - low) * (id - first) / (last - first));

			/* Within a few items of the guess, or else anywhere on that side. */
			if (below(key_at(page, guess, &tuple), id, number))
			{
				low = guess + 1;
				if (guess + 8 < high && !below(key_at(page, guess + 8, &tuple), id, number))
					high = guess + 8;
			}
			else
			{
				high = guess;
				if (guess > low + 8 && below(key_at(page, guess - 8, &tuple), id, number))
					low = guess - 7;
			}
		}
	}
	while (low < high)
	{
		OffsetNumber middle = low + (high - low) / 2;

		if (below(key_at(page, middle, &tuple), id, number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The leaf that the index's upper pages lead to, locked. */
static Buffer
descend(PgeToastReader *reader, Oid id)
{
	BTScanInsert key = _bt_mkscankey(reader->index, NULL);
	Buffer		buffer;
	BTStack		stack;

	_bt_metaversion(reader->index, &key->heapkeyspace, &key->allequalimage);
	key->keysz = 2;
	key->scankeys[0].sk_argument = ObjectIdGetDatum(id);
	key->scankeys[0].sk_flags &= ~SK_ISNULL;
	key->scankeys[1].sk_argument = Int32GetDatum(0);
	key->scankeys[1].sk_flags &= ~SK_ISNULL;
	stack = _bt_search(reader->index, NULL, key, &buffer, BT_READ);
	_bt_freestack(stack);
	pfree(key);
	return buffer;
}

/* The chunks' places from the leaf, and leaves to its right; it is unlocked. False: something is not as expected. */
static bool
collect(PgeToastReader *reader, Buffer buffer, PgeToastValue *value)
{
	Oid			id = value->pointer.va_valueid;
	int			found = 0;

	for (;;)
	{
		Page		page = BufferGetPage(buffer);
		BTPageOpaque opaque = BTPageGetOpaque(page);
		OffsetNumber offset;
		BlockNumber right;

		if (PageIsNew(page) || PageGetSpecialSize(page) != MAXALIGN(sizeof(BTPageOpaqueData)) || !P_ISLEAF(opaque) || P_IGNORE(opaque))
			break;
		for (offset = search_leaf(page, id, found); offset <= PageGetMaxOffsetNumber(page) && found < value->chunks; offset++)
		{
			IndexTuple	tuple;
			const ChunkKey *key = key_at(page, offset, &tuple);

			if (key->id != id || key->number != found || BTreeTupleIsPosting(tuple))
				break;
			value->tids[found++] = tuple->t_tid;
		}
		right = opaque->btpo_next;
		if (found == value->chunks || offset <= PageGetMaxOffsetNumber(page) || P_RIGHTMOST(opaque))
			break;
		UnlockReleaseBuffer(buffer);
		buffer = pge_recent_read(reader->index, reader->recent_index, right);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
	}
	UnlockReleaseBuffer(buffer);
	return found == value->chunks;
}

/* Has the processor fetch what says where on its page a chunk is. */
static void
prefetch_places(PgeToastReader *reader, const PgeToastValue *value)
{
	for (int i = 0; i < value->chunks; i++)
	{
		Buffer		buffer = pge_recent_where(reader->recent, ItemPointerGetBlockNumberNoCheck(&value->tids[i]));

		if (!BufferIsValid(buffer))
			continue;
		__builtin_prefetch(GetBufferDescriptor(buffer - 1));
		__builtin_prefetch(BufferGetPage(buffer));
	}
}

void
pge_toast_find(PgeToastReader *reader, PgeToastValue *value)
{
	Leaf	   *leaf = leaf_slot(reader, value->pointer.va_valueid);

	if (leaf->index == reader->index->rd_locator.relNumber && BufferIsValid(pge_recent_where(reader->recent_index, leaf->block)))
	{
		Buffer		buffer = pge_recent_read(reader->index, reader->recent_index, leaf->block);

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		value->found = collect(reader, buffer, value);
	}
	if (!value->found)
	{
		Buffer		buffer = descend(reader, value->pointer.va_valueid);

		if (!BufferIsValid(buffer))
			return;
		*leaf = (Leaf)
		{
			reader->index->rd_locator.relNumber, BufferGetBlockNumber(buffer)
		};
		pge_recent_note(reader->recent_index, leaf->block, buffer);
		value->found = collect(reader, buffer, value);
	}
	if (value->found)
		prefetch_places(reader, value);
}

/* ---- Chunks ---- */

/* Without a pin: what is read there only says what to fetch ahead, and is not followed out of the page. */
void
pge_toast_approach(PgeToastReader *reader, const PgeToastValue *value)
{
	for (int i = 0; value->found && i < value->chunks; i++)
	{
		Page		page = pge_recent_page(reader->recent, ItemPointerGetBlockNumberNoCheck(&value->tids[i]));
		Size		place = SizeOfPageHeaderData + sizeof(ItemIdData) * (ItemPointerGetOffsetNumberNoCheck(&value->tids[i]) - 1);
		ItemIdData	item;

		if (page == NULL || place > BLCKSZ - sizeof(item))
			continue;
		memcpy(&item, (char *) page + place, sizeof(item));
		if (ItemIdGetOffset(&item) + ItemIdGetLength(&item) <= BLCKSZ)
			pge_prefetch_bytes((char *) page + ItemIdGetOffset(&item), ItemIdGetLength(&item));
	}
}

/* A chunk's bytes to where they belong; false: it is not what it should be. */
static bool
copy_chunk(HeapTuple tuple, Oid id, int32 number, char *to, Size bytes)
{
	const char *data = (const char *) tuple->t_data + tuple->t_data->t_hoff;
	const struct varlena *chunk = (const struct varlena *) (data + CHUNK_HEAD);

	if (HeapTupleHasNulls(tuple) || tuple->t_len < tuple->t_data->t_hoff + CHUNK_HEAD + VARHDRSZ ||
		((const ChunkKey *) data)->id != id || ((const ChunkKey *) data)->number != number)
		return false;
	if ((!VARATT_IS_4B_U(chunk) && !VARATT_IS_SHORT(chunk)) || VARSIZE_ANY_EXHDR(chunk) != bytes ||
		tuple->t_len < tuple->t_data->t_hoff + CHUNK_HEAD + VARSIZE_ANY(chunk))
		return false;
	memcpy(to, VARDATA_ANY(chunk), bytes);
	return true;
}

static bool
read_chunk(PgeToastReader *reader, ItemPointer tid, Oid id, int32 number, char *to, Size bytes)
{
	Buffer		buffer = pge_recent_read(reader->toast, reader->recent, ItemPointerGetBlockNumber(tid));
	Page		page = BufferGetPage(buffer);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	bool		good = false;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (offset >= FirstOffsetNumber && offset <= PageGetMaxOffsetNumber(page) && ItemIdIsNormal(PageGetItemId(page, offset)))
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleData tuple = {
			.t_len = ItemIdGetLength(item),
			.t_self = *tid,
			.t_tableOid = RelationGetRelid(reader->toast),
			.t_data = (HeapTupleHeader) PageGetItem(page, item)
		};

		good = HeapTupleSatisfiesVisibility(&tuple, &reader->snapshot, buffer) && copy_chunk(&tuple, id, number, to, bytes);
	}
	UnlockReleaseBuffer(buffer);
	return good;
}

struct varlena *
pge_toast_read(PgeToastReader *reader, PgeToastValue *value)
{
	Size		size = VARATT_EXTERNAL_GET_EXTSIZE(value->pointer);

	if (!value->found || size + VARHDRSZ != value->pointer.va_rawsize)
		return NULL;
	if (reader->room < size + VARHDRSZ)
	{
		if (reader->value != NULL)
			pfree(reader->value);
		reader->value = NULL;
		reader->room = 0;
		reader->value = MemoryContextAlloc(reader->context, size + VARHDRSZ);
		reader->room = size + VARHDRSZ;
	}
	init_toast_snapshot(&reader->snapshot);
	SET_VARSIZE(reader->value, size + VARHDRSZ);
	for (int i = 0; i < value->chunks; i++)
	{
		Size		at = (Size) i * TOAST_MAX_CHUNK_SIZE;

		if (!read_chunk(reader, &value->tids[i], value->pointer.va_valueid, i,
						reader->value + VARHDRSZ + at, Min(size - at, TOAST_MAX_CHUNK_SIZE)))
			return NULL;
	}
	return (struct varlena *) reader->value;
}
