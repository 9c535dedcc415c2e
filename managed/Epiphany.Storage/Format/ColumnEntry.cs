// Storage layer, format. What the footer holds of each column.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>Flags of a column entry.</summary>
[Flags]
enum ColumnFlags : byte
{
    None = 0,

    /// <summary>Min and Max bound every value that is not null.</summary>
    HasZone = 1,

    /// <summary>Min is a true prefix of the smallest value.</summary>
    MinTruncated = 2,

    /// <summary>Max is a true prefix of the largest value, so it is not an upper bound by itself.</summary>
    MaxTruncated = 4,

    /// <summary>Sum is the exact sum of the values that are not null.</summary>
    HasSum = 8,

    /// <summary>Numeric: Min and Max are 8-byte integers, to be divided by 10^ZoneScale; so are those of the vectors.</summary>
    ZoneIsScaled = 16,
}

/// <summary>160 bytes, little-endian; what is not named is zero.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
unsafe struct ColumnEntry
{
    internal const int Size = 160;

    /// <summary><see cref="ColumnKind"/>.</summary>
    [FieldOffset(0)]
    internal byte Kind;

    /// <summary><see cref="Encoding.EncodingKind"/>.</summary>
    [FieldOffset(1)]
    internal byte Encoding;

    /// <summary><see cref="Storage.Codec"/> that some block of the chunk uses, or None.</summary>
    [FieldOffset(2)]
    internal byte Codec;

    [FieldOffset(3)]
    internal ColumnFlags Flags;

    /// <summary>Bytes of a FixedBytes value, else 0.</summary>
    [FieldOffset(4)]
    internal int FixedLength;

    /// <summary>Where the chunk starts in the group.</summary>
    [FieldOffset(8)]
    internal ulong Offset;

    /// <summary>Its bytes: index and blocks.</summary>
    [FieldOffset(16)]
    internal ulong StoredLength;

    /// <summary>Bytes of all its blocks before the codec.</summary>
    [FieldOffset(24)]
    internal ulong EncodedLength;

    /// <summary>Bytes of the values that are not null, as they came.</summary>
    [FieldOffset(32)]
    internal ulong RawLength;

    [FieldOffset(40)]
    internal uint NullCount;

    /// <summary>Distinct values that are not null, where known exactly; else 0.</summary>
    [FieldOffset(44)]
    internal uint DistinctCount;

    /// <summary>Bytes of the chunk's index, with which the chunk begins.</summary>
    [FieldOffset(48)]
    internal uint IndexLength;

    /// <summary>CRC-32C of the index, which holds the checksums of the blocks.</summary>
    [FieldOffset(52)]
    internal uint IndexCrc;

    /// <summary>A block holds 2^this vectors: 0 to 6.</summary>
    [FieldOffset(56)]
    internal byte BlockShift;

    [FieldOffset(57)]
    internal byte MinLength;

    [FieldOffset(58)]
    internal byte MaxLength;

    /// <summary>With ZoneIsScaled: 0 to 63.</summary>
    [FieldOffset(59)]
    internal byte ZoneScale;

    /// <summary>128-bit two's complement.</summary>
    [FieldOffset(64)]
    internal ulong SumLow;

    [FieldOffset(72)]
    internal ulong SumHigh;

    [FieldOffset(80)]
    internal fixed byte Min[GroupFormat.ZoneBytes];

    [FieldOffset(112)]
    internal fixed byte Max[GroupFormat.ZoneBytes];
}
