// Encoding layer. Layout of a frame-of-reference segment: header, then (value - base) modulo 2^64, bit-packed.
// Because both sides wrap, a vector that spans all of INT64 is exact: its differences are unsigned 64-bit numbers.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>16 bytes, little-endian, followed by the packed values.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct FrameOfReferenceHeader
{
    internal const int Size = 16;

    /// <summary>Smallest value of the vector.</summary>
    [FieldOffset(0)]
    internal ulong Base;

    /// <summary>0 to 64. Bytes 9..15 are zero.</summary>
    [FieldOffset(8)]
    internal byte Width;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct FrameOfReferencePlan(ulong Base, int Width, int Count)
{
    public long Bytes => FrameOfReferenceHeader.Size + BitPacking.Bytes(Count, Width);
}
