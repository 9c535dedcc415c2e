// Vector layer, codes. RaBitQ: a rotated vector's difference from a centroid becomes levels of so many bits a dimension, and three factors that
// make an unbiased estimate with a known error of them (arXiv 2405.12497, 2409.09913). Nothing is allocated or thrown.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector.Codes;

public static unsafe class Encoder
{
    /// <summary>The step between levels that suits normal variables of deviation 1, by bits.</summary>
    private static ReadOnlySpan<float> Steps => [0, 2f, 0.9957f, 0.586f, 0.3352f, 0.1881f, 0.1041f, 0.0569f, 0.0308f];

    /// <summary>What steps are tried, around that one.</summary>
    private static ReadOnlySpan<float> Trials => [0.8f, 0.9f, 1f, 1.1f, 1.25f];

    /// <summary>Bytes of scratch that <see cref="Encode"/> needs.</summary>
    public static int ScratchBytes(int padded) => padded * (sizeof(float) + sizeof(byte));

    /// <summary>
    /// <paramref name="vector"/> and <paramref name="centroid"/> are rotated; without a centroid it is zero. <paramref name="code"/> has
    /// <see cref="CodeLayout.CodeBytes"/>.
    /// </summary>
    public static CodeFactors Encode(
        CodeMetric metric, int bits, float* vector, float* centroid, int padded, byte* scratch, byte* code)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Encode<Lanes512>(metric, bits, vector, centroid, padded, scratch, code);
        }

        return Vector256.IsHardwareAccelerated
            ? Encode<Lanes256>(metric, bits, vector, centroid, padded, scratch, code)
            : Encode<Lanes128>(metric, bits, vector, centroid, padded, scratch, code);
    }

    internal static CodeFactors Encode<TLanes>(
        CodeMetric metric, int bits, float* vector, float* centroid, int padded, byte* scratch, byte* code)
        where TLanes : struct, ILanes<TLanes>
    {
        var residual = (float*)scratch;
        byte* levels = scratch + (padded * sizeof(float));
        float square = Subtract<TLanes>(vector, centroid, residual, padded);
        float step = Steps[bits] * MathF.Sqrt(square / padded);
        float inverse = 0;
        if (step > 0 && float.IsFinite(step))
        {
            inverse = bits == 1 ? 1 / step : BestInverse<TLanes>(residual, padded, bits, step);
        }

        Quantize<TLanes>(residual, padded, bits, inverse, levels);
        CodeBits.Pack(levels, padded, bits, code);
        return Factors<TLanes>(metric, residual, centroid, levels, padded, bits, square);
    }

    /// <summary>Returns the square of the difference's length.</summary>
    private static float Subtract<TLanes>(float* vector, float* centroid, float* residual, int padded)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes sum = default;
        for (int i = 0; i < padded; i += Lanes.Count)
        {
            TLanes value = TLanes.Load(vector + i);
            if (centroid != null)
            {
                value -= TLanes.Load(centroid + i);
            }

            TLanes.Store(value, residual + i);
            sum = TLanes.MultiplyAdd(value, value, sum);
        }

        return TLanes.Sum(sum);
    }

    /// <summary>Of some steps the one whose levels point nearest to where the vector points.</summary>
    private static float BestInverse<TLanes>(float* residual, int padded, int bits, float step)
        where TLanes : struct, ILanes<TLanes>
    {
        float best = 1 / step;
        float most = -1;
        foreach (float trial in Trials)
        {
            float inverse = 1 / (step * trial);
            TLanes scale = TLanes.Create(inverse);
            TLanes half = TLanes.Create(0.5f);
            TLanes high = TLanes.Create((1 << (bits - 1)) - 1);
            TLanes low = TLanes.Create(-(1 << (bits - 1)));
            TLanes product = default;
            TLanes length = default;
            for (int i = 0; i < padded; i += Lanes.Count)
            {
                TLanes value = TLanes.Load(residual + i);
                TLanes level = TLanes.Clamp(TLanes.Floor(value * scale), low, high) + half;
                product = TLanes.MultiplyAdd(level, value, product);
                length = TLanes.MultiplyAdd(level, level, length);
            }

            float p = TLanes.Sum(product);
            float similarity = p * p / TLanes.Sum(length);
            if (similarity > most)
            {
                most = similarity;
                best = inverse;
            }
        }

        return best;
    }

    private static void Quantize<TLanes>(float* residual, int padded, int bits, float inverse, byte* levels)
        where TLanes : struct, ILanes<TLanes>
    {
        int half = 1 << (bits - 1);
        TLanes scale = TLanes.Create(inverse);
        TLanes low = TLanes.Create(-half);
        TLanes high = TLanes.Create(half - 1);
        for (int i = 0; i < padded; i += Lanes.Count)
        {
            TLanes.Store(TLanes.Clamp(TLanes.Floor(TLanes.Load(residual + i) * scale), low, high) - low, levels + i);
        }
    }

    private static CodeFactors Factors<TLanes>(
        CodeMetric metric, float* residual, float* centroid, byte* levels, int padded, int bits, float square)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes middle = TLanes.Create(((1 << bits) - 1) / 2f);
        TLanes product = default;
        TLanes length = default;
        TLanes ofCentroid = default;
        TLanes residualOfCentroid = default;
        for (int i = 0; i < padded; i += Lanes.Count)
        {
            TLanes level = TLanes.Load(levels + i) - middle;
            TLanes value = TLanes.Load(residual + i);
            product = TLanes.MultiplyAdd(level, value, product);
            length = TLanes.MultiplyAdd(level, level, length);
            if (centroid != null)
            {
                TLanes c = TLanes.Load(centroid + i);
                ofCentroid = TLanes.MultiplyAdd(level, c, ofCentroid);
                residualOfCentroid = TLanes.MultiplyAdd(value, c, residualOfCentroid);
            }
        }

        float p = TLanes.Sum(product);
        if (!(p > 0))
        {
            // The vector is the centroid, or so long that floats end: such a vector's distances are NaN, which nothing rules out.
            float add = metric == CodeMetric.L2Squared ? square : -TLanes.Sum(residualOfCentroid);
            return new CodeFactors { Add = float.IsFinite(square) ? add : float.NaN };
        }

        float rescale = square / p;
        float cosine = p / MathF.Sqrt(square * TLanes.Sum(length));
        float sine = MathF.Max(0, 1 - (cosine * cosine));
        float error = MathF.Sqrt(square * sine / (cosine * cosine * (padded - 1)));
        return metric == CodeMetric.L2Squared
            ? new CodeFactors { Add = square + (2 * rescale * TLanes.Sum(ofCentroid)), Rescale = -2 * rescale, Error = 2 * error }
            : new CodeFactors
            {
                Add = (rescale * TLanes.Sum(ofCentroid)) - TLanes.Sum(residualOfCentroid),
                Rescale = -rescale,
                Error = error,
            };
    }
}
