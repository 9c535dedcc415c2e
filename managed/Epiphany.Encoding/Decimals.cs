// Encoding layer. Layout of a chunk of decimal numbers: PostgreSQL's NUMERIC payloads as integers that share one power of ten.
// The chunk's shared bytes say how many decimal places the integers have, how they are encoded in turn, and which display scales occur;
// a segment holds each row's display scale as a code (no bits where there is only one), then the integers.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Epiphany.Encoding;

/// <summary>8 bytes, little-endian, followed by the display scales, one byte each, ascending.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct DecimalHeader
{
    internal const int Size = 8;

    /// <summary>A value is its integer divided by 10^this: 0 to 63.</summary>
    [FieldOffset(0)]
    internal byte Places;

    /// <summary>How many display scales: 1 to 64.</summary>
    [FieldOffset(1)]
    internal byte Scales;

    /// <summary>Encoding of the integers: run length, frame of reference, delta, delta of delta, patched or wide. Bytes 3..7 are zero.</summary>
    [FieldOffset(2)]
    internal byte Integers;
}

/// <summary>
/// What a chunk's shared bytes say, ready for decoding. The scales point into them, so it lives as long as they do.
/// </summary>
public readonly unsafe struct DecimalShape
{
    /// <summary>Short NUMERIC headers have six bits for the display scale; other values are not stored as decimals.</summary>
    public const int MaxScale = 63;

    /// <summary>Digits in base 10,000 of any 63-bit integer, wherever the decimal point falls between them.</summary>
    public const int MaxDigits = 6;

    /// <summary>Digits in base 10,000 of any 127-bit integer.</summary>
    public const int MaxWideDigits = 11;

    /// <summary>From one datum to the next: varlena header 4, numeric header 2, digits 12, aligned to 8.</summary>
    public const int DatumBytes = 24;

    DecimalShape(DecimalHeader* header)
    {
        Integers = (EncodingKind)header->Integers;
        ScaleCount = header->Scales;
        Scales = (byte*)header + DecimalHeader.Size;
        Places = header->Places;
        // The last base-10,000 digit holds 1 to 4 of the integer's decimal digits, the point being at a digit's border.
        int inLast = Places % 4 == 0 ? 4 : Places % 4;
        LowestWeight = -((Places + 3) / 4);
        LastUnit = (uint)PowersOfTen.Of(inLast);
        LastFactor = (uint)PowersOfTen.Of(4 - inLast);
        // floor(x / d) = floor(x m / 2^(64 + s)) for x up to 2^63 with s = floor(log2 d), m = ceil(2^(64 + s) / d): m d exceeds
        // 2^(64 + s) by less than d < 2^(s + 1), which times 2^63 stays below 2^(64 + s).
        LastShift = System.Numerics.BitOperations.Log2(LastUnit);
        LastReciprocal = (ulong)(((System.UInt128.One << (64 + LastShift)) / LastUnit) + 1);
    }

    public EncodingKind Integers { get; }

    public int ScaleCount { get; }

    public int Places { get; }

    internal byte* Scales { get; }

    /// <summary>The one display scale, where ScaleCount is 1.</summary>
    public int OneScale => Scales[0];

    /// <summary>Weight of the last base-10,000 digit that an integer has.</summary>
    internal int LowestWeight { get; }

    internal uint LastUnit { get; }

    internal uint LastFactor { get; }

    internal int LastShift { get; }

    internal ulong LastReciprocal { get; }

    public static int Bytes(int scales) => DecimalHeader.Size + scales;

    public static void Write(int places, EncodingKind integers, byte* scales, int count, byte* destination)
    {
        *(DecimalHeader*)destination = new DecimalHeader { Places = (byte)places, Scales = (byte)count, Integers = (byte)integers };
        for (int i = 0; i < count; i++)
        {
            destination[DecimalHeader.Size + i] = scales[i];
        }
    }

    public static Fault Read(byte* bytes, ulong length, out DecimalShape shape)
    {
        shape = default;
        if (length < DecimalHeader.Size || length < (ulong)Bytes(bytes[1]))
        {
            return Fault.SegmentTooShort;
        }

        DecimalHeader* header = (DecimalHeader*)bytes;
        bool possible = header->Places <= MaxScale && header->Scales is >= 1 and <= MaxScale + 1
            && (EncodingKind)header->Integers is EncodingKind.RunLength or EncodingKind.FrameOfReference or EncodingKind.Delta
                or EncodingKind.DeltaOfDelta or EncodingKind.Patched or EncodingKind.Wide;
        for (int i = 0; possible && i < header->Scales; i++)
        {
            possible = bytes[DecimalHeader.Size + i] <= MaxScale;
        }

        if (!possible)
        {
            return Fault.ScaleOutOfRange;
        }

        shape = new DecimalShape(header);
        return Fault.None;
    }

    /// <summary>Bytes of a segment's codes; the integers follow.</summary>
    public static long CodeBytes(int rows, int scales) => (PackedLanes.Bytes(rows, PackedLanes.CodeWidth((uint)scales)) + 7) / 8 * 8;
}

/// <summary>Powers of ten that fit 64 bits.</summary>
public static class PowersOfTen
{
    /// <summary>10^19 is the largest.</summary>
    public const int Max = 19;

    static readonly ulong[] s_powers =
    [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(int exponent) => s_powers[exponent];
}
