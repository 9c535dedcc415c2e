/*
 * Column store: changes of rows in groups, told to logical decoding (column_decode.c).
 */
#ifndef PGE_COLUMN_DECODE_H
#define PGE_COLUMN_DECODE_H

#include "executor/tuptable.h"
#include "utils/rel.h"

#include "directory.h"

/*
 * For a table that is logically logged, once the row is this transaction's to change; the caller sets the row's entry. The update stores
 * the new version in the delta, from a slot that heap understands, and leaves its TID there.
 */
extern void pge_decode_delete(Relation rel, const PgeGroupDesc *desc, uint32 row, CommandId cid, bool changing_part);
extern void pge_decode_update(Relation rel, const PgeGroupDesc *desc, uint32 row, TupleTableSlot *slot, CommandId cid);

#endif							/* PGE_COLUMN_DECODE_H */
