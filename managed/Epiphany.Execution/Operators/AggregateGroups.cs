// Execution layer, operators. All groups of a grouping set that are in memory: keys, states, values of other columns.

using System;

namespace Epiphany.Execution;

/// <summary>Groups by number, from 0 in the order in which their first rows came.</summary>
sealed unsafe class AggregateGroups
{
    readonly AggregateProgram _program;
    readonly AggregateSetProgram _set;
    readonly AggregateRoom _room;
    readonly KeyBatch? _keyBatch;
    readonly KeyTable? _table;
    readonly Vector[] _keys;
    readonly AggregateTotals[] _totals;
    readonly StoredColumn[] _others;
    readonly DatumForm[] _forms;
    FirstRanks? _first;
    int _firstKey;

    internal AggregateGroups(
        AggregateProgram program, AggregateSetProgram set, ReadOnlySpan<ValueType> types, AggregateRoom room, EngineContext context)
    {
        IExecutionHost host = context.Host;
        _program = program;
        _set = set;
        _room = room;
        _keys = new Vector[set.Keys.Length];
        if (set.Keys.Length > 0)
        {
            KeyPart[] keys = Array.ConvertAll(set.Keys, k => program.Keys[k]);
            _keyBatch = KeyBatch.Of(keys, types, host);
            uint[] equalities = Array.ConvertAll(keys, k => k.Equality);
            uint[] collations = Array.ConvertAll(keys, k => k.Collation);
            _table = new KeyTable(_keyBatch, equalities, collations, nullsEqual: true, host);
        }

        _totals = new AggregateTotals[program.Calls.Length];
        for (int i = 0; i < _totals.Length; i++)
        {
            AggregateCall call = program.Calls[i];
            AggregateTotals? shared = call.Shared is { } number ? _totals[number] : null;
            ulong sortMemory = context.Options.SortMemory / (ulong)Math.Max(program.Sorts, 1);
            _totals[i] = AggregateTotals.Make(call, shared, set.Keys.Length > 0, sortMemory, context);
        }

        _others = new StoredColumn[program.Others.Length];
        for (int i = 0; i < _others.Length; i++)
        {
            _others[i] = new StoredColumn(types[program.Others[i]], host.Memory);
        }

        _forms = Array.ConvertAll(_others, _ => new DatumForm(host.Memory));
    }

    internal int Count { get; private set; }

    internal ulong Bytes
    {
        get
        {
            ulong bytes = _table?.Bytes ?? 0;
            foreach (AggregateTotals totals in _totals)
            {
                bytes += totals.Bytes;
            }

            foreach (StoredColumn other in _others)
            {
                bytes += other.Bytes;
            }

            return bytes;
        }
    }

    internal ulong SortPeak
    {
        get
        {
            ulong bytes = 0;
            foreach (AggregateTotals totals in _totals)
            {
                bytes += totals.SortPeak;
            }

            return bytes;
        }
    }

    /// <summary>In this run, tells of the groups that begin by one of the node's keys; false: the set does not group by it.</summary>
    internal bool TryTell(int key, FirstRanks first)
    {
        _firstKey = Array.IndexOf(_set.Keys, key);
        _first = _firstKey >= 0 ? first : null;
        return _first != null;
    }

    /// <summary>Takes in a batch, which the aggregates have loaded.</summary>
    internal void Add(Batch batch)
    {
        int before = Count;
        if (_table == null)
        {
            Count = 1;
        }
        else
        {
            _table.Insert(KeysOf(batch), batch.Rows, _room.Rows.Groups);
            Count = _table.Count;
            TellFrom(before);
        }

        Reserve();
        if (Count > before && _others.Length > 0)
        {
            KeepOthers(batch, before);
        }

        Update(batch);
    }

    /// <summary>Takes in the rows of groups that there are; the others are written away. The aggregates load what they are to take in.</summary>
    internal void AddKnown(Batch batch, AggregateSpill spill, int level)
    {
        int missing = 0;
        int present = batch.Rows;
        if (_table != null)
        {
            uint* groups = _room.Rows.Groups;
            _table.Find(_keyBatch!, KeysOf(batch), batch.Rows, groups);
            present = 0;
            for (int row = 0; row < batch.Rows; row++)
            {
                uint group = groups[row];
                _room.Missing[missing] = _room.Present[present] = (ushort)row;
                groups[present] = group;
                missing += group == KeyTable.None ? 1 : 0;
                present += group == KeyTable.None ? 0 : 1;
            }

            // The table has looked at the hashes of all rows that it did not find.
            spill.Write(batch, new Rows(_room.Missing, missing), _keyBatch!.Hashes, level);
        }

        if (present > 0)
        {
            batch = missing == 0 ? batch : _room.Dense(batch, new Rows(_room.Present, present));
            _program.Load(batch);
            Update(batch);
        }
    }

    /// <summary>Where there are no keys: the one group, if it has not begun.</summary>
    internal void BeginSole()
    {
        if (Count == 0)
        {
            Count = 1;
            Reserve();
        }
    }

    /// <summary>All values of that aggregate's column at once, for the one group.</summary>
    internal void AddWhole(int call, in ColumnFacts facts) => _totals[call].AddWhole(facts);

    /// <summary>From now on nothing is kept that grows with the rows, if that can be avoided.</summary>
    internal void Close() => Array.ForEach(_totals, t => t.Close());

    /// <summary>All rows have come.</summary>
    internal void Finish(ulong memory, NodeStats stats)
    {
        if (!_set.IsHashed)
        {
            BeginSole();
        }

        Array.ForEach(_totals, t => t.Forget());
        foreach (AggregateTotals totals in _totals)
        {
            ulong kept = Bytes;
            totals.Finish(Math.Max(memory / 4, memory - Math.Min(memory, kept)), stats);
        }
    }

    /// <summary>How many of so many groups from there on can be shown at once.</summary>
    internal int Fit(int first, int count)
    {
        foreach (AggregateTotals totals in _totals)
        {
            count = totals.Fit(first, count);
        }

        return count;
    }

    /// <summary>Some groups as rows: keys, aggregates, other columns, what GROUPING() gives. Good until the next call, of any set's groups.</summary>
    internal Batch Show(int* numbers, int count)
    {
        Batch batch = _room.Shown;
        batch.Rows = count;
        _room.Results.Reset();
        for (int i = 0; i < _program.Keys.Length; i++)
        {
            int key = Array.IndexOf(_set.Keys, i);
            if (key >= 0)
            {
                _table!.Gather(key, numbers, count, _room.Buffers[i], batch.Columns[i]);
            }
            else
            {
                Fill(i, 0, isNull: true);
            }
        }

        // Aggregates may have arguments among the other columns.
        int column = _program.Keys.Length + _totals.Length;
        foreach (StoredColumn other in _others)
        {
            other.Gather(numbers, count, _room.Buffers[column], batch.Columns[column]);
            column++;
        }

        foreach (int grouping in _set.Groupings)
        {
            Fill(column++, grouping, isNull: false);
        }

        column = _program.Keys.Length;
        foreach (AggregateTotals totals in _totals)
        {
            totals.Show(batch, numbers, count, _room.Buffers[column], _room.Results, batch.Columns[column]);
            column++;
        }

        return batch;
    }

    internal void Restart()
    {
        Clear();
        _first = null;
    }

    internal void Clear()
    {
        _table?.Clear();
        Array.ForEach(_totals, t => t.Clear());
        Array.ForEach(_others, o => o.Reset());
        _room.Results.Reset();
        Count = 0;
    }

    Vector[] KeysOf(Batch batch)
    {
        for (int i = 0; i < _keys.Length; i++)
        {
            _keys[i] = batch.Columns[_program.Keys[_set.Keys[i]].Column];
        }

        return _keys;
    }

    void TellFrom(int group)
    {
        for (; _first != null && group < Count; group++)
        {
            if (_table!.IsNull(_firstKey, group))
            {
                _first.AddNull();
            }
            else
            {
                _first.Add((long)_table.Lanes(_firstKey)[group]);
            }
        }
    }

    void Reserve()
    {
        foreach (AggregateTotals totals in _totals)
        {
            totals.Reserve(Count);
        }
    }

    /// <summary>The groups of the rows have been found.</summary>
    void Update(Batch batch)
    {
        _room.Rows.Set(batch.Rows, Count);
        foreach (AggregateTotals totals in _totals)
        {
            totals.Add(_room.Rows);
        }
    }

    /// <summary>A column that is the same in all rows shown.</summary>
    void Fill(int column, int value, bool isNull)
    {
        VectorBuffer buffer = _room.Buffers[column];
        int rows = _room.Shown.Rows;
        new Span<ulong>(buffer.Values, rows).Fill((ulong)(long)value);
        new Span<byte>(buffer.Nulls, rows).Fill(1);
        _room.Shown.Columns[column].SetDatums(buffer.Values, isNull ? buffer.Nulls : null);
    }

    /// <summary>New groups, numbered from <paramref name="before"/> on, take the other columns' values of their first row.</summary>
    void KeepOthers(Batch batch, int before)
    {
        for (int row = batch.Rows - 1; row >= 0; row--)
        {
            int added = _table == null ? 0 : (int)_room.Rows.Groups[row] - before;
            if (added >= 0)
            {
                _room.Firsts[added] = (ushort)row;
            }
        }

        for (int i = 0; i < _others.Length; i++)
        {
            _others[i].Append(batch.Columns[_program.Others[i]], new Rows(_room.Firsts, Count - before), before, _forms[i]);
        }
    }
}
