// Storage layer, format. The head of a footer.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>64 bytes, little-endian; what is not named is zero.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
struct FooterHeader
{
    internal const int Size = 64;

    [FieldOffset(0)]
    internal uint Magic;

    [FieldOffset(4)]
    internal ushort Version;

    /// <summary>Bytes of this header.</summary>
    [FieldOffset(6)]
    internal ushort HeaderSize;

    [FieldOffset(8)]
    internal uint Rows;

    [FieldOffset(12)]
    internal uint Columns;

    /// <summary>Rows of a vector.</summary>
    [FieldOffset(16)]
    internal uint VectorRows;

    /// <summary>Bytes of each entry that follows.</summary>
    [FieldOffset(20)]
    internal uint EntrySize;

    /// <summary>Bytes before the footer, so that a footer cannot be taken for another group's.</summary>
    [FieldOffset(24)]
    internal ulong FooterOffset;
}
