// Storage layer, writer. Lays out one chunk: index, shared block, blocks of whole vectors, each compressed where that pays.

using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Appends chunks to the group's image.</summary>
sealed unsafe class ChunkWriter
{
    /// <summary>A block without codec: about a page, so that a single row costs little.</summary>
    const ulong PlainBlockBytes = 8 * 1024;

    /// <summary>A block with codec: enough for LZ4 and ZSTD to find what repeats.</summary>
    const ulong CodecBlockBytes = 64 * 1024;

    readonly WriterOptions _options;
    readonly int _rows;
    readonly int _vectorCount;
    readonly ByteSink _image;
    readonly ByteSink _block;
    readonly IMemory _memory;
    readonly IBlockCodec _codec;
    readonly IInterrupts _interrupts;
    readonly VectorEntry* _vectors;
    readonly WriterScratch _scratch;
    readonly LaneChunkEncoder _lanes;
    readonly BytesChunkEncoder _bytes;

    internal ChunkWriter(
        WriterOptions options, int rows, ByteSink image, IMemory memory, IBlockCodec codec, IInterrupts interrupts)
    {
        _options = options;
        _rows = rows;
        _vectorCount = GroupFormat.Vectors(rows);
        _image = image;
        _block = new ByteSink(memory);
        _memory = memory;
        _codec = codec;
        _interrupts = interrupts;
        _vectors = (VectorEntry*)memory.Allocate((nuint)(_vectorCount * VectorEntry.Size));
        _scratch = new WriterScratch(memory, rows);
        _lanes = new LaneChunkEncoder(_scratch);
        _bytes = new BytesChunkEncoder(_scratch);
    }

    internal void Write(ColumnBuffer column, ColumnEntry* entry)
    {
        _interrupts.Poll();
        CountNulls(column);
        *entry = default;
        entry->Kind = (byte)column.Shape.Kind;
        entry->FixedLength = column.Shape.Kind == ColumnKind.FixedBytes ? column.Shape.FixedLength : 0;
        entry->RawLength = column.RawBytes;
        entry->NullCount = (uint)column.NullCount;

        ChunkEncoder encoder = Kinds.IsByValue(column.Shape.Kind) ? _lanes : _bytes;
        ulong expected = encoder.Plan(column, entry, _vectors);
        entry->Encoding = (byte)encoder.Encoding;
        entry->BlockShift = (byte)BlockShift(expected);

        _image.Align();
        ulong start = _image.Length;
        int blocks = ChunkIndex.Blocks(_vectorCount, entry->BlockShift);
        uint indexLength = ChunkIndex.Length(_vectorCount, entry->BlockShift);
        _image.AppendZeros(indexLength);
        BlockEntry* index = stackalloc BlockEntry[1 + GroupFormat.MaxVectors];

        encoder.WriteShared(_block);
        CloseBlock(start, index, entry);
        for (int block = 1; block < blocks; block++)
        {
            int first = (block - 1) << entry->BlockShift;
            int end = int.Min(_vectorCount, block << entry->BlockShift);
            for (int vector = first; vector < end; vector++)
            {
                _interrupts.Poll();
                WriteVector(column, encoder, vector);
            }

            CloseBlock(start, index + block, entry);
        }

        byte* at = _image.Bytes + start;
        new System.ReadOnlySpan<BlockEntry>(index, blocks).CopyTo(new System.Span<BlockEntry>(at, blocks));
        new System.ReadOnlySpan<VectorEntry>(_vectors, _vectorCount)
            .CopyTo(new System.Span<VectorEntry>(at + (blocks * BlockEntry.Size), _vectorCount));
        entry->Offset = start;
        entry->StoredLength = _image.Length - start;
        entry->IndexLength = indexLength;
        entry->IndexCrc = Crc32C.Compute(at, indexLength);
    }

    internal void Free()
    {
        _memory.Free((byte*)_vectors);
        _block.Free();
        _scratch.Free();
    }

    void CountNulls(ColumnBuffer column)
    {
        for (int vector = 0; vector < _vectorCount; vector++)
        {
            _vectors[vector] = default;
            if (column.NullCount != 0)
            {
                int rows = GroupFormat.RowsOf(_rows, vector);
                byte* nulls = column.Nulls + ((long)vector * GroupFormat.VectorRows);
                uint count = 0;
                for (int i = 0; i < rows; i++)
                {
                    count += nulls[i];
                }

                _vectors[vector].Nulls = count;
            }
        }
    }

    /// <summary>The largest block of whole vectors that stays within the aim, or one vector.</summary>
    int BlockShift(ulong expected)
    {
        ulong aim = _options.Codec == Codec.None ? PlainBlockBytes : CodecBlockBytes;
        ulong vectorBytes = expected / (ulong)_vectorCount;
        int shift = 0;
        while (shift < ChunkIndex.MaxBlockShift && vectorBytes << (shift + 1) <= aim)
        {
            shift++;
        }

        return shift;
    }

    void WriteVector(ColumnBuffer column, ChunkEncoder encoder, int vector)
    {
        int rows = GroupFormat.RowsOf(_rows, vector);
        uint nulls = _vectors[vector].Nulls;
        _vectors[vector].Offset = _block.Length;
        if (nulls == rows)
        {
            return;
        }

        if (nulls != 0)
        {
            int bytes = NullBitmap.Bytes(rows);
            byte* bitmap = _block.AppendZeros((ulong)bytes);
            NullBitmap.Pack(column.Nulls + ((long)vector * GroupFormat.VectorRows), rows, bitmap);
        }

        encoder.WriteVector(vector, _block);
        _block.Align();
    }

    void CloseBlock(ulong chunkStart, BlockEntry* block, ColumnEntry* entry)
    {
        *block = default;
        block->EncodedLength = _block.Length;
        block->Offset = _image.Length - chunkStart;
        block->StoredLength = Compress();
        if (block->StoredLength != 0)
        {
            block->Codec = entry->Codec = (byte)_options.Codec;
        }
        else if (_block.Length != 0)
        {
            block->StoredLength = _block.Length;
            _image.Append(_block.Bytes, _block.Length);
        }

        block->Crc = Crc32C.Compute(_image.Bytes + _image.Length - block->StoredLength, block->StoredLength);
        entry->EncodedLength += _block.Length;
        _image.Align();
        _block.Clear();
    }

    /// <summary>Appends the block compressed and says how long it became; 0 when it would save less than a twentieth.</summary>
    ulong Compress()
    {
        if (_options.Codec == Codec.None || _block.Length == 0 || _block.Length > long.MaxValue / 2)
        {
            return 0;
        }

        long bound = _codec.Bound(_options.Codec, (long)_block.Length);
        if (bound <= 0)
        {
            return 0;
        }

        byte* room = _image.Reserve((ulong)bound);
        long written = _codec.Compress(_options.Codec, _options.Level, _block.Bytes, (long)_block.Length, room, bound);
        if (written <= 0 || (ulong)written >= _block.Length - (_block.Length / 20))
        {
            return 0;
        }

        _image.Commit((ulong)written);
        return (ulong)written;
    }
}
