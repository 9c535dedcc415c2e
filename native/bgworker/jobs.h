/*
 * Jobs (sql/epiphany_timeseries/50-jobs.sql): the launcher, which is the maintenance's (maintenance_launcher.c), knows of each database
 * when its next job is due; then a scheduler connects to it for a moment, and starts a process for each job that is due. When a job runs,
 * and what became of it, is the catalog's business; here is only who has a process.
 */
#ifndef PGE_JOBS_H
#define PGE_JOBS_H

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

/* What the scheduler tells a job's process, in bgw_extra. */
typedef struct PgeJobOrder
{
	Oid			database;
	Oid			owner;
	int32		job_id;
	int32		place;			/* of the running jobs in shared memory */
} PgeJobOrder;

/* job_shared.c: what launcher, schedulers and jobs share. Advice only but for the places, whose holders give them back at exit. */
extern void pge_jobs_attach(void);
extern void pge_jobs_serve(void);
extern void pge_jobs_note(Oid database, TimestampTz due);
extern void pge_jobs_forget(Oid database);
extern bool pge_jobs_known(Oid database);
extern bool pge_jobs_take_due(TimestampTz now, Oid *database);
extern TimestampTz pge_jobs_next(void);
extern bool pge_jobs_idle(void);
extern int	pge_jobs_reserve(int32 job_id);
extern void pge_jobs_hand_over(int place, pid_t pid);
extern void pge_jobs_enter(int place);
extern void pge_jobs_release(int place);
extern bool pge_jobs_running(int32 job_id);
extern void pge_jobs_end_all(Oid database);

/* job_scheduler.c */
extern PGDLLEXPORT void pge_job_scheduler_worker_main(Datum database);

/* job_worker.c */
extern PGDLLEXPORT void pge_job_run_worker_main(Datum unused);

/* job_catalog.c: calls of the functions in sql/epiphany_timeseries/50-jobs.sql, as the superuser who owns them. */
extern bool pge_jobs_installed(void);
extern void pge_jobs_query(const char *query, int nargs, Oid *types, Datum *values, const char *nulls);
extern TimestampTz pge_job_end(int32 job_id, const char *sqlstate, const char *message);

/* job_run.c */
extern char *pge_job_statement(int32 job_id, int64 *max_runtime, Oid *owner);
extern void pge_job_lock(int32 job_id);
extern void pge_job_unlock(int32 job_id);
extern void pge_job_execute(const char *statement);

/* job_wake.c */
extern void pge_jobs_init(void);

#endif							/* PGE_JOBS_H */
