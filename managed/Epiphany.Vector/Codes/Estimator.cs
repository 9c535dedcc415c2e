// Vector layer, codes. Estimates from single codes, and what a query adds for a centroid.

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Vector.Codes;

/// <summary>An estimated distance, and what it is probably not below of.</summary>
public readonly record struct Estimate(float Distance, float Lower);

public static unsafe class Estimator
{
    /// <summary>
    /// The query's part for a rotated centroid (null: zero): what is added to each estimate, and the distance between the two, which
    /// times epsilon is the estimators' error argument.
    /// </summary>
    public static (float Add, float Distance) ForCentroid(QueryCodes* query, float* centroid)
    {
        int bytes = query->Padded;
        if (centroid == null)
        {
            var square = (float)Vectors.Distance(
                Metric.InnerProduct, ElementKind.Float32, (byte*)query->Rotated, (byte*)query->Rotated, bytes);
            return (query->Metric == CodeMetric.L2Squared ? square : 0, MathF.Sqrt(square));
        }

        var distance = (float)Vectors.Distance(Metric.L2Squared, ElementKind.Float32, (byte*)query->Rotated, (byte*)centroid, bytes);
        float add = query->Metric == CodeMetric.L2Squared
            ? distance
            : -(float)Vectors.Distance(Metric.InnerProduct, ElementKind.Float32, (byte*)query->Rotated, (byte*)centroid, bytes);
        return (add, MathF.Sqrt(distance));
    }

    /// <summary>By a code of any bits. <paramref name="error"/>: epsilon times the query's distance from the centroid.</summary>
    public static Estimate Run(QueryCodes* query, byte* code, int bits, in CodeFactors factors, float add, float error)
    {
        float dot = Dot(query->Rotated, code, query->Padded, bits) - (((1 << bits) - 1) * 0.5f * query->Sum);
        float distance = factors.Add + add + (factors.Rescale * dot);
        return new(distance, distance - (factors.Error * error));
    }

    /// <summary>By a one-bit code and the query's planes: bits are counted. Quicker than <see cref="Run"/>, less exact.</summary>
    public static Estimate RunOneBit(QueryCodes* query, byte* code, in CodeFactors factors, float add, float error)
    {
        var words = (ulong*)code;
        int count = query->Padded / 64;
        long ones = 0;
        long sum = 0;
        for (int i = 0; i < count; i++)
        {
            ones += BitOperations.PopCount(words[i]);
        }

        for (int plane = 0; plane < QueryCodes.PlaneCount; plane++)
        {
            ulong* other = query->Planes + (plane * count);
            long both = 0;
            for (int i = 0; i < count; i++)
            {
                both += BitOperations.PopCount(words[i] & other[i]);
            }

            sum += both << plane;
        }

        float dot = (query->PlaneLow * ones) + (query->PlaneStep * sum) - (0.5f * query->Sum);
        float distance = factors.Add + add + (factors.Rescale * dot);
        return new(distance, distance - (factors.Error * error) + (factors.Rescale * query->PlaneError));
    }

    /// <summary>The sum of level times element.</summary>
    internal static float Dot(float* rotated, byte* code, int padded, int bits)
    {
        if (Avx512BW.IsSupported)
        {
            return bits switch
            {
                1 => Dot512(rotated, code, padded, 1),
                2 => Dot512(rotated, code, padded, 2),
                3 => Dot512(rotated, code, padded, 3),
                4 => Dot512(rotated, code, padded, 4),
                5 => Dot512(rotated, code, padded, 5),
                6 => Dot512(rotated, code, padded, 6),
                7 => Dot512(rotated, code, padded, 7),
                _ => Dot512(rotated, code, padded, 8),
            };
        }

        return Vector256.IsHardwareAccelerated
            ? Dot<Lanes256>(rotated, code, padded, bits)
            : Dot<Lanes128>(rotated, code, padded, bits);
    }

    /// <summary>Inlined with its bits as a constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot512(float* rotated, byte* code, int padded, int bits)
    {
        Vector512<float> s0 = default;
        Vector512<float> s1 = default;
        Vector512<float> s2 = default;
        Vector512<float> s3 = default;
        for (int i = 0; i < padded; i += CodeBits.Unit, code += 8 * bits)
        {
            Vector512<byte> levels = CodeBits.Unpack512(code, bits);
            s0 = Vector512.MultiplyAddEstimate(Floats(levels.GetLower().GetLower()), Vector512.Load(rotated + i), s0);
            s1 = Vector512.MultiplyAddEstimate(Floats(levels.GetLower().GetUpper()), Vector512.Load(rotated + i + 16), s1);
            s2 = Vector512.MultiplyAddEstimate(Floats(levels.GetUpper().GetLower()), Vector512.Load(rotated + i + 32), s2);
            s3 = Vector512.MultiplyAddEstimate(Floats(levels.GetUpper().GetUpper()), Vector512.Load(rotated + i + 48), s3);
        }

        return Lanes512.Sum(new Lanes512((s0 + s1) + (s2 + s3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Floats(Vector128<byte> levels) =>
        Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(levels));

    internal static float Dot<TLanes>(float* rotated, byte* code, int padded, int bits)
        where TLanes : struct, ILanes<TLanes>
    {
        byte* levels = stackalloc byte[CodeBits.Unit];
        TLanes s0 = default;
        TLanes s1 = default;
        TLanes s2 = default;
        TLanes s3 = default;
        for (int i = 0; i < padded; i += CodeBits.Unit, code += 8 * bits)
        {
            CodeBits.Unpack(code, bits, levels);
            s0 = TLanes.MultiplyAdd(TLanes.Load(levels), TLanes.Load(rotated + i), s0);
            s1 = TLanes.MultiplyAdd(TLanes.Load(levels + 16), TLanes.Load(rotated + i + 16), s1);
            s2 = TLanes.MultiplyAdd(TLanes.Load(levels + 32), TLanes.Load(rotated + i + 32), s2);
            s3 = TLanes.MultiplyAdd(TLanes.Load(levels + 48), TLanes.Load(rotated + i + 48), s3);
        }

        return TLanes.Sum((s0 + s1) + (s2 + s3));
    }
}
