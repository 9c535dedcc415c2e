// Execution layer, operators. All rows in order; only the first ones where nobody will ask for more.

using System;

namespace Epiphany.Execution;

sealed unsafe class Sort : Operator
{
    /// <summary>A bounded sort throws away what is too late once it holds twice its bound, and so many rows at least.</summary>
    const int MinPruned = 4 * Batch.Capacity;

    /// <summary>Runs have so many rows at least, whatever memory there is.</summary>
    const int MinRun = 4 * Batch.Capacity;

    readonly Operator _child;
    readonly SortKey[] _keys;
    readonly Batch _batch;
    readonly SortRuns _runs;
    readonly SortThreshold _threshold;
    RowStore _rows;
    RowSorter _sorter;
    RowStore _spare;
    RowSorter _spareSorter;
    int* _order;
    int _orderRoom;
    int _count;
    int _next;
    long _bound = -1;
    bool _sorted;

    internal Sort(Operator child, SortKey[] keys, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _keys = keys;
        bool[] wanted = tail.Wanted.ToArray();
        Array.ForEach(keys, k => wanted[k.Column] = true);
        foreach (Expression condition in tail.Conditions)
        {
            condition.MarkColumns(wanted);
        }

        _batch = new Batch(wanted.Length);
        _runs = new SortRuns(keys, child.Types.ToArray(), wanted, context.Host);
        _threshold = new SortThreshold(keys, context.Host);
        (_rows, _sorter) = Side(wanted);
        (_spare, _spareSorter) = Side(wanted);
    }

    public override void Bound(long rows) => _bound = Tail.Conditions.IsEmpty ? rows : -1;

    /// <summary>Who bounds a sort offers it nothing.</summary>
    public override bool Offer(int column, KeyFilter keys) => Tail.RawColumn(column) is { } raw && _child.Offer(raw, keys);

    protected override Batch? Produce()
    {
        if (!_sorted)
        {
            Collect();
            Order();
            if (_runs.Count > 0)
            {
                Spill();
                _runs.Merge();
                Stats.SpilledBytes += _runs.Bytes;
            }

            _sorted = true;
        }

        while (_runs.Count > 0 && _runs.Next() is { } merged)
        {
            if (Tail.Apply(merged, Stats) is { } batch)
            {
                return batch;
            }
        }

        while (_next < _count)
        {
            int rows = Math.Min(Batch.Capacity, _count - _next);
            _rows.Gather(_order + _next, rows, _batch, 0);
            _batch.Rows = rows;
            _next += rows;
            if (Tail.Apply(_batch, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _rows.Reset();
        _spare.Reset();
        _runs.Reset();
        _threshold.Forget();
        _next = 0;
        _bound = -1;
        _sorted = false;
        _child.Rescan();
    }

    void Collect()
    {
        while (_child.Next() is { } batch)
        {
            _rows.Append(batch, _threshold.Before(batch));
            if (_bound >= 0 && _rows.Count > Math.Max(2 * _bound, MinPruned))
            {
                Prune();
            }

            ulong bytes = _rows.Bytes + _spare.Bytes + ((ulong)_rows.Count * (RowSorter.BytesPerRow + sizeof(int)));
            Stats.PeakMemory = Math.Max(Stats.PeakMemory, bytes);
            if (bytes > Context.Options.SortMemory && _rows.Count >= MinRun)
            {
                Order();
                Spill();
            }
        }
    }

    /// <summary>What is in memory becomes a run.</summary>
    void Spill()
    {
        if (_rows.Count > 0)
        {
            _runs.Add(_rows, _order, _count);
            Stats.SpilledParts++;
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
        _count = _bound >= 0 ? (int)Math.Min(_bound, _rows.Count) : _rows.Count;
        if (_count > _orderRoom)
        {
            if (_order != null)
            {
                Context.Host.Memory.Free((byte*)_order);
                _order = null;
            }

            _order = (int*)Context.Host.Memory.Allocate((nuint)_count * sizeof(int));
            _orderRoom = _count;
        }

        _sorter.Sort(_order, _count);
    }

    (RowStore Rows, RowSorter Sorter) Side(bool[] wanted)
    {
        var rows = new RowStore(_child.Types, wanted, Context.Host.Memory);
        return (rows, new RowSorter(_keys, rows, Context.Host));
    }
}
