/*
 * epiphany_ivf: a list, written in one go, by builds and by VACUUM: full blocks, and the parts of their vectors on pages of their own,
 * so that who goes through blocks does not pass them.
 */
#include "postgres.h"

#include "ivf.h"

struct IvfWriter
{
	Relation	index;
	PgeIvfShape shape;
	bool		building;
	int			per_page;		/* blocks */
	int			list;
	uint32		generation;
	IvfHead		head;
	BlockNumber block;			/* where the blocks at hand go */
	uint8	   *blocks;			/* as many as go to a page, or one that is longer */
	int			vectors;		/* in them */
	BlockNumber parts_block;
	PGAlignedBlock parts;
	int			part_count;
	PGAlignedBlock page;
	uint8	   *scratch;
};

IvfWriter *
pge_ivf_writer_begin(Relation index, const PgeIvfShape *shape, bool building)
{
	IvfWriter  *writer = palloc0(sizeof(IvfWriter));

	writer->index = index;
	writer->shape = *shape;
	writer->building = building;
	writer->per_page = Max(1, (int) (IVF_AREA / shape->BlockBytes));
	writer->blocks = palloc0((Size) writer->per_page * shape->BlockBytes);
	writer->scratch = palloc(shape->ScratchBytes);
	return writer;
}

void
pge_ivf_writer_list(IvfWriter *writer, int list, uint32 generation)
{
	writer->list = list;
	writer->generation = generation;
	writer->head = (IvfHead) {InvalidBlockNumber, InvalidBlockNumber, InvalidBlockNumber, generation};
	writer->block = InvalidBlockNumber;
	writer->parts_block = InvalidBlockNumber;
	writer->vectors = 0;
	writer->part_count = 0;
}

/* The blocks at hand go to their page, or to as many as it takes, the last of which goes on at next. */
static void
flush_blocks(IvfWriter *writer, BlockNumber next)
{
	int			count = (writer->vectors + IVF_BLOCK_VECTORS - 1) / IVF_BLOCK_VECTORS;
	Size		left = (Size) count * writer->shape.BlockBytes;
	uint8	   *from = writer->blocks;
	IvfPageKind kind = IVF_BLOCKS;

	while (left > 0)
	{
		Page		page = (Page) writer->page.data;
		Size		bytes = Min(left, IVF_AREA);
		BlockNumber following = left > IVF_AREA ? pge_ivf_new_block(writer->index) : next;

		pge_ivf_page_init(page, kind, writer->list, writer->generation);
		memcpy(IvfPageArea(page), from, bytes);
		pge_ivf_page_use(page, bytes);
		IvfPageSpecial(page)->count = kind == IVF_BLOCKS ? count : 0;
		IvfPageSpecial(page)->next = following;
		pge_ivf_write_page(writer->index, writer->block, page, writer->building);
		writer->block = following;
		from += bytes;
		left -= bytes;
		kind = IVF_SLICE;
	}
	memset(writer->blocks, 0, (Size) writer->per_page * writer->shape.BlockBytes);
	writer->vectors = 0;
}

static void
flush_parts(IvfWriter *writer)
{
	Page		page = (Page) writer->parts.data;

	if (writer->part_count == 0)
		return;
	IvfPageSpecial(page)->count = writer->part_count;
	pge_ivf_page_use(page, (Size) writer->part_count * writer->shape.ExtendedBytes);
	pge_ivf_write_page(writer->index, writer->parts_block, page, writer->building);
	writer->part_count = 0;
}

/* Where the record's part was put. */
static void
add_part(IvfWriter *writer, const uint8 *part, ItemPointer where)
{
	PgeIvfShape *shape = &writer->shape;
	Page		page = (Page) writer->parts.data;

	if (writer->part_count == (int) (IVF_AREA / shape->ExtendedBytes))
		flush_parts(writer);
	if (writer->part_count == 0)
	{
		writer->parts_block = pge_ivf_new_block(writer->index);
		pge_ivf_page_init(page, IVF_PARTS, writer->list, writer->generation);
		memset(IvfPageArea(page), 0, IVF_AREA);
	}
	memcpy(IvfPageArea(page) + writer->part_count * shape->ExtendedBytes, part, shape->ExtendedBytes);
	ItemPointerSet(where, writer->parts_block, writer->part_count++);
}

void
pge_ivf_writer_add(IvfWriter *writer, uint8 *record)
{
	PgeIvfShape *shape = &writer->shape;
	ItemPointerData part = {0};

	if (writer->block == InvalidBlockNumber)
		writer->head.blocks = writer->block = pge_ivf_new_block(writer->index);
	else if (writer->vectors == writer->per_page * IVF_BLOCK_VECTORS)
	{
		BlockNumber next = pge_ivf_new_block(writer->index);

		flush_blocks(writer, next);
		writer->block = next;
	}
	if (shape->ExtendedBytes > 0)
		add_part(writer, record + shape->RecordFactors + 3 * sizeof(float), &part);
	PGE_CALL(IvfPut, shape, writer->blocks + (Size) (writer->vectors / IVF_BLOCK_VECTORS) * shape->BlockBytes,
			 writer->vectors % IVF_BLOCK_VECTORS, record, (u8 *) &part, writer->scratch);
	writer->vectors++;
}

/* The list's head; without records. */
IvfHead
pge_ivf_writer_end_list(IvfWriter *writer)
{
	if (writer->vectors > 0)
		flush_blocks(writer, InvalidBlockNumber);
	flush_parts(writer);
	return writer->head;
}
