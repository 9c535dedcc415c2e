// Execution layer, core. Rows that come sorted: which of them have the key of the row before.

using System;

namespace Epiphany.Execution;

/// <summary>Compares keys from one batch to the next; of the rows before it keeps one key.</summary>
sealed unsafe class Neighbours
{
    const byte Changed = 1;

    readonly int[] _columns;
    readonly KeyChanges _keys;
    readonly Batch _part;
    readonly byte* _marks;
    readonly ushort* _firsts;
    bool _hasKey;

    internal Neighbours(KeyPart[] keys, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        _columns = Array.ConvertAll(keys, k => k.Column);
        _keys = new KeyChanges(keys, types, host);
        _part = new Batch(types.Length);
        _marks = host.Memory.Allocate(Batch.Capacity);
        _firsts = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    }

    /// <summary>The rows whose key is not that of the row before them, the last row of the batch before included; good until the next call.</summary>
    internal Rows Firsts(Batch batch)
    {
        bool isFirst = !_hasKey;
        Mark(batch, 0, batch.Rows);
        _marks[0] = isFirst ? Changed : _marks[0];
        int count = 0;
        for (int row = 0; row < batch.Rows; row++)
        {
            _firsts[count] = (ushort)row;
            count += _marks[row];
        }

        return new Rows(_firsts, count);
    }

    /// <summary>From now on it is this row that others are compared with.</summary>
    internal void Remember(Batch batch, int row)
    {
        Forget();
        Mark(batch, row, 1);
    }

    /// <summary>How many rows, from that one on, have the key that is remembered; where it is all of them, it still is.</summary>
    internal int Same(Batch batch, int first)
    {
        int rows = batch.Rows - first;
        Mark(batch, first, rows);
        int same = new ReadOnlySpan<byte>(_marks, rows).IndexOf(Changed);
        return same < 0 ? rows : same;
    }

    internal void Forget()
    {
        _keys.Start();
        _hasKey = false;
    }

    void Mark(Batch batch, int first, int rows)
    {
        new Span<byte>(_marks, rows).Clear();
        if (rows == 0)
        {
            return;
        }

        foreach (int column in _columns)
        {
            _part.Columns[column].Refer(batch.Columns[column], first);
        }

        _part.Rows = rows;
        _keys.Mark(_part, Changed, _marks);
        _hasKey = true;
    }
}
