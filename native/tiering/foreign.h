/*
 * Foreign tables over Parquet files of an object store: what planning and execution have of each other.
 */
#ifndef PGE_FOREIGN_H
#define PGE_FOREIGN_H

#include "commands/explain.h"
#include "foreign/fdwapi.h"

#include "store.h"

/* The table's store, as its owner may use it: who may read the table reads the files. *path: the option. */
extern PgeStore *pge_foreign_store(Oid table, const char **path);

/* The files that its path names; an error if there are none. */
extern List *pge_foreign_files(PgeStore *store, const char *path);

/*
 * Of ForeignScan.fdw_private: attribute numbers that are wanted (IntList; 0: all), files when the plan was made, rows that they were taken
 * to have.
 */
enum
{
	PGE_FOREIGN_WANTED,
	PGE_FOREIGN_FILES,
	PGE_FOREIGN_ROWS,
};

/* foreign_scan.c */
extern void pge_foreign_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *pge_foreign_next(ForeignScanState *node);
extern i32	pge_foreign_batch(ForeignScanState *node, u64 **values, u8 **nulls, i32 capacity);
extern void pge_foreign_rescan(ForeignScanState *node);
extern void pge_foreign_end(ForeignScanState *node);
extern void pge_foreign_explain(ForeignScanState *node, ExplainState *es);

/* foreign_import.c */
extern List *pge_foreign_import(ImportForeignSchemaStmt *stmt, Oid server);

#endif							/* PGE_FOREIGN_H */
