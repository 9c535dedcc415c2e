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

    /// <summary>Is one of these not a number?</summary>
    public static bool HasNaN(double* values, int count)
    {
        int step = Vector512<double>.Count;
        Vector512<double> numbers = Vector512<double>.AllBitsSet;
        int i = 0;
        for (; i <= count - step; i += step)
        {
            Vector512<double> next = Vector512.Load(values + i);
            numbers &= Vector512.Equals(next, next);
        }

        bool areNumbers = numbers.ExtractMostSignificantBits() == (1UL << step) - 1;
        for (; i < count; i++)
        {
            areNumbers &= !double.IsNaN(values[i]);
        }

        return !areNumbers;
    }

    /// <summary>Of doubles without a NaN. Where it is zero, its sign is any zero's.</summary>
    public static double Least(double* values, int count) => Pick<Lesser>(values, count);

    /// <summary>Likewise.</summary>
    public static double Greatest(double* values, int count) => Pick<Greater>(values, count);

    interface IPick
    {
        static abstract Vector128<double> Two(Vector128<double> a, Vector128<double> b);

        static abstract Vector256<double> Four(Vector256<double> a, Vector256<double> b);

        static abstract Vector512<double> Eight(Vector512<double> a, Vector512<double> b);
    }

    readonly struct Lesser : IPick
    {
        public static Vector128<double> Two(Vector128<double> a, Vector128<double> b) => Vector128.MinNative(a, b);

        public static Vector256<double> Four(Vector256<double> a, Vector256<double> b) => Vector256.MinNative(a, b);

        public static Vector512<double> Eight(Vector512<double> a, Vector512<double> b) => Vector512.MinNative(a, b);
    }

    readonly struct Greater : IPick
    {
        public static Vector128<double> Two(Vector128<double> a, Vector128<double> b) => Vector128.MaxNative(a, b);

        public static Vector256<double> Four(Vector256<double> a, Vector256<double> b) => Vector256.MaxNative(a, b);

        public static Vector512<double> Eight(Vector512<double> a, Vector512<double> b) => Vector512.MaxNative(a, b);
    }

    static double Pick<TPick>(double* values, int count)
        where TPick : struct, IPick
    {
        int step = Vector512<double>.Count;
        Vector128<double> best = Vector128.CreateScalar(values[0]);
        int i = 1;
        if (count >= step)
        {
            Vector512<double> lanes = Vector512.Load(values);
            for (i = step; i <= count - step; i += step)
            {
                lanes = TPick.Eight(lanes, Vector512.Load(values + i));
            }

            Vector256<double> four = TPick.Four(lanes.GetLower(), lanes.GetUpper());
            Vector128<double> two = TPick.Two(four.GetLower(), four.GetUpper());
            best = TPick.Two(two, Vector128.CreateScalar(two[1]));
        }

        for (; i < count; i++)
        {
            best = TPick.Two(best, Vector128.CreateScalar(values[i]));
        }

        return best[0];
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
