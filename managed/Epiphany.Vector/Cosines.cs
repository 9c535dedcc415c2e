// Vector layer. Cosine similarity: the inner product and both squared norms, in one pass over two vectors. Order as in Sums.

using System;

namespace Epiphany.Vector;

internal static unsafe class Cosines
{
    private const int Block = 2 * Lanes.Count;

    /// <summary>NaN where a norm is zero, or infinite as a float.</summary>
    internal static double Run<TLanes, TElement>(byte* a, byte* b, int count)
        where TLanes : struct, ILanes<TLanes>
        where TElement : struct, IElement
    {
        int step = Lanes.Count * TElement.Size;
        if (count < Lanes.Count)
        {
            return Few<TElement>(a, b, count);
        }

        TLanes p0 = default;
        TLanes p1 = default;
        TLanes a0 = default;
        TLanes a1 = default;
        TLanes b0 = default;
        TLanes b1 = default;
        int left = count;
        for (; left >= Block; left -= Block)
        {
            TLanes x0 = TElement.Load<TLanes>(a);
            TLanes y0 = TElement.Load<TLanes>(b);
            TLanes x1 = TElement.Load<TLanes>(a + step);
            TLanes y1 = TElement.Load<TLanes>(b + step);
            p0 = TLanes.MultiplyAdd(x0, y0, p0);
            a0 = TLanes.MultiplyAdd(x0, x0, a0);
            b0 = TLanes.MultiplyAdd(y0, y0, b0);
            p1 = TLanes.MultiplyAdd(x1, y1, p1);
            a1 = TLanes.MultiplyAdd(x1, x1, a1);
            b1 = TLanes.MultiplyAdd(y1, y1, b1);
            a += 2 * step;
            b += 2 * step;
        }

        if (left >= Lanes.Count)
        {
            TLanes x = TElement.Load<TLanes>(a);
            TLanes y = TElement.Load<TLanes>(b);
            p0 = TLanes.MultiplyAdd(x, y, p0);
            a0 = TLanes.MultiplyAdd(x, x, a0);
            b0 = TLanes.MultiplyAdd(y, y, b0);
            a += step;
            b += step;
            left -= Lanes.Count;
        }

        if (left > 0)
        {
            int back = (Lanes.Count - left) * TElement.Size;
            int* mask = Lanes.Last(left);
            TLanes x = TLanes.Mask(TElement.Load<TLanes>(a - back), mask);
            TLanes y = TLanes.Mask(TElement.Load<TLanes>(b - back), mask);
            p1 = TLanes.MultiplyAdd(x, y, p1);
            a1 = TLanes.MultiplyAdd(x, x, a1);
            b1 = TLanes.MultiplyAdd(y, y, b1);
        }

        return Similarity(TLanes.Sum(p0 + p1), TLanes.Sum(a0 + a1), TLanes.Sum(b0 + b1));
    }

    /// <summary>One root of the product, which is exact in a double, loses less than the product of two roots.</summary>
    internal static double Similarity(float product, float normA, float normB) => product / Math.Sqrt((double)normA * normB);

    private static double Few<TElement>(byte* a, byte* b, int count)
        where TElement : struct, IElement
    {
        float product = 0;
        float normA = 0;
        float normB = 0;
        for (int i = 0; i < count; i++)
        {
            float x = TElement.Load(a + (i * TElement.Size));
            float y = TElement.Load(b + (i * TElement.Size));
            product = float.MultiplyAddEstimate(x, y, product);
            normA = float.MultiplyAddEstimate(x, x, normA);
            normB = float.MultiplyAddEstimate(y, y, normB);
        }

        return Similarity(product, normA, normB);
    }
}
