// Storage layer, contract. What decoding a vector of a column takes of the host's memory.

namespace Epiphany.Storage;

/// <summary>Bytes, all at most.</summary>
public readonly record struct VectorMemory
{
    /// <summary>The column's blocks before the codec; kept until another one is needed.</summary>
    public ulong Blocks { get; init; }

    /// <summary>Besides, as long as they are being read.</summary>
    public ulong Reading { get; init; }

    /// <summary>Besides, values of the whole vector, until the next decode; a single row takes what its value does.</summary>
    public ulong Values { get; init; }
}
