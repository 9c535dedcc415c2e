/*
 * epiphany_hnsw: a graph of vectors in pages.
 *
 * Block 0 says what the index is; the pages after it have the centroid, then the first page of entries, then vertices. A page never
 * changes its kind. A vertex's number is its block times the records of a page, plus its place: links are numbers. What a record contains
 * is the managed library's (managed/Epiphany.Vector/Graph); C finds, locks, logs and checks pages. Columns to filter by are C's: in an
 * index that has some, a page of attributes stands before each group of so many pages (hnsw_group_pages()), column by column.
 *
 * Who holds one page's lock takes no other's, but for the first page, before pages of entries, and a page of vertices, before that of their
 * attributes.
 */
#ifndef PGE_HNSW_H
#define PGE_HNSW_H

#include "access/amapi.h"
#include "access/generic_xlog.h"
#include "access/reloptions.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

#include "indexam/attributes.h"
#include "indexam/vector_index.h"
#include "shim/recent_buffers.h"

#define HNSW_META_BLOCK 0
#define HNSW_MAGIC 0x45504847
#define HNSW_VERSION 1

#define HNSW_DEFAULT_M 16
#define HNSW_MIN_M 2
#define HNSW_MAX_M 100
#define HNSW_DEFAULT_EF_CONSTRUCTION 64
#define HNSW_MIN_EF_CONSTRUCTION 4
#define HNSW_MAX_EF_CONSTRUCTION 1000
#define HNSW_MAX_BITS 7
#define HNSW_MAX_LINKS (2 * HNSW_MAX_M)

/* A link has 31 bits for a number. */
#define HNSW_LINK_NUMBER 0x7FFFFFFF
#define HNSW_MAX_VERTEX 0x7FFFFFFE

/* Phases of CREATE INDEX, after PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE. */
#define HNSW_PHASE_LOAD 2
#define HNSW_PHASE_WRITE 3

typedef enum HnswPageKind
{
	HNSW_META = 1,
	HNSW_CENTROID = 2,
	HNSW_ENTRIES = 3,
	HNSW_VERTICES = 4,
	HNSW_ATTRIBUTES = 5,
} HnswPageKind;

/* What codes are around. */
typedef enum HnswCentroidState
{
	HNSW_CENTROID_SETTLED = 0,
	HNSW_CENTROID_NONE = 1,		/* zero: there were too few rows to have a mean */
	HNSW_CENTROID_MOVING = 2,	/* some are around zero still, some around the centroid */
} HnswCentroidState;

/* The special space of each page. */
typedef struct HnswSpecial
{
	uint16		kind;
	uint16		magic;
	BlockNumber next;			/* of entries: the next page; of vertices: see hnsw_centroid.c */
} HnswSpecial;

#define HNSW_SPECIAL_MAGIC 0x4847
#define HNSW_AREA (BLCKSZ - MAXALIGN(SizeOfPageHeaderData) - MAXALIGN(sizeof(HnswSpecial)))

/* Block 0. */
typedef struct HnswMeta
{
	uint32		magic;
	uint32		version;
	int32		metric;			/* PgeVectorMetric */
	int32		element;		/* PgeVectorElement; 0: sparse */
	int32		dims;
	int32		bits;
	int32		m;
	int32		ef_construction;
	uint64		seed;
	uint32		centroid_pages; /* from block 1 on; 0: the centroid is zero */
	BlockNumber first_entries;
	uint32		entries;		/* in all pages */
	uint32		entries_version;	/* counts their changes */
	int32		attributes;		/* columns to filter by */
	uint32		centroid_state; /* HnswCentroidState */
	uint32		centroid_version;	/* counts its changes */
} HnswMeta;

/* A page of entries. */
typedef struct HnswEntries
{
	uint32		count;
	uint32		vertices[FLEXIBLE_ARRAY_MEMBER];
} HnswEntries;

#define HNSW_ENTRIES_PER_PAGE ((HNSW_AREA - offsetof(HnswEntries, vertices)) / sizeof(uint32))

/* A vertex's attributes: an integer each, and a byte with a bit for each that is NULL. */
#define HNSW_ATTRIBUTE_BYTES(attributes) ((attributes) > 0 ? (attributes) * (int) sizeof(int64) + 1 : 0)
#define HNSW_MAX_ATTRIBUTE_BYTES HNSW_ATTRIBUTE_BYTES(PGE_MAX_ATTRIBUTES)

/* Reloptions. */
typedef struct HnswOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			m;
	int			ef_construction;
	int			bits;			/* 0: as many as suit the dimensions */
} HnswOptions;

/* What a process keeps of an index (hnsw_cache.c). */
typedef struct HnswIndex
{
	Oid			relid;			/* hash key */
	RelFileLocator locator;
	uint64		used;			/* by how many other uses it is younger */
	MemoryContext context;
	const PgeVectorIndexType *type;
	HnswMeta	meta;			/* but for its entries, which are as of entries_version */
	PgeGraphShape shape;
	u64			handle;
	bool		entries_loaded;
	PgeRecentBuffers *recent;	/* where pages of vertices were */
	Buffer	   *attribute_buffers;	/* where pages of attributes were, or InvalidBuffer */
	uint32		attribute_pages;	/* of which something is known */
} HnswIndex;

/* One use of an index: what host functions are given. */
typedef struct HnswAccess
{
	Relation	index;
	HnswIndex  *cache;
	BlockNumber blocks;			/* as many there were, at least */
	BufferAccessStrategy strategy;
	bool		building;		/* changes are not logged: the whole file is, in the end */
	uint32		turn;			/* counts looks at pages */
	MemoryContext context;
	char	   *copies;			/* payloads that cannot be read where they are */
	Size		copies_size;
} HnswAccess;

/* A vertex's record; see GraphLayout.cs. */
static inline uint32 *
hnsw_links(char *record)
{
	return (uint32 *) record;
}

static inline uint16 *
hnsw_link_count(const PgeGraphShape *shape, char *record)
{
	return (uint16 *) (record + shape->PayloadAt - 4);
}

static inline uint8 *
hnsw_state(const PgeGraphShape *shape, char *record)
{
	return (uint8 *) (record + shape->PayloadAt - 2);
}

static inline uint8 *
hnsw_rows(const PgeGraphShape *shape, char *record)
{
	return (uint8 *) (record + shape->PayloadAt - 1);
}

static inline ItemPointer
hnsw_row(const PgeGraphShape *shape, char *record, int row)
{
	return (ItemPointer) (record + shape->RowsAt + row * sizeof(ItemPointerData));
}

static inline char *
hnsw_record(const PgeGraphShape *shape, Page page, uint32 vertex)
{
	return PageGetContents(page) + (vertex % shape->PerPage) * shape->RecordBytes;
}

static inline HnswSpecial *
hnsw_special(Page page)
{
	return (HnswSpecial *) PageGetSpecialPointer(page);
}

/* ---- Attributes ---- */

/* Pages that follow a page of attributes, which has as much room; 0: there are none. */
static inline uint32
hnsw_group_pages(const PgeGraphShape *shape)
{
	return shape->AttributeBytes > 0 ? HNSW_AREA / (shape->PerPage * shape->AttributeBytes) : 0;
}

/* The first page of the first group. */
static inline BlockNumber
hnsw_origin(const HnswMeta *meta)
{
	return meta->first_entries + 1;
}

/* The page of attributes that a page of vertices has, or that itself. */
static inline BlockNumber
hnsw_attribute_block(const HnswIndex *cache, BlockNumber block)
{
	BlockNumber origin = hnsw_origin(&cache->meta);

	return block - (block - origin) % (hnsw_group_pages(&cache->shape) + 1);
}

/* Is that where a page of attributes is, or will be? */
static inline bool
hnsw_is_attribute_block(const HnswIndex *cache, BlockNumber block)
{
	return cache->shape.AttributeBytes > 0 && block >= hnsw_origin(&cache->meta) && hnsw_attribute_block(cache, block) == block;
}

/* Vertices that a page of attributes has room for, and which of them one is. */
static inline int
hnsw_attribute_slots(const PgeGraphShape *shape)
{
	return hnsw_group_pages(shape) * shape->PerPage;
}

static inline int
hnsw_attribute_slot(const HnswIndex *cache, uint32 vertex)
{
	BlockNumber block = vertex / cache->shape.PerPage;

	return (block - hnsw_attribute_block(cache, block) - 1) * cache->shape.PerPage + vertex % cache->shape.PerPage;
}

/* On such a page: a column's integers, and the bytes of all columns' NULLs. */
static inline int64 *
hnsw_keys(const PgeGraphShape *shape, Page page, int attribute)
{
	return (int64 *) PageGetContents(page) + (Size) attribute * hnsw_attribute_slots(shape);
}

static inline uint8 *
hnsw_null_keys(const PgeGraphShape *shape, Page page)
{
	return (uint8 *) hnsw_keys(shape, page, (shape->AttributeBytes - 1) / sizeof(int64));
}

/* ---- hnsw_access.c ---- */

/* The buffer that has the page now, to look at without a pin, or InvalidBuffer. Only of pages of vertices. */
static inline Buffer
hnsw_holder(const HnswAccess *access, BlockNumber block)
{
	Buffer		buffer = pge_recent_where(access->cache->recent, block);

	return pge_recent_holds(access->index, block, buffer) ? buffer : InvalidBuffer;
}

/* The page, pinned and locked to be read. */
extern Buffer hnsw_access_page(HnswAccess *access, BlockNumber block);

/* Has it vertices? */
extern bool hnsw_has_vertices(Page page);

/* ---- hnsw_page.c ---- */

extern void hnsw_init_page(Page page, HnswPageKind kind);
extern void hnsw_check_page(Relation index, BlockNumber block, Page page);
extern void hnsw_check_kind(Relation index, BlockNumber block, Page page, HnswPageKind kind);
extern void hnsw_corrupted(Relation index, const char *what, uint32 where) pg_attribute_noreturn();
extern void hnsw_read_meta(Relation index, HnswMeta *meta);
extern float *hnsw_read_centroid(Relation index, const HnswMeta *meta);
extern uint32 *hnsw_read_entries(Relation index, HnswMeta *meta);
extern void hnsw_add_entry(HnswAccess *access, uint32 vertex);
extern Buffer hnsw_extend(HnswAccess *access);
extern void hnsw_drop_entries(HnswAccess *access, const uint64 *going, uint32 end);

/* A change of pages that are locked; between begin and end nothing may fail. */
typedef struct HnswChange
{
	GenericXLogState *state;	/* NULL: pages are changed where they are */
} HnswChange;

extern HnswChange hnsw_begin_change(const HnswAccess *access);
extern Page hnsw_change(HnswChange change, Buffer buffer, bool fresh);
extern void hnsw_end_change(HnswChange change);

/* ---- hnsw_cache.c ---- */

extern PgeGraphOptions hnsw_graph_options(const HnswMeta *meta);
extern HnswIndex *hnsw_open(Relation index);
extern void hnsw_begin_access(HnswAccess *access, Relation index);
extern void hnsw_refresh_entries(HnswAccess *access);
extern void hnsw_reread(HnswAccess *access);

/* A value as the managed library takes it, detoasted; false where it is not indexed. */
extern bool hnsw_value(const HnswIndex *cache, Datum datum, PgeGraphValue *value);

/* ---- hnsw_centroid.c ---- */

extern bool hnsw_hold_centroid(HnswAccess *access);
extern void hnsw_release_centroid(HnswAccess *access);

/* ---- hnsw_insert.c ---- */

extern bool hnsw_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck unique, bool unchanged,
						struct IndexInfo *info);
extern void hnsw_insert_row(HnswAccess *access, Datum *values, bool *nulls, ItemPointer tid);

/* What a row's vertex has beside its record, and its place on a page of attributes; to has room for HNSW_MAX_ATTRIBUTE_BYTES. */
extern void hnsw_make_attributes(Relation index, Datum *values, bool *nulls, uint8 *to);
extern void hnsw_put_attributes(const PgeGraphShape *shape, Page page, int slot, const uint8 *attributes);

/* ---- hnsw_build.c ---- */

extern IndexBuildResult *hnsw_build(Relation heap, Relation index, struct IndexInfo *info);
extern void hnsw_build_empty(Relation index);
extern HnswOptions *hnsw_options(Relation index);

/* ---- hnsw_filter.c ---- */

/* What a scan's conditions demand of attributes. */
typedef struct HnswFilter
{
	PgeAttributeTest *tests;
	int			count;
	double		share;			/* of the vertices, which probably meet them */
} HnswFilter;

/* What going through attributes costs a vertex, in estimates of a vertex by a search. */
#define HNSW_SLOT_COST 0.02

extern void hnsw_filter_begin(HnswAccess *access, HnswFilter *filter);
extern bool hnsw_filter_prefers_pass(const HnswAccess *access, const HnswFilter *filter, int64 visited);
extern int	hnsw_filter_keep(HnswAccess *access, const HnswFilter *filter, PgeGraphCandidate *candidates, int count);
extern int	hnsw_filter_pass(HnswAccess *access, const HnswFilter *filter, PgeGraphCandidate **candidates, int *room);

/* ---- hnsw_scan.c ---- */

extern IndexScanDesc hnsw_begin_scan(Relation index, int nkeys, int norderbys);
extern void hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys);
extern bool hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction);
extern void hnsw_end_scan(IndexScanDesc scan);

/* ---- hnsw_vacuum.c ---- */

extern IndexBulkDeleteResult *hnsw_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback,
											   void *state);
extern IndexBulkDeleteResult *hnsw_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats);

/* ---- hnsw.c ---- */

extern void pge_hnsw_init(void);

#endif							/* PGE_HNSW_H */
