// Storage layer, contract. Codes of a column's vectors, for those who estimate distances before they read rows.

using Epiphany.Vector.Codes;

namespace Epiphany.Storage;

/// <summary>What <see cref="RowGroupReader.CodesOf"/> found: all codes are relative to one centroid. Pointers live as long as the reader.</summary>
public unsafe struct CodeShape
{
    /// <summary>Floats, or halves.</summary>
    public int ElementBytes { get; internal set; }

    public int Dimensions { get; internal set; }

    /// <summary>Of the rotation.</summary>
    public ulong Seed { get; internal set; }

    /// <summary>Rotated.</summary>
    public float* Centroid { get; internal set; }
}

/// <summary>Codes of one vector of a column; good until the same column's next.</summary>
public readonly unsafe struct VectorCodes
{
    readonly byte* _blocks;
    readonly int _padded;

    internal VectorCodes(byte* blocks, int padded, byte* nulls)
    {
        _blocks = blocks;
        _padded = padded;
        Nulls = nulls;
    }

    /// <summary>All rows are null.</summary>
    public bool IsEmpty => _blocks == null;

    /// <summary>A bit for each row, set for nulls, which have no code; null: there is none.</summary>
    public byte* Nulls { get; }

    /// <summary>The one-bit codes of 32 rows that are not null, as FastScan reads them.</summary>
    public byte* Block(int number) => _blocks + ((long)number * MatrixHeader.BlockBytes(_padded));

    public float* Factors(int number) => (float*)(Block(number) + CodeLayout.BlockBytes(_padded));

    /// <summary>The square of each one's length.</summary>
    public float* Squares(int number) => (float*)((byte*)Factors(number) + CodeLayout.BlockFactorBytes);
}

/// <summary>Codes that some rows have of their own.</summary>
public readonly unsafe struct RefinedCodes
{
    readonly byte* _first;
    readonly int _step;

    internal RefinedCodes(byte* first, int step)
    {
        _first = first;
        _step = step;
    }

    /// <summary>Rows have no such codes.</summary>
    public bool IsEmpty => _first == null;

    public RefinedCode* Row(int number) => (RefinedCode*)(_first + ((long)number * _step));
}
