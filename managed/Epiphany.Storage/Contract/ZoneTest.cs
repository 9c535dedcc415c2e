// Storage layer, contract. What can be asked of a group's zone maps: which values a row that is looked for must have.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>What a test asks of a column, and in which order its values and bounds compare.</summary>
public enum ZoneOrder
{
    /// <summary>By-value kinds as signed integers.</summary>
    Integers = 1,

    /// <summary>PostgreSQL's order: NaN is equal to NaN and above everything.</summary>
    Floats = 2,

    /// <summary>memcmp, the shorter first.</summary>
    Bytes = 3,

    /// <summary>NUMERIC; bounds are payloads.</summary>
    Numeric = 4,

    /// <summary>No ranges: the value must be null.</summary>
    IsNull = 5,

    /// <summary>No ranges: the value must not be null.</summary>
    IsNotNull = 6,
}

/// <summary>Values from a bound to another, both included. Laid out as the boundary's struct of that name.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ZoneRange
{
    /// <summary>Integers: an i64; Floats: the bits of a double.</summary>
    public ulong Low;

    public ulong High;

    /// <summary>Bytes and Numeric; null: no bound.</summary>
    public byte* LowBytes;

    public byte* HighBytes;

    public int LowLength;

    public int HighLength;
}

/// <summary>A column's value must lie in one of the ranges. Laid out as the boundary's struct of that name.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ZoneTest
{
    public int Column;

    public ZoneOrder Order;

    public ZoneRange* Ranges;

    public int Count;

    public int Reserved;
}
