// Tiering layer, writer. Smallest and largest value of a run, in the order that the format has for the type, as bytes for statistics. Long strings
// are cut: a cut minimum is a bound as it is, a cut maximum is made larger in its last byte; which of them are exact is written beside them.

using System;
using System.Runtime.CompilerServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class BoundsBuilder
{
    const int LongestBytes = 64;

    internal static WrittenBounds Run(ColumnBuffer buffer, int from, int to, ByteSink sink)
    {
        ColumnType type = buffer.Column.Type;
        if (from == to || type.Annotation is Annotation.Interval)
        {
            return default;
        }

        if (type.IsBytes)
        {
            return Bytes(buffer, from, to, sink);
        }

        return type.Physical switch
        {
            PhysicalType.Float or PhysicalType.Double => Floats(buffer.Lanes, from, to, type.Physical == PhysicalType.Float, sink),
            _ => Lanes(buffer.Lanes, from, to, type, sink),
        };
    }

    static WrittenBounds Lanes(ulong* lanes, int from, int to, in ColumnType type, ByteSink sink)
    {
        // Unsigned ones of 32 bits are sign-extended, too: of one sign each, their order is the same.
        ulong flip = type.Unsigned ? 0 : 1UL << 63;
        ulong min = ulong.MaxValue;
        ulong max = 0;
        for (int i = from; i < to; i++)
        {
            min = ulong.Min(min, lanes[i] ^ flip);
            max = ulong.Max(max, lanes[i] ^ flip);
        }

        int width = type.Physical == PhysicalType.Boolean ? 1 : type.PlainBytes;
        return Exact(min ^ flip, max ^ flip, width, sink);
    }

    static WrittenBounds Exact(ulong min, ulong max, int width, ByteSink sink)
    {
        int at = (int)sink.Length;
        sink.Append((byte*)&min, (ulong)width);
        sink.Append((byte*)&max, (ulong)width);
        return new WrittenBounds(true, at, width, true, at + width, width, true);
    }

    /// <summary>With a NaN there are none; zeros are below as -0 and above as +0, whichever there were.</summary>
    static WrittenBounds Floats(ulong* lanes, int from, int to, bool single, ByteSink sink)
    {
        double min = double.PositiveInfinity;
        double max = double.NegativeInfinity;
        for (int i = from; i < to; i++)
        {
            double value = single ? BitConverter.Int32BitsToSingle((int)lanes[i]) : BitConverter.UInt64BitsToDouble(lanes[i]);
            if (double.IsNaN(value))
            {
                return default;
            }

            min = value < min ? value : min;
            max = value > max ? value : max;
        }

        min = min == 0 ? -0.0 : min;
        max = max == 0 ? 0.0 : max;
        return single
            ? Exact((uint)BitConverter.SingleToInt32Bits((float)min), (uint)BitConverter.SingleToInt32Bits((float)max), 4, sink)
            : Exact(BitConverter.DoubleToUInt64Bits(min), BitConverter.DoubleToUInt64Bits(max), 8, sink);
    }

    static WrittenBounds Bytes(ColumnBuffer buffer, int from, int to, ByteSink sink)
    {
        bool signed = buffer.Column.Type.Annotation == Annotation.Decimal;
        ReadOnlySpan<byte> min = Value(buffer, from);
        ReadOnlySpan<byte> max = min;
        for (int i = from + 1; i < to; i++)
        {
            ReadOnlySpan<byte> value = Value(buffer, i);
            if (Compare(value, min, signed) < 0)
            {
                min = value;
            }
            else if (Compare(value, max, signed) > 0)
            {
                max = value;
            }
        }

        int minLength = min.Length;
        int maxLength = max.Length;
        if (buffer.Column.Type.Physical == PhysicalType.ByteArray)
        {
            minLength = minLength > LongestBytes ? Boundary(min) : minLength;
            maxLength = maxLength > LongestBytes ? Incrementable(max) : maxLength;
        }

        if (maxLength == 0 && max.Length > 0)
        {
            return default;
        }

        int at = (int)sink.Length;
        Append(sink, min[..minLength]);
        Append(sink, max[..maxLength]);
        if (maxLength < max.Length)
        {
            sink.Bytes[at + minLength + maxLength - 1]++;
        }

        return new WrittenBounds(true, at, minLength, minLength == min.Length, at + minLength, maxLength, maxLength == max.Length);
    }

    static ReadOnlySpan<byte> Value(ColumnBuffer buffer, int i) => new((byte*)buffer.Lanes[i], buffer.Lengths[i]);

    /// <summary>Decimals are two's complement numbers of one length, the highest byte first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool signed)
    {
        if (signed && ((left[0] ^ right[0]) & 0x80) != 0)
        {
            return (sbyte)left[0] < (sbyte)right[0] ? -1 : 1;
        }

        return left.SequenceCompareTo(right);
    }

    /// <summary>The most bytes that end no character of UTF-8 in its middle.</summary>
    static int Boundary(ReadOnlySpan<byte> value)
    {
        int length = LongestBytes;
        while (length > LongestBytes - 4 && (value[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }

    /// <summary>The most bytes whose last can be made one larger and stay an ASCII character; 0: none.</summary>
    static int Incrementable(ReadOnlySpan<byte> value)
    {
        int length = LongestBytes;
        while (length > 0 && value[length - 1] >= 0x7F)
        {
            length--;
        }

        return length;
    }

    static void Append(ByteSink sink, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(sink.Reserve((ulong)bytes.Length), bytes.Length));
        sink.Commit((ulong)bytes.Length);
    }

    /// <summary>Bounds of two runs; comparing their bytes as they were written.</summary>
    internal static WrittenBounds Merge(in WrittenBounds left, in WrittenBounds right, in ColumnType type, ByteSink sink)
    {
        bool rightMin = Less(sink, right.MinAt, right.MinLength, left.MinAt, left.MinLength, type);
        bool rightMax = Less(sink, left.MaxAt, left.MaxLength, right.MaxAt, right.MaxLength, type);
        WrittenBounds min = rightMin ? right : left;
        WrittenBounds max = rightMax ? right : left;
        return new WrittenBounds(true, min.MinAt, min.MinLength, min.MinExact, max.MaxAt, max.MaxLength, max.MaxExact);
    }

    static bool Less(ByteSink sink, int leftAt, int leftLength, int rightAt, int rightLength, in ColumnType type)
    {
        byte* left = sink.Bytes + leftAt;
        byte* right = sink.Bytes + rightAt;
        return type.Physical switch
        {
            PhysicalType.Boolean => *left < *right,
            PhysicalType.Int32 when type.Unsigned => Unsafe.ReadUnaligned<uint>(left) < Unsafe.ReadUnaligned<uint>(right),
            PhysicalType.Int64 when type.Unsigned => Unsafe.ReadUnaligned<ulong>(left) < Unsafe.ReadUnaligned<ulong>(right),
            PhysicalType.Int32 => Unsafe.ReadUnaligned<int>(left) < Unsafe.ReadUnaligned<int>(right),
            PhysicalType.Int64 => Unsafe.ReadUnaligned<long>(left) < Unsafe.ReadUnaligned<long>(right),
            PhysicalType.Float => Unsafe.ReadUnaligned<float>(left) < Unsafe.ReadUnaligned<float>(right),
            PhysicalType.Double => Unsafe.ReadUnaligned<double>(left) < Unsafe.ReadUnaligned<double>(right),
            _ => Compare(
                new ReadOnlySpan<byte>(left, leftLength),
                new ReadOnlySpan<byte>(right, rightLength),
                type.Annotation == Annotation.Decimal) < 0,
        };
    }
}
