// Storage layer, reader. What decoding a vector takes of the host's memory, by the chunk's index alone: for those who have a bound to keep; and
// giving it back.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    internal VectorMemory Memory(int vector)
    {
        int rows = GroupFormat.RowsOf(Rows, vector);
        uint nulls = _vectors[vector].Nulls;
        if (nulls == rows)
        {
            return default;
        }

        BlockEntry* block = _encoding == EncodingKind.Constant && nulls == 0 ? _blocks : _blocks + 1 + (vector >> _entry->BlockShift);
        return new VectorMemory
        {
            Blocks = _blocks->EncodedLength + (block == _blocks ? 0 : block->EncodedLength),
            Reading = ulong.Max(Compressed(_blocks), Compressed(block)),
            Values = IsByValue ? 0 : ValueBytes(vector, (ulong)rows),
        };
    }

    /// <summary>Somebody who looks for vectors has asked the index.</summary>
    internal bool IsTested { get; set; }

    /// <summary>
    /// Gives back blocks and values. What all vectors share stays, and the index of a column that is tested. False: nothing is left of it.
    /// </summary>
    internal bool Rest()
    {
        _blockNumber = -1;
        _blockBuffer.Free(_group.Memory);
        _laneBuffer.Free(_group.Memory);
        _datumBuffer.Free(_group.Memory);
        _upperHalves.Free(_group.Memory);
        _codeBuffer.Free(_group.Memory);
        _refinedBuffer.Free(_group.Memory);
        bool stays = IsTested || _shared != null;
        if (!stays)
        {
            _group.Memory.Free((byte*)_blocks);
        }

        return stays;
    }

    static ulong Compressed(BlockEntry* block) => block->Codec == (byte)Codec.None ? 0 : block->StoredLength;

    /// <summary>Tables of the constant or the dictionary included.</summary>
    ulong ValueBytes(int vector, ulong rows) => _encoding switch
    {
        EncodingKind.Constant => _blocks->EncodedLength,
        EncodingKind.Dictionary => _blocks->EncodedLength + ((ulong)Rows * 24),
        EncodingKind.Decimal => rows * WideDecimalDecoder.DatumBytes,
        EncodingKind.Matrix => rows * (16 + (_entry->StoredLength / ulong.Max(1, (ulong)Rows - _entry->NullCount))),
        EncodingKind.Fsst => Fsst.MaxDecoded(SegmentLength(vector)) + (rows * 16),
        _ => SegmentLength(vector) + (rows * 16),
    };
}
