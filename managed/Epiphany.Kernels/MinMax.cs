// Kernels layer. Smallest and largest of signed 64-bit lanes.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Kernels;

/// <summary>Extremes of a run of values; the run has at least one.</summary>
public static unsafe class MinMax
{
    public static void Run(long* values, int count, out long min, out long max)
    {
        if (Vector512.IsHardwareAccelerated && count >= Vector512<long>.Count)
        {
            Run512(values, count, out min, out max);
        }
        else if (Vector256.IsHardwareAccelerated && count >= Vector256<long>.Count)
        {
            Run256(values, count, out min, out max);
        }
        else
        {
            Scalar(values, count, out min, out max);
        }
    }

    /// <summary>Of unsigned 32-bit numbers.</summary>
    public static void Run(uint* values, int count, out uint min, out uint max)
    {
        min = max = values[0];
        int i = 0;
        if (Vector256.IsHardwareAccelerated && count >= Vector256<uint>.Count)
        {
            Vector256<uint> low = Vector256.Load(values);
            Vector256<uint> high = low;
            for (; i <= count - Vector256<uint>.Count; i += Vector256<uint>.Count)
            {
                Vector256<uint> next = Vector256.Load(values + i);
                low = Vector256.Min(low, next);
                high = Vector256.Max(high, next);
            }

            for (int lane = 0; lane < Vector256<uint>.Count; lane++)
            {
                min = uint.Min(min, low[lane]);
                max = uint.Max(max, high[lane]);
            }
        }

        for (; i < count; i++)
        {
            min = uint.Min(min, values[i]);
            max = uint.Max(max, values[i]);
        }
    }

    internal static void Scalar(long* values, int count, out long min, out long max)
    {
        min = max = values[0];
        for (int i = 1; i < count; i++)
        {
            min = Math.Min(min, values[i]);
            max = Math.Max(max, values[i]);
        }
    }

    internal static void Run256(long* values, int count, out long min, out long max)
    {
        Vector256<long> low = Vector256.Load(values);
        Vector256<long> high = low;
        int step = Vector256<long>.Count;
        for (int i = step; i <= count - step; i += step)
        {
            Vector256<long> next = Vector256.Load(values + i);
            low = Vector256.Min(low, next);
            high = Vector256.Max(high, next);
        }

        // The last full vector may overlap the one before: taking a value twice changes nothing.
        Vector256<long> last = Vector256.Load(values + count - step);
        long* lows = stackalloc long[Vector256<long>.Count];
        long* highs = stackalloc long[Vector256<long>.Count];
        Vector256.Min(low, last).Store(lows);
        Vector256.Max(high, last).Store(highs);
        Scalar(lows, step, out min, out _);
        Scalar(highs, step, out _, out max);
    }

    internal static void Run512(long* values, int count, out long min, out long max)
    {
        Vector512<long> low = Vector512.Load(values);
        Vector512<long> high = low;
        int step = Vector512<long>.Count;
        for (int i = step; i <= count - step; i += step)
        {
            Vector512<long> next = Vector512.Load(values + i);
            low = Vector512.Min(low, next);
            high = Vector512.Max(high, next);
        }

        Vector512<long> last = Vector512.Load(values + count - step);
        long* lows = stackalloc long[Vector512<long>.Count];
        long* highs = stackalloc long[Vector512<long>.Count];
        Vector512.Min(low, last).Store(lows);
        Vector512.Max(high, last).Store(highs);
        Scalar(lows, step, out min, out _);
        Scalar(highs, step, out _, out max);
    }
}
