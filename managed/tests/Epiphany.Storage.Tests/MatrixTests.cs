// Vectors of as many elements each: codes lie where rows do, bounds by them hold, and none are made of what cannot be computed with.

using System;
using System.Linq;
using Epiphany.Vector.Codes;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class MatrixTests
{
    const int Dimensions = 96;

    /// <summary>From here on rows have codes of their own.</summary>
    const int Refined = 124;

    [Theory]
    [InlineData(1, NullPattern.None, Dimensions)]
    [InlineData(31, NullPattern.None, Dimensions)]
    [InlineData(2049, NullPattern.Rare, Dimensions)]
    [InlineData(5000, NullPattern.None, Dimensions)]
    [InlineData(5000, NullPattern.Most, Dimensions)]
    [InlineData(5000, NullPattern.Vectors, Dimensions)]
    [InlineData(31, NullPattern.None, Refined)]
    [InlineData(2049, NullPattern.Rare, Refined)]
    [InlineData(5000, NullPattern.None, Refined)]
    [InlineData(5000, NullPattern.Most, Refined)]
    [InlineData(5000, NullPattern.Vectors, Refined)]
    public void Codes_bound_the_distances_of_their_rows(int rows, NullPattern nulls, short dimensions)
    {
        Random random = new(rows);
        byte[]?[] strings = Samples.Strings(random, rows, nulls, row => Samples.Floats(dimensions, i => (row % 5) + random.NextSingle()));
        strings[^1] ??= Samples.Floats(dimensions, i => 0);
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, strings));
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        if (rows == 1)
        {
            Assert.Equal("constant", group.EncodingOf(0));
            Assert.False(reader.CodesOf(0, out _));
            return;
        }

        Assert.Equal("matrix", group.EncodingOf(0));
        Assert.True(reader.CodesOf(0, out CodeShape shape));
        Assert.Equal((dimensions, sizeof(float)), (shape.Dimensions, shape.ElementBytes));
        float[] query = [.. Enumerable.Range(0, dimensions).Select(i => random.NextSingle() * 4)];
        QueryCodes* prepared = Prepare(query, shape.Seed, memory);
        (float add, float distance) = Estimator.ForCentroid(prepared, shape.Centroid);
        float* estimates = stackalloc float[CodeLayout.BlockVectors];
        float* lowers = stackalloc float[CodeLayout.BlockVectors];
        int seen = 0;
        int broken = 0;
        int brokenByRefined = 0;
        for (int vector = 0; vector * GroupFormat.VectorRows < rows; vector++)
        {
            VectorCodes codes = reader.Codes(0, vector);
            int place = 0;
            for (int row = vector * GroupFormat.VectorRows; row < Math.Min(rows, (vector + 1) * GroupFormat.VectorRows); row++)
            {
                if (strings[row] is not { } value)
                {
                    Assert.True(codes.IsEmpty || Kernels.NullBitmap.IsNull(codes.Nulls, row % GroupFormat.VectorRows));
                    continue;
                }

                int block = place / CodeLayout.BlockVectors;
                int slot = place++ % CodeLayout.BlockVectors;
                FastScan.Run(prepared, codes.Block(block), codes.Factors(block), add, 4 * distance, float.PositiveInfinity, estimates, lowers);
                double square = Enumerable.Range(0, dimensions).Sum(i => Math.Pow(BitConverter.ToSingle(value, 4 + (4 * i)), 2));
                double truth = Enumerable.Range(0, dimensions).Sum(i => Math.Pow(BitConverter.ToSingle(value, 4 + (4 * i)) - query[i], 2));
                Assert.Equal(square, codes.Squares(block)[slot], square / 1e5);
                broken += lowers[slot] > truth ? 1 : 0;
                seen++;
                int number = row % GroupFormat.VectorRows;
                RefinedCodes own = reader.Refined(0, vector, &number, 1);
                Assert.NotEqual(dimensions == Refined, own.IsEmpty);
                if (!own.IsEmpty)
                {
                    RefinedCode* refined = own.Row(0);
                    Estimate estimate = Estimator.Run(prepared, RefinedCode.Code(refined), RefinedCode.Bits, refined->Factors, add, 4 * distance);
                    Assert.Equal(codes.Squares(block)[slot], refined->Square);
                    Assert.InRange(refined->Factors.Error, 0, codes.Factors(block)[(2 * CodeLayout.BlockVectors) + slot] / 4);
                    brokenByRefined += estimate.Lower > truth || (2 * estimate.Distance) - estimate.Lower < truth ? 1 : 0;
                }
            }
        }

        Assert.Equal(strings.Count(s => s != null), seen);
        Assert.InRange(broken, 0, 1 + (seen / 500));
        Assert.InRange(brokenByRefined, 0, 1 + (seen / 500));
        group.Check([TestColumn.OfStrings(ColumnKind.VarBytes, strings)]);
    }

    [Fact]
    public void Rows_own_codes_are_the_same_one_by_one_and_many_at_a_time()
    {
        const int Count = GroupFormat.VectorRows + 500;
        byte[]?[] strings = [.. Enumerable.Range(0, Count).Select(r => r % 5 == 2 ? null : Samples.Floats(Refined, i => MathF.Sin((r * 31) + i)))];
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, strings));
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        Assert.True(reader.CodesOf(0, out _));
        for (int vector = 0; vector < 2; vector++)
        {
            reader.Codes(0, vector);
            int first = vector * GroupFormat.VectorRows;
            int[] rows = [.. Enumerable.Range(0, GroupFormat.RowsOf(Count, vector)).Where(r => strings[first + r] != null).Reverse()];
            var one = new byte[rows.Length][];
            for (int i = 0; i < rows.Length; i++)
            {
                int row = rows[i];
                one[i] = new ReadOnlySpan<byte>(reader.Refined(0, vector, &row, 1).Row(0), RefinedCode.Bytes(128)).ToArray();
            }

            Assert.Equal(rows.Length, one.Select(Convert.ToHexString).Distinct().Count());
            fixed (int* all = rows)
            {
                RefinedCodes many = reader.Refined(0, vector, all, rows.Length);
                for (int i = 0; i < rows.Length; i++)
                {
                    Assert.Equal(one[i], new ReadOnlySpan<byte>(many.Row(i), RefinedCode.Bytes(128)).ToArray());
                }
            }
        }
    }

    [Fact]
    public void Codes_that_are_asked_for_again_are_the_same()
    {
        const int Count = (2 * GroupFormat.VectorRows) + 100;
        byte[]?[] strings = [.. Enumerable.Range(0, Count).Select(r => r % 7 == 3 ? null : Samples.Floats(64, i => MathF.Sin((r * 31) + i)))];
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, strings));
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        Assert.True(reader.CodesOf(0, out _));
        var first = new byte[GroupFormat.Vectors(Count)][];
        for (int round = 0; round < 4; round++)
        {
            for (int vector = 0; vector < first.Length; vector++)
            {
                VectorCodes codes = reader.Codes(0, vector);
                int present = Enumerable.Range(vector * GroupFormat.VectorRows, GroupFormat.RowsOf(Count, vector)).Count(r => strings[r] != null);
                int blocks = (present + CodeLayout.BlockVectors - 1) / CodeLayout.BlockVectors;
                byte[] bytes = new ReadOnlySpan<byte>(codes.Block(0), (int)(codes.Block(blocks) - codes.Block(0))).ToArray();
                first[vector] ??= bytes;
                Assert.Equal(first[vector], bytes);
                Assert.True(Kernels.NullBitmap.IsNull(codes.Nulls, (7 + 3 - (vector * GroupFormat.VectorRows % 7)) % 7));
            }

            // What else is read in between changes nothing.
            reader.DecodeRow(0, round, out _, out _);
        }
    }

    [Fact]
    public void What_cannot_be_computed_with_has_no_codes()
    {
        foreach (float odd in new[] { float.NaN, float.PositiveInfinity, float.MaxValue })
        {
            byte[]?[] strings = [.. Enumerable.Range(0, 40).Select(row => Samples.Floats(Dimensions, i => row == 7 && i == 3 ? odd : row + i))];
            Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, strings));
            using GuardedMemory memory = new();
            Assert.Equal("matrix", group.EncodingOf(0));
            Assert.False(group.Open(memory).CodesOf(0, out _));
            group.Check([TestColumn.OfStrings(ColumnKind.VarBytes, strings)]);
        }
    }

    [Fact]
    public void What_differs_in_length_or_is_no_vector_is_no_matrix()
    {
        Random random = new(5);
        byte[]?[] longer = [.. Enumerable.Range(0, 40).Select(row => Samples.Floats((short)(64 + (row / 39)), i => row + i))];
        byte[]?[] bytes = [.. Enumerable.Range(0, 40).Select(row => Samples.RandomBytes(random, 100))];
        foreach (byte[]?[] strings in new[] { longer, bytes })
        {
            Assert.NotEqual("matrix", Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, strings)).EncodingOf(0));
        }
    }

    static QueryCodes* Prepare(float[] query, ulong seed, GuardedMemory memory)
    {
        int padded = Rotation.Padded(query.Length);
        float* rotated = (float*)memory.Allocate((nuint)padded * sizeof(float));
        byte* signs = memory.Allocate((nuint)Rotation.SignBytes(padded));
        query.CopyTo(new Span<float>(rotated, query.Length));
        Rotation.MakeSigns(seed, padded, signs);
        Rotation.Apply(signs, rotated, query.Length, rotated);
        return QueryCodes.Prepare(memory.Allocate((nuint)QueryCodes.Bytes(padded)), CodeMetric.L2Squared, rotated, padded);
    }
}
