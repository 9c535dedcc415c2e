// Passes over lanes: each against the plainest loop there is, each vector path against the scalar one.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Kernels.Tests;

public unsafe class LaneTests
{
    static readonly int[] s_counts = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 2047, 2048];

    [Fact]
    public void Extremes_are_found_wherever_they_are()
    {
        Random random = new(1);
        foreach (int count in s_counts)
        {
            for (int round = 0; round < 20; round++)
            {
                long[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-50, 50))];
                values[random.Next(count)] = long.MinValue;
                values[random.Next(count)] = long.MaxValue;
                fixed (long* v = values)
                {
                    MinMax.Run(v, count, out long min, out long max);
                    Assert.Equal((values.Min(), values.Max()), (min, max));
                    MinMax.Scalar(v, count, out min, out max);
                    Assert.Equal((values.Min(), values.Max()), (min, max));
                    if (count >= 4)
                    {
                        MinMax.Run256(v, count, out min, out max);
                        Assert.Equal((values.Min(), values.Max()), (min, max));
                    }

                    if (count >= 8)
                    {
                        MinMax.Run512(v, count, out min, out max);
                        Assert.Equal((values.Min(), values.Max()), (min, max));
                    }
                }
            }
        }
    }

    [Fact]
    public void Extremes_of_doubles_are_found_and_a_NaN_among_them()
    {
        Random random = new(6);
        foreach (int count in s_counts)
        {
            double[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
            fixed (double* v = values)
            {
                Assert.Equal((values.Min(), values.Max()), (MinMax.Least(v, count), MinMax.Greatest(v, count)));
                values[random.Next(count)] = double.NegativeInfinity;
                values[random.Next(count)] = double.PositiveInfinity;
                Assert.Equal((values.Min(), values.Max()), (MinMax.Least(v, count), MinMax.Greatest(v, count)));
                Assert.False(MinMax.HasNaN(v, count));
                values[random.Next(count)] = random.Next(2) == 0 ? double.NaN : -double.NaN;
                Assert.True(MinMax.HasNaN(v, count));
            }
        }
    }

    [Fact]
    public void Running_sums_and_progressions_are_those_of_one_addition_after_another()
    {
        Random random = new(7);
        foreach (int count in s_counts)
        {
            ulong[] values = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
            ulong[] steps = new ulong[count];
            ulong[] expected = [.. values];
            ulong sum = 5;
            for (int i = 0; i < count; i++)
            {
                sum += values[i];
                expected[i] = sum;
            }

            fixed (ulong* v = values)
            fixed (ulong* s = steps)
            {
                Lanes.RunningSum(v, count, 5);
                Lanes.Progression(s, count, 7, ulong.MaxValue - 99);
            }

            Assert.Equal(expected, values);
            Assert.Equal(Enumerable.Range(0, count).Select(i => (ulong)(7 - (100L * i))), steps);
        }
    }

    [Fact]
    public void Extremes_of_codes_are_found_wherever_they_are()
    {
        Random random = new(4);
        foreach (int count in s_counts)
        {
            for (int round = 0; round < 20; round++)
            {
                uint[] values = [.. Enumerable.Range(0, count).Select(_ => (uint)random.Next(40, 50))];
                values[random.Next(count)] = 3;
                values[random.Next(count)] = uint.MaxValue;
                fixed (uint* v = values)
                {
                    MinMax.Run(v, count, out uint min, out uint max);
                    Assert.Equal((values.Min(), values.Max()), (min, max));
                }
            }
        }
    }

    [Fact]
    public void Keys_of_many_floats_are_those_of_each()
    {
        double[] some = [0, -0.0, 1.5, -1.5, double.NaN, -double.NaN, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon,
            double.PositiveInfinity, double.NegativeInfinity];
        Random random = new(5);
        foreach (int count in s_counts)
        {
            double[] values = [.. Enumerable.Range(0, count).Select(_ => some[random.Next(some.Length)])];
            long[] keys = new long[count];
            fixed (double* v = values)
            fixed (long* k = keys)
            {
                FloatKey.FromDoubles((ulong*)v, count, k);
            }

            Assert.Equal(values.Select(FloatKey.FromDouble), keys);
        }
    }

    [Fact]
    public void Neighbours_are_compared_and_subtracted()
    {
        Random random = new(2);
        foreach (int count in s_counts)
        {
            for (int round = 0; round < 20; round++)
            {
                ulong[] values = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.Next(3))];
                values[random.Next(count)] = 1UL << 63;
                long[] differences = [.. values.Skip(1).Zip(values, (next, value) => (long)(next - value))];
                int changed = differences.Count(difference => difference != 0);
                (int, long, long) expected = (changed, differences.DefaultIfEmpty().Min(), differences.DefaultIfEmpty().Max());
                fixed (ulong* v = values)
                {
                    Neighbours.Run(v, count, out int changes, out long min, out long max);
                    Assert.Equal(expected, (changes, min, max));
                    if (count < 2)
                    {
                        continue;
                    }

                    (changes, min, max) = (0, long.MaxValue, long.MinValue);
                    Neighbours.Scalar(v, 1, count, ref changes, ref min, ref max);
                    Assert.Equal(expected, (changes, min, max));
                    Neighbours.Run256(v, count, out changes, out min, out max);
                    Assert.Equal(expected, (changes, min, max));
                    Neighbours.Run512(v, count, out changes, out min, out max);
                    Assert.Equal(expected, (changes, min, max));
                }
            }
        }
    }

    [Fact]
    public void Keys_order_floats_as_postgres_does()
    {
        double[] ascending =
        [
            double.NegativeInfinity, double.MinValue, -1.5, -double.Epsilon, 0, double.Epsilon, 1, 1.5, double.MaxValue,
            double.PositiveInfinity, double.NaN,
        ];
        for (int i = 1; i < ascending.Length; i++)
        {
            Assert.True(FloatKey.FromDouble(ascending[i - 1]) < FloatKey.FromDouble(ascending[i]));
        }

        Assert.Equal(FloatKey.FromDouble(0.0), FloatKey.FromDouble(-0.0));
        double otherNaN = BitConverter.UInt64BitsToDouble(0xFFF8000000001234);
        Assert.Equal(FloatKey.FromDouble(double.NaN), FloatKey.FromDouble(otherNaN));
        Assert.All(ascending, value => Assert.Equal(value, FloatKey.ToDouble(FloatKey.FromDouble(value))));
    }

    [Fact]
    public void Null_flags_turn_into_bits_and_back()
    {
        Random random = new(2);
        foreach (int count in s_counts)
        {
            foreach (int oneIn in (int[])[1, 2, 30])
            {
                byte[] flags = [.. Enumerable.Range(0, count).Select(_ => (byte)(random.Next(oneIn) == 0 ? random.Next(1, 256) : 0))];
                byte[] bitmap = new byte[NullBitmap.Bytes(count)];
                byte[] expanded = new byte[count + 1];
                expanded[count] = 9;
                random.NextBytes(bitmap);
                fixed (byte* f = flags, b = bitmap, e = expanded)
                {
                    NullBitmap.Pack(f, count, b);
                    NullBitmap.Expand(b, count, e);
                    Assert.Equal(flags.Select(flag => flag != 0 ? 1 : 0), expanded[..count].Select(flag => (int)flag));
                    Assert.Equal(9, expanded[count]);
                    for (int i = 0; i <= count; i++)
                    {
                        Assert.Equal(flags[..i].Count(flag => flag != 0), NullBitmap.Count(b, i));
                        Assert.True(i == count || NullBitmap.IsNull(b, i) == (flags[i] != 0));
                    }
                }
            }
        }
    }

    [Fact]
    public void Spreading_puts_values_between_nulls()
    {
        Random random = new(3);
        foreach (int count in s_counts)
        {
            foreach (int oneIn in (int[])[1, 2, 9, int.MaxValue])
            {
                byte[] nulls = [.. Enumerable.Range(0, count).Select(_ => (byte)(random.Next(oneIn) == 0 ? 1 : 0))];
                ulong[] values = new ulong[count];
                ulong[] expected = new ulong[count];
                int present = 0;
                for (int i = 0; i < count; i++)
                {
                    if (nulls[i] == 0)
                    {
                        expected[i] = values[present++] = (ulong)i + 1000;
                    }
                }

                fixed (ulong* v = values)
                fixed (byte* n = nulls)
                {
                    NullBitmap.Spread(v, n, count, present);
                    Assert.Equal(expected, values);
                    Array.Fill(values, 5UL);
                    NullBitmap.ZeroNulls(v, n, count);
                    Assert.Equal(nulls.Select(flag => flag != 0 ? 0UL : 5UL), values);
                }
            }
        }
    }

    [Fact]
    public void Signs_are_extended()
    {
        Random random = new(4);
        foreach (int count in s_counts)
        {
            ulong[] values = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
            foreach (int bits in (int[])[8, 16, 32, 64])
            {
                ulong[] expected = [.. values.Select(v => bits switch
                {
                    8 => (ulong)(sbyte)v,
                    16 => (ulong)(short)v,
                    32 => (ulong)(int)v,
                    _ => v,
                })];
                ulong[] actual = [.. values];
                ulong[] scalar = [.. values];
                fixed (ulong* a = actual, s = scalar)
                {
                    Lanes.SignExtend(a, count, bits);
                    Assert.Equal(expected, actual);
                    Lanes.SignExtendScalar(s, 0, count, bits);
                    Assert.Equal(expected, scalar);
                }
            }
        }
    }

    [Fact]
    public void Narrowed_lanes_widen_again()
    {
        Random random = new(5);
        foreach (int count in s_counts)
        {
            foreach (int bytes in (int[])[1, 2, 4, 8])
            {
                int unused = 64 - (8 * bytes);
                ulong[] values = [.. Enumerable.Range(0, count).Select(_ => (ulong)(random.NextInt64(long.MinValue, long.MaxValue) >> unused))];
                byte[] narrow = new byte[count * bytes];
                ulong[] wide = new ulong[count + 1];
                wide[count] = 3;
                fixed (ulong* v = values, w = wide)
                fixed (byte* n = narrow)
                {
                    Lanes.Narrow(v, count, bytes, n);
                    Lanes.Widen(n, count, bytes, w);
                }

                Assert.Equal(values, wide[..count]);
                Assert.Equal(3UL, wide[count]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(300)]
    public void Sums_and_look_ups(int entries)
    {
        Random random = new(6);
        ulong[] table = [.. Enumerable.Range(0, entries).Select(_ => (ulong)random.NextInt64())];
        foreach (int count in s_counts)
        {
            ulong[] codes = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.Next(table.Length))];
            ulong[] values = [.. codes];
            fixed (ulong* v = values, t = table)
            {
                Lanes.Gather(t, entries, v, count);
                Assert.Equal(codes.Select(code => table[code]), values);
                ulong sum = values.Aggregate(0UL, (left, right) => unchecked(left + right));
                Assert.Equal(sum, Lanes.Sum(v, count));
                ulong[] before = [.. values];
                Lanes.RunningSum(v, count, 5);
                ulong running = 5;
                for (int i = 0; i < count; i++)
                {
                    running += before[i];
                    Assert.Equal(running, values[i]);
                }
            }
        }
    }
}
