// Distances over floats and halves: every width gives the model's bits, and those are near the exact answer.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Vector.Tests;

public unsafe class DistanceTests
{
    private static readonly Metric[] s_metrics = [Metric.L2Squared, Metric.InnerProduct, Metric.CosineSimilarity, Metric.L1];

    private static double Expected(Metric metric, float[] a, float[] b) => metric switch
    {
        Metric.L2Squared => Model.Sum(a, b, Model.SquaredDifference, 4),
        Metric.InnerProduct => Model.Sum(a, b, Model.Product, 4),
        Metric.L1 => Model.Sum(a, b, Model.AbsoluteDifference, 4),
        _ => Model.Sum(a, b, Model.Product, 2) /
            Math.Sqrt((double)Model.Sum(a, a, Model.Product, 2) * Model.Sum(b, b, Model.Product, 2)),
    };

    private static double Exact(Metric metric, float[] a, float[] b) => metric switch
    {
        Metric.L2Squared => a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum(),
        Metric.InnerProduct => a.Zip(b, (x, y) => (double)x * y).Sum(),
        Metric.L1 => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Sum(),
        _ => a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x)),
    };

    /// <summary>The widths, and the door that chooses one, on addresses that are aligned to nothing.</summary>
    private static void AllAgree(Metric metric, ElementKind element, void* a, void* b, int count, int size, double expected)
    {
        byte[] room = new byte[(2 * count * size) + 2];
        fixed (byte* start = room)
        {
            byte* x = start + 1;
            byte* y = x + (count * size) + 1;
            new Span<byte>(a, count * size).CopyTo(new(x, count * size));
            new Span<byte>(b, count * size).CopyTo(new(y, count * size));
            Assert.Equal(expected, Vectors.Distance<Lanes512>(metric, element, x, y, count));
            Assert.Equal(expected, Vectors.Distance<Lanes256>(metric, element, x, y, count));
            Assert.Equal(expected, Vectors.Distance<Lanes128>(metric, element, x, y, count));
            Assert.Equal(expected, Vectors.Distance(metric, element, x, y, count));
        }
    }

    private static void Check(Metric metric, float[] a, float[] b)
    {
        fixed (float* x = a, y = b)
        {
            AllAgree(metric, ElementKind.Float32, x, y, a.Length, sizeof(float), Expected(metric, a, b));
        }
    }

    private static void Check(Metric metric, ushort[] a, ushort[] b)
    {
        fixed (ushort* x = a, y = b)
        {
            AllAgree(metric, ElementKind.Float16, x, y, a.Length, sizeof(ushort), Expected(metric, Model.Widen(a), Model.Widen(b)));
        }
    }

    [Fact]
    public void Every_width_gives_the_models_bits()
    {
        Random random = new(1);
        foreach (int count in Model.Counts)
        {
            float[] a = Model.Random(random, count);
            float[] b = Model.Random(random, count);
            foreach (Metric metric in s_metrics)
            {
                Check(metric, a, b);
                Check(metric, Model.Narrow(a), Model.Narrow(b));
                double size = metric == Metric.InnerProduct ? a.Zip(b, (x, y) => Math.Abs((double)x * y)).Sum() : Exact(metric, a, b);
                Assert.Equal(Exact(metric, a, b), Expected(metric, a, b), Math.Max(1e-6, Math.Abs(size) * 1e-5));
            }
        }
    }

    /// <summary>One that is not finite, at each place: it must reach the sum, and only the sums that it belongs to. Halves are finite.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(3e38f)]
    [InlineData(65504f)]
    [InlineData(-6e-8f)]
    [InlineData(1e-45f)]
    [InlineData(-0f)]
    public void Strange_numbers_are_met_once_wherever_they_are(float strange)
    {
        foreach (int count in (int[])[1, 15, 16, 17, 31, 33, 64, 81, 130])
        {
            for (int at = 0; at < count; at++)
            {
                float[] a = [.. Enumerable.Repeat(1f, count)];
                float[] b = [.. Enumerable.Repeat(2f, count)];
                a[at] = strange;
                foreach (Metric metric in s_metrics)
                {
                    Check(metric, a, b);
                    if (float.Abs(strange) <= (float)Half.MaxValue)
                    {
                        Check(metric, Model.Narrow(a), Model.Narrow(b));
                    }
                }
            }
        }
    }

    [Fact]
    public void Floats_overflow_to_infinity_and_zeros_have_no_direction()
    {
        foreach (int count in (int[])[2, 20, 100])
        {
            float[] huge = [.. Enumerable.Repeat(3e38f, count)];
            float[] zero = new float[count];
            Assert.Equal(double.PositiveInfinity, Of(Metric.L2Squared, huge, zero));
            Assert.Equal(double.PositiveInfinity, Of(Metric.InnerProduct, huge, huge));
            Assert.Equal(double.PositiveInfinity, Of(Metric.L1, huge, zero));
            Assert.Equal(double.NaN, Of(Metric.CosineSimilarity, huge, huge));
            Assert.Equal(double.NaN, Of(Metric.CosineSimilarity, huge, zero));
        }
    }

    [Fact]
    public void A_metric_that_elements_do_not_have_is_not_a_number()
    {
        Assert.Equal(double.NaN, Of(Metric.Hamming, [1], [2]));
        byte bits = 1;
        Assert.Equal(double.NaN, Vectors.Distance(Metric.L1, ElementKind.Bit, &bits, &bits, 1));
    }

    [Fact]
    public void Sums_of_squares_are_the_same_in_every_width_and_do_not_overflow()
    {
        Random random = new(2);
        foreach (int count in Model.Counts)
        {
            float[] a = Model.Random(random, count);
            a[0] = 3e38f;
            ushort[] halves = Model.Narrow(Model.Random(random, count));
            float[] widened = Model.Widen(halves);
            fixed (float* x = a)
            fixed (ushort* h = halves)
            {
                double sum = Norms.Sum512(x, count);
                Assert.Equal(sum, Norms.Sum256(x, count));
                Assert.Equal(sum, Norms.Sum128(x, count));
                Assert.Equal(sum, Vectors.SumOfSquares(ElementKind.Float32, (byte*)x, count));
                Assert.Equal(1, sum / a.Sum(v => (double)v * v), 1e-12);
                double half = Norms.SumOfSquares<Lanes512>(h, count);
                Assert.Equal(half, Norms.SumOfSquares<Lanes256>(h, count));
                Assert.Equal(half, Norms.SumOfSquares<Lanes128>(h, count));
                Assert.Equal(half, Vectors.SumOfSquares(ElementKind.Float16, (byte*)h, count));
                Assert.Equal(1, half / widened.Sum(v => (double)v * v), 1e-12);
            }
        }
    }

    private static double Of(Metric metric, float[] a, float[] b)
    {
        fixed (float* x = a, y = b)
        {
            return Vectors.Distance(metric, ElementKind.Float32, (byte*)x, (byte*)y, a.Length);
        }
    }
}
