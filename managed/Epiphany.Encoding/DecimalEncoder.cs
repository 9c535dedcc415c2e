// Encoding layer. Takes PostgreSQL's NUMERIC payloads apart. Only the one form that PostgreSQL itself gives a small number is accepted
// (short header, no zero digit first or last), so that the decoder's result is the payload, byte for byte.

using System;

namespace Epiphany.Encoding;

/// <summary>Payloads as integers: first how many decimal places each needs, then the integers at the most of them.</summary>
public static unsafe class DecimalEncoder
{
    const int FormatMask = 0xC000;
    const int ShortFormat = 0x8000;

    /// <summary>
    /// The display scale and the decimal places that are not zero; false for NaN, infinities, long headers, too many digits, and anything
    /// that PostgreSQL does not write.
    /// </summary>
    public static bool Measure(byte* payload, uint length, out int scale, out int places)
    {
        scale = places = 0;
        if (length is < 2 or > 2 + (2 * DecimalShape.MaxWideDigits) || length % 2 != 0)
        {
            return false;
        }

        int header = *(ushort*)payload;
        if ((header & FormatMask) != ShortFormat)
        {
            return false;
        }

        scale = (header >> 7) & DecimalShape.MaxScale;
        int digits = (int)(length / 2) - 1;
        if (digits == 0)
        {
            return (header & 0x207F) == 0;
        }

        ushort* digit = (ushort*)payload + 1;
        for (int i = 0; i < digits; i++)
        {
            if (digit[i] > 9999)
            {
                return false;
            }
        }

        uint last = digit[digits - 1];
        if (digit[0] == 0 || last == 0)
        {
            return false;
        }

        int lastWeight = Weight(header) - (digits - 1);
        if (lastWeight < 0)
        {
            places = (-4 * lastWeight) - (last % 10 != 0 ? 0 : last % 100 != 0 ? 1 : last % 1000 != 0 ? 2 : 3);
        }

        return places <= DecimalShape.MaxScale;
    }

    /// <summary>
    /// <see cref="Measure"/> and <see cref="ToInteger"/> at once for most numbers: up to three digits, and not far from the point. False says
    /// only that it takes those two to know.
    /// </summary>
    /// <param name="payload">Readable for eight bytes.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="places">Decimal places of the integer.</param>
    /// <param name="scale">The display scale.</param>
    /// <param name="value">The integer.</param>
    public static bool TryRead(byte* payload, uint length, int places, out int scale, out long value)
    {
        scale = 0;
        value = 0;
        if (length is not (2 or 4 or 6 or 8))
        {
            return false;
        }

        ulong word = *(ulong*)payload;
        int header = (ushort)word;
        if (length == 2)
        {
            scale = (header >> 7) & DecimalShape.MaxScale;
            return (header & (FormatMask | 0x207F)) == ShortFormat;
        }

        uint digits = (length / 2) - 1;
        uint last = (uint)(word >> (int)(16 * digits)) & 0xFFFF;
        uint first = (ushort)(word >> 16);
        uint middle = digits == 3 ? (ushort)(word >> 32) : 0u;
        int exponent = places + (4 * (Weight(header) - ((int)digits - 1)));
        bool possible = (header & FormatMask) == ShortFormat && first - 1 < 9999 && last - 1 < 9999 && middle <= 9999;
        if (!possible || exponent is < -3 or > 6)
        {
            return false;
        }

        // What stands before the last digit; below 10^8, and all of it below 10^12.
        ulong upper = digits == 1 ? 0 : digits == 2 ? first : (first * 10000UL) + middle;
        ulong magnitude;
        if (exponent >= 0)
        {
            magnitude = ((upper * 10000) + last) * PowersOfTen.Of(exponent);
        }
        else
        {
            uint unit = (uint)PowersOfTen.Of(-exponent);
            uint kept = last / unit;
            if (kept * unit != last)
            {
                return false;
            }

            magnitude = (upper * PowersOfTen.Of(4 + exponent)) + kept;
        }

        scale = (header >> 7) & DecimalShape.MaxScale;
        value = (header & 0x2000) != 0 ? -(long)magnitude : (long)magnitude;
        return true;
    }

    /// <summary>The integer of a measured payload at no fewer places than it needs; false where 63 bits do not hold it.</summary>
    public static bool ToInteger(byte* payload, uint length, int places, out long value)
    {
        value = 0;
        int digits = (int)(length / 2) - 1;
        if (digits is 0 or > DecimalShape.MaxDigits)
        {
            return digits == 0;
        }

        int header = *(ushort*)payload;
        ushort* digit = (ushort*)payload + 1;
        bool isNegative = (header & 0x2000) != 0;
        int exponent = places + (4 * (Weight(header) - (digits - 1)));
        if (digits <= 3 && exponent <= 6)
        {
            // Below 10^12 times 10^6: most numbers are like this.
            ulong small = digit[0];
            for (int i = 1; i < digits; i++)
            {
                small = (small * 10000) + digit[i];
            }

            small = exponent < 0 ? small / PowersOfTen.Of(-exponent) : small * PowersOfTen.Of(exponent);
            value = isNegative ? -(long)small : (long)small;
            return true;
        }

        UInt128 magnitude = digit[0];
        for (int i = 1; i < digits; i++)
        {
            magnitude = (magnitude * 10000) + digit[i];
        }

        if (exponent < 0)
        {
            // At least -3, and exact: the places cover all digits that are not zero.
            magnitude /= PowersOfTen.Of(-exponent);
        }
        else if (exponent > PowersOfTen.Max || magnitude > long.MaxValue)
        {
            return false;
        }
        else
        {
            magnitude *= PowersOfTen.Of(exponent);
        }

        if (magnitude > long.MaxValue)
        {
            return false;
        }

        value = isNegative ? -(long)magnitude : (long)magnitude;
        return true;
    }

    /// <summary>As <see cref="ToInteger"/>; false where 127 bits do not hold it.</summary>
    public static bool ToWide(byte* payload, uint length, int places, out Int128 value)
    {
        value = 0;
        int digits = (int)(length / 2) - 1;
        if (digits == 0)
        {
            return true;
        }

        int header = *(ushort*)payload;
        ushort* digit = (ushort*)payload + 1;
        UInt128 magnitude = 0;
        for (int i = 0; i < digits; i++)
        {
            if (magnitude > (UInt128)Int128.MaxValue / 10000)
            {
                return false;
            }

            magnitude = (magnitude * 10000) + digit[i];
        }

        int exponent = places + (4 * (Weight(header) - (digits - 1)));
        for (; exponent < 0; exponent++)
        {
            magnitude /= 10;
        }

        for (; exponent > 0; exponent--)
        {
            if (magnitude > (UInt128)Int128.MaxValue / 10)
            {
                return false;
            }

            magnitude *= 10;
        }

        if (magnitude > (UInt128)Int128.MaxValue)
        {
            return false;
        }

        value = (header & 0x2000) != 0 ? -(Int128)magnitude : (Int128)magnitude;
        return true;
    }

    /// <summary>Seven bits, two's complement.</summary>
    static int Weight(int header) => ((header & 0x7F) ^ 0x40) - 0x40;
}
