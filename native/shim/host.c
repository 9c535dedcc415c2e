/*
 * The functions of PgeHostApi. Those that can raise are guarded; the others can't, and say why.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "guard.h"
#include "host.h"

static PgeStatus
check_interrupts(void)
{
	PGE_GUARD;
	CHECK_FOR_INTERRUPTS();
	PGE_GUARD_END;
}

/* Below ERROR, and still guarded: sending a notice can fail. */
static PgeStatus
report(i32 level, u8 *text, i32 length)
{
	PGE_GUARD;
	ereport(Min(level, ERROR), errmsg_internal("%.*s", length, (char *) text));
	PGE_GUARD_END;
}

static PgeStatus
raise_error(i32 sqlstate, u8 *text, i32 length)
{
	PGE_GUARD;
	ereport(ERROR, errcode(sqlstate), errmsg_internal("%.*s", length, (char *) text));
	PGE_GUARD_END;
}

/* Cannot raise: sizes that the allocator would complain about are answered here, a failing malloc with null. */
static ptr
alloc(ptr context, u64 bytes, int flags)
{
	if (!AllocHugeSizeIsValid(bytes))
		return NULL;
	return MemoryContextAllocExtended((MemoryContext) context, bytes, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM | flags);
}

static ptr
alloc_zeroed(ptr context, u64 bytes)
{
	return alloc(context, bytes, MCXT_ALLOC_ZERO);
}

static ptr
alloc_room(ptr context, u64 bytes)
{
	return alloc(context, bytes, 0);
}

/* Cannot raise for what those two returned, and nothing else may be given. */
static void
free_block(ptr block)
{
	pfree(block);
}

static i32
stack_too_deep(void)
{
	return stack_is_too_deep();
}

static PgeStatus
read_group(u64 token, u64 offset, u64 length, u8 *destination)
{
	PGE_GUARD;
	PgeGroupSource *source = (PgeGroupSource *) (uintptr_t) token;

	source->read(source, offset, length, (char *) destination);
	PGE_GUARD_END;
}

static PgeStatus
group_bytes(u64 token, u64 offset, u64 length, u8 **bytes)
{
	PGE_GUARD;
	PgeGroupSource *source = (PgeGroupSource *) (uintptr_t) token;

	*bytes = source->at != NULL ? (u8 *) source->at(source, offset, length) : NULL;
	PGE_GUARD_END;
}

static PgeStatus
read_group_parts(u64 token, u64 *offsets, i32 count, u64 length, u8 *destination)
{
	PGE_GUARD;
	PgeGroupSource *source = (PgeGroupSource *) (uintptr_t) token;

	if (source->read_parts != NULL)
		source->read_parts(source, offsets, count, length, (char *) destination);
	else
		for (int i = 0; i < count; i++)
			source->read(source, offsets[i], length, (char *) destination + length * i);
	PGE_GUARD_END;
}

static PgeStatus
group_column(u64 token, i32 column, PgeGroupRef *image)
{
	PGE_GUARD;
	PgeGroupSource *source = (PgeGroupSource *) (uintptr_t) token;

	if (source->column == NULL)
		elog(ERROR, "row group is not cold");
	source->column(source, column, image);
	PGE_GUARD_END;
}

StaticAssertDecl(sizeof(InterruptPending) == sizeof(i32), "InterruptPending is not what the boundary takes it for");

const PgeHostApi pge_host = {
	.StructSize = sizeof(PgeHostApi),
	.AbiHash = PGE_ABI_HASH,
	.InterruptPending = (i32 *) &InterruptPending,
	.Error = &pge_error,
	.ForceGc = &pge_force_gc,
	.CheckInterrupts = check_interrupts,
	.Report = report,
	.Raise = raise_error,
	.Alloc = alloc_zeroed,
	.AllocRoom = alloc_room,
	.Free = free_block,
	.StackTooDeep = stack_too_deep,
	.ReadGroup = read_group,
	.ReadGroupParts = read_group_parts,
	.GroupBytes = group_bytes,
	.GroupColumn = group_column,
	.CodecAvailable = pge_codec_available,
	.CompressBound = pge_compress_bound,
	.Compress = pge_compress,
	.Decompress = pge_decompress,
	.SourceRows = pge_host_source_rows,
	.ScanNext = pge_host_scan_next,
	.ScanGo = pge_host_scan_go,
	.ScanRows = pge_host_scan_rows,
	.ScanMissing = pge_host_scan_missing,
	.ScanAhead = pge_host_scan_ahead,
	.ParamValue = pge_host_param_value,
	.PrepareExpression = pge_host_prepare_expression,
	.EvaluateRows = pge_host_evaluate_rows,
	.PrepareCall = pge_host_prepare_call,
	.CallRows = pge_host_call_rows,
	.PrepareOrder = pge_host_prepare_order,
	.CompareRows = pge_host_compare_rows,
	.HashRows = pge_host_hash_rows,
	.PrepareAggregate = pge_host_prepare_aggregate,
	.AggregateAdd = pge_host_aggregate_add,
	.AggregateShow = pge_host_aggregate_show,
	.AggregateClear = pge_host_aggregate_clear,
	.FileCreate = pge_host_file_create,
	.FileWrite = pge_host_file_write,
	.FileRead = pge_host_file_read,
	.FileSeek = pge_host_file_seek,
	.FileClose = pge_host_file_close,
	.ShareBegin = pge_host_share_begin,
	.ShareEnd = pge_host_share_end,
	.ShareOpen = pge_host_share_open,
	.GraphLinks = pge_host_graph_links,
	.GraphPayloads = pge_host_graph_payloads,
	.GraphAddRow = pge_host_graph_add_row,
	.GraphAddVertex = pge_host_graph_add_vertex,
	.GraphSetLinks = pge_host_graph_set_links,
	.GraphAddEntry = pge_host_graph_add_entry,
};
