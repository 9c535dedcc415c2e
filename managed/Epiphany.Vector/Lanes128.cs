// Vector layer. Sixteen floats in four registers of 128 bits.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector;

internal readonly unsafe struct Lanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3) : ILanes<Lanes128>
{
    private readonly Vector128<float> _v0 = v0;
    private readonly Vector128<float> _v1 = v1;
    private readonly Vector128<float> _v2 = v2;
    private readonly Vector128<float> _v3 = v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* from) =>
        new(Vector128.Load(from), Vector128.Load(from + 4), Vector128.Load(from + 8), Vector128.Load(from + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ushort* from)
    {
        Vector128<short> lower = Vector128.Load((short*)from);
        Vector128<short> upper = Vector128.Load((short*)from + 8);
        return new(
            Halves.Widen(Vector128.WidenLower(lower)),
            Halves.Widen(Vector128.WidenUpper(lower)),
            Halves.Widen(Vector128.WidenLower(upper)),
            Halves.Widen(Vector128.WidenUpper(upper)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(byte* from)
    {
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(Vector128.Load(from));
        return new(
            Vector128.ConvertToSingle(Vector128.WidenLower(lower).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenUpper(lower).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenLower(upper).AsInt32()),
            Vector128.ConvertToSingle(Vector128.WidenUpper(upper).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(float value)
    {
        Vector128<float> four = Vector128.Create(value);
        return new(four, four, four, four);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, float* to)
    {
        value._v0.Store(to);
        value._v1.Store(to + 4);
        value._v2.Store(to + 8);
        value._v3.Store(to + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, ushort* to)
    {
        Vector128.Narrow(Halves.Narrow(value._v0), Halves.Narrow(value._v1)).Store(to);
        Vector128.Narrow(Halves.Narrow(value._v2), Halves.Narrow(value._v3)).Store(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, byte* to)
    {
        Vector128<short> lower = Vector128.Narrow(Vector128.ConvertToInt32Native(value._v0), Vector128.ConvertToInt32Native(value._v1));
        Vector128<short> upper = Vector128.Narrow(Vector128.ConvertToInt32Native(value._v2), Vector128.ConvertToInt32Native(value._v3));
        Vector128.Narrow(lower.AsUInt16(), upper.AsUInt16()).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) =>
        new(left._v0 + right._v0, left._v1 + right._v1, left._v2 + right._v2, left._v3 + right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) =>
        new(left._v0 - right._v0, left._v1 - right._v1, left._v2 - right._v2, left._v3 - right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) =>
        new(left._v0 * right._v0, left._v1 * right._v1, left._v2 * right._v2, left._v3 * right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 left, Lanes128 right, Lanes128 addend) => new(
        Vector128.MultiplyAddEstimate(left._v0, right._v0, addend._v0),
        Vector128.MultiplyAddEstimate(left._v1, right._v1, addend._v1),
        Vector128.MultiplyAddEstimate(left._v2, right._v2, addend._v2),
        Vector128.MultiplyAddEstimate(left._v3, right._v3, addend._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 value) =>
        new(Vector128.Abs(value._v0), Vector128.Abs(value._v1), Vector128.Abs(value._v2), Vector128.Abs(value._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Floor(Lanes128 value) =>
        new(Vector128.Floor(value._v0), Vector128.Floor(value._v1), Vector128.Floor(value._v2), Vector128.Floor(value._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Clamp(Lanes128 value, Lanes128 low, Lanes128 high) => new(
        Vector128.ClampNative(value._v0, low._v0, high._v0),
        Vector128.ClampNative(value._v1, low._v1, high._v1),
        Vector128.ClampNative(value._v2, low._v2, high._v2),
        Vector128.ClampNative(value._v3, low._v3, high._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Mask(Lanes128 value, int* mask) => new(
        (value._v0.AsInt32() & Vector128.Load(mask)).AsSingle(),
        (value._v1.AsInt32() & Vector128.Load(mask + 4)).AsSingle(),
        (value._v2.AsInt32() & Vector128.Load(mask + 8)).AsSingle(),
        (value._v3.AsInt32() & Vector128.Load(mask + 12)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 value) => Sum((value._v0 + value._v2) + (value._v1 + value._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector128<float> value)
    {
        Vector128<float> two = value + Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Zeros(Lanes128 value) =>
        Bits(IsZero(value._v0)) | (Bits(IsZero(value._v1)) << 4) | (Bits(IsZero(value._v2)) << 8) | (Bits(IsZero(value._v3)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotBelow(Lanes128 value, Lanes128 limit) =>
        Bits(Vector128.GreaterThanOrEqual(value._v0, limit._v0)) |
        (Bits(Vector128.GreaterThanOrEqual(value._v1, limit._v1)) << 4) |
        (Bits(Vector128.GreaterThanOrEqual(value._v2, limit._v2)) << 8) |
        (Bits(Vector128.GreaterThanOrEqual(value._v3, limit._v3)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Above(Lanes128 value, Lanes128 limit) =>
        Bits(Vector128.GreaterThan(value._v0, limit._v0)) |
        (Bits(Vector128.GreaterThan(value._v1, limit._v1)) << 4) |
        (Bits(Vector128.GreaterThan(value._v2, limit._v2)) << 8) |
        (Bits(Vector128.GreaterThan(value._v3, limit._v3)) << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> IsZero(Vector128<float> value) => Vector128.Equals(value, Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(Vector128<float> value) => value.ExtractMostSignificantBits();
}
