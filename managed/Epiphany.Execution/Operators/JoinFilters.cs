// Execution layer, operators. What a hash join tells its outer side of the keys it has: rows without a match are left out where they are read.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>
/// Filters of those keys that are integer columns of the outer side. For joins that give no outer row without a match. Of own keys: the inner
/// side is the process's own part of rows that a parallel plan has in all.
/// </summary>
sealed unsafe class JoinFilters
{
    readonly List<JoinFilter> _filters = [];
    bool _isOffered;

    internal JoinFilters(Expression[] outerKeys, ReadOnlySpan<KeyColumn> kinds, bool areOwn, IExecutionHost host)
    {
        for (int i = 0; i < outerKeys.Length; i++)
        {
            if (outerKeys[i] is ColumnReference column && kinds[i].Kind == KeyKind.Datum)
            {
                _filters.Add(new JoinFilter(i, column.Column, new KeyFilter(host.Memory, areOwn)));
            }
        }
    }

    internal ulong Bytes { get; private set; }

    /// <summary>The inner side is complete; the outer one has not been asked for a row.</summary>
    internal void Offer(Operator outer, JoinSide inner)
    {
        _isOffered = true;
        foreach (JoinFilter filter in _filters)
        {
            if (outer.Offer(filter.Column, filter.Keys))
            {
                Fill(filter, inner);
            }
        }
    }

    /// <summary>The keys that an outer column has; null: it is none of a key, or the inner side is not complete.</summary>
    internal KeyFilter? Known(int column, JoinSide inner)
    {
        foreach (JoinFilter filter in _filters)
        {
            if (filter.Column == column && _isOffered)
            {
                Fill(filter, inner);
                return filter.Keys;
            }
        }

        return null;
    }

    internal void Clear()
    {
        _filters.ForEach(f => f.Keys.Clear());
        Bytes = 0;
        _isOffered = false;
    }

    void Fill(JoinFilter filter, JoinSide inner)
    {
        if (filter.Keys.Bytes == 0)
        {
            filter.Keys.Fill(inner.KeyLanes(filter.Key), inner.KeyCount);
            Bytes += filter.Keys.Bytes;
        }
    }

    /// <summary>Of which key, for which column of the outer side.</summary>
    readonly record struct JoinFilter(int Key, int Column, KeyFilter Keys);
}
