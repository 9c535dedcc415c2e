// Execution layer, expressions. PostgreSQL's NUMERIC datums as integers of a power of ten.

using System;
using Epiphany.Encoding;

namespace Epiphany.Execution;

static class NumericReader
{
    const int MaxDigits = 5;

    /// <summary>Of those powers that are 64-bit integers, signs included.</summary>
    const int MaxPower = 18;

    /// <summary>10^exponent; 0 if that is no 64-bit integer.</summary>
    internal static long PowerOfTen(int exponent) => (uint)exponent <= MaxPower ? (long)PowersOfTen.Of(exponent) : 0;

    /// <summary>False: not a finite number, or its integer of 10^-display scale needs more than 64 bits.</summary>
    internal static bool TryRead(ulong datum, out long value, out int scale)
    {
        NumericParts parts = NumericParts.Of(datum);
        value = 0;
        scale = parts.Scale;

        // The last digit's unit is 10000^(weight of the last); below the display scale it has zeros only.
        int count = parts.Digits.Length;
        if (parts.IsSpecial || scale > NumericDatums.MaxScale || count > MaxDigits
            || !TryMagnitude(parts.Digits, scale + (4 * (parts.Weight - count + 1)), out ulong magnitude))
        {
            return false;
        }

        value = parts.IsNegative ? -(long)magnitude : (long)magnitude;
        return true;
    }

    /// <summary>Digits in base 10,000, times 10^exponent, if that is below 2^63.</summary>
    static bool TryMagnitude(ReadOnlySpan<ushort> digits, int exponent, out ulong magnitude)
    {
        magnitude = 0;
        if (digits.IsEmpty || exponent <= -4)
        {
            return digits.IsEmpty;
        }

        foreach (ushort digit in digits[..^1])
        {
            magnitude = (magnitude * 10000) + digit;
        }

        // Four digits are less than 10^16. What the last one has below the display scale goes before it can overflow.
        ulong unit = exponent >= 0 ? 10000 : 10000 / (ulong)PowerOfTen(-exponent);
        ulong factor = exponent >= 0 ? (ulong)PowerOfTen(exponent) : 1;
        ulong last = digits[^1] / (10000 / unit);
        ulong high = Math.BigMul(magnitude, unit, out ulong low);
        ulong sum = low + last;
        ulong over = Math.BigMul(sum, factor, out magnitude);
        return high == 0 && sum >= low && factor != 0 && over == 0 && magnitude <= long.MaxValue;
    }
}
