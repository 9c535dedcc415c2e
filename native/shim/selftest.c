/*
 * The boundary under test, as SQL functions that no install script declares: a superuser's CREATE FUNCTION reaches them.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "fmgr.h"
#include "portability/instr_time.h"
#include "postmaster/bgworker.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pge.h"

PG_FUNCTION_INFO_V1(pge_test_call);
PG_FUNCTION_INFO_V1(pge_test_nest);
PG_FUNCTION_INFO_V1(pge_test_memory);
PG_FUNCTION_INFO_V1(pge_test_handles);
PG_FUNCTION_INFO_V1(pge_test_holdoff);
PG_FUNCTION_INFO_V1(pge_test_in_worker);
PG_FUNCTION_INFO_V1(pge_test_speed);
PG_FUNCTION_INFO_V1(pge_test_launch);

static int64
self_test(PgeSelfTest operation, int64 argument)
{
	i64			result = 0;

	PGE_CALL(SelfTest, operation, argument, &result);
	return result;
}

/* (operation int, argument bigint): bigint */
Datum
pge_test_call(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(self_test(PG_GETARG_INT32(0), PG_GETARG_INT64(1)));
}

/* A tower of calls: each level is C calling managed code that calls back into C, down to the bottom. */
typedef struct Tower
{
	PgeGroupSource source;
	int			levels;
	/* How the managed side calls back: Nest, NestAndSwallow or NestAndReplace. */
	int			nest;
	/* What happens at the bottom: a self test, or -1 for an error raised in C. */
	int			bottom;
	int64		argument;
} Tower;

static void
describe_level(void *arg)
{
	errcontext("level %d of the tower", *(int *) arg);
}

static void
climb_down(PgeGroupSource *self, uint64 offset, uint64 length, char *dest)
{
	Tower	   *tower = (Tower *) self;
	int			level = tower->levels;
	ErrorContextCallback context = {error_context_stack, describe_level, &level};

	check_stack_depth();
	error_context_stack = &context;
	if (--tower->levels > 0)
		self_test(tower->nest, pge_group_token(self));
	else if (tower->bottom >= 0)
		self_test(tower->bottom, tower->argument);
	else
	{
		HOLD_INTERRUPTS();
		HOLD_CANCEL_INTERRUPTS();
		ereport(ERROR,
				errcode(ERRCODE_CARDINALITY_VIOLATION),
				errmsg("provoked at the bottom"),
				errdetail("bottom detail"),
				errhint("bottom hint"));
	}
	error_context_stack = context.previous;
}

/* (levels int, nest int, bottom int, argument bigint): bigint */
Datum
pge_test_nest(PG_FUNCTION_ARGS)
{
	Tower		tower = {
		.source.read = climb_down,
		.levels = PG_GETARG_INT32(0),
		.nest = PG_GETARG_INT32(1),
		.bottom = PG_GETARG_INT32(2),
		.argument = PG_GETARG_INT64(3),
	};
	MemoryContext before = CurrentMemoryContext;
	int64		result = self_test(tower.nest, pge_group_token(&tower.source));

	if (CurrentMemoryContext != before)
		elog(ERROR, "the memory context has changed");
	PG_RETURN_INT64(result);
}

/* (): more memory than there is, asked from the current memory context by managed code */
Datum
pge_test_memory(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(self_test(PgeSelfTest_HostMemory, (int64) (intptr_t) CurrentMemoryContext));
}

/* (handles int, fate text): handles in a memory context; returns how many live after its end, or while it lives when fate is 'keep' */
Datum
pge_test_handles(PG_FUNCTION_ARGS)
{
	char	   *fate = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "handles", ALLOCSET_SMALL_SIZES);
	int64		last = 0;

	for (int i = 0; i < PG_GETARG_INT32(0); i++)
	{
		last = self_test(PgeSelfTest_HandleNew, 0);
		pge_own_handle(context, last);
	}
	self_test(PgeSelfTest_HandleUse, last);
	if (strcmp(fate, "error") == 0)
		ereport(ERROR, errmsg("provoked with handles open"));
	if (strcmp(fate, "keep") != 0)
		MemoryContextDelete(context);
	if (strcmp(fate, "use") == 0)
		self_test(PgeSelfTest_HandleUse, last);
	PG_RETURN_INT64(self_test(PgeSelfTest_HandleCount, 0));
}

/* (): what an error must have put back to 0 */
Datum
pge_test_holdoff(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(InterruptHoldoffCount + QueryCancelHoldoffCount + CritSectionCount + pge_error_waits);
}

/* (): whether a parallel worker runs this, having called managed code */
Datum
pge_test_in_worker(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(self_test(PgeSelfTest_Increment, 41) == 42 && IsParallelWorker());
}

/* (calls int): nanoseconds a call */
Datum
pge_test_speed(PG_FUNCTION_ARGS)
{
	int32		calls = PG_GETARG_INT32(0);
	instr_time	start,
				end;

	self_test(PgeSelfTest_Increment, 0);
	INSTR_TIME_SET_CURRENT(start);
	for (int32 i = 0; i < calls; i++)
		self_test(PgeSelfTest_Increment, i);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	PG_RETURN_FLOAT8((double) INSTR_TIME_GET_NANOSEC(end) / calls);
}

/* What pge_test_launch() starts: no database, one self test, its result in the log. */
extern PGDLLEXPORT void pge_test_worker_main(Datum argument);

void
pge_test_worker_main(Datum argument)
{
	BackgroundWorkerUnblockSignals();
	ereport(LOG, errmsg("background worker got " INT64_FORMAT, self_test(DatumGetInt32(argument), 41)));
}

/* (operation int): runs it in a background worker and waits for its end */
Datum
pge_test_launch(PG_FUNCTION_ARGS)
{
	BackgroundWorker worker = {
		.bgw_name = "pg_epiphany self test",
		.bgw_type = "pg_epiphany self test",
		.bgw_flags = BGWORKER_SHMEM_ACCESS,
		.bgw_start_time = BgWorkerStart_ConsistentState,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_library_name = "pg_epiphany",
		.bgw_function_name = "pge_test_worker_main",
		.bgw_main_arg = Int32GetDatum(PG_GETARG_INT32(0)),
		.bgw_notify_pid = MyProcPid,
	};
	BackgroundWorkerHandle *handle;

	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR, errmsg("no background worker slot is free"));
	if (WaitForBackgroundWorkerShutdown(handle) != BGWH_STOPPED)
		ereport(ERROR, errmsg("the background worker did not end"));
	PG_RETURN_VOID();
}
