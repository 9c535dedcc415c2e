// Encoding layer. Layout of a segment of floats as what differs from the one before (after Pelkonen et al., "Gorilla", VLDB 2015): the
// exclusive or of neighbours has zeros in front and behind, and only what is between them, a window of bits, is kept. Tags, windows and
// bits lie apart from each other, so that each is read in its own steps.

using System.Runtime.InteropServices;

namespace Epiphany.Encoding;

/// <summary>
/// 16 bytes, little-endian, followed by a tag for each row, packed at 2 bits and padded to 8 bytes; the windows, 2 bytes each (zero bits
/// behind, bits), padded to 8 bytes; the bits of all rows one after another, padded to 8 bytes.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct GorillaHeader
{
    internal const int Size = 16;

    /// <summary>Tags: equal to the row before; bits in the same window; bits in the next window.</summary>
    internal const int Equal = 0;
    internal const int SameWindow = 1;
    internal const int NextWindow = 2;
    internal const int TagBits = 2;

    [FieldOffset(0)]
    internal ulong First;

    /// <summary>Bits of all rows: at most 64 each.</summary>
    [FieldOffset(8)]
    internal uint Bits;

    /// <summary>At most the rows. Bytes 14..15 are zero.</summary>
    [FieldOffset(12)]
    internal ushort Windows;

    internal static long TagBytes(int count) => (PackedLanes.Bytes(count, TagBits) + 7) / 8 * 8;

    internal static long WindowBytes(int windows) => ((windows * 2L) + 7) / 8 * 8;

    internal static long BitBytes(uint bits) => ((long)bits + 63) / 64 * 8;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct GorillaPlan(uint Bits, int Windows, int Count)
{
    public long Bytes =>
        GorillaHeader.Size + GorillaHeader.TagBytes(Count) + GorillaHeader.WindowBytes(Windows) + GorillaHeader.BitBytes(Bits);
}
