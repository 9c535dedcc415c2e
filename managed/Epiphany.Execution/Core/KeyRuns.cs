// Execution layer, core. Rows whose key is that of the row before them, as in groups that are sorted: they need not be looked for.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Compares what is in the vectors, not values: two rows may have equal keys and differ here, but not the other way round.</summary>
sealed unsafe class KeyRuns(IMemory memory)
{
    /// <summary>Runs of fewer rows than that, on average, do not pay.</summary>
    const int LeastRows = 4;

    /// <summary>Likewise of numbers, whose runs are taken together: that is a call each.</summary>
    internal const int LeastOfNumbers = 16;

    readonly ulong* _changes = (ulong*)memory.Allocate(Batch.Capacity / 8);
    readonly ushort* _heads = (ushort*)memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>The first row of each run, good until the next call; none where it does not pay.</summary>
    internal Rows Find(ReadOnlySpan<Vector> vectors, int rows)
    {
        var none = new Rows(_heads, 0);
        new Span<ulong>(_changes, Batch.Capacity / 64).Clear();
        *_changes = 1;
        foreach (Vector vector in vectors)
        {
            if (vector.Nulls != null || vector.Displays != null)
            {
                return none;
            }

            if (vector.IsConstant)
            {
                continue;
            }

            if (vector.Codes != null)
            {
                Mark(vector.Codes, rows, (byte*)_changes);
            }
            else
            {
                Mark(vector.Values, rows, (byte*)_changes);
            }
        }

        return Heads(rows, LeastRows);
    }

    /// <summary>Likewise of numbers.</summary>
    internal Rows Find(uint* numbers, int rows)
    {
        new Span<ulong>(_changes, Batch.Capacity / 64).Clear();
        *_changes = 1;
        Mark(numbers, rows, (byte*)_changes);
        return Heads(rows, LeastOfNumbers);
    }

    Rows Heads(int rows, int leastRows)
    {
        int words = (rows + 63) / 64;
        int runs = 0;
        for (int word = 0; word < words; word++)
        {
            runs += BitOperations.PopCount(_changes[word]);
        }

        int count = 0;
        for (int word = 0; word < words && runs <= rows / leastRows; word++)
        {
            for (ulong left = _changes[word]; left != 0; left &= left - 1)
            {
                _heads[count++] = (ushort)((word * 64) + BitOperations.TrailingZeroCount(left));
            }
        }

        return new Rows(_heads, count);
    }

    /// <summary>The row after a run's last one.</summary>
    internal static int End(Rows heads, int run, int rows) => run + 1 < heads.Count ? heads[run + 1] : rows;

    /// <summary>All rows get what their run's first one has.</summary>
    internal static void Spread<T>(Rows heads, int rows, T* values)
        where T : unmanaged
    {
        for (int i = 0; i < heads.Count; i++)
        {
            new Span<T>(values + heads[i], End(heads, i, rows) - heads[i]).Fill(values[heads[i]]);
        }
    }

    /// <summary>Sets the bits of rows that differ from the one before; bits past the rows stay.</summary>
    static void Mark<T>(T* values, int rows, byte* changes)
        where T : unmanaged, IEquatable<T>
    {
        int step = Vector512<T>.Count;
        int row = 1;
        for (; row < rows && (row % step != 0 || row + step > rows); row++)
        {
            changes[row / 8] |= values[row].Equals(values[row - 1]) ? (byte)0 : (byte)(1 << (row % 8));
        }

        for (; row + step <= rows; row += step)
        {
            ulong same = Vector512.Equals(Vector512.Load(values + row), Vector512.Load(values + row - 1)).ExtractMostSignificantBits();
            for (int part = 0; part < step / 8; part++)
            {
                changes[(row / 8) + part] |= (byte)~(same >> (8 * part));
            }
        }

        for (; row < rows; row++)
        {
            changes[row / 8] |= values[row].Equals(values[row - 1]) ? (byte)0 : (byte)(1 << (row % 8));
        }
    }
}
