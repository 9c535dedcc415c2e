/*
 * Column store, page layer: stubs of cold groups, made and read. Nothing that a stub says is believed before its checksum and bounds are
 * seen to be right. Knows nothing of stores and values (tiering/).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "port/pg_crc32c.h"

#include "cold_group.h"

const char *const pge_tier_names[] = {"warm", "cold", "frozen"};

/* Longer text no store has. */
#define MAX_TEXT	8192

static void
bad_stub(Relation rel, const PgeGroupDesc *desc, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stub of row group %u of column table \"%s\" is corrupt", desc->group_id, RelationGetRelationName(rel)),
			 errdetail_internal("%s", what)));
}

static pg_crc32c
head_crc(const char *bytes, uint32 length)
{
	size_t		from = offsetof(PgeStub, crc) + sizeof(uint32);
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes + from, length - from);
	FIN_CRC32C(crc);
	return crc;
}

static uint32
text_length(const PgeStub *head)
{
	return (uint32) head->server_length + head->url_length + head->key_length + head->etag_length;
}

static const char *
take_text(const char **from, uint16 length)
{
	char	   *text = pnstrdup(*from, length);

	*from += length;
	return text;
}

/* Reads a cold group's stub, but for its footer and indexes, into the current context. */
PgeColdGroup *
pge_cold_open(Relation rel, const PgeGroupDesc *desc)
{
	PgeColdGroup *cold = palloc0_object(PgeColdGroup);
	PgeStub    *head = &cold->head;
	char	   *bytes;
	const char *text;

	pge_stub_read(rel, desc, 0, sizeof(PgeStub), (char *) head);
	if (head->magic != PGE_STUB_MAGIC)
		bad_stub(rel, desc, "It does not begin as a stub does.");
	if (head->version != PGE_STUB_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the stub of row group %u of column table \"%s\" has version %u",
						desc->group_id, RelationGetRelationName(rel), head->version),
				 errhint("It was written by a later release.")));
	if (head->columns != desc->natts || head->rows != desc->rows || text_length(head) > MAX_TEXT ||
		head->head_length != sizeof(PgeStub) + head->columns * sizeof(PgeStubColumn) + text_length(head) ||
		head->head_length > head->length || head->length > (uint64) desc->blocks * PGE_PAGE_PAYLOAD)
		bad_stub(rel, desc, "Its parts have impossible sizes.");
	bytes = palloc(head->head_length);
	pge_stub_read(rel, desc, 0, head->head_length, bytes);
	if (!EQ_CRC32C(head->crc, head_crc(bytes, head->head_length)))
		bad_stub(rel, desc, "Its checksum does not match its bytes.");
	if (head->footer_at > head->length || desc->footer_length > head->length - head->footer_at ||
		head->object_footer_at > head->length || head->object_footer_length > head->length - head->object_footer_at ||
		head->object_footer_length > head->object_length || head->key_length == 0 || (head->server_length == 0) == (head->url_length == 0))
		bad_stub(rel, desc, "Its parts have impossible places.");
	cold->columns = (const PgeStubColumn *) (bytes + sizeof(PgeStub));
	for (int i = 0; i < head->columns; i++)
	{
		const PgeStubColumn *column = &cold->columns[i];

		if (column->index_at > head->length || column->index_length > head->length - column->index_at ||
			column->object_offset > head->object_length || column->object_length > head->object_length - column->object_offset ||
			column->form > PGE_COLD_BYTES)
			bad_stub(rel, desc, "One of its columns has an impossible place or form.");
	}
	text = bytes + sizeof(PgeStub) + head->columns * sizeof(PgeStubColumn);
	cold->server = head->server_length > 0 ? take_text(&text, head->server_length) : NULL;
	cold->url = take_text(&text, head->url_length);
	cold->key = take_text(&text, head->key_length);
	cold->etag = take_text(&text, head->etag_length);
	return cold;
}

/* Copy bytes of the group that the stub has: its footer, or of a chunk's index. */
void
pge_cold_read(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold, uint64 offset, uint64 length, char *dest)
{
	if (offset >= desc->footer_offset && offset - desc->footer_offset <= desc->footer_length &&
		length <= desc->footer_length - (offset - desc->footer_offset))
	{
		pge_stub_read(rel, desc, cold->head.footer_at + (offset - desc->footer_offset), length, dest);
		return;
	}
	for (int i = 0; i < cold->head.columns; i++)
	{
		const PgeStubColumn *column = &cold->columns[i];

		if (offset >= column->chunk_offset && offset - column->chunk_offset <= column->index_length &&
			length <= column->index_length - (offset - column->chunk_offset))
		{
			pge_stub_read(rel, desc, column->index_at + (offset - column->chunk_offset), length, dest);
			return;
		}
	}
	bad_stub(rel, desc, "Bytes of the group were asked for that it does not have.");
}

/* The copy of the object's last bytes. */
char *
pge_cold_object_footer(Relation rel, const PgeGroupDesc *desc, const PgeColdGroup *cold)
{
	char	   *bytes = palloc(cold->head.object_footer_length);
	pg_crc32c	crc;

	pge_stub_read(rel, desc, cold->head.object_footer_at, cold->head.object_footer_length, bytes);
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, cold->head.object_footer_length);
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, cold->head.object_footer_crc))
		bad_stub(rel, desc, "The checksum of the object's footer does not match its bytes.");
	return bytes;
}

/* A stub's bytes, head.length of them: cold has the head's fields, but for sizes and places, and the text. */
char *
pge_cold_stub(PgeColdGroup *cold, PgeStubColumn *columns, PgeStubPart *parts, int nparts)
{
	PgeStub    *head = &cold->head;
	const char *text[] = {cold->server ? cold->server : "", cold->url, cold->key, cold->etag};
	uint16	   *lengths[] = {&head->server_length, &head->url_length, &head->key_length, &head->etag_length};
	char	   *bytes,
			   *to;

	for (int i = 0; i < lengthof(text); i++)
		*lengths[i] = (uint16) strlen(text[i]);
	if (strlen(cold->key) > MAX_TEXT / 4 || strlen(cold->url) > MAX_TEXT / 4 || strlen(cold->etag) > MAX_TEXT / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the name of object \"%s\" of store \"%s\" is too long", cold->key, cold->server ? cold->server : cold->url)));
	head->magic = PGE_STUB_MAGIC;
	head->version = PGE_STUB_VERSION;
	head->head_length = (uint32) (sizeof(PgeStub) + head->columns * sizeof(PgeStubColumn) + text_length(head));
	head->length = (uint32) MAXALIGN(head->head_length);
	for (int i = 0; i < nparts; i++)
	{
		*parts[i].at = head->length;
		head->length += (uint32) MAXALIGN(parts[i].length);
	}
	bytes = palloc0(head->length);
	memcpy(bytes + sizeof(PgeStub), columns, head->columns * sizeof(PgeStubColumn));
	to = bytes + sizeof(PgeStub) + head->columns * sizeof(PgeStubColumn);
	for (int i = 0; i < lengthof(text); to += *lengths[i], i++)
		memcpy(to, text[i], *lengths[i]);
	for (int i = 0; i < nparts; i++)
		memcpy(bytes + *parts[i].at, parts[i].bytes, parts[i].length);
	memcpy(bytes, head, sizeof(PgeStub));
	head->crc = ((PgeStub *) bytes)->crc = head_crc(bytes, head->head_length);
	return bytes;
}
