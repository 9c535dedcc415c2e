// Kernels layer. Smallest and largest of lanes of integers.

using System.Numerics;
using System.Runtime.Intrinsics;

namespace Epiphany.Kernels;

/// <summary>Extremes of a run of values; the run has at least one.</summary>
public static unsafe class MinMax
{
    public static void Run<T>(T* values, int count, out T min, out T max)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (Vector512.IsHardwareAccelerated && count >= Vector512<T>.Count)
        {
            Run512(values, count, out min, out max);
        }
        else if (Vector256.IsHardwareAccelerated && count >= Vector256<T>.Count)
        {
            Run256(values, count, out min, out max);
        }
        else
        {
            Scalar(values, count, out min, out max);
        }
    }

    /// <summary>
    /// Of doubles, eight at least. False: there are fewer, or a NaN. Where the least or the greatest is zero, its sign is any zero's.
    /// </summary>
    public static bool TryDoubles(double* values, int count, out double min, out double max)
    {
        min = max = 0;
        int step = Vector512<double>.Count;
        if (count < step)
        {
            return false;
        }

        Vector512<double> low = Vector512.Load(values);
        Vector512<double> high = low;
        Vector512<double> numbers = Vector512.Equals(low, low);
        for (int i = step; i < count; i += step)
        {
            // The last one may overlap the one before.
            Vector512<double> next = Vector512.Load(values + System.Math.Min(i, count - step));
            low = Vector512.ConditionalSelect(Vector512.LessThan(next, low), next, low);
            high = Vector512.ConditionalSelect(Vector512.GreaterThan(next, high), next, high);
            numbers &= Vector512.Equals(next, next);
        }

        if (numbers.ExtractMostSignificantBits() != (1UL << step) - 1)
        {
            return false;
        }

        (min, max) = (low[0], high[0]);
        for (int i = 1; i < step; i++)
        {
            min = System.Math.Min(min, low[i]);
            max = System.Math.Max(max, high[i]);
        }

        return true;
    }

    internal static void Scalar<T>(T* values, int count, out T min, out T max)
        where T : unmanaged, IBinaryInteger<T>
    {
        min = max = values[0];
        for (int i = 1; i < count; i++)
        {
            min = T.Min(min, values[i]);
            max = T.Max(max, values[i]);
        }
    }

    internal static void Run256<T>(T* values, int count, out T min, out T max)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector256<T> low = Vector256.Load(values);
        Vector256<T> high = low;
        int step = Vector256<T>.Count;
        for (int i = step; i <= count - step; i += step)
        {
            Vector256<T> next = Vector256.Load(values + i);
            low = Vector256.Min(low, next);
            high = Vector256.Max(high, next);
        }

        // The last full vector may overlap the one before: taking a value twice changes nothing.
        Vector256<T> last = Vector256.Load(values + count - step);
        T* lows = stackalloc T[Vector256<T>.Count];
        T* highs = stackalloc T[Vector256<T>.Count];
        Vector256.Min(low, last).Store(lows);
        Vector256.Max(high, last).Store(highs);
        Scalar(lows, step, out min, out _);
        Scalar(highs, step, out _, out max);
    }

    internal static void Run512<T>(T* values, int count, out T min, out T max)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector512<T> low = Vector512.Load(values);
        Vector512<T> high = low;
        int step = Vector512<T>.Count;
        for (int i = step; i <= count - step; i += step)
        {
            Vector512<T> next = Vector512.Load(values + i);
            low = Vector512.Min(low, next);
            high = Vector512.Max(high, next);
        }

        Vector512<T> last = Vector512.Load(values + count - step);
        T* lows = stackalloc T[Vector512<T>.Count];
        T* highs = stackalloc T[Vector512<T>.Count];
        Vector512.Min(low, last).Store(lows);
        Vector512.Max(high, last).Store(highs);
        Scalar(lows, step, out min, out _);
        Scalar(highs, step, out _, out max);
    }
}
