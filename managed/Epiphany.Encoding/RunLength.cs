// Encoding layer. Layout of a run-length segment: header, the rows' number after each run (16 bits each, ascending, the last one the
// vector's rows) padded to 8 bytes, then each run's value in a frame of reference.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>16 bytes, little-endian, followed by the ends and the packed values.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct RunLengthHeader
{
    internal const int Size = 16;

    [FieldOffset(0)]
    internal ulong Base;

    [FieldOffset(8)]
    internal ushort Runs;

    /// <summary>0 to 64. Bytes 11..15 are zero.</summary>
    [FieldOffset(10)]
    internal byte Width;

    internal static long EndsBytes(int runs) => (runs * 2 + 7) / 8 * 8;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct RunLengthPlan(int Runs, ulong Base, int Width, int Count)
{
    public long Bytes => RunLengthHeader.Size + RunLengthHeader.EndsBytes(Runs) + BitPacking.Bytes(Runs, Width);
}
