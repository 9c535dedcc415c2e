/*
 * Column store, page layer: root, directory and the pages of groups. Knows pages, buffers and WAL; knows nothing of
 * visibility, rows or encodings.
 */
#ifndef PGE_DIRECTORY_H
#define PGE_DIRECTORY_H

#include "access/generic_xlog.h"
#include "layout.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

/* Blocks [start, end). */
typedef struct PgeBlockRange
{
	BlockNumber start;
	BlockNumber end;
} PgeBlockRange;

/* page.c */
extern void pge_page_init(Page page, uint16 kind, uint32 group_id, uint32 page_no, TransactionId xid);
extern bool pge_page_is_ours(Page page);
extern PgePageHeader *pge_page_check(Relation rel, Buffer buffer, uint16 kind);
extern Buffer pge_page_read(Relation rel, BlockNumber block, uint16 kind, int mode);
extern Page pge_page_register_new(GenericXLogState *state, Buffer buffer, uint16 kind, uint32 group_id, uint32 page_no);

/* directory.c */
extern void pge_root_ensure(Relation rel);
extern uint32 pge_directory_count(Relation rel);
extern void pge_directory_forget(Relation rel);
extern bool pge_directory_get(Relation rel, uint32 group_id, PgeGroupDesc *desc);
extern uint32 pge_directory_load(Relation rel, PgeGroupDesc **descs);
extern uint32 pge_directory_append(Relation rel, PgeGroupDesc *desc);
extern void pge_directory_publish(Relation rel, PgeGroupDesc *desc);
extern void pge_directory_replace(Relation rel, uint32 group_id, TransactionId xmax, CommandId cmax);
extern void pge_directory_resolve(Relation rel, uint32 group_id, uint16 flags, TransactionId xmax, uint32 dead_rows);
extern Buffer pge_directory_lock(Relation rel, uint32 group_id);
extern PgeGroupDesc *pge_directory_slot(Page page, uint32 group_id);
extern int	pge_delta_ranges(Relation rel, const PgeGroupDesc *descs, uint32 ndescs, BlockNumber nblocks,
							 PgeBlockRange **ranges);

/* delete_vector.c */
extern bool pge_delete_read_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no, PgeDelete *entries);
extern bool pge_delete_get(Relation rel, const PgeGroupDesc *desc, uint32 row, PgeDelete *entry);
extern void pge_delete_set(Relation rel, const PgeGroupDesc *desc, uint32 row, const PgeDelete *entry);
extern bool pge_delete_change_page(Relation rel, const PgeGroupDesc *desc, uint32 page_no,
								   bool (*change) (PgeDelete *entry, void *arg), void *arg);

/* visibility_map.c */
extern void pge_mark_all_frozen(Relation rel, BlockNumber first, uint32 blocks);
extern void pge_clear_visibility(Relation rel, BlockNumber start, BlockNumber end);

/* group_store.c */
extern void pge_group_store(Relation rel, PgeGroupDesc *desc, const char *bytes, uint64 length, const PgeOriginList *origins);
extern void pge_group_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest);
extern PgeOriginList *pge_group_read_origins(Relation rel, const PgeGroupDesc *desc);

#endif							/* PGE_DIRECTORY_H */
