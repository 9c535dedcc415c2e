/*
 * Automatic maintenance, lowest layer: the state that launcher and workers share. It is advice only: what is lost with a crash is
 * found out again, and a full array forgets its oldest entry.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/dsm_registry.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "maintenance.h"

#define TABLES 1024

/* A launcher that was asked for and has not come up after so long never will. */
#define LAUNCH_TIMEOUT_MS 60000

typedef struct Shared
{
	int			tranche;
	LWLock		lock;
	pid_t		launcher;		/* 0: none */
	TimestampTz launched;		/* when one was last asked for; 0: not since one ran */
	Oid			asked[PGE_MAINTENANCE_DATABASES];	/* databases with something to do; InvalidOid: free */
	PgeTableMemory tables[TABLES];
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
pge_maintenance_attach(void)
{
	bool		found;

	if (shared != NULL)
		return;
	shared = GetNamedDSMSegment("pg_epiphany maintenance", sizeof(Shared), initialise, &found);
	LWLockRegisterTranche(shared->tranche, "PgEpiphanyMaintenance");
}

/* False: there is one already. */
bool
pge_maintenance_become_launcher(void)
{
	bool		mine;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	mine = shared->launcher == 0;
	if (mine)
	{
		shared->launcher = MyProcPid;
		shared->launched = 0;
	}
	LWLockRelease(&shared->lock);
	return mine;
}

/* At the launcher's exit, whatever its reason. */
void
pge_maintenance_resign_launcher(int code, Datum arg)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (shared->launcher == MyProcPid)
		shared->launcher = 0;
	LWLockRelease(&shared->lock);
}

/* The launcher gives up its place unless somebody asks for a database: whoever asks from now on starts another. */
bool
pge_maintenance_retire_launcher(void)
{
	bool		idle = true;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < PGE_MAINTENANCE_DATABASES; i++)
		idle &= !OidIsValid(shared->asked[i]);
	if (idle)
		shared->launcher = 0;
	LWLockRelease(&shared->lock);
	return idle;
}

/* Note a database; under the lock. One too many for the array is left out. */
static void
note(Oid database)
{
	int			place = -1;

	for (int i = PGE_MAINTENANCE_DATABASES - 1; i >= 0; i--)
	{
		if (shared->asked[i] == database)
			return;
		if (!OidIsValid(shared->asked[i]))
			place = i;
	}
	if (place >= 0)
		shared->asked[place] = database;
}

/* True: the caller is to start a launcher; under the lock. */
static bool
lacks_launcher(void)
{
	bool		launch = shared->launcher == 0 &&
		(shared->launched == 0 || TimestampDifferenceExceeds(shared->launched, GetCurrentTimestamp(), LAUNCH_TIMEOUT_MS));

	if (launch)
		shared->launched = GetCurrentTimestamp();
	return launch;
}

/* A database has something to do. True: the caller is to start a launcher. */
bool
pge_maintenance_ask(Oid database)
{
	bool		launch;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	note(database);
	launch = lacks_launcher();
	LWLockRelease(&shared->lock);
	return launch;
}

/* Likewise without anything to do for the maintenance. */
bool
pge_maintenance_lacks_launcher(void)
{
	bool		launch;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	launch = lacks_launcher();
	LWLockRelease(&shared->lock);
	return launch;
}

/* A worker has visited the database, or is about to; more: it is to be visited again. */
void
pge_maintenance_settle(Oid database, bool more)
{
	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	if (more)
		note(database);
	else
		for (int i = 0; i < PGE_MAINTENANCE_DATABASES; i++)
			if (shared->asked[i] == database)
				shared->asked[i] = InvalidOid;
	LWLockRelease(&shared->lock);
}

int
pge_maintenance_asked(Oid *databases, int most)
{
	int			n = 0;

	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < PGE_MAINTENANCE_DATABASES && n < most; i++)
		if (OidIsValid(shared->asked[i]))
			databases[n++] = shared->asked[i];
	LWLockRelease(&shared->lock);
	return n;
}

/* What is remembered of a table of this database; false: nothing. */
bool
pge_maintenance_recall(Oid relid, PgeTableMemory *memory)
{
	bool		found = false;

	LWLockAcquire(&shared->lock, LW_SHARED);
	for (int i = 0; i < TABLES && !found; i++)
		if (shared->tables[i].database == MyDatabaseId && shared->tables[i].relid == relid)
		{
			*memory = shared->tables[i];
			found = true;
		}
	LWLockRelease(&shared->lock);
	return found;
}

/* In its own place, or a free one, or that of the table not seen for longest. */
void
pge_maintenance_remember(const PgeTableMemory *memory)
{
	PgeTableMemory *place = NULL;

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < TABLES; i++)
	{
		PgeTableMemory *table = &shared->tables[i];

		if (table->database == memory->database && table->relid == memory->relid)
		{
			place = table;
			break;
		}
		/* A free place was seen at 0. */
		if (place == NULL || table->seen < place->seen)
			place = table;
	}
	*place = *memory;
	LWLockRelease(&shared->lock);
}
