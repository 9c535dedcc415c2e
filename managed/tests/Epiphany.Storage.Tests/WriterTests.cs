// What the writer promises: limits, choices of encodings, zone maps, sums, codecs, one result for the same rows.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class WriterTests
{
    const int Rows = 10000;

    [Fact]
    public void Encodings_are_chosen_for_what_they_are_good_at()
    {
        Random random = new(1);
        long?[] Of(Func<int, long> value) => [.. Enumerable.Range(0, Rows).Select(i => (long?)value(i))];
        byte[]?[] Text(Func<int, string> value) => [.. Enumerable.Range(0, Rows).Select(i => Ascii(value(i)))];
        TestColumn Numeric(Func<int, byte[]> value) => TestColumn.OfStrings(ColumnKind.Numeric, [.. Enumerable.Range(0, Rows).Select(value)]);
        (string Name, TestColumn Column)[] expected =
        [
            ("constant", TestColumn.OfLongs(ColumnKind.Int32, Of(i => 7))),
            ("constant", TestColumn.OfLongs(ColumnKind.Int64, [.. new long?[Rows]])),
            ("constant", TestColumn.OfStrings(ColumnKind.VarBytes, Text(i => "same"))),
            ("run length", TestColumn.OfLongs(ColumnKind.Int32, Of(i => i / 700 * 31 % 1000))),
            ("run length", TestColumn.OfLongs(ColumnKind.Bool, Of(i => i / 3000 % 2))),
            ("frame of reference", TestColumn.OfLongs(ColumnKind.Int64, Of(i => 1_000_000_000 + random.Next(10000)))),
            ("frame of reference", TestColumn.OfLongs(ColumnKind.Int8, Of(i => (sbyte)random.Next()))),
            ("delta", TestColumn.OfLongs(ColumnKind.Int64, Of(i => 1_700_000_000_000_000 + (i * 1000)))),
            ("delta", TestColumn.OfLongs(ColumnKind.Int32, Of(i => i))),
            ("dictionary", TestColumn.OfLongs(ColumnKind.Int64, Of(i => random.Next(20) * 1_000_000_007L))),
            ("dictionary", TestColumn.OfStrings(ColumnKind.VarBytes, Text(i => "mode " + random.Next(7)))),
            ("dictionary", TestColumn.OfStrings(ColumnKind.CString, Text(i => "mode " + random.Next(7)))),
            ("dictionary", TestColumn.OfDoubles([.. Of(i => random.Next(11)).Select(v => (double?)(v / 100.0))])),
            ("delta of delta", TestColumn.OfLongs(ColumnKind.Int64, Of(i => 1_700_000_000_000_000 + (i * 1_000_000L) + (i / 900 * 7_777_777L)))),
            ("delta of delta", TestColumn.OfLongs(ColumnKind.Int64, Of(i => (long)i * i * 1000))),
            ("patched", TestColumn.OfLongs(ColumnKind.Int64, Of(i => random.Next(100) == 0 ? random.NextInt64() : random.Next(200)))),
            ("gorilla", TestColumn.OfDoubles([.. Enumerable.Range(0, Rows).Select(i => (double?)(1e6 + Math.Sin(i / 300.0)))])),
            ("fsst", TestColumn.OfStrings(ColumnKind.VarBytes, [.. Of(i => i).Select(_ => Samples.Sentence(random))])),
            ("fsst", TestColumn.OfStrings(ColumnKind.CString, Text(i => $"https://example.org/items/{random.Next()}"))),
            ("plain", TestColumn.OfStrings(ColumnKind.VarBytes, [.. Of(i => i).Select(_ => Samples.RandomBytes(random, 30))])),
            ("decimal", Numeric(i => Numerics.Of(random.Next(1_000_000), 2))),
            ("alp", TestColumn.OfDoubles([.. Of(i => random.Next(100_000_000)).Select(v => (double?)(v / 1000.0))])),
            ("alp", TestColumn.OfDoubles([.. Of(i => i).Select(v => v % 20 == 3 ? random.NextDouble() : (double?)(v * 0.25))])),
            ("alp", TestColumn.OfFloats([.. Of(i => random.Next(50_000)).Select(v => (float?)(v / 10f))])),
            ("plain", TestColumn.OfFloats([.. Of(i => i).Select(_ => (float?)random.NextSingle())])),
            ("decimal", Numeric(i => Numerics.Of(i * 3, i % 5))),
            ("decimal", Numeric(i => Numerics.Of(System.Numerics.BigInteger.Pow(10, 25) + random.Next(), 7))),
            ("dictionary", Numeric(i => Numerics.Of(random.Next(11), 2))),
            ("constant", Numeric(i => Numerics.Of(500, 2))),
            ("plain", Numeric(i => i == 7000 ? Numerics.Infinity : Numerics.Of(random.Next(), 2))),
            ("decimal", Numeric(i => Numerics.Of(random.NextInt64(), i == 3 ? 9 : 0))),
            ("plain", Numeric(i => Numerics.Of(random.NextInt64(), i == 3 ? 40 : 0))),
            ("bitmap", TestColumn.OfLongs(ColumnKind.Bool, Of(i => random.Next(2)))),
            ("plain", TestColumn.OfDoubles([.. Of(i => i).Select(_ => (double?)random.NextDouble())])),
            ("fsst", TestColumn.OfStrings(ColumnKind.VarBytes, Text(i => random.NextInt64().ToString("x")))),
            ("plain", TestColumn.OfStrings(ColumnKind.FixedBytes, [.. Of(i => i).Select(_ => Guid.NewGuid().ToByteArray())], 16)),
        ];
        Group group = Group.Write([.. expected.Select(e => e.Column)]);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i].Name == group.EncodingOf(i), $"column {i}: {expected[i].Name} expected, {group.EncodingOf(i)} found");
        }
    }

    [Fact]
    public void Zone_maps_and_sums_are_exact()
    {
        long?[] longs = [long.MinValue, null, long.MaxValue, -5, long.MaxValue];
        double?[] doubles = [1.5, double.NaN, null, double.NegativeInfinity, -0.0];
        float?[] floats = [null, 2.5f, -1f, 0f, 0f];
        string long33 = new('z', 33);
        string?[] texts = ["b", null, "a", long33, "ab"];
        byte[]?[] bytes = [.. texts.Select(t => t is null ? null : Ascii(t))];
        Group group = Group.Write(
        [
            TestColumn.OfLongs(ColumnKind.Int64, longs),
            TestColumn.OfDoubles(doubles),
            TestColumn.OfFloats(floats),
            TestColumn.OfStrings(ColumnKind.VarBytes, bytes),
            TestColumn.OfLongs(ColumnKind.Int32, new long?[5]),
        ]);
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);

        ChunkInfo chunk = reader.Chunk(0);
        Assert.Equal((long.MinValue, long.MaxValue), (*(long*)chunk.Min, *(long*)chunk.Max));
        Assert.True(chunk.HasSum);
        Assert.Equal((Int128)long.MaxValue - 6, chunk.Sum);
        Assert.Equal(1, chunk.Nulls);
        Assert.Equal(32UL, chunk.RawBytes);

        chunk = reader.Chunk(1);
        Assert.Equal((double.NegativeInfinity, double.NaN), (*(double*)chunk.Min, *(double*)chunk.Max));
        Assert.False(chunk.HasSum);
        chunk = reader.Chunk(2);
        Assert.Equal((-1.0, 2.5), (*(double*)chunk.Min, *(double*)chunk.Max));

        chunk = reader.Chunk(3);
        Assert.Equal("a", System.Text.Encoding.ASCII.GetString(chunk.Min, chunk.MinLength));
        Assert.Equal(long33[..32], System.Text.Encoding.ASCII.GetString(chunk.Max, chunk.MaxLength));
        Assert.Equal((false, true), (chunk.MinTruncated, chunk.MaxTruncated));
        Assert.Equal(37UL, chunk.RawBytes);

        chunk = reader.Chunk(4);
        Assert.True(chunk.Min == null && chunk.Max == null);
        Assert.Equal((0, 0, false, 5), (chunk.MinLength, chunk.MaxLength, chunk.HasSum, chunk.Nulls));
    }

    [Fact]
    public void Zone_maps_of_numerics_are_integers_of_one_scale()
    {
        TestColumn[] columns =
        [
            TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(15, 1), Numerics.Of(-1250, 3), null, Numerics.Of(2, 0)]),
            TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(15, 1), Numerics.NaN, null, Numerics.Of(2, 0)]),
            TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(-15, 1), Numerics.Of(System.Numerics.BigInteger.Pow(2, 80), 2), null, null]),
        ];
        Group group = Group.Write(columns);
        group.Check(columns);
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        ChunkInfo chunk = reader.Chunk(0);
        Assert.Equal((8, 8, -125L, 200L, 2), (chunk.MinLength, chunk.MaxLength, *(long*)chunk.Min, *(long*)chunk.Max, chunk.ZoneScale));
        Assert.True(chunk.HasSum);
        Assert.Equal(150 - 125 + 200, chunk.Sum);
        chunk = reader.Chunk(1);
        Assert.True(chunk.Min == null && chunk.Max == null);
        Assert.False(chunk.HasSum);
        chunk = reader.Chunk(2);
        Assert.True(chunk.Min == null && chunk.HasSum);
        Assert.Equal(((Int128)1 << 80) - 150, chunk.Sum);
        Assert.Equal(2, chunk.ZoneScale);
    }

    [Fact]
    public void A_type_of_the_same_bytes_may_take_the_place_of_another()
    {
        byte[]?[] values = [.. Enumerable.Range(0, 3000).Select(i => Numerics.Of(i * 77, 2))];
        (ColumnKind, ColumnKind)[] pairs = [(ColumnKind.Numeric, ColumnKind.VarBytes), (ColumnKind.VarBytes, ColumnKind.Numeric)];
        foreach ((ColumnKind written, ColumnKind now) in pairs)
        {
            TestColumn column = TestColumn.OfStrings(written, values);
            (Group.WriteOne(column) with { Shapes = [new ColumnShape(now, 0)] }).Check([column]);
        }
    }

    [Fact]
    public void Vectors_have_zone_maps_of_their_own()
    {
        long?[] values = [.. Enumerable.Range(0, 6000).Select(i => i / 2048 == 1 ? null : (long?)(i % 2048 * (i < 4096 ? 1 : -1)))];
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, values));
        fixed (byte* bytes = group.Bytes)
        {
            ColumnEntry* entry = (ColumnEntry*)(bytes + group.Location.FooterOffset + FooterHeader.Size);
            VectorEntry* vectors = (VectorEntry*)(bytes + entry->Offset + (ChunkIndex.Blocks(3, entry->BlockShift) * BlockEntry.Size));
            Assert.Equal((VectorFlags.HasZone, 0L, 2047L), (vectors[0].Flags, (long)vectors[0].Min, (long)vectors[0].Max));
            Assert.Equal((VectorFlags.None, 2048U), (vectors[1].Flags, vectors[1].Nulls));
            Assert.Equal((VectorFlags.HasZone, -1903L, 0L), (vectors[2].Flags, (long)vectors[2].Min, (long)vectors[2].Max));
        }
    }

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public void Codecs_are_used_where_they_pay(Codec codec)
    {
        Random random = new(3);
        TestColumn[] columns =
        [
            TestColumn.OfStrings(
                ColumnKind.VarBytes, Samples.Strings(random, 40000, NullPattern.Rare, i => Ascii($"the {i}th row of a long text"))),
            TestColumn.OfStrings(ColumnKind.VarBytes, Samples.Strings(random, 40000, NullPattern.Rare, i => Samples.RandomBytes(random, 20))),
            TestColumn.OfLongs(ColumnKind.Int64, Samples.Longs(random, 40000, NullPattern.Rare, i => random.NextInt64())),
        ];
        Group group = Group.Write(columns, codec);
        group.Check(columns);
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        Assert.Equal((codec, Codec.None, Codec.None), (reader.Chunk(0).Codec, reader.Chunk(1).Codec, reader.Chunk(2).Codec));
        Assert.True(reader.Chunk(0).StoredBytes < reader.Chunk(0).EncodedBytes / 2);
        Assert.True(reader.Chunk(1).StoredBytes > reader.Chunk(1).EncodedBytes);
    }

    [Fact]
    public void One_vector_costs_one_block()
    {
        Random random = new(4);
        TestColumn column = TestColumn.OfLongs(
            ColumnKind.Int64, Samples.Longs(random, GroupFormat.MaxRows, NullPattern.None, i => random.NextInt64()));
        Group group = Group.WriteOne(column);
        using GuardedMemory memory = new();
        ArraySource source = new(group.Bytes);
        RowGroupReader reader = group.Open(memory, source);
        reader.DecodeRow(0, 100_000, out _, out _);
        Assert.Equal(3, source.Reads);
        reader.DecodeRow(0, 100_001, out _, out _);
        Assert.Equal(3, source.Reads);
    }

    [Fact]
    public void A_warm_reader_takes_no_memory()
    {
        Random random = new(5);
        TestColumn[] columns = Samples.All(random, 20 * GroupFormat.VectorRows, NullPattern.Rare);
        Group group = Group.Write(columns, Codec.Zstd);
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        ulong* values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
        byte* nulls = memory.Allocate(GroupFormat.VectorRows);
        int allocations = 0;
        long managed = 0;
        for (int round = 0; round < 3; round++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                for (int vector = 0; vector < 20; vector++)
                {
                    reader.Decode(column, vector, values, nulls);
                }
            }

            if (round == 1)
            {
                allocations = memory.Allocations;
                managed = GC.GetAllocatedBytesForCurrentThread();
            }
        }

        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        Assert.Equal(allocations, memory.Allocations);
        Assert.Equal(0, managed);
    }

    [Fact]
    public void The_same_rows_give_the_same_bytes()
    {
        TestColumn[] columns = Samples.All(new Random(6), 5000, NullPattern.Rare);
        foreach (Codec codec in (Codec[])[Codec.None, Codec.Lz4])
        {
            byte[] first = Group.Write(columns, codec, 1000).Bytes;
            byte[] second = Group.Write(columns, codec, 333).Bytes;
            Assert.True(first.AsSpan().SequenceEqual(second));
        }
    }

    /// <summary>Longer, shorter, with nulls and without: nothing of a group is left in the next one.</summary>
    [Fact]
    public void A_writer_makes_group_after_group()
    {
        Random random = new(31);
        using GuardedMemory memory = new();
        RowGroupWriter? writer = null;
        (int, NullPattern)[] groups =
        [
            (5000, NullPattern.Rare), (70, NullPattern.None), (9000, NullPattern.None), (6000, NullPattern.Alternating),
        ];
        foreach ((int rows, NullPattern nulls) in groups)
        {
            TestColumn[] columns = Samples.All(random, rows, nulls);
            writer ??= Group.Writer(columns, memory, Codec.Lz4);
            Group group = Group.Write(writer, columns);
            Assert.True(group.Bytes.AsSpan().SequenceEqual(Group.Write(columns, Codec.Lz4).Bytes));
            group.Check(columns);
        }
    }

    [Fact]
    public void Unused_bits_of_a_datum_do_not_reach_the_disk()
    {
        Group clean = Group.WriteOne(TestColumn.OfLanes(ColumnKind.Int32, [5, unchecked((ulong)-6)]));
        Group dirty = Group.WriteOne(TestColumn.OfLanes(ColumnKind.Int32, [0xABCD_0000_0005, 0xFFFF_FFFA]));
        Assert.Equal(clean.Bytes, dirty.Bytes);
    }

    [Fact]
    public void Full_at_the_rows_or_bytes_asked_for()
    {
        using GuardedMemory memory = new();
        RowGroupWriter Of(int rows, ulong bytes) => new(
            [new ColumnShape(ColumnKind.Int64, 0)], new WriterOptions(Codec.None, 0, rows, bytes), memory, new TestCodec(), new CountingInterrupts());
        ulong* values = (ulong*)memory.Allocate(8 * 8);
        RowGroupWriter byRows = Of(8, ulong.MaxValue);
        byRows.Append(values, null, 7);
        Assert.Equal((7, false), (byRows.Rows, byRows.Full));
        byRows.Append(values, null, 1);
        Assert.True(byRows.Full);
        Assert.Throws<InvalidOperationException>(() => byRows.Append(values, null, 1));
        // The values' array has 8 or 9 bytes a row, and what encoding takes is twice the values once more.
        RowGroupWriter byBytes = Of(1000, 27 * 64);
        byBytes.Append(values, null, 8);
        Assert.Equal((true, false), (byBytes.Bytes is > 27 * 8 and < 27 * 64, byBytes.Full));
        while (!byBytes.Full)
        {
            byBytes.Append(values, null, 1);
        }

        Assert.InRange(byBytes.Rows, 32, 64);
        Assert.Equal(byBytes.Rows, byBytes.Finish().Rows);
        Assert.Throws<InvalidOperationException>(() => byBytes.Finish());
        Assert.Throws<InvalidOperationException>(() => Of(8, 8).Finish());
        Assert.Throws<ArgumentException>(() => Of(0, 8));
        Assert.Throws<InvalidOperationException>(() => Of(int.MaxValue, 8).Append(values, null, GroupFormat.MaxRows + 1));
    }

    [Fact]
    public void What_cannot_be_stored_is_refused()
    {
        using GuardedMemory memory = new();
        WriterOptions options = new(Codec.None, 0, 10, 1000);
        Assert.Throws<ArgumentException>(() =>
            new RowGroupWriter([new ColumnShape(0, 0)], options, memory, new TestCodec(), new CountingInterrupts()));
        Assert.Throws<ArgumentException>(() =>
            new RowGroupWriter([new ColumnShape(ColumnKind.FixedBytes, 0)], options, memory, new TestCodec(), new CountingInterrupts()));
        Assert.Throws<NotSupportedException>(() => new RowGroupWriter(
            [], options with { Codec = Codec.Zstd }, memory, new TestCodec { IsAvailable = false }, new CountingInterrupts()));
        RowGroupWriter writer = new([new ColumnShape(ColumnKind.VarBytes, 0)], options, memory, new TestCodec(), new CountingInterrupts());
        byte* datum = memory.Allocate(8);
        ulong* value = (ulong*)memory.Allocate(8);
        *value = (ulong)datum;
        foreach (uint header in (uint[])[0x01, 0x02, 0x0A, 0x00, 0x0C])
        {
            *(uint*)datum = header;
            Assert.Throws<ArgumentException>(() => writer.Append(value, null, 1));
        }
    }

    [Fact]
    public void A_codec_that_the_server_lacks_is_named()
    {
        Group group = Group.WriteOne(
            TestColumn.OfStrings(ColumnKind.VarBytes, [.. Enumerable.Range(0, 900).Select(i => Ascii("text number " + i))]), Codec.Lz4);
        using GuardedMemory memory = new();
        RowGroupReader reader = new(
            group.Location, group.Shapes, new ArraySource(group.Bytes), memory, new TestCodec { IsAvailable = false }, new CountingInterrupts());
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => reader.DecodeRow(0, 0, out _, out _));
        Assert.Contains("LZ4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_and_reading_can_be_stopped()
    {
        TestColumn column = TestColumn.OfLongs(ColumnKind.Int32, Samples.Longs(new Random(7), 30 * 2048, NullPattern.None, i => i * i));
        Group group = Group.WriteOne(column);
        using GuardedMemory memory = new();
        RowGroupReader reader = new(
            group.Location, group.Shapes, new ArraySource(group.Bytes), memory, new TestCodec(), new CountingInterrupts { StopAt = 20 });
        ulong* values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
        byte* nulls = memory.Allocate(GroupFormat.VectorRows);
        Assert.Throws<OperationCanceledException>(() =>
        {
            for (int vector = 0; vector < 30; vector++)
            {
                reader.Decode(0, vector, values, nulls);
            }
        });

        RowGroupWriter writer = new(
            group.Shapes,
            new WriterOptions(Codec.None, 0, 30 * 2048, ulong.MaxValue),
            memory,
            new TestCodec(),
            new CountingInterrupts { StopAt = 45 });
        for (int i = 0; i < 30; i++)
        {
            new Span<ulong>(values, 2048).Fill((ulong)i);
            writer.Append(values, null, 2048);
        }

        Assert.Throws<OperationCanceledException>(() => writer.Finish());
    }

    [Fact]
    public void A_group_of_a_table_that_grew_knows_its_own_columns()
    {
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [1, 2, 3]));
        ColumnShape[] now = [.. group.Shapes, new ColumnShape(ColumnKind.VarBytes, 0)];
        using GuardedMemory memory = new();
        RowGroupReader reader = (group with { Shapes = now }).Open(memory);
        reader.DecodeRow(0, 2, out ulong value, out _);
        Assert.Equal(3UL, value);
        Assert.Throws<ArgumentException>(() => reader.DecodeRow(1, 0, out _, out _));
        Assert.Throws<ArgumentException>(() => reader.Chunk(1));
        Assert.Throws<ArgumentException>(() => reader.DecodeRow(0, 3, out _, out _));
        Assert.Throws<ArgumentException>(() => reader.DecodeRow(-1, 0, out _, out _));
    }

    static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);
}
