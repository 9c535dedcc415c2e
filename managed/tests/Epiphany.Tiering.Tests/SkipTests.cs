// Row groups and pages that statistics rule out are not read, and every row that meets a test comes.

using System;
using System.Collections.Generic;
using Epiphany.Storage;
using Xunit;
using Text = System.Text.Encoding;

namespace Epiphany.Tiering.Tests;

public unsafe class SkipTests
{
    const int Rows = 300_000;
    const int GroupRows = 100 * 1024;

    static byte[] File(Func<int, object?> value, ColumnType type)
    {
        object?[] keys = new object?[Rows];
        object?[] others = new object?[Rows];
        object?[] lists = new object?[Rows];
        for (int i = 0; i < Rows; i++)
        {
            keys[i] = value(i);
            others[i] = Text.ASCII.GetBytes($"row {i}");
            lists[i] = new object?[] { (ulong)i, null };
        }

        return ParquetFiles.Write(
            [
                new TestColumn("key", type, keys),
                new TestColumn("other", new ColumnType(PhysicalType.ByteArray, Annotation.String), others),
                new TestColumn("list", new ColumnType(PhysicalType.Int64), lists, true),
            ],
            Codec.None,
            GroupRows);
    }

    static List<object?>[] Read(byte[] file, ZoneOrder order, ZoneRange range, out ParquetCounts counts, int[] columns)
    {
        var test = new ZoneTest { Column = 0, Order = order, Ranges = &range, Count = 1 };
        List<object?>[] read = ParquetFiles.Read(file, out ParquetReader reader, [test], columns);
        counts = reader.Counts;
        return read;
    }

    [Fact]
    public void Integers_of_a_few_pages()
    {
        byte[] file = File(i => (ulong)i, new ColumnType(PhysicalType.Int64));
        var range = new ZoneRange { Low = 150_000, High = 150_010 };
        List<object?>[] read = Read(file, ZoneOrder.Integers, range, out ParquetCounts counts, [2, 0, 1]);
        Assert.Equal(1, counts.Groups);
        Assert.Equal(2, counts.GroupsSkipped);
        Assert.Equal(20_000, read[1].Count);
        Assert.Equal(Rows - 20_000, counts.RowsSkipped);
        Assert.Equal(142_400UL, read[1][0]);
        for (int i = 0; i < read[1].Count; i++)
        {
            Assert.Equal($"row {142_400 + i}", Text.ASCII.GetString((byte[])read[2][i]!));
            Assert.Equal([(ulong)(142_400 + i), null], (object?[])read[0][i]!);
        }
    }

    [Fact]
    public void A_column_that_is_not_wanted_can_be_tested()
    {
        byte[] file = File(i => i / 1000 % 2 == 0 ? null : (ulong)(i % 1000), new ColumnType(PhysicalType.Int64));
        List<object?>[] read = Read(file, ZoneOrder.Integers, new ZoneRange { Low = 2000, High = 3000 }, out ParquetCounts counts, [1]);
        Assert.Empty(read[0]);
        Assert.Equal(Rows, counts.RowsSkipped);
    }

    [Fact]
    public void Floats_keep_what_may_be_nan()
    {
        byte[] file = File(i => BitConverter.DoubleToUInt64Bits(i == 299_999 ? double.NaN : i), new ColumnType(PhysicalType.Double));
        ZoneRange Range(double low, double high) =>
            new() { Low = BitConverter.DoubleToUInt64Bits(low), High = BitConverter.DoubleToUInt64Bits(high) };
        List<object?>[] read = Read(file, ZoneOrder.Floats, Range(5, 6), out ParquetCounts counts, [0]);
        Assert.Equal(20_000 + Rows - 2 * GroupRows, read[0].Count);
        Assert.Equal(1, counts.GroupsSkipped);
        read = Read(file, ZoneOrder.Floats, Range(1e9, double.NaN), out _, [0]);
        Assert.Equal(Rows, read[0].Count);
    }

    [Fact]
    public void Strings_by_cut_bounds()
    {
        string prefix = new('x', 100);
        byte[] file = File(i => Text.UTF8.GetBytes($"{(char)('a' + i / 20_000)}{prefix}{i}ö"), new ColumnType(PhysicalType.ByteArray));
        byte[] wanted = Text.UTF8.GetBytes($"c{prefix}{50_000}ö");
        fixed (byte* at = wanted)
        {
            var range = new ZoneRange { LowBytes = at, LowLength = wanted.Length, HighBytes = at, HighLength = wanted.Length };
            List<object?>[] read = Read(file, ZoneOrder.Bytes, range, out _, [0]);
            Assert.InRange(read[0].Count, 1, 40_000);
            Assert.Contains(read[0], row => wanted.AsSpan().SequenceEqual((byte[])row!));
        }
    }

    [Fact]
    public void Nulls()
    {
        byte[] file = File(i => i < 250_000 ? 1UL : null, new ColumnType(PhysicalType.Boolean));
        Assert.Equal(50_000, Read(file, ZoneOrder.IsNull, default, out ParquetCounts counts, [0])[0].FindAll(row => row == null).Count);
        Assert.Equal(2, counts.GroupsSkipped);
        Assert.Equal(250_000, Read(file, ZoneOrder.IsNotNull, default, out _, [0])[0].FindAll(row => row != null).Count);
    }

    [Fact]
    public void Only_some_of_the_bytes_are_read()
    {
        byte[] file = File(i => (ulong)i * 12345, new ColumnType(PhysicalType.Int64));
        Read(file, ZoneOrder.Integers, new ZoneRange { Low = 1UL << 40, High = 1UL << 41 }, out ParquetCounts counts, [0, 1, 2]);
        Assert.Equal(0, counts.Bytes);
    }
}
