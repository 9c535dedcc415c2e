/*
 * Column store: what the files of the access method share. Layers, each using only those above it in this list:
 * directory.h (pages) - visibility - reader - slot - writer - the callbacks (column_*.c).
 */
#ifndef PGE_COLUMN_H
#define PGE_COLUMN_H

#include "access/tableam.h"
#include "executor/tuptable.h"
#include "shim/pge.h"
#include "utils/snapshot.h"

#include "directory.h"

/* ---- group_visibility.c: who sees a group ---- */

typedef enum PgeGroupFate
{
	PGE_FATE_DEAD,				/* nobody will ever see it */
	PGE_FATE_LIVE,				/* committed */
	PGE_FATE_MINE,				/* stored by this transaction */
	PGE_FATE_IN_PROGRESS		/* stored by somebody who has not finished */
} PgeGroupFate;

/* What became of the transaction that deleted or updated a row, or replaced a group. */
typedef enum PgeDeleteFate
{
	PGE_DELETE_NONE,			/* never touched, or the one who did aborted */
	PGE_DELETE_MINE,
	PGE_DELETE_IN_PROGRESS,
	PGE_DELETE_COMMITTED,
	PGE_DELETE_DEAD				/* nobody will ever see the row */
} PgeDeleteFate;

extern PgeGroupFate pge_group_fate(const PgeGroupDesc *desc);
extern PgeDeleteFate pge_group_replaced(const PgeGroupDesc *desc);
extern bool pge_group_is_current(const PgeGroupDesc *desc);
extern bool pge_group_visible(Relation rel, const PgeGroupDesc *desc, Snapshot snapshot);

extern void pge_check_conflict_out(Relation rel, TransactionId xid, Snapshot snapshot);

/* ---- row_visibility.c: who sees a row of it ---- */

extern PgeDeleteFate pge_delete_fate(const PgeDelete *entry);
extern bool pge_row_visible(Relation rel, const PgeGroupDesc *desc, uint32 row, Snapshot snapshot);
extern uint64 *pge_group_gone_rows(Relation rel, const PgeGroupDesc *desc, Snapshot snapshot);
extern void pge_rows_gone(Relation rel, const PgeGroupDesc *desc, uint32 first, uint32 n, Snapshot snapshot, bool *is_gone);
extern uint64 *pge_group_removed_rows(Relation rel, const PgeGroupDesc *desc);
extern bool pge_row_surely_dead(Relation rel, ItemPointer tid, struct GlobalVisState *vistest, TransactionId *horizon);

/* ---- group_conflict.c: serializable readers of rows that were moved ---- */

extern void pge_check_moves(Relation rel, TransactionId mover, Snapshot snapshot);
extern void pge_check_delta_move(Relation rel, HeapTuple tuple, Snapshot snapshot);

/* ---- group_reader.c: decoded values of a stored group ---- */

typedef struct PgeReader PgeReader;

extern PgeReader *pge_reader_open(Relation rel, const PgeGroupDesc *desc);
extern void pge_reader_count(PgeReader *reader, Relation rel);
extern PgeReader *pge_reader_retain(PgeReader *reader);
extern void pge_reader_release(PgeReader *reader);
extern const PgeGroupDesc *pge_reader_desc(const PgeReader *reader);
extern bool pge_reader_was_read(const PgeReader *reader);
extern void pge_reader_vector_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, int from, int to,
									 Datum *values, bool *isnull);
extern uint64 pge_reader_plan_vector(PgeReader *reader, TupleDesc tupdesc, int vector);
extern bool pge_reader_spare_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, Datum *values, bool *isnull);
extern void pge_reader_row_values(PgeReader *reader, TupleDesc tupdesc, uint32 row, int from, int to,
								  Datum *values, bool *isnull, MemoryContext cxt);
extern void pge_reader_chunk_info(PgeReader *reader, TupleDesc tupdesc, int column, PgeChunkInfo *info);
extern PgeBulk *pge_bulk_begin(Relation rel, int sharers);
extern void pge_bulk_end(PgeBulk *bulk);
extern void pge_reader_stream(PgeReader *reader, Relation rel, PgeBulk *bulk, bool few);
extern void pge_reader_end_stream(PgeReader *reader);
extern uint64 pge_reader_match(PgeReader *reader, TupleDesc tupdesc, const PgeZoneTest *tests, int ntests);
extern u64	pge_reader_handle(PgeReader *reader, TupleDesc tupdesc);
extern void pge_reader_damage_context(void *arg);
extern PgeColumnDesc *pge_column_descs(TupleDesc tupdesc);

/* ---- column_fetch.c ---- */

extern bool pge_column_value(Relation rel, const ItemPointerData *tid, AttrNumber attno, Datum *value, bool *isnull);

/* ---- scan_readers.c: readers that a scan keeps from run to run ---- */

typedef struct PgeKeptReaders PgeKeptReaders;

extern PgeKeptReaders *pge_kept_readers(uint32 groups);
extern PgeReader *pge_kept_reader_take(PgeKeptReaders *kept, uint32 group);
extern void pge_kept_reader_put(PgeKeptReaders *kept, uint32 group, PgeReader *reader);
extern void pge_kept_readers_free(PgeKeptReaders *kept);

/* ---- reader_cache.c: readers that the session keeps ---- */

extern PgeReader *pge_reader_cached(Relation rel, const PgeGroupDesc *desc);
extern PgeReader *pge_reader_for_scan(Relation rel, const PgeGroupDesc *desc, uint64 scan);
extern void pge_reader_scanned(PgeReader *reader, bool few);
extern void pge_reader_forget_all(void);
extern void pge_reader_cache_init(void);

/* ---- column_slot.c: a slot that holds a heap tuple, a column row, or plain values ---- */

extern const TupleTableSlotOps PgeSlotOps;

/* How a column row's values are fetched when somebody asks for them. */
typedef enum PgeFetchMode
{
	PGE_FETCH_VECTOR,			/* decode whole vectors: the caller reads row after row */
	PGE_FETCH_ROW				/* decode single values, copied into the slot */
} PgeFetchMode;

/* Somebody who can tell which columns of column rows are worth decoding, from 0; NULL: all. */
typedef struct PgeWanted
{
	const Bitmapset *(*ask) (struct PgeWanted *self);
} PgeWanted;

extern TupleTableSlot *pge_slot_heap(TupleTableSlot *slot);
extern void pge_slot_adopt_heap(TupleTableSlot *slot);
extern void pge_slot_store_row(TupleTableSlot *slot, Relation rel, PgeReader *reader, uint32 row, PgeFetchMode mode);
extern void pge_slot_mark_stored(TupleTableSlot *slot, TransactionId xmin, CommandId cmin);
extern void pge_slot_want(TupleTableSlot *slot, PgeWanted *asker);
extern bool pge_slot_is_heap(TupleTableSlot *slot);
extern bool pge_slot_is_column(TupleTableSlot *slot);

/* ---- column_writer.c: rows on their way into a group ---- */

/* Below this a group's pages and descriptor cost more than they save. */
#define PGE_GROUP_MIN_ROWS	PGE_VECTOR_ROWS

extern bool pge_writer_insert(Relation rel, TupleTableSlot **slots, int nslots, CommandId cid, int options,
							  struct BulkInsertStateData *bistate);
extern void pge_writer_flush(Relation rel);
extern void pge_writer_finish(Relation rel);
extern void pge_writer_finish_level(int level);
extern void pge_writer_init(void);

/* ---- column_modify.c ---- */

extern void pge_delta_insert(Relation rel, TupleTableSlot *slot, CommandId cid, int options, struct BulkInsertStateData *bistate);
extern void pge_writer_options(Relation rel, PgeWriterOptions *options);

/* ---- column_info.c ---- */

extern Relation pge_open_column_table(Oid relid, AclMode right, LOCKMODE mode);
extern Relation pge_try_open_column_table(Oid relid, AclMode right, LOCKMODE mode);
typedef void (*PgeSeeRow) (HeapTuple tuple, void *arg);
extern int64 pge_delta_block_rows(Relation rel, BlockNumber block, Snapshot snapshot, BufferAccessStrategy strategy, PgeSeeRow see,
								  void *arg);

/* ---- column_vacuum.c ---- */

/* Called at the end of each VACUUM of a column table; NULL, or set by those above who move rows by themselves. */
extern void (*pge_after_vacuum) (Relation rel);

/* ---- callbacks, one file an area ---- */

extern const TableAmRoutine *pge_heap_routine(void);
extern bool pge_is_column_table(Relation rel);
extern bool pge_has_vector_codes(Relation rel);
extern bool pge_is_time_table(Relation rel);
extern void pge_check_column_table(Relation rel);

extern void pge_column_set_scan_callbacks(TableAmRoutine *routine);		/* column_scan.c */
extern void pge_column_set_bitmap_callbacks(TableAmRoutine *routine);	/* column_bitmap.c */
extern void pge_column_set_sample_callbacks(TableAmRoutine *routine);	/* column_sample.c */
extern void pge_column_set_fetch_callbacks(TableAmRoutine *routine);	/* column_fetch.c */
extern void pge_column_set_modify_callbacks(TableAmRoutine *routine);	/* column_modify.c */
extern void pge_column_set_index_callbacks(TableAmRoutine *routine);	/* column_index.c */
extern void pge_column_set_storage_callbacks(TableAmRoutine *routine);	/* column_storage.c */
extern void pge_column_set_rewrite_callbacks(TableAmRoutine *routine);	/* column_rewrite.c */
extern void pge_column_set_vacuum_callbacks(TableAmRoutine *routine);	/* column_vacuum.c */

#endif							/* PGE_COLUMN_H */
