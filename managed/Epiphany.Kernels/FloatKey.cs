// Kernels layer. Doubles as signed integers in PostgreSQL's order: -0 equals 0, every NaN is equal and above all numbers.
// With these keys the integer kernels order floats, without a branch for NaN in their loops.

using System;
using System.Runtime.Intrinsics;

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

    /// <summary>Keys of doubles that are given as lanes.</summary>
    public static unsafe void FromDoubles(ulong* lanes, int count, long* keys)
    {
        int i = 0;
        for (; i <= count - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            Vector256<long> bits = Vector256.Load(lanes + i).AsInt64();
            Vector256<double> values = bits.AsDouble();
            Vector256<long> turned = Vector256.Create(long.MinValue) - bits;
            Vector256<long> key = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256<long>.Zero), turned, bits);
            Vector256.ConditionalSelect(Vector256.Equals(values, values).AsInt64(), key, Vector256.Create(long.MaxValue)).Store(keys + i);
        }

        for (; i < count; i++)
        {
            keys[i] = FromDouble(BitConverter.UInt64BitsToDouble(lanes[i]));
        }
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
