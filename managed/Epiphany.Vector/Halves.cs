// Vector layer. Halves (IEEE 754 binary16) to floats and back, for every width. The runtime's own conversions go value by value.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector;

/// <summary>
/// To a float: the exponent's and mantissa's bits, moved, are the value divided by 2^112, which a multiplication mends, subnormals
/// included. Stored halves are finite, so nothing is done for others: in registers they become numbers from 65536 up. To a half: normal
/// values are rounded on their bits; subnormal ones by adding a number whose last bit is a half's smallest; what rounds past the largest
/// becomes an infinity.
/// </summary>
internal static class Halves
{
    private const uint Infinity = 0x7C00;
    private const uint FloatMagnitude = 0x7FFF_FFFF;
    private const uint FloatInfinity = 0x7F80_0000;

    /// <summary>A float's sign, and the places that a half's exponent and mantissa have in it.</summary>
    private const int Moved = unchecked((int)0x8FFF_E000);

    /// <summary>2^112: the difference between the two exponents' biases.</summary>
    private const float Scale = 5.192296858534828e33f;

    /// <summary>2^-14, the smallest normal half, and 65520, the smallest float that rounds to infinity, as bits of floats.</summary>
    private const uint SmallestNormal = 0x3880_0000;
    private const uint Overflow = 0x477F_F000;

    internal static float Widen(ushort half) => (float)BitConverter.UInt16BitsToHalf(half);

    internal static ushort Narrow(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Halves whose sign fills the upper half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Widen(Vector128<int> halves) =>
        (Vector128.ShiftLeft(halves, 13) & Vector128.Create(Moved)).AsSingle() * Vector128.Create(Scale);

    /// <summary>Halves in the lower half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<uint> Narrow(Vector128<float> values)
    {
        Vector128<uint> bits = values.AsUInt32();
        Vector128<uint> magnitude = bits & Vector128.Create(FloatMagnitude);
        Vector128<uint> sign = Vector128.ShiftRightLogical(bits & ~Vector128.Create(FloatMagnitude), 16);
        Vector128<uint> odd = Vector128.ShiftRightLogical(magnitude, 13) & Vector128<uint>.One;
        Vector128<uint> half = Vector128.ShiftRightLogical(magnitude - Vector128.Create((112u << 23) - 0xFFF) + odd, 13);
        Vector128<uint> small = (magnitude.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0.5f).AsUInt32();
        Vector128<uint> notANumber = Vector128.Create(0x7E00u) | (Vector128.ShiftRightLogical(magnitude, 13) & Vector128.Create(0x1FFu));
        half = Select(Less(magnitude, SmallestNormal), small, half);
        half = Select(Less(magnitude, Overflow), half, Vector128.Create(Infinity));
        half = Select(Less(magnitude, FloatInfinity + 1), half, notANumber);
        return half | sign;
    }

    /// <summary>Both sides lie below 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Less(Vector128<uint> left, uint right) =>
        Vector128.LessThan(left.AsInt32(), Vector128.Create((int)right)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Select(Vector128<uint> condition, Vector128<uint> yes, Vector128<uint> no) =>
        Vector128.ConditionalSelect(condition, yes, no);

    /// <summary>Halves whose sign fills the upper half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Widen(Vector256<int> halves) =>
        (Vector256.ShiftLeft(halves, 13) & Vector256.Create(Moved)).AsSingle() * Vector256.Create(Scale);

    /// <summary>Halves in the lower half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<uint> Narrow(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32();
        Vector256<uint> magnitude = bits & Vector256.Create(FloatMagnitude);
        Vector256<uint> sign = Vector256.ShiftRightLogical(bits & ~Vector256.Create(FloatMagnitude), 16);
        Vector256<uint> odd = Vector256.ShiftRightLogical(magnitude, 13) & Vector256<uint>.One;
        Vector256<uint> half = Vector256.ShiftRightLogical(magnitude - Vector256.Create((112u << 23) - 0xFFF) + odd, 13);
        Vector256<uint> small = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0.5f).AsUInt32();
        Vector256<uint> notANumber = Vector256.Create(0x7E00u) | (Vector256.ShiftRightLogical(magnitude, 13) & Vector256.Create(0x1FFu));
        half = Select(Less(magnitude, SmallestNormal), small, half);
        half = Select(Less(magnitude, Overflow), half, Vector256.Create(Infinity));
        half = Select(Less(magnitude, FloatInfinity + 1), half, notANumber);
        return half | sign;
    }

    /// <summary>Both sides lie below 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Less(Vector256<uint> left, uint right) =>
        Vector256.LessThan(left.AsInt32(), Vector256.Create((int)right)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Select(Vector256<uint> condition, Vector256<uint> yes, Vector256<uint> no) =>
        Vector256.ConditionalSelect(condition, yes, no);

    /// <summary>Halves whose sign fills the upper half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Widen(Vector512<int> halves) =>
        (Vector512.ShiftLeft(halves, 13) & Vector512.Create(Moved)).AsSingle() * Vector512.Create(Scale);

    /// <summary>Halves in the lower half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<uint> Narrow(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> magnitude = bits & Vector512.Create(FloatMagnitude);
        Vector512<uint> sign = Vector512.ShiftRightLogical(bits & ~Vector512.Create(FloatMagnitude), 16);
        Vector512<uint> odd = Vector512.ShiftRightLogical(magnitude, 13) & Vector512<uint>.One;
        Vector512<uint> half = Vector512.ShiftRightLogical(magnitude - Vector512.Create((112u << 23) - 0xFFF) + odd, 13);
        Vector512<uint> small = (magnitude.AsSingle() + Vector512.Create(0.5f)).AsUInt32() - Vector512.Create(0.5f).AsUInt32();
        Vector512<uint> notANumber = Vector512.Create(0x7E00u) | (Vector512.ShiftRightLogical(magnitude, 13) & Vector512.Create(0x1FFu));
        half = Select(Less(magnitude, SmallestNormal), small, half);
        half = Select(Less(magnitude, Overflow), half, Vector512.Create(Infinity));
        half = Select(Less(magnitude, FloatInfinity + 1), half, notANumber);
        return half | sign;
    }

    /// <summary>Both sides lie below 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Less(Vector512<uint> left, uint right) =>
        Vector512.LessThan(left.AsInt32(), Vector512.Create((int)right)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Select(Vector512<uint> condition, Vector512<uint> yes, Vector512<uint> no) =>
        Vector512.ConditionalSelect(condition, yes, no);
}
