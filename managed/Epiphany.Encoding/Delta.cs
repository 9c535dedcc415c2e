// Encoding layer. Layout of a delta segment: header, then for each row (value - previous - smallest difference) modulo 2^64,
// bit-packed. Row 0 has no previous: its packed number is 0 and stands for the header's first value. Everything wraps, so any
// sequence is exact; sorted ones are small.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>24 bytes, little-endian, followed by the packed differences.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct DeltaHeader
{
    internal const int Size = 24;

    [FieldOffset(0)]
    internal ulong First;

    /// <summary>Smallest difference, as a signed number.</summary>
    [FieldOffset(8)]
    internal ulong Step;

    /// <summary>0 to 64. Bytes 17..23 are zero.</summary>
    [FieldOffset(16)]
    internal byte Width;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct DeltaPlan(ulong First, ulong Step, int Width, int Count)
{
    public long Bytes => DeltaHeader.Size + BitPacking.Bytes(Count, Width);
}
