// Execution layer, operators. A scan below a bounded sort by distance: rows that are too far to be among the first stay where they are.

using System;

namespace Epiphany.Execution;

/// <summary>A distance of the scan's projection, between a column and what is the same for all rows.</summary>
sealed unsafe class ScanNearest
{
    readonly Distance _distance;
    readonly Expression _query;
    readonly Nearest _nearest;

    ScanNearest(Distance distance, int column, Expression query, Nearest nearest)
    {
        _distance = distance;
        Column = column;
        _query = query;
        _nearest = nearest;
    }

    internal int Column { get; }

    /// <summary>Null: the sort key is none that the scan can make use of.</summary>
    internal static ScanNearest? Of(Expression? key, Nearest nearest) =>
        key is Distance distance && distance.TrySides(out int column, out Expression query)
            ? new ScanNearest(distance, column, query, nearest) : null;

    /// <summary>The rows that may be among the first. The column has been loaded; <paramref name="selected"/> may be where the rows lie.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected, NodeStats stats)
    {
        Vector distances = _distance.Evaluate(raw, rows);
        stats.Measured += (ulong)rows.Count;
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += (distances.IsNull(row) ? !_nearest.IsFull : _nearest.Add(Of(distances, row))) ? 1 : 0;
        }

        return Again(distances, selected, count);
    }

    /// <summary>Those that came first were held against less than is known now.</summary>
    Rows Again(Vector distances, ushort* selected, int count)
    {
        int left = 0;
        for (int i = 0; i < count; i++)
        {
            int row = selected[i];
            selected[left] = (ushort)row;
            left += (distances.IsNull(row) ? !_nearest.IsFull : _nearest.MayBeAmong(Of(distances, row))) ? 1 : 0;
        }

        return new Rows(selected, left);
    }

    static double Of(Vector distances, int row) => BitConverter.UInt64BitsToDouble(distances.Values[row]);
}
