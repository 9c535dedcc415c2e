// Encoding layer. Writes patched segments: seeks the window of values that leaves the fewest bytes, exceptions included.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured; never many more than the same lanes without exceptions.</summary>
public static unsafe class PatchedEncoder
{
    /// <summary>A row number and a lane.</summary>
    const long ExceptionBytes = 10;

    /// <summary>Odd, so that there is a middle.</summary>
    const int Sampled = 31;

    /// <summary>Rows that <see cref="Estimate"/> looks at; vectors that are not much longer are measured.</summary>
    const int Estimated = 64;

    /// <param name="values">A vector's values.</param>
    /// <param name="count">How many.</param>
    /// <param name="order">0 to 2.</param>
    /// <param name="scratch">Room for as many lanes.</param>
    public static PatchedPlan Measure(ulong* values, int count, int order, ulong* scratch)
    {
        int start = Math.Min(order, count);
        ulong* lanes = Differences(values, count, order, scratch);
        if (start == count)
        {
            return new PatchedPlan(order, 0, 0, 0, count);
        }

        ulong middle = Middle(lanes + start, count - start);
        int width = WindowWidth(lanes, start, count, middle, out _);
        Bounds(lanes + start, count - start, middle, width, out long min, out long max);
        ulong from = middle + (ulong)min;
        int packed = BitPacking.Width((ulong)max - (ulong)min);
        ulong largest = packed == 64 ? ulong.MaxValue : (1UL << packed) - 1;
        int exceptions = 0;
        for (int i = start; i < count; i++)
        {
            exceptions += lanes[i] - from > largest ? 1 : 0;
        }

        return new PatchedPlan(order, from, packed, exceptions, count);
    }

    /// <summary>About what <see cref="Measure"/> would say, from some of the rows and mostly a little less; 0 for short vectors.</summary>
    public static long Estimate(ulong* values, int count, int order)
    {
        if (count < 4 * Estimated)
        {
            return 0;
        }

        ulong* lanes = stackalloc ulong[Estimated];
        for (int i = 0; i < Estimated; i++)
        {
            ulong* at = values + order + (i * (count - order) / Estimated);
            lanes[i] = order switch
            {
                0 => *at,
                1 => *at - at[-1],
                _ => *at - (2 * at[-1]) + at[-2],
            };
        }

        WindowWidth(lanes, 0, Estimated, Middle(lanes, Estimated), out long bytes);
        return bytes * count / Estimated;
    }

    /// <summary>The better of the orders 1 and 2.</summary>
    public static PatchedPlan MeasureDifferences(ulong* values, int count, ulong* scratch)
    {
        PatchedPlan first = Measure(values, count, 1, scratch);
        PatchedPlan second = Measure(values, count, 2, scratch);
        return second.Bytes < first.Bytes ? second : first;
    }

    /// <param name="plan">What measuring said of the same values.</param>
    /// <param name="values">The values.</param>
    /// <param name="scratch">Room for as many lanes as there are values.</param>
    /// <param name="destination">Room for the plan's bytes, zeroed.</param>
    public static void Write(in PatchedPlan plan, ulong* values, ulong* scratch, byte* destination)
    {
        int start = Math.Min(plan.Order, plan.Count);
        *(PatchedHeader*)destination = new PatchedHeader
        {
            Base = plan.Base,
            First = plan.Order > 0 ? values[0] : 0,
            FirstDifference = plan.Order > 1 && plan.Count > 1 ? values[1] - values[0] : 0,
            Order = (byte)plan.Order,
            Width = (byte)plan.Width,
            Exceptions = (ushort)plan.Exceptions,
        };
        ushort* rows = (ushort*)(destination + PatchedPlan.ExceptionsOffset(plan.Count, plan.Width));
        ulong* kept = (ulong*)((byte*)rows + PatchedPlan.RowsBytes(plan.Exceptions));
        ulong* lanes = Differences(values, plan.Count, plan.Order, scratch);
        ulong largest = plan.Width == 64 ? ulong.MaxValue : (1UL << plan.Width) - 1;
        for (int i = 0; i < plan.Count; i++)
        {
            ulong lane = lanes[i];
            bool fits = i < start || lane - plan.Base <= largest;
            if (!fits)
            {
                *rows++ = (ushort)i;
                *kept++ = lane;
            }

            scratch[i] = fits && i >= start ? lane : plan.Base;
        }

        BitPack.Run(scratch, plan.Count, plan.Base, plan.Width, destination + PatchedHeader.Size);
    }

    static ulong* Differences(ulong* values, int count, int order, ulong* scratch)
    {
        if (order == 0)
        {
            return values;
        }

        scratch[0] = 0;
        for (int i = 1; i < Math.Min(order, count); i++)
        {
            scratch[i] = values[i] - values[i - 1];
        }

        int at = order;
        for (; at <= count - Vector256<ulong>.Count; at += Vector256<ulong>.Count)
        {
            Vector256<ulong> before = Vector256.Load(values + at - 1);
            Vector256<ulong> difference = Vector256.Load(values + at) - before;
            difference -= order == 2 ? before - Vector256.Load(values + at - 2) : Vector256<ulong>.Zero;
            difference.Store(scratch + at);
        }

        for (; at < count; at++)
        {
            scratch[at] = values[at] - values[at - 1] - (order == 2 ? values[at - 1] - values[at - 2] : 0);
        }

        return scratch;
    }

    /// <summary>The median of some lanes.</summary>
    static ulong Middle(ulong* lanes, int count)
    {
        Span<long> sample = stackalloc long[Math.Min(count, Sampled)];
        for (int i = 0; i < sample.Length; i++)
        {
            sample[i] = (long)lanes[i * count / sample.Length];
        }

        sample.Sort();
        return (ulong)sample[sample.Length / 2];
    }

    /// <summary>The smallest and the largest distance from the middle of those that fit the width; the middle's own is 0.</summary>
    static void Bounds(ulong* lanes, int count, ulong middle, int width, out long min, out long max)
    {
        // As unsigned numbers, what fits is up to this once half of the width is added.
        ulong half = width == 0 ? 0 : 1UL << (width - 1);
        ulong limit = width == 0 ? 0 : half - 1 + half;
        Vector256<long> low = Vector256<long>.Zero;
        Vector256<long> high = Vector256<long>.Zero;
        int i = 0;
        for (; i <= count - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            Vector256<ulong> distance = Vector256.Load(lanes + i) - Vector256.Create(middle);
            Vector256<ulong> fits = Vector256.LessThanOrEqual(distance + Vector256.Create(half), Vector256.Create(limit));
            Vector256<long> kept = (distance & fits).AsInt64();
            low = Vector256.Min(low, kept);
            high = Vector256.Max(high, kept);
        }

        min = Math.Min(Math.Min(low[0], low[1]), Math.Min(low[2], low[3]));
        max = Math.Max(Math.Max(high[0], high[1]), Math.Max(high[2], high[3]));
        for (; i < count; i++)
        {
            ulong distance = lanes[i] - middle;
            if (distance + half <= limit)
            {
                min = Math.Min(min, (long)distance);
                max = Math.Max(max, (long)distance);
            }
        }
    }

    /// <summary>The width around the middle that leaves the fewest bytes; 0 stands for the middle alone.</summary>
    static int WindowWidth(ulong* lanes, int start, int count, ulong middle, out long bestBytes)
    {
        // Four counters of each width: neighbours of one width need not wait for each other.
        int* widths = stackalloc int[4 * 65];
        new Span<int>(widths, 4 * 65).Clear();
        for (int i = start; i < count; i++)
        {
            widths[(4 * SignedWidth((long)(lanes[i] - middle))) + (i & 3)]++;
        }

        int best = 64;
        bestBytes = long.MaxValue;
        int exceptions = count - start;
        for (int width = 0; width <= 64; width++)
        {
            int* counters = widths + (4 * width);
            exceptions -= counters[0] + counters[1] + counters[2] + counters[3];
            long bytes = BitPacking.Bytes(count, width) + (exceptions * ExceptionBytes);
            if (bytes < bestBytes)
            {
                (best, bestBytes) = (width, bytes);
            }
        }

        return best;
    }

    /// <summary>Bits of a two's complement number; none for 0.</summary>
    static int SignedWidth(long value) => value == 0 ? 0 : 65 - BitOperations.LeadingZeroCount((ulong)(value ^ (value >> 63)));
}
