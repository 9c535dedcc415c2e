// Vector layer. Sums over two sparse vectors: a merge of their ascending indices, in floats, in their order. Elements that one side alone
// has meet a zero. Which side comes next is as good as chance, so no branch depends on it. The sides' indices need no checks: whatever they
// are, the merge ends with the elements.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Vector;

/// <summary>A sparse vector's elements that are not zero.</summary>
public readonly unsafe struct SparseElements(int* indices, float* values, int count)
{
    internal readonly int* Indices = indices;
    internal readonly float* Values = values;
    internal readonly int Count = count;
}

internal static unsafe class Sparse
{
    internal static float Run<TTerm>(in SparseElements a, in SparseElements b)
        where TTerm : struct, ITerm
    {
        float sum = 0;
        int i = 0;
        int j = 0;
        while (i < a.Count && j < b.Count)
        {
            int left = a.Indices[i];
            int right = b.Indices[j];
            int takesA = left <= right ? 1 : 0;
            int takesB = right <= left ? 1 : 0;
            sum = TTerm.Add(sum, Taken(a.Values[i], takesA), Taken(b.Values[j], takesB));
            i += takesA;
            j += takesB;
        }

        for (; i < a.Count; i++)
        {
            sum = TTerm.Add(sum, a.Values[i], 0);
        }

        for (; j < b.Count; j++)
        {
            sum = TTerm.Add(sum, 0, b.Values[j]);
        }

        return sum;
    }

    /// <summary>Only elements that both sides have count.</summary>
    internal static float InnerProduct(in SparseElements a, in SparseElements b)
    {
        float sum = 0;
        int i = 0;
        int j = 0;
        while (i < a.Count && j < b.Count)
        {
            int left = a.Indices[i];
            int right = b.Indices[j];
            int takesA = left <= right ? 1 : 0;
            int takesB = right <= left ? 1 : 0;
            sum = Product.Add(sum, Taken(a.Values[i], takesA & takesB), b.Values[j]);
            i += takesA;
            j += takesB;
        }

        return sum;
    }

    /// <summary>The value, or zero where it is not taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Taken(float value, int taken) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & -taken);
}
