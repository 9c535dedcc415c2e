/*
 * Automatic maintenance of column tables: a launcher that sleeps, connected to no database, and a short-lived worker in each database
 * that has something to do. Above the table access methods, which do not know of it but for a hook that VACUUM calls. The launcher serves
 * jobs as well (jobs.h).
 */
#ifndef PGE_MAINTENANCE_H
#define PGE_MAINTENANCE_H

#include "access/transam.h"
#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

/* What the workers remember of a table from one visit to the next. */
typedef struct PgeTableMemory
{
	Oid			database;		/* InvalidOid: free */
	Oid			relid;
	int64		inserts;		/* pgstat's counters when it was last seen */
	int64		changes;		/* updates and deletes */
	TransactionId moved;		/* VACUUM, once nobody needs what precedes it, clears rows that were moved; or 0 */
	bool		retired;		/* it has done that, and comes once more for the pages that it has retired */
	int32		skip;			/* visits to leave out, after an error */
	TimestampTz seen;
} PgeTableMemory;

/* maintenance_shared.c: what launcher and workers share. Kept in dynamic shared memory, so it needs no preloading. */
extern void pge_maintenance_attach(void);
extern bool pge_maintenance_become_launcher(void);
extern void pge_maintenance_resign_launcher(int code, Datum arg);
extern bool pge_maintenance_retire_launcher(void);
extern bool pge_maintenance_ask(Oid database);
extern bool pge_maintenance_lacks_launcher(void);
extern void pge_maintenance_settle(Oid database, bool more);
extern int	pge_maintenance_asked(Oid *databases, int most);
extern bool pge_maintenance_recall(Oid relid, PgeTableMemory *memory);
extern void pge_maintenance_remember(const PgeTableMemory *memory);

#define PGE_MAINTENANCE_DATABASES 256

/* maintenance_launcher.c */
extern void pge_maintenance_init(void);
extern void pge_describe_worker(BackgroundWorker *worker, const char *name, const char *function, Datum arg);
extern void pge_start_launcher(void);

/* maintenance_worker.c */
extern void pge_worker_begin(Oid database);

#endif							/* PGE_MAINTENANCE_H */
