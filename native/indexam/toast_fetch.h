/*
 * Indexes of vectors: values that a heap keeps in its TOAST table, read by the batch.
 *
 * Most of what an exact distance costs is reading 3 kB that nobody has read lately: one after another the processor waits for pages of an
 * index, of a table, for the value. So values are looked for together: while it waits for one, others are on their way.
 */
#ifndef PGE_TOAST_FETCH_H
#define PGE_TOAST_FETCH_H

#include "access/detoast.h"
#include "utils/rel.h"

#define PGE_TOAST_MAX_CHUNKS 40

/* A value to be fetched. Who finds no chunks leaves found false: then detoast_attr() is to do it. */
typedef struct PgeToastValue
{
	struct varatt_external pointer;
	int			chunks;
	bool		found;
	ItemPointerData tids[PGE_TOAST_MAX_CHUNKS];
} PgeToastValue;

typedef struct PgeToastReader PgeToastReader;

/* Of a table; NULL: it has none, or none that is a heap. Its relations stay open, in the current resource owner, until the end. */
extern PgeToastReader *pge_toast_begin(Relation table);
extern void pge_toast_end(PgeToastReader *reader);

/*
 * Whether a datum is such a value, whole and not compressed; then *value is to be fetched, and the processor asked for where it is looked
 * up.
 */
extern bool pge_toast_want(PgeToastReader *reader, struct varlena *datum, PgeToastValue *value);

/* The three steps, to be taken for all values of a batch before the next one. */
extern void pge_toast_find(PgeToastReader *reader, PgeToastValue *value);
extern void pge_toast_approach(PgeToastReader *reader, const PgeToastValue *value);

/* A plain varlena in the reader's memory, until the next call; NULL: detoast_attr() is to do it. */
extern struct varlena *pge_toast_read(PgeToastReader *reader, PgeToastValue *value);

#endif							/* PGE_TOAST_FETCH_H */
