// Vector layer. Sums over two sparse vectors: a merge of their ascending indices, in floats, in their order. Elements that one side alone
// has meet a zero. The sides' indices need no checks: whatever they are, the merge ends with the elements.

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
            if (left < right)
            {
                sum = TTerm.Add(sum, a.Values[i++], 0);
            }
            else if (left > right)
            {
                sum = TTerm.Add(sum, 0, b.Values[j++]);
            }
            else
            {
                sum = TTerm.Add(sum, a.Values[i++], b.Values[j++]);
            }
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
            if (left < right)
            {
                i++;
            }
            else if (left > right)
            {
                j++;
            }
            else
            {
                sum = Product.Add(sum, a.Values[i++], b.Values[j++]);
            }
        }

        return sum;
    }
}
