// Storage layer, contract. How a column's values are stored, whatever their SQL type; the numbers are on disk.

namespace Epiphany.Storage;

/// <summary>Physical kind of a column. Values never change meaning: they are written in every footer.</summary>
public enum ColumnKind
{
    Bool = 1,
    Int8 = 2,
    Int16 = 3,
    Int32 = 4,
    Int64 = 5,
    Float32 = 6,
    Float64 = 7,

    /// <summary>Passed by reference, every value of the same length.</summary>
    FixedBytes = 8,

    /// <summary>A varlena, stored without its header.</summary>
    VarBytes = 9,

    /// <summary>Bytes up to a NUL, stored without it.</summary>
    CString = 10,

    /// <summary>A varlena that holds PostgreSQL's NUMERIC; its values may be kept as integers of one power of ten.</summary>
    Numeric = 11,
}

/// <summary>One column as the table declares it; <paramref name="FixedLength"/> counts only for FixedBytes.</summary>
public readonly record struct ColumnShape(ColumnKind Kind, int FixedLength);

/// <summary>Block compression over a chunk's encoding; the numbers are on disk.</summary>
public enum Codec
{
    None = 0,
    Lz4 = 1,
    Zstd = 2,
}
