/*
 * Jobs, lowest layer: the state that launcher, schedulers and jobs share. When a database's next job is due is advice: what is lost with a
 * crash is found out again. A running job holds a place for as long as its process lives; there are as many as may run at once.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/dsm_registry.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

#include "jobs.h"
#include "shim/pge.h"

#define DATABASES 256
#define PLACES 64

typedef struct Database
{
	Oid			database;		/* InvalidOid: free */
	TimestampTz due;			/* DT_NOEND: nothing is */
	bool		starved;		/* a job of it waits for a place */
} Database;

typedef struct Place
{
	pid_t		pid;			/* 0: free; else the scheduler's who reserved it, then the job's */
	Oid			database;
	int32		job_id;
} Place;

typedef struct Shared
{
	int			tranche;
	LWLock		lock;
	Latch	   *launcher;		/* NULL: none */
	Database	databases[DATABASES];
	Place		places[PLACES];
} Shared;

static Shared *shared;

static void
initialise(void *memory)
{
	Shared	   *state = memory;

	memset(state, 0, sizeof(*state));
	state->tranche = LWLockNewTrancheId();
	LWLockInitialize(&state->lock, state->tranche);
}

void
pge_jobs_attach(void)
{
	bool		found;

	if (shared != NULL)
		return;
	shared = GetNamedDSMSegment("pg_epiphany jobs", sizeof(Shared), initialise, &found);
	LWLockRegisterTranche(shared->tranche, "PgEpiphanyJobs");
}

static void
leave_service(int code, Datum arg)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->launcher == MyLatch)
		shared->launcher = NULL;
	LWLockRelease(&shared->lock);
}

/* This process is the launcher: its latch is set when a database's next job comes sooner. */
void
pge_jobs_serve(void)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->launcher = MyLatch;
	LWLockRelease(&shared->lock);
	before_shmem_exit(leave_service, 0);
}

/* Under the lock. */
static Database *
find(Oid database)
{
	for (int i = 0; i < DATABASES; i++)
		if (shared->databases[i].database == database)
			return &shared->databases[i];
	return NULL;
}

/* Under the lock. One database too many for the array is left out. */
static void
note(Oid database, TimestampTz due)
{
	Database   *entry = find(database);

	if (entry == NULL)
	{
		entry = find(InvalidOid);
		if (entry == NULL)
			return;
		*entry = (Database) {.database = database,.due = DT_NOEND};
	}
	if (due < entry->due)
	{
		entry->due = due;
		if (shared->launcher != NULL)
			SetLatch(shared->launcher);
	}
}

/* A job of the database is due then, or what was noted comes sooner. */
void
pge_jobs_note(Oid database, TimestampTz due)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	note(database, due);
	LWLockRelease(&shared->lock);
}

void
pge_jobs_forget(Oid database)
{
	Database   *entry;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	entry = find(database);
	if (entry != NULL)
		entry->database = InvalidOid;
	LWLockRelease(&shared->lock);
}

bool
pge_jobs_known(Oid database)
{
	bool		known;

	LWLockAcquire(&shared->lock, LW_SHARED);
	known = find(database) != NULL;
	LWLockRelease(&shared->lock);
	return known;
}

/* One of the databases with a job that is due; it is noted anew by who looks after it. */
bool
pge_jobs_take_due(TimestampTz now, Oid *database)
{
	bool		found = false;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < DATABASES && !found; i++)
	{
		Database   *entry = &shared->databases[i];

		if (OidIsValid(entry->database) && entry->due <= now)
		{
			*database = entry->database;
			entry->due = DT_NOEND;
			found = true;
		}
	}
	LWLockRelease(&shared->lock);
	return found;
}

/* When the next job of all databases is due; DT_NOEND: none is. */
TimestampTz
pge_jobs_next(void)
{
	TimestampTz next = DT_NOEND;

	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < DATABASES; i++)
		if (OidIsValid(shared->databases[i].database))
			next = Min(next, shared->databases[i].due);
	LWLockRelease(&shared->lock);
	return next;
}

/* Nothing is due or runs in any database. */
bool
pge_jobs_idle(void)
{
	bool		idle = pge_jobs_next() == DT_NOEND;

	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < PLACES && idle; i++)
		idle = shared->places[i].pid == 0;
	LWLockRelease(&shared->lock);
	return idle;
}

/* A place for a job of this database, or -1: as many jobs run as may. */
int
pge_jobs_reserve(int32 job_id)
{
	int			place = -1;
	int			taken = 0;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < PLACES; i++)
	{
		Place	   *it = &shared->places[i];

		if (it->pid == 0)
			place = i;
		else
			taken++;
	}
	if (taken >= pge_max_running_jobs)
		place = -1;
	if (place >= 0)
		shared->places[place] = (Place) {.pid = MyProcPid,.database = MyDatabaseId,.job_id = job_id};
	else
	{
		Database   *entry = find(MyDatabaseId);

		if (entry != NULL)
			entry->starved = true;
	}
	LWLockRelease(&shared->lock);
	return place;
}

/* The scheduler has started the job's process. */
void
pge_jobs_hand_over(int place, pid_t pid)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->places[place].pid == MyProcPid)
		shared->places[place].pid = pid;
	LWLockRelease(&shared->lock);
}

/* The process has begun. */
void
pge_jobs_enter(int place)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->places[place].pid = MyProcPid;
	LWLockRelease(&shared->lock);
}

/* Gives the place back if it is this process's, and lets those go on who waited for one. */
void
pge_jobs_release(int place)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->places[place].pid == MyProcPid)
	{
		TimestampTz now = GetCurrentTimestamp();

		shared->places[place].pid = 0;
		for (int i = 0; i < DATABASES; i++)
			if (shared->databases[i].starved)
			{
				shared->databases[i].starved = false;
				if (OidIsValid(shared->databases[i].database))
					note(shared->databases[i].database, now);
			}
	}
	LWLockRelease(&shared->lock);
}

/* Has a job of this database a process, or is it about to get one? */
bool
pge_jobs_running(int32 job_id)
{
	bool		found = false;

	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < PLACES && !found; i++)
		found = shared->places[i].pid != 0 && shared->places[i].database == MyDatabaseId && shared->places[i].job_id == job_id;
	LWLockRelease(&shared->lock);
	return found;
}

/* The database is to be dropped. */
void
pge_jobs_end_all(Oid database)
{
	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < PLACES; i++)
		if (shared->places[i].pid != 0 && shared->places[i].database == database)
			(void) kill(shared->places[i].pid, SIGTERM);
	LWLockRelease(&shared->lock);
}
