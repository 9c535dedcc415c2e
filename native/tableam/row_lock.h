/*
 * Column store: heavyweight locks on rows of groups (row_lock.c).
 */
#ifndef PGE_ROW_LOCK_H
#define PGE_ROW_LOCK_H

#include "nodes/lockoptions.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

/* For a moment. */
extern bool pge_row_lock_acquire(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait);
extern void pge_row_lock_release(Relation rel, ItemPointer tid, LockTupleMode mode);

/* Core's own tuple lock, as heap uses it: a place in the line of those who wait for somebody to finish his change of the row. */
extern bool pge_row_queue(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait);
extern void pge_row_unqueue(Relation rel, ItemPointer tid, LockTupleMode mode);

/* To the transaction's end. */
typedef enum PgeKeptLock
{
	PGE_LOCK_REFUSED,			/* somebody holds one that conflicts, and we must not wait */
	PGE_LOCK_NEW,				/* may be released again if it turns out to be of no use */
	PGE_LOCK_HELD				/* was held before, or is one of all rows */
} PgeKeptLock;

extern PgeKeptLock pge_row_lock_keep(Relation rel, ItemPointer tid, LockTupleMode mode, bool wait);
extern bool pge_row_lock_kept(Relation rel, ItemPointer tid, LockTupleMode mode);
extern bool pge_row_lock_all(Relation rel, LockTupleMode mode, bool wait);

extern int	pge_row_key_sharers(Relation rel, ItemPointer tid, TransactionId **xids);

#endif							/* PGE_ROW_LOCK_H */
