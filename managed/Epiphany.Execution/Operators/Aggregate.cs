// Execution layer, operators. Groups and their aggregates, by one grouping set or several.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Takes in all rows of its child, each batch for all grouping sets; then gives the groups, set by set. The sets share the memory that there is:
/// when it is full, no set begins new groups.
/// </summary>
sealed class Aggregate : Operator
{
    readonly Operator _child;
    readonly AggregateProgram _program;
    readonly AggregateSet[] _sets;
    readonly RowSlices _slices;
    readonly Sort? _sort;
    readonly SeriesFirsts? _series;
    bool _isBuilt;

    /// <summary>Whose groups are given: first of all sets those in memory, then of all sets those that were written away.</summary>
    int _turn;

    /// <summary><paramref name="orders"/>: none, where groups may come in any order.</summary>
    internal Aggregate(Operator child, AggregateProgram program, SortKey[] orders, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _program = program;
        bool[] wanted = program.Wanted(child.Types.Length);
        var room = new AggregateRoom(wanted, tail.RawTypes.Length, context.Host.Memory);
        _slices = new RowSlices(child.Types, wanted, context.Host.Memory);
        _sets = new AggregateSet[program.Sets.Length];
        for (int i = 0; i < _sets.Length; i++)
        {
            _sets[i] = new AggregateSet(program, program.Sets[i], child.Types, wanted, room, Stats, context);
        }

        if (AggregateWhole.Of(program, _sets[0].Groups) is { } whole)
        {
            child.OfferWhole(whole);
        }

        if (program.End is { } end)
        {
            _series = new SeriesFirsts(program.Keys, child.Types, end.IsLatest, nullsFirst: false, context);
            child.OfferSeries(Array.ConvertAll(program.Keys, k => k.Column), end.Column, _series);
        }

        if (orders.Length > 0)
        {
            ValueType[] types = tail.RawTypes.ToArray();
            _sort = new Sort(new Groups(this, Plain(), context), orders, Plain(), context);
            Tail Plain() => new(types, [], null, context.Host.Memory);
        }
    }

    /// <summary>Of a key of all sets: a group has all its rows, or is not wanted.</summary>
    public override bool Offer(int column, KeyFilter keys) =>
        Tail.RawColumn(column) is { } raw && Array.TrueForAll(_program.Sets, s => Array.IndexOf(s.Keys, raw) >= 0)
        && _child.Offer(_program.Keys[raw].Column, keys);

    public override void Bound(long rows) => _sort?.Bound(Tail.Conditions.IsEmpty ? rows : -1);

    public override void OfferFirst(int column, FirstRanks first, bool tells)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumn(column) is { } raw)
        {
            OfferFirstGroups(raw, first);
        }
    }

    protected override Batch? Produce()
    {
        while ((_sort == null ? NextGroups() : _sort.Next()) is { } raw)
        {
            if (Tail.Apply(raw, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        Array.ForEach(_sets, s => s.Restart());
        _series?.Begin();
        _isBuilt = false;
        _turn = 0;
        Array.ForEach(_program.Calls, c => c.Start());
        _child.Rescan();
        _sort?.Rescan();
    }

    /// <summary>
    /// Of a key of the only set: who asks is told of each group that begins. Groups that come after the first may lack rows from then on; none
    /// of those that are equal to the last of them does.
    /// </summary>
    void OfferFirstGroups(int raw, FirstRanks first)
    {
        if (_sets.Length == 1 && _sets[0].Groups.TryTell(raw, first))
        {
            _child.OfferFirst(_program.Keys[raw].Column, first, tells: false);
        }
    }

    Batch? NextGroups()
    {
        if (!_isBuilt)
        {
            _isBuilt = true;
            Build();
        }

        Context.Host.Poll();
        for (; _turn < 2 * _sets.Length; _turn++)
        {
            AggregateSet set = _sets[_turn % _sets.Length];
            do
            {
                if (set.Next() is { } batch)
                {
                    return batch;
                }
            }
            while (_turn >= _sets.Length && set.NextPart());
        }

        return null;
    }

    void Build()
    {
        ulong memory = Context.Options.HashMemory;
        while (_child.Next() is { } batch)
        {
            _slices.Begin(batch);
            while (_slices.Next() is { } slice)
            {
                Take(slice);
                if (Bytes() > memory)
                {
                    Array.ForEach(_sets, s => s.Close());
                }
            }
        }

        ulong bytes = Bytes();
        ulong sorts = 0;
        foreach (AggregateSet set in _sets)
        {
            sorts += set.SortPeak;
        }

        Stats.PeakMemory = Math.Max(Stats.PeakMemory, bytes + sorts);
        foreach (AggregateSet set in _sets)
        {
            set.Finish(memory - Math.Min(memory, bytes - set.Bytes));
        }
    }

    /// <summary>Sets that are full load what they take in by themselves, and come last for that.</summary>
    void Take(Batch batch)
    {
        bool isLoaded = false;
        foreach (AggregateSet set in _sets)
        {
            if (set.IsFull)
            {
                continue;
            }

            if (!isLoaded)
            {
                _program.Load(batch);
                isLoaded = true;
            }

            set.Take(batch);
        }

        foreach (AggregateSet set in _sets)
        {
            if (set.IsFull)
            {
                set.Take(batch);
            }
        }
    }

    ulong Bytes()
    {
        ulong bytes = 0;
        foreach (AggregateSet set in _sets)
        {
            bytes += set.Bytes;
        }

        return bytes;
    }

    /// <summary>The groups as they come, for the sort to take.</summary>
    sealed class Groups(Aggregate aggregate, Tail tail, EngineContext context) : Operator(tail, context)
    {
        public override void OfferFirst(int column, FirstRanks first, bool tells) => aggregate.OfferFirstGroups(column, first);

        protected override Batch? Produce() => aggregate.NextGroups();

        protected override void Restart()
        {
        }
    }
}
