/*
 * Column store: what a reader is, for the files that make and keep readers. Everybody else has column.h.
 */
#ifndef PGE_GROUP_READER_H
#define PGE_GROUP_READER_H

#include "lib/ilist.h"

#include "cold_group.h"
#include "column.h"

/* One column's vector as last decoded. */
typedef struct PgeColumnVector
{
	int			vector;			/* which one, or -1 */
	Datum	   *values;			/* PGE_VECTOR_ROWS of each, made at first use */
	bool	   *nulls;
	bool		by_row;			/* pge_reader_plan_vector(): its values are too large to be decoded all at once */
} PgeColumnVector;

struct PgeReader
{
	PgeGroupSource source;		/* first: the managed side's token points here */
	MemoryContext cxt;
	int			refs;
	bool		kept;			/* by reader_cache.c: lives on without references */
	bool		exclusive;		/* kept: a scan goes through its vectors, whose values nobody else may move */
	uint64		scan;			/* kept: the last scan that had it, by number */
	dlist_node	node;			/* kept: its place there */
	Size		bytes;			/* kept, by whomever: what it counts for */
	Oid			relid;
	NameData	relname;
	RelFileLocator locator;
	PgeGroupDesc desc;
	PgeReadPlan plan;
	PgeColdGroup *cold;			/* of a cold group, once something of it was asked for */
	bool		counts;			/* a query's, to be counted when it next asks for values */
	bool		was_read;		/* values have been asked for: the next ones may be at hand */
	LocalTransactionId counted_in;	/* kept: in which transaction it was counted */
	u64			handle;			/* 0 until values are asked for */
	PgeColumnVector columns[FLEXIBLE_ARRAY_MEMBER];
};

/* group_reader.c */
extern PgeReader *pge_reader_make(Relation rel, const PgeGroupDesc *desc, MemoryContext parent);
extern void pge_reader_rest(PgeReader *reader);

/* reader_cache.c */
extern void pge_reader_idle(PgeReader *reader);

#endif							/* PGE_GROUP_READER_H */
