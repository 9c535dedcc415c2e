/*
 * A relation of ours, shown as heap to the heap access method's own code.
 */
#ifndef PGE_HEAP_VIEW_H
#define PGE_HEAP_VIEW_H

#include "access/relscan.h"
#include "utils/rel.h"

/*
 * heap_getnext(), which index builds use, accepts no relation whose routine table is not heap's. The view is a second relation
 * descriptor for the same table that says heap; the table's own descriptor is not touched, so whatever else runs meanwhile
 * (an index expression that reads the table, a relcache rebuild, an error) sees the truth and has nothing to put back.
 *
 * The caller holds the relation open and locked for as long as the view lives. After an error the view ends with its transaction.
 */
extern Relation pge_heap_view_begin(Relation rel);
extern void pge_heap_view_end(Relation view);

/* Makes a scan that was begun on the table itself one of the view; does nothing for NULL. */
extern void pge_heap_view_adopt(Relation view, TableScanDesc scan);

#endif							/* PGE_HEAP_VIEW_H */
