/*
 * Column store, page layer: root, directory and the pages of groups. Knows pages, buffers and WAL; knows nothing of
 * visibility, rows or encodings.
 */
#ifndef PGE_DIRECTORY_H
#define PGE_DIRECTORY_H

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

/* directory.c */
extern void pge_root_ensure(Relation rel);
extern uint32 pge_directory_count(Relation rel);
extern bool pge_directory_get(Relation rel, uint32 group_id, PgeGroupDesc *desc);
extern uint32 pge_directory_load(Relation rel, PgeGroupDesc **descs);
extern uint32 pge_directory_append(Relation rel, PgeGroupDesc *desc);
extern void pge_directory_update(Relation rel, const PgeGroupDesc *desc);
extern int	pge_delta_ranges(Relation rel, const PgeGroupDesc *descs, uint32 ndescs, BlockNumber nblocks,
							 PgeBlockRange **ranges);

/* group_store.c */
extern void pge_group_store(Relation rel, PgeGroupDesc *desc, const char *bytes, uint64 length);
extern void pge_group_read(Relation rel, const PgeGroupDesc *desc, uint64 offset, uint64 length, char *dest);

#endif							/* PGE_DIRECTORY_H */
