// Execution layer, expressions. PostgreSQL's NUMERIC datums as integers of a power of ten; NumericDatums has the layout, and the way back.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Execution;

static unsafe class NumericReader
{
    const int Special = 0xC000;
    const int MaxDigits = 5;

    static ReadOnlySpan<long> Powers =>
    [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000, 1_000_000_000_000,
        10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ];

    /// <summary>10^exponent; 0 if that is no 64-bit integer.</summary>
    internal static long PowerOfTen(int exponent) => (uint)exponent < (uint)Powers.Length ? Powers[exponent] : 0;

    /// <summary>False: not a finite number, or its integer of 10^-display scale needs more than 64 bits.</summary>
    internal static bool TryRead(ulong datum, out long value, out int scale)
    {
        byte* bytes = (byte*)datum;
        bool hasShortLength = (*bytes & 1) != 0;
        byte* header = bytes + (hasShortLength ? 1 : 4);
        int length = hasShortLength ? (*bytes >> 1) - 1 : (int)(*(uint*)bytes >> 2) - 4;
        int head = Unsafe.ReadUnaligned<ushort>(header);
        value = 0;
        scale = 0;
        if (head >= Special)
        {
            return false;
        }

        bool isShort = (head & 0x8000) != 0;
        scale = isShort ? (head >> 7) & 0x3F : head & 0x3FFF;
        int weight = isShort ? ((head & 0x7F) ^ 0x40) - 0x40 : Unsafe.ReadUnaligned<short>(header + 2);
        byte* digits = header + (isShort ? 2 : 4);
        int count = (length - (isShort ? 2 : 4)) / sizeof(ushort);
        if (scale > NumericDatums.MaxScale || count > MaxDigits)
        {
            return false;
        }

        // The last digit's unit is 10000^lowest; below the display scale it has zeros only.
        if (!TryMagnitude(digits, count, scale + (4 * (weight - count + 1)), out ulong magnitude))
        {
            return false;
        }

        value = (head & (isShort ? 0x2000 : 0x4000)) != 0 ? -(long)magnitude : (long)magnitude;
        return true;
    }

    /// <summary>Digits in base 10,000, times 10^exponent, if that is below 2^63.</summary>
    static bool TryMagnitude(byte* digits, int count, int exponent, out ulong magnitude)
    {
        magnitude = 0;
        for (int i = 0; i < count - 1; i++)
        {
            magnitude = (magnitude * 10000) + Unsafe.ReadUnaligned<ushort>(digits + (i * sizeof(ushort)));
        }

        if (count == 0 || exponent <= -4)
        {
            return count == 0;
        }

        // Four digits are less than 10^16. What the last one has below the display scale goes before it can overflow.
        ulong unit = exponent >= 0 ? 10000 : 10000 / (ulong)PowerOfTen(-exponent);
        ulong factor = exponent >= 0 ? (ulong)PowerOfTen(exponent) : 1;
        ulong last = Unsafe.ReadUnaligned<ushort>(digits + ((count - 1) * sizeof(ushort))) / (10000 / unit);
        ulong high = Math.BigMul(magnitude, unit, out ulong low);
        ulong sum = low + last;
        ulong over = Math.BigMul(sum, factor, out magnitude);
        return high == 0 && sum >= low && factor != 0 && over == 0 && magnitude <= long.MaxValue;
    }
}
