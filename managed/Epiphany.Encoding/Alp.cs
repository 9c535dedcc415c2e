// Encoding layer. Layout of a segment of floats that are short decimals at heart: header, the integers as a frame-of-reference segment,
// then what no integer stands for. After Afroozeh, Kuffo and Boncz, "ALP: Adaptive Lossless floating-Point Compression" (2023).
//
// A value is integer * 10^factor * 10^-exponent: two multiplications of doubles, in that order, by the doubles nearest to the powers.
// A Float32 is the float nearest to that. Nothing but IEEE 754 arithmetic decides what comes out, so it is the same on every machine.

using System;
using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>8 bytes, little-endian.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct AlpHeader
{
    internal const int Size = 8;

    /// <summary>0 to 18.</summary>
    [FieldOffset(0)]
    internal byte Exponent;

    /// <summary>0 to the exponent.</summary>
    [FieldOffset(1)]
    internal byte Factor;

    /// <summary>Values kept as they are. Bytes 4..7 are zero.</summary>
    [FieldOffset(2)]
    internal ushort Exceptions;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct AlpPlan(int Exponent, int Factor, int Exceptions, FrameOfReferencePlan Integers, int Width)
{
    public long Bytes => Alp.RowsOffset(Integers.Count, Integers.Width) + Alp.RowsBytes(Exceptions) + ((long)Exceptions * Width);
}

/// <summary>Powers of ten, and where the parts of a segment are.</summary>
static class Alp
{
    internal const int MaxExponent = 18;

    /// <summary>10^0 to 10^18: doubles hold these exactly.</summary>
    internal static double Power(int exponent) => PowersOfTen.Of(exponent);

    /// <summary>10^0 to 10^-18: the nearest doubles, as a quotient of two exact numbers is.</summary>
    internal static double Inverse(int exponent) => 1 / Power(exponent);

    /// <summary>Where the exceptions' rows begin: 16 bits each, ascending, padded to 8 bytes; then their values.</summary>
    internal static long RowsOffset(int count, int width) =>
        AlpHeader.Size + Aligned(FrameOfReferenceHeader.Size + BitPacking.Bytes(count, width));

    internal static long RowsBytes(int exceptions) => Aligned(exceptions * 2L);

    /// <summary>The lane of an integer's value. <paramref name="width"/> is 8 for Float64, 4 for Float32.</summary>
    internal static ulong Value(long integer, double factor, double inverse, int width)
    {
        double value = integer * factor * inverse;
        return width == sizeof(double) ? BitConverter.DoubleToUInt64Bits(value) : (ulong)BitConverter.SingleToInt32Bits((float)value);
    }

    static long Aligned(long bytes) => (bytes + 7) / 8 * 8;
}
