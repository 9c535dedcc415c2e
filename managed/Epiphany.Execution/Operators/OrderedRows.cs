// Execution layer, operators. Rows that are kept and given back in order; in sorted runs in files where there are more than memory has room for.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Takes rows, then gives them in the order of the keys; equal ones in any order. What it keeps exceeds its memory by a slice of rows at most, or
/// is below <see cref="LeastRun"/>.
/// </summary>
sealed unsafe class OrderedRows
{
    /// <summary>A bounded sort throws away what is too late once it holds twice its bound, and so many rows at least.</summary>
    const int MinPruned = 4 * Batch.Capacity;

    /// <summary>Runs have so many rows at least, whatever memory there is, unless those take so many bytes.</summary>
    const int MinRun = 4 * Batch.Capacity;
    const ulong LeastRun = 1 << 20;

    readonly SortKey[] _keys;
    readonly ValueType[] _types;
    readonly bool[] _wanted;
    readonly ulong _memory;
    readonly EngineContext _context;
    readonly Batch _batch;
    readonly SortRuns _runs;
    readonly RowSlices _slices;
    readonly SortThreshold _threshold;
    RowStore _rows;
    RowSorter _sorter;
    RowStore _spare;
    RowSorter _spareSorter;
    int* _order;
    int _orderRoom;
    int _count;
    int _next;
    ulong _added;

    internal OrderedRows(SortKey[] keys, ReadOnlySpan<ValueType> types, bool[] wanted, ulong memory, EngineContext context)
    {
        _keys = keys;
        _types = types.ToArray();
        _wanted = wanted;
        _memory = memory;
        _context = context;
        _batch = new Batch(wanted.Length);
        _runs = new SortRuns(keys, _types, wanted, memory, context.Host);
        _threshold = new SortThreshold(keys, context.Host);
        _slices = new RowSlices(_types, wanted, context.Host.Memory);
        (_rows, _sorter) = Side();
        (_spare, _spareSorter) = Side();
    }

    /// <summary>Nobody will ask for more rows than these; -1: no bound.</summary>
    internal long Bound { get; set; } = -1;

    /// <summary>The most memory that it has held since it was last reset.</summary>
    internal ulong Peak { get; private set; }

    internal ulong SpilledBytes => _runs.Bytes;

    internal ulong SpilledParts { get; private set; }

    /// <summary>What a row takes, about.</summary>
    internal ulong RowBytes => (Bytes + SpilledBytes) / Math.Max(_added, 1);

    ulong Bytes => _rows.Bytes + _spare.Bytes + ((ulong)_rows.Count * (RowSorter.BytesPerRow + sizeof(int)));

    internal void Add(Batch batch)
    {
        Rows rows = _threshold.Before(batch);
        for (int done = 0; done < rows.Count;)
        {
            Rows slice = _slices.Next(batch, rows, done);
            done += slice.Count;
            _added += (ulong)slice.Count;
            _rows.Append(batch, slice);
            if (Bound >= 0 && _rows.Count > Math.Max(2 * Bound, MinPruned))
            {
                Prune();
            }

            ulong bytes = Bytes;
            Peak = Math.Max(Peak, bytes);
            if (bytes > _memory && (_rows.Count >= MinRun || bytes > LeastRun))
            {
                Order();
                Spill();
            }
        }
    }

    /// <summary>No more rows are coming; they can be taken.</summary>
    internal void Finish()
    {
        Order();
        if (_runs.Count > 0)
        {
            Spill();
            _runs.Merge();
        }
    }

    /// <summary>The next rows in order; null at the end. Good until the next call.</summary>
    internal Batch? Next()
    {
        if (_runs.Count > 0)
        {
            return _runs.Next();
        }

        int rows = Math.Min(Batch.Capacity, _count - _next);
        if (rows == 0)
        {
            return null;
        }

        _rows.Gather(_order + _next, rows, _batch, 0);
        _batch.Rows = rows;
        _next += rows;
        return _batch;
    }

    internal void Reset()
    {
        _rows.Reset(keeps: true);
        _spare.Reset();
        _runs.Reset();
        _threshold.Forget();
        _count = 0;
        _next = 0;
        _added = 0;
        Bound = -1;
        Peak = 0;
        SpilledParts = 0;
    }

    /// <summary>What is in memory becomes a run.</summary>
    void Spill()
    {
        if (_rows.Count > 0)
        {
            _runs.Add(_rows, _order, _count);
            SpilledParts++;
            _rows.Reset();
            _threshold.Forget();
            _count = 0;
        }
    }

    /// <summary>Keeps the first rows, as many as the bound says.</summary>
    void Prune()
    {
        Order();
        for (int done = 0; done < _count; done += Batch.Capacity)
        {
            int rows = Math.Min(Batch.Capacity, _count - done);
            _rows.Gather(_order + done, rows, _batch, 0);
            _spare.Append(_batch, Rows.All(rows));
        }

        _rows.Reset();
        (_rows, _spare) = (_spare, _rows);
        (_sorter, _spareSorter) = (_spareSorter, _sorter);
        _threshold.Set(_rows);
    }

    void Order()
    {
        _count = Bound >= 0 ? (int)Math.Min(Bound, _rows.Count) : _rows.Count;
        if (_count > _orderRoom)
        {
            if (_order != null)
            {
                _context.Host.Memory.Free((byte*)_order);
                _order = null;
            }

            _order = (int*)_context.Host.Memory.Allocate((nuint)_count * sizeof(int));
            _orderRoom = _count;
        }

        _sorter.Sort(_order, _count);
    }

    (RowStore Rows, RowSorter Sorter) Side()
    {
        var rows = new RowStore(_types, _wanted, _context.Host.Memory);
        return (rows, new RowSorter(_keys, rows, _context.Host));
    }
}
