// Tiering layer. Rows of one column as they cross to and from the host: the same for reading and writing.

using System.Runtime.InteropServices;

namespace Epiphany.Tiering;

/// <summary>
/// Without lists an element is a row. Laid out as the boundary's struct of that name. Read ones are valid until the reader is asked again.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ParquetVector
{
    /// <summary>Integers sign-extended, floats as their bits (Float sign-extended from 32), booleans 0 or 1, bytes as addresses.</summary>
    public ulong* Values;

    /// <summary>Of bytes.</summary>
    public int* Lengths;

    /// <summary>Not 0: the element is null.</summary>
    public byte* Nulls;

    /// <summary>Of lists: elements of each row, one after another in the arrays above; -1: the list itself is null.</summary>
    public int* Lists;

    public int Elements;

    public int Reserved;
}

/// <summary>Row groups read and skipped, rows of both groups and pages skipped, bytes asked for. Laid out as the boundary's struct.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ParquetCounts
{
    public long Groups;
    public long GroupsSkipped;
    public long RowsSkipped;
    public long Bytes;
}
