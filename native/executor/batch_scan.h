/*
 * Executor: scans of foreign tables whose rows come by column, so that the engine can take them a batch at a time. What the planner and
 * the engine ask of them; tiering/foreign_batch.c answers.
 */
#ifndef PGE_BATCH_SCAN_H
#define PGE_BATCH_SCAN_H

#include "abi/pge_abi.h"
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

/* Is a table such a one? Asked while planning. */
extern bool pge_is_batch_table(const RelOptInfo *rel);

/* Can a node's rows come by column, and how many does the table have about? */
extern bool pge_is_batch_scan(const Plan *plan, double *rows);

/*
 * A node that gives nothing but columns of the table: those of the scan that anybody looks at. Its conditions only tell it what to leave
 * out.
 */
extern ForeignScan *pge_batch_scan_below(const ForeignScan *scan);

/* Does the node give its rows by column? */
extern bool pge_gives_batches(const PlanState *node);

/*
 * The next rows, at most so many; 0: the end. As the engine has them: of each column that is wanted (not NULL) lanes and null flags, what
 * is passed by reference in the current context.
 */
extern i32	pge_next_batch(PlanState *node, u64 **values, u8 **nulls, i32 capacity);

/* engine_values.c */
extern u64	pge_engine_copy(Datum value, int16 length);

/*
 * A value as the engine has it: integers sign-extended, as PostgreSQL reads them from tuples but not always computes them; a varlena
 * neither toasted, compressed nor expanded. By-reference values are copied to the current memory context.
 */
static inline u64
pge_engine_lane(Datum value, bool by_value, int16 length)
{
	if (!by_value)
		return pge_engine_copy(value, length);
	switch (length)
	{
		case 1:
			return (u64) (int64) DatumGetChar(value);
		case 2:
			return (u64) (int64) DatumGetInt16(value);
		case 4:
			return (u64) (int64) DatumGetInt32(value);
		default:
			return (u64) value;
	}
}

#endif							/* PGE_BATCH_SCAN_H */
