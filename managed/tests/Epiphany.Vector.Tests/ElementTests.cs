// Halves, element-wise arithmetic, bits and sparse vectors, each against the plainest code there is.

using System;
using System.Linq;
using System.Numerics;
using System.Runtime.Intrinsics;
using Xunit;

namespace Epiphany.Vector.Tests;

public unsafe class ElementTests
{
    /// <summary>What is no number becomes one that no half is: 65536 or more.</summary>
    [Fact]
    public void Every_half_widens_as_the_runtime_widens_it()
    {
        for (int bits = short.MinValue; bits <= short.MaxValue; bits++)
        {
            float expected = (float)BitConverter.Int16BitsToHalf((short)bits);
            Same(expected, Halves.Widen(Vector512.Create(bits)).GetElement(9));
            Same(expected, Halves.Widen(Vector256.Create(bits)).GetElement(5));
            Same(expected, Halves.Widen(Vector128.Create(bits)).GetElement(2));
        }

        static void Same(float expected, float got) =>
            Assert.True(float.IsFinite(expected)
                ? BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(got)
                : float.IsFinite(got) && float.Abs(got) >= 65536);
    }

    [Fact]
    public void Floats_narrow_as_the_runtime_narrows_them()
    {
        Random random = new(3);
        for (int round = 0; round < 300_000; round++)
        {
            // Half of them near a value of a half, or the middle between two, where rounding is decided.
            uint bits = (uint)random.NextInt64(1L << 32);
            if (round % 2 == 0)
            {
                float near = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
                bits = BitConverter.SingleToUInt32Bits(near) + (uint)random.Next(-1, 2) + (random.Next(2) == 0 ? 0u : 0x1000u);
            }

            float value = BitConverter.UInt32BitsToSingle(bits);
            uint expected = BitConverter.HalfToUInt16Bits((Half)value);
            foreach (uint got in (uint[])[Halves.Narrow(Vector512.Create(value)).GetElement(3),
                Halves.Narrow(Vector256.Create(value)).GetElement(3), Halves.Narrow(Vector128.Create(value)).GetElement(3)])
            {
                Assert.True(float.IsNaN(value) ? (got & 0x7FFF) > 0x7C00 : expected == got, $"{value:R}: {expected:X} {got:X}");
            }
        }
    }

    [Fact]
    public void Arithmetic_is_that_of_single_elements()
    {
        Random random = new(4);
        foreach (int count in Model.Counts)
        {
            float[] a = Model.Random(random, count);
            float[] b = Model.Random(random, count);
            foreach (Operation operation in Enum.GetValues<Operation>())
            {
                float[] expected = [.. a.Zip(b, (x, y) => Apply(operation, x, y))];
                CheckArithmetic<Lanes512>(operation, a, b, expected);
                CheckArithmetic<Lanes256>(operation, a, b, expected);
                CheckArithmetic<Lanes128>(operation, a, b, expected);
                ushort[] p = Model.Narrow(a);
                ushort[] q = Model.Narrow(b);
                ushort[] halves = Model.Narrow([.. Model.Widen(p).Zip(Model.Widen(q), (x, y) => Apply(operation, x, y))]);
                CheckHalves<Lanes512>(operation, p, q, halves);
                CheckHalves<Lanes256>(operation, p, q, halves);
                CheckHalves<Lanes128>(operation, p, q, halves);
            }
        }
    }

    [Fact]
    public void Faults_are_seen_wherever_they_are()
    {
        foreach (int count in (int[])[1, 15, 16, 17, 40])
        {
            for (int at = 0; at < count; at++)
            {
                float[] one = [.. Enumerable.Repeat(1f, count)];
                Assert.Equal(ArithmeticFaults.None, Faults(Operation.Multiply, one, one));
                Assert.Equal(ArithmeticFaults.None, Faults(Operation.Multiply, With(one, at, 0), one));
                Assert.Equal(ArithmeticFaults.None, Faults(Operation.Subtract, one, one));
                Assert.Equal(ArithmeticFaults.Overflow, Faults(Operation.Add, With(one, at, 3e38f), With(one, at, 3e38f)));
                Assert.Equal(ArithmeticFaults.Overflow, Faults(Operation.Subtract, With(one, at, -3e38f), With(one, at, 3e38f)));
                Assert.Equal(ArithmeticFaults.Overflow, Faults(Operation.Multiply, With(one, at, 1e20f), With(one, at, 1e20f)));
                Assert.Equal(ArithmeticFaults.Underflow, Faults(Operation.Multiply, With(one, at, 1e-30f), With(one, at, 1e-30f)));
            }
        }
    }

    [Fact]
    public void Bits_are_counted_one_by_one()
    {
        Random random = new(5);
        foreach (int bytes in (int[])[0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 96, 127, 128, 200, 1024, 8001])
        {
            byte[] a = new byte[bytes + 1];
            byte[] b = new byte[bytes + 1];
            random.NextBytes(a);
            random.NextBytes(b);
            long differ = Enumerable.Range(0, bytes).Sum(i => BitOperations.PopCount((uint)(a[i] ^ b[i])));
            long shared = Enumerable.Range(0, bytes).Sum(i => BitOperations.PopCount((uint)(a[i] & b[i])));
            long any = Enumerable.Range(0, bytes).Sum(i => BitOperations.PopCount((uint)(a[i] | b[i])));
            fixed (byte* x = a, y = b)
            {
                Assert.Equal(differ, Bits.Hamming(x, y, bytes));
                Assert.Equal(differ, Bits.HammingScalar(x, y, bytes));
                Bits.JaccardScalar(x, y, bytes, out long both, out long all);
                Assert.Equal((shared, any), (both, all));
                if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
                {
                    Assert.Equal(differ, Bits.Hamming256(x, y, bytes));
                    Bits.Jaccard256(x, y, bytes, out both, out all);
                    Assert.Equal((shared, any), (both, all));
                }

                if (System.Runtime.Intrinsics.X86.Avx512BW.IsSupported)
                {
                    Assert.Equal(differ, Bits.Hamming512(x, y, bytes));
                    Bits.Jaccard512(x, y, bytes, out both, out all);
                    Assert.Equal((shared, any), (both, all));
                }

                Assert.Equal(shared == 0 ? 1 : 1 - ((double)shared / any), Bits.Jaccard(x, y, bytes));
            }
        }
    }

    /// <summary>Small whole numbers: every sum is exact, whatever the order.</summary>
    [Fact]
    public void Sparse_vectors_have_the_distances_of_dense_ones()
    {
        Random random = new(6);
        for (int round = 0; round < 500; round++)
        {
            int dims = random.Next(1, 60);
            float[] a = Some(random, dims);
            float[] b = Some(random, dims);
            int[] i = [.. Enumerable.Range(0, dims).Where(k => a[k] != 0)];
            int[] j = [.. Enumerable.Range(0, dims).Where(k => b[k] != 0)];
            float[] v = [.. i.Select(k => a[k])];
            float[] w = [.. j.Select(k => b[k])];
            fixed (int* ip = i, jp = j)
            fixed (float* vp = v, wp = w, x = a, y = b)
            {
                foreach (Metric metric in (Metric[])[Metric.L2Squared, Metric.InnerProduct, Metric.CosineSimilarity, Metric.L1])
                {
                    double got = Vectors.Distance(metric, new SparseElements(ip, vp, i.Length), new SparseElements(jp, wp, j.Length));
                    Assert.Equal(Vectors.Distance(metric, ElementKind.Float32, (byte*)x, (byte*)y, dims), got);
                }
            }
        }
    }

    private static float[] Some(Random random, int dims) =>
        [.. Enumerable.Range(0, dims).Select(_ => random.Next(3) == 0 ? random.Next(-9, 10) : 0f)];

    private static float[] With(float[] values, int at, float value)
    {
        float[] copy = [.. values];
        copy[at] = value;
        return copy;
    }

    private static float Apply(Operation operation, float a, float b) => operation switch
    {
        Operation.Add => a + b,
        Operation.Subtract => a - b,
        _ => a * b,
    };

    private static ArithmeticFaults Faults(Operation operation, float[] a, float[] b)
    {
        float[] result = new float[a.Length];
        fixed (float* x = a, y = b, r = result)
        {
            ArithmeticFaults faults = Vectors.Compute(operation, ElementKind.Float32, (byte*)x, (byte*)y, (byte*)r, a.Length);
            Assert.Equal(faults, Vectors.Compute<Lanes512>(operation, ElementKind.Float32, (byte*)x, (byte*)y, (byte*)r, a.Length));
            Assert.Equal(faults, Vectors.Compute<Lanes256>(operation, ElementKind.Float32, (byte*)x, (byte*)y, (byte*)r, a.Length));
            Assert.Equal(faults, Vectors.Compute<Lanes128>(operation, ElementKind.Float32, (byte*)x, (byte*)y, (byte*)r, a.Length));
            return faults;
        }
    }

    /// <summary>Into a place of its own, and into the first side.</summary>
    private static void CheckArithmetic<TLanes>(Operation operation, float[] a, float[] b, float[] expected)
        where TLanes : struct, ILanes<TLanes>
    {
        float[] result = new float[a.Length];
        float[] own = [.. a];
        fixed (float* x = a, y = b, r = result, o = own)
        {
            Vectors.Compute<TLanes>(operation, ElementKind.Float32, (byte*)x, (byte*)y, (byte*)r, a.Length);
            Vectors.Compute<TLanes>(operation, ElementKind.Float32, (byte*)o, (byte*)y, (byte*)o, a.Length);
        }

        Assert.Equal(expected, result);
        Assert.Equal(expected, own);
    }

    private static void CheckHalves<TLanes>(Operation operation, ushort[] a, ushort[] b, ushort[] expected)
        where TLanes : struct, ILanes<TLanes>
    {
        ushort[] result = new ushort[a.Length];
        fixed (ushort* x = a, y = b, r = result)
        {
            Vectors.Compute<TLanes>(operation, ElementKind.Float16, (byte*)x, (byte*)y, (byte*)r, a.Length);
        }

        Assert.Equal(expected, result);
    }
}
