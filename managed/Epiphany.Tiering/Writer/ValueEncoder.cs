// Tiering layer, writer. Values that have no dictionary, in the encoding that suits their type: differences of integers, lengths of strings before
// their bytes, floats byte by byte (which compresses), the others plain.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class ValueEncoder
{
    internal static PageEncoding Choose(in ColumnType type) => type.Physical switch
    {
        PhysicalType.Int32 or PhysicalType.Int64 => PageEncoding.DeltaBinaryPacked,
        PhysicalType.Float or PhysicalType.Double => PageEncoding.ByteStreamSplit,
        PhysicalType.ByteArray => PageEncoding.DeltaLengthByteArray,
        _ => PageEncoding.Plain,
    };

    internal static void Run(PageEncoding encoding, ColumnBuffer buffer, int from, int count, ByteSink sink)
    {
        ColumnType type = buffer.Column.Type;
        ulong* lanes = buffer.Lanes + from;
        switch (encoding)
        {
            case PageEncoding.DeltaBinaryPacked:
                DeltaEncoder.Run(lanes, count, type.Physical == PhysicalType.Int32, sink);
                return;
            case PageEncoding.ByteStreamSplit:
                Split(lanes, count, type.PlainBytes, sink);
                return;
            case PageEncoding.DeltaLengthByteArray:
                Strings(lanes, buffer.Lengths + from, count, sink);
                return;
            case PageEncoding.Plain when type.Physical == PhysicalType.Boolean:
                byte* bits = sink.AppendZeros(((ulong)count + 7) / 8);
                for (int i = 0; i < count; i++)
                {
                    bits[i >> 3] |= (byte)(lanes[i] << (i & 7));
                }

                return;
            default:
                for (int i = 0; i < count; i++)
                {
                    sink.Append((byte*)lanes[i], (ulong)buffer.Lengths[from + i]);
                }

                return;
        }
    }

    static void Split(ulong* lanes, int count, int width, ByteSink sink)
    {
        byte* bytes = sink.Reserve((ulong)count * (ulong)width);
        for (int b = 0; b < width; b++)
        {
            for (int i = 0; i < count; i++)
            {
                *bytes++ = (byte)(lanes[i] >> (8 * b));
            }
        }

        sink.Commit((ulong)count * (ulong)width);
    }

    static void Strings(ulong* lanes, int* lengths, int count, ByteSink sink)
    {
        var wide = (ulong*)NativeMemory.Alloc((nuint)int.Max(count, 1), sizeof(ulong));
        try
        {
            for (int i = 0; i < count; i++)
            {
                wide[i] = (ulong)lengths[i];
            }

            DeltaEncoder.Run(wide, count, true, sink);
        }
        finally
        {
            NativeMemory.Free(wide);
        }

        for (int i = 0; i < count; i++)
        {
            sink.Append((byte*)lanes[i], (ulong)lengths[i]);
        }
    }

    /// <summary>A dictionary's page: the values at these places, plain.</summary>
    internal static void Entries(ColumnBuffer buffer, int* entries, int count, ByteSink sink)
    {
        ColumnType type = buffer.Column.Type;
        for (int i = 0; i < count; i++)
        {
            ulong lane = buffer.Lanes[entries[i]];
            if (!type.IsBytes)
            {
                sink.Append((byte*)&lane, (ulong)type.PlainBytes);
                continue;
            }

            int length = buffer.Lengths[entries[i]];
            if (type.Physical == PhysicalType.ByteArray)
            {
                sink.Append((byte*)&length, sizeof(int));
            }

            sink.Append((byte*)lane, (ulong)length);
        }
    }
}
