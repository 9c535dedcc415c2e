/*
 * Column store, page layer: root, directory and the pages of groups. Knows pages, buffers and WAL; knows nothing of
 * visibility, rows or encodings.
 */
#ifndef PGE_DIRECTORY_H
#define PGE_DIRECTORY_H

#include "access/generic_xlog.h"
#include "access/xlogrecord.h"
#include "layout.h"
#include "shim/pge.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* Pages that one WAL record takes, as log_newpage_range() does it. */
#define PGE_PAGES_PER_RECORD	XLR_MAX_BLOCK_ID

/* Bitmaps of a group's rows. */
static inline void
pge_bitmap_set(uint64 *bitmap, uint32 row)
{
	bitmap[row / 64] |= UINT64CONST(1) << (row % 64);
}

/* NULL: an empty one. */
static inline bool
pge_bitmap_has(const uint64 *bitmap, uint32 row)
{
	return unlikely(bitmap != NULL) && (bitmap[row / 64] >> (row % 64) & 1);
}

/* The group that the pages of a descriptor's extent say they are of. */
static inline uint32
pge_pages_of(const PgeGroupDesc *desc)
{
	return desc->pages_of == 0 ? desc->group_id : desc->pages_of - 1;
}

/* Blocks [start, end). */
typedef struct PgeBlockRange
{
	BlockNumber start;
	BlockNumber end;
} PgeBlockRange;

/* page.c */
extern void pge_page_init(Page page, uint16 kind, uint32 group_id, uint32 page_no, TransactionId xid);
extern void pge_page_init_heap(Page page);
extern bool pge_page_is_ours(Page page);
extern PgePageHeader *pge_page_check(Relation rel, Buffer buffer, uint16 kind);
extern bool pge_block_exists(Relation rel, BlockNumber block);
extern void pge_block_must_exist(Relation rel, BlockNumber block);
extern Buffer pge_page_read(Relation rel, BlockNumber block, uint16 kind, int mode);
extern Page pge_page_register_new(GenericXLogState *state, Buffer buffer, uint16 kind, uint32 group_id, uint32 page_no);
extern void pge_page_patch(Relation rel, Buffer buffer, uint16 offset, const void *bytes, uint16 length);

/* directory.c */
extern void pge_root_ensure(Relation rel);
extern uint32 pge_directory_count(Relation rel);
extern void pge_directory_forget(Relation rel);
extern BlockNumber pge_directory_map_block(Relation rel, uint32 map);
extern PgeRoot *pge_root_of(Page page);
extern bool pge_directory_get(Relation rel, uint32 group_id, PgeGroupDesc *desc);
extern uint32 pge_directory_load(Relation rel, PgeGroupDesc **descs);
extern uint32 pge_directory_append(Relation rel, PgeGroupDesc *desc);
extern void pge_directory_publish(Relation rel, PgeGroupDesc *desc);
extern void pge_directory_replace(Relation rel, uint32 group_id, TransactionId xmax, CommandId cmax, bool dropped);
extern void pge_directory_resolve(Relation rel, uint32 group_id, uint16 flags, TransactionId xmax, uint32 dead_rows);
extern Buffer pge_directory_lock(Relation rel, uint32 group_id);
extern PgeGroupDesc *pge_directory_slot(Page page, uint32 group_id);
extern int	pge_delta_ranges(Relation rel, const PgeGroupDesc *descs, uint32 ndescs, BlockNumber nblocks,
							 PgeBlockRange **ranges);

/* directory_free.c */
extern void pge_directory_retire(Relation rel, uint32 group_id);
extern void pge_directory_free(Relation rel, uint32 group_id);
extern void pge_directory_exchange(Relation rel, const PgeGroupDesc *to, uint32 spare);
extern void pge_sweep_note(Relation rel, BlockNumber from);
extern BlockNumber pge_sweep_begin(Relation rel, uint32 *notes);
extern void pge_sweep_end(Relation rel, uint32 notes);

/* delete_vector.c */

/* What a group's map named when it was read, for those who go through all of a delete vector. */
typedef struct PgeDeletes
{
	PgeDeleteMap map;
	uint64	   *removed;		/* bitmap of removed rows, or NULL */
} PgeDeletes;

extern bool pge_deletes_open(Relation rel, const PgeGroupDesc *desc, PgeDeletes *deletes);
extern void pge_deletes_close(PgeDeletes *deletes);
extern bool pge_deletes_page(Relation rel, const PgeGroupDesc *desc, const PgeDeletes *deletes, uint32 page_no,
							 PgeDelete *entries);
extern PgeDelete *pge_deletes_load(Relation rel, const PgeGroupDesc *desc);
extern bool pge_delete_get(Relation rel, const PgeGroupDesc *desc, uint32 row, PgeDelete *entry);
extern void pge_delete_set(Relation rel, const PgeGroupDesc *desc, uint32 row, const PgeDelete *entry);
extern void pge_delete_change_page(Relation rel, const PgeGroupDesc *desc, const PgeDeletes *deletes, uint32 page_no,
								   bool (*change) (PgeDelete *entry, void *arg), void *arg);
extern void pge_delete_set_removed(Relation rel, const PgeGroupDesc *desc, const uint64 *rows);
extern bool pge_delete_retire_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no, const uint64 *removed);
extern Buffer pge_delete_read(Relation rel, uint32 group_id, BlockNumber block, uint16 kind, uint32 page_no, int mode);
extern PgeDeleteMap *pge_delete_map_of(Page page);

/* page_free.c */
extern uint32 pge_extent_free(Relation rel, uint32 group_id, BlockNumber first, uint32 blocks);
extern uint32 pge_delete_vector_free(Relation rel, const PgeGroupDesc *desc);
extern bool pge_delete_has_retired(Relation rel, const PgeGroupDesc *desc);
extern uint32 pge_delete_free_retired(Relation rel, const PgeGroupDesc *desc, bool (*nobody_reads) (TransactionId xid, void *arg),
									  void *arg);

/* visibility_map.c */
extern void pge_clear_visibility(Relation rel, BlockNumber start, BlockNumber end);

/* page_move.c */
extern bool pge_page_is_free(Page page);
extern bool pge_extent_move(Relation rel, PgeGroupDesc *desc, BlockNumber target, BlockNumber *taken);
extern bool pge_page_move(Relation rel, BlockNumber block, BlockNumber target);

/* A scan of a table that is large for the buffers: what it reads at first stays there as other pages do, the rest goes through a ring. */
typedef struct PgeBulk
{
	BufferAccessStrategy ring;
	uint64		pages_left;		/* before the ring */
} PgeBulk;

/* How pages of a group are read by who reads them one after another. */
typedef struct PgeReadPlan
{
	PgeBulk    *bulk;			/* or NULL */
	bool		ahead;			/* what follows is wanted next */
	Buffer	   *known;			/* PGE_KNOWN_BUFFERS: where pages were, by their number modulo that; NULL: nobody remembers */
	struct PgeRecentBuffers *recent;	/* where the session found the table's pages, or NULL */
} PgeReadPlan;

#define PGE_KNOWN_BUFFERS	512

/* group_store.c */
extern void pge_pages_log(Relation rel, Buffer *buffers, int n);
extern void pge_mark_all_frozen(Relation rel, BlockNumber first, uint32 blocks);
extern void pge_image_copy(const PgeGroupImage *image, uint64 offset, uint64 length, char *dest);
extern void pge_group_store(Relation rel, PgeGroupDesc *desc, const PgeGroupImage *image, const PgeOriginList *origins);
extern void pge_group_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest, const PgeReadPlan *plan);
extern void pge_group_read_parts(Relation rel, const PgeGroupDesc *desc, const uint64 *offsets, int count, uint64 length, char *dest,
								 const PgeReadPlan *plan);
extern void pge_stub_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest);
extern PgeOriginList *pge_group_read_origins(Relation rel, const PgeGroupDesc *desc);

#endif							/* PGE_DIRECTORY_H */
