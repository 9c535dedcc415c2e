// Execution layer, operators. A join's keys at a scan: one column's values are looked up, as long as that leaves out enough rows.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Rests where it does not pay, and tries again later: rows that belong together often lie together.</summary>
sealed unsafe class ScanFilter(int column, KeyFilter keys)
{
    /// <summary>Of rows that are looked at, one in so many has to go.</summary>
    const int LeastShare = 10;

    /// <summary>Batches that are looked at, and that pass unseen after too few rows went.</summary>
    const int Trial = 16;
    const int Rest = 8 * Trial;

    int _batches;
    long _asked;
    long _kept;

    internal int Column => column;

    /// <summary>The vectors of a group that can have keys, by their least and greatest value.</summary>
    internal ulong Vectors(in ScanUnit group)
    {
        if (column >= group.Columns)
        {
            return ulong.MaxValue;
        }

        var range = new ZoneRange { Low = (ulong)keys.Low, High = (ulong)keys.High };
        var test = new ZoneTest { Column = column, Order = ZoneOrder.Integers, Ranges = &range, Count = 1 };
        return group.Reader!.Match(new System.ReadOnlySpan<ZoneTest>(in test));
    }

    /// <summary>Is the next batch to be looked at?</summary>
    internal bool IsAwake() => ++_batches > 0;

    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        int kept = keys.Keep(raw.Columns[column], rows, selected);
        _asked += rows.Count;
        _kept += kept;
        if (_batches >= Trial)
        {
            _batches = _asked - _kept < _asked / LeastShare ? -Rest : 0;
            _asked = _kept = 0;
        }

        return kept == rows.Count ? rows : new Rows(selected, kept);
    }
}
