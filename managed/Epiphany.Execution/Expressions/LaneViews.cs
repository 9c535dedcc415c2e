// Execution layer, expressions. Datum lanes as signed integers in the order of their type, one lane or eight at once.

using System;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Execution;

/// <summary>Two lanes compare as their views do. Any bits have one.</summary>
interface ILaneView
{
    static abstract long Of(ulong lane);

    static abstract Vector512<long> Of(Vector512<ulong> lanes);
}

/// <summary>Integers, dates, times, booleans: the lanes themselves.</summary>
readonly struct SignedView : ILaneView
{
    public static long Of(ulong lane) => (long)lane;

    public static Vector512<long> Of(Vector512<ulong> lanes) => lanes.AsInt64();
}

/// <summary>Of a view that orders lanes as signed integers.</summary>
static class LaneOrder<TView>
    where TView : struct, ILaneView
{
    /// <summary>The least lane of so many bytes whose view is not less than a value; if there is none, the first number past the lanes.</summary>
    internal static Int128 First(int bytes, long value)
    {
        Int128 high = Int128.One << ((8 * bytes) - 1);
        Int128 low = -high;
        if (TView.Of((ulong)(long)low) >= value)
        {
            return low;
        }

        // Of dates there are only minus infinity and those of the calendar; views of others are nothing.
        low = typeof(TView) == typeof(DateView) ? DateView.FirstDate : low + 1;
        while (low < high)
        {
            Int128 middle = low + ((high - low) >> 1);
            if (TView.Of((ulong)(long)middle) < value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>OIDs.</summary>
readonly struct OidView : ILaneView
{
    public static long Of(ulong lane) => (uint)lane;

    public static Vector512<long> Of(Vector512<ulong> lanes) => (lanes & Vector512.Create((ulong)uint.MaxValue)).AsInt64();
}

/// <summary>"char", which PostgreSQL orders as unsigned.</summary>
readonly struct CharView : ILaneView
{
    public static long Of(ulong lane) => (byte)lane;

    public static Vector512<long> Of(Vector512<ulong> lanes) => (lanes & Vector512.Create((ulong)byte.MaxValue)).AsInt64();
}

/// <summary>float8: every NaN is the greatest, -0 is 0.</summary>
readonly struct Float8View : ILaneView
{
    public static long Of(ulong lane) => FloatKey.FromDouble(BitConverter.UInt64BitsToDouble(lane));

    public static Vector512<long> Of(Vector512<ulong> lanes)
    {
        Vector512<long> sign = lanes.AsInt64() >> 63;
        Vector512<long> magnitude = lanes.AsInt64() & Vector512.Create(long.MaxValue);
        Vector512<long> isNaN = Vector512.GreaterThan(magnitude, Vector512.Create(0x7FF0000000000000));
        return Vector512.ConditionalSelect(isNaN, Vector512.Create(long.MaxValue), (magnitude ^ sign) - sign);
    }
}

/// <summary>float4 beside float8: the low 32 bits of a lane as the same number in float8.</summary>
readonly struct Float4View : ILaneView
{
    public static long Of(ulong lane) => FloatKey.FromDouble(BitConverter.UInt32BitsToSingle((uint)lane));

    public static Vector512<long> Of(Vector512<ulong> lanes) =>
        Float8View.Of(Vector512.WidenLower(Vector512.Narrow(lanes, lanes).AsSingle()).AsUInt64());
}

/// <summary>Dates beside timestamps: midnight. Dates after the last timestamp come between it and infinity.</summary>
readonly struct DateView : ILaneView
{
    internal const long MicrosecondsPerDay = 86_400_000_000;

    /// <summary>The calendar's first day, counted from 2000-01-01.</summary>
    internal const long FirstDate = -2451545;

    /// <summary>The first day that no timestamp has, counted from 2000-01-01.</summary>
    internal const long EndOfTimestamps = 109203528 - 2451545;

    public static long Of(ulong lane) => (long)lane switch
    {
        int.MinValue => long.MinValue,
        int.MaxValue => long.MaxValue,
        >= EndOfTimestamps => long.MaxValue - 1,
        var day => day * MicrosecondsPerDay,
    };

    public static Vector512<long> Of(Vector512<ulong> lanes)
    {
        Vector512<long> days = lanes.AsInt64();
        Vector512<long> isLate = Vector512.GreaterThanOrEqual(days, Vector512.Create(EndOfTimestamps));
        Vector512<long> late = Vector512.Create(long.MaxValue - 1) - Vector512.Equals(days, Vector512.Create((long)int.MaxValue));
        Vector512<long> view = Vector512.ConditionalSelect(isLate, late, days * MicrosecondsPerDay);
        Vector512<long> isFirst = Vector512.Equals(days, Vector512.Create((long)int.MinValue));
        return Vector512.ConditionalSelect(isFirst, Vector512.Create(long.MinValue), view);
    }
}
