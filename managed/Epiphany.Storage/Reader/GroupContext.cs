// Storage layer, reader. What all columns of a group share: where its bytes come from, and one buffer for compressed ones.

using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Reads and checks runs of a group's bytes.</summary>
sealed unsafe class GroupContext(
    GroupLocation location, IGroupSource source, IMemory memory, IBlockCodec codec, IInterrupts interrupts, bool mayLieThere = false)
{
    ReadBuffer _stored;

    internal GroupLocation Location => location;

    internal IMemory Memory => memory;

    internal void Poll() => interrupts.Poll();

    internal void Rest() => _stored.Free(memory);

    /// <summary>Another group for the same host, whose bytes may lie in memory.</summary>
    internal GroupContext For(GroupLocation other, IGroupSource bytes) => new(other, bytes, memory, codec, interrupts, mayLieThere: true);

    /// <summary>Bytes whose place was checked against the group's length.</summary>
    internal void Read(ulong offset, byte* destination, ulong length)
    {
        if (length != 0)
        {
            source.Read(offset, destination, length);
        }
    }

    internal void ReadParts(ulong* offsets, int count, byte* destination, ulong length) => source.ReadParts(offsets, count, destination, length);

    /// <summary>A block as it was before the codec, in <paramref name="buffer"/> unless it lies in memory as it is.</summary>
    internal byte* ReadBlock(int column, ulong chunkOffset, BlockEntry* block, ref ReadBuffer buffer)
    {
        interrupts.Poll();
        bool isPlain = block->Codec == (byte)Codec.None;
        byte* stored = mayLieThere && isPlain ? source.At(chunkOffset + block->Offset, block->StoredLength) : null;
        byte* bytes = stored;
        if (stored == null)
        {
            bytes = buffer.Ensure(memory, block->EncodedLength);
            stored = isPlain ? bytes : _stored.Ensure(memory, block->StoredLength);
            Read(chunkOffset + block->Offset, stored, block->StoredLength);
        }

        if (Crc32C.Compute(stored, block->StoredLength) != block->Crc)
        {
            Throw.BadChunk(column, "a block's checksum does not match its bytes");
        }

        if (stored != bytes)
        {
            Decompress(column, block, stored, bytes);
            _stored.Release(memory);
        }

        return bytes;
    }

    void Decompress(int column, BlockEntry* block, byte* stored, byte* bytes)
    {
        Codec kind = (Codec)block->Codec;
        if (!codec.Available(kind))
        {
            Throw.CodecUnavailable(kind);
        }

        long length = codec.Decompress(kind, stored, (long)block->StoredLength, bytes, (long)block->EncodedLength);
        if (length < 0 || (ulong)length != block->EncodedLength)
        {
            Throw.BadChunk(column, "a block cannot be decompressed");
        }
    }
}
