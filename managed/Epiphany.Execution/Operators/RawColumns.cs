// Execution layer, operators. Room for a batch of rows that the host fills in.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Arrays of the columns that are wanted, and the batch that shows them.</summary>
sealed unsafe class RawColumns
{
    readonly Batch _batch;

    internal RawColumns(bool[] wanted, IMemory memory)
    {
        _batch = new Batch(wanted.Length);
        nuint room = (nuint)Math.Max(wanted.Length, 1);
        Values = (ulong**)memory.Allocate(room * (nuint)sizeof(ulong*));
        Nulls = (byte**)memory.Allocate(room * (nuint)sizeof(byte*));
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i])
            {
                var buffer = new VectorBuffer(memory);
                Values[i] = buffer.Values;
                Nulls[i] = buffer.Nulls;
            }
        }
    }

    /// <summary>By column; null where one is not wanted.</summary>
    internal ulong** Values { get; }

    internal byte** Nulls { get; }

    internal Batch Show(int rows)
    {
        _batch.Rows = rows;
        for (int i = 0; i < _batch.Columns.Length; i++)
        {
            if (Values[i] != null)
            {
                _batch.Columns[i].SetDatums(Values[i], new ReadOnlySpan<byte>(Nulls[i], rows).Contains((byte)1) ? Nulls[i] : null);
            }
        }

        return _batch;
    }
}
