// Storage layer, reader. One column of a group: its checked entry and index, the block at hand, one vector or one row out of it.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Decodes one column. Everything taken from the footer and the index was checked when this was made.</summary>
sealed unsafe partial class ColumnReader
{
    readonly int _column;
    readonly ColumnKind _kind;
    readonly EncodingKind _encoding;
    readonly ColumnEntry* _entry;
    readonly BlockEntry* _blocks;
    readonly VectorEntry* _vectors;
    readonly GroupContext _group;

    ReadBuffer _sharedBuffer;
    ReadBuffer _blockBuffer;
    byte* _shared;
    byte* _block;
    int _blockNumber = -1;

    internal ColumnReader(int column, ColumnShape shape, ColumnEntry* entry, GroupContext group)
    {
        _column = column;
        _entry = entry;
        _group = group;
        ColumnChecks.Entry(column, shape, entry, group.Location);
        _kind = (ColumnKind)entry->Kind;
        _encoding = (EncodingKind)entry->Encoding;
        _blocks = ColumnChecks.ReadIndex(column, entry, group);
        _vectors = (VectorEntry*)(_blocks + ChunkIndex.Blocks(GroupFormat.Vectors(Rows), entry->BlockShift));
    }

    internal VectorEntry* Vectors => _vectors;

    int Rows => _group.Location.Rows;

    bool IsByValue => Kinds.IsByValue(_kind);

    internal int Decode(int vector, ulong* values, byte* nulls)
    {
        int rows = GroupFormat.RowsOf(Rows, vector);
        int nullCount = (int)_vectors[vector].Nulls;
        if (nullCount == rows)
        {
            new System.Span<byte>(nulls, rows).Fill(1);
            new System.Span<ulong>(values, rows).Clear();
            return rows;
        }

        byte* segment = Segment(vector, rows, out ulong length, out byte* bitmap);
        if (bitmap == null)
        {
            new System.Span<byte>(nulls, rows).Clear();
        }
        else
        {
            NullBitmap.Expand(bitmap, rows, nulls);
        }

        Fault fault = IsByValue
            ? DecodeLanes(segment, length, rows, rows - nullCount, values)
            : DecodeBytes(segment, length, rows, rows - nullCount, values);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        if (bitmap != null)
        {
            if (StoresPresentOnly)
            {
                NullBitmap.Spread(values, nulls, rows, rows - nullCount);
            }
            else
            {
                NullBitmap.ZeroNulls(values, nulls, rows);
            }
        }

        return rows;
    }

    /// <summary>False when the row is null.</summary>
    internal bool DecodeRow(int row, out ulong value)
    {
        int vector = row / GroupFormat.VectorRows;
        int index = row % GroupFormat.VectorRows;
        int rows = GroupFormat.RowsOf(Rows, vector);
        value = 0;
        int nullCount = (int)_vectors[vector].Nulls;
        if (nullCount == rows)
        {
            return false;
        }

        byte* segment = Segment(vector, rows, out ulong length, out byte* bitmap);
        if (bitmap != null)
        {
            if (NullBitmap.IsNull(bitmap, index))
            {
                return false;
            }

            if (StoresPresentOnly)
            {
                index -= NullBitmap.Count(bitmap, index);
                rows -= nullCount;
            }
        }

        Fault fault = IsByValue
            ? DecodeLane(segment, length, rows, index, out value)
            : DecodeString(segment, length, rows, index, out value);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        return true;
    }

    /// <summary>Plain values of one width, and vectors: null rows take no room, and decoding puts the others where they belong.</summary>
    bool StoresPresentOnly =>
        _encoding == EncodingKind.Matrix || (_encoding == EncodingKind.Plain && (IsByValue || _kind == ColumnKind.FixedBytes));

    /// <summary>A vector's encoded values, and the null bitmap before them where it has nulls.</summary>
    byte* Segment(int vector, int rows, out ulong length, out byte* bitmap)
    {
        bitmap = null;
        length = 0;
        _vectorAtHand = vector;
        uint nulls = _vectors[vector].Nulls;
        if (_encoding == EncodingKind.Constant && nulls == 0)
        {
            return null;
        }

        int shift = _entry->BlockShift;
        int number = 1 + (vector >> shift);
        if (number != _blockNumber)
        {
            _blockNumber = -1;
            _block = _group.ReadBlock(_column, _entry->Offset, _blocks + number, ref _blockBuffer);
            _blockNumber = number;
        }

        length = SegmentLength(vector);
        byte* segment = _block + _vectors[vector].Offset;
        if (nulls == 0)
        {
            return segment;
        }

        ulong bitmapBytes = (ulong)NullBitmap.Bytes(rows);
        if (length < bitmapBytes || NullBitmap.Count(segment, rows) != nulls)
        {
            Throw.BadChunk(_column, $"vector {vector} has no null bitmap with as many nulls as its index says");
        }

        bitmap = segment;
        length -= bitmapBytes;
        return segment + bitmapBytes;
    }

    /// <summary>To where the next one in the same block starts, or the block ends.</summary>
    ulong SegmentLength(int vector)
    {
        int shift = _entry->BlockShift;
        bool isLast = vector + 1 == GroupFormat.Vectors(Rows) || (vector + 1) >> shift != vector >> shift;
        return (isLast ? _blocks[1 + (vector >> shift)].EncodedLength : _vectors[vector + 1].Offset) - _vectors[vector].Offset;
    }

    byte* Shared(out ulong length)
    {
        length = _blocks->EncodedLength;
        if (_shared == null)
        {
            _shared = _group.ReadBlock(_column, _entry->Offset, _blocks, ref _sharedBuffer);
        }

        return _shared;
    }
}
