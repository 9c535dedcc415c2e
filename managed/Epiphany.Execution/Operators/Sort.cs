// Execution layer, operators. All rows in order; only the first ones where nobody will ask for more.

using System;

namespace Epiphany.Execution;

sealed class Sort : Operator
{
    /// <summary>To compare fewer strings than these costs less than to ask all groups for them.</summary>
    const double LeastRanked = 2 * Batch.Capacity;

    /// <summary>What a value by reference takes, about.</summary>
    const ulong StringBytes = 24;

    readonly Operator _child;
    readonly SortKey[] _keys;
    readonly bool[] _wanted;
    readonly OrderedRows _rows;
    Nearest? _nearest;
    FirstRanks? _first;
    SeriesFirsts? _series;

    /// <summary>Made when first wanted; whether the scan below gives ranges in this run it says when it gives rows.</summary>
    ScanRanges? _ranges;
    RangedRows? _ranged;

    /// <summary>Of another range than the rows in hand; null: these are the last.</summary>
    Batch? _waiting;
    bool _isCollected;

    internal Sort(Operator child, SortKey[] keys, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _keys = keys;
        _wanted = tail.Wanted.ToArray();
        Array.ForEach(keys, k => _wanted[k.Column] = true);
        foreach (Expression condition in tail.Conditions)
        {
            condition.MarkColumns(_wanted);
        }

        _rows = new OrderedRows(keys, child.Types, _wanted, context.Options.SortMemory, context);
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
        for (; ; )
        {
            if (!_isCollected)
            {
                Collect();
            }

            while ((IsRanged ? _ranged!.Next() : _rows.Next()) is { } sorted)
            {
                if (Tail.Apply(sorted, Stats) is { } batch)
                {
                    return batch;
                }
            }

            if (_waiting == null)
            {
                return null;
            }

            _isCollected = false;
        }
    }

    protected override void Restart()
    {
        _rows.Reset();
        _series?.Begin();
        _waiting = null;
        _isCollected = false;
        _ranges?.Begin(-1);
        _child.Rescan();
    }

    bool IsRanged => _ranges is { Now: ScanRanges.State.On };

    /// <summary>All rows, or those of a range.</summary>
    void Collect()
    {
        if (_waiting == null)
        {
            OfferRanges();
        }

        Batch? batch = _waiting ?? _child.Next();
        while (batch != null && Add(batch))
        {
            batch = _child.Next();
        }

        _waiting = batch;
        _isCollected = true;
        if (IsRanged)
        {
            _ranged!.Finish(isLast: _waiting == null);
            Stats.Ranges++;
            Report(_ranged.Peak, _ranged.SpilledBytes, _ranged.SpilledParts);
        }
        else
        {
            _rows.Finish();
            Report(_rows.Peak, _rows.SpilledBytes, _rows.SpilledParts);
        }
    }

    /// <summary>False: the batch has to wait until the rows of the range in hand have been taken.</summary>
    bool Add(Batch batch)
    {
        if (_ranges is { Now: not ScanRanges.State.Off })
        {
            return _ranged!.TryAdd(batch);
        }

        _rows.Add(batch);
        return true;
    }

    void Report(ulong peak, ulong spilledBytes, ulong spilledParts)
    {
        Stats.PeakMemory = Math.Max(Stats.PeakMemory, peak);
        Stats.SpilledBytes += spilledBytes;
        Stats.SpilledParts += spilledParts;
    }

    /// <summary>Where more rows are expected than there is memory for, or strings to be compared, or few of many are wanted.</summary>
    void OfferRanges()
    {
        ulong rowBytes = RowSorter.BytesPerRow + sizeof(int);
        for (int i = 0; i < _wanted.Length; i++)
        {
            rowBytes += !_wanted[i] ? 0 : _child.Types[i].ByValue ? sizeof(ulong) : StringBytes;
        }

        bool areMany = _rows.Bound >= 0
            ? _child.Expected > LeastRanked && _rows.Bound < _child.Expected / 2 && !_keys[0].IsInteger
            : _keys[0].IsInteger ? _child.Expected * rowBytes > Context.Options.SortMemory : _child.Expected > LeastRanked;
        bool isKeyOnce = Array.FindIndex(_keys, 1, k => k.Column == _keys[0].Column) < 0;
        if (!areMany || _series != null || !isKeyOnce || !ScanRanges.Fits(_keys[0]))
        {
            return;
        }

        SortKey? next = _keys.Length > 1 && _keys[1].IsInteger ? _keys[1] : null;
        _ranges ??= new ScanRanges(_keys[0], rowBytes, Context);
        _ranged ??= new RangedRows(_keys, _child.Types.ToArray(), _wanted, _rows, _ranges, Context);
        _ranges.Begin(_rows.Bound);
        _ranged.Begin(_rows.Bound);
        _child.OfferRanges(_keys[0].Column, next?.Column ?? -1, _ranges);
    }
}
