// Zone maps: what is ruled out has no row that matches, and what can be ruled out is.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class ZoneTests
{
    const int Vector = GroupFormat.VectorRows;

    [Fact]
    public void Integers_are_ruled_out_by_group_and_by_vector()
    {
        // Vector v holds 1000 v to 1000 v + 99; the last one only 3044 to 3048.
        long?[] values = [.. Enumerable.Range(0, (3 * Vector) + 5).Select(i => (long?)((i / Vector * 1000) + (i % 100)))];
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, values));
        Assert.Equal(0b0010UL, Match(group, ZoneOrder.Integers, (1000, 1050)));
        Assert.Equal(0b0110UL, Match(group, ZoneOrder.Integers, (1099, 2000)));
        Assert.Equal(0UL, Match(group, ZoneOrder.Integers, (1100, 1999)));
        Assert.Equal(0b1001UL, Match(group, ZoneOrder.Integers, (-7, 0), (3048, 9999)));
        Assert.Equal(0UL, Match(group, ZoneOrder.Integers, (3049, long.MaxValue), (long.MinValue, -1)));
        Assert.Equal(0b1111UL, Match(group, ZoneOrder.Integers, (long.MinValue, long.MaxValue)));
        Assert.Equal(0UL, Match(group, ZoneOrder.Integers));
        // A test in another order than the column's rules nothing out.
        Assert.Equal(0b1111UL, Match(group, ZoneOrder.Floats, (1, 2)));
        Assert.Equal(0b1111UL, Match(group, ZoneOrder.Numeric, (1, 2)));
    }

    [Fact]
    public void Nulls_are_told_apart()
    {
        long?[] values = [.. Enumerable.Range(0, 3 * Vector).Select(i => i < Vector || i % 2 == 1 ? null : (long?)7), .. new long?[] { 7 }];
        for (int i = 2 * Vector; i < 3 * Vector; i++)
        {
            values[i] = i;
        }

        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int64, values));
        Assert.Equal(0b0011UL, Match(group, ZoneOrder.IsNull));
        Assert.Equal(0b1110UL, Match(group, ZoneOrder.IsNotNull));
        Assert.Equal(0b1010UL, Match(group, ZoneOrder.Integers, (0, 10)));
        Group none = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int64, new long?[10]));
        Assert.Equal(1UL, Match(none, ZoneOrder.IsNull));
        Assert.Equal(0UL, Match(none, ZoneOrder.IsNotNull));
        Assert.Equal(0UL, Match(none, ZoneOrder.Integers, (long.MinValue, long.MaxValue)));
        Assert.Equal(0UL, Match(none, ZoneOrder.Bytes));
        Assert.Equal(0UL, Match(Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int64, [1, 2])), ZoneOrder.IsNull));
    }

    [Fact]
    public void Floats_are_in_postgres_order()
    {
        Group group = Group.WriteOne(TestColumn.OfDoubles([-0.0, 1.5, null, 2.5]));
        Assert.Equal(1UL, Match(group, (0.0, 0.0)));
        Assert.Equal(1UL, Match(group, (2.5, double.NaN)));
        Assert.Equal(0UL, Match(group, (2.75, double.PositiveInfinity)));
        Assert.Equal(0UL, Match(group, (double.NaN, double.NaN)));
        Assert.Equal(0UL, Match(group, (double.NegativeInfinity, -0.5)));
        Group withNaN = Group.WriteOne(TestColumn.OfFloats([1f, float.NaN]));
        Assert.Equal(1UL, Match(withNaN, (double.NaN, double.NaN)));
        Assert.Equal(1UL, Match(withNaN, (double.PositiveInfinity, double.NaN)));
        Assert.Equal(0UL, Match(withNaN, (double.NegativeInfinity, 0.5)));
    }

    [Fact]
    public void Byte_strings_are_bounded_by_prefixes()
    {
        byte[] max = [.. Enumerable.Repeat((byte)'m', 40)];
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, [Ascii("b"), null, Ascii("bb"), max]));
        Assert.Equal(0UL, Match(group, "a", "a"));
        Assert.Equal(1UL, Match(group, "b", "b"));
        Assert.Equal(1UL, Match(group, "c", "c"));
        Assert.Equal(0UL, Match(group, "n", null));
        Assert.Equal(0UL, Match(group, null, "az"));
        Assert.Equal(1UL, Match(group, null, null));
        // Longer than the prefix that is kept: not ruled out by what begins with it.
        Assert.Equal(1UL, Match(group, new string('m', 32) + "z", null));
        Assert.Equal(0UL, Match(group, new string('m', 31) + "z", null));
        Group whole = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, [Ascii("b"), Ascii("m")]));
        Assert.Equal(0UL, Match(whole, "mm", null));
        Assert.Equal(1UL, Match(whole, "m", null));
    }

    /// <summary>Names of a dictionary: vector v holds "n0v0", "n0v1" and "n0v2"; every seventh row none, the third vector only nulls.</summary>
    [Theory]
    [InlineData(ColumnKind.VarBytes, 0)]
    [InlineData(ColumnKind.FixedBytes, 4)]
    public void Strings_of_a_dictionary_are_ruled_out_by_vector(ColumnKind kind, int length)
    {
        byte[]?[] names = [.. Enumerable.Range(0, 5 * Vector).Select(i =>
            i % 7 == 0 || i / Vector == 2 ? null : Ascii($"n{i / Vector:00}{(i % 3 == 0 ? 0 : 1 + (i % 2))}"))];
        Group group = Group.WriteOne(TestColumn.OfStrings(kind, names, length));
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        Assert.Equal("dictionary", Group.EncodingName(reader.Chunk(0)));
        Assert.Equal(0b00010UL, Match(group, "n011", "n011"));
        Assert.Equal(0b01000UL, Match(group, "n030", "n031"));
        Assert.Equal(0b01010UL, Match(group, "n012", "n030"));
        Assert.Equal(0b11010UL, Match(group, "n01", null));
        Assert.Equal(0b00001UL, Match(group, null, "n010"[..3]));
        // Between entries, of a vector's and of two vectors': no row has it.
        Assert.Equal(0UL, Match(group, "n0100", "n0109"));
        Assert.Equal(0UL, Match(group, "n013", "n02z"));
        Assert.Equal(0b11011UL, Match(group, null, null));
    }

    [Fact]
    public void A_vector_of_one_string_is_told_without_reading_it()
    {
        byte[]?[] names = [.. Enumerable.Range(0, 4 * Vector).Select(i => i == 3 * Vector ? null : Ascii(i < 2 * Vector ? "low" : "top"))];
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, names));
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        Assert.Equal(CodedForm.Entries, reader.Coded(0).Form);
        ulong top = 0b10;
        ulong* bits = stackalloc ulong[Vector / 64];
        for (int vector = 0; vector < 4; vector++)
        {
            Assert.Equal(vector == 3, reader.Select(0, vector, &top, nullsPass: false, bits));
            Assert.Equal(vector < 2 ? 0 : vector == 2 ? Vector : Vector - 1, Enumerable.Range(0, Vector).Count(i => (bits[i / 64] >> i & 1) != 0));
        }
    }

    [Fact]
    public void Random_strings_of_dictionaries_lose_no_row()
    {
        Random random = new(5);
        for (int round = 0; round < 40; round++)
        {
            int spread = random.Next(1, 400);
            byte[]?[] values = [.. Enumerable.Range(0, random.Next(1, 4 * Vector)).Select(i =>
                random.Next(10) == 0 ? null : Ascii($"{(random.Next(spread) + (i / Vector * spread / 2)):x}"))];
            Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.VarBytes, values));
            string low = $"{random.Next(3 * spread):x}";
            string high = low + new string('f', random.Next(3));
            ulong expected = 0;
            for (int i = 0; i < values.Length; i++)
            {
                ReadOnlySpan<byte> value = values[i];
                bool isIn = values[i] != null && value.SequenceCompareTo(Ascii(low)) >= 0 && value.SequenceCompareTo(Ascii(high)) <= 0;
                expected |= isIn ? 1UL << (i / Vector) : 0;
            }

            Assert.Equal(0UL, expected & ~Match(group, low, high));
        }
    }

    [Fact]
    public void Numerics_compare_over_scales()
    {
        byte[][] values = [.. Enumerable.Range(0, 2 * Vector).Select(i => Numerics.Of(i < Vector ? i % 100 : 500 + (i % 100), 2))];
        Group group = Group.WriteOne(TestColumn.OfStrings(ColumnKind.Numeric, values));
        Assert.Equal(0b01UL, Match(group, (Numerics.Of(5, 2), Numerics.Of(7, 2))));
        Assert.Equal(0b10UL, Match(group, (Numerics.Of(1, 0), Numerics.Of(5, 0))));
        Assert.Equal(0UL, Match(group, (Numerics.Of(1, 0), Numerics.Of(4999, 3))));
        Assert.Equal(0UL, Match(group, (Numerics.Of(600, 2), null)));
        Assert.Equal(0UL, Match(group, (null, Numerics.Of(-1, 9))));
        Assert.Equal(0b11UL, Match(group, (null, Numerics.NaN)));
        Assert.Equal(0b11UL, Match(group, (null, Numerics.Of(5, 0)), (Numerics.Of(1_000_000, 0), null)));
        // A chunk without scaled bounds rules nothing out.
        Group unscaled = Group.WriteOne(TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(1, 0), Numerics.Infinity]));
        Assert.Equal(1UL, Match(unscaled, (Numerics.Of(5, 0), Numerics.Of(6, 0))));
    }

    [Fact]
    public void Random_tests_lose_no_row()
    {
        Random random = new(3);
        for (int round = 0; round < 50; round++)
        {
            long spread = 1L << random.Next(1, 40);
            long?[] values = [.. Enumerable.Range(0, random.Next(1, 4 * Vector)).Select(i =>
                random.Next(10) == 0 ? null : (long?)(random.NextInt64(spread) + (i / Vector * spread)))];
            Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int64, values));
            (long Low, long High)[] ranges =
            [
                .. Enumerable.Range(0, random.Next(4)).Select(_ =>
                {
                    long low = random.NextInt64(5 * spread);
                    return (low, low + random.NextInt64(spread));
                }),
            ];
            ulong expected = 0;
            for (int i = 0; i < values.Length; i++)
            {
                expected |= ranges.Any(r => values[i] >= r.Low && values[i] <= r.High) ? 1UL << (i / Vector) : 0;
            }

            Assert.Equal(0UL, expected & ~Match(group, ZoneOrder.Integers, ranges));
        }
    }

    static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    static ulong Match(Group group, ZoneOrder order, params (long Low, long High)[] ranges) =>
        Run(group, order, [.. ranges.Select(r => new ZoneRange { Low = (ulong)r.Low, High = (ulong)r.High })]);

    static ulong Match(Group group, params (double Low, double High)[] ranges) =>
        Run(group, ZoneOrder.Floats, [.. ranges.Select(r => new ZoneRange
        {
            Low = BitConverter.DoubleToUInt64Bits(r.Low),
            High = BitConverter.DoubleToUInt64Bits(r.High),
        })]);

    static ulong Match(Group group, string? low, string? high) =>
        Run(group, ZoneOrder.Bytes, low is null ? null : Ascii(low), high is null ? null : Ascii(high));

    static ulong Match(Group group, params (byte[]? Low, byte[]? High)[] ranges) =>
        ranges.Aggregate(0UL, (all, range) => all | Run(group, ZoneOrder.Numeric, range.Low, range.High));

    static ulong Run(Group group, ZoneOrder order, byte[]? low, byte[]? high)
    {
        fixed (byte* l = low)
        fixed (byte* h = high)
        {
            return Run(group, order, [new ZoneRange { LowBytes = l, LowLength = low?.Length ?? 0, HighBytes = h, HighLength = high?.Length ?? 0 }]);
        }
    }

    static ulong Run(Group group, ZoneOrder order, ZoneRange[] ranges)
    {
        using GuardedMemory memory = new();
        fixed (ZoneRange* first = ranges)
        {
            ZoneTest test = new() { Column = 0, Order = order, Ranges = first, Count = ranges.Length };
            return group.Open(memory).Match(new ReadOnlySpan<ZoneTest>(ref test));
        }
    }
}
