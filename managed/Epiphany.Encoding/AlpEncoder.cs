// Encoding layer. Finds the powers of ten that turn most floats of a vector into small integers, and writes ALP segments.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>
/// Works on one chunk: a search over a sample leaves a few pairs of powers, of which each vector takes the one that suits its own sample.
/// </summary>
public unsafe struct AlpEncoder
{
    const int MaxPairs = 4;
    const int SampledVectors = 8;
    const int SampledValues = 32;

    /// <summary>Integers beyond this are not tried: up to here every step between integer and double is exact.</summary>
    const double Largest = 1L << 51;

    /// <summary>Added to such a number it leaves the nearest integer, an even one where there are two, in the lowest bits.</summary>
    const double Rounder = 3L << 51;

    int _width;
    int _pairCount;
    fixed byte _exponents[MaxPairs];
    fixed byte _factors[MaxPairs];

    /// <param name="values">A chunk's lanes, null rows holding a neighbour's.</param>
    /// <param name="rows">How many.</param>
    /// <param name="vectorRows">Rows of a vector.</param>
    /// <param name="width">8 for Float64, 4 for Float32.</param>
    /// <param name="encoder">Ready to measure and write the chunk's vectors.</param>
    /// <returns>False when the sample promises less than an eighth.</returns>
    public static bool TryCreate(ulong* values, int rows, int vectorRows, int width, out AlpEncoder encoder)
    {
        encoder = new AlpEncoder { _width = width };
        int vectors = (rows + vectorRows - 1) / vectorRows;
        int step = Math.Max(1, vectors / SampledVectors);
        long bits = 0;
        long plain = 0;
        for (int vector = 0; vector < vectors; vector += step)
        {
            int count = Math.Min(vectorRows, rows - (vector * vectorRows));
            bits += encoder.Search(values + ((long)vector * vectorRows), count, out int exponent, out int factor);
            plain += Math.Min(count, SampledValues) * 8L * width;
            encoder.Keep(exponent, factor);
        }

        return bits < plain / 8 * 7;
    }

    /// <param name="values">The vector's lanes.</param>
    /// <param name="count">How many.</param>
    /// <param name="integers">Becomes the integers, exceptions holding a neighbour's.</param>
    public readonly AlpPlan Measure(ulong* values, int count, ulong* integers)
    {
        int best = 0;
        long bestBits = long.MaxValue;
        ulong* sample = stackalloc ulong[SampledValues];
        int taken = _pairCount > 1 ? Sample(values, count, sample) : 0;
        for (int pair = 0; _pairCount > 1 && pair < _pairCount; pair++)
        {
            long bits = Estimate(sample, taken, _exponents[pair], _factors[pair]);
            if (bits < bestBits)
            {
                (best, bestBits) = (pair, bits);
            }
        }

        int exponent = _exponents[best];
        int factor = _factors[best];
        Scale scale = new(exponent, factor);
        int exceptions = 0;
        long last = 0;
        int pending = 0;
        for (int i = 0; i < count; i++)
        {
            if (pending == 0 && _width == sizeof(double) && i <= count - Vector256<ulong>.Count
                && Encode(Vector256.Load(values + i), scale, out Vector256<long> four) == Vector256<long>.AllBitsSet)
            {
                four.Store((long*)integers + i);
                i += Vector256<ulong>.Count - 1;
                last = (long)integers[i];
                continue;
            }

            if (TryEncode(values[i], scale, out long integer))
            {
                // Exceptions at the start take the first integer there is.
                for (int j = i - pending; j < i; j++)
                {
                    integers[j] = (ulong)integer;
                }

                pending = 0;
                last = integer;
            }
            else
            {
                pending = exceptions == i ? i + 1 : 0;
                exceptions++;
            }

            integers[i] = (ulong)last;
        }

        if (exceptions > count / 2)
        {
            // Not worth the integers' bits: all rows are kept as they are.
            new Span<ulong>(integers, count).Clear();
            exceptions = count;
        }

        return new AlpPlan(exponent, factor, exceptions, FrameOfReferenceEncoder.Measure(integers, count), _width);
    }

    /// <param name="plan">What <see cref="Measure"/> said of the same values.</param>
    /// <param name="values">The vector's lanes.</param>
    /// <param name="integers">What it left.</param>
    /// <param name="destination">Room for the plan's bytes, zeroed.</param>
    public readonly void Write(in AlpPlan plan, ulong* values, ulong* integers, byte* destination)
    {
        *(AlpHeader*)destination = new AlpHeader
        {
            Exponent = (byte)plan.Exponent,
            Factor = (byte)plan.Factor,
            Exceptions = (ushort)plan.Exceptions,
        };
        FrameOfReferenceEncoder.Write(plan.Integers, integers, destination + AlpHeader.Size);
        if (plan.Exceptions == 0)
        {
            return;
        }

        ushort* rows = (ushort*)(destination + Alp.RowsOffset(plan.Integers.Count, plan.Integers.Width));
        byte* kept = (byte*)rows + Alp.RowsBytes(plan.Exceptions);
        Scale scale = new(plan.Exponent, plan.Factor);
        bool all = plan.Exceptions == plan.Integers.Count;
        for (int i = 0; i < plan.Integers.Count; i++)
        {
            if (all || !TryEncode(values[i], scale, out _))
            {
                *rows++ = (ushort)i;
                Lanes.Narrow(values + i, 1, _width, kept);
                kept += _width;
            }
        }
    }

    /// <summary>The pair that takes the fewest bits for a sample, and how many.</summary>
    readonly long Search(ulong* values, int count, out int bestExponent, out int bestFactor)
    {
        long best = long.MaxValue;
        bestExponent = bestFactor = 0;
        ulong* sample = stackalloc ulong[SampledValues];
        int taken = Sample(values, count, sample);
        for (int exponent = Alp.MaxExponent; exponent >= 0; exponent--)
        {
            for (int factor = exponent; factor >= 0; factor--)
            {
                long bits = Estimate(sample, taken, exponent, factor);
                if (bits < best)
                {
                    (best, bestExponent, bestFactor) = (bits, exponent, factor);
                }
            }
        }

        return best;
    }

    /// <summary>Some of a vector's values; says how many.</summary>
    static int Sample(ulong* values, int count, ulong* sample)
    {
        int step = Math.Max(1, count / SampledValues);
        int taken = Math.Min(count, SampledValues);
        for (int i = 0; i < taken; i++)
        {
            // Rows at even distances would show regular data as simpler than it is.
            uint offset = (((uint)i * 0x9E3779B1) >> 16) % (uint)step;
            sample[i] = values[(i * step) + offset];
        }

        return taken;
    }

    readonly long Estimate(ulong* sample, int taken, int exponent, int factor)
    {
        int exceptions = 0;
        long min = long.MaxValue;
        long max = long.MinValue;
        Scale scale = new(exponent, factor);
        int i = 0;
        if (_width == sizeof(double) && taken >= Vector256<ulong>.Count)
        {
            Vector256<long> least = Vector256.Create(long.MaxValue);
            Vector256<long> most = Vector256.Create(long.MinValue);
            for (; i <= taken - Vector256<ulong>.Count; i += Vector256<ulong>.Count)
            {
                Vector256<long> fits = Encode(Vector256.Load(sample + i), scale, out Vector256<long> four);
                least = Vector256.Min(least, Vector256.ConditionalSelect(fits, four, least));
                most = Vector256.Max(most, Vector256.ConditionalSelect(fits, four, most));
                exceptions += Vector256<ulong>.Count - BitOperations.PopCount(fits.ExtractMostSignificantBits());
            }

            for (int lane = 0; lane < Vector256<long>.Count; lane++)
            {
                min = Math.Min(min, least[lane]);
                max = Math.Max(max, most[lane]);
            }
        }

        for (; i < taken; i++)
        {
            if (TryEncode(sample[i], scale, out long integer))
            {
                min = Math.Min(min, integer);
                max = Math.Max(max, integer);
            }
            else
            {
                exceptions++;
            }
        }

        int width = max < min ? 0 : BitPacking.Width((ulong)max - (ulong)min);
        return ((long)taken * width) + (exceptions * (16 + (8L * _width)));
    }

    void Keep(int exponent, int factor)
    {
        for (int i = 0; i < _pairCount; i++)
        {
            if (_exponents[i] == exponent && _factors[i] == factor)
            {
                return;
            }
        }

        if (_pairCount < MaxPairs)
        {
            _exponents[_pairCount] = (byte)exponent;
            _factors[_pairCount++] = (byte)factor;
        }
    }

    /// <summary>Only where decoding gives back the very bits: NaN, infinities and negative zero never do.</summary>
    readonly bool TryEncode(ulong lane, in Scale scale, out long integer)
    {
        double value = _width == sizeof(double) ? BitConverter.UInt64BitsToDouble(lane) : BitConverter.Int32BitsToSingle((int)lane);
        double scaled = value * scale.Up * scale.Down;
        if (!(Math.Abs(scaled) <= Largest))
        {
            integer = 0;
            return false;
        }

        integer = (long)Math.Round(scaled);
        return Alp.Value(integer, scale.Factor, scale.Inverse, _width) == lane;
    }

    /// <summary>As <see cref="TryEncode"/>, of four doubles: which of them have their integer.</summary>
    static Vector256<long> Encode(Vector256<ulong> lanes, in Scale scale, out Vector256<long> integers)
    {
        Vector256<double> scaled = lanes.AsDouble() * scale.Up * scale.Down;
        Vector256<double> shifted = scaled + Vector256.Create(Rounder);
        integers = shifted.AsInt64() - Vector256.Create(Rounder).AsInt64();
        Vector256<double> value = (shifted - Vector256.Create(Rounder)) * scale.Factor * scale.Inverse;
        return Vector256.LessThanOrEqual(Vector256.Abs(scaled), Vector256.Create(Largest)).AsInt64()
            & Vector256.Equals(value.AsUInt64(), lanes).AsInt64();
    }

    /// <summary>A pair of powers, both ways.</summary>
    readonly struct Scale(int exponent, int factor)
    {
        internal readonly double Up = Alp.Power(exponent);
        internal readonly double Down = Alp.Inverse(factor);
        internal readonly double Factor = Alp.Power(factor);
        internal readonly double Inverse = Alp.Inverse(exponent);
    }
}
