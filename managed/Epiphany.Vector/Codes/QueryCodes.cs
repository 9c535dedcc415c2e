// Vector layer, codes. A query, rotated once, in every form that estimators want it in. It lives in the caller's memory.

using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector.Codes;

/// <summary>The head of a prepared query; the arrays follow it in the same memory. Not on disk.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct QueryCodes
{
    public int Padded;
    public CodeMetric Metric;

    /// <summary>The rotated query.</summary>
    public float* Rotated;

    /// <summary>For each four dimensions sixteen bytes: what the ones of a code's four bits add up to, in steps above the least of them.</summary>
    public byte* Tables;

    /// <summary>The query's elements in 6 bits, as planes of <see cref="Padded"/> bits, the lowest first.</summary>
    public ulong* Planes;

    /// <summary>The sum of the elements, and of the negative ones.</summary>
    public float Sum;
    public float NegativeSum;

    /// <summary>A step of the tables, and how far off a sum of looked up values may be (twice its deviation).</summary>
    public float TableStep;
    public float TableError;

    /// <summary>A step of the planes, what stands for 0, and how far off a sum may be, likewise.</summary>
    public float PlaneStep;
    public float PlaneLow;
    public float PlaneError;

    internal const int PlaneCount = 6;
    private const int MostInPlanes = (1 << PlaneCount) - 1;
    private const int Most = byte.MaxValue;
    private const int Head = 128;

    /// <summary>Memory that <see cref="Prepare"/> needs; aligned to 64 is best, 8 will do.</summary>
    public static int Bytes(int padded) => Head + (padded * sizeof(float)) + (padded * 4) + (PlaneCount * padded / 8);

    /// <summary><paramref name="rotated"/> is copied.</summary>
    public static QueryCodes* Prepare(void* memory, CodeMetric metric, float* rotated, int padded)
    {
        var query = (QueryCodes*)memory;
        byte* at = (byte*)memory + Head;
        *query = default;
        query->Padded = padded;
        query->Metric = metric;
        query->Rotated = (float*)at;
        query->Tables = at + (padded * sizeof(float));
        query->Planes = (ulong*)(query->Tables + (padded * 4));
        new ReadOnlySpan<float>(rotated, padded).CopyTo(new Span<float>(query->Rotated, padded));
        if (Vector512.IsHardwareAccelerated)
        {
            query->MakeTables<Lanes512>();
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            query->MakeTables<Lanes256>();
        }
        else
        {
            query->MakeTables<Lanes128>();
        }

        return query;
    }

    /// <summary>
    /// A query of zeros and ones for plain bits: with factors Add = a code's ones and Rescale = -2, estimates are Hamming distances, exactly.
    /// </summary>
    public static QueryCodes* PrepareBits(void* memory, float* bits, int padded)
    {
        QueryCodes* query = Prepare(memory, CodeMetric.L2Squared, bits, padded);
        query->TableStep = 1;
        query->TableError = 0;
        for (int i = 0; i < padded; i += 4)
        {
            for (int n = 0; n < 16; n++)
            {
                query->Tables[(4 * i) + n] = (byte)(
                    ((n & 1) * bits[i]) + (((n >> 1) & 1) * bits[i + 1]) + (((n >> 2) & 1) * bits[i + 2]) + ((n >> 3) * bits[i + 3]));
            }
        }

        return query;
    }

    private void MakeTables<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float widest = 0;
        Sum = 0;
        NegativeSum = 0;
        for (int i = 0; i < Padded; i += 4)
        {
            float* q = Rotated + i;
            Sum += (q[0] + q[1]) + (q[2] + q[3]);
            NegativeSum += Negative(q);
            widest = MathF.Max(widest, (MathF.Abs(q[0]) + MathF.Abs(q[1])) + (MathF.Abs(q[2]) + MathF.Abs(q[3])));
        }

        TableStep = widest / Most;
        TableError = 2 * TableStep * MathF.Sqrt(Padded / 4 / 12f);
        float inverse = widest > 0 && float.IsFinite(widest) ? Most / widest : 0;
        float* bits = stackalloc float[4 * Lanes.Count];
        for (int i = 0; i < 4 * Lanes.Count; i++)
        {
            bits[i] = ((i % Lanes.Count) >> (i / Lanes.Count)) & 1;
        }

        TLanes zero = TLanes.Create(0);
        TLanes high = TLanes.Create(Most);
        for (int i = 0; i < Padded; i += 4)
        {
            float* q = Rotated + i;
            TLanes sums = TLanes.Create(0.5f - (Negative(q) * inverse));
            for (int k = 0; k < 4; k++)
            {
                sums = TLanes.MultiplyAdd(TLanes.Create(q[k] * inverse), TLanes.Load(bits + (k * Lanes.Count)), sums);
            }

            TLanes.Store(TLanes.Clamp(sums, zero, high), Tables + (4 * i));
        }
    }

    private static float Negative(float* four) =>
        (MathF.Min(four[0], 0) + MathF.Min(four[1], 0)) + (MathF.Min(four[2], 0) + MathF.Min(four[3], 0));

    /// <summary>What <see cref="Estimator.RunOneBit"/> reads; only then needed.</summary>
    public void MakePlanes()
    {
        float low = 0;
        float high = 0;
        for (int i = 0; i < Padded; i++)
        {
            low = MathF.Min(low, Rotated[i]);
            high = MathF.Max(high, Rotated[i]);
        }

        PlaneLow = low;
        PlaneStep = (high - low) / MostInPlanes;
        PlaneError = 2 * PlaneStep * MathF.Sqrt(Padded / 12f / 2);
        float inverse = PlaneStep > 0 && float.IsFinite(PlaneStep) ? 1 / PlaneStep : 0;
        int words = Padded / 64;
        for (int word = 0; word < words; word++)
        {
            for (int plane = 0; plane < PlaneCount; plane++)
            {
                Planes[(plane * words) + word] = 0;
            }

            for (int bit = 0; bit < 64; bit++)
            {
                int value = Math.Clamp((int)(((Rotated[(64 * word) + bit] - low) * inverse) + 0.5f), 0, MostInPlanes);
                for (int plane = 0; plane < PlaneCount; plane++)
                {
                    Planes[(plane * words) + word] |= (ulong)((value >> plane) & 1) << DimensionBit(bit);
                }
            }
        }
    }

    /// <summary>Where a one-bit code (a part of one bit, as CodeBits has it) keeps a dimension of its unit.</summary>
    private static int DimensionBit(int dimension) => (8 * (dimension % 8)) + (dimension / 8);
}
