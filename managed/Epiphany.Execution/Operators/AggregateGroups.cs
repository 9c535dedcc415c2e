// Execution layer, operators. All groups that are in memory: keys, states, values of other columns.

using System;

namespace Epiphany.Execution;

/// <summary>Groups by number, from 0 in the order in which their first rows came.</summary>
sealed unsafe class AggregateGroups
{
    readonly AggregateProgram _program;
    readonly IExecutionHost _host;
    readonly KeyBatch? _keyBatch;
    readonly KeyTable? _table;
    readonly Vector[] _keys;
    readonly AggregateRows _rows;
    readonly StoredColumn[] _others;
    readonly DatumForm[] _forms;
    readonly VectorBuffer[] _buffers;
    readonly Arena _results;
    readonly ushort* _firsts;
    readonly ushort* _missing;
    readonly ushort* _present;
    readonly bool[] _wanted;
    readonly Batch _dense;
    readonly VectorBuffer?[] _denseBuffers;

    /// <summary><paramref name="wanted"/>: the columns that keys, aggregates and other columns look at.</summary>
    internal AggregateGroups(AggregateProgram program, ReadOnlySpan<ValueType> types, bool[] wanted, EngineContext context)
    {
        _program = program;
        _host = context.Host;
        _keys = new Vector[program.Keys.Length];
        _rows = new AggregateRows(_host.Memory);
        _results = new Arena(_host.Memory);
        _firsts = (ushort*)_host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _missing = (ushort*)_host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _present = (ushort*)_host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _wanted = wanted;
        _dense = new Batch(wanted.Length);
        _denseBuffers = new VectorBuffer?[wanted.Length];
        if (program.Keys.Length > 0)
        {
            _keyBatch = Keys(types);
            uint[] equalities = Array.ConvertAll(program.Keys, k => k.Equality);
            uint[] collations = Array.ConvertAll(program.Keys, k => k.Collation);
            _table = new KeyTable(_keyBatch, equalities, collations, nullsEqual: true, _host);
        }

        _others = new StoredColumn[program.Others.Length];
        for (int i = 0; i < _others.Length; i++)
        {
            _others[i] = new StoredColumn(types[program.Others[i]], _host.Memory);
        }

        _forms = Array.ConvertAll(_others, _ => new DatumForm(_host.Memory));
        _buffers = new VectorBuffer[program.Keys.Length + program.Calls.Length + program.Others.Length];
        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new VectorBuffer(_host.Memory);
        }
    }

    internal int Count { get; private set; }

    internal ulong Bytes
    {
        get
        {
            ulong bytes = _table?.Bytes ?? 0;
            foreach (AggregateCall call in _program.Calls)
            {
                bytes += call.Bytes;
            }

            foreach (StoredColumn other in _others)
            {
                bytes += other.Bytes;
            }

            return bytes;
        }
    }

    internal void Add(Batch batch)
    {
        int before = Count;
        if (_table == null)
        {
            Count = 1;
        }
        else
        {
            _table.Insert(KeysOf(batch), batch.Rows, _rows.Groups);
            Count = _table.Count;
        }

        foreach (AggregateCall call in _program.Calls)
        {
            call.State.Reserve(Count);
        }

        if (Count > before && _others.Length > 0)
        {
            KeepOthers(batch, before);
        }

        Update(batch);
    }

    /// <summary>Takes in the rows of groups that there are; the others are written away.</summary>
    internal void AddKnown(Batch batch, AggregateSpill spill, int level)
    {
        _table!.Find(_keyBatch!, KeysOf(batch), batch.Rows, _rows.Groups);
        int missing = 0;
        int present = 0;
        for (int row = 0; row < batch.Rows; row++)
        {
            uint group = _rows.Groups[row];
            _missing[missing] = _present[present] = (ushort)row;
            _rows.Groups[present] = group;
            missing += group == KeyTable.None ? 1 : 0;
            present += group == KeyTable.None ? 0 : 1;
        }

        // The table has looked at the hashes of all rows that it did not find.
        spill.Write(batch, new Rows(_missing, missing), _keyBatch!.Hashes, level);
        if (present > 0)
        {
            Update(missing == 0 ? batch : Dense(batch, new Rows(_present, present)));
        }
    }

    /// <summary>All rows have come.</summary>
    internal void Finish()
    {
        if (!_program.IsHashed)
        {
            BeginSole();
        }
    }

    /// <summary>Where there are no keys: the one group, if it has not begun.</summary>
    internal void BeginSole()
    {
        if (Count == 0)
        {
            Count = 1;
            foreach (AggregateCall call in _program.Calls)
            {
                call.State.Reserve(Count);
            }
        }
    }

    /// <summary>Some groups as rows of a batch: keys, aggregates, other columns. Good until the next call.</summary>
    internal void Show(int* numbers, int count, Batch batch)
    {
        int column = 0;
        _results.Reset();
        for (int i = 0; i < _keys.Length; i++, column++)
        {
            _table!.Gather(i, numbers, count, _buffers[column], batch.Columns[column]);
        }

        foreach (AggregateCall call in _program.Calls)
        {
            call.State.Show(call.Result, numbers, count, _buffers[column], _results, batch.Columns[column]);
            column++;
        }

        foreach (StoredColumn other in _others)
        {
            other.Gather(numbers, count, _buffers[column], batch.Columns[column]);
            column++;
        }

        batch.Rows = count;
    }

    internal void Clear()
    {
        _table?.Clear();
        foreach (AggregateCall call in _program.Calls)
        {
            call.Clear();
        }

        Array.ForEach(_others, o => o.Reset());
        _results.Reset();
        Count = 0;
    }

    KeyBatch Keys(ReadOnlySpan<ValueType> types)
    {
        AggregateKey[] keys = _program.Keys;
        var columns = new KeyColumn[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            ValueType type = types[keys[i].Column];
            columns[i] = new KeyColumn(type, KeyKinds.Of(keys[i].Equality, keys[i].Collation, type.Oid), keys[i].Collation, _host);
        }

        return new KeyBatch(columns, _host);
    }

    Vector[] KeysOf(Batch batch)
    {
        for (int i = 0; i < _keys.Length; i++)
        {
            _keys[i] = batch.Columns[_program.Keys[i].Column];
        }

        return _keys;
    }

    /// <summary>The groups of the rows have been found.</summary>
    void Update(Batch batch)
    {
        _rows.Set(batch.Rows, Count);
        foreach (AggregateCall call in _program.Calls)
        {
            if (!call.IsShared)
            {
                call.Add(batch, _rows);
            }
        }
    }

    Batch Dense(Batch batch, Rows rows)
    {
        _dense.Rows = rows.Count;
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_wanted[i])
            {
                Compaction.Gather(batch.Columns[i], rows, _denseBuffers[i] ??= new VectorBuffer(_host.Memory), _dense.Columns[i]);
            }
        }

        return _dense;
    }

    /// <summary>New groups, numbered from <paramref name="before"/> on, take the other columns' values of their first row.</summary>
    void KeepOthers(Batch batch, int before)
    {
        for (int row = batch.Rows - 1; row >= 0; row--)
        {
            int added = _table == null ? 0 : (int)_rows.Groups[row] - before;
            if (added >= 0)
            {
                _firsts[added] = (ushort)row;
            }
        }

        for (int i = 0; i < _others.Length; i++)
        {
            _others[i].Append(batch.Columns[_program.Others[i]], new Rows(_firsts, Count - before), before, _forms[i]);
        }
    }
}
