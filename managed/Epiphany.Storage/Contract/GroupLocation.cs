// Storage layer, contract. Where a stored group's footer lies, as the directory tells it, and what the footer tells of a chunk.

using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>A stored group. <paramref name="Columns"/> is what it was written with; the table may have more by now.</summary>
public readonly record struct GroupLocation(ulong Length, ulong FooterOffset, uint FooterLength, int Rows, int Columns);

/// <summary>One chunk (a column of a group). Pointers live as long as the reader.</summary>
public unsafe struct ChunkInfo
{
    public ulong Offset { get; internal set; }

    /// <summary>Bytes in the group, the chunk's index included.</summary>
    public ulong StoredBytes { get; internal set; }

    /// <summary>Of those the first, which are the chunk's index.</summary>
    public int IndexBytes { get; internal set; }

    /// <summary>Bytes before the codec.</summary>
    public ulong EncodedBytes { get; internal set; }

    /// <summary>Bytes of the plain values.</summary>
    public ulong RawBytes { get; internal set; }

    public int Nulls { get; internal set; }

    public Codec Codec { get; internal set; }

    /// <summary>As written.</summary>
    public ColumnKind Kind { get; internal set; }

    public EncodingKind Encoding { get; internal set; }

    /// <summary>NUL-terminated ASCII that lives as long as the process.</summary>
    public byte* EncodingName { get; internal set; }

    /// <summary>
    /// Zone map, null where unknown. Integers: 8 bytes, sign-extended; floats: 8 bytes of a double; others: a prefix in byte order.
    /// Numeric: 8 bytes, an integer to be divided by 10^ZoneScale.
    /// </summary>
    public byte* Min { get; internal set; }

    public int MinLength { get; internal set; }

    public byte* Max { get; internal set; }

    public int MaxLength { get; internal set; }

    public int ZoneScale { get; internal set; }

    /// <summary>The prefix is shorter than the value that it bounds.</summary>
    public bool MinTruncated { get; internal set; }

    public bool MaxTruncated { get; internal set; }

    /// <summary>Exact sum of an integer chunk, or of a Numeric's integers, to be divided by 10^ZoneScale; false where there is none.</summary>
    public bool HasSum { get; internal set; }

    public System.Int128 Sum { get; internal set; }
}
