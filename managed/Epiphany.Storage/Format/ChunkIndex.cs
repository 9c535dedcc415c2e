// Storage layer, format. A chunk's index: where its blocks are, and where each vector is within its block. Block 0 is shared by all
// vectors (constant, dictionary) and empty where an encoding needs none; block 1 + (v >> BlockShift) holds vector v.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>32 bytes, little-endian: a run of bytes that is read, checked and decompressed as one.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
struct BlockEntry
{
    internal const int Size = 32;

    /// <summary>From the chunk's start.</summary>
    [FieldOffset(0)]
    internal ulong Offset;

    [FieldOffset(8)]
    internal ulong StoredLength;

    /// <summary>Before the codec.</summary>
    [FieldOffset(16)]
    internal ulong EncodedLength;

    /// <summary>CRC-32C of the stored bytes.</summary>
    [FieldOffset(24)]
    internal uint Crc;

    /// <summary><see cref="Storage.Codec"/> of this block: the chunk's, or None.</summary>
    [FieldOffset(28)]
    internal byte Codec;
}

/// <summary>Flags of a vector entry.</summary>
[Flags]
enum VectorFlags : uint
{
    None = 0,

    /// <summary>Min and Max bound every value that is not null.</summary>
    HasZone = 1,

    /// <summary>Min and Max are the least and the greatest code that a value which is not null has in the chunk's dictionary of strings.</summary>
    HasCodes = 2,
}

/// <summary>32 bytes, little-endian.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
struct VectorEntry
{
    internal const int Size = 32;

    /// <summary>Where the vector's segment starts in its block, before the codec.</summary>
    [FieldOffset(0)]
    internal ulong Offset;

    [FieldOffset(8)]
    internal uint Nulls;

    [FieldOffset(12)]
    internal VectorFlags Flags;

    /// <summary>By-value kinds: an integer, or the bits of a double. Numeric: an integer, as in the footer.</summary>
    [FieldOffset(16)]
    internal ulong Min;

    [FieldOffset(24)]
    internal ulong Max;
}

/// <summary>Sizes of a chunk's index.</summary>
static class ChunkIndex
{
    internal const int MaxBlockShift = 6;

    internal static int Blocks(int vectors, int blockShift) => 1 + ((vectors + (1 << blockShift) - 1) >> blockShift);

    /// <summary>At most (1 + 64) * 32 + 64 * 32 = 4128.</summary>
    internal static uint Length(int vectors, int blockShift) =>
        (uint)((Blocks(vectors, blockShift) * BlockEntry.Size) + (vectors * VectorEntry.Size));
}
