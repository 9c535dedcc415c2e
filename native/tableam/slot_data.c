/*
 * Column store: the memory of a slot that owns its by-reference values. It is filled once for every row of a load, so it is kept from row
 * to row, and filled in one pass. Which values are in the slot, and when they become its own, is column_slot.c's business.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "port/pg_bitutils.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "slot_data.h"

void
pge_slot_data_free(VirtualTupleTableSlot *self, Size *room)
{
	if (self->data != NULL)
		pfree(self->data);
	self->data = NULL;
	*room = 0;
}

/* Most values are short: two moves that may overlap, and no call. */
static inline void
copy_value(char *to, const char *from, Size length)
{
	struct
	{
		char		bytes[16];
	}			first, last;

	if (length > 32 || length < 8)
		memcpy(to, from, length);
	else if (length >= 16)
	{
		memcpy(&first, from, 16);
		memcpy(&last, from + length - 16, 16);
		memcpy(to, &first, 16);
		memcpy(to + length - 16, &last, 16);
	}
	else
	{
		memcpy(&first, from, 8);
		memcpy(&last, from + length - 8, 8);
		memcpy(to, &first, 8);
		memcpy(to + length - 8, &last, 8);
	}
}

/* Bytes of a by-reference value in the slot's own memory. */
static inline Size
own_size(Form_pg_attribute att, Datum value)
{
	if (att->attlen == -1 && VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
		return EOH_get_flat_size(DatumGetEOHP(value));
	return att_addlength_datum(0, att->attlen, value);
}

/* There is no room for values from column "from" on, behind the first "used" bytes: more memory, where values before them move to. */
static pg_noinline void
grow(VirtualTupleTableSlot *self, Size *room, int from, Size used)
{
	TupleTableSlot *slot = &self->base;
	TupleDesc	desc = slot->tts_tupleDescriptor;
	char	   *old = self->data;
	Size		size = used;

	for (int i = from; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attbyval && !slot->tts_isnull[i])
			size = att_align_nominal(size, att->attalign) + own_size(att, slot->tts_values[i]);
	}
	*room = size <= PGE_SLOT_DATA_KEPT ? Max(pg_nextpower2_size_t(size), 128) : size;
	self->data = MemoryContextAllocHuge(slot->tts_mcxt, *room);
	if (used > 0)
		memcpy(self->data, old, used);
	for (int i = 0; i < from; i++)
	{
		if (!TupleDescAttr(desc, i)->attbyval && !slot->tts_isnull[i])
			slot->tts_values[i] = PointerGetDatum(self->data + (DatumGetPointer(slot->tts_values[i]) - old));
	}
	if (old != NULL)
		pfree(old);
}

/* Copy by-reference values into one piece of memory that the slot owns; all values are in tts_values. */
void
pge_slot_data_fill(VirtualTupleTableSlot *self, Size *room)
{
	TupleTableSlot *slot = &self->base;
	TupleDesc	desc = slot->tts_tupleDescriptor;
	Size		at = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		Datum		value = slot->tts_values[i];
		Size		length;
		char	   *to;

		if (att->attbyval || slot->tts_isnull[i])
			continue;
		length = own_size(att, value);
		if (unlikely(att_align_nominal(at, att->attalign) + length > *room))
			grow(self, room, i, at);
		at = att_align_nominal(at, att->attalign);
		to = self->data + at;
		if (att->attlen == -1 && unlikely(VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value))))
			EOH_flatten_into(DatumGetEOHP(value), to, length);
		else
			copy_value(to, DatumGetPointer(value), length);
		slot->tts_values[i] = PointerGetDatum(to);
		at += length;
	}
	if (at > 0)
		slot->tts_flags |= TTS_FLAG_SHOULDFREE;
}
