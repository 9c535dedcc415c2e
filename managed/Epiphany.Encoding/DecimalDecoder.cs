// Encoding layer. Puts PostgreSQL's NUMERIC datums together from integers of one power of ten. Any integer gives a valid datum.

using System;

namespace Epiphany.Encoding;

/// <summary>Builds varlena datums of at most 18 bytes, each in its own slot.</summary>
public static unsafe class DecimalDecoder
{
    internal const uint ShortFormat = 0x8000;

    /// <summary>
    /// Turns integers into the addresses of their datums, in place.
    /// </summary>
    /// <param name="shape">The chunk's.</param>
    /// <param name="values">The integers; then the addresses.</param>
    /// <param name="codes">Each row's display scale by its number, checked; not looked at where the chunk has one.</param>
    /// <param name="count">How many.</param>
    /// <param name="datums">Room for as many slots of <see cref="DecimalShape.DatumBytes"/>.</param>
    public static void Build(in DecimalShape shape, ulong* values, ulong* codes, int count, byte* datums)
    {
        DecimalShape local = shape;
        uint header = ShortFormat | ((uint)local.Scales[0] << 7);
        bool oneScale = local.ScaleCount == 1;
        for (int i = 0; i < count; i++)
        {
            if (!oneScale)
            {
                header = ShortFormat | ((uint)local.Scales[codes[i]] << 7);
            }

            _ = BuildOne(local, (long)values[i], header, datums);
            values[i] = (ulong)datums;
            datums += DecimalShape.DatumBytes;
        }
    }

    /// <summary>
    /// Digits are written from the last to the first; those that would lie before the first fall on the headers, written afterwards. There is room
    /// for 18 bytes; returned is how many they are.
    /// </summary>
    internal static uint BuildOne(in DecimalShape shape, long value, uint header, byte* datum)
    {
        ulong negative = (ulong)(value >> 63);
        ulong magnitude = ((ulong)value ^ negative) - negative;
        ulong rest = Math.BigMul(magnitude, shape.LastReciprocal, out _) >> shape.LastShift;
        uint last = (uint)(magnitude - (rest * shape.LastUnit)) * shape.LastFactor;
        ushort* first = (ushort*)(datum + 6);
        int digits;
        if (rest < 100_000_000)
        {
            uint low = (uint)rest;
            uint high = low / 10000;
            digits = 1 + (low != 0 ? 1 : 0) + (high != 0 ? 1 : 0);
            first[digits - 3] = (ushort)high;
            first[digits - 2] = (ushort)(low - (high * 10000));
            if (last != 0)
            {
                // Most values: nothing is read of what was written just now.
                first[digits - 1] = (ushort)last;
                uint sign = ((uint)negative & 0x2000) | ((uint)(digits - 1 + shape.LowestWeight) & 0x7F);
                *(ushort*)(datum + 4) = (ushort)(header | sign);
                uint bytes = (uint)(6 + (2 * digits));
                *(uint*)datum = bytes << 2;
                return bytes;
            }
        }
        else
        {
            ulong upper = rest / 100_000_000;
            uint low = (uint)(rest - (upper * 100_000_000));
            uint high = low / 10000;
            uint middle = (uint)(upper / 10000);
            uint top = middle / 10000;
            digits = 4 + (middle != 0 ? 1 : 0) + (top != 0 ? 1 : 0);
            first[digits - 6] = (ushort)top;
            first[digits - 5] = (ushort)(middle - (top * 10000));
            first[digits - 4] = (ushort)(upper - ((ulong)middle * 10000));
            first[digits - 3] = (ushort)high;
            first[digits - 2] = (ushort)(low - (high * 10000));
        }

        first[digits - 1] = (ushort)last;
        int weight = digits - 1 + shape.LowestWeight;
        while (digits > 0 && first[digits - 1] == 0)
        {
            digits--;
        }

        // Zero has no digits, no weight and no sign.
        uint signAndWeight = digits == 0 ? 0 : ((uint)negative & 0x2000) | ((uint)weight & 0x7F);
        *(ushort*)(datum + 4) = (ushort)(header | signAndWeight);
        uint length = (uint)(6 + (2 * digits));
        *(uint*)datum = length << 2;
        return length;
    }
}
