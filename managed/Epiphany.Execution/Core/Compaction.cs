// Execution layer, core. Rows that count, made dense.

using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Copies the lanes of some rows to the front of another buffer.</summary>
static unsafe class Compaction
{
    /// <summary>A vector with only those rows, whose numbers ascend, in memory of the buffer's.</summary>
    public static void Gather(Vector source, Rows rows, VectorBuffer buffer, Vector result)
    {
        result.Refer(source);
        if (rows.IsAll || source.IsConstant)
        {
            return;
        }

        RowGather.Run(source.Values, rows.Index, rows.Count, buffer.Values);
        result.Values = buffer.Values;
        if (source.Displays != null)
        {
            RowGather.Run(source.Displays, rows.Index, rows.Count, buffer.Displays);
            result.Displays = buffer.Displays;
        }

        if (source.Codes != null)
        {
            RowGather.Run(source.Codes, rows.Index, rows.Count, buffer.Codes);
            result.Codes = buffer.Codes;
        }

        if (source.Nulls != null)
        {
            RowGather.Run(source.Nulls, rows.Index, rows.Count, buffer.Nulls);
            result.Nulls = buffer.Nulls;
        }
    }

    /// <summary>Rows of those numbers, which may come in any order, and more than once.</summary>
    public static void Pick(Vector source, int* rows, int count, VectorBuffer buffer, Vector result)
    {
        result.Refer(source);
        result.Codes = null;
        result.Table = null;
        result.IsConstant = false;
        result.Values = buffer.Values;
        for (int i = 0; i < count; i++)
        {
            buffer.Values[i] = source.Values[rows[i]];
        }

        if (source.Nulls != null)
        {
            result.Nulls = buffer.Nulls;
            for (int i = 0; i < count; i++)
            {
                buffer.Nulls[i] = source.Nulls[rows[i]];
            }
        }
    }
}
