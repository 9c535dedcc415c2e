// Storage layer, reader. Checks a column's footer entry and its chunk's index before anything relies on them: every offset and
// length against the group, every count against its rows, and every size that memory will be taken for against what can be stored.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

static unsafe class ColumnChecks
{
    /// <summary>
    /// No encoding takes more for a vector of by-value kinds: bitmap 256, header 24, run ends 4096, lanes 16384;
    /// ALP keeps all rows (20480), or at most half of them (10240) besides 2,048 integers of 53 bits (13568).
    /// </summary>
    const ulong LaneVectorBytes = 24 * 1024;

    /// <summary>A decimal's display scale takes a byte at most; its integer may have 64 bits more.</summary>
    const ulong DecimalVectorBytes = GroupFormat.VectorRows * 9;

    /// <summary>LZ4 spends a byte on 255 at most.</summary>
    const ulong Lz4Ratio = 256;

    /// <summary>ZSTD spends four bytes on a block of 128 kB at most.</summary>
    const ulong ZstdRatio = 32 * 1024;

    internal static void Entry(int column, ColumnShape shape, ColumnEntry* entry, GroupLocation location)
    {
        if (!Kinds.CanRead((ColumnKind)entry->Kind, shape.Kind) || (shape.Kind == ColumnKind.FixedBytes && entry->FixedLength != shape.FixedLength))
        {
            Throw.BadChunk(column, "it was written with another kind of values than the table has");
        }

        if (!Kinds.IsKnown(shape.Kind) || (shape.Kind == ColumnKind.FixedBytes && shape.FixedLength < 1))
        {
            Throw.BadChunk(column, "its kind of values is unknown");
        }

        if (!Kinds.Allows((ColumnKind)entry->Kind, (EncodingKind)entry->Encoding))
        {
            Throw.BadChunk(column, "its encoding is unknown or not one for its kind of values");
        }

        if (entry->Codec > (byte)Codec.Zstd || entry->BlockShift > ChunkIndex.MaxBlockShift)
        {
            Throw.BadChunk(column, "its codec or block size is unknown");
        }

        int vectors = GroupFormat.Vectors(location.Rows);
        if (entry->Offset % GroupFormat.Alignment != 0
            || entry->Offset > location.FooterOffset
            || entry->StoredLength > location.FooterOffset - entry->Offset
            || entry->IndexLength != ChunkIndex.Length(vectors, entry->BlockShift)
            || entry->IndexLength > entry->StoredLength
            || entry->NullCount > location.Rows)
        {
            Throw.BadChunk(column, "its place, size or number of nulls is not possible");
        }
    }

    /// <summary>The index of a checked entry, in the host's memory: blocks, then vectors.</summary>
    internal static BlockEntry* ReadIndex(int column, ColumnEntry* entry, GroupContext group)
    {
        byte* index = group.Memory.AllocateRoom(entry->IndexLength);
        group.Read(entry->Offset, index, entry->IndexLength);
        if (Crc32C.Compute(index, entry->IndexLength) != entry->IndexCrc)
        {
            Throw.BadChunk(column, "its index's checksum does not match its bytes");
        }

        int rows = group.Location.Rows;
        int vectors = GroupFormat.Vectors(rows);
        int blocks = ChunkIndex.Blocks(vectors, entry->BlockShift);
        BlockEntry* first = (BlockEntry*)index;
        CheckBlocks(column, entry, first, blocks, rows);
        CheckVectors(column, entry, first, (VectorEntry*)(first + blocks), rows);
        return first;
    }

    static void CheckBlocks(int column, ColumnEntry* entry, BlockEntry* blocks, int count, int rows)
    {
        for (int i = 0; i < count; i++)
        {
            BlockEntry* block = blocks + i;
            if (block->Offset < entry->IndexLength
                || block->Offset > entry->StoredLength
                || block->StoredLength > entry->StoredLength - block->Offset)
            {
                Throw.BadChunk(column, $"block {i} does not lie within it");
            }

            bool isPlain = block->Codec == (byte)Codec.None;
            if (isPlain ? block->EncodedLength != block->StoredLength : block->Codec != entry->Codec)
            {
                Throw.BadChunk(column, $"block {i} has an impossible codec or length");
            }

            if (block->EncodedLength > Limit(entry, block, i, rows))
            {
                Throw.BadChunk(column, $"block {i} cannot be as long as its index says");
            }
        }
    }

    /// <summary>What a block can have been before the codec; keeps damaged lengths from taking all memory.</summary>
    static ulong Limit(ColumnEntry* entry, BlockEntry* block, int number, int rows)
    {
        ulong byRatio = block->Codec switch
        {
            (byte)Codec.None => ulong.MaxValue,
            (byte)Codec.Lz4 => block->StoredLength * Lz4Ratio,
            _ => block->StoredLength * ZstdRatio,
        };
        bool isDecimal = entry->Encoding == (byte)EncodingKind.Decimal;
        if (!Kinds.IsByValue((ColumnKind)entry->Kind) && !isDecimal)
        {
            return byRatio;
        }

        ulong byRows = (isDecimal, number) switch
        {
            (true, 0) => GroupFormat.Align((ulong)DecimalShape.Bytes(DecimalShape.MaxScale + 1)),
            (false, 0) => 16 + (8 * (ulong)rows),
            _ => (LaneVectorBytes + (isDecimal ? DecimalVectorBytes : 0UL)) << entry->BlockShift,
        };
        return ulong.Min(byRatio, byRows);
    }

    static void CheckVectors(int column, ColumnEntry* entry, BlockEntry* blocks, VectorEntry* vectors, int rows)
    {
        ulong nulls = 0;
        int count = GroupFormat.Vectors(rows);
        for (int i = 0; i < count; i++)
        {
            int block = i >> entry->BlockShift;
            bool isFirst = i == 0 || (i - 1) >> entry->BlockShift != block;
            ulong low = isFirst ? 0 : vectors[i - 1].Offset;
            if (vectors[i].Offset < low || vectors[i].Offset > blocks[1 + block].EncodedLength || vectors[i].Offset % GroupFormat.Alignment != 0)
            {
                Throw.BadChunk(column, $"vector {i} does not lie within its block");
            }

            if (vectors[i].Nulls > GroupFormat.RowsOf(rows, i))
            {
                Throw.BadChunk(column, $"vector {i} has more nulls than rows");
            }

            if ((vectors[i].Flags & VectorFlags.HasCodes) != 0
                && (entry->Encoding != (byte)EncodingKind.Dictionary || vectors[i].Min > vectors[i].Max || vectors[i].Max >= (ulong)rows))
            {
                Throw.BadChunk(column, $"vector {i} has codes that no dictionary gives");
            }

            nulls += vectors[i].Nulls;
        }

        if (nulls != entry->NullCount)
        {
            Throw.BadChunk(column, "its vectors' nulls do not add up");
        }
    }
}
