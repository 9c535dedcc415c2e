// Kernels layer. Doubles as signed integers in PostgreSQL's order: -0 equals 0, every NaN is equal and above all numbers.
// With these keys the integer kernels order floats, without a branch for NaN in their loops.

using System;

namespace Epiphany.Kernels;

/// <summary>Order-preserving map between doubles and signed integers.</summary>
public static class FloatKey
{
    public static long FromDouble(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        long key = bits < 0 ? long.MinValue - bits : bits;
        return double.IsNaN(value) ? long.MaxValue : key;
    }

    /// <summary>A double that compares equal to the one that the key was made of.</summary>
    public static double ToDouble(long key)
    {
        if (key == long.MaxValue)
        {
            return double.NaN;
        }

        return BitConverter.Int64BitsToDouble(key < 0 ? long.MinValue - key : key);
    }
}
