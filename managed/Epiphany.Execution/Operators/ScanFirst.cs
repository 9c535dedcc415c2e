// Execution layer, operators. A scan below a bounded sort by an integer column, or by what is rounded from one: groups, vectors and rows that come
// too late to be among the first stay where they are.

using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// One run's. <paramref name="key"/> is what is sorted by, computed from <paramref name="column"/> of the table's. <paramref name="tells"/>: the
/// rows of that column are told of here.
/// </summary>
sealed unsafe class ScanFirst(int column, Expression key, FirstRanks first, bool tells)
{
    CodedForm? _form;

    internal int Column => column;

    /// <summary>Null: nothing is known of the column by the key.</summary>
    internal static ScanFirst? Of(Expression key, FirstRanks first, bool tells) =>
        key.SourceColumn is { } column && (!tells || key is ColumnReference) ? new ScanFirst(column, key, first, tells) : null;

    /// <summary>Another group.</summary>
    internal void Enter() => _form = null;

    /// <summary>The vectors of a group that can have one of the first, by their least and greatest value.</summary>
    internal ulong Vectors(in ScanUnit group)
    {
        if (column >= group.Columns || !TryBounds(out long low, out long high) || (first.WantsNulls && group.Reader!.CheckedChunk(column).Nulls > 0))
        {
            return ulong.MaxValue;
        }

        var range = new ZoneRange { Low = (ulong)low, High = (ulong)high };
        var test = new ZoneTest { Column = column, Order = ZoneOrder.Integers, Ranges = &range, Count = 1 };
        return group.Reader!.Match(new System.ReadOnlySpan<ZoneTest>(in test));
    }

    /// <summary>Of those the one that is likely to have the very first: rows mostly lie in the order of such a column.</summary>
    internal int Next(ulong vectors) => first.Descending ? BitOperations.Log2(vectors) : BitOperations.TrailingZeroCount(vectors);

    /// <summary>
    /// A bit for each row of a vector that may be among the first, as the column is encoded; false: it cannot be told so, or all may be.
    /// </summary>
    internal bool TrySelect(in ScanUnit group, int vector, ulong* bits)
    {
        if (column >= group.Columns || !TryBounds(out long low, out long high))
        {
            return false;
        }

        _form ??= group.Reader!.Coded(column).Form;
        if (_form == CodedForm.Integers)
        {
            long* bounds = stackalloc long[2] { low, high };
            group.Reader!.Select(column, vector, new LaneRanges(bounds, 1), first.WantsNulls, bits);
        }

        return _form == CodedForm.Integers;
    }

    /// <summary>Are rows to be kept that <see cref="TrySelect"/> has left?</summary>
    internal bool KeepsAfter(bool isSelected) => tells || (first.IsFull && !isSelected);

    /// <summary>The rows that may be among the first. The column has been loaded; <paramref name="selected"/> may be where the rows lie.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        Vector values = raw.Columns[column];
        if (tells)
        {
            Tell(values, rows);
        }

        if (!TryBounds(out long low, out long high))
        {
            return rows;
        }

        int kept = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long value = (long)values.Values[row];
            bool isKept = values.IsNull(row) ? first.WantsNulls : value >= low && value <= high;
            selected[kept] = (ushort)row;
            kept += isKept ? 1 : 0;
        }

        return kept == rows.Count ? rows : new Rows(selected, kept);
    }

    /// <summary>From the end where the very first is likely: the others are late then.</summary>
    void Tell(Vector values, Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[first.Descending ? rows.Count - 1 - i : i];
            if (values.IsNull(row))
            {
                first.AddNull();
            }
            else
            {
                first.Add((long)values.Values[row]);
            }
        }
    }

    /// <summary>Beyond them nothing is wanted; false: nothing is known to be too late.</summary>
    bool TryBounds(out long low, out long high)
    {
        (low, high) = (long.MinValue, long.MaxValue);
        if (!first.IsFull || !key.TrySources(first.Last, out long source, out long last))
        {
            return false;
        }

        (low, high) = first.Descending ? (source, high) : (low, last);
        return true;
    }
}
