// Execution layer, operators. A scan below a bounded sort by an integer column: groups, vectors and rows that come too late to be among the first
// stay where they are.

using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>One run's. <paramref name="column"/> is the table's.</summary>
sealed unsafe class ScanFirst(int column, FirstRanks first)
{
    internal int Column => column;

    /// <summary>The vectors of a group that can have one of the first, by their least and greatest value.</summary>
    internal ulong Vectors(in ScanUnit group)
    {
        if (!first.IsFull || column >= group.Columns || (first.NullsFirst && group.Reader!.CheckedChunk(column).Nulls > 0))
        {
            return ulong.MaxValue;
        }

        var range = first.Descending
            ? new ZoneRange { Low = (ulong)first.Last, High = long.MaxValue }
            : new ZoneRange { Low = unchecked((ulong)long.MinValue), High = (ulong)first.Last };
        var test = new ZoneTest { Column = column, Order = ZoneOrder.Integers, Ranges = &range, Count = 1 };
        return group.Reader!.Match(new System.ReadOnlySpan<ZoneTest>(in test));
    }

    /// <summary>Of those the one that is likely to have the very first: rows mostly lie in the order of such a column.</summary>
    internal int Next(ulong vectors) => first.Descending ? BitOperations.Log2(vectors) : BitOperations.TrailingZeroCount(vectors);

    /// <summary>The rows that may be among the first. The column has been loaded; <paramref name="selected"/> may be where the rows lie.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        Vector values = raw.Columns[column];
        int kept = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool isKept = values.IsNull(row) ? first.AddNull() : first.Add((long)values.Values[row]);
            selected[kept] = (ushort)row;
            kept += isKept ? 1 : 0;
        }

        return kept == rows.Count ? rows : new Rows(selected, kept);
    }
}
