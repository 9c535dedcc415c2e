// Execution layer, operators. DISTINCT: which rows bring a value that their group has not had.

using System;

namespace Epiphany.Execution;

/// <summary>
/// A set of pairs of group and value; without keys there is one group, and values alone are kept. Once it is closed, pairs that it does not have
/// go to files by their hash, and are looked at part by part when all rows have come.
/// </summary>
sealed unsafe class AggregateDistinct
{
    readonly IExecutionHost _host;
    readonly KeyBatch _keys;
    readonly KeyTable _table;
    readonly Batch _pair;
    readonly AggregateSpill _spill;
    readonly VectorBuffer _lanes;
    readonly VectorBuffer _buffer;
    readonly AggregateRows _read;
    readonly uint* _numbers;
    readonly ushort* _some;
    readonly byte* _seen;
    AggregatePart? _part;
    bool _isClosed;
    int _groups;

    internal AggregateDistinct(ValueType argument, uint collation, bool hasKeys, EngineContext context)
    {
        _host = context.Host;
        uint equality = KeyKinds.Equality(argument.Oid);
        var value = new KeyColumn(argument, KeyKinds.Of(equality, collation, argument.Oid), collation, _host);
        var group = new KeyColumn(AggregateRows.NumberType, KeyKind.Datum, 0, _host);
        _keys = new KeyBatch(hasKeys ? [group, value] : [value], _host);
        _table = new KeyTable(_keys, hasKeys ? [0, equality] : [equality], hasKeys ? [0, collation] : [collation], nullsEqual: true, _host);
        _pair = new Batch(hasKeys ? 2 : 1);
        _spill = new AggregateSpill(hasKeys ? [AggregateRows.NumberType, argument] : [argument], hasKeys ? [true, true] : [true], _host);
        _lanes = new VectorBuffer(_host.Memory);
        _buffer = new VectorBuffer(_host.Memory);
        _read = new AggregateRows(_host.Memory);
        Groups = new AggregateRows(_host.Memory);
        _numbers = (uint*)_host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _some = (ushort*)_host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _seen = _host.Memory.Allocate(Batch.Capacity);
    }

    internal ulong Bytes => _table.Bytes;

    /// <summary>The values that were new when rows were taken last, and their groups.</summary>
    internal Vector Values { get; } = new();

    internal AggregateRows Groups { get; }

    bool HasGroups => _pair.Columns.Length > 1;

    /// <summary>Values, none of them null, and their groups. False: none of them is new, as far as can be said.</summary>
    internal bool Take(Vector values, AggregateRows rows)
    {
        _groups = rows.GroupCount;
        for (int i = 0; HasGroups && i < rows.Count; i++)
        {
            _lanes.Values[i] = rows.IsOne ? 0 : rows.Groups[i];
        }

        _pair.Rows = rows.Count;
        _pair.Columns[0].SetDatums(_lanes.Values, null);
        _pair.Columns[^1].Refer(values);
        if (_isClosed)
        {
            Write();
            return false;
        }

        Rows fresh = Fresh();
        Compaction.Gather(values, fresh, _buffer, Values);
        Groups.Select(rows, fresh);
        return fresh.Count > 0;
    }

    internal void Close() => _isClosed = true;

    /// <summary>What it has seen need not be remembered: whatever has been written is not among it.</summary>
    internal void Forget() => _table.Clear();

    /// <summary>The next new values of those that were written, with about so many bytes of memory; false: there are no more.</summary>
    internal bool TakeWritten(ulong memory, NodeStats stats)
    {
        do
        {
            while (_part?.Rows.Read() is { } batch)
            {
                _host.Poll();
                _isClosed = _table.Bytes > memory && !AggregateSpill.IsLast(_part.Value.Level);
                for (int i = 0; HasGroups && i < batch.Rows; i++)
                {
                    _read.Groups[i] = (uint)batch.Columns[0].Values[i];
                }

                _read.Set(batch.Rows, _groups);
                if (Take(batch.Columns[^1], _read))
                {
                    return true;
                }
            }
        }
        while (NextPart(stats));

        return false;
    }

    internal void Clear()
    {
        _part?.Rows.Close();
        _part = null;
        _spill.Clear();
        _table.Clear();
        _isClosed = false;
    }

    bool NextPart(NodeStats stats)
    {
        _part?.Rows.Close();
        _spill.Finish(_part?.Level ?? 0, stats);
        _table.Clear();
        _isClosed = false;
        _part = _spill.TryTake(out AggregatePart part) ? part : null;
        return _part != null;
    }

    Rows Fresh()
    {
        int before = _table.Count;
        _table.Insert(_pair.Columns, _pair.Rows, _numbers);
        new Span<byte>(_seen, _table.Count - before).Clear();
        int count = 0;
        for (int i = 0; i < _pair.Rows; i++)
        {
            int added = (int)_numbers[i] - before;
            if (added >= 0 && _seen[added] == 0)
            {
                _seen[added] = 1;
                _some[count++] = (ushort)i;
            }
        }

        return new Rows(_some, count);
    }

    void Write()
    {
        _table.Find(_keys, _pair.Columns, _pair.Rows, _numbers);
        int count = 0;
        for (int i = 0; i < _pair.Rows; i++)
        {
            _some[count] = (ushort)i;
            count += _numbers[i] == KeyTable.None ? 1 : 0;
        }

        // The table has looked at the hashes of all rows that it did not find.
        _spill.Write(_pair, new Rows(_some, count), _keys.Hashes, _part?.Level ?? 0);
    }
}
