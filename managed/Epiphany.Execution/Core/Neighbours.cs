// Execution layer, core. Rows that come sorted: which of them have the key of the row before.

using System;

namespace Epiphany.Execution;

/// <summary>Compares keys from one batch to the next; of the rows before it keeps one key.</summary>
sealed unsafe class Neighbours
{
    readonly int[] _columns;
    readonly KeyTable _table;
    readonly Vector[] _vectors;
    readonly uint* _numbers;
    readonly ushort* _firsts;

    internal Neighbours(KeyPart[] keys, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        _columns = Array.ConvertAll(keys, k => k.Column);
        _vectors = Array.ConvertAll(keys, _ => new Vector());
        uint[] equalities = Array.ConvertAll(keys, k => k.Equality);
        uint[] collations = Array.ConvertAll(keys, k => k.Collation);
        _table = new KeyTable(KeyBatch.Of(keys, types, host), equalities, collations, nullsEqual: true, host);
        _numbers = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _firsts = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    }

    /// <summary>The rows whose key is not that of the row before them, the last row of the batch before included; good until the next call.</summary>
    internal Rows Firsts(Batch batch)
    {
        uint last = _table.Count == 0 ? KeyTable.None : 0;
        Insert(batch, 0, batch.Rows);
        int count = 0;
        for (int row = 0; row < batch.Rows; row++)
        {
            _firsts[count] = (ushort)row;
            count += _numbers[row] != last ? 1 : 0;
            last = _numbers[row];
        }

        Remember(batch, batch.Rows - 1);
        return new Rows(_firsts, count);
    }

    /// <summary>From now on it is this row that others are compared with.</summary>
    internal void Remember(Batch batch, int row)
    {
        _table.Clear();
        Insert(batch, row, 1);
    }

    /// <summary>How many rows, from that one on, have the key that is remembered.</summary>
    internal int Same(Batch batch, int first)
    {
        Insert(batch, first, batch.Rows - first);
        int row = 0;
        while (first + row < batch.Rows && _numbers[row] == 0)
        {
            row++;
        }

        return row;
    }

    internal void Forget() => _table.Clear();

    void Insert(Batch batch, int first, int rows)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _vectors[i].Refer(batch.Columns[_columns[i]], first);
        }

        _table.Insert(_vectors, rows, _numbers);
    }
}
