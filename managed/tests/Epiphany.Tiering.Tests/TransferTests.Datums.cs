// Columns of files into row groups: the group is, byte for byte, the one that a writer makes of the values as datums.

using System;
using System.Collections.Generic;
using Epiphany.Encoding;
using Epiphany.Storage;
using Epiphany.Storage.Tests;
using Xunit;

namespace Epiphany.Tiering.Tests;

public unsafe partial class TransferTests
{
    /// <summary>The group that a writer makes of datums, one after the other.</summary>
    static byte[] OfDatums(List<byte[]?> values, in TransferShape shape, EncodingKind known)
    {
        using var memory = new GuardedMemory { Limit = 1 << 28 };
        var heap = new NativeHeap();
        var writer = new RowGroupWriter(
            [new ColumnShape(shape.Kind, shape.FixedLength)],
            new WriterOptions(Codec.None, 1, values.Count, ulong.MaxValue, false, known),
            memory,
            new TestCodec(),
            new CountingInterrupts());
        foreach (byte[]? value in values)
        {
            byte isNull = value == null ? (byte)1 : (byte)0;
            int header = shape.Kind == ColumnKind.FixedBytes ? 0 : 4;
            byte* datum = heap.Allocate((nuint)((value?.Length ?? 0) + header + 8));
            value?.CopyTo(new Span<byte>(datum + header, value.Length));
            if (header != 0 && value != null)
            {
                *(uint*)datum = (uint)(value.Length + header) << 2;
            }

            writer.Append((ulong*)&datum, &isNull, 1);
        }

        byte[] group = Bytes(writer.Finish());
        heap.FreeAll();
        return group;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Groups_are_the_ones_that_datums_make(bool nulls)
    {
        ColumnType uuid = new(PhysicalType.FixedBytes, Annotation.Uuid, Length: 16);
        (ColumnType Type, TransferShape Shape, EncodingKind Known, int Distinct)[] cases =
        [
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Dictionary, 300),
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Dictionary, 1),
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Plain, 300),
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Plain, 1 << 30),
            (uuid, Plain(ColumnKind.FixedBytes, 16), EncodingKind.Dictionary, 20),
            (s_decimal, s_decimals, EncodingKind.Decimal, 1 << 30),
            (s_decimal, s_decimals, EncodingKind.Decimal, 20),
            (s_decimal, s_decimals, EncodingKind.Dictionary, 20),
        ];
        foreach ((ColumnType type, TransferShape shape, EncodingKind known, int distinct) in cases)
        {
            byte[] file = Write(type, 5000, distinct, Codec.Zstd, out _, nulls);
            Group group = Transfer(file, shape, known, out _, 5000);
            Assert.Equal(OfDatums(Read(group), shape, known), group.Bytes);
        }
    }

    /// <summary>Decimal places that all values have as zeros are left out, as they are of datums.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(-100_000)]
    public void Decimals_that_are_rounder_than_their_column(long unit)
    {
        object?[] values = new object?[3000];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i < 3 || i % 100 == 7 ? null : unchecked((ulong)(i * unit));
        }

        values[1000] = unchecked((ulong)((1L << 40) * unit));
        values[2000] = unchecked((ulong)(999_999_999_999L * unit));
        byte[] file = ParquetFiles.Write([new TestColumn("c", s_decimal, values)], Codec.None);
        Group group = Transfer(file, s_decimals, EncodingKind.Decimal, out uint checksum, values.Length);
        List<byte[]?> read = Read(group);
        Assert.Equal(Checksum(read, ColumnKind.Numeric), checksum);
        if (unit == 0)
        {
            // Of datums it is one for all, which nobody asks for as decimals.
            Assert.Equal(read.Count, values.Length);
            return;
        }

        Assert.Equal(OfDatums(read, s_decimals, EncodingKind.Decimal), group.Bytes);
    }
}
