// Execution layer, core. NUMERIC between PostgreSQL's datums and integers of a power of ten.

using System;
using Epiphany.Encoding;

namespace Epiphany.Execution;

/// <summary>
/// PostgreSQL's layout (numeric.c): varlena header, u16 header (short: 0x8000, sign 0x2000, display scale in 6 bits, weight in 7, signed; long:
/// sign and display scale in 14 bits, then i16 weight; special: 0xC000 and above), then base-10,000 digits without zero digits first or last.
/// </summary>
static unsafe class NumericDatums
{
    /// <summary>From one datum to the next that <see cref="Make"/> writes.</summary>
    public const int MaxBytes = 48;

    /// <summary>Display scales that short headers have room for; form Decimal goes no further.</summary>
    public const int MaxScale = 63;

    /// <summary>The datums of a vector in form Decimal, at the rows that count, in <paramref name="room"/> of MaxBytes for each row.</summary>
    public static void Make(Vector source, Rows rows, ulong* values, byte* room)
    {
        ArgumentNullException.ThrowIfNull(source);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            byte* datum = room + (row * MaxBytes);
            if (!source.IsNull(row))
            {
                Write(source, row, datum);
            }

            values[row] = (ulong)datum;
        }
    }

    /// <summary>One value of a vector in form Decimal, with its display scale.</summary>
    public static int Write(Vector source, int row, byte* datum)
    {
        long value = (long)source.Values[row];
        if (source.Displays == null)
        {
            return Write(value, source.Scale, datum);
        }

        // Places beyond the display scale are zeros; where they are more than 64 bits can have, so is the value.
        int display = source.Displays[row];
        return Write(value == 0 ? 0 : value / (long)PowersOfTen.Of(source.Scale - display), display, datum);
    }

    /// <summary>value / 10^scale as a datum; says how many bytes it takes (at most <see cref="MaxBytes"/>).</summary>
    public static int Write(Int128 value, int scale, byte* datum)
    {
        const int MaxDigits = 20;
        ushort* digits = stackalloc ushort[MaxDigits];
        bool isNegative = Int128.IsNegative(value);
        UInt128 rest = isNegative ? UInt128.Zero - (UInt128)value : (UInt128)value;

        // The point lies at a digit's border: the last digit holds what is left of the scale.
        int inLast = scale % 4 == 0 ? 4 : scale % 4;
        uint unit = inLast switch { 1 => 10, 2 => 100, 3 => 1000, _ => 10000 };
        int first = MaxDigits;
        int weight = -((scale + 3) / 4) - 1;
        bool isLowest = true;
        while (rest != UInt128.Zero)
        {
            uint digit;
            if (rest <= ulong.MaxValue)
            {
                ulong small = (ulong)rest;
                digit = (uint)(small % (isLowest ? unit : 10000));
                rest = small / (isLowest ? unit : 10000);
            }
            else
            {
                (rest, UInt128 remainder) = UInt128.DivRem(rest, isLowest ? unit : 10000);
                digit = (uint)remainder;
            }

            digits[--first] = (ushort)(isLowest ? digit * (10000 / unit) : digit);
            weight++;
            isLowest = false;
        }

        int last = MaxDigits;
        while (last > first && digits[last - 1] == 0)
        {
            last--;
        }

        int count = last - first;
        uint signAndWeight = count == 0 ? 0 : (isNegative ? 0x2000U : 0) | ((uint)weight & 0x7F);
        *(uint*)datum = (uint)(6 + (2 * count)) << 2;
        *(ushort*)(datum + 4) = (ushort)(0x8000 | ((uint)scale << 7) | signAndWeight);
        for (int i = 0; i < count; i++)
        {
            ((ushort*)(datum + 6))[i] = digits[first + i];
        }

        return 6 + (2 * count);
    }
}
