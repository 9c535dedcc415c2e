// Interop layer. The exports for row groups: the boundary's structs to and from Storage's contract, and no decisions.

using System;
using System.Runtime.InteropServices;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    /// <summary>PostgreSQL's own limit on a table's columns.</summary>
    private const int MaxColumns = 1600;

    [UnmanagedCallersOnly]
    internal static PgeStatus WriterCreate(void* context, PgeColumnDesc* columns, int count, PgeWriterOptions* options, ulong* handle)
    {
        try
        {
            Host.Enter();
            var codec = (Codec)options->Codec;
            HostBlockCodec.Instance.Require(codec);
            Span<ColumnShape> shapes = stackalloc ColumnShape[CheckCount(count)];
            Shapes(columns, shapes);
            var writer = new RowGroupWriter(
                shapes,
                new WriterOptions(codec, options->Level, options->MaxRows, options->MaxBytes, options->Codes != 0, (EncodingKind)options->Known),
                new HostMemory(context),
                HostBlockCodec.Instance,
                HostInterrupts.Instance);
            *handle = Handles.Add(writer);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus WriterAppend(ulong handle, ulong* values, byte* nulls, int rows, PgeWriterState* state)
    {
        try
        {
            Host.Enter();
            var writer = Handles.Get<RowGroupWriter>(handle);
            writer.Append(values, nulls, rows);
            state->Rows = writer.Rows;
            state->Full = writer.Full ? 1 : 0;
            state->Bytes = writer.Bytes;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus WriterFinish(ulong handle, PgeGroupImage* image)
    {
        try
        {
            Host.Enter();
            var finished = Handles.Get<RowGroupWriter>(handle).Finish();
            image->Segments = finished.Segments;
            image->SegmentBytes = GroupImage.SegmentBytes;
            image->Length = finished.Length;
            image->FooterOffset = finished.FooterOffset;
            image->FooterLength = finished.FooterLength;
            image->Rows = finished.Rows;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderOpen(void* context, PgeGroupRef* group, PgeColumnDesc* columns, int count, ulong* handle)
    {
        try
        {
            Host.Enter();
            Span<ColumnShape> shapes = stackalloc ColumnShape[CheckCount(count)];
            Shapes(columns, shapes);
            var source = new HostGroupSource(group->Token);
            var reader = new RowGroupReader(
                new GroupLocation(group->Length, group->FooterOffset, group->FooterLength, group->Rows, group->Columns),
                shapes,
                source,
                new HostMemory(context),
                HostBlockCodec.Instance,
                HostInterrupts.Instance,
                group->Cold != 0 ? source : null);
            *handle = Handles.Add(reader);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderDecode(ulong handle, int column, int vector, ulong* values, byte* nulls, int* count)
    {
        try
        {
            Host.Enter();
            *count = Handles.Get<RowGroupReader>(handle).Decode(column, vector, values, nulls);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderDecodeRow(ulong handle, int column, int row, ulong* value, byte* isNull)
    {
        try
        {
            Host.Enter();
            Handles.Get<RowGroupReader>(handle).DecodeRow(column, row, out *value, out var absent);
            *isNull = absent ? (byte)1 : (byte)0;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderMemory(ulong handle, int column, int vector, PgeVectorMemory* memory)
    {
        try
        {
            Host.Enter();
            var bytes = Handles.Get<RowGroupReader>(handle).Memory(column, vector);
            *memory = new PgeVectorMemory { Blocks = bytes.Blocks, Reading = bytes.Reading, Values = bytes.Values };
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderRest(ulong handle)
    {
        try
        {
            Host.Enter();
            Handles.Get<RowGroupReader>(handle).Rest();
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderChunkInfo(ulong handle, int column, PgeChunkInfo* info)
    {
        try
        {
            Host.Enter();
            var chunk = Handles.Get<RowGroupReader>(handle).Chunk(column);
            *info = new PgeChunkInfo
            {
                Offset = chunk.Offset,
                StoredBytes = chunk.StoredBytes,
                EncodedBytes = chunk.EncodedBytes,
                RawBytes = chunk.RawBytes,
                Nulls = chunk.Nulls,
                Codec = (int)chunk.Codec,
                Encoding = chunk.EncodingName,
                Min = chunk.Min,
                Max = chunk.Max,
                MinLength = chunk.MinLength,
                MaxLength = chunk.MaxLength,
                Kind = (int)chunk.Kind,
                Scale = chunk.ZoneScale,
                IndexBytes = chunk.IndexBytes,
                EncodingKind = (int)chunk.Encoding,
            };
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ReaderMatch(ulong handle, PgeZoneTest* tests, int count, ulong* vectors)
    {
        try
        {
            Host.Enter();
            *vectors = Handles.Get<RowGroupReader>(handle).Match(new ReadOnlySpan<ZoneTest>(tests, count));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static int CheckCount(int count)
    {
        if (count is < 0 or > MaxColumns)
        {
            Throw.BadColumns(count);
        }

        return count;
    }

    private static void Shapes(PgeColumnDesc* columns, Span<ColumnShape> shapes)
    {
        for (var i = 0; i < shapes.Length; i++)
        {
            shapes[i] = new ColumnShape((ColumnKind)columns[i].Kind, columns[i].FixedLength);
        }
    }
}
