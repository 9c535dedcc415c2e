// Storage layer, reader. Which chunks and vectors can hold a value that is looked for, by their nulls, minimum and maximum. Says "can" whenever
// there is doubt: no zone map, another kind than the test's, a bound that its order does not know.

using System;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

static unsafe class ZoneMatcher
{
    /// <summary>Powers of ten up to this one keep a 64-bit integer within 128 bits.</summary>
    const int MaxShift = 18;

    /// <summary>By the footer alone.</summary>
    internal static bool MayMatch(ColumnEntry* entry, int rows, in ZoneTest test)
    {
        if (!NullsMayMatch(entry->NullCount, rows, test.Order))
        {
            return false;
        }

        if (!IsComparison(test.Order) || !HasZone(entry, test.Order))
        {
            return true;
        }

        if (test.Order != ZoneOrder.Bytes)
        {
            return LanesMayMatch(*(ulong*)entry->Min, *(ulong*)entry->Max, entry->ZoneScale, test);
        }

        ReadOnlySpan<byte> min = new(entry->Min, entry->MinLength);
        ReadOnlySpan<byte> max = new(entry->Max, entry->MaxLength);
        bool maxIsCut = (entry->Flags & ColumnFlags.MaxTruncated) != 0;
        for (int i = 0; i < test.Count; i++)
        {
            if (BytesOverlap(min, max, maxIsCut, test.Ranges[i]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The vectors that may match, one bit each.</summary>
    internal static ulong Vectors(ColumnEntry* entry, VectorEntry* vectors, int rows, in ZoneTest test)
    {
        ulong matching = 0;
        bool compares = IsComparison(test.Order) && test.Order != ZoneOrder.Bytes && HasZone(entry, test.Order);
        for (int i = 0; i < GroupFormat.Vectors(rows); i++)
        {
            bool may = NullsMayMatch(vectors[i].Nulls, GroupFormat.RowsOf(rows, i), test.Order);
            if (may && compares && (vectors[i].Flags & VectorFlags.HasZone) != 0)
            {
                may = LanesMayMatch(vectors[i].Min, vectors[i].Max, entry->ZoneScale, test);
            }

            matching |= may ? 1UL << i : 0;
        }

        return matching;
    }

    static bool IsComparison(ZoneOrder order) => order is >= ZoneOrder.Integers and <= ZoneOrder.Numeric;

    static bool NullsMayMatch(uint nulls, int rows, ZoneOrder order) => order == ZoneOrder.IsNull ? nulls != 0 : nulls < rows;

    /// <summary>The entry's zone map is in the test's order.</summary>
    static bool HasZone(ColumnEntry* entry, ZoneOrder order)
    {
        if ((entry->Flags & ColumnFlags.HasZone) == 0)
        {
            return false;
        }

        ColumnKind kind = (ColumnKind)entry->Kind;
        bool isLane = entry->MinLength == sizeof(ulong) && entry->MaxLength == sizeof(ulong);
        return order switch
        {
            ZoneOrder.Integers => isLane && Kinds.IsByValue(kind) && !Kinds.IsFloat(kind),
            ZoneOrder.Floats => isLane && Kinds.IsFloat(kind),
            ZoneOrder.Numeric => isLane && kind == ColumnKind.Numeric && (entry->Flags & ColumnFlags.ZoneIsScaled) != 0,
            _ => kind is ColumnKind.FixedBytes or ColumnKind.VarBytes
                && entry->MinLength <= GroupFormat.ZoneBytes && entry->MaxLength <= GroupFormat.ZoneBytes,
        };
    }

    static bool LanesMayMatch(ulong min, ulong max, int places, in ZoneTest test)
    {
        for (int i = 0; i < test.Count; i++)
        {
            ref ZoneRange range = ref test.Ranges[i];
            bool overlaps = test.Order switch
            {
                ZoneOrder.Integers => (long)range.Low <= (long)max && (long)range.High >= (long)min,
                ZoneOrder.Floats => Key(range.Low) <= Key(max) && Key(range.High) >= Key(min),
                _ => !Exceeds(range.LowBytes, range.LowLength, (long)max, places, above: true)
                    && !Exceeds(range.HighBytes, range.HighLength, (long)min, places, above: false),
            };
            if (overlaps)
            {
                return true;
            }
        }

        return false;
    }

    static long Key(ulong bits) => FloatKey.FromDouble(BitConverter.UInt64BitsToDouble(bits));

    /// <summary>The bound is there, and above or below the zone's number for sure.</summary>
    static bool Exceeds(byte* bound, int length, long zone, int zonePlaces, bool above)
    {
        if (bound == null
            || !DecimalEncoder.Measure(bound, (uint)length, out _, out int places)
            || !DecimalEncoder.ToInteger(bound, (uint)length, places, out long value)
            || Math.Abs(places - zonePlaces) > MaxShift)
        {
            return false;
        }

        Int128 a = value * Power(zonePlaces - places);
        Int128 b = zone * Power(places - zonePlaces);
        return above ? a > b : a < b;
    }

    static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (int i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }

    static bool BytesOverlap(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max, bool maxIsCut, in ZoneRange range)
    {
        if (range.LowBytes != null)
        {
            // What begins with a cut maximum may still be there.
            int length = maxIsCut ? Math.Min(range.LowLength, max.Length) : range.LowLength;
            if (new ReadOnlySpan<byte>(range.LowBytes, length).SequenceCompareTo(max) > 0)
            {
                return false;
            }
        }

        return range.HighBytes == null || new ReadOnlySpan<byte>(range.HighBytes, range.HighLength).SequenceCompareTo(min) >= 0;
    }
}
