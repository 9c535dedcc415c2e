/*
 * Errors that crossed the boundary, turned back into PostgreSQL's, and handles tied to memory contexts.
 */
#include "postgres.h"

#include "storage/ipc.h"
#include "utils/memutils.h"

#include "guard.h"

#define TEXT_CAPACITY 1024

static u8	message[TEXT_CAPACITY];
static u8	detail[TEXT_CAPACITY];
static u8	hint[TEXT_CAPACITY];

PgeError	pge_error = {
	.Capacity = TEXT_CAPACITY,
	.Message = message,
	.Detail = detail,
	.Hint = hint,
};

/* A guarded host function has caught an error whose data is on PostgreSQL's error stack. */
bool		pge_error_waits = false;

/* The slow half of pge_check(). Returns never; not marked so, to keep its callers' fast path plain. */
void
pge_raise(PgeStatus status)
{
	if (pge_error_waits)
	{
		pge_error_waits = false;
		PG_RE_THROW();
	}
	if (status != PgeStatus_ManagedError)
		elog(ERROR, "managed library returned status %d without an error", (int) status);

	ereport(ERROR,
			errcode(pge_error.SqlState),
			errmsg_internal("%s", (char *) message),
			detail[0] ? errdetail_internal("%s", (char *) detail) : 0,
			hint[0] ? errhint("%s", (char *) hint) : 0);
}

typedef struct OwnedHandle
{
	MemoryContextCallback callback;
	u64			handle;
} OwnedHandle;

/* Contexts also go when the process does; by then managed code must not run, and the handle goes with the process anyway. */
static void
free_owned_handle(void *arg)
{
	if (!proc_exit_inprogress && pge_managed_pid == MyProcPid)
		pge_managed_table.HandleFree(((OwnedHandle *) arg)->handle);
}

void
pge_own_handle(MemoryContext cxt, u64 handle)
{
	OwnedHandle *owned = MemoryContextAllocExtended(cxt, sizeof(OwnedHandle), MCXT_ALLOC_NO_OOM);

	if (owned == NULL)
	{
		pge_managed()->HandleFree(handle);
		ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"));
	}
	owned->handle = handle;
	owned->callback.func = free_owned_handle;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->callback);
}
