// Execution layer, operators. All rows in order; only the first ones where nobody will ask for more.

using System;

namespace Epiphany.Execution;

sealed class Sort : Operator
{
    readonly Operator _child;
    readonly SortKey[] _keys;
    readonly OrderedRows _rows;
    Nearest? _nearest;
    FirstRanks? _first;
    SeriesFirsts? _series;
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

        _rows = new OrderedRows(keys, child.Types, wanted, context.Options.SortMemory, context);
    }

    public override void Bound(long rows)
    {
        _rows.Bound = Tail.Conditions.IsEmpty ? rows : -1;
        if (_rows.Bound is > 0 and <= Nearest.MaxRows && _keys[0].IsAscendingFloat8)
        {
            _nearest ??= new Nearest(Context.Host.Memory);
            _nearest.Begin((int)rows);
            _child.OfferNearest(_keys[0].Column, _nearest);
        }

        if (_rows.Bound is > 0 and <= FirstRanks.MaxRows && _keys[0].IsInteger)
        {
            _first ??= new FirstRanks(Context.Host.Memory, _keys[0].Descending, _keys[0].NullsFirst);
            _first.Begin((int)rows);
            _child.OfferFirst(_keys[0].Column, _first, tells: true);
        }
    }

    public override void OnlyFirsts(KeyPart[] keys)
    {
        if (keys.Length < _keys.Length && _keys[keys.Length].IsInteger && Tail.Conditions.IsEmpty && SeriesOf(keys) is { } series)
        {
            SortKey time = _keys[keys.Length];
            _series = new SeriesFirsts(series, _child.Types, time.Descending, time.NullsFirst, Context);
            _child.OfferSeries(Array.ConvertAll(series, k => k.Column), time.Column, _series);
        }
    }

    /// <summary>The keys as columns of the child, if they are what is sorted by first; in whatever order.</summary>
    KeyPart[]? SeriesOf(KeyPart[] keys)
    {
        var series = new KeyPart[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            int? raw = Tail.RawColumn(keys[i].Column);
            if (Array.FindIndex(_keys, 0, keys.Length, k => k.Column == raw) < 0)
            {
                return null;
            }

            series[i] = keys[i] with { Column = raw!.Value };
        }

        return series;
    }

    /// <summary>Who bounds a sort offers it nothing.</summary>
    public override bool Offer(int column, KeyFilter keys) => Tail.RawColumn(column) is { } raw && _child.Offer(raw, keys);

    protected override Batch? Produce()
    {
        if (!_sorted)
        {
            Collect();
            _sorted = true;
        }

        while (_rows.Next() is { } sorted)
        {
            if (Tail.Apply(sorted, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _rows.Reset();
        _series?.Begin();
        _sorted = false;
        _child.Rescan();
    }

    void Collect()
    {
        while (_child.Next() is { } batch)
        {
            _rows.Add(batch);
        }

        _rows.Finish();
        Stats.PeakMemory = Math.Max(Stats.PeakMemory, _rows.Peak);
        Stats.SpilledBytes += _rows.SpilledBytes;
        Stats.SpilledParts += _rows.SpilledParts;
    }
}
