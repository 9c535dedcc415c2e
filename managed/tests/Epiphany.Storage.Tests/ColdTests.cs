// Cold groups: footer and indexes here, each column's chunk in a group of its own. What comes out is what the whole group would give; what has
// other rows, or other bytes than its checksums, is refused; and zone maps are asked without any column being opened.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class ColdTests
{
    const int Rows = 5_000;

    /// <summary>A group's footer and the indexes of its chunks; everything else is a failure.</summary>
    sealed class Stub(Group group) : IGroupSource
    {
        public void Read(ulong offset, byte* destination, ulong length)
        {
            bool isFooter = offset >= group.Location.FooterOffset;
            using GuardedMemory memory = new();
            RowGroupReader whole = group.Open(memory);
            bool isIndex = Enumerable.Range(0, group.Location.Columns).Any(column =>
            {
                ChunkInfo chunk = whole.Chunk(column);
                return offset >= chunk.Offset && offset + length <= chunk.Offset + (ulong)chunk.IndexBytes;
            });
            Assert.True(isFooter || isIndex, $"{length} bytes from {offset} on");
            group.Bytes.AsSpan((int)offset, (int)length).CopyTo(new Span<byte>(destination, (int)length));
        }
    }

    /// <summary>Bytes that lie in memory; the others of two blocks have to be copied.</summary>
    sealed class HeldSource : IGroupSource
    {
        readonly byte* _bytes;
        readonly ArraySource _copies;

        internal HeldSource(byte[] bytes, IMemory memory)
        {
            _copies = new ArraySource(bytes);
            _bytes = memory.Allocate((nuint)(bytes.Length + Kernels.BitPacking.Slack));
            bytes.CopyTo(new Span<byte>(_bytes, bytes.Length));
        }

        public void Read(ulong offset, byte* destination, ulong length) => _copies.Read(offset, destination, length);

        public byte* At(ulong offset, ulong length) => offset / 8 % 2 == 0 ? _bytes + offset : null;
    }

    /// <param name="groups">One for each.</param>
    /// <param name="memory">Has their bytes, or null.</param>
    sealed class Columns(Group[] groups, IMemory? memory = null) : IColdColumns
    {
        internal List<int> Opened { get; } = [];

        public IGroupSource Open(int column, out GroupLocation location)
        {
            Opened.Add(column);
            location = groups[column].Location;
            return memory == null ? new ArraySource(groups[column].Bytes) : new HeldSource(groups[column].Bytes, memory);
        }
    }

    static RowGroupReader Open(Group group, IColdColumns columns, IMemory memory) =>
        new(group.Location, group.Shapes, new Stub(group), memory, new TestCodec(), new CountingInterrupts(), columns);

    static void CheckColumn(RowGroupReader reader, TestColumn column, int number)
    {
        ulong* values = stackalloc ulong[GroupFormat.VectorRows];
        byte* nulls = stackalloc byte[GroupFormat.VectorRows];
        for (int vector = 0; vector < GroupFormat.Vectors(Rows); vector++)
        {
            int rows = reader.Decode(number, vector, values, nulls);
            for (int i = 0; i < rows; i++)
            {
                Assert.True(column.Matches((vector * GroupFormat.VectorRows) + i, values[i], nulls[i] != 0), $"column {number}, row {i}");
            }
        }

        reader.DecodeRow(number, Rows - 1, out ulong last, out bool isNull);
        Assert.True(column.Matches(Rows - 1, last, isNull));
    }

    [Theory]
    [InlineData(NullPattern.None, false)]
    [InlineData(NullPattern.Rare, false)]
    [InlineData(NullPattern.All, false)]
    [InlineData(NullPattern.None, true)]
    [InlineData(NullPattern.Rare, true)]
    public void Every_column_comes_from_its_own_group(NullPattern nulls, bool isHeld)
    {
        TestColumn[] columns = Samples.All(new Random(7), Rows, nulls);
        Group group = Group.Write(columns, Codec.Zstd);
        using GuardedMemory memory = new();
        Columns cold = new([.. columns.Select(column => Group.WriteOne(column, isHeld ? Codec.None : Codec.Lz4))], isHeld ? memory : null);
        RowGroupReader reader = Open(group, cold, memory);
        for (int i = columns.Length - 1; i >= 0; i--)
        {
            CheckColumn(reader, columns[i], i);
            CheckColumn(reader, columns[i], i);
        }

        Assert.Equal(Enumerable.Range(0, columns.Length).Reverse(), cold.Opened);
    }

    [Fact]
    public void Zone_maps_and_footers_open_no_column()
    {
        TestColumn column = TestColumn.OfLongs(ColumnKind.Int64, Samples.Longs(new Random(1), Rows, NullPattern.None, row => row));
        Group group = Group.WriteOne(column);
        Columns cold = new([group]);
        using GuardedMemory memory = new();
        RowGroupReader reader = Open(group, cold, memory);
        ZoneRange range = new() { Low = 2_500, High = 2_600 };
        ZoneTest test = new() { Column = 0, Order = ZoneOrder.Integers, Ranges = &range, Count = 1 };
        Assert.Equal(2UL, reader.Match(new ReadOnlySpan<ZoneTest>(ref test)));
        range = new ZoneRange { Low = Rows, High = Rows };
        Assert.Equal(0UL, reader.Match(new ReadOnlySpan<ZoneTest>(ref test)));
        Assert.True(reader.CheckedChunk(0).HasSum);
        Assert.Empty(cold.Opened);
        CheckColumn(reader, column, 0);
        Assert.Single(cold.Opened);
    }

    [Fact]
    public void What_is_not_the_columns_is_refused()
    {
        long?[] values = Samples.Longs(new Random(2), Rows, NullPattern.Rare, row => row);
        TestColumn column = TestColumn.OfLongs(ColumnKind.Int32, values);
        Group group = Group.WriteOne(column);
        TestColumn shorter = TestColumn.OfLongs(ColumnKind.Int32, values[1..]);
        TestColumn fuller = TestColumn.OfLongs(ColumnKind.Int32, [.. values.Select(value => value ?? 0)]);
        TestColumn other = TestColumn.OfStrings(ColumnKind.VarBytes, [.. values.Select(value => value == null ? null : new byte[] { 1 })]);
        foreach (Group wrong in (Group[])[Group.WriteOne(shorter), Group.WriteOne(fuller), Group.WriteOne(other), Group.Write([column, column])])
        {
            using GuardedMemory memory = new();
            RowGroupReader reader = Open(group, new Columns([wrong]), memory);
            Assert.Throws<StoredDataException>(() => reader.DecodeRow(0, 0, out _, out _));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damage_of_a_columns_group_is_found(bool isHeld)
    {
        TestColumn column = TestColumn.OfLongs(ColumnKind.Int64, Samples.Longs(new Random(3), Rows, NullPattern.Rare, row => row * 37L % 1_001));
        Group group = Group.WriteOne(column);
        int caught = 0;
        for (int at = 0; at < group.Bytes.Length; at += 61)
        {
            byte[] bytes = [.. group.Bytes];
            bytes[at] ^= 0x10;
            using GuardedMemory memory = new();
            RowGroupReader reader = Open(group, new Columns([group with { Bytes = bytes }], isHeld ? memory : null), memory);
            try
            {
                CheckColumn(reader, column, 0);
            }
            catch (StoredDataException)
            {
                caught++;
            }
        }

        Assert.True(caught > group.Bytes.Length / 61 * 9 / 10);
    }
}
