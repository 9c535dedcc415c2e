// Execution layer, operators. Loops over lanes that several aggregates have in common.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

static unsafe class AggregateLanes
{
    static readonly int s_width = Vector512<ulong>.Count;

    /// <summary>How many rows each of few groups has.</summary>
    internal static void Count(ulong* groups, int rows, int groupCount, int* counts)
    {
        int vectors = rows & -s_width;
        for (int g = 0; g < groupCount; g++)
        {
            Vector512<ulong> wanted = Vector512.Create((ulong)g);
            Vector512<ulong> count = Vector512<ulong>.Zero;
            for (int i = 0; i < vectors; i += s_width)
            {
                count -= Vector512.Equals(Vector512.Load(groups + i), wanted);
            }

            counts[g] = (int)Vector512.Sum(count);
        }

        for (int i = vectors; i < rows; i++)
        {
            counts[groups[i]]++;
        }
    }

    internal static long Sum(ulong* values, int rows)
    {
        int vectors = rows & -(2 * s_width);
        Vector512<ulong> a = Vector512<ulong>.Zero;
        Vector512<ulong> b = Vector512<ulong>.Zero;
        for (int i = 0; i < vectors; i += 2 * s_width)
        {
            a += Vector512.Load(values + i);
            b += Vector512.Load(values + i + s_width);
        }

        ulong sum = Vector512.Sum(a + b);
        for (int i = vectors; i < rows; i++)
        {
            sum += values[i];
        }

        return (long)sum;
    }

    /// <summary>Of any values.</summary>
    internal static Int128 WideSum(ulong* values, int rows)
    {
        ulong low = 0;
        long high = 0;
        for (int i = 0; i < rows; i++)
        {
            low += (uint)values[i];
            high += (long)values[i] >> 32;
        }

        return ((Int128)high << 32) + low;
    }

    /// <summary>Sums of few groups (at most eight), four at a time; one batch cannot overflow them.</summary>
    internal static void Sum(ulong* values, ulong* groups, int rows, int groupCount, long* sums)
    {
        int vectors = rows & -s_width;
        for (int g = 0; g < groupCount; g += 4)
        {
            Vector512<ulong> g0 = Vector512.Create((ulong)g);
            Vector512<ulong> g1 = Vector512.Create((ulong)g + 1);
            Vector512<ulong> g2 = Vector512.Create((ulong)g + 2);
            Vector512<ulong> g3 = Vector512.Create((ulong)g + 3);
            Vector512<ulong> s0 = Vector512<ulong>.Zero;
            Vector512<ulong> s1 = Vector512<ulong>.Zero;
            Vector512<ulong> s2 = Vector512<ulong>.Zero;
            Vector512<ulong> s3 = Vector512<ulong>.Zero;
            for (int i = 0; i < vectors; i += s_width)
            {
                Vector512<ulong> value = Vector512.Load(values + i);
                Vector512<ulong> group = Vector512.Load(groups + i);
                s0 += Vector512.Equals(group, g0) & value;
                s1 += Vector512.Equals(group, g1) & value;
                s2 += Vector512.Equals(group, g2) & value;
                s3 += Vector512.Equals(group, g3) & value;
            }

            sums[g] = (long)Vector512.Sum(s0);
            sums[g + 1] = (long)Vector512.Sum(s1);
            sums[g + 2] = (long)Vector512.Sum(s2);
            sums[g + 3] = (long)Vector512.Sum(s3);
        }

        for (int i = vectors; i < rows; i++)
        {
            sums[groups[i]] += (long)values[i];
        }
    }

    /// <summary>No value's magnitude is greater than this.</summary>
    internal static ulong Bound(ulong* values, int rows)
    {
        int vectors = rows & -s_width;
        Vector512<long> any = Vector512<long>.Zero;
        for (int i = 0; i < vectors; i += s_width)
        {
            Vector512<long> value = Vector512.Load((long*)values + i);
            any |= value ^ (value >> 63);
        }

        ulong bits = 0;
        for (int i = 0; i < s_width; i++)
        {
            bits |= (ulong)any[i];
        }

        for (int i = vectors; i < rows; i++)
        {
            bits |= values[i] ^ (ulong)((long)values[i] >> 63);
        }

        return Bound(bits);
    }

    /// <summary>By the bits that some value has, or lacks where it is negative: -1 has those of 0, and so on.</summary>
    internal static ulong Bound(ulong bits) =>
        bits == 0 ? 1 : (ulong.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount(bits)) + 1;
}
