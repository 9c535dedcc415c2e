// What is written is read again: all physical types, nulls, lists, encodings that the values lead to, one and many row groups.

using System;
using System.Collections.Generic;
using Epiphany.Storage;
using Xunit;
using Text = System.Text.Encoding;

namespace Epiphany.Tiering.Tests;

public class RoundTripTests
{
    static readonly ColumnType[] s_types =
    [
        new(PhysicalType.Boolean),
        new(PhysicalType.Int32),
        new(PhysicalType.Int32, Annotation.Integer, Bits: 16),
        new(PhysicalType.Int32, Annotation.Integer, Bits: 32, Unsigned: true),
        new(PhysicalType.Int32, Annotation.Date),
        new(PhysicalType.Int64),
        new(PhysicalType.Int64, Annotation.Timestamp, Utc: true),
        new(PhysicalType.Int64, Annotation.Decimal, Precision: 18, Scale: 4),
        new(PhysicalType.Float),
        new(PhysicalType.Double),
        new(PhysicalType.ByteArray),
        new(PhysicalType.ByteArray, Annotation.String),
        new(PhysicalType.FixedBytes, Annotation.Uuid, Length: 16),
        new(PhysicalType.FixedBytes, Annotation.Decimal, Length: 16, Precision: 38, Scale: 2),
    ];

    [Theory]
    [InlineData(0, Codec.None)]
    [InlineData(1, Codec.None)]
    [InlineData(1023, Codec.Zstd)]
    [InlineData(1025, Codec.Lz4)]
    [InlineData(50_000, Codec.Zstd)]
    public void Values_come_back(int rows, Codec codec)
    {
        var random = new Random(rows + 1);
        foreach (int groupRows in (int[])[100_000, 1000])
        {
            var columns = new List<TestColumn>();
            foreach (ColumnType type in s_types)
            {
                foreach (int distinct in (int[])[3, 500, int.MaxValue])
                {
                    bool list = columns.Count % 2 == 1;
                    columns.Add(Column($"c{columns.Count}", type, rows, distinct, list, random));
                }
            }

            byte[] file = ParquetFiles.Write([.. columns], codec, groupRows);
            List<object?>[] read = ParquetFiles.Read(file, out ParquetReader reader);
            Assert.Equal(rows, reader.Rows);
            for (int i = 0; i < columns.Count; i++)
            {
                Assert.Equal(columns[i].Name, Text.UTF8.GetString(reader.Columns[i].Name));
                Assert.Equal(columns[i].Type with { Length = reader.Columns[i].Type.Length }, Unit(reader.Columns[i].Type));
                Assert.Equal($"type of {i}", Text.UTF8.GetString(reader.Columns[i].SqlType));
                Assert.Equal(columns[i].Rows, read[i]);
            }
        }
    }

    /// <summary>A type without times comes back with the unit that nobody asks for.</summary>
    static ColumnType Unit(in ColumnType type) =>
        type.Annotation is Annotation.Time or Annotation.Timestamp ? type : type with { Unit = TimeUnit.Microseconds };

    internal static TestColumn Column(string name, ColumnType type, int rows, int distinct, bool list, Random random)
    {
        object?[] values = new object?[rows];
        for (int row = 0; row < rows; row++)
        {
            if (random.Next(7) == 0)
            {
                continue;
            }

            if (!list)
            {
                values[row] = Value(type, distinct, random);
                continue;
            }

            object?[] elements = new object?[random.Next(4)];
            for (int i = 0; i < elements.Length; i++)
            {
                elements[i] = random.Next(5) == 0 ? null : Value(type, distinct, random);
            }

            values[row] = elements;
        }

        return new TestColumn(name, type, values, list, $"type of {name[1..]}");
    }

    static object Value(in ColumnType type, int distinct, Random random)
    {
        int pick = random.Next(distinct);
        int bytes = type.Physical == PhysicalType.FixedBytes ? type.Length : pick % 40 == 0 ? 100 : pick % 11;
        switch (type.Physical)
        {
            case PhysicalType.Boolean:
                return (ulong)(pick & 1);
            case PhysicalType.Int32:
                return type.Bits == 16 ? (ulong)(short)pick : (ulong)(int)(pick * 2654435761u);
            case PhysicalType.Int64:
                return (ulong)pick * 0x9E3779B97F4A7C15;
            case PhysicalType.Float:
                return (ulong)BitConverter.SingleToInt32Bits(pick * 0.7f - 1e9f);
            case PhysicalType.Double:
                return BitConverter.DoubleToUInt64Bits(pick % 999 == 7 ? double.NaN : pick * -0.3);
            default:
                byte[] value = new byte[bytes];
                new Random(pick).NextBytes(value);
                return value;
        }
    }

    [Fact]
    public void Names_and_nulls_alone_come_back()
    {
        object?[] nulls = new object?[3000];
        object?[] lists = new object?[3000];
        Array.Fill(lists, Array.Empty<object?>());
        byte[] file = ParquetFiles.Write(
            [new TestColumn("größe", s_types[5], nulls), new TestColumn("", s_types[10], lists, true)], Codec.Zstd);
        List<object?>[] read = ParquetFiles.Read(file, out ParquetReader reader);
        Assert.Equal("größe", Text.UTF8.GetString(reader.Columns[0].Name));
        Assert.Equal(nulls, read[0]);
        Assert.Equal(lists, read[1]);
    }

    [Fact]
    public void A_group_ends_where_its_bytes_do()
    {
        object?[] rows = new object?[20_000];
        Array.Fill(rows, new byte[1000]);
        byte[] file = ParquetFiles.Write([new TestColumn("c", s_types[10], rows)], Codec.None, 100_000, 4 << 20);
        Assert.Equal(rows, ParquetFiles.Read(file, out ParquetReader reader)[0]);
        Assert.InRange(reader.Groups, 4, 8);
    }
}
