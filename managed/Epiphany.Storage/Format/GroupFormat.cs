// Storage layer, format. Numbers of the group's layout; README.md tells the whole of it. They never change: what is written stays readable.

namespace Epiphany.Storage;

/// <summary>Constants of the on-disk layout.</summary>
public static class GroupFormat
{
    /// <summary>"EPRG", little-endian.</summary>
    public const uint Magic = 0x47525045;

    public const ushort Version = 1;

    public const int MaxRows = 131072;

    /// <summary>Rows of every vector but the last.</summary>
    public const int VectorRows = 2048;

    public const int MaxVectors = MaxRows / VectorRows;

    /// <summary>Chunks, blocks and vector segments start at multiples of this.</summary>
    public const int Alignment = 8;

    /// <summary>Longest prefix in a zone map of byte strings.</summary>
    public const int ZoneBytes = 32;

    /// <summary>Longest byte string: what fits PostgreSQL's 30-bit length with its 4-byte header.</summary>
    public const uint MaxValueBytes = 0x3FFFFFFF - 4;

    internal static ulong Align(ulong length) => (length + (Alignment - 1)) & ~(ulong)(Alignment - 1);

    internal static int Vectors(int rows) => (rows + VectorRows - 1) / VectorRows;

    /// <summary>Rows of one vector of a group.</summary>
    public static int RowsOf(int rows, int vector) => System.Math.Min(VectorRows, rows - (vector * VectorRows));

    /// <summary>Footer of so many columns: header, entries, checksum padded to 8 bytes.</summary>
    internal static ulong FooterLength(int columns) => FooterHeader.Size + ((ulong)columns * ColumnEntry.Size) + 8;
}
