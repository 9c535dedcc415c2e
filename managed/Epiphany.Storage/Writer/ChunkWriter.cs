// Storage layer, writer. Lays out one chunk: index, shared block, blocks of whole vectors, each compressed where that pays.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Appends chunks to the group's image.</summary>
sealed unsafe class ChunkWriter
{
    readonly ImageSink _image;
    readonly ByteSink _block;
    readonly ByteSink _room;
    readonly IMemory _memory;
    readonly BlockCompressor _compressor;
    readonly IInterrupts _interrupts;
    readonly WriterScratch _scratch;
    readonly LaneChunkEncoder _lanes;
    readonly BytesChunkEncoder _bytes;
    VectorEntry* _vectors;
    int _rows;
    int _vectorCount;

    internal ChunkWriter(WriterOptions options, ImageSink image, IMemory memory, IBlockCodec codec, IInterrupts interrupts)
    {
        _image = image;
        _block = new ByteSink(memory);
        _room = new ByteSink(memory);
        _memory = memory;
        _compressor = new BlockCompressor(options, codec);
        _interrupts = interrupts;
        _scratch = new WriterScratch(memory);
        _lanes = new LaneChunkEncoder(_scratch, options.Known, memory);
        _bytes = new BytesChunkEncoder(_scratch, _compressor, options, memory);
    }

    /// <summary>Chunks of so many rows come next.</summary>
    internal void Begin(int rows)
    {
        _rows = rows;
        _vectorCount = GroupFormat.Vectors(rows);
        _scratch.Begin(rows);
        _block.Clear();
        if (_vectors == null)
        {
            _vectors = (VectorEntry*)_memory.Allocate(GroupFormat.MaxVectors * VectorEntry.Size);
        }
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
        bool isMatrix = encoder.Encoding == EncodingKind.Matrix;
        bool compress = !isMatrix && CodecPays(column, encoder, expected);
        entry->Encoding = (byte)encoder.Encoding;
        entry->BlockShift = isMatrix ? (byte)0 : (byte)BlockShift(expected, compress ? CodecBlockBytes(column) : BlockCompressor.PlainBlockBytes);

        _image.Align();
        ulong start = _image.Length;
        int blocks = ChunkIndex.Blocks(_vectorCount, entry->BlockShift);
        uint indexLength = ChunkIndex.Length(_vectorCount, entry->BlockShift);
        _image.AppendZeros(indexLength);
        BlockEntry* index = stackalloc BlockEntry[1 + GroupFormat.MaxVectors];

        encoder.WriteShared(_block);
        CloseBlock(start, index, entry, compress: !isMatrix);
        for (int block = 1; block < blocks; block++)
        {
            int first = (block - 1) << entry->BlockShift;
            int end = int.Min(_vectorCount, block << entry->BlockShift);
            for (int vector = first; vector < end; vector++)
            {
                _interrupts.Poll();
                WriteVector(column, encoder, vector);
            }

            CloseBlock(start, index + block, entry, compress);
        }

        ulong behind = _image.Length;
        encoder.WriteBehind(_image);
        entry->EncodedLength += _image.Length - behind;
        _block.Append((byte*)index, (ulong)blocks * BlockEntry.Size);
        _block.Append((byte*)_vectors, (ulong)_vectorCount * VectorEntry.Size);
        _image.Overwrite(start, _block.Bytes, indexLength);
        entry->Offset = start;
        entry->StoredLength = _image.Length - start;
        entry->IndexLength = indexLength;
        entry->IndexCrc = Crc32C.Compute(_block.Bytes, indexLength);
        _block.Clear();
    }

    internal void Free()
    {
        if (_vectors != null)
        {
            _memory.Free((byte*)_vectors);
        }

        _vectors = null;
        _block.Free();
        _room.Free();
        _scratch.Free();
        _lanes.Free();
        _bytes.Free();
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

    /// <summary>
    /// Tries the codec on a block's worth of vectors from the chunk's middle. Where it saves little, blocks are small and not compressed:
    /// one value costs a page's read then, and nothing is compressed in vain.
    /// </summary>
    bool CodecPays(ColumnBuffer column, ChunkEncoder encoder, ulong expected)
    {
        if (_compressor.Codec == Codec.None || expected == 0)
        {
            return false;
        }

        int vectors = 1 << BlockShift(expected, CodecBlockBytes(column));
        int first = int.Max(0, (_vectorCount - vectors) / 2);
        int end = int.Min(_vectorCount, first + vectors);
        for (int vector = first; vector < end; vector++)
        {
            WriteVector(column, encoder, vector);
        }

        bool pays = _compressor.Try(_block, _room) != 0;
        _block.Clear();
        _room.Clear();
        return pays;
    }

    /// <summary>What repeats in packed numbers repeats nearby; strings need more to look back on.</summary>
    ulong CodecBlockBytes(ColumnBuffer column) =>
        Kinds.IsByValue(column.Shape.Kind) ? BlockCompressor.PlainBlockBytes : _compressor.BlockBytes;

    /// <summary>The largest block of whole vectors that stays within the aim, or one vector.</summary>
    int BlockShift(ulong expected, ulong aim)
    {
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

    void CloseBlock(ulong chunkStart, BlockEntry* block, ColumnEntry* entry, bool compress)
    {
        *block = default;
        block->EncodedLength = _block.Length;
        entry->EncodedLength += _block.Length;
        block->Offset = _image.Length - chunkStart;
        block->StoredLength = compress ? _compressor.Try(_block, _room) : 0;
        ByteSink stored = _room;
        if (block->StoredLength != 0)
        {
            block->Codec = entry->Codec = (byte)_compressor.Codec;
            _block.Clear();
        }
        else
        {
            block->StoredLength = _block.Length;
            stored = _block;
            _room.Clear();
        }

        block->Crc = Crc32C.Compute(stored.Bytes, block->StoredLength);
        _image.Append(stored.Bytes, block->StoredLength);
        _image.Align();
        stored.Clear();
    }
}
