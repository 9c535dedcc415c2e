// Execution layer, operators. The inner side of a hash join: rows that are kept, found by their keys.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A key's rows are a chain, the last that came first. Rows with a null in their key are in no chain.</summary>
sealed unsafe class JoinSide
{
    /// <summary>The end of a chain.</summary>
    internal const int None = -1;

    readonly IMemory _memory;
    readonly Expression[] _keyExpressions;
    readonly Vector[] _keyVectors;
    readonly uint* _numbers;
    readonly KeyTable _table;
    readonly bool _marks;
    int* _heads;
    int* _nexts;
    byte* _marked;
    int _headRoom;
    int _rowRoom;

    /// <summary>Each row's number is that of its key. Keys need not be numbered in the order of their rows: hashes that meet delay one.</summary>
    bool _sameNumbers = true;

    internal JoinSide(
        Expression[] keys, KeyBatch side, uint[] equalities, uint[] collations, ReadOnlySpan<ValueType> types, bool[] wanted, bool marks,
        IExecutionHost host)
    {
        _memory = host.Memory;
        _keyExpressions = keys;
        _keyVectors = new Vector[keys.Length];
        _numbers = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _table = new KeyTable(side, equalities, collations, nullsEqual: false, host);
        _marks = marks;
        Rows = new RowStore(types, wanted, host.Memory);
    }

    internal RowStore Rows { get; }

    /// <summary>No key has two rows.</summary>
    internal bool IsUnique { get; private set; } = true;

    internal ulong Bytes => Rows.Bytes + _table.Bytes + ((ulong)_headRoom * sizeof(int)) + ((ulong)_rowRoom * (sizeof(int) + (_marks ? 1UL : 0)));

    /// <summary>How many distinct keys without a null.</summary>
    internal int KeyCount => _table.Count;

    /// <summary>One column of them.</summary>
    internal ulong* KeyLanes(int column) => _table.Lanes(column);

    /// <summary>A run begins: parameters in keys may have changed.</summary>
    internal void Start() => Array.ForEach(_keyExpressions, e => e.Start());

    internal void Add(Batch batch)
    {
        for (int i = 0; i < _keyVectors.Length; i++)
        {
            _keyVectors[i] = _keyExpressions[i].Evaluate(batch, Execution.Rows.All(batch.Rows));
        }

        int first = Rows.Count;
        int keys = _table.Count;
        _table.Insert(_keyVectors, batch.Rows, _numbers);
        Rows.Append(batch, Execution.Rows.All(batch.Rows));
        Reserve();
        new Span<int>(_heads + keys, _table.Count - keys).Fill(None);
        for (int i = 0; i < batch.Rows; i++)
        {
            uint number = _numbers[i];
            int next = None;
            _sameNumbers &= number == (uint)(first + i);
            if (number != KeyTable.None)
            {
                next = _heads[number];
                _heads[number] = first + i;
                IsUnique &= next == None;
            }

            _nexts[first + i] = next;
        }
    }

    /// <summary>The first row of each key, by the row that looks for it; None where there is none.</summary>
    internal void Find(KeyBatch side, Vector[] keys, int rows, int* found)
    {
        _table.Find(side, keys, rows, (uint*)found);
        if (_sameNumbers)
        {
            return;
        }

        for (int i = 0; i < rows; i++)
        {
            uint number = (uint)found[i];
            found[i] = number == KeyTable.None ? None : _heads[number];
        }
    }

    internal int Next(int row) => _nexts[row];

    internal bool IsMarked(int row) => _marked[row] != 0;

    internal void Mark(int row) => _marked[row] = 1;

    internal void Reset()
    {
        Rows.Reset();
        _table.Clear();
        IsUnique = true;
        _sameNumbers = true;
        if (_marked != null)
        {
            new Span<byte>(_marked, _rowRoom).Clear();
        }
    }

    void Reserve()
    {
        if (_table.Count > _headRoom)
        {
            int room = Math.Max(Batch.Capacity, _table.Count * 2);
            _heads = (int*)_memory.Grow((byte*)_heads, (nuint)_headRoom * sizeof(int), (nuint)room * sizeof(int));
            _headRoom = room;
        }

        if (Rows.Count > _rowRoom)
        {
            int room = Math.Max(Batch.Capacity, Rows.Count * 2);
            _nexts = (int*)_memory.Grow((byte*)_nexts, (nuint)_rowRoom * sizeof(int), (nuint)room * sizeof(int));
            _marked = _marks ? _memory.Grow(_marked, (nuint)_rowRoom, (nuint)room) : null;
            _rowRoom = room;
        }
    }
}
