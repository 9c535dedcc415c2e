/*
 * epiphany_hnsw: how searches read vertices.
 *
 * A search looks at a thousand vertices, each on another page, for some nanoseconds. A look-up, a pin and a lock for each would be most
 * of what it costs. So pages are read where they were found last, without a pin: the buffer's tag says before, and where something was
 * read in meanwhile also after, whether it still has the page. That is no protection: in the meantime the buffer may get another page, or
 * somebody may change this one. What is read so is believed as little as what lies on a disk. An estimated distance may be any number,
 * since rows are returned by their exact distances; links are copied, and checked as they are when a page is read. Rows' TIDs are read
 * under pin and lock only.
 *
 * What is not found so is read as always. A page that is only ever looked at would seem unused to the buffers' clock: now and then a look
 * is a real one.
 */
#include "postgres.h"

#include "shim/guard.h"
#include "shim/host.h"

#include "hnsw.h"

/* Every so manieth look at links, and at a payload, is a real one. */
#define REAL_LINKS 16
#define REAL_PAYLOADS 256

#define NO_VERTEX UINT32_MAX
#define CACHE_LINE 64
#define PREFETCH_LINES 8

/* The shared buffer that a byte lies in. */
static inline Buffer
buffer_of(const u8 *byte)
{
	return (Buffer) (((const char *) byte - BufferBlocks) / BLCKSZ) + 1;
}

Buffer
hnsw_access_page(HnswAccess *access, BlockNumber block)
{
	Buffer		buffer;

	if (block >= access->blocks)
	{
		access->blocks = RelationGetNumberOfBlocks(access->index);
		if (block >= access->blocks)
			hnsw_corrupted(access->index, "a link leads past its end", block);
	}
	buffer = ReadBufferExtended(access->index, MAIN_FORKNUM, block, RBM_NORMAL, access->strategy);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	if (!PageIsNew(BufferGetPage(buffer)))
	{
		hnsw_check_page(access->index, block, BufferGetPage(buffer));
		if (hnsw_special(BufferGetPage(buffer))->kind == HNSW_VERTICES)
			pge_recent_note(access->cache->recent, block, buffer);
	}
	return buffer;
}

bool
hnsw_has_vertices(Page page)
{
	return !PageIsNew(page) && hnsw_special(page)->kind == HNSW_VERTICES;
}

/* Do all lead to pages that there were when somebody asked last? */
static bool
are_inside(const HnswAccess *access, const u32 *links, int count)
{
	uint64		end = (uint64) access->blocks * access->cache->shape.PerPage;
	uint64		furthest = 0;

	for (int i = 0; i < count; i++)
		furthest = Max(furthest, links[i] & HNSW_LINK_NUMBER);
	return furthest < end;
}

PgeStatus
pge_host_graph_links(ptr host, u32 vertex, u32 *links, i32 *count)
{
	HnswAccess *access = host;
	const PgeGraphShape *shape = &access->cache->shape;
	BlockNumber block = vertex / shape->PerPage;
	Buffer		looked = ++access->turn % REAL_LINKS != 0 ? hnsw_holder(access, block) : InvalidBuffer;

	if (BufferIsValid(looked))
	{
		char	   *record = hnsw_record(shape, BufferGetPage(looked), vertex);

		pg_read_barrier();
		*count = *hnsw_link_count(shape, record);
		if (*count <= shape->MaxLinks)
		{
			memcpy(links, hnsw_links(record), sizeof(u32) * *count);
			pg_read_barrier();
			if (pge_recent_holds(access->index, block, looked) && are_inside(access, links, *count))
				return PgeStatus_Ok;
		}
	}

	PGE_GUARD;
	{
		Buffer		buffer = hnsw_access_page(access, block);

		*count = 0;
		if (hnsw_has_vertices(BufferGetPage(buffer)))
		{
			char	   *record = hnsw_record(shape, BufferGetPage(buffer), vertex);

			*count = *hnsw_link_count(shape, record);
			if (*count > shape->MaxLinks)
				hnsw_corrupted(access->index, "a vertex has more links than it can have", vertex);
			memcpy(links, hnsw_links(record), sizeof(u32) * *count);
		}
		UnlockReleaseBuffer(buffer);
		if (!are_inside(access, links, *count))
			access->blocks = RelationGetNumberOfBlocks(access->index);
	}
	PGE_GUARD_END;
}

/* Where payloads are copied to that cannot be looked at; so many, at most, in one call. */
static char *
copy_space(HnswAccess *access, int count)
{
	Size		size = (Size) count * MAXALIGN(access->cache->shape.PayloadBytes);

	if (access->copies_size < size)
	{
		if (access->copies != NULL)
			pfree(access->copies);
		access->copies = NULL;
		access->copies_size = 0;
		access->copies = MemoryContextAllocHuge(access->context, size);
		access->copies_size = size;
	}
	return access->copies;
}

static void
copy_payload(HnswAccess *access, u32 vertex, char *copy, u8 *state)
{
	const PgeGraphShape *shape = &access->cache->shape;
	Buffer		buffer = hnsw_access_page(access, vertex / shape->PerPage);

	if (hnsw_has_vertices(BufferGetPage(buffer)))
	{
		char	   *record = hnsw_record(shape, BufferGetPage(buffer), vertex);

		memcpy(copy, record + shape->PayloadAt, shape->PayloadBytes);
		*state = *hnsw_state(shape, record);
	}
	else
	{
		memset(copy, 0, shape->PayloadBytes);
		*state = 0;
	}
	UnlockReleaseBuffer(buffer);
}

/*
 * Points to the payloads that can be looked at, and asks the processor for them, and for the links of the vertex that is probably next;
 * NULL for the others. Returns how many these are.
 */
static int
look(HnswAccess *access, const u32 *vertices, int count, u32 next, u8 **payloads)
{
	const PgeGraphShape *shape = &access->cache->shape;
	int			lines = Min(PREFETCH_LINES, shape->PayloadBytes / CACHE_LINE + 1);
	int			missing = 0;

	for (int i = 0; i < count; i++)
	{
		Buffer		buffer = pge_recent_where(access->cache->recent, vertices[i] / shape->PerPage);

		if (BufferIsValid(buffer))
		{
			const char *payload = hnsw_record(shape, BufferGetPage(buffer), vertices[i]) + shape->PayloadAt;

			__builtin_prefetch(GetBufferDescriptor(buffer - 1));
			__builtin_prefetch(payload - 4);
			for (int line = 1; line < lines; line++)
				__builtin_prefetch(payload + line * CACHE_LINE);
		}
	}
	if (next != NO_VERTEX)
	{
		Buffer		buffer = pge_recent_where(access->cache->recent, next / shape->PerPage);

		if (BufferIsValid(buffer))
			pge_prefetch_bytes(hnsw_record(shape, BufferGetPage(buffer), next), shape->PayloadAt);
	}
	for (int i = 0; i < count; i++)
	{
		BlockNumber block = vertices[i] / shape->PerPage;
		Buffer		buffer = ++access->turn % REAL_PAYLOADS != 0 ? hnsw_holder(access, block) : InvalidBuffer;

		if (BufferIsValid(buffer))
			payloads[i] = (u8 *) hnsw_record(shape, BufferGetPage(buffer), vertices[i]) + shape->PayloadAt;
		else
		{
			payloads[i] = NULL;
			missing++;
		}
	}
	pg_read_barrier();
	return missing;
}

PgeStatus
pge_host_graph_payloads(ptr host, u32 *vertices, i32 count, u32 next, u8 **payloads, u8 *states)
{
	HnswAccess *access = host;
	const PgeGraphShape *shape = &access->cache->shape;

	if (look(access, vertices, count, next, payloads) == 0)
	{
		for (int i = 0; i < count; i++)
			states[i] = payloads[i][-2];
		return PgeStatus_Ok;
	}

	PGE_GUARD;
	{
		char	   *copies = copy_space(access, count);
		Size		size = MAXALIGN(shape->PayloadBytes);

		for (int i = 0; i < count; i++)
			if (payloads[i] == NULL)
			{
				payloads[i] = (u8 *) copies + i * size;
				copy_payload(access, vertices[i], copies + i * size, &states[i]);
			}

		/* Reading pages may have taken buffers from those that are looked at. */
		for (int i = 0; i < count; i++)
		{
			BlockNumber block = vertices[i] / shape->PerPage;

			if ((char *) payloads[i] == copies + i * size)
				continue;
			if (pge_recent_holds(access->index, block, buffer_of(payloads[i])))
				states[i] = payloads[i][-2];
			else
			{
				payloads[i] = (u8 *) copies + i * size;
				copy_payload(access, vertices[i], copies + i * size, &states[i]);
			}
		}
	}
	PGE_GUARD_END;
}
