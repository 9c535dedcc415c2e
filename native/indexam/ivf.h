/*
 * epiphany_ivf: vectors in lists around centroids, as codes.
 *
 * Block 0 says what the index is. Then come the lists' heads, then the centroids; both are written once, but for heads. The rest of the
 * file are pages of lists, each of which knows its list and that list's generation. Full blocks of 32 vectors never change but for the
 * marks of dead ones; inserts append records to pages of their own. VACUUM writes a list anew where that pays, switches its head, and
 * the old pages are free.
 *
 * A scan locks one page at a time and holds nothing between. A page that is not of the list and generation that it expects means that
 * VACUUM has written the list anew: the scan starts over.
 *
 * What blocks, records and parts contain is the managed library's (managed/Epiphany.Vector/Ivf); C finds, locks, logs and checks pages.
 */
#ifndef PGE_IVF_H
#define PGE_IVF_H

#include "access/amapi.h"
#include "access/generic_xlog.h"
#include "access/reloptions.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"

#include "indexam/attributes.h"
#include "indexam/vector_index.h"
#include "shim/recent_buffers.h"

#define IVF_META_BLOCK 0
#define IVF_FIRST_LIST_BLOCK 1
#define IVF_MAGIC 0x45504956
#define IVF_VERSION 1
#define IVF_MAX_LISTS 65536
#define IVF_BLOCK_VECTORS 32

typedef enum IvfPageKind
{
	IVF_META = 1,
	IVF_HEADS = 2,
	IVF_CENTROIDS = 3,
	IVF_BLOCKS = 4,
	IVF_SLICE = 5,				/* a block that is longer than a page goes on */
	IVF_RECORDS = 6,
	IVF_PARTS = 7,				/* extended codes of vectors in blocks */
	IVF_FREE = 8,
} IvfPageKind;

/* The special space of each page. */
typedef struct IvfSpecial
{
	BlockNumber next;			/* of blocks, slices and records */
	uint32		list;
	uint32		generation;
	uint16		kind;
	uint16		count;			/* of blocks, records, parts, heads; floats of centroids */
} IvfSpecial;

#define IVF_AREA (BLCKSZ - MAXALIGN(SizeOfPageHeaderData) - MAXALIGN(sizeof(IvfSpecial)))
#define IvfPageSpecial(page) ((IvfSpecial *) PageGetSpecialPointer(page))
#define IvfPageArea(page) ((uint8 *) PageGetContents(page))

/* Block 0. */
typedef struct IvfMeta
{
	uint32		magic;
	uint32		version;
	int32		metric;			/* PgeVectorMetric */
	int32		element;		/* PgeVectorElement */
	int32		dims;
	int32		bits;
	int32		lists;
	int32		attributes;
	uint64		seed;			/* of the rotation */
	uint64		build;			/* tells builds apart */
	uint32		head_pages;		/* from IVF_FIRST_LIST_BLOCK on; centroids follow */
	uint32		centroid_pages;
} IvfMeta;

/* Where a list is. */
typedef struct IvfHead
{
	BlockNumber blocks;
	BlockNumber records;
	BlockNumber last_records;
	uint32		generation;
} IvfHead;

#define IVF_HEADS_PER_PAGE ((int) (IVF_AREA / sizeof(IvfHead)))
#define IVF_FLOATS_PER_PAGE ((int) (IVF_AREA / sizeof(float)))

typedef struct IvfOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			lists;
	int			bits;
} IvfOptions;

/* What a session keeps of an index (ivf_model.c). */
typedef struct IvfIndex
{
	Oid			relid;			/* hash key */
	IvfMeta		meta;
	PgeIvfModel *model;
	MemoryContext context;
	PgeRecentBuffers *recent;
} IvfIndex;

/* ---- ivf.c, ivf_cost.c ---- */

extern void pge_ivf_init(void);
extern int	pge_ivf_default_lists(double rows);
extern int	pge_ivf_default_bits(const PgeVectorIndexType *type, int dims);
extern int	pge_ivf_choose_probes(int lists);
extern void pge_ivf_cost(struct PlannerInfo *root, struct IndexPath *path, double loop_count, Cost *startup, Cost *total,
						 Selectivity *selectivity, double *correlation, double *pages);

/* ---- pages (ivf_page.c) ---- */

extern void pge_ivf_page_init(Page page, IvfPageKind kind, uint32 list, uint32 generation);
extern void pge_ivf_page_use(Page page, Size bytes);
extern bool pge_ivf_page_is(Page page, IvfPageKind kind);
extern bool pge_ivf_page_belongs(Page page, IvfPageKind kind, uint32 list, uint32 generation);
extern IvfSpecial *pge_ivf_page_check(Relation index, Buffer buffer, IvfPageKind kind);
extern Buffer pge_ivf_new_buffer(Relation index);
extern BlockNumber pge_ivf_new_block(Relation index);
extern void pge_ivf_write_page(Relation index, BlockNumber block, Page image, bool building);
extern IvfHead pge_ivf_read_head(Relation index, IvfIndex *entry, int list);
extern void pge_ivf_write_head(Relation index, int list, const IvfHead *head);
extern void pge_ivf_corrupt(Relation index, BlockNumber block, const char *what) pg_attribute_noreturn();

/* ---- what a session keeps (ivf_model.c) ---- */

extern IvfIndex *pge_ivf_open(Relation index);
extern Buffer pge_ivf_read(Relation index, IvfIndex *entry, BlockNumber block);
extern void pge_ivf_shape(const IvfMeta *meta, PgeIvfShape *shape);

/* ---- lists, written in one go (ivf_write.c) ---- */

typedef struct IvfWriter IvfWriter;

extern IvfWriter *pge_ivf_writer_begin(Relation index, const PgeIvfShape *shape, bool building);
extern void pge_ivf_writer_list(IvfWriter *writer, int list, uint32 generation);
extern void pge_ivf_writer_add(IvfWriter *writer, uint8 *record);
extern IvfHead pge_ivf_writer_end_list(IvfWriter *writer);

/* ---- build, insert, scan, vacuum ---- */

/* Lists that a scan looks into at most, however far it goes on; 0: all. No setting of ours: ivfflat has one (compat_ivfflat.c). */
extern int	pge_ivf_max_probes;


extern IndexBuildResult *pge_ivf_build(Relation heap, Relation index, struct IndexInfo *info);
extern void pge_ivf_build_empty(Relation index);
extern bool pge_ivf_insert(Relation index, Datum *values, bool *nulls, ItemPointer tid, Relation heap, IndexUniqueCheck unique,
						   bool unchanged, struct IndexInfo *info);
extern IndexScanDesc pge_ivf_begin_scan(Relation index, int keys, int order_bys);
extern void pge_ivf_rescan(IndexScanDesc scan, ScanKey keys, int key_count, ScanKey order_bys, int order_by_count);
extern bool pge_ivf_get_tuple(IndexScanDesc scan, ScanDirection direction);
extern void pge_ivf_end_scan(IndexScanDesc scan);
extern IndexBulkDeleteResult *pge_ivf_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
												  IndexBulkDeleteCallback callback, void *state);
extern IndexBulkDeleteResult *pge_ivf_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats);

#endif							/* PGE_IVF_H */
