// Kernels layer. What two rows that follow each other have to do with each other: how often they differ, and between which bounds.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Epiphany.Kernels;

/// <summary>One pass for all who choose between encodings of runs and of differences.</summary>
public static unsafe class Neighbours
{
    /// <summary>Differences are taken modulo 2^64 and bounded as signed numbers; both bounds are 0 for a single value.</summary>
    public static void Run(ulong* values, int count, out int changes, out long min, out long max)
    {
        if (count < 2)
        {
            changes = 0;
            min = max = 0;
        }
        else if (Vector512.IsHardwareAccelerated && count > Vector512<ulong>.Count)
        {
            Run512(values, count, out changes, out min, out max);
        }
        else if (Vector256.IsHardwareAccelerated && count > Vector256<ulong>.Count)
        {
            Run256(values, count, out changes, out min, out max);
        }
        else
        {
            changes = 0;
            min = long.MaxValue;
            max = long.MinValue;
            Scalar(values, 1, count, ref changes, ref min, ref max);
        }
    }

    internal static void Scalar(ulong* values, int from, int count, ref int changes, ref long min, ref long max)
    {
        for (int i = from; i < count; i++)
        {
            long difference = (long)(values[i] - values[i - 1]);
            changes += difference != 0 ? 1 : 0;
            min = Math.Min(min, difference);
            max = Math.Max(max, difference);
        }
    }

    internal static void Run256(ulong* values, int count, out int changes, out long min, out long max)
    {
        Vector256<long> low = Vector256.Create(long.MaxValue);
        Vector256<long> high = Vector256.Create(long.MinValue);
        int step = Vector256<long>.Count;
        int equal = 0;
        int i = 1;
        for (; i <= count - step; i += step)
        {
            Vector256<long> difference = (Vector256.Load(values + i) - Vector256.Load(values + i - 1)).AsInt64();
            equal += BitOperations.PopCount(Vector256.Equals(difference, Vector256<long>.Zero).ExtractMostSignificantBits());
            low = Vector256.Min(low, difference);
            high = Vector256.Max(high, difference);
        }

        changes = i - 1 - equal;
        long* bounds = stackalloc long[2 * Vector256<long>.Count];
        low.Store(bounds);
        high.Store(bounds + step);
        MinMax.Scalar(bounds, step, out min, out _);
        MinMax.Scalar(bounds + step, step, out _, out max);
        Scalar(values, i, count, ref changes, ref min, ref max);
    }

    internal static void Run512(ulong* values, int count, out int changes, out long min, out long max)
    {
        Vector512<long> low = Vector512.Create(long.MaxValue);
        Vector512<long> high = Vector512.Create(long.MinValue);
        int step = Vector512<long>.Count;
        int equal = 0;
        int i = 1;
        for (; i <= count - step; i += step)
        {
            Vector512<long> difference = (Vector512.Load(values + i) - Vector512.Load(values + i - 1)).AsInt64();
            equal += BitOperations.PopCount(Vector512.Equals(difference, Vector512<long>.Zero).ExtractMostSignificantBits());
            low = Vector512.Min(low, difference);
            high = Vector512.Max(high, difference);
        }

        changes = i - 1 - equal;
        long* bounds = stackalloc long[2 * Vector512<long>.Count];
        low.Store(bounds);
        high.Store(bounds + step);
        MinMax.Scalar(bounds, step, out min, out _);
        MinMax.Scalar(bounds + step, step, out _, out max);
        Scalar(values, i, count, ref changes, ref min, ref max);
    }
}
