// Execution layer, operators. Exact results of numeric aggregates, with the display scales that PostgreSQL gives them (numeric.c).

using System;
using System.Globalization;
using System.Numerics;
using Epiphany.Encoding;

namespace Epiphany.Execution;

static unsafe class AggregateNumerics
{
    const int MinSignificantDigits = 16;
    const int MaxDisplayScale = 1000;
    const int MaxPower = PowersOfTen.Max;

    /// <summary>sum / 10^scale, displayed with <paramref name="display"/> places, divided by a count as numeric_div does.</summary>
    internal static ulong Average(Int128 sum, int scale, int display, long count, Arena arena)
    {
        UInt128 magnitude = Int128.IsNegative(sum) ? UInt128.Zero - (UInt128)sum : (UInt128)sum;
        if (magnitude <= ulong.MaxValue)
        {
            int places = NumericQuotients.Places((ulong)magnitude, scale, (ulong)count, 0, display);
            if (places >= scale && places - scale <= MaxPower && places <= NumericDatums.MaxScale)
            {
                (UInt128 quotient, UInt128 rest) = UInt128.DivRem(magnitude * PowersOfTen.Of(places - scale), (ulong)count);
                quotient += rest >= (ulong)count - (UInt128)rest ? UInt128.One : UInt128.Zero;
                return Write(Int128.IsNegative(sum) ? -(Int128)quotient : (Int128)quotient, places, arena);
            }
        }

        return Average((BigInteger)sum, scale, display, count, arena);
    }

    internal static ulong Average(BigInteger sum, int scale, int display, long count, Arena arena)
    {
        BigInteger quotient = Quotient(sum, scale, display, count, out int places);
        return Write(quotient, places, places, arena);
    }

    /// <summary>value / 10^scale divided by an integer, rounded as numeric_div rounds, to the places that it would choose.</summary>
    internal static BigInteger Quotient(BigInteger value, int scale, int display, BigInteger divisor, out int places)
    {
        (int weight, uint first) = Leading(value, scale);
        (int divisorWeight, uint divisorFirst) = Leading(divisor, 0);
        places = QuotientScale(weight, first, divisorWeight, divisorFirst, display);
        BigInteger numerator = BigInteger.Abs(value);
        if (places >= scale)
        {
            numerator *= BigInteger.Pow(10, places - scale);
        }
        else
        {
            divisor *= BigInteger.Pow(10, scale - places);
        }

        BigInteger quotient = BigInteger.DivRem(numerator, divisor, out BigInteger rest);
        quotient += rest * 2 >= divisor ? BigInteger.One : BigInteger.Zero;
        return value.Sign < 0 ? -quotient : quotient;
    }

    /// <summary>The root of value / 10^scale, rounded to as many places.</summary>
    internal static BigInteger Root(BigInteger value, int scale)
    {
        // One place more, cut off, tells how to round.
        BigInteger square = value * BigInteger.Pow(10, scale + 2);
        if (square.IsZero)
        {
            return square;
        }

        // Newton's method, from above.
        BigInteger root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
        for (BigInteger next = (root + (square / root)) / 2; next < root; next = (root + (square / root)) / 2)
        {
            root = next;
        }

        return (root + 5) / 10;
    }

    internal static BigInteger Scaled(BigInteger value, int scale, int wanted) =>
        wanted == scale ? value : value * BigInteger.Pow(10, wanted - scale);

    /// <summary>Up to 10^38.</summary>
    internal static UInt128 PowerOfTen(int exponent) =>
        exponent <= MaxPower ? PowersOfTen.Of(exponent) : (UInt128)PowersOfTen.Of(MaxPower) * PowersOfTen.Of(exponent - MaxPower);

    /// <summary>NaN or an infinity, by its header.</summary>
    internal static ulong WriteSpecial(ushort header, Arena arena)
    {
        byte* datum = arena.Take(6);
        *(uint*)datum = 6 << 2;
        *(ushort*)(datum + 4) = header;
        return (ulong)datum;
    }

    /// <summary>value / 10^scale, where scale is no more than NumericDatums.MaxScale.</summary>
    internal static ulong Write(Int128 value, int scale, Arena arena)
    {
        byte* datum = arena.Take(NumericDatums.MaxBytes);
        NumericDatums.Write(value, scale, datum);
        return (ulong)datum;
    }

    /// <summary>value / 10^scale, shown with <paramref name="display"/> places; what lies beyond those is zeros.</summary>
    internal static ulong Write(BigInteger value, int scale, int display, Arena arena)
    {
        ushort[] digits = Digits(value, scale, out int weight);
        int count = digits.AsSpan().TrimEnd((ushort)0).Length;
        bool isNegative = value.Sign < 0;
        bool isShort = display <= NumericDatums.MaxScale && weight is >= -64 and <= 63;
        int header = isShort ? 6 : 8;
        byte* datum = arena.Take((nuint)(header + (2 * count)));
        *(uint*)datum = (uint)(header + (2 * count)) << 2;
        if (isShort)
        {
            *(ushort*)(datum + 4) = (ushort)(0x8000 | (isNegative ? 0x2000 : 0) | (display << 7) | (weight & 0x7F));
        }
        else
        {
            *(ushort*)(datum + 4) = (ushort)((isNegative ? 0x4000 : 0) | display);
            *(short*)(datum + 6) = (short)weight;
        }

        digits.AsSpan(0, count).CopyTo(new Span<ushort>(datum + header, count));
        return (ulong)datum;
    }

    /// <summary>Base-10,000 digits of value / 10^scale around the point, the first one not zero; there may be zeros at the end.</summary>
    internal static ushort[] Digits(BigInteger value, int scale, out int weight)
    {
        int below = (scale + 3) / 4;
        BigInteger rest = BigInteger.Abs(value) * PowersOfTen.Of((4 * below) - scale);
        string text = rest.IsZero ? "" : rest.ToString(CultureInfo.InvariantCulture);
        var digits = new ushort[(text.Length + 3) / 4];
        for (int i = 0; i < digits.Length; i++)
        {
            int end = text.Length - (4 * (digits.Length - 1 - i));
            digits[i] = ushort.Parse(text.AsSpan(Math.Max(0, end - 4)..end), CultureInfo.InvariantCulture);
        }

        weight = digits.Length == 0 ? 0 : digits.Length - 1 - below;
        return digits;
    }

    /// <summary>The integer that a numeric is when divided by 10^scale; at most eight digits around the point.</summary>
    internal static bool TryInteger(NumericParts parts, out Int128 value, out int scale)
    {
        const int MaxDigits = 8;
        int below = parts.Digits.Length - 1 - parts.Weight;
        value = 0;
        scale = Math.Max(0, 4 * below);
        if (parts.Digits.Length > MaxDigits || parts.Weight >= MaxDigits || below > MaxDigits)
        {
            return false;
        }

        foreach (ushort digit in parts.Digits)
        {
            value = (value * 10000) + digit;
        }

        for (int i = below; i < 0; i++)
        {
            value *= 10000;
        }

        // As it is displayed, where that is possible: sums of values of one display scale have that scale.
        UInt128 power = PowerOfTen(Math.Min(Math.Abs(scale - parts.Scale), MaxPower));
        if (value <= long.MaxValue && power <= long.MaxValue)
        {
            long small = (long)value;
            if (scale > parts.Scale && small % (long)power == 0)
            {
                value = small / (long)power;
                scale = parts.Scale;
            }
            else if (scale < parts.Scale && parts.Scale - scale <= MaxPower)
            {
                value *= (Int128)power;
                scale = parts.Scale;
            }
        }

        value = parts.IsNegative ? -value : value;
        return true;
    }

    internal static BigInteger Integer(NumericParts parts, out int scale)
    {
        int below = parts.Digits.Length - 1 - parts.Weight;
        BigInteger value = BigInteger.Zero;
        foreach (ushort digit in parts.Digits)
        {
            value = (value * 10000) + digit;
        }

        scale = Math.Max(0, 4 * below);
        value *= BigInteger.Pow(10000, Math.Max(0, -below));
        return parts.IsNegative ? -value : value;
    }

    /// <summary>select_div_scale; the divisor is an integer.</summary>
    static int QuotientScale(int weight, uint first, int divisorWeight, uint divisorFirst, int display)
    {
        int quotientWeight = weight - divisorWeight - (first <= divisorFirst ? 1 : 0);
        return Math.Clamp(Math.Max(MinSignificantDigits - (4 * quotientWeight), display), 0, MaxDisplayScale);
    }

    /// <summary>The first base-10,000 digit of value / 10^scale, and its weight; zeros for 0.</summary>
    static (int Weight, uint First) Leading(BigInteger value, int scale)
    {
        ushort[] digits = Digits(value, scale, out int weight);
        return digits.Length == 0 ? (0, 0U) : (weight, digits[0]);
    }
}
