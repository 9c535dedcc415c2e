// Execution layer, expressions. Where a NUMERIC constant lies among integers of a power of ten.

using System;

namespace Epiphany.Execution;

static unsafe class DecimalBounds
{
    /// <summary>Beyond all 64-bit integers.</summary>
    static readonly Int128 s_beyond = Int128.One << 100;

    /// <summary>
    /// Integers of 10^-<paramref name="places"/> from <paramref name="equal"/> on are not less than the constant, those from
    /// <paramref name="greater"/> on are greater. False: it is no finite number, or has too many digits.
    /// </summary>
    internal static bool TryFind(Vector constant, int places, out Int128 equal, out Int128 greater)
    {
        long value = (long)constant.Values[0];
        int scale = constant.Scale;
        equal = greater = 0;
        if (constant.Form != VectorForm.Decimal && !NumericReader.TryRead(constant.Values[0], out value, out scale))
        {
            return false;
        }

        long power = NumericReader.PowerOfTen(Math.Abs(places - scale));
        if (value == 0 || (places >= scale && power != 0))
        {
            equal = value == 0 ? 0 : (Int128)value * power;
            greater = equal + 1;
        }
        else if (places >= scale)
        {
            equal = greater = value > 0 ? s_beyond : -s_beyond;
        }
        else
        {
            // So many places that 64 bits do not hold the power: the constant lies right beside 0.
            long floor = power == 0 ? (value < 0 ? -1 : 0) : Math.DivRem(value, power).Quotient - (value % power < 0 ? 1 : 0);
            greater = (Int128)floor + 1;
            equal = power != 0 && value % power == 0 ? floor : greater;
        }

        return true;
    }
}
