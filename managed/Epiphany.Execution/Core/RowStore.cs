// Execution layer, core. Rows that an operator keeps: the build side of a join, what is to be sorted.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Rows by number, from 0 in the order they came. Columns that are not wanted are not kept.</summary>
sealed unsafe class RowStore
{
    readonly StoredColumn?[] _columns;
    readonly DatumForm[] _forms;
    readonly VectorBuffer?[] _buffers;
    readonly IMemory _memory;

    internal RowStore(ReadOnlySpan<ValueType> types, ReadOnlySpan<bool> wanted, IMemory memory)
    {
        _memory = memory;
        _columns = new StoredColumn?[types.Length];
        _forms = new DatumForm[types.Length];
        _buffers = new VectorBuffer?[types.Length];
        for (int i = 0; i < types.Length; i++)
        {
            _columns[i] = wanted[i] ? new StoredColumn(types[i], memory) : null;
            _forms[i] = new DatumForm(memory);
        }
    }

    internal int Count { get; private set; }

    internal ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (StoredColumn? column in _columns)
            {
                bytes += column?.Bytes ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>What values take that are passed by reference.</summary>
    internal ulong ReferredBytes
    {
        get
        {
            ulong bytes = 0;
            foreach (StoredColumn? column in _columns)
            {
                bytes += column?.ReferredBytes ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>Of a column that is kept.</summary>
    internal StoredColumn this[int column] => _columns[column]!;

    internal void Append(Batch batch, Rows rows)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i]?.Append(batch.Columns[i], rows, Count, _forms[i]);
        }

        Count += rows.Count;
    }

    /// <summary>
    /// The rows of those numbers as columns of a batch, from <paramref name="offset"/> on; a negative number is a row of nulls. Good until the
    /// next call.
    /// </summary>
    internal void Gather(int* numbers, int count, Batch batch, int offset)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i]?.Gather(numbers, count, _buffers[i] ??= new VectorBuffer(_memory), batch.Columns[offset + i]);
        }
    }

    /// <summary>Forgets all rows; <paramref name="keeps"/> as a column does.</summary>
    internal void Reset(bool keeps = false)
    {
        foreach (StoredColumn? column in _columns)
        {
            column?.Reset(keeps);
        }

        Count = 0;
    }
}
