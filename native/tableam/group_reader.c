/*
 * Column store: decoded values of one stored row group. C side of the managed RowGroupReader; decides nothing about the format.
 *
 * A reader lives in the transaction, unless reader_cache.c keeps it, and is counted: scans and slots that refer to its values each
 * hold it. Its memory context owns the managed handle, so an abort needs no clean-up.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "group_access.h"
#include "group_reader.h"
#include "shim/recent_buffers.h"

/* A ring for bulk reads: heap's size, and two blocks of 64 kB a column. */
#define RING_BASE_KB		256
#define RING_COLUMN_KB		128

/* Who has a bound to keep decodes columns row by row whose values take more than their share of this. */
#define VECTOR_VALUES		((uint64) 8 * 1024 * 1024)

/* Whose bytes were read last, to tell where damage is; a copy, since readers go. */
static struct
{
	NameData	relname;
	uint32		group_id;
	BlockNumber first_block;
	uint32		blocks;
}			last_read;

static void
place_context(const char *relname, uint32 group_id, BlockNumber first_block, uint32 blocks)
{
	errcontext("reading row group %u of column table \"%s\", blocks %u to %u", group_id, relname, first_block, first_block + blocks - 1);
}

static void
group_error_context(void *arg)
{
	PgeReader  *reader = arg;

	place_context(NameStr(reader->relname), reader->desc.group_id, reader->desc.first_block, reader->desc.blocks);
}

/*
 * An error context for those who hand readers to the managed side (pge_reader_handle) and hear of damage later: bytes are checked
 * when they have been read, so the last group that was read is the one. Other errors are not a group's.
 */
void
pge_reader_damage_context(void *arg)
{
	if (geterrcode() == ERRCODE_DATA_CORRUPTED && last_read.blocks > 0)
		place_context(NameStr(last_read.relname), last_read.group_id, last_read.first_block, last_read.blocks);
}

#define WITH_GROUP_CONTEXT(reader, call) \
	do { \
		ErrorContextCallback context_ = {error_context_stack, group_error_context, (reader)}; \
		error_context_stack = &context_; \
		call; \
		error_context_stack = context_.previous; \
	} while (0)

/*
 * The managed side asks for something. The relation is looked up each time: values may be asked for after the scan closed it. The caller
 * closes it.
 */
static Relation
relation_of(PgeReader *reader)
{
	Relation	rel = RelationIdGetRelation(reader->relid);

	if (!RelationIsValid(rel) || !RelFileLocatorEquals(rel->rd_locator, reader->locator))
		elog(ERROR, "table %u was dropped or rewritten while its rows were in use", reader->relid);
	last_read.relname = reader->relname;
	last_read.group_id = reader->desc.group_id;
	last_read.first_block = reader->desc.first_block;
	last_read.blocks = reader->desc.blocks;
	return rel;
}

static inline void
count_read(PgeReader *reader)
{
	if (unlikely(reader->counts))
	{
		reader->counts = false;
		reader->was_read = true;
		pge_access_read(reader->relid, &reader->desc);
	}
}

static void
read_group_bytes(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	PgeReader  *reader = (PgeReader *) source;
	Relation	rel = relation_of(reader);

	/* What the footer tells is not read of the values. */
	if (offset < reader->desc.footer_offset)
		count_read(reader);
	pge_group_read(rel, &reader->desc, offset, length, dest, &reader->plan);
	RelationClose(rel);
}

static void
read_group_parts(PgeGroupSource *source, const uint64 *offsets, int count, uint64 length, char *dest)
{
	PgeReader  *reader = (PgeReader *) source;
	Relation	rel = relation_of(reader);

	count_read(reader);
	pge_group_read_parts(rel, &reader->desc, offsets, count, length, dest, &reader->plan);
	RelationClose(rel);
}

static void
open_stub(PgeReader *reader, Relation rel)
{
	MemoryContext old;

	if (reader->cold != NULL)
		return;
	old = MemoryContextSwitchTo(reader->cxt);
	reader->cold = pge_cold_open(rel, &reader->desc);
	MemoryContextSwitchTo(old);
}

/* Of a cold group. */
static void
read_stub_bytes(PgeGroupSource *source, uint64 offset, uint64 length, char *dest)
{
	PgeReader  *reader = (PgeReader *) source;
	Relation	rel = relation_of(reader);

	open_stub(reader, rel);
	pge_cold_read(rel, &reader->desc, reader->cold, offset, length, dest);
	RelationClose(rel);
}

static void
open_cold_column(PgeGroupSource *source, int column, PgeGroupRef *image)
{
	PgeReader  *reader = (PgeReader *) source;
	Relation	rel = relation_of(reader);
	MemoryContext old;

	open_stub(reader, rel);
	count_read(reader);
	old = MemoryContextSwitchTo(reader->cxt);
	pge_cold_column(rel, &reader->desc, reader->cold, column, image);
	MemoryContextSwitchTo(old);
	RelationClose(rel);
}

/* How values of a base type are stored. */
static PgeColumnKind
kind_of(Oid type, int16 length, bool byval)
{
	if (type == NUMERICOID)
		return PgeColumnKind_Numeric;
	if (length == -1)
		return PgeColumnKind_VarBytes;
	if (length == -2)
		return PgeColumnKind_CString;
	if (!byval)
		return PgeColumnKind_FixedBytes;
	if (type == BOOLOID)
		return PgeColumnKind_Bool;
	if (type == FLOAT4OID)
		return PgeColumnKind_Float32;
	if (type == FLOAT8OID)
		return PgeColumnKind_Float64;
	switch (length)
	{
		case 1:
			return PgeColumnKind_Int8;
		case 2:
			return PgeColumnKind_Int16;
		case 4:
			return PgeColumnKind_Int32;
		case 8:
			return PgeColumnKind_Int64;
	}
	elog(ERROR, "unexpected length %d of a type passed by value", length);
	return PgeColumnKind_Bool;
}

/* The table's columns as the managed side knows them, palloc'd. A dropped column keeps a kind by its length; it is never decoded. */
PgeColumnDesc *
pge_column_descs(TupleDesc tupdesc)
{
	PgeColumnDesc *columns = palloc0_array(PgeColumnDesc, tupdesc->natts);

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		/* A domain's values are its base type's: ALTER TABLE goes from one to the other without a rewrite. None is pinned. */
		columns[i].Kind = kind_of(att->attisdropped ? InvalidOid : att->atttypid < FirstUnpinnedObjectId ? att->atttypid :
								  getBaseType(att->atttypid), att->attlen, att->attbyval);
		columns[i].FixedLength = columns[i].Kind == PgeColumnKind_FixedBytes ? att->attlen : 0;
		columns[i].TypeOid = att->atttypid;
		columns[i].TypeMod = att->atttypmod;
	}
	return columns;
}

/* A reader of a group, in a context of its own; the caller holds the one reference. */
PgeReader *
pge_reader_make(Relation rel, const PgeGroupDesc *desc, MemoryContext parent)
{
	/* Small blocks: what is a kilobyte or more is taken by itself, as large as it is, and can be had by others once it is given back. */
	MemoryContext cxt = AllocSetContextCreate(parent, "row group reader", ALLOCSET_SMALL_SIZES);
	PgeReader  *reader = MemoryContextAllocZero(cxt, offsetof(PgeReader, columns) + desc->natts * sizeof(PgeColumnVector));

	reader->source.read = desc->flags & PGE_GROUP_COLD ? read_stub_bytes : read_group_bytes;
	reader->source.read_parts = desc->flags & PGE_GROUP_COLD ? NULL : read_group_parts;
	reader->source.column = desc->flags & PGE_GROUP_COLD ? open_cold_column : NULL;
	reader->cxt = cxt;
	reader->refs = 1;
	reader->relid = RelationGetRelid(rel);
	namestrcpy(&reader->relname, RelationGetRelationName(rel));
	reader->locator = rel->rd_locator;
	reader->desc = *desc;
	for (int i = 0; i < desc->natts; i++)
		reader->columns[i].vector = -1;
	return reader;
}

/* A reader for this transaction. */
PgeReader *
pge_reader_open(Relation rel, const PgeGroupDesc *desc)
{
	return pge_reader_make(rel, desc, TopTransactionContext);
}

/* Has a query read values of it? Then more of them may be at hand. */
bool
pge_reader_was_read(const PgeReader *reader)
{
	return reader->was_read;
}

/* A query wants values of the group, which zone maps have not ruled out: what it asks for from now on is to read it. */
void
pge_reader_count(PgeReader *reader, Relation rel)
{
	reader->counts = !RelationUsesLocalBuffers(rel);
	if (reader->was_read)
		count_read(reader);
}

/*
 * As heap: who reads more than a quarter of the buffers reads the rest through a ring, which leaves them alone. A table's size does not
 * tell whether a scan will: it reads the columns and groups that it needs. Our ring has room for a block of each column, since a scan goes
 * to and fro between them. So many processes share the quarter; 0: nobody comes again, all goes through the ring. NULL: the table is small.
 */
PgeBulk *
pge_bulk_begin(Relation rel, int sharers)
{
	PgeBulk    *bulk;

	if (RelationUsesLocalBuffers(rel) || RelationGetNumberOfBlocks(rel) <= NBuffers / 4)
		return NULL;
	bulk = palloc_object(PgeBulk);
	bulk->ring = GetAccessStrategyWithSize(BAS_BULKREAD, RING_BASE_KB + RelationGetDescr(rel)->natts * RING_COLUMN_KB);
	bulk->pages_left = sharers > 0 ? NBuffers / 4 / sharers : 0;
	return bulk;
}

void
pge_bulk_end(PgeBulk *bulk)
{
	if (bulk == NULL)
		return;
	FreeAccessStrategy(bulk->ring);
	pfree(bulk);
}

/*
 * Vectors of the group will be asked for in turn: read ahead, unless they are few. Where pages stay, as those of small tables do, the
 * session's next scan finds them again.
 */
void
pge_reader_stream(PgeReader *reader, Relation rel, PgeBulk *bulk, bool few)
{
	reader->plan.bulk = bulk;
	reader->plan.ahead = !few;
	if (reader->plan.known == NULL)
		reader->plan.known = MemoryContextAllocZero(reader->cxt, PGE_KNOWN_BUFFERS * sizeof(Buffer));
	reader->plan.recent = bulk != NULL && bulk->pages_left == 0 ? NULL : pge_recent_buffers(rel);
}

/* The scan has done with it, and its ring goes; who has values of it may keep it for longer, and who fetches rows reads here and there. */
void
pge_reader_end_stream(PgeReader *reader)
{
	reader->plan.bulk = NULL;
	reader->plan.ahead = false;
}

/*
 * The managed side's reader, made when values are first asked for: only then are the columns known as the asker sees them. While
 * ALTER COLUMN TYPE rewrites a table, the relation has the new columns already, and the rows are read as the old ones.
 */
u64
pge_reader_handle(PgeReader *reader, TupleDesc tupdesc)
{
	PgeGroupDesc *desc = &reader->desc;
	PgeGroupRef ref = {0};
	MemoryContext old;

	if (likely(reader->handle != 0))
		return reader->handle;
	if (desc->natts > tupdesc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("row group %u of column table \"%s\" has %u columns, the table %d",
						desc->group_id, NameStr(reader->relname), desc->natts, tupdesc->natts)));
	ref.Token = pge_group_token(&reader->source);
	ref.Length = desc->length;
	ref.FooterOffset = desc->footer_offset;
	ref.FooterLength = desc->footer_length;
	ref.Rows = desc->rows;
	ref.Columns = desc->natts;
	ref.Cold = (desc->flags & PGE_GROUP_COLD) != 0;
	old = MemoryContextSwitchTo(reader->cxt);
	WITH_GROUP_CONTEXT(reader,
					   PGE_CALL(ReaderOpen, reader->cxt, &ref, pge_column_descs(tupdesc), desc->natts, &reader->handle));
	pge_own_handle(reader->cxt, reader->handle);
	MemoryContextSwitchTo(old);
	return reader->handle;
}

/* Nobody uses values that it has given: it needs no memory for them until it is asked again. */
void
pge_reader_rest(PgeReader *reader)
{
	if (reader->handle != 0)
		PGE_CALL(ReaderRest, reader->handle);
}

PgeReader *
pge_reader_retain(PgeReader *reader)
{
	reader->refs++;
	return reader;
}

void
pge_reader_release(PgeReader *reader)
{
	Assert(reader->refs > 0);
	if (--reader->refs > 0)
		return;
	if (reader->kept)
		pge_reader_idle(reader);
	else
		MemoryContextDelete(reader->cxt);
}

const PgeGroupDesc *
pge_reader_desc(const PgeReader *reader)
{
	return &reader->desc;
}

static void
load_vector(PgeReader *reader, TupleDesc tupdesc, int column, int vector)
{
	PgeColumnVector *cv = &reader->columns[column];
	u64			handle = pge_reader_handle(reader, tupdesc);
	i32			count = 0;

	count_read(reader);
	if (cv->values == NULL)
	{
		cv->values = MemoryContextAlloc(reader->cxt, PGE_VECTOR_ROWS * sizeof(Datum));
		cv->nulls = MemoryContextAlloc(reader->cxt, PGE_VECTOR_ROWS * sizeof(bool));
	}
	cv->vector = -1;
	WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderDecode, handle, column, vector,
										(u64 *) cv->values, (u8 *) cv->nulls, &count));
	if (count != Min(PGE_VECTOR_ROWS, (int) reader->desc.rows - vector * PGE_VECTOR_ROWS))
		elog(ERROR, "column %d, vector %d of row group %u: %d values decoded", column, vector, reader->desc.group_id, count);
	cv->vector = vector;
}

/* Columns the group lacks: added later, or dropped. True if it answered. */
static inline bool
absent_value(PgeReader *reader, TupleDesc tupdesc, int column, Datum *value, bool *isnull)
{
	if (unlikely(column >= reader->desc.natts))
	{
		*value = getmissingattr(tupdesc, column + 1, isnull);
		return true;
	}
	if (unlikely(TupleDescAttr(tupdesc, column)->attisdropped))
	{
		*value = (Datum) 0;
		*isnull = true;
		return true;
	}
	return false;
}

/* Columns [from, to) of a row, by way of whole vectors. By-reference values live until the reader moves to another vector. */
void
pge_reader_vector_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, int from, int to, Datum *values, bool *isnull)
{
	int			vector = row / PGE_VECTOR_ROWS;
	int			i = row % PGE_VECTOR_ROWS;

	for (int column = from; column < to; column++)
	{
		PgeColumnVector *cv;

		if (absent_value(reader, tupdesc, column, &values[column], &isnull[column]))
			continue;
		cv = &reader->columns[column];
		if (unlikely(cv->vector != vector))
			load_vector(reader, tupdesc, column, vector);
		values[column] = cv->values[i];
		isnull[column] = cv->nulls[i];
	}
}

/*
 * For those who rewrite groups within a bound: pge_reader_spare_values() will be asked for rows of this vector. Returns the memory that it
 * takes, besides values that are decoded row by row.
 */
uint64
pge_reader_plan_vector(PgeReader *reader, TupleDesc tupdesc, int vector)
{
	uint64		bytes = 0,
				reading = 0;

	for (int column = 0; column < reader->desc.natts; column++)
	{
		PgeVectorMemory memory = {0};

		if (TupleDescAttr(tupdesc, column)->attisdropped)
			continue;
		WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderMemory, pge_reader_handle(reader, tupdesc), column, vector, &memory));
		reader->columns[column].by_row = memory.Values > VECTOR_VALUES / reader->desc.natts;
		bytes += memory.Blocks + (reader->columns[column].by_row ? 0 : memory.Values);
		reading = Max(reading, memory.Reading);
	}
	return bytes + reading;
}

/*
 * All columns of a row of the vector that was planned for, large values one by one. True: there is one of those, which lives until the next
 * row is asked for.
 */
bool
pge_reader_spare_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, Datum *values, bool *isnull)
{
	bool		brief = false;

	for (int column = 0; column < tupdesc->natts; column++)
	{
		u64			value = 0;
		u8			null = 0;

		if (column >= reader->desc.natts || likely(!reader->columns[column].by_row))
		{
			pge_reader_vector_values(reader, tupdesc, row, column, column + 1, values, isnull);
			continue;
		}
		WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderDecodeRow, pge_reader_handle(reader, tupdesc), column, row, &value, &null));
		values[column] = (Datum) value;
		isnull[column] = null != 0;
		brief = true;
	}
	return brief;
}

/* Columns [from, to) of a row alone, copied into cxt. */
void
pge_reader_row_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, int from, int to,
					  Datum *values, bool *isnull, MemoryContext cxt)
{
	if (from < to)
		count_read(reader);
	for (int column = from; column < to; column++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, column);
		u64			value = 0;
		u8			null = 0;

		if (absent_value(reader, tupdesc, column, &values[column], &isnull[column]))
			continue;
		WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderDecodeRow, pge_reader_handle(reader, tupdesc), column, row, &value, &null));
		isnull[column] = null != 0;
		values[column] = (Datum) value;
		if (!null && !att->attbyval)
		{
			MemoryContext old = MemoryContextSwitchTo(cxt);

			values[column] = datumCopy((Datum) value, false, att->attlen);
			MemoryContextSwitchTo(old);
		}
	}
}

void
pge_reader_chunk_info(PgeReader *reader, TupleDesc tupdesc, int column, PgeChunkInfo *info)
{
	WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderChunkInfo, pge_reader_handle(reader, tupdesc), column, info));
}

/* The vectors that can hold a row which passes all tests, a bit each. Of columns that the group lacks nothing is known. */
uint64
pge_reader_match(PgeReader *reader, TupleDesc tupdesc, const PgeZoneTest *tests, int ntests)
{
	PgeZoneTest *present = palloc_array(PgeZoneTest, Max(ntests, 1));
	uint64		vectors = PG_UINT64_MAX;
	int			n = 0;

	for (int i = 0; i < ntests; i++)
		if (tests[i].Column < reader->desc.natts)
			present[n++] = tests[i];
	if (n > 0)
		WITH_GROUP_CONTEXT(reader, PGE_CALL(ReaderMatch, pge_reader_handle(reader, tupdesc), present, n, &vectors));
	pfree(present);
	return vectors;
}
