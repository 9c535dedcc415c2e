// Vector layer. Sixteen floats in two registers of 256 bits.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector;

internal readonly unsafe struct Lanes256(Vector256<float> lower, Vector256<float> upper) : ILanes<Lanes256>
{
    private readonly Vector256<float> _lower = lower;
    private readonly Vector256<float> _upper = upper;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* from) => new(Vector256.Load(from), Vector256.Load(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ushort* from) => new(Widen(from), Widen(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(byte* from)
    {
        Vector128<byte> bytes = Vector128.Load(from);
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(bytes);
        return new(
            Vector256.ConvertToSingle(Vector256.WidenLower(lower.ToVector256Unsafe()).AsInt32()),
            Vector256.ConvertToSingle(Vector256.WidenLower(upper.ToVector256Unsafe()).AsInt32()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Create(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* to)
    {
        value._lower.Store(to);
        value._upper.Store(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, ushort* to) => Vector256.Narrow(Halves.Narrow(value._lower), Halves.Narrow(value._upper)).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, byte* to)
    {
        Vector256<short> words = Vector256.Narrow(
            Vector256.ConvertToInt32Native(value._lower), Vector256.ConvertToInt32Native(value._upper));
        Vector128.Narrow(words.GetLower().AsUInt16(), words.GetUpper().AsUInt16()).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) => new(left._lower + right._lower, left._upper + right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) => new(left._lower - right._lower, left._upper - right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) => new(left._lower * right._lower, left._upper * right._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 left, Lanes256 right, Lanes256 addend) => new(
        Vector256.MultiplyAddEstimate(left._lower, right._lower, addend._lower),
        Vector256.MultiplyAddEstimate(left._upper, right._upper, addend._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value._lower), Vector256.Abs(value._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Floor(Lanes256 value) => new(Vector256.Floor(value._lower), Vector256.Floor(value._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Clamp(Lanes256 value, Lanes256 low, Lanes256 high) => new(
        Vector256.ClampNative(value._lower, low._lower, high._lower),
        Vector256.ClampNative(value._upper, low._upper, high._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Mask(Lanes256 value, int* mask) => new(
        (value._lower.AsInt32() & Vector256.Load(mask)).AsSingle(),
        (value._upper.AsInt32() & Vector256.Load(mask + 8)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 value) => Sum(value._lower + value._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector256<float> value) => Lanes128.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Zeros(Lanes256 value) => Bits(
        Vector256.Equals(value._lower, Vector256<float>.Zero),
        Vector256.Equals(value._upper, Vector256<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotBelow(Lanes256 value, Lanes256 limit) =>
        Vector256.GreaterThanOrEqual(value._lower, limit._lower).ExtractMostSignificantBits() |
        (Vector256.GreaterThanOrEqual(value._upper, limit._upper).ExtractMostSignificantBits() << 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Above(Lanes256 value, Lanes256 limit) =>
        Vector256.GreaterThan(value._lower, limit._lower).ExtractMostSignificantBits() |
        (Vector256.GreaterThan(value._upper, limit._upper).ExtractMostSignificantBits() << 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(ushort* from) => Halves.Widen(Vector256.WidenLower(Vector128.Load((short*)from).ToVector256Unsafe()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(Vector256<float> lower, Vector256<float> upper) =>
        lower.ExtractMostSignificantBits() | (upper.ExtractMostSignificantBits() << 8);
}
