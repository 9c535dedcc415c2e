/*
 * Continuous aggregates: what a session remembers of a table that has some.
 */
#ifndef PGE_CONTINUOUS_SOURCE_H
#define PGE_CONTINUOUS_SOURCE_H

#include "continuous.h"

/* An aggregate to tell of changes, and how ranges of the table's times become closed ranges of its buckets. */
typedef struct PgeTarget
{
	Oid			definition;
	int			depth;
	PgeBucketing **chain;		/* its own is the last, those of the aggregates that it builds on come before */
} PgeTarget;

typedef struct PgeTimeColumn
{
	AttrNumber	attno;
	Oid			type;
	int64		cell;			/* the narrowest bucket right over the table */
	int			ntargets;
	PgeTarget  *targets;
} PgeTimeColumn;

/* A table, or a continuous aggregate that others build on. */
typedef struct PgeSource
{
	Oid			relid;			/* hash key */
	bool		valid;
	int			ncolumns;		/* 0: nobody wants to know */
	PgeTimeColumn *columns;
	MemoryContext context;
} PgeSource;

extern void pge_source_init(void);

/* Good until the next call that may read catalogs. */
extern const PgeSource *pge_source(Oid relid);
extern const PgeTimeColumn *pge_source_column(const PgeSource *source, AttrNumber attno);

/* capture.c, for triggers.c */
extern void pge_capture_slot(Oid relid, TupleTableSlot *slot);
extern void pge_capture_time(Oid relid, int column, Datum time);
extern void pge_capture_slots(Oid relid, TupleTableSlot **slots, int nslots);

#endif							/* PGE_CONTINUOUS_SOURCE_H */
