/*
 * Finds, loads and starts the managed library in this process, at its first use.
 *
 * What can go wrong inside the start of a managed runtime ends in abort(), which takes the whole cluster through crash recovery.
 * So whatever can be checked is checked before: the process, the CPU, the address space.
 */
#include "postgres.h"

#include <cpuid.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host.h"
#include "runtime.h"

PgeManagedApi pge_managed_table;

/* The process that pge_managed_table works in; 0 before the start. */
int			pge_managed_pid = 0;

/*
 * The address range that the garbage collector reserves, without using it: so many times its limit, and not less than a floor.
 * With the regions of 4 MB that it takes unasked, a range below 200 MB makes it crash where memory runs out.
 */
#define RESERVE_FACTOR 5
#define RESERVE_MIN ((uint64) 1 << 30)
#define REGION_SIZE ((uint64) 1 << 20)

/* Address space that a start takes besides: the library, a thread's stack, the collector's tables. */
#define RESERVE_EXTRA ((uint64) 128 << 20)

/*
 * The x86-64 psABI's levels, as the compiler of the managed library takes them. __builtin_cpu_supports() also asks whether the
 * kernel saves the wide registers; it has no names for the rest in all compilers that we build with, hence cpuid.
 */
PgeInstructionSet
pge_best_instruction_set(void)
{
	unsigned	a,
				b,
				c = 0,
				d,
				extended = 0;

	__builtin_cpu_init();
	__get_cpuid(1, &a, &b, &c, &d);
	__get_cpuid(0x80000001, &a, &b, &extended, &d);

	if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt") || !(c & bit_CMPXCHG16B))
		return PGE_INSTRUCTION_SET_AUTO;
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
		!__builtin_cpu_supports("bmi2") || !(c & bit_MOVBE) || !(c & bit_F16C) || !(extended & bit_LZCNT))
		return PGE_INSTRUCTION_SET_V2;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd") ||
		!__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
		return PGE_INSTRUCTION_SET_V3;
	return PGE_INSTRUCTION_SET_V4;
}

/* The managed libraries lie beside this one, wherever that was loaded from. */
static void
library_path(PgeInstructionSet set, char *path)
{
	Dl_info		self;
	char	   *slash;

	if (!dladdr((void *) library_path, &self) || (slash = strrchr(self.dli_fname, '/')) == NULL)
		elog(ERROR, "could not find the folder of pg_epiphany.so");
	snprintf(path, MAXPGPATH, "%.*s/pg_epiphany_managed-v%d.so", (int) (slash - self.dli_fname), self.dli_fname, set);
}

/* The best build that is installed, or the one asked for. Reports a missing one later, when it is opened. */
static void
choose_library(char *path)
{
	PgeInstructionSet best = pge_best_instruction_set();

	if (best == PGE_INSTRUCTION_SET_AUTO)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("this CPU is too old for pg_epiphany"),
				errdetail("The x86-64-v2 instructions are needed: SSE4.2 and POPCNT, as in processors since 2009."),
				errhint("If this is a virtual machine, give it a newer CPU model."));
	if (pge_instruction_set > best)
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("this CPU cannot run the x86-64-v%d build that epiphany.instruction_set asks for", pge_instruction_set),
				errhint("Set epiphany.instruction_set to v%d, or to auto.", best));

	if (pge_instruction_set != PGE_INSTRUCTION_SET_AUTO)
	{
		library_path(pge_instruction_set, path);
		return;
	}
	for (int set = best; set >= PGE_INSTRUCTION_SET_V2; set--)
	{
		library_path(set, path);
		if (access(path, R_OK) == 0)
			return;
	}
	library_path(best, path);
}

static uint64
reserve_bytes(void)
{
	return Max(((uint64) pge_managed_heap_limit << 20) * RESERVE_FACTOR, RESERVE_MIN);
}

/* A reservation that fails aborts the process: compare with the limit first. */
static void
check_address_space(void)
{
	struct rlimit limit;
	uint64		reserve = reserve_bytes() + RESERVE_EXTRA;
	uint64		pages = 0;
	FILE	   *statm;

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return;
	statm = fopen("/proc/self/statm", "r");
	if (statm != NULL)
	{
		if (fscanf(statm, UINT64_FORMAT, &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	if (pages * sysconf(_SC_PAGESIZE) + reserve > limit.rlim_cur)
		ereport(ERROR,
				errcode(ERRCODE_OUT_OF_MEMORY),
				errmsg("not enough address space for the managed library"),
				errdetail("It reserves " UINT64_FORMAT " MB; this process may have " UINT64_FORMAT " MB in all (ulimit -v).",
						  reserve >> 20, (uint64) limit.rlim_cur >> 20),
				errhint("Lower epiphany.managed_heap_limit, or raise the server's address space limit."));
}

/*
 * The runtime reads its settings from the environment, numbers in hexadecimal, once, when it starts. Ours are there for just that
 * long: a value that the server was started with must not change us, nor ours a program that COPY ... PROGRAM runs.
 */
#define SETTINGS 7

typedef struct Setting
{
	const char *name;
	char		value[20];
	char	   *saved;
} Setting;

static void
enter_settings(Setting *settings)
{
	const struct
	{
		const char *name;
		uint64		value;
	}			wanted[SETTINGS] = {
		{"DOTNET_GCHeapHardLimit", (uint64) pge_managed_heap_limit << 20},
		{"DOTNET_GCRegionRange", reserve_bytes()},
		{"DOTNET_GCRegionSize", REGION_SIZE},
		{"DOTNET_GCgen0size", (uint64) pge_gc_gen0_size << 20},
		{"DOTNET_GCConserveMemory", 0},
		{"DOTNET_gcConcurrent", 0},
		{"DOTNET_gcServer", 0},
	};

	for (int i = 0; i < SETTINGS; i++)
	{
		char	   *old = getenv(wanted[i].name);

		settings[i].name = wanted[i].name;
		settings[i].saved = old ? pstrdup(old) : NULL;
		snprintf(settings[i].value, sizeof(settings[i].value), "%" INT64_MODIFIER "X", wanted[i].value);
		if (setenv(wanted[i].name, settings[i].value, 1) != 0)
			ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"));
	}
}

static void
leave_settings(Setting *settings)
{
	for (int i = 0; i < SETTINGS; i++)
	{
		if (settings[i].saved)
			setenv(settings[i].name, settings[i].saved, 1);
		else
			unsetenv(settings[i].name);
	}
}

/*
 * The first call starts the runtime, which makes one thread. That inherits this mask: a thread that took SIGUSR1 or SIGALRM would
 * run PostgreSQL's handlers beside the main thread, and one that took SIGURG would lose latch wake-ups. Signals that a fault
 * raises must stay open: the runtime turns some of them into exceptions.
 */
static PgeStatus
first_call(PgeManagedInit init)
{
	static const int faults[] = {SIGSEGV, SIGFPE, SIGBUS, SIGILL, SIGABRT, SIGTRAP};
	sigset_t	mask,
				saved;
	PgeStatus	status;

	sigfillset(&mask);
	for (int i = 0; i < lengthof(faults); i++)
		sigdelset(&mask, faults[i]);
	pthread_sigmask(SIG_BLOCK, &mask, &saved);
	status = init(&pge_host, &pge_managed_table);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return status;
}

static PgeManagedInit
load(const char *path)
{
	void	   *library;
	PgeManagedInit init;

	/* Its own message for the commonest fault, before the linker's wording. */
	if (access(path, R_OK) != 0)
		ereport(ERROR,
				errcode_for_file_access(),
				errmsg("could not open managed library \"%s\": %m", path),
				errhint("Install pg_epiphany again: its managed libraries belong beside pg_epiphany.so."));
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (library == NULL)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FILE),
				errmsg("could not load managed library \"%s\": %s", path, dlerror()),
				errhint("Install pg_epiphany again."));
	init = (PgeManagedInit) dlsym(library, PGE_INIT_SYMBOL);
	if (init == NULL)
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_FUNCTION),
				errmsg("\"%s\" is not pg_epiphany's managed library", path),
				errhint("Install pg_epiphany again."));
	return init;
}

/*
 * Batches and buffers come and go with each query, and malloc would give their pages back to the system each time, to fault them in again
 * for the next one: a tenth of a query of a millisecond. Once a block of this size has been freed, glibc keeps twice as much.
 */
static void
keep_freed_memory(void)
{
	void	   *volatile block = malloc(2 * 1024 * 1024);

	free(block);
}

const PgeManagedApi *
pge_managed_start(void)
{
	char		path[MAXPGPATH];
	Setting		settings[SETTINGS];
	PgeManagedInit init;
	PgeStatus	status;

	Assert(CritSectionCount == 0);
	if (IsPostmasterEnvironment && !IsUnderPostmaster)
		elog(ERROR, "the managed library must not run in the postmaster");
	if (pge_managed_pid != 0)
		elog(ERROR, "the managed library cannot run in a process forked from one that uses it");

	choose_library(path);
	init = load(path);
	check_address_space();
	enter_settings(settings);
	memset(&pge_managed_table, 0, sizeof(pge_managed_table));
	status = first_call(init);
	leave_settings(settings);

	if (pge_managed_table.StructSize != sizeof(PgeManagedApi) || pge_managed_table.AbiHash != PGE_ABI_HASH)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("managed library \"%s\" is from another build of pg_epiphany", path),
				errdetail("Interface %08x with %u bytes was expected, %08x with %u bytes found.",
						  PGE_ABI_HASH, (unsigned) sizeof(PgeManagedApi),
						  pge_managed_table.AbiHash, pge_managed_table.StructSize),
				errhint("Install pg_epiphany again, shim and managed libraries together."));
	pge_check(status);
	keep_freed_memory();
	pge_managed_pid = MyProcPid;
	return &pge_managed_table;
}
