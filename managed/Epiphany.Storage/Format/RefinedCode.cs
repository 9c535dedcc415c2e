// Storage layer, format. A row's own code of a matrix: four bits a dimension, relative to the chunk's centroid, and what makes estimates of it. It is
// read alone, so it has a checksum of its own.

using System.Runtime.InteropServices;
using Epiphany.Kernels;
using Epiphany.Vector.Codes;

namespace Epiphany.Storage;

/// <summary>24 bytes, little-endian; the code follows.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct RefinedCode
{
    internal const int Size = 24;

    const int CrcOffset = 16;

    public const int Bits = 4;

    [FieldOffset(0)]
    public CodeFactors Factors;

    /// <summary>Of the row's length.</summary>
    [FieldOffset(12)]
    public float Square;

    /// <summary>Of what is before and of the code.</summary>
    [FieldOffset(CrcOffset)]
    internal uint Crc;

    internal static int Bytes(int padded) => Size + CodeLayout.CodeBytes(padded, Bits);

    public static byte* Code(RefinedCode* row) => (byte*)row + Size;

    internal static uint Checksum(RefinedCode* row, int padded)
    {
        uint crc = Crc32C.Compute((byte*)row, CrcOffset);
        return Crc32C.Extend(crc, Code(row), (ulong)CodeLayout.CodeBytes(padded, Bits));
    }
}
