// Interop layer. Exports for Parquet files: managed/Epiphany.Tiering does the work. Vectors have the boundary's layout, so they pass as they are.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;
using Epiphany.Tiering;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetCreate(void* context, PgeParquetColumn* columns, int count, PgeWriterOptions* options, ulong* handle)
    {
        try
        {
            Host.Enter();
            var codec = (Codec)options->Codec;
            HostBlockCodec.Instance.Require(codec);
            var written = new WrittenColumn[CheckCount(count)];
            for (var i = 0; i < count; i++)
            {
                written[i] = new WrittenColumn(
                    new ReadOnlySpan<byte>(columns[i].Name, columns[i].NameLength).ToArray(),
                    TypeOf(columns[i]),
                    (columns[i].Flags & (int)PgeParquetFlags.List) != 0,
                    new ReadOnlySpan<byte>(columns[i].SqlType, columns[i].SqlTypeLength).ToArray());
            }

            *handle = Handles.Add(new ParquetWriter(
                written,
                new ParquetWriterOptions(codec, options->Level, options->MaxRows, options->MaxBytes),
                new HostMemory(context),
                HostBlockCodec.Instance,
                HostInterrupts.Instance));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static ColumnType TypeOf(in PgeParquetColumn column) => new(
        (PhysicalType)column.Physical,
        (Annotation)column.Annotation,
        column.Length,
        column.Precision,
        column.Scale,
        (TimeUnit)column.Unit,
        (column.Flags & (int)PgeParquetFlags.Utc) != 0,
        column.Bits,
        (column.Flags & (int)PgeParquetFlags.Unsigned) != 0);

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetAppend(ulong handle, PgeParquetVector* vectors, int rows, int* full)
    {
        try
        {
            Host.Enter();
            *full = Handles.Get<ParquetWriter>(handle).Append((ParquetVector*)vectors, rows) ? 1 : 0;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetFlush(ulong handle, byte** bytes, ulong* length)
    {
        try
        {
            Host.Enter();
            Handles.Get<ParquetWriter>(handle).Flush(out *bytes, out *length);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetNote(ulong handle, byte* key, int keyLength, byte* value, int valueLength)
    {
        try
        {
            Host.Enter();
            Handles.Get<ParquetWriter>(handle).Note(new ReadOnlySpan<byte>(key, keyLength), new ReadOnlySpan<byte>(value, valueLength));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetFinish(ulong handle, byte** bytes, ulong* length)
    {
        try
        {
            Host.Enter();
            Handles.Get<ParquetWriter>(handle).Finish(out *bytes, out *length);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetOpen(void* context, ulong token, ulong length, PgeParquetInfo* info, ulong* handle)
    {
        try
        {
            Host.Enter();
            var memory = new HostMemory(context);
            var reader = new ParquetReader(
                new HostGroupSource(token), checked((long)length), memory, HostBlockCodec.Instance, HostInterrupts.Instance);
            var columns = (PgeParquetColumn*)memory.Allocate((nuint)((reader.Columns.Length + 1) * sizeof(PgeParquetColumn)));
            for (var i = 0; i < reader.Columns.Length; i++)
            {
                Describe(reader.Columns[i], memory, &columns[i]);
            }

            *info = new PgeParquetInfo { Columns = columns, Rows = reader.Rows, Count = reader.Columns.Length, Groups = reader.Groups };
            *handle = Handles.Add(reader);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static void Describe(ParquetColumn column, HostMemory memory, PgeParquetColumn* result)
    {
        var type = column.Type;
        *result = new PgeParquetColumn
        {
            Physical = (int)type.Physical,
            Annotation = (int)type.Annotation,
            Length = type.Length,
            Precision = type.Precision,
            Scale = type.Scale,
            Unit = (int)type.Unit,
            Bits = type.Bits,
            Flags = (column.IsList ? (int)PgeParquetFlags.List : 0) | (type.Utc ? (int)PgeParquetFlags.Utc : 0) |
                (type.Unsigned ? (int)PgeParquetFlags.Unsigned : 0) | (column.Unsupported.Length > 0 ? (int)PgeParquetFlags.Unsupported : 0),
            Name = Text(column.Name, memory),
            SqlType = Text(column.SqlType, memory),
            NameLength = column.Name.Length,
            SqlTypeLength = column.SqlType.Length,
        };
    }

    private static byte* Text(byte[] text, HostMemory memory)
    {
        var copy = memory.Allocate((nuint)text.Length + 1);
        text.CopyTo(new Span<byte>(copy, text.Length));
        return copy;
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetBegin(ulong handle, int* columns, int count, PgeZoneTest* tests, int testCount)
    {
        try
        {
            Host.Enter();
            Handles.Get<ParquetReader>(handle).Begin(
                new ReadOnlySpan<int>(columns, count), new ReadOnlySpan<ZoneTest>(tests, testCount));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetNext(ulong handle, PgeParquetVector** vectors, int* rows)
    {
        try
        {
            Host.Enter();
            *rows = Handles.Get<ParquetReader>(handle).Next(out var read);
            *vectors = (PgeParquetVector*)read;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetTransfer(ulong handle, int column, PgeTransferShape* shape, ulong writer, long* rows, uint* checksum)
    {
        try
        {
            Host.Enter();
            *rows = Handles.Get<ParquetReader>(handle).Transfer(
                column,
                new TransferShape(
                    (TransferForm)shape->Form,
                    (ColumnKind)shape->Kind,
                    shape->FixedLength,
                    shape->Offset,
                    shape->High,
                    shape->HighAs,
                    shape->Low,
                    shape->LowAs),
                writer == 0 ? null : Handles.Get<RowGroupWriter>(writer),
                out *checksum);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus ParquetStats(ulong handle, PgeParquetCounts* counts)
    {
        try
        {
            Host.Enter();
            var read = Handles.Get<ParquetReader>(handle).Counts;
            *counts = *(PgeParquetCounts*)&read;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }
}
