/*
 * Column store: what the files of VACUUM share. column_vacuum.c leads; column_vacuum_index.c cleans indexes, column_free.c gives
 * pages back, column_vacuum_stats.c says what was done.
 */
#ifndef PGE_COLUMN_VACUUM_H
#define PGE_COLUMN_VACUUM_H

#include "commands/vacuum.h"

#include "column.h"

/* What was done, for VACUUM (VERBOSE) and the log. */
typedef struct PgeVacuumCounts
{
	uint32		groups;			/* that somebody sees or will see */
	double		rows;			/* of them, that live */
	double		dead_rows;		/* of them, that are dead but not removed */
	double		kept_rows;		/* of those, that could have been removed, but the indexes were not to be touched */
	double		removed_rows;	/* now */
	uint32		removed_groups; /* now */
	int			index_passes;
	uint32		freed_pages;	/* become the delta's */
	BlockNumber cut_pages;		/* at the end of the table */
} PgeVacuumCounts;

/* Rows that are to leave the indexes: a bitmap for each group, PGE_WHOLE_GROUP, or NULL. */
typedef struct PgeDeadRows
{
	uint32		groups;
	uint64	  **rows;
	uint32	   *nrows;			/* rows of the group: the size of its bitmap */
	Size		bytes;			/* of bitmaps */
	double		count;
} PgeDeadRows;

extern uint64 *const PGE_WHOLE_GROUP;

/* column_vacuum.c */
extern void pge_log_standby_conflict(Relation rel, TransactionId newest);

/* column_vacuum_index.c */
extern void pge_vacuum_indexes(Relation rel, Relation *indexes, int nindexes, PgeDeadRows *dead, double reltuples,
							   BufferAccessStrategy strategy);

/* column_vacuum_stats.c */
extern List *pge_vacuum_index_tuples(Relation rel);
extern void pge_vacuum_record(Relation rel, const PgeVacuumCounts *counts, List *index_tuples);
extern void pge_vacuum_report(Relation rel, VacuumParams *params, const PgeVacuumCounts *counts);

/* column_truncate.c */
extern void pge_vacuum_truncate(Relation rel, VacuumParams *params, PgeVacuumCounts *counts);

/* column_free.c */
extern bool pge_has_retired(Relation rel);
extern uint32 pge_free_retired(Relation rel, bool alone);
extern uint32 pge_sweep_orphans(Relation rel, TransactionId limit);

#endif							/* PGE_COLUMN_VACUUM_H */
