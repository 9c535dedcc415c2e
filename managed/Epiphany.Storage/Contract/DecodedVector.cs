// Storage layer, contract. A decoded vector for those who compute with it: what is known of its values comes with them.

namespace Epiphany.Storage;

/// <summary>What <see cref="RowGroupReader.DecodeVector"/> found. Pointers live as long as the reader.</summary>
public unsafe struct DecodedVector
{
    public int Rows { get; internal set; }

    public bool HasNulls { get; internal set; }

    /// <summary>All rows have the same value, or all are null.</summary>
    public bool IsConstant { get; internal set; }

    /// <summary>Numeric only: values are integers to be divided by 10^Scale, and Scale is the display scale of each.</summary>
    public bool IsDecimal { get; internal set; }

    public int Scale { get; internal set; }

    /// <summary>IsDecimal: no integer's magnitude is greater.</summary>
    public ulong Bound { get; internal set; }

    /// <summary>The column is a dictionary of byte strings: codes were written, too, and the datums by code are here; null: it is not.</summary>
    public ulong* Table { get; internal set; }

    public int Entries { get; internal set; }

    /// <summary>Another one for each table of the process.</summary>
    public ulong TableId { get; internal set; }
}
