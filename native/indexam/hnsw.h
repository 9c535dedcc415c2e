/*
 * epiphany_hnsw: a graph of vectors in pages.
 *
 * Block 0 says what the index is; the pages after it have the centroid, then the first page of entries, then vertices. A page never
 * changes its kind. A vertex's number is its block times the records of a page, plus its place: links are numbers. What a record contains
 * is the managed library's (managed/Epiphany.Vector/Graph); C finds, locks, logs and checks pages.
 *
 * Who holds one page's lock takes no other's, but for the first page, before pages of entries.
 */
#ifndef PGE_HNSW_H
#define PGE_HNSW_H

#include "access/amapi.h"
#include "access/generic_xlog.h"
#include "access/reloptions.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

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
} HnswPageKind;

/* The special space of each page. */
typedef struct HnswSpecial
{
	uint16		kind;
	uint16		magic;
	BlockNumber next;			/* of entries: the next page */
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
} HnswMeta;

/* A page of entries. */
typedef struct HnswEntries
{
	uint32		count;
	uint32		vertices[FLEXIBLE_ARRAY_MEMBER];
} HnswEntries;

#define HNSW_ENTRIES_PER_PAGE ((HNSW_AREA - offsetof(HnswEntries, vertices)) / sizeof(uint32))

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
	PgeRecentBuffers *recent;
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

/* ---- hnsw_page.c ---- */

extern void hnsw_init_page(Page page, HnswPageKind kind);
extern void hnsw_check_page(Relation index, BlockNumber block, Page page);
extern void hnsw_check_kind(Relation index, BlockNumber block, Page page, HnswPageKind kind);
extern void hnsw_corrupted(Relation index, const char *what, uint32 where) pg_attribute_noreturn();
extern void hnsw_read_meta(Relation index, HnswMeta *meta);
extern float *hnsw_read_centroid(Relation index, const HnswMeta *meta);
extern uint32 *hnsw_read_entries(Relation index, HnswMeta *meta);
extern void hnsw_add_entry(HnswAccess *access, uint32 vertex);
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

/* A value as the managed library takes it, detoasted; false where it is not indexed. */
extern bool hnsw_value(const HnswIndex *cache, Datum datum, PgeGraphValue *value);

/* ---- hnsw_insert.c ---- */

extern bool hnsw_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck unique, bool unchanged,
						struct IndexInfo *info);
extern void hnsw_insert_value(HnswAccess *access, Datum value, ItemPointer tid);

/* ---- hnsw_build.c ---- */

extern IndexBuildResult *hnsw_build(Relation heap, Relation index, struct IndexInfo *info);
extern void hnsw_build_empty(Relation index);
extern HnswOptions *hnsw_options(Relation index);

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
