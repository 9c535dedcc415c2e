// Vector layer. Sums over the elements of two vectors that distances are made of. Promise: one loop for every width, element and term;
// the order of additions depends on the number of elements alone (README.md). Sums are floats, as pgvector's: they overflow to infinity.

using System.Runtime.CompilerServices;

namespace Epiphany.Vector;

/// <summary>What a pair of elements adds to a sum.</summary>
internal interface ITerm
{
    static abstract TLanes Add<TLanes>(TLanes sum, TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>;

    static abstract float Add(float sum, float a, float b);
}

internal readonly struct SquaredDifference : ITerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => TLanes.MultiplyAdd(a - b, a - b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float sum, float a, float b) => float.MultiplyAddEstimate(a - b, a - b, sum);
}

internal readonly struct Product : ITerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => TLanes.MultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float sum, float a, float b) => float.MultiplyAddEstimate(a, b, sum);
}

internal readonly struct AbsoluteDifference : ITerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add<TLanes>(TLanes sum, TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => sum + TLanes.Abs(a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float sum, float a, float b) => sum + float.Abs(a - b);
}

internal static unsafe class Sums
{
    /// <summary>Four sums of sixteen lanes hide the latency of an addition.</summary>
    private const int Block = 4 * Lanes.Count;

    internal static float Run<TLanes, TElement, TTerm>(byte* a, byte* b, int count)
        where TLanes : struct, ILanes<TLanes>
        where TElement : struct, IElement
        where TTerm : struct, ITerm
    {
        int step = Lanes.Count * TElement.Size;
        if (count < Lanes.Count)
        {
            return Few<TElement, TTerm>(a, b, count);
        }

        TLanes s0 = default;
        TLanes s1 = default;
        TLanes s2 = default;
        TLanes s3 = default;
        int left = count;
        for (; left >= Block; left -= Block)
        {
            s0 = TTerm.Add(s0, TElement.Load<TLanes>(a), TElement.Load<TLanes>(b));
            s1 = TTerm.Add(s1, TElement.Load<TLanes>(a + step), TElement.Load<TLanes>(b + step));
            s2 = TTerm.Add(s2, TElement.Load<TLanes>(a + (2 * step)), TElement.Load<TLanes>(b + (2 * step)));
            s3 = TTerm.Add(s3, TElement.Load<TLanes>(a + (3 * step)), TElement.Load<TLanes>(b + (3 * step)));
            a += 4 * step;
            b += 4 * step;
        }

        for (; left >= Lanes.Count; left -= Lanes.Count)
        {
            s0 = TTerm.Add(s0, TElement.Load<TLanes>(a), TElement.Load<TLanes>(b));
            a += step;
            b += step;
        }

        if (left > 0)
        {
            // The last sixteen elements; those that have been added already count as zeros.
            int back = (Lanes.Count - left) * TElement.Size;
            int* mask = Lanes.Last(left);
            s1 = TTerm.Add(s1, TLanes.Mask(TElement.Load<TLanes>(a - back), mask), TLanes.Mask(TElement.Load<TLanes>(b - back), mask));
        }

        return TLanes.Sum((s0 + s1) + (s2 + s3));
    }

    private static float Few<TElement, TTerm>(byte* a, byte* b, int count)
        where TElement : struct, IElement
        where TTerm : struct, ITerm
    {
        float sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum = TTerm.Add(sum, TElement.Load(a + (i * TElement.Size)), TElement.Load(b + (i * TElement.Size)));
        }

        return sum;
    }
}
