// Execution layer, operators. One grouping set of an aggregate: its groups in memory, and the rows of those for which there was no room.

using System;

namespace Epiphany.Execution;

/// <summary>Takes in batches, then gives its groups; after those in memory, those of its files, part by part.</summary>
sealed unsafe class AggregateSet
{
    readonly AggregateProgram _program;
    readonly AggregateGroups _groups;
    readonly AggregateSpill _spill;
    readonly AggregateRoom _room;
    readonly EngineContext _context;
    readonly NodeStats _stats;
    int _level;
    int _next;

    internal AggregateSet(
        AggregateProgram program, AggregateSetProgram set, ReadOnlySpan<ValueType> types, bool[] wanted, AggregateRoom room, NodeStats stats,
        EngineContext context)
    {
        _program = program;
        _groups = new AggregateGroups(program, set, types, room, context);
        _spill = new AggregateSpill(types.ToArray(), wanted, context.Host);
        _room = room;
        _stats = stats;
        _context = context;
    }

    /// <summary>No new group begins.</summary>
    internal bool IsFull { get; private set; }

    internal ulong Bytes => _groups.Bytes;

    /// <summary>Of the memory for sorts.</summary>
    internal ulong SortPeak => _groups.SortPeak;

    /// <summary>Those in memory.</summary>
    internal AggregateGroups Groups => _groups;

    /// <summary>A batch; if the set is not full, the aggregates have loaded it.</summary>
    internal void Take(Batch batch)
    {
        if (IsFull)
        {
            _groups.AddKnown(batch, _spill, _level);
        }
        else
        {
            _groups.Add(batch);
        }
    }

    /// <summary>There is no more memory; rows whose hashes have been used up have to be taken all the same.</summary>
    internal void Close()
    {
        if (!IsFull && !AggregateSpill.IsLast(_level))
        {
            IsFull = true;
            _groups.Close();
        }
    }

    /// <summary>All rows have come.</summary>
    internal void Finish(ulong memory)
    {
        _groups.Finish(memory, _stats);
        _spill.Finish(_level, _stats);
        _stats.HashEntries += (ulong)_groups.Count;
        _next = 0;
    }

    /// <summary>The next groups in memory; null: there are no more, and the memory has been given back.</summary>
    internal Batch? Next()
    {
        int count = Math.Min(Batch.Capacity, _groups.Count - _next);
        if (count == 0)
        {
            _groups.Clear();
            _next = 0;
            return null;
        }

        count = _groups.Fit(_next, count);
        for (int i = 0; i < count; i++)
        {
            _room.Numbers[i] = _next + i;
        }

        _next += count;
        return _groups.Show(_room.Numbers, count);
    }

    /// <summary>Takes in the next part of what was written; false: there is none.</summary>
    internal bool NextPart()
    {
        if (!_spill.TryTake(out AggregatePart part))
        {
            return false;
        }

        _level = part.Level;
        IsFull = false;
        while (part.Rows.Read() is { } batch)
        {
            _context.Host.Poll();
            if (!IsFull)
            {
                _program.Load(batch);
            }

            Take(batch);
            if (Bytes > _context.Options.HashMemory)
            {
                Close();
            }
        }

        part.Rows.Close();
        _stats.PeakMemory = Math.Max(_stats.PeakMemory, Bytes + SortPeak);
        Finish(_context.Options.HashMemory);
        return true;
    }

    /// <summary>A run begins.</summary>
    internal void Restart()
    {
        _groups.Restart();
        _spill.Clear();
        IsFull = false;
        _level = 0;
        _next = 0;
    }
}
