// Test support. Writes columns as a group and reads them back, the way a table access method would.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

/// <summary>A group's bytes, and what the directory would know of it.</summary>
sealed unsafe record Group(byte[] Bytes, GroupLocation Location, ColumnShape[] Shapes)
{
    internal static Group Write(TestColumn[] columns, Codec codec = Codec.None, int batch = 1000)
    {
        using GuardedMemory memory = new();
        return Write(Writer(columns, memory, codec), columns, batch);
    }

    internal static RowGroupWriter Writer(TestColumn[] columns, IMemory memory, Codec codec = Codec.None) => new(
        [.. columns.Select(column => column.Shape)],
        new WriterOptions(codec, 1, GroupFormat.MaxRows, ulong.MaxValue, Codes: true),
        memory,
        new TestCodec(),
        new CountingInterrupts());

    internal static Group Write(RowGroupWriter writer, TestColumn[] columns, int batch = 1000)
    {
        int rows = columns[0].Rows;
        NativeHeap heap = new();
        for (int first = 0; first < rows; first += batch)
        {
            int count = Math.Min(batch, rows - first);
            ulong[] values = new ulong[count * columns.Length];
            byte[] nulls = new byte[count * columns.Length];
            for (int row = 0; row < count; row++)
            {
                for (int column = 0; column < columns.Length; column++)
                {
                    nulls[(row * columns.Length) + column] = (byte)(columns[column].IsNull(first + row) ? 1 : 0);
                    values[(row * columns.Length) + column] = columns[column].Datum(first + row, heap);
                }
            }

            fixed (ulong* v = values)
            fixed (byte* n = nulls)
            {
                writer.Append(v, n, count);
            }
        }

        heap.FreeAll();
        GroupImage image = writer.Finish();
        Assert.Equal(rows, image.Rows);
        return new Group(
            Copy(image),
            new GroupLocation(image.Length, image.FooterOffset, image.FooterLength, rows, columns.Length),
            [.. columns.Select(column => column.Shape)]);
    }

    static byte[] Copy(GroupImage image)
    {
        byte[] bytes = new byte[image.Length];
        int segmentBytes = (int)GroupImage.SegmentBytes;
        for (int at = 0; at < bytes.Length; at += segmentBytes)
        {
            int share = Math.Min(segmentBytes, bytes.Length - at);
            new ReadOnlySpan<byte>((byte*)image.Segments[at / segmentBytes], share).CopyTo(bytes.AsSpan(at));
        }

        return bytes;
    }

    internal static Group WriteOne(TestColumn column, Codec codec = Codec.None) => Write([column], codec);

    internal RowGroupReader Open(IMemory memory, IGroupSource? source = null) =>
        new(Location, Shapes, source ?? new ArraySource(Bytes), memory, new TestCodec(), new CountingInterrupts());

    internal string EncodingOf(int column)
    {
        using GuardedMemory memory = new();
        return EncodingName(Open(memory).Chunk(column));
    }

    internal static string EncodingName(ChunkInfo chunk)
    {
        int length = 0;
        while (chunk.EncodingName[length] != 0)
        {
            length++;
        }

        return System.Text.Encoding.ASCII.GetString(chunk.EncodingName, length);
    }

    /// <summary>Every vector, and rows one by one, must give back what was written.</summary>
    internal void Check(TestColumn[] columns)
    {
        using GuardedMemory memory = new();
        RowGroupReader reader = Open(memory);
        ulong* values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
        byte* nulls = memory.Allocate(GroupFormat.VectorRows);
        for (int column = 0; column < columns.Length; column++)
        {
            int decoded = 0;
            for (int vector = 0; vector * GroupFormat.VectorRows < Location.Rows; vector++)
            {
                new Span<byte>(nulls, GroupFormat.VectorRows).Fill(0xAA);
                int rows = reader.Decode(column, vector, values, nulls);
                for (int i = 0; i < rows; i++)
                {
                    int row = (vector * GroupFormat.VectorRows) + i;
                    if (!columns[column].Matches(row, values[i], nulls[i] != 0))
                    {
                        Assert.Fail($"column {column}, row {row}");
                    }
                }

                decoded += rows;
            }

            Assert.Equal(Location.Rows, decoded);
        }

        CheckRows(columns);
        CheckVectors(columns);
        CheckPicks(columns);
    }

    void CheckPicks(TestColumn[] columns)
    {
        Random random = new(Location.Rows);
        for (int column = 0; column < columns.Length; column++)
        {
            using GuardedMemory memory = new();
            byte* room = memory.Allocate(64);
            TestColumn values = columns[column];
            GroupPicks picks = new(Open(memory), memory, Location.Rows, column);
            picks.CheckRows(random, (int row, in DecodedVector decoded, ulong value, bool isNull) =>
                values.Matches(row, isNull ? 0 : Datum(decoded, value, room), isNull));
            picks.CheckTests(random, values.Integer, values.IsNull);
        }
    }

    /// <summary>As computing takes them: nulls only where there are some, numerics as integers, codes with their table.</summary>
    void CheckVectors(TestColumn[] columns)
    {
        using GuardedMemory memory = new();
        RowGroupReader reader = Open(memory);
        ulong* values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
        byte* nulls = memory.Allocate(GroupFormat.VectorRows);
        ushort* codes = (ushort*)memory.Allocate(GroupFormat.VectorRows * 2);
        byte* room = memory.Allocate(64);
        for (int column = 0; column < columns.Length; column++)
        {
            for (int vector = 0; vector * GroupFormat.VectorRows < Location.Rows; vector++)
            {
                DecodedVector decoded = reader.DecodeVector(column, vector, values, nulls, codes);
                for (int i = 0; i < decoded.Rows; i++)
                {
                    bool isNull = decoded.HasNulls && nulls[i] != 0;
                    Assert.True(isNull || decoded.Table == null || decoded.Table[codes[i]] == values[i]);
                    Assert.True(!decoded.IsConstant || isNull || values[i] == values[0]);
                    if (!columns[column].Matches((vector * GroupFormat.VectorRows) + i, isNull ? 0 : Datum(decoded, values[i], room), isNull))
                    {
                        Assert.Fail($"column {column}, vector {vector}, row {i} of it");
                    }
                }
            }
        }
    }

    static ulong Datum(in DecodedVector decoded, ulong value, byte* datum)
    {
        if (!decoded.IsDecimal)
        {
            return value;
        }

        Assert.InRange((System.Numerics.BigInteger)Math.Abs((decimal)(long)value), 0, decoded.Bound);
        byte[] payload = Numerics.Of((long)value, decoded.Scale);
        *(uint*)datum = (uint)(payload.Length + 4) << 2;
        payload.CopyTo(new Span<byte>(datum + 4, payload.Length));
        return (ulong)datum;
    }

    void CheckRows(TestColumn[] columns)
    {
        using GuardedMemory memory = new();
        RowGroupReader reader = Open(memory);
        int step = Math.Max(1, Location.Rows / 997);
        for (int column = 0; column < columns.Length; column++)
        {
            for (int row = 0; row < Location.Rows; row += step)
            {
                reader.DecodeRow(column, row, out ulong value, out bool isNull);
                if (!columns[column].Matches(row, value, isNull))
                {
                    Assert.Fail($"column {column}, row {row} alone");
                }
            }

            reader.DecodeRow(column, Location.Rows - 1, out ulong last, out bool lastIsNull);
            Assert.True(columns[column].Matches(Location.Rows - 1, last, lastIsNull));
        }
    }
}
