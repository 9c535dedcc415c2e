// Columns of files into row groups, page by page: what the group has is what the file had, in the encoding that was asked for where that can be,
// with the checksum that is counted value by value; and files that are damaged anywhere are refused, or give other checksums.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Epiphany.Storage;
using Epiphany.Storage.Tests;
using Xunit;

namespace Epiphany.Tiering.Tests;

public unsafe partial class TransferTests
{
    const int Rows = 50_000;
    const long Nothing = long.MaxValue;

    static readonly ColumnType s_string = new(PhysicalType.ByteArray, Annotation.String);
    static readonly ColumnType s_decimal = new(PhysicalType.Int64, Annotation.Decimal, Precision: 18, Scale: 2);

    static TransferShape Plain(ColumnKind kind, int length = 0) =>
        new(kind >= ColumnKind.FixedBytes ? TransferForm.Bytes : TransferForm.Lanes, kind, length, 0, Nothing, Nothing, -Nothing - 1, -Nothing - 1);

    static readonly TransferShape s_decimals = Plain(ColumnKind.Numeric) with { Form = TransferForm.Decimals };

    sealed record Group(byte[] Bytes, GroupLocation Location, ColumnShape[] Shapes)
    {
        internal RowGroupReader Open(IMemory memory) =>
            new(Location, Shapes, new ArraySource(Bytes), memory, new TestCodec(), new CountingInterrupts());
    }

    /// <summary>A column's group of its own, as the host makes one of a cold column.</summary>
    static Group Transfer(byte[] file, in TransferShape shape, EncodingKind known, out uint checksum, int rows = Rows)
    {
        using var memory = new GuardedMemory { Limit = 1 << 28 };
        var reader = new ParquetReader(new ArraySource(file), file.Length, memory, new TestCodec(), new CountingInterrupts());
        ColumnShape[] shapes = [new ColumnShape(shape.Kind, shape.FixedLength)];
        var writer = new RowGroupWriter(
            shapes, new WriterOptions(Codec.None, 1, rows, ulong.MaxValue, false, known), memory, new TestCodec(), new CountingInterrupts());
        Assert.Equal(rows, reader.Transfer(0, shape, writer, out checksum));
        GroupImage image = writer.Finish();
        Assert.Equal(rows, image.Rows);
        return new Group(Bytes(image), new GroupLocation(image.Length, image.FooterOffset, image.FooterLength, rows, 1), shapes);
    }

    static byte[] Bytes(GroupImage image)
    {
        byte[] bytes = new byte[image.Length];
        int piece = (int)GroupImage.SegmentBytes;
        for (int at = 0; at < bytes.Length; at += piece)
        {
            int share = int.Min(piece, bytes.Length - at);
            new ReadOnlySpan<byte>((byte*)image.Segments[at / piece], share).CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }

    static byte[] Value(ColumnKind kind, int length, ulong datum)
    {
        switch (kind)
        {
            case ColumnKind.FixedBytes:
                return new ReadOnlySpan<byte>((byte*)datum, length).ToArray();
            case ColumnKind.CString:
                return MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)datum).ToArray();
            case ColumnKind.VarBytes or ColumnKind.Numeric:
                byte first = *(byte*)datum;
                return (first & 1) != 0
                    ? new ReadOnlySpan<byte>((byte*)datum + 1, (first >> 1) - 1).ToArray()
                    : new ReadOnlySpan<byte>((byte*)datum + 4, (int)(*(uint*)datum >> 2) - 4).ToArray();
            default:
                return BitConverter.GetBytes(datum);
        }
    }

    /// <summary>All values of a group's column; lanes as eight bytes.</summary>
    static List<byte[]?> Read(Group group)
    {
        using var memory = new GuardedMemory();
        RowGroupReader reader = group.Open(memory);
        var read = new List<byte[]?>();
        ulong* values = stackalloc ulong[GroupFormat.VectorRows];
        byte* nulls = stackalloc byte[GroupFormat.VectorRows];
        for (int vector = 0; vector < GroupFormat.Vectors(group.Location.Rows); vector++)
        {
            int rows = reader.Decode(0, vector, values, nulls);
            for (int i = 0; i < rows; i++)
            {
                read.Add(nulls[i] != 0 ? null : Value(group.Shapes[0].Kind, group.Shapes[0].FixedLength, values[i]));
            }
        }

        return read;
    }

    /// <summary>As the host counts values one by one.</summary>
    static uint Checksum(List<byte[]?> values, ColumnKind kind)
    {
        var counted = new List<byte>();
        int width = kind switch
        {
            ColumnKind.Bool or ColumnKind.Int8 => 1,
            ColumnKind.Int16 => 2,
            ColumnKind.Int32 or ColumnKind.Float32 => 4,
            _ => 8,
        };
        foreach (byte[]? value in values)
        {
            counted.Add(value == null ? (byte)0 : (byte)1);
            if (value != null && kind < ColumnKind.FixedBytes)
            {
                counted.AddRange(value[..width]);
                counted.AddRange(new byte[8 - width]);
            }
            else if (value != null)
            {
                counted.AddRange(BitConverter.GetBytes(value.Length));
                counted.AddRange(value);
            }
        }

        fixed (byte* bytes = counted.ToArray())
        {
            return Crc32C.Compute(bytes, (ulong)counted.Count);
        }
    }

    static byte[]? Expected(object? value, in TransferShape shape) => value switch
    {
        null => null,
        byte[] bytes => bytes,
        _ => BitConverter.GetBytes((ulong)((long)(ulong)value - shape.Offset)),
    };

    static byte[] Write(in ColumnType type, int rows, int distinct, Codec codec, out object?[] values, bool nulls = true)
    {
        TestColumn column = RoundTripTests.Column("c", type, rows, distinct, false, new Random(distinct ^ rows));
        values = column.Rows;
        if (!nulls)
        {
            object some = Array.Find(values, value => value != null)!;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] ??= some;
            }
        }

        return ParquetFiles.Write([column], codec, rows);
    }

    static void Check(in ColumnType type, in TransferShape shape, EncodingKind known, EncodingKind expected, int distinct, bool nulls = true)
    {
        byte[] file = Write(type, Rows, distinct, Codec.Zstd, out object?[] values, nulls);
        Group group = Transfer(file, shape, known, out uint checksum);
        List<byte[]?> read = Read(group);
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(Expected(values[row], shape), read[row]);
        }

        Assert.Equal(Checksum(read, shape.Kind), checksum);
        using var memory = new GuardedMemory();
        Assert.Equal(expected, group.Open(memory).Chunk(0).Encoding);
    }

    [Theory]
    [InlineData(EncodingKind.FrameOfReference)]
    [InlineData(EncodingKind.Delta)]
    [InlineData(EncodingKind.DeltaOfDelta)]
    [InlineData(EncodingKind.Patched)]
    [InlineData(EncodingKind.RunLength)]
    [InlineData(EncodingKind.Plain)]
    [InlineData(EncodingKind.Dictionary)]
    public void Lanes_as_asked(EncodingKind known)
    {
        Check(new ColumnType(PhysicalType.Int64), Plain(ColumnKind.Int64), known, known, 3000);
        Check(new ColumnType(PhysicalType.Int32), Plain(ColumnKind.Int32), known, known, 3, false);
        Check(new ColumnType(PhysicalType.Int32, Annotation.Integer, Bits: 16), Plain(ColumnKind.Int16), known, known, 700);
    }

    [Fact]
    public void Floats_and_booleans()
    {
        Check(new ColumnType(PhysicalType.Double), Plain(ColumnKind.Float64), EncodingKind.Alp, EncodingKind.Alp, 5000);
        Check(new ColumnType(PhysicalType.Double), Plain(ColumnKind.Float64), EncodingKind.Gorilla, EncodingKind.Gorilla, 50, false);
        Check(new ColumnType(PhysicalType.Float), Plain(ColumnKind.Float32), EncodingKind.Plain, EncodingKind.Plain, 1 << 30);
        Check(new ColumnType(PhysicalType.Boolean), Plain(ColumnKind.Bool), EncodingKind.Bitmap, EncodingKind.Bitmap, 2);
    }

    [Fact]
    public void Strings_are_plain_or_in_a_dictionary()
    {
        Check(s_string, Plain(ColumnKind.VarBytes), EncodingKind.Fsst, EncodingKind.Plain, 1 << 30);
        Check(s_string, Plain(ColumnKind.VarBytes), EncodingKind.Plain, EncodingKind.Plain, 1 << 30, false);
        Check(s_string, Plain(ColumnKind.VarBytes), EncodingKind.Dictionary, EncodingKind.Dictionary, 400);
        Check(s_string, Plain(ColumnKind.VarBytes), EncodingKind.Dictionary, EncodingKind.Dictionary, 40, false);
        ColumnType uuid = new(PhysicalType.FixedBytes, Annotation.Uuid, Length: 16);
        Check(uuid, Plain(ColumnKind.FixedBytes, 16), EncodingKind.Plain, EncodingKind.Plain, 1 << 30);
        Check(uuid, Plain(ColumnKind.FixedBytes, 16), EncodingKind.Dictionary, EncodingKind.Dictionary, 30);
    }

    /// <summary>More entries than a group's dictionary may have, and encodings that are not for such values: another one is found.</summary>
    [Fact]
    public void What_cannot_be_is_chosen_anew()
    {
        Check(s_string, Plain(ColumnKind.VarBytes), EncodingKind.Alp, EncodingKind.Dictionary, 3);
        Check(new ColumnType(PhysicalType.Int64), Plain(ColumnKind.Int64), EncodingKind.Alp, EncodingKind.FrameOfReference, 1 << 30);
        Check(new ColumnType(PhysicalType.Int64), Plain(ColumnKind.Int64), EncodingKind.Delta, EncodingKind.Constant, 1, false);
        Check(new ColumnType(PhysicalType.Int64), Plain(ColumnKind.Int64), 0, EncodingKind.Dictionary, 30);
    }

    [Fact]
    public void Offsets_and_ends()
    {
        var shape = new TransferShape(TransferForm.Lanes, ColumnKind.Int32, 0, 10_957, int.MaxValue, int.MaxValue, -int.MaxValue, int.MinValue);
        object?[] days = new object?[4000];
        for (int i = 0; i < days.Length; i++)
        {
            days[i] = (i % 5) switch
            {
                0 => (ulong)int.MaxValue,
                1 => unchecked((ulong)-int.MaxValue),
                2 => unchecked((ulong)int.MinValue),
                3 => null,
                _ => (ulong)i,
            };
        }

        byte[] file = ParquetFiles.Write([new TestColumn("c", new ColumnType(PhysicalType.Int32, Annotation.Date), days)], Codec.None);
        List<byte[]?> read = Read(Transfer(file, shape, EncodingKind.FrameOfReference, out uint checksum, days.Length));
        for (int i = 0; i < days.Length; i++)
        {
            long? expected = (i % 5) switch
            {
                0 => int.MaxValue,
                1 or 2 => int.MinValue,
                3 => null,
                _ => i - 10_957,
            };
            Assert.Equal(expected is long lane ? BitConverter.GetBytes(lane) : null, read[i]);
        }

        Assert.Equal(Checksum(read, ColumnKind.Int32), checksum);
    }

    [Theory]
    [InlineData(EncodingKind.Decimal, 1 << 30)]
    [InlineData(EncodingKind.Dictionary, 20)]
    [InlineData(EncodingKind.Plain, 1000)]
    public void Decimals(EncodingKind known, int distinct)
    {
        byte[] file = Write(s_decimal, Rows, distinct, Codec.Lz4, out object?[] values);
        List<byte[]?> read = Read(Transfer(file, s_decimals, known, out uint checksum));
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(values[row] == null, read[row] == null);
            if (read[row] is byte[] payload)
            {
                byte[] padded = new byte[payload.Length + 8];
                payload.CopyTo(padded, 0);
                fixed (byte* at = padded)
                {
                    Assert.True(DecimalEncoder.Measure(at, (uint)payload.Length, out int scale, out int places) && scale == 2 && places <= 2);
                    Assert.True(DecimalEncoder.ToInteger(at, (uint)payload.Length, 2, out long value));
                    Assert.Equal((ulong)values[row]!, (ulong)value);
                }
            }
        }

        Assert.Equal(Checksum(read, ColumnKind.Numeric), checksum);
    }

    [Fact]
    public void Long_values_and_none()
    {
        object?[] values = new object?[300];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % 3 == 0 ? null : i % 50 == 1 ? new byte[100_000] : new byte[i % 40];
        }

        byte[] file = ParquetFiles.Write([new TestColumn("c", s_string, values)], Codec.Zstd);
        List<byte[]?> read = Read(Transfer(file, Plain(ColumnKind.VarBytes), EncodingKind.Plain, out uint checksum, values.Length));
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal((byte[]?)values[i], read[i]);
        }

        Assert.Equal(Checksum(read, ColumnKind.VarBytes), checksum);
        file = ParquetFiles.Write([new TestColumn("c", s_string, new object?[300])], Codec.None);
        Assert.All(Read(Transfer(file, Plain(ColumnKind.VarBytes), EncodingKind.Plain, out checksum, 300)), Assert.Null);
        fixed (byte* zeros = new byte[300])
        {
            Assert.Equal(Crc32C.Compute(zeros, 300), checksum);
        }
    }

    [Fact]
    public void Other_kinds_are_refused()
    {
        byte[] file = Write(s_string, 100, 10, Codec.None, out _);
        Assert.Throws<ArgumentException>(() => Transfer(file, Plain(ColumnKind.Int64), 0, out _, 100));
        Assert.Throws<ArgumentException>(() => Transfer(file, s_decimals, 0, out _, 100));
        Assert.Throws<StoredDataException>(() => Transfer(file, Plain(ColumnKind.FixedBytes, 3), 0, out _, 100));
        byte[] two = ParquetFiles.Write([new TestColumn("c", s_string, new object?[300])], Codec.None, 100);
        Assert.Throws<ParquetUnsupportedException>(() => Transfer(two, Plain(ColumnKind.VarBytes), 0, out _, 300));
    }

    [Fact]
    public void Each_byte_changed()
    {
        (ColumnType Type, TransferShape Shape, EncodingKind Known, int Distinct)[] cases =
        [
            (new ColumnType(PhysicalType.Int64), Plain(ColumnKind.Int64), EncodingKind.FrameOfReference, 1 << 30),
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Dictionary, 9),
            (s_string, Plain(ColumnKind.VarBytes), EncodingKind.Fsst, 1 << 30),
            (s_decimal, s_decimals, EncodingKind.Decimal, 1 << 30),
        ];
        var random = new Random(12);
        foreach ((ColumnType type, TransferShape shape, EncodingKind known, int distinct) in cases)
        {
            byte[] good = Write(type, 400, distinct, Codec.None, out _);
            Transfer(good, shape, known, out uint checksum, 400);
            for (int at = random.Next(3); at < good.Length; at += random.Next(1, 4))
            {
                byte[] bad = (byte[])good.Clone();
                bad[at] ^= (byte)random.Next(1, 256);
                try
                {
                    Transfer(bad, shape, known, out _, 400);
                }
                catch (Exception e) when (e is StoredDataException or ParquetUnsupportedException or OutOfMemoryException
                    or ArgumentException or InvalidOperationException or Xunit.Sdk.EqualException)
                {
                    // Told of; what the host compares with is the checksum and the number of rows.
                }
            }

            // Of a page's values none can change without the checksum's changing: pages have one of their own, which this reader looks at.
            Assert.NotEqual(0u, checksum);
        }
    }

    /// <summary>Checksums are in stubs of tables, so they stay.</summary>
    [Fact]
    public void Checksums_are_the_ones_that_were_counted()
    {
        Transfer(Write(s_string, 400, 50, Codec.None, out _), Plain(ColumnKind.VarBytes), 0, out uint strings, 400);
        Transfer(Write(new ColumnType(PhysicalType.Int32), 400, 50, Codec.None, out _), Plain(ColumnKind.Int32), 0, out uint lanes, 400);
        Transfer(Write(s_decimal, 400, 50, Codec.None, out _), s_decimals, 0, out uint decimals, 400);
        Assert.Equal("d23b740f a831678f 5c8fc467", $"{strings:x} {lanes:x} {decimals:x}");
    }
}
