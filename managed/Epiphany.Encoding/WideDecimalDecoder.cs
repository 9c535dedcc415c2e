// Encoding layer. Puts PostgreSQL's NUMERIC datums together from 128-bit integers of one power of ten. Any integer gives a valid datum.

using System;

namespace Epiphany.Encoding;

/// <summary>Builds varlena datums of at most 28 bytes, each in its own slot.</summary>
public static unsafe class WideDecimalDecoder
{
    /// <summary>From one datum to the next: varlena header 4, numeric header 2, digits 22, aligned to 8.</summary>
    public const int DatumBytes = 32;

    const uint ShortFormat = 0x8000;

    /// <summary>Turns integers into the addresses of their datums, in place of the lower halves.</summary>
    /// <param name="shape">The chunk's.</param>
    /// <param name="lows">The lower halves; then the addresses.</param>
    /// <param name="highs">The upper halves.</param>
    /// <param name="codes">Each row's display scale by its number, checked; not looked at where the chunk has one.</param>
    /// <param name="count">How many.</param>
    /// <param name="datums">Room for as many slots of <see cref="DatumBytes"/>.</param>
    public static void Build(in DecimalShape shape, ulong* lows, ulong* highs, ulong* codes, int count, byte* datums)
    {
        for (int i = 0; i < count; i++)
        {
            uint scale = shape.Scales[shape.ScaleCount == 1 ? 0 : codes[i]];
            BuildOne(shape, WideIntegers.Value(lows, highs, i), ShortFormat | (scale << 7), datums);
            lows[i] = (ulong)datums;
            datums += DatumBytes;
        }
    }

    static void BuildOne(in DecimalShape shape, Int128 value, uint header, byte* datum)
    {
        bool isNegative = Int128.IsNegative(value);
        UInt128 magnitude = isNegative ? UInt128.Zero - (UInt128)value : (UInt128)value;
        (UInt128 rest, UInt128 last) = UInt128.DivRem(magnitude, shape.LastUnit);

        // From the last digit to the first, in front of a place where eleven end.
        ushort* room = stackalloc ushort[DecimalShape.MaxWideDigits];
        ushort* end = room + DecimalShape.MaxWideDigits;
        ushort* first = end - 1;
        *first = (ushort)((uint)last * shape.LastFactor);
        while (rest != UInt128.Zero)
        {
            (rest, UInt128 digit) = UInt128.DivRem(rest, 10000);
            *--first = (ushort)digit;
        }

        int digits = (int)(end - first);
        int weight = digits - 1 + shape.LowestWeight;
        while (digits > 0 && first[digits - 1] == 0)
        {
            digits--;
        }

        // Zero has no digits, no weight and no sign.
        uint signAndWeight = digits == 0 ? 0 : (isNegative ? 0x2000U : 0) | ((uint)weight & 0x7F);
        *(uint*)datum = (uint)(6 + (2 * digits)) << 2;
        *(ushort*)(datum + 4) = (ushort)(header | signAndWeight);
        new ReadOnlySpan<ushort>(first, digits).CopyTo(new Span<ushort>(datum + 6, digits));
    }
}
