// The order of additions that README.md of Epiphany.Vector promises, in plain loops over sixteen numbers, and vectors to try it on.

using System;
using System.Linq;

namespace Epiphany.Vector.Tests;

internal static class Model
{
    internal delegate float Term(float sum, float a, float b);

    /// <summary>Around every number of elements where a loop ends, and what people store.</summary>
    internal static readonly int[] Counts =
        [.. Enumerable.Range(1, 140), 191, 192, 193, 255, 256, 257, 300, 384, 767, 768, 1000, 1024, 1536, 3072, 16000];

    internal static float SquaredDifference(float sum, float a, float b) => float.MultiplyAddEstimate(a - b, a - b, sum);

    internal static float Product(float sum, float a, float b) => float.MultiplyAddEstimate(a, b, sum);

    internal static float AbsoluteDifference(float sum, float a, float b) => sum + float.Abs(a - b);

    /// <summary><paramref name="sums"/>: registers of sixteen that take turns.</summary>
    internal static float Sum(float[] a, float[] b, Term term, int sums)
    {
        int count = a.Length;
        if (count < 16)
        {
            float few = 0;
            for (int k = 0; k < count; k++)
            {
                few = term(few, a[k], b[k]);
            }

            return few;
        }

        float[,] lanes = new float[sums, 16];
        int i = 0;
        for (; i + (16 * sums) <= count; i += 16 * sums)
        {
            for (int k = 0; k < 16 * sums; k++)
            {
                lanes[k / 16, k % 16] = term(lanes[k / 16, k % 16], a[i + k], b[i + k]);
            }
        }

        for (; i + 16 <= count; i += 16)
        {
            for (int k = 0; k < 16; k++)
            {
                lanes[0, k] = term(lanes[0, k], a[i + k], b[i + k]);
            }
        }

        for (int k = 16 - (count - i); k < 16; k++)
        {
            lanes[1, k] = term(lanes[1, k], a[count - 16 + k], b[count - 16 + k]);
        }

        float[] total = [.. Enumerable.Range(0, 16).Select(k => sums == 4
            ? (lanes[0, k] + lanes[1, k]) + (lanes[2, k] + lanes[3, k])
            : lanes[0, k] + lanes[1, k])];
        for (int width = 8; width > 0; width /= 2)
        {
            for (int k = 0; k < width; k++)
            {
                total[k] += total[k + width];
            }
        }

        return total[0];
    }

    /// <summary>Of several magnitudes, so that the order of additions shows in the last bits.</summary>
    internal static float[] Random(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 3))))];

    internal static ushort[] Narrow(float[] values) => [.. values.Select(v => BitConverter.HalfToUInt16Bits((Half)v))];

    internal static float[] Widen(ushort[] values) => [.. values.Select(v => (float)BitConverter.UInt16BitsToHalf(v))];
}
