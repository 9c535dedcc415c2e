/*
 * Column store: delete, update and lock of a row in a group (column_row.c).
 */
#ifndef PGE_COLUMN_ROW_H
#define PGE_COLUMN_ROW_H

#include "access/tableam.h"

#include "directory.h"

/* Stores the new version of a row of a group in the delta, and counts the update. */
typedef void (*PgeStoreVersion) (Relation rel, const PgeGroupDesc *desc, uint32 row, TupleTableSlot *slot, CommandId cid);

extern TM_Result pge_row_delete(Relation rel, ItemPointer tid, CommandId cid, Snapshot crosscheck, bool wait,
								TM_FailureData *tmfd, bool changing_part);
extern TM_Result pge_row_update(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, Snapshot crosscheck,
								bool wait, TM_FailureData *tmfd, LockTupleMode *lockmode,
								TU_UpdateIndexes *update_indexes,
								PgeStoreVersion store);
extern TM_Result pge_row_lock(Relation rel, ItemPointer tid, TupleTableSlot *slot, CommandId cid, LockTupleMode mode,
							  LockWaitPolicy policy, uint8 flags, TM_FailureData *tmfd, bool *follow);

#endif							/* PGE_COLUMN_ROW_H */
