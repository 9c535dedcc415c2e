// Encoding layer. Layout of a plain segment of byte strings: header, the strings' end offsets, the strings one after another.
// Ends are kept as their distance to a straight line from 0 to the data's length, in a frame of reference: strings of one length cost
// no bits, others the square root's worth of their spread, and any end is found in constant time.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>32 bytes, little-endian, followed by the packed distances and the data.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct PlainBytesHeader
{
    internal const int Size = 32;

    /// <summary>The line's slope has so many bits after the point.</summary>
    internal const int SlopeBits = 16;

    [FieldOffset(0)]
    internal ulong DataLength;

    /// <summary>Smallest distance, as a signed number.</summary>
    [FieldOffset(8)]
    internal ulong Base;

    /// <summary>Bytes a string, times 2^16.</summary>
    [FieldOffset(16)]
    internal ulong Slope;

    /// <summary>0 to 64. Bytes 25..31 are zero.</summary>
    [FieldOffset(24)]
    internal byte Width;

    /// <summary>Where the line is after string <paramref name="index"/>. Wraps on hostile bytes only, where the order check fails.</summary>
    internal static ulong Line(ulong slope, int index) => (slope * ((ulong)index + 1)) >> SlopeBits;
}

/// <summary>How one run of strings will be written.</summary>
public readonly record struct PlainBytesPlan(ulong DataLength, ulong Base, ulong Slope, int Width, int Count)
{
    public ulong Bytes => PlainBytesHeader.Size + (ulong)BitPacking.Bytes(Count, Width) + DataLength;
}
