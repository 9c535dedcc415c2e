// Inverted lists: the matrix product finds what comparing one by one finds, records survive blocks, and tests of attributes say what loops say.

using System;
using System.Linq;
using Epiphany.Vector.Codes;
using Epiphany.Vector.Ivf;
using Xunit;

namespace Epiphany.Vector.Tests;

public unsafe class IvfTests
{
    private static IvfShape Shape(int dimensions, int bits, int attributes, Metric metric = Metric.L2Squared)
    {
        IvfShape shape = new() { Dimensions = dimensions, Metric = metric, Bits = bits, Lists = 3, Attributes = attributes, Seed = 5 };
        IvfLayout.Complete(ref shape);
        return shape;
    }

    [Fact]
    public void The_nearest_centroid_is_found_on_every_width()
    {
        Random random = new(1);
        foreach ((int lists, int padded, int count) in new[] { (1, 64, 1), (31, 64, 7), (32, 128, 8), (33, 192, 9), (100, 64, 100) })
        {
            float[] centroids = Model.Random(random, lists * padded);
            float[] vectors = Model.Random(random, count * padded);
            int[] expected = [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, lists).MinBy(c =>
                Enumerable.Range(0, padded).Sum(d => Math.Pow((double)vectors[(i * padded) + d] - centroids[(c * padded) + d], 2))))];
            float[] panels = new float[Assignment.PanelBytes(lists, padded) / sizeof(float)];
            int[] nearest = new int[count];
            float[] scores = new float[count];
            fixed (float* c = centroids, v = vectors, p = panels, s = scores)
            fixed (int* n = nearest)
            {
                Assignment.Arrange(c, lists, padded, p);
                Assignment.Run(p, lists, padded, v, count, n, s);
                Assert.Equal(expected, nearest);
                Array.Fill(scores, float.PositiveInfinity);
                Assignment.Run<Lanes128>(p, lists, padded, v, count, n, s);
                Assert.Equal(expected, nearest);
                Array.Fill(scores, float.PositiveInfinity);
                Assignment.Run<Lanes256>(p, lists, padded, v, count, n, s);
                Assert.Equal(expected, nearest);
            }
        }
    }

    [Fact]
    public void Records_come_out_of_blocks_as_they_went_in()
    {
        Random random = new(2);
        foreach ((int dimensions, int bits, int attributes) in new[] { (3, 1, 0), (100, 4, 1), (128, 7, 8), (64, 8, 2), (700, 2, 3) })
        {
            IvfShape shape = Shape(dimensions, bits, attributes);
            byte[] block = new byte[shape.BlockBytes];
            byte[] scratch = new byte[shape.ScratchBytes];
            byte[] part = [1, 2, 3, 4, 5, 6];
            byte[] back = new byte[shape.RecordBytes];
            byte[][] records = [.. Enumerable.Range(0, 32).Select(_ => Record(random, shape))];
            fixed (byte* b = block, s = scratch, p = part, r = back)
            {
                for (int slot = 0; slot < 32; slot++)
                {
                    fixed (byte* record = records[slot])
                    {
                        IvfRecords.Put(shape, b, slot, record, p, s);
                    }
                }

                Assert.Equal(uint.MaxValue, *(uint*)b);
                for (int slot = 0; slot < 32; slot++)
                {
                    fixed (byte* record = records[slot])
                    {
                        IvfRecords.Get(shape, b, slot, record + shape.RecordFactors + 12, r);
                    }

                    Assert.Equal(records[slot], back);
                }
            }
        }
    }

    [Fact]
    public void Tests_of_blocks_and_records_agree_with_loops()
    {
        Random random = new(3);
        IvfShape shape = Shape(64, 1, 2);
        byte[] block = new byte[shape.BlockBytes];
        byte[] scratch = new byte[shape.ScratchBytes];
        long* oneOf = stackalloc long[] { -3, 0, 4 };
        IvfTest* tests = stackalloc IvfTest[2];
        tests[0] = new IvfTest { Attribute = 0, Kind = IvfTest.Range, Low = -2, High = 3 };
        tests[1] = new IvfTest { Attribute = 1, Kind = IvfTest.OneOf, Values = oneOf, Count = 3 };
        IvfModel model = new() { Shape = shape };
        for (int count = 0; count <= 2; count++)
        {
            IvfScan scan = new() { Model = &model, Tests = tests, TestCount = count };
            uint expected = 0;
            Array.Clear(block);
            fixed (byte* b = block, s = scratch)
            {
                for (int slot = 0; slot < 32; slot++)
                {
                    byte[] record = Record(random, shape);
                    fixed (byte* r = record)
                    {
                        var values = (long*)(r + IvfRecord.Attributes);
                        bool first = count < 1 || ((r[IvfRecord.Nulls] & 1) == 0 && values[0] >= -2 && values[0] <= 3);
                        bool second = count < 2 || ((r[IvfRecord.Nulls] & 2) == 0 && values[1] is -3 or 0 or 4 && (r[IvfRecord.Nulls] & 2) == 0);
                        expected |= (first && second ? 1u : 0u) << slot;
                        Assert.Equal(first && second, IvfFilter.Record(&scan, r));
                        IvfRecords.Put(shape, b, slot, r, null, s);
                    }
                }

                Assert.Equal(expected, IvfFilter.Block(&scan, b));
            }
        }
    }

    /// <summary>Of a random vector, with small attributes of which some are NULL.</summary>
    private static byte[] Record(Random random, IvfShape shape)
    {
        byte[] record = new byte[shape.RecordBytes];
        float[] vector = Model.Random(random, shape.Padded);
        float[] centroid = Model.Random(random, shape.Padded);
        byte[] scratch = new byte[shape.ScratchBytes];
        random.NextBytes(record.AsSpan(0, 6));
        record[IvfRecord.Live] = 1;
        fixed (byte* r = record, s = scratch)
        fixed (float* v = vector, c = centroid)
        {
            for (int i = 0; i < shape.Attributes; i++)
            {
                bool isNull = random.Next(4) == 0;
                r[IvfRecord.Nulls] |= (byte)((isNull ? 1 : 0) << i);
                ((long*)(r + IvfRecord.Attributes))[i] = isNull ? 0 : random.Next(-5, 6);
            }

            IvfRecords.Encode(shape, v, c, s, r);
        }

        return record;
    }
}
