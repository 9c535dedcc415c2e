/*
 * Column store: key-share locks on versions of a row that are heap's (delta_lock.c).
 */
#ifndef PGE_DELTA_LOCK_H
#define PGE_DELTA_LOCK_H

#include "access/tableam.h"

extern void pge_delta_hand_locks(Relation rel, ItemPointer tid, const TransactionId *lockers, int n);
extern TM_Result pge_delta_key_share(Relation rel, ItemPointer tid, TransactionId maker, CommandId cid);

#endif							/* PGE_DELTA_LOCK_H */
