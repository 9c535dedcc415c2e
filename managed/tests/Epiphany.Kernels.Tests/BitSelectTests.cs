// Tests of packed numbers against the numbers themselves, on every path that this machine has.

using System;
using System.Collections.Generic;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace Epiphany.Kernels.Tests;

public unsafe class BitSelectTests
{
    static readonly int[] s_counts = [0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 100, 2047, 2048];

    delegate void Range(nint source, int count, int width, ulong low, ulong span, nint bits);

    delegate void Set(nint source, int count, int width, nint set, nint bits);

    [Fact]
    public void Ranges_at_every_width() => CheckRanges(64, (s, n, w, low, span, b) => BitSelect.Between((byte*)s, n, w, low, span, (ulong*)b));

    [Fact]
    public void Ranges_one_number_at_a_time() =>
        CheckRanges(64, (s, n, w, low, span, b) => BitSelectScalar.Run((byte*)s, n, w, new CodeRange(low, span), (ulong*)b));

    [Fact]
    public void Ranges_by_Avx2()
    {
        if (Avx2.IsSupported)
        {
            CheckRanges(BitSelectAvx2.MaxWidth, (s, n, w, low, span, b) => BitSelectAvx2.Run((byte*)s, n, w, new CodeRange(low, span), (ulong*)b), 1);
        }
    }

    [Fact]
    public void Sets_at_every_width_of_codes() => CheckSets(0, 17, (s, n, w, set, b) => BitSelect.Among((byte*)s, n, w, (ulong*)set, (ulong*)b));

    [Fact]
    public void Sets_one_number_at_a_time() =>
        CheckSets(0, 17, (s, n, w, set, b) => BitSelectScalar.Run((byte*)s, n, w, new CodeSet((ulong*)set, w), (ulong*)b));

    [Fact]
    public void Sets_by_Avx2()
    {
        if (Avx2.IsSupported)
        {
            CheckSets(1, CodeSet.MaxWidth256, (s, n, w, set, b) => BitSelectAvx2.Run((byte*)s, n, w, new CodeSet((ulong*)set, w), (ulong*)b));
        }
    }

    [Fact]
    public void Ranges_of_lanes()
    {
        Random random = new(3);
        foreach (int count in s_counts)
        {
            ulong[] values = new ulong[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = random.Next(3) == 0 ? (ulong)random.Next(10) : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            }

            foreach ((ulong low, ulong span) in (ValueTuple<ulong, ulong>[])
                [(0, 0), (3, 4), (1UL << 63, 1UL << 62), (0, ulong.MaxValue), (9, ulong.MaxValue - 2)])
            {
                ulong[] vector = Filled(count);
                ulong[] scalar = Filled(count);
                fixed (ulong* v = values, a = vector, b = scalar)
                {
                    BitSelect.Lanes(v, count, low, span, a);
                    BitSelect.LanesScalar(v, 0, count, low, span, b);
                }

                Assert.Equal(Expected(values, v => v - low <= span), vector);
                Assert.Equal(vector, scalar);
            }
        }
    }

    [Fact]
    public void Picked_numbers_are_those_of_the_rows()
    {
        Random random = new(4);
        for (int width = 0; width <= 64; width++)
        {
            byte[] packed = Pack(random, 2048, width, out ulong[] values);
            ushort[] rows = [0, 0, 1, 7, 8, 500, 501, 2046, 2047];
            ulong[] picked = new ulong[rows.Length];
            fixed (byte* p = packed)
            fixed (ushort* r = rows)
            fixed (ulong* to = picked)
            {
                BitUnpack.Pick(p, r, rows.Length, width, 17, to);
            }

            Assert.Equal(Array.ConvertAll(rows, r => values[r] + 17), picked);
        }
    }

    static void CheckRanges(int maxWidth, Range select, int minWidth = 0)
    {
        Random random = new(1);
        for (int width = minWidth; width <= maxWidth; width++)
        {
            ulong most = BitPacking.Mask(width);
            foreach (int count in s_counts)
            {
                byte[] packed = Pack(random, count, width, out ulong[] values);
                List<(ulong Low, ulong High)> ranges = [(0, most), (0, 0), (most, most), (0, most / 2), (most / 2, most)];
                for (int i = 0; i < 4; i++)
                {
                    ulong a = Value(random, width);
                    ulong b = count == 0 ? a : values[random.Next(count)];
                    ranges.Add((Math.Min(a, b), Math.Max(a, b)));
                }

                foreach ((ulong low, ulong high) in ranges)
                {
                    ulong[] bits = Filled(count);
                    fixed (byte* p = packed)
                    fixed (ulong* b = bits)
                    {
                        select((nint)p, count, width, low, high - low, (nint)b);
                    }

                    Assert.Equal(Expected(values, v => v >= low && v <= high), bits);
                }
            }
        }
    }

    static void CheckSets(int minWidth, int maxWidth, Set select)
    {
        Random random = new(2);
        for (int width = minWidth; width <= maxWidth; width++)
        {
            ulong[] set = new ulong[width <= 6 ? 1 : 1 << (width - 6)];
            for (int i = 0; i < set.Length; i++)
            {
                set[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            }

            foreach (int count in s_counts)
            {
                byte[] packed = Pack(random, count, width, out ulong[] values);
                ulong[] bits = Filled(count);
                fixed (byte* p = packed)
                fixed (ulong* s = set, b = bits)
                {
                    select((nint)p, count, width, (nint)s, (nint)b);
                }

                Assert.Equal(Expected(values, v => ((set[v / 64] >> (int)(v % 64)) & 1) != 0), bits);
            }
        }
    }

    /// <summary>Random bits where the slack is: they must not be taken for numbers.</summary>
    static byte[] Pack(Random random, int count, int width, out ulong[] values)
    {
        values = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = Value(random, width);
        }

        byte[] packed = new byte[BitPacking.Bytes(count, width) + BitPacking.Slack];
        random.NextBytes(packed);
        fixed (ulong* from = values)
        fixed (byte* to = packed)
        {
            BitPack.Run(from, count, 0, width, to);
        }

        return packed;
    }

    /// <summary>Often one of the extremes.</summary>
    static ulong Value(Random random, int width) => random.Next(8) switch
    {
        0 => 0,
        1 => BitPacking.Mask(width),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) & BitPacking.Mask(width),
    };

    static ulong[] Filled(int count)
    {
        ulong[] bits = new ulong[BitSelect.Words(count)];
        Array.Fill(bits, ulong.MaxValue);
        return bits;
    }

    static ulong[] Expected(ulong[] values, Func<ulong, bool> passes)
    {
        ulong[] bits = new ulong[BitSelect.Words(values.Length)];
        for (int i = 0; i < values.Length; i++)
        {
            bits[i / 64] |= passes(values[i]) ? 1UL << (i % 64) : 0;
        }

        return bits;
    }
}
