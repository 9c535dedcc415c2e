// Bit packing against arithmetic on big integers, and each vector path against the scalar one.

using System;
using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace Epiphany.Kernels.Tests;

public unsafe class BitPackingTests
{
    static readonly int[] s_counts = [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 2047, 2048];

    [Fact]
    public void Packed_bits_are_where_the_layout_says()
    {
        Random random = new(1);
        for (int width = 0; width <= 64; width++)
        {
            ulong[] values = Values(random, 19, width);
            byte[] packed = Pack(values, width, out int bytes);
            BigInteger all = new(packed.AsSpan(0, bytes), isUnsigned: true);
            BigInteger expected = BigInteger.Zero;
            for (int i = 0; i < values.Length; i++)
            {
                expected |= (BigInteger)values[i] << (i * width);
            }

            Assert.Equal(expected, all);
            Assert.Equal(3 * width, bytes);
        }
    }

    [Fact]
    public void Every_width_and_count_comes_back()
    {
        Random random = new(2);
        for (int width = 0; width <= 64; width++)
        {
            foreach (int count in s_counts)
            {
                foreach (ulong baseValue in (ulong[])[0, 1, ulong.MaxValue, 1UL << 63, (ulong)random.NextInt64()])
                {
                    Check(random, width, count, baseValue);
                }
            }
        }
    }

    [Fact]
    public void Avx2_equals_scalar()
    {
        if (Avx2.IsSupported)
        {
            Compare(BitUnpackAvx2.MaxWidth, (source, count, width, add, to) => BitUnpackAvx2.Run((byte*)source, count, width, add, (ulong*)to));
        }
    }

    [Fact]
    public void Avx512_equals_scalar()
    {
        if (Avx512BW.IsSupported)
        {
            Compare(BitUnpackAvx512.MaxWidth, (source, count, width, add, to) => BitUnpackAvx512.Run((byte*)source, count, width, add, (ulong*)to));
        }
    }

    delegate int Unpack(nint source, int count, int width, ulong add, nint destination);

    static void Compare(int maxWidth, Unpack unpack)
    {
        Random random = new(3);
        ulong[] expected = new ulong[2048];
        ulong[] actual = new ulong[2048];
        for (int width = 1; width <= maxWidth; width++)
        {
            foreach (int count in s_counts)
            {
                // Random bytes, not packed ones: bits of neighbours and of the slack must not leak in.
                byte[] source = new byte[BitPacking.Bytes(count, width) + BitPacking.Slack];
                random.NextBytes(source);
                ulong add = (ulong)random.NextInt64();
                Array.Fill(actual, 0xAAUL);
                fixed (byte* from = source)
                fixed (ulong* e = expected, a = actual)
                {
                    BitUnpackScalar.Run(from, 0, count, width, add, e);
                    int done = unpack((nint)from, count, width, add, (nint)a);
                    Assert.Equal(count & ~7, done);
                    Assert.True(expected.AsSpan(0, done).SequenceEqual(actual.AsSpan(0, done)));
                    Assert.Equal(-1, actual.AsSpan(done).IndexOfAnyExcept(0xAAUL));
                }
            }
        }
    }

    static void Check(Random random, int width, int count, ulong baseValue)
    {
        ulong[] values = Values(random, count, width);
        for (int i = 0; i < count; i++)
        {
            values[i] += baseValue;
        }

        byte[] packed = new byte[BitPacking.Bytes(count, width) + BitPacking.Slack + 1];
        Array.Fill(packed, (byte)0xEE);
        ulong[] unpacked = new ulong[count + 1];
        unpacked[count] = 77;
        fixed (byte* p = packed)
        fixed (ulong* v = values, u = unpacked)
        {
            BitPack.Run(v, count, baseValue, width, p);
            BitUnpack.Run(p, count, width, baseValue, u);
            Assert.True(values.AsSpan().SequenceEqual(unpacked.AsSpan(0, count)));
            Assert.Equal(77UL, unpacked[count]);
            Assert.Equal(-1, packed.AsSpan((int)BitPacking.Bytes(count, width)).IndexOfAnyExcept((byte)0xEE));
            for (int i = 0; i < count; i += Math.Max(1, count / 50))
            {
                Assert.Equal(values[i] - baseValue, BitUnpack.One(p, i, width));
            }
        }
    }

    static byte[] Pack(ulong[] values, int width, out int bytes)
    {
        bytes = (int)BitPacking.Bytes(values.Length, width);
        byte[] packed = new byte[bytes + BitPacking.Slack];
        fixed (byte* p = packed)
        fixed (ulong* v = values)
        {
            BitPack.Run(v, values.Length, 0, width, p);
        }

        return packed;
    }

    static ulong[] Values(Random random, int count, int width)
    {
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        ulong[] values = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.Next(4) switch
            {
                0 => mask,
                1 => 0,
                _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) & mask,
            };
        }

        return values;
    }
}
