// Execution layer, operators. Room for a batch of rows that the host fills in.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Arrays of the columns that are wanted, and the batch that shows them. Taken when they are first asked for.</summary>
sealed unsafe class RawColumns(bool[] wanted, IMemory memory)
{
    readonly Batch _batch = new(wanted.Length);
    ulong** _values;
    byte** _nulls;

    /// <summary>By column; null where one is not wanted.</summary>
    internal ulong** Values
    {
        get
        {
            Take();
            return _values;
        }
    }

    internal byte** Nulls
    {
        get
        {
            Take();
            return _nulls;
        }
    }

    internal Batch Show(int rows)
    {
        Take();
        _batch.Rows = rows;
        for (int i = 0; i < _batch.Columns.Length; i++)
        {
            if (_values[i] != null)
            {
                _batch.Columns[i].SetDatums(_values[i], new ReadOnlySpan<byte>(_nulls[i], rows).Contains((byte)1) ? _nulls[i] : null);
            }
        }

        return _batch;
    }

    void Take()
    {
        if (_values != null)
        {
            return;
        }

        nuint room = (nuint)Math.Max(wanted.Length, 1);
        _nulls = (byte**)memory.Allocate(room * (nuint)sizeof(byte*));
        _values = (ulong**)memory.Allocate(room * (nuint)sizeof(ulong*));
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i])
            {
                var buffer = new VectorBuffer(memory);
                _values[i] = buffer.Values;
                _nulls[i] = buffer.Nulls;
            }
        }
    }
}
