// Execution layer, core. Rows that count, made dense.

using System.Runtime.Intrinsics;
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

    /// <summary>Where most rows count, eight of them often lie together.</summary>
    static void GatherLanes(ulong* source, Rows rows, ulong* destination)
    {
        ushort* index = rows.Index;
        int count = rows.Count;
        int i = 0;
        for (; i <= count - 8; i += 8)
        {
            int first = index[i];
            if (index[i + 7] - first == 7)
            {
                Vector512.Load(source + first).Store(destination + i);
                continue;
            }

            ulong a = source[first];
            ulong b = source[index[i + 1]];
            ulong c = source[index[i + 2]];
            ulong d = source[index[i + 3]];
            destination[i] = a;
            destination[i + 1] = b;
            destination[i + 2] = c;
            destination[i + 3] = d;
            a = source[index[i + 4]];
            b = source[index[i + 5]];
            c = source[index[i + 6]];
            d = source[index[i + 7]];
            destination[i + 4] = a;
            destination[i + 5] = b;
            destination[i + 6] = c;
            destination[i + 7] = d;
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
