// A column table in memory: groups as the store's writer makes them.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Storage;

namespace Epiphany.Execution.Tests;

/// <summary>Its groups are scanned in order, then its heap region; all rows are seen, and no zone map is asked before the engine asks.</summary>
internal sealed unsafe class FakeTable
{
    readonly IMemory _memory;
    readonly ColumnShape[] _shapes;
    readonly List<ScanUnit> _groups = [];
    int _next;
    int _nextRow;

    internal FakeTable(IMemory memory, ColumnKind[] kinds, ulong?[][] columns, int groupRows)
    {
        _memory = memory;
        _shapes = [.. kinds.Select(kind => new ColumnShape(kind, 0))];
        for (int first = 0; first < columns[0].Length; first += groupRows)
        {
            (byte[] bytes, GroupLocation location) = Write([.. columns.Select(c => c[first..Math.Min(first + groupRows, c.Length)])]);
            _groups.Add(Unit(location, new RowGroupReader(location, _shapes, new Source(bytes), _memory, new NoCodec(), new NoInterrupts())));
        }
    }

    /// <summary>Groups that somebody else made.</summary>
    internal FakeTable(IMemory memory, params ScanUnit[] groups)
    {
        _memory = memory;
        _shapes = [];
        _groups.AddRange(groups);
    }

    /// <summary>Rows, by their number in the table, that the snapshot does not see.</summary>
    internal void Hide(Func<int, bool> isGone)
    {
        int first = 0;
        for (int g = 0; g < _groups.Count; g++)
        {
            ScanUnit unit = _groups[g];
            unit.Gone = (ulong*)_memory.Allocate(64 * Batch.Capacity / 8);
            for (int row = 0; row < unit.Rows; row++)
            {
                unit.Gone[row / 64] |= isGone(first + row) ? 1UL << (row % 64) : 0;
            }

            _groups[g] = unit;
            first += unit.Rows;
        }
    }

    /// <summary>Columns of rows that are in no group.</summary>
    internal ulong?[][] Heap { get; set; } = [[]];

    internal void Rewind() => _next = _nextRow = 0;

    internal void Go(int number) => _next = number;

    internal ScanUnit Next()
    {
        if (_next < _groups.Count)
        {
            return _groups[_next] with { Number = _next++ };
        }

        return new ScanUnit { Kind = _next++ == _groups.Count && Heap[0].Length > 0 ? ScanUnitKind.Delta : ScanUnitKind.End };
    }

    internal int Rows(ulong** values, byte** nulls, int capacity)
    {
        int rows = Math.Min(capacity, Heap[0].Length - _nextRow);
        for (int c = 0; c < Heap.Length; c++)
        {
            for (int i = 0; i < rows && values[c] != null; i++)
            {
                ulong? value = Heap[c][_nextRow + i];
                values[c][i] = value ?? 0;
                nulls[c][i] = value == null ? (byte)1 : (byte)0;
            }
        }

        _nextRow += rows;
        return rows;
    }

    /// <summary>All of a group.</summary>
    internal static ScanUnit Unit(GroupLocation location, RowGroupReader reader) => new()
    {
        Kind = ScanUnitKind.Group,
        Rows = location.Rows,
        Columns = location.Columns,
        Reader = reader,
        Vectors = ulong.MaxValue >> (64 - ((location.Rows + Batch.Capacity - 1) / Batch.Capacity)),
    };

    (byte[] Bytes, GroupLocation Location) Write(ulong?[][] columns)
    {
        int rows = columns[0].Length;
        var writer = new RowGroupWriter(
            _shapes, new WriterOptions(Codec.None, 1, rows, ulong.MaxValue), _memory, new NoCodec(), new NoInterrupts());
        ulong[] values = new ulong[columns.Length];
        byte[] nulls = new byte[columns.Length];
        fixed (ulong* v = values)
        fixed (byte* n = nulls)
        {
            for (int row = 0; row < rows; row++)
            {
                for (int c = 0; c < columns.Length; c++)
                {
                    values[c] = columns[c][row] ?? 0;
                    nulls[c] = columns[c][row] == null ? (byte)1 : (byte)0;
                }

                writer.Append(v, n, 1);
            }
        }

        GroupImage image = writer.Finish();
        byte[] bytes = new byte[image.Length];
        for (int at = 0; at < bytes.Length; at += (int)GroupImage.SegmentBytes)
        {
            int share = Math.Min((int)GroupImage.SegmentBytes, bytes.Length - at);
            new ReadOnlySpan<byte>((byte*)image.Segments[at / (int)GroupImage.SegmentBytes], share).CopyTo(bytes.AsSpan(at));
        }

        return (bytes, new GroupLocation(image.Length, image.FooterOffset, image.FooterLength, rows, columns.Length));
    }

    sealed class Source(byte[] bytes) : IGroupSource
    {
        public void Read(ulong offset, byte* destination, ulong length) =>
            bytes.AsSpan((int)offset, (int)length).CopyTo(new Span<byte>(destination, (int)length));
    }

    sealed class NoCodec : IBlockCodec
    {
        public bool Available(Codec c) => false;

        public long Bound(Codec c, long n) => n;

        public long Compress(Codec c, int level, byte* src, long n, byte* dst, long cap) => -1;

        public long Decompress(Codec c, byte* src, long n, byte* dst, long cap) => -1;
    }

    sealed class NoInterrupts : IInterrupts
    {
        public void Poll()
        {
        }
    }
}
