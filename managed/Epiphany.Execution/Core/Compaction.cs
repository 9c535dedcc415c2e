// Execution layer, core. Rows that count, made dense.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Copies the lanes of some rows to the front of another buffer, in order.</summary>
static unsafe class Compaction
{
    /// <summary>A vector with only those rows, in memory of the buffer's.</summary>
    public static void Gather(Vector source, Rows rows, VectorBuffer buffer, Vector result)
    {
        result.Refer(source);
        if (rows.IsAll || source.IsConstant)
        {
            return;
        }

        GatherLanes(source.Values, rows, buffer.Values);
        result.Values = buffer.Values;
        if (source.Displays != null)
        {
            GatherBytes(source.Displays, rows, buffer.Displays);
            result.Displays = buffer.Displays;
        }

        if (source.Codes != null)
        {
            GatherCodes(source.Codes, rows, buffer.Codes);
            result.Codes = buffer.Codes;
        }

        if (source.Nulls != null)
        {
            GatherBytes(source.Nulls, rows, buffer.Nulls);
            result.Nulls = buffer.Nulls;
        }
    }

    static void GatherLanes(ulong* source, Rows rows, ulong* destination)
    {
        ushort* index = rows.Index;
        int count = rows.Count;
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            ulong a = source[index[i]];
            ulong b = source[index[i + 1]];
            ulong c = source[index[i + 2]];
            ulong d = source[index[i + 3]];
            destination[i] = a;
            destination[i + 1] = b;
            destination[i + 2] = c;
            destination[i + 3] = d;
        }

        for (; i < count; i++)
        {
            destination[i] = source[index[i]];
        }
    }

    static void GatherCodes(ushort* source, Rows rows, ushort* destination)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            destination[i] = source[rows.Index[i]];
        }
    }

    static void GatherBytes(byte* source, Rows rows, byte* destination)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            destination[i] = source[rows.Index[i]];
        }
    }
}
