// Storage layer, contract. What is known of a vector's values without reading them.

namespace Epiphany.Storage;

/// <summary>What the least and the greatest are.</summary>
public enum BoundsKind
{
    /// <summary>Nothing is known.</summary>
    None,

    /// <summary>Integers.</summary>
    Integers,

    /// <summary>Numbers of entries that <see cref="RowGroupReader.Coded"/> shows.</summary>
    Codes,
}

/// <summary>Bounds of the values that are not null, of which there is one unless nothing is known.</summary>
public readonly record struct VectorBounds(BoundsKind Kind, long Min, long Max, int Nulls);
