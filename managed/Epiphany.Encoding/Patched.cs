// Encoding layer. Layout of a patched segment: lanes in a frame of reference that suits most of them; the others are kept as they are.
// What is packed are the values (order 0), their differences (order 1) or the differences of these (order 2), all modulo 2^64.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>
/// 32 bytes, little-endian, followed by the packed lanes less the base, padded to 8 bytes, the exceptions' rows, ascending, 16 bits each,
/// padded to 8 bytes, and the exceptions' lanes. Lanes that the header stands for are packed as zero.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct PatchedHeader
{
    internal const int Size = 32;

    [FieldOffset(0)]
    internal ulong Base;

    /// <summary>Orders 1 and 2: the first value.</summary>
    [FieldOffset(8)]
    internal ulong First;

    /// <summary>Order 2: the second value less the first.</summary>
    [FieldOffset(16)]
    internal ulong FirstDifference;

    /// <summary>0 to 2.</summary>
    [FieldOffset(24)]
    internal byte Order;

    /// <summary>0 to 64.</summary>
    [FieldOffset(25)]
    internal byte Width;

    /// <summary>At most the rows. Bytes 28..31 are zero.</summary>
    [FieldOffset(26)]
    internal ushort Exceptions;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct PatchedPlan(int Order, ulong Base, int Width, int Exceptions, int Count)
{
    public long Bytes => ExceptionsOffset(Count, Width) + RowsBytes(Exceptions) + (8L * Exceptions);

    internal static long ExceptionsOffset(int count, int width) => PatchedHeader.Size + ((BitPacking.Bytes(count, width) + 7) / 8 * 8);

    internal static long RowsBytes(int exceptions) => ((exceptions * 2L) + 7) / 8 * 8;
}
