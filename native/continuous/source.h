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

/* More equalities than this are not looked at: fewer find more rows. */
#define PGE_JOIN_MAX_KEYS	4

/* A column of a joined table that has to equal an expression over the source for the row to matter. */
typedef struct PgeJoinKey
{
	AttrNumber	attno;
	Oid			type;			/* as the operator takes it; of the column's representation */
	int16		length;
	bool		by_value;
	char		align;
} PgeJoinKey;

/* The table as one that an aggregate's query joins with its source; as often as the query does. */
typedef struct PgeJoin
{
	Oid			definition;
	Index		index;			/* in the definition's range table */
	Bitmapset  *columns;		/* that the query reads, by FirstLowInvalidHeapAttributeNumber */
	int			nkeys;			/* 0: any row may matter to any of the source's */
	PgeJoinKey	keys[PGE_JOIN_MAX_KEYS];
} PgeJoin;

/*
 * A table, or a continuous aggregate that others build on. By its definition's OID an aggregate is the source of itself and of those: the
 * way for changes that do not come from its source.
 */
typedef struct PgeSource
{
	Oid			relid;			/* hash key */
	bool		valid;
	int			ncolumns;		/* 0 and no joins: nobody wants to know */
	PgeTimeColumn *columns;
	int			njoins;
	PgeJoin    *joins;
	MemoryContext context;
} PgeSource;

extern void pge_source_init(void);

/* Good until the next call that may read catalogs. */
extern const PgeSource *pge_source(Oid relid);
extern const PgeTimeColumn *pge_source_column(const PgeSource *source, AttrNumber attno);

/* capture.c, for triggers.c and joined.c. A row that comes has no old slot, one that goes no new one */
extern void pge_capture_row(Oid relid, TupleTableSlot *old, TupleTableSlot *new);
extern void pge_capture_time(Oid relid, int column, Datum time);
extern void pge_capture_slots(Oid relid, TupleTableSlot **slots, int nslots);
extern void pge_capture_ranges(Oid source, const PgeRanges *ranges);
extern void pge_capture_everything(Oid source);
extern void pge_capture_unsettled(void);
extern bool pge_source_tells(const PgeSource *source, Oid definition);

/* ---- join.c: what rows of joined tables matter to ---- */

extern void pge_join_init(PgeJoin *join, PgeContinuousQuery *parts, Oid definition, Index index);
extern bool pge_join_look(const PgeJoin *join, Datum *const *values, int n, PgeRanges *ranges);

/* ---- joined.c: which rows of joined tables this transaction has changed ---- */

typedef enum PgeSettle
{
	PGE_SETTLE_FOR_REFRESH,
	PGE_SETTLE_TO_COMMIT,
	PGE_SETTLE_TO_PREPARE,
} PgeSettle;

extern void pge_joined_row(const PgeJoin *join, TupleTableSlot *old, TupleTableSlot *new);
extern bool pge_joined_concerns(Oid definition);
extern void pge_joined_settle(PgeSettle settle);
extern void pge_joined_end_sub(bool commit, SubTransactionId subid, SubTransactionId parent);
extern void pge_joined_end(void);

#endif							/* PGE_CONTINUOUS_SOURCE_H */
