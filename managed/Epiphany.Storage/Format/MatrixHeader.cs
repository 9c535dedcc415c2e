// Storage layer, format. A chunk of vectors that have as many elements each: what all rows share. A vector's segment has a checksum for each of
// its rows; the rows themselves lie behind all blocks, so that one is read and checked without the others.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>32 bytes, little-endian, at the start of block 0; what is not named is zero.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
struct MatrixHeader
{
    internal const int Size = 32;

    /// <summary>Bytes of a value's payload before its elements: i16 dimensions, i16 zero.</summary>
    internal const int HeadBytes = 4;

    /// <summary>As pgvector has it.</summary>
    internal const int MaxDimensions = 16000;

    /// <summary>Bytes of a row: a value's elements.</summary>
    [FieldOffset(0)]
    internal uint RowBytes;

    /// <summary>What every value's payload begins with.</summary>
    [FieldOffset(4)]
    internal uint Head;

    /// <summary>Whether a value is a vector; else what it is may look like one, which does not matter.</summary>
    internal static bool IsVector(uint head, ulong payload) =>
        head is > 0 and <= MaxDimensions && (payload == HeadBytes + (4UL * head) || payload == HeadBytes + (2UL * head));

    internal readonly bool IsValid => IsVector(Head, HeadBytes + (ulong)RowBytes);
}
