// Tiering layer, reader. Can values within a file's bounds meet a test? Bounds of a size that their type cannot have say nothing.

using System;
using System.Runtime.CompilerServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class BoundsMatcher
{
    /// <summary>False: no row can. <paramref name="noNulls"/>: that is known.</summary>
    internal static bool Possible(in ZoneTest test, in ColumnType column, in ValueBounds bounds, bool allNull, bool noNulls)
    {
        switch (test.Order)
        {
            case ZoneOrder.IsNull:
                return !noNulls;
            case ZoneOrder.IsNotNull:
                return !allNull;
            default:
                break;
        }

        if (allNull)
        {
            return false;
        }

        if (bounds.Min == null || bounds.Max == null)
        {
            return true;
        }

        for (int i = 0; i < test.Count; i++)
        {
            bool possible = test.Order switch
            {
                ZoneOrder.Integers => Integers(test.Ranges[i], column, bounds),
                ZoneOrder.Floats => Floats(test.Ranges[i], column, bounds),
                ZoneOrder.Bytes => Bytes(test.Ranges[i], column, bounds),
                _ => true,
            };
            if (possible)
            {
                return true;
            }
        }

        return false;
    }

    static bool Integers(in ZoneRange range, in ColumnType column, in ValueBounds bounds)
    {
        if (column.Unsigned || !Lane(column.Physical, bounds.Min, bounds.MinLength, out long min) ||
            !Lane(column.Physical, bounds.Max, bounds.MaxLength, out long max))
        {
            return true;
        }

        return min <= (long)range.High && max >= (long)range.Low;
    }

    static bool Lane(PhysicalType physical, byte* bytes, int length, out long value)
    {
        value = 0;
        switch (physical)
        {
            case PhysicalType.Int32 when length == 4:
                value = Unsafe.ReadUnaligned<int>(bytes);
                return true;
            case PhysicalType.Int64 when length == 8:
                value = Unsafe.ReadUnaligned<long>(bytes);
                return true;
            case PhysicalType.Boolean when length == 1:
                value = *bytes;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writers leave NaN out of bounds, so a range that has it (its upper end is NaN) can be anywhere.</summary>
    static bool Floats(in ZoneRange range, in ColumnType column, in ValueBounds bounds)
    {
        double low = BitConverter.UInt64BitsToDouble(range.Low);
        double high = BitConverter.UInt64BitsToDouble(range.High);
        if (double.IsNaN(high) || double.IsNaN(low) || !Float(column.Physical, bounds.Min, bounds.MinLength, out double min) ||
            !Float(column.Physical, bounds.Max, bounds.MaxLength, out double max))
        {
            return true;
        }

        return min <= high && max >= low;
    }

    static bool Float(PhysicalType physical, byte* bytes, int length, out double value)
    {
        value = double.NaN;
        if (physical == PhysicalType.Float && length == 4)
        {
            value = Unsafe.ReadUnaligned<float>(bytes);
        }
        else if (physical == PhysicalType.Double && length == 8)
        {
            value = Unsafe.ReadUnaligned<double>(bytes);
        }

        return !double.IsNaN(value);
    }

    static bool Bytes(in ZoneRange range, in ColumnType column, in ValueBounds bounds)
    {
        // Decimals and Float16 are not in byte order.
        if (column.Physical is not (PhysicalType.ByteArray or PhysicalType.FixedBytes) ||
            column.Annotation is Annotation.Decimal or Annotation.Float16 or Annotation.Interval or Annotation.Other)
        {
            return true;
        }

        var min = new ReadOnlySpan<byte>(bounds.Min, bounds.MinLength);
        var max = new ReadOnlySpan<byte>(bounds.Max, bounds.MaxLength);
        return (range.HighBytes == null || min.SequenceCompareTo(new ReadOnlySpan<byte>(range.HighBytes, range.HighLength)) <= 0) &&
            (range.LowBytes == null || max.SequenceCompareTo(new ReadOnlySpan<byte>(range.LowBytes, range.LowLength)) >= 0);
    }
}
