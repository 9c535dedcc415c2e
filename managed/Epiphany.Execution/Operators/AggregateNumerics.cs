// Execution layer, operators. Exact results of numeric aggregates, with the display scales that PostgreSQL gives them (numeric.c).

using System;
using System.Globalization;
using System.Numerics;

namespace Epiphany.Execution;

static unsafe class AggregateNumerics
{
    const int MinSignificantDigits = 16;
    const int MaxDisplayScale = 1000;
    const int MaxPower = 19;

    static readonly ulong[] s_powers =
    [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];

    /// <summary>sum / 10^scale, displayed with <paramref name="display"/> places, divided by a count as numeric_div does.</summary>
    internal static ulong Average(Int128 sum, int scale, int display, long count, Arena arena)
    {
        UInt128 magnitude = Int128.IsNegative(sum) ? UInt128.Zero - (UInt128)sum : (UInt128)sum;
        if (magnitude <= ulong.MaxValue)
        {
            (int sumWeight, uint sumFirst) = Leading((ulong)magnitude, scale);
            (int countWeight, uint countFirst) = Leading((ulong)count, 0);
            int places = QuotientScale(sumWeight, sumFirst, countWeight, countFirst, display);
            if (places >= scale && places - scale <= MaxPower && places <= NumericDatums.MaxScale)
            {
                (UInt128 quotient, UInt128 rest) = UInt128.DivRem(magnitude * s_powers[places - scale], (ulong)count);
                quotient += rest >= (ulong)count - (UInt128)rest ? UInt128.One : UInt128.Zero;
                byte* datum = arena.Take(NumericDatums.MaxBytes);
                NumericDatums.Write(Int128.IsNegative(sum) ? -(Int128)quotient : (Int128)quotient, places, datum);
                return (ulong)datum;
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
        BigInteger rest = BigInteger.Abs(value) * s_powers[(4 * below) - scale];
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
    static (int Weight, uint First) Leading(ulong value, int scale)
    {
        if (value == 0)
        {
            return (0, 0);
        }

        int decimals = 1;
        while (decimals <= MaxPower && value >= s_powers[decimals])
        {
            decimals++;
        }

        int below = (scale + 3) / 4;
        int pad = (4 * below) - scale;
        int lower = (decimals + pad - 1) / 4;
        int cut = (4 * lower) - pad;
        return (lower - below, (uint)(cut >= 0 ? value / s_powers[cut] : value * s_powers[-cut]));
    }

    static (int Weight, uint First) Leading(BigInteger value, int scale)
    {
        ushort[] digits = Digits(value, scale, out int weight);
        return digits.Length == 0 ? (0, 0U) : (weight, digits[0]);
    }
}
