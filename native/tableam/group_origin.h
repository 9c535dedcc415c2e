/*
 * Column store: where the rows of a compacted group came from (group_origin.c).
 */
#ifndef PGE_GROUP_ORIGIN_H
#define PGE_GROUP_ORIGIN_H

#include "directory.h"

/* A list in the making, in the context that was current at its first row. Begin with zeros. */
typedef struct PgeOrigins
{
	PgeOriginList *list;
	uint32		nruns;
	uint32		space;
	bool		descends;		/* some run is not behind the one before */
} PgeOrigins;

extern void pge_origins_add(PgeOrigins *origins, const ItemPointerData *tid);
extern const PgeOriginList *pge_origins_finish(PgeOrigins *origins, uint16 *flags);
extern bool pge_moved_to(Relation rel, const ItemPointerData *tid, TransactionId mover, ItemPointer to);
extern void pge_origins_forget_cache(void);

#endif							/* PGE_GROUP_ORIGIN_H */
