// Storage layer, format. A chunk of vectors that have as many elements each: what all rows share. A vector's segment has checksums, one for each of
// its rows; codes and rows lie behind all blocks, so that one row is read and checked without the others, codes without rows, a row's own code alone.

using System.Runtime.InteropServices;
using Epiphany.Vector.Codes;

namespace Epiphany.Storage;

/// <summary>What codes a chunk has beside its rows; the numbers are on disk.</summary>
enum MatrixCodes : byte
{
    None = 0,

    /// <summary>One bit a dimension, relative to the chunk's centroid, in blocks of 32.</summary>
    OneBit = 1,

    /// <summary>Beside these, four bits a dimension, row by row, for those that one bit does not rule out.</summary>
    Refined = 2,
}

/// <summary>32 bytes, little-endian, at the start of block 0; what is not named is zero. The rotated centroid follows, if there are codes.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
struct MatrixHeader
{
    internal const int Size = 32;

    /// <summary>Bytes of a value's payload before its elements: i16 dimensions, i16 zero.</summary>
    internal const int HeadBytes = 4;

    /// <summary>As pgvector has it.</summary>
    internal const int MaxDimensions = 16000;

    /// <summary>What new codes are rotated by.</summary>
    internal const ulong FirstSeed = 0x45524956_4D524F46;

    /// <summary>Bytes of a row: a value's elements.</summary>
    [FieldOffset(0)]
    internal uint RowBytes;

    /// <summary>What every value's payload begins with.</summary>
    [FieldOffset(4)]
    internal uint Head;

    [FieldOffset(8)]
    internal MatrixCodes Codes;

    /// <summary>Of the rotation.</summary>
    [FieldOffset(16)]
    internal ulong Seed;

    /// <summary>Whether a value is a vector; else what it is may look like one, which does not matter.</summary>
    internal static bool IsVector(uint head, ulong payload) =>
        head is > 0 and <= MaxDimensions && (payload == HeadBytes + (4UL * head) || payload == HeadBytes + (2UL * head));

    internal readonly bool IsValid => IsVector(Head, HeadBytes + (ulong)RowBytes) && Codes <= MatrixCodes.Refined;

    internal readonly int Dimensions => (int)Head;

    internal readonly int ElementBytes => (int)(RowBytes / Head);

    internal readonly int Padded => Rotation.Padded(Dimensions);

    /// <summary>Block 0.</summary>
    internal readonly ulong SharedBytes => Size + (Codes == MatrixCodes.None ? 0 : (ulong)Padded * sizeof(float));

    /// <summary>Codes of so many rows of a vector.</summary>
    internal readonly ulong CodeBytes(int present) =>
        Codes == MatrixCodes.None ? 0 : (ulong)((present + CodeLayout.BlockVectors - 1) / CodeLayout.BlockVectors * BlockBytes(Padded));

    /// <summary>What each row has of its own beside those.</summary>
    internal readonly int RefinedBytes => Codes == MatrixCodes.Refined ? RefinedCode.Bytes(Padded) : 0;

    /// <summary>32 rows: their codes, their factors, the squares of their lengths.</summary>
    internal static int BlockBytes(int padded) =>
        CodeLayout.BlockBytes(padded) + CodeLayout.BlockFactorBytes + (CodeLayout.BlockVectors * sizeof(float));
}
