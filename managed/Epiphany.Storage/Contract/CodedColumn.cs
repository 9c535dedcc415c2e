// Storage layer, contract. How a chunk's values can be tested without being decoded.

namespace Epiphany.Storage;

/// <summary>What tests are to be about.</summary>
public enum CodedForm
{
    /// <summary>Values have to be decoded.</summary>
    None,

    /// <summary>Integers: lanes, or NUMERIC's integers of 10^-Places.</summary>
    Integers,

    /// <summary>Each row has one of a few values.</summary>
    Entries,
}

/// <summary>What <see cref="RowGroupReader.Coded"/> found. Pointers live as long as the reader.</summary>
public unsafe struct CodedColumn
{
    public CodedForm Form { get; internal set; }

    /// <summary>Integers of NUMERIC are to be divided by 10^Places.</summary>
    public int Places { get; internal set; }

    /// <summary>Entries: their values, which are integers to be divided by 10^Scale if IsDecimal, else datums.</summary>
    public ulong* Table { get; internal set; }

    public int Count { get; internal set; }

    public bool IsDecimal { get; internal set; }

    public int Scale { get; internal set; }

    /// <summary>IsDecimal: no integer's magnitude is greater.</summary>
    public ulong Bound { get; internal set; }
}
