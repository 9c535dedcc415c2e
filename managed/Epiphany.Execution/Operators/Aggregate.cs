// Execution layer, operators. Groups and their aggregates.

using System;

namespace Epiphany.Execution;

/// <summary>Takes in all rows of its child, then gives a row for each group; without hashing there is one group, also of no rows.</summary>
sealed unsafe class Aggregate : Operator
{
    readonly Operator _child;
    readonly AggregateProgram _program;
    readonly AggregateGroups _groups;
    readonly AggregateSpill _spill;
    readonly Batch _batch;
    readonly int* _numbers;
    readonly Sort? _sort;
    bool _isBuilt;
    int _next;

    /// <summary><paramref name="orders"/>: none, where groups may come in any order.</summary>
    internal Aggregate(Operator child, AggregateProgram program, SortKey[] orders, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _program = program;
        bool[] wanted = program.Wanted(child.Types.Length);
        _groups = new AggregateGroups(program, child.Types, wanted, context);
        _spill = new AggregateSpill(child.Types.ToArray(), wanted, context.Host);
        _batch = new Batch(tail.RawTypes.Length);
        if (AggregateWhole.Of(program, _groups) is { } whole)
        {
            child.OfferWhole(whole);
        }

        _numbers = (int*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(int));
        if (orders.Length > 0)
        {
            ValueType[] types = tail.RawTypes.ToArray();
            _sort = new Sort(new Groups(this, Plain(), context), orders, Plain(), context);
            Tail Plain() => new(types, [], null, context.Host.Memory);
        }
    }

    /// <summary>Of a key: a group has all its rows, or is not wanted.</summary>
    public override bool Offer(int column, KeyFilter keys) =>
        Tail.RawColumn(column) is { } raw && raw < _program.Keys.Length && _child.Offer(_program.Keys[raw].Column, keys);

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
        _groups.Clear();
        _spill.Clear();
        _isBuilt = false;
        _next = 0;
        Array.ForEach(_program.Calls, c => c.Start());
        _child.Rescan();
        _sort?.Rescan();
    }

    Batch? NextGroups()
    {
        if (!_isBuilt)
        {
            _isBuilt = true;
            for (bool isFull = false; _child.Next() is { } batch;)
            {
                isFull = Take(batch, isFull, 0);
            }

            Finish(0);
        }

        while (_next == _groups.Count && _spill.TryTake(out AggregatePart part))
        {
            _groups.Clear();
            _next = 0;
            for (bool isFull = false; part.Rows.Read() is { } batch;)
            {
                Context.Host.Poll();
                isFull = Take(batch, isFull, part.Level);
            }

            part.Rows.Close();
            Finish(part.Level);
        }

        int count = Math.Min(Batch.Capacity, _groups.Count - _next);
        if (count == 0)
        {
            return null;
        }

        Context.Host.Poll();
        for (int i = 0; i < count; i++)
        {
            _numbers[i] = _next + i;
        }

        _next += count;
        _groups.Show(_numbers, count, _batch);
        return _batch;
    }

    /// <summary>Takes in a batch; of groups that are new only where memory is not full. Says whether it is now.</summary>
    bool Take(Batch batch, bool isFull, int level)
    {
        if (isFull)
        {
            _groups.AddKnown(batch, _spill, level);
            return true;
        }

        _groups.Add(batch);
        return _program.Keys.Length > 0 && !AggregateSpill.IsLast(level) && _groups.Bytes > Context.Options.HashMemory;
    }

    void Finish(int level)
    {
        _groups.Finish();
        _spill.Finish(level, Stats);
        Stats.PeakMemory = Math.Max(Stats.PeakMemory, _groups.Bytes);
        Stats.HashEntries += (ulong)_groups.Count;
    }

    /// <summary>The groups as they come, for the sort to take.</summary>
    sealed class Groups(Aggregate aggregate, Tail tail, EngineContext context) : Operator(tail, context)
    {
        protected override Batch? Produce() => aggregate.NextGroups();

        protected override void Restart()
        {
        }
    }
}
