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

/* Whoever relies on what lies in it gets something else than at first. */
static ptr
alloc_room(ptr context, u64 bytes)
{
	ptr			block = alloc_zeroed(context, bytes);

	return block == NULL ? NULL : memset(block, 0xA7, bytes);
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

/* What a token points to, as in the shim. */
typedef struct Source Source;
struct Source
{
	PgeStatus	(*read) (Source *self, u64 offset, u64 length, u8 *destination);
};

static PgeStatus
read_group(u64 token, u64 offset, u64 length, u8 *destination)
{
	Source	   *source = (Source *) (uintptr_t) token;

	return source->read(source, offset, length, destination);
}

static PgeStatus
group_bytes(u64 token, u64 offset, u64 length, u8 **bytes)
{
	*bytes = NULL;
	return PgeStatus_Ok;
}

/* So many levels of managed code down, then the error of the test's choice. */
typedef struct Tower
{
	Source		source;
	int			levels;
	int			bottom;
} Tower;

static PgeStatus
climb_down(Source *self, u64 offset, u64 length, u8 *destination)
{
	Tower	   *tower = (Tower *) self;
	i64			result;
	int			next = --tower->levels > 0 ? PgeSelfTest_Nest : tower->bottom;

	return managed.SelfTest(next, (i64) (intptr_t) tower, &result) == PgeStatus_Ok ? PgeStatus_Ok : PgeStatus_PgError;
}

/* A stored group in memory. */
typedef struct Stored
{
	Source		source;
	PgeGroupImage image;
	int			reads;
} Stored;

static u8 *
image_byte(const PgeGroupImage *image, u64 offset)
{
	return (u8 *) (uintptr_t) image->Segments[offset / image->SegmentBytes] + offset % image->SegmentBytes;
}

static PgeStatus
read_stored(Source *self, u64 offset, u64 length, u8 *destination)
{
	Stored	   *stored = (Stored *) self;

	stored->reads++;
	if (offset + length > stored->image.Length)
		return PgeStatus_PgError;
	for (; length > 0; offset++, length--)
		*destination++ = *image_byte(&stored->image, offset);
	return PgeStatus_Ok;
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
	.AllocRoom = alloc_room,
	.Free = free_block,
	.StackTooDeep = stack_too_deep,
	.ReadGroup = read_group,
	.GroupBytes = group_bytes,
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

	void	   *functions[(sizeof(PgeManagedApi) - offsetof(PgeManagedApi, BuildInfo)) / sizeof(void *)];
	int			missing = 0;

	memcpy(functions, (char *) &managed + offsetof(PgeManagedApi, BuildInfo), sizeof(functions));
	for (size_t i = 0; i < sizeof(functions) / sizeof(void *); i++)
		missing += functions[i] == NULL;
	ok(missing == 0, "every function is there");
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
		Tower		tower = {{climb_down}, 1 + i % 5, i % 2 ? PgeSelfTest_ThrowFull : PgeSelfTest_Raise};

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
	PgeStatus	status;
	u64			writer;

	interrupt_pending = 1;
	ok(self_test(PgeSelfTest_Spin, 60000, &result) == PgeStatus_PgError, "an interrupt ends a loop");
	interrupt_pending = 0;
	stack_limit_reached = 1;
	ok(failed_with(self_test(PgeSelfTest_Recurse, 0, &result), "54001", "stack depth"), "so does the stack's limit");
	stack_limit_reached = 0;
	ok(failed_with(self_test(PgeSelfTest_HostMemory, 0, &result), "53200", "out of memory") &&
	   strstr((char *) detail, "1152921504606846976"), "and the end of the host's memory");
	memory_is_out = true;
	status = managed.WriterCreate(NULL, &column, 1, &options, &writer);
	if (status == PgeStatus_Ok)
		status = managed.WriterAppend(writer, (u64[]) {1}, (u8[]) {0}, 1, &(PgeWriterState) {0});
	ok(failed_with(status, "53200", "out of memory"), "in a writer as well");
	memory_is_out = false;
	options.Codec = PgeCodec_Zstd;
	ok(failed_with(managed.WriterCreate(NULL, &column, 1, &options, &writer), "0A000", "ZSTD") && hint[0], "a codec that the host lacks");

	ok(self_test(PgeSelfTest_HandleNew, 0, &handle) == PgeStatus_Ok && self_test(PgeSelfTest_HandleUse, handle, &result) == PgeStatus_Ok,
	   "a handle lives");
	managed.HandleFree(handle);
	managed.HandleFree(handle);
	ok(self_test(PgeSelfTest_HandleUse, handle, &result) == PgeStatus_ManagedError, "until it is freed");
}

/* ---- Row groups ---- */

#define ROWS 5000
#define COLUMNS 3
#define VECTOR 2048

/* Column 0 counts, 1 is a float, 2 a varlena of i % 40 bytes; every seventh row is null in column 1. */
static bool
value_is_right(int column, int row, u64 value, u8 null)
{
	double		real;
	const u8   *text;

	if (null || (column == 1 && row % 7 == 0))
		return null && column == 1 && row % 7 == 0;
	switch (column)
	{
		case 0:
			return (i32) value == row * 3;
		case 1:
			memcpy(&real, &value, sizeof(real));
			return real == row * 0.25;
		default:
			text = (const u8 *) (uintptr_t) value;
			if (*(const u32 *) text != (u32) (row % 40 + 4) << 2)
				return false;
			for (int i = 0; i < row % 40; i++)
				if (text[4 + i] != (u8) (row + i))
					return false;
			return true;
	}
}

static u64
write_rows(const PgeColumnDesc *columns, PgeGroupImage *image)
{
	static u64	values[ROWS * COLUMNS];
	static u8	nulls[ROWS * COLUMNS];
	static u32	texts[ROWS][11];
	PgeWriterOptions options = {.MaxRows = ROWS, .MaxBytes = 1 << 24};
	PgeWriterState state = {0};
	u64			writer = 0;

	for (int row = 0; row < ROWS; row++)
	{
		double		real = row * 0.25;
		u64		   *to = values + row * COLUMNS;

		to[0] = row * 3;
		memcpy(&to[1], &real, sizeof(real));
		nulls[row * COLUMNS + 1] = row % 7 == 0;
		texts[row][0] = (u32) (row % 40 + 4) << 2;
		for (int i = 0; i < row % 40; i++)
			((u8 *) texts[row])[4 + i] = (u8) (row + i);
		to[2] = (u64) (uintptr_t) texts[row];
	}
	ok(managed.WriterCreate(NULL, (PgeColumnDesc *) columns, COLUMNS, &options, &writer) == PgeStatus_Ok, "a writer");
	ok(managed.WriterAppend(writer, values, nulls, ROWS / 2, &state) == PgeStatus_Ok && state.Rows == ROWS / 2 && !state.Full,
	   "takes rows");
	ok(managed.WriterAppend(writer, values + ROWS / 2 * COLUMNS, nulls + ROWS / 2 * COLUMNS, ROWS / 2, &state) == PgeStatus_Ok &&
	   state.Rows == ROWS && state.Full && state.Bytes > 0, "until it is full");
	memset(values, 0xff, sizeof(values));
	memset(texts, 0xff, sizeof(texts));
	ok(managed.WriterFinish(writer, image) == PgeStatus_Ok && image->Rows == ROWS && image->Length > image->FooterOffset,
	   "and makes a group of them");
	return writer;
}

static void
test_row_groups(void)
{
	static const PgeColumnDesc columns[COLUMNS] = {
		{.Kind = PgeColumnKind_Int32, .TypeOid = 23},
		{.Kind = PgeColumnKind_Float64, .TypeOid = 701},
		{.Kind = PgeColumnKind_VarBytes, .TypeOid = 25},
	};
	Stored		stored = {.source.read = read_stored};
	u64			writer = write_rows(columns, &stored.image);
	PgeGroupRef group = {
		.Token = (u64) (uintptr_t) &stored,
		.Length = stored.image.Length,
		.FooterOffset = stored.image.FooterOffset,
		.FooterLength = stored.image.FooterLength,
		.Rows = ROWS,
		.Columns = COLUMNS,
	};
	u64			reader = 0,
				values[VECTOR];
	u8			nulls[VECTOR];
	i32			count = 0;
	int			rows = 0,
				wrong = 0;
	PgeChunkInfo chunk = {0};
	PgeVectorMemory memory = {0};

	ok(managed.ReaderOpen(NULL, &group, (PgeColumnDesc *) columns, COLUMNS, &reader) == PgeStatus_Ok, "a reader");
	for (int column = 0; column < COLUMNS; column++)
		for (int vector = 0; vector * VECTOR < ROWS; vector++)
		{
			if (managed.ReaderDecode(reader, column, vector, values, nulls, &count) != PgeStatus_Ok)
				count = 0;
			for (int i = 0; i < count; i++)
				wrong += !value_is_right(column, vector * VECTOR + i, values[i], nulls[i]);
			rows += count;
		}
	ok(rows == ROWS * COLUMNS && wrong == 0, "reads back what was written");
	wrong = 0;
	for (int row = 0; row < ROWS; row += 77)
		for (int column = 0; column < COLUMNS; column++)
			wrong += managed.ReaderDecodeRow(reader, column, row, values, nulls) != PgeStatus_Ok ||
				!value_is_right(column, row, values[0], nulls[0]);
	ok(wrong == 0, "row by row too");
	ok(managed.ReaderChunkInfo(reader, 1, &chunk) == PgeStatus_Ok && chunk.Kind == PgeColumnKind_Float64 &&
	   chunk.Nulls == (ROWS + 6) / 7 && chunk.Encoding[0], "and tells of a chunk");
	ok(managed.ReaderMemory(reader, 1, 0, &memory) == PgeStatus_Ok && memory.Blocks > 0 && memory.Values == 0 &&
	   managed.ReaderMemory(reader, 1, 1 << 20, &memory) == PgeStatus_ManagedError, "and of what a vector takes");
	ok(managed.ReaderRest(reader) == PgeStatus_Ok && managed.ReaderDecodeRow(reader, 1, 5, values, nulls) == PgeStatus_Ok &&
	   value_is_right(1, 5, values[0], nulls[0]), "goes on after a rest");
	ok(managed.ReaderDecode(reader, COLUMNS, 0, values, nulls, &count) == PgeStatus_ManagedError, "a column that is not there");
	managed.HandleFree(reader);

	*image_byte(&stored.image, stored.image.FooterOffset + 3) ^= 0x40;
	ok(failed_with(managed.ReaderOpen(NULL, &group, (PgeColumnDesc *) columns, COLUMNS, &reader), "XX001", ""),
	   "a footer with a bit turned");
	group.Length = group.FooterOffset = 1 << 30;
	ok(managed.ReaderOpen(NULL, &group, (PgeColumnDesc *) columns, COLUMNS, &reader) != PgeStatus_Ok, "a footer that is elsewhere");
	managed.HandleFree(writer);
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
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	   "out of %d MB of managed memory, in blocks of %lld bytes: %s %d", limit_mb, (long long) block,
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
	test_row_groups();
	printf("1..%d\n", tests);
	return failures > 0;
}
