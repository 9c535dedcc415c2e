/*
 * A host that is not PostgreSQL: loads a published managed library, drives it through the boundary's two tables and writes TAP.
 *
 *	fake_host LIBRARY
 *
 * Errors cross it as they cross the shim, by statuses, but it has no setjmp: a raising host function notes the error and returns.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pge_abi.h"

static int	tests;
static int	failures;

static void
ok(bool passed, const char *format,...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	failures += !passed;
}

/* ---- The host's side ---- */

static u8	message[256];
static u8	detail[256];
static u8	hint[256];
static PgeError error = {.Capacity = 256, .Message = message, .Detail = detail, .Hint = hint};
static i32	interrupt_pending;
static i32	force_gc;
static i32	stack_limit_reached;
static i32	reports;
static i32	raised;
static i64	allocated;
static bool memory_is_out;
static PgeManagedApi managed;

static PgeStatus
check_interrupts(void)
{
	return interrupt_pending ? PgeStatus_PgError : PgeStatus_Ok;
}

static PgeStatus
report(i32 level, u8 *text, i32 length)
{
	reports++;
	return PgeStatus_Ok;
}

static PgeStatus
raise_error(i32 sqlstate, u8 *text, i32 length)
{
	raised = sqlstate;
	return PgeStatus_PgError;
}

static ptr
alloc_zeroed(ptr context, u64 bytes)
{
	ptr			block = memory_is_out || bytes > (u64) 1 << 40 ? NULL : calloc(1, bytes);

	allocated += block != NULL;
	return block;
}

static void
free_block(ptr block)
{
	allocated--;
	free(block);
}

static i32
stack_too_deep(void)
{
	return stack_limit_reached;
}

/* The token is a pointer to how many more levels to go; then the error of the test's choice. */
typedef struct Tower
{
	int			levels;
	int			nest;
	int			bottom;
	i64			argument;
} Tower;

static PgeStatus
read_group(u64 token, u64 offset, u64 length, u8 *destination)
{
	Tower	   *tower = (Tower *) (uintptr_t) token;
	i64			result;

	if (--tower->levels > 0)
		return managed.SelfTest(tower->nest, token, &result) == PgeStatus_Ok ? PgeStatus_Ok : PgeStatus_PgError;
	return managed.SelfTest(tower->bottom, tower->argument, &result) == PgeStatus_Ok ? PgeStatus_Ok : PgeStatus_PgError;
}

static i32
codec_available(i32 codec)
{
	return codec == PgeCodec_None;
}

static i64
compress_bound(i32 codec, i64 length)
{
	return length;
}

static i64
compress(i32 codec, i32 level, u8 *src, i64 length, u8 *dst, i64 capacity)
{
	return -1;
}

static i64
decompress(i32 codec, u8 *src, i64 length, u8 *dst, i64 capacity)
{
	return -1;
}

static PgeHostApi host = {
	.StructSize = sizeof(PgeHostApi),
	.AbiHash = PGE_ABI_HASH,
	.InterruptPending = &interrupt_pending,
	.Error = &error,
	.ForceGc = &force_gc,
	.CheckInterrupts = check_interrupts,
	.Report = report,
	.Raise = raise_error,
	.Alloc = alloc_zeroed,
	.Free = free_block,
	.StackTooDeep = stack_too_deep,
	.ReadGroup = read_group,
	.CodecAvailable = codec_available,
	.CompressBound = compress_bound,
	.Compress = compress,
	.Decompress = decompress,
};

static PgeStatus
self_test(PgeSelfTest operation, i64 argument, i64 *result)
{
	message[0] = detail[0] = hint[0] = 0;
	error.SqlState = 0;
	return managed.SelfTest(operation, argument, result);
}

/* As PostgreSQL packs a SQLSTATE. */
static i32
sqlstate(const char *code)
{
	i32			packed = 0;

	for (int i = 0; i < 5; i++)
		packed |= (code[i] - '0') << (6 * i);
	return packed;
}

static bool
failed_with(PgeStatus status, const char *code, const char *text)
{
	if (status == PgeStatus_ManagedError && error.SqlState == sqlstate(code) && strstr((char *) message, text))
		return true;
	printf("# status %d, SQLSTATE %d, message %s\n", status, error.SqlState, message);
	return false;
}

/* ---- Tests ---- */

static void
test_start(PgeManagedInit init)
{
	PgeHostApi	other = host;

	other.AbiHash++;
	ok(init(&other, &managed) == PgeStatus_ManagedError && managed.AbiHash == PGE_ABI_HASH &&
	   managed.StructSize == sizeof(PgeManagedApi) && managed.SelfTest == NULL, "a host with another hash is refused");
	other = host;
	other.StructSize -= 8;
	memset(&managed, 0, sizeof(managed));
	ok(init(&other, &managed) == PgeStatus_ManagedError && managed.SelfTest == NULL, "a host with another size is refused");
	ok(init(&host, &managed) == PgeStatus_Ok && managed.AbiHash == PGE_ABI_HASH, "this host is accepted");

	bool		complete = true;

	for (void **fn = (void **) &managed.BuildInfo; fn < (void **) (&managed + 1); fn++)
		complete = complete && *fn != NULL;
	ok(complete, "every function is there");
}

static void
test_build_info(const char *library)
{
	PgeBuildInfo info = {0};
	char		file[64];

	ok(managed.BuildInfo(&info) == PgeStatus_Ok, "build info");
	snprintf(file, sizeof(file), "managed-%s.so", (char *) info.Variant);
	ok(strstr(library, file) != NULL, "the library knows its variant: %s", info.Variant);
	ok(strncmp((char *) info.Runtime, ".NET ", 5) == 0, "runtime %s, %s, version %s, heap %llu", info.Runtime, info.InstructionSet,
	   info.Version, (unsigned long long) info.HeapBytes);
}

static void
test_errors(void)
{
	i64			result = 0;

	ok(self_test(PgeSelfTest_Increment, 41, &result) == PgeStatus_Ok && result == 42, "a call and its result");
	ok(failed_with(self_test(PgeSelfTest_ThrowUnexpected, 0, &result), "XX000", "InvalidOperationException") && detail[0],
	   "an unexpected exception is an internal error with its trace");
	ok(failed_with(self_test(PgeSelfTest_ThrowFull, 0, &result), "22023", "provoked message") &&
	   strcmp((char *) detail, "provoked detail") == 0 && strcmp((char *) hint, "provoked hint") == 0, "all texts cross");
	ok(failed_with(self_test(PgeSelfTest_ThrowLong, 5000, &result), "22023", "mmm") && strlen((char *) message) == 255 &&
	   strlen((char *) detail) == 255 && strlen((char *) hint) == 255, "long texts are cut to fit");
	ok(failed_with(self_test(PgeSelfTest_ThrowNull, 0, &result), "XX000", "NullReferenceException"), "a null pointer is an error");
	ok(failed_with(self_test(PgeSelfTest_ThrowStored, 0, &result), "XX001", "bad bytes"), "bad stored bytes");
	ok(failed_with(self_test(999, 0, &result), "22023", "no self test"), "an unknown operation");
	ok(self_test(PgeSelfTest_Raise, 0, &result) == PgeStatus_PgError && raised == sqlstate("22012"), "an error of the host's own");
	ok(self_test(PgeSelfTest_Report, 18, &result) == PgeStatus_Ok && reports == 1, "a report");
	ok(failed_with(self_test(PgeSelfTest_HandleUse, 7, &result), "XX000", "handle"), "a number that is no handle");
	ok(failed_with(managed.WriterAppend(7, NULL, NULL, 0, NULL), "XX000", "handle"), "nor a writer");
}

static void
test_nesting(void)
{
	i64			result = 0;
	int			good = 0;

	force_gc = 1;
	for (int i = 0; i < 1000; i++)
	{
		Tower		tower = {1 + i % 5, PgeSelfTest_Nest, i % 2 ? PgeSelfTest_ThrowFull : PgeSelfTest_Raise, 0};

		good += self_test(PgeSelfTest_Nest, (i64) (intptr_t) &tower, &result) == PgeStatus_PgError;
	}
	force_gc = 0;
	ok(good == 1000, "errors below managed frames end all of them, with garbage collections between");
	self_test(PgeSelfTest_HandleCount, 0, &result);
	ok(result == 0, "and their clean-up ran");
}

static void
test_limits(void)
{
	i64			result = 0,
				handle = 0;
	PgeColumnDesc column = {.Kind = PgeColumnKind_Int32, .TypeOid = 23, .TypeMod = -1};
	PgeWriterOptions options = {.MaxRows = 1000, .MaxBytes = 1 << 20};
	u64			writer;

	interrupt_pending = 1;
	ok(self_test(PgeSelfTest_Spin, 60000, &result) == PgeStatus_PgError, "an interrupt ends a loop");
	interrupt_pending = 0;
	stack_limit_reached = 1;
	ok(failed_with(self_test(PgeSelfTest_Recurse, 0, &result), "54001", "stack depth"), "so does the stack's limit");
	stack_limit_reached = 0;
	ok(failed_with(self_test(PgeSelfTest_HostMemory, 0, &result), "53200", "out of memory") && strstr((char *) detail, "1152921504606846976"),
	   "and the end of the host's memory");
	memory_is_out = true;
	ok(failed_with(managed.WriterCreate(NULL, &column, 1, &options, &writer), "53200", "out of memory") ||
	   failed_with(managed.WriterAppend(writer, (u64[]) {1}, (u8[]) {0}, 1, &(PgeWriterState) {0}), "53200", "out of memory"),
	   "in a writer as well");
	memory_is_out = false;
	options.Codec = PgeCodec_Zstd;
	ok(failed_with(managed.WriterCreate(NULL, &column, 1, &options, &writer), "0A000", "ZSTD") && hint[0], "a codec that the host lacks");

	ok(self_test(PgeSelfTest_HandleNew, 0, &handle) == PgeStatus_Ok && self_test(PgeSelfTest_HandleUse, handle, &result) == PgeStatus_Ok,
	   "a handle lives");
	managed.HandleFree(handle);
	managed.HandleFree(handle);
	ok(self_test(PgeSelfTest_HandleUse, handle, &result) == PgeStatus_ManagedError, "until it is freed");
}

/*
 * ---- Running out of managed memory ----
 *
 * The collector and the runtime have ways of their own to fail here, by abort() or SIGSEGV, which depend on limit and shape. Each case
 * has a process, since it must also be the first error in it: the first throw is the one that needs memory. The settings are the
 * shim's (runtime.c).
 */

static void
test_exhaustion(const char *library, int limit_mb, i64 block)
{
	pid_t		pid = fork();
	int			status;

	if (pid == 0)
	{
		char		hex[20];
		PgeManagedInit init;
		i64			result = 0;

		snprintf(hex, sizeof(hex), "%llX", (long long) limit_mb << 20);
		setenv("DOTNET_GCHeapHardLimit", hex, 1);
		setenv("DOTNET_GCgen0size", "400000", 1);
		setenv("DOTNET_GCRegionSize", "100000", 1);
		setenv("DOTNET_GCRegionRange", limit_mb > 204 ? "0" : "40000000", 1);
		init = (PgeManagedInit) dlsym(dlopen(library, RTLD_NOW | RTLD_LOCAL), PGE_INIT_SYMBOL);
		if (init(&host, &managed) != PgeStatus_Ok)
			_exit(2);
		for (int i = 0; i < 3; i++)
		{
			if (self_test(PgeSelfTest_ManagedMemory, block, &result) != PgeStatus_ManagedError || error.SqlState != sqlstate("53200"))
				_exit(3);
			if (self_test(PgeSelfTest_Increment, 1, &result) != PgeStatus_Ok)
				_exit(4);
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "out of %d MB of managed memory, in blocks of %lld bytes: %s %d", limit_mb, (long long) block,
	   WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int
main(int argc, char **argv)
{
	static const int limits[] = {32, 48, 64, 256};
	static const i64 blocks[] = {1000, 90000, 1 << 20, 20000000};
	void	   *library;
	PgeManagedInit init;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc != 2)
	{
		fprintf(stderr, "usage: fake_host LIBRARY\n");
		return 2;
	}
	for (int i = 0; i < (int) (sizeof(limits) / sizeof(limits[0])); i++)
		for (int j = 0; j < (int) (sizeof(blocks) / sizeof(blocks[0])); j++)
			test_exhaustion(argv[1], limits[i], blocks[j]);

	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
	{
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	init = (PgeManagedInit) dlsym(library, PGE_INIT_SYMBOL);
	test_start(init);
	test_build_info(argv[1]);
	test_errors();
	test_nesting();
	test_limits();
	printf("1..%d\n", tests);
	return failures > 0;
}
