/*
 * Column store: rows into the bytes of a group, and those into the table (group_builder.c).
 */
#ifndef PGE_GROUP_BUILDER_H
#define PGE_GROUP_BUILDER_H

#include "directory.h"
#include "shim/pge.h"
#include "time_key.h"

typedef struct PgeBuilder
{
	MemoryContext cxt;			/* all of this; delete it to give up */
	MemoryContext row_cxt;		/* detoasted values of the rows in hand */
	TupleDesc	tupdesc;
	int		   *varlenas;		/* columns that may come compressed or from a TOAST table */
	int			nvarlenas;
	int		   *dropped;
	int			ndropped;
	u64			handle;
	PgeWriterState state;		/* of the rows that the managed side has */
	uint32		max_rows;
	uint64		max_bytes;
	Datum	   *values;			/* rows in hand */
	bool	   *nulls;
	int			pending;
	Size		in_hand;		/* bytes in row_cxt */

	bool		timed;			/* the table has a time column */
	bool		sorted;			/* the caller adds rows in the order of series and time; set anew for each group */
	bool		in_order;		/* their times have not gone back */
	PgeTimeKey	key;
	int64		time_min;		/* of rows added since the last group */
	int64		time_max;
	uint32		time_nulls;
} PgeBuilder;

/* Does a row of the group that is copied stay? */
typedef bool (*PgeKeepRow) (uint32 row, void *arg);

extern PgeBuilder *pge_builder_begin(Relation rel, MemoryContext parent, uint32 max_rows, uint64 max_bytes);
extern uint32 pge_builder_add(PgeBuilder *builder, const Datum *values, const bool *nulls);
extern void pge_builder_copy(PgeBuilder *builder, Relation rel, const PgeGroupDesc *from, PgeKeepRow keep, void *arg);
extern void pge_builder_flush(PgeBuilder *builder);
extern void pge_builder_image(PgeBuilder *builder, PgeGroupImage *image);
extern void pge_builder_store(PgeBuilder *builder, Relation rel, PgeGroupDesc *desc, const PgeOriginList *origins);
extern void pge_builder_mark_full(const PgeBuilder *builder, PgeGroupDesc *desc);
extern bool pge_builder_is_full(const PgeGroupDesc *desc, uint32 max_rows, uint64 max_bytes);
extern void pge_builder_end(PgeBuilder *builder);
extern uint64 pge_builder_max_bytes(void);

static inline uint32
pge_builder_rows(const PgeBuilder *builder)
{
	return builder->state.Rows + builder->pending;
}

#endif							/* PGE_GROUP_BUILDER_H */
