// Execution layer, core. One column of rows that are kept.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// Values by row number, in chunks of a batch; by-reference ones copied. Numerics stay integers as long as all have one display scale; with
/// the first that has another, all become datums.
/// </summary>
sealed unsafe class StoredColumn(ValueType type, IMemory memory)
{
    const int ChunkShift = 11;
    const int ChunkMask = Batch.Capacity - 1;

    readonly Arena _arena = new(memory);
    ulong** _values;
    byte** _nulls;

    /// <summary>A chunk of an earlier run's, for the next one.</summary>
    ulong* _spare;
    int _chunks;
    int _room;
    ulong _bytes;
    VectorForm _form;
    int _scale;
    ulong _bound;

    internal ValueType Type => type;

    internal ulong Bytes => _bytes + _arena.Bytes;

    internal ulong ReferredBytes => _arena.Used;

    /// <summary>Decimal only while all values are integers of one scale.</summary>
    internal VectorForm Form => _form;

    /// <summary>Of Decimals.</summary>
    internal int Scale => _scale;

    /// <summary>Of Decimals: no value's magnitude is greater.</summary>
    internal ulong Bound => _bound;

    internal ulong Value(int row) => _values[row >> ChunkShift][row & ChunkMask];

    internal bool IsNull(int row) => _nulls[row >> ChunkShift] is var nulls && nulls != null && nulls[row & ChunkMask] != 0;

    /// <summary>Adds the rows that count, from row number <paramref name="first"/> on, which is how many there are.</summary>
    internal void Append(Vector source, Rows rows, int first, DatumForm datums)
    {
        if (type.IsNumeric)
        {
            source = Agree(source, rows, first, datums);
        }

        bool copies = !type.ByValue && source.Form == VectorForm.Datum;
        for (int done = 0; done < rows.Count;)
        {
            int chunk = (first + done) >> ChunkShift;
            int at = (first + done) & ChunkMask;
            int count = Math.Min(rows.Count - done, Batch.Capacity - at);
            Reserve(chunk);
            ulong* values = _values[chunk] + at;
            for (int i = 0; i < count; i++)
            {
                values[i] = source.Values[rows[done + i]];
            }

            if (source.Nulls != null)
            {
                AppendNulls(source, rows, done, count, chunk, at);
            }

            for (int i = 0; copies && i < count; i++)
            {
                if (!source.IsNull(rows[done + i]))
                {
                    values[i] = _arena.Copy(type, values[i]);
                }
            }

            done += count;
        }
    }

    /// <summary>The rows of those numbers; a negative number is a null.</summary>
    internal void Gather(int* numbers, int count, VectorBuffer buffer, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            int row = numbers[i];
            if (row < 0)
            {
                buffer.Values[i] = 0;
                buffer.Nulls[i] = anyNull = 1;
                continue;
            }

            byte* nulls = _nulls[row >> ChunkShift];
            byte isNull = nulls == null ? (byte)0 : nulls[row & ChunkMask];
            buffer.Values[i] = _values[row >> ChunkShift][row & ChunkMask];
            buffer.Nulls[i] = isNull;
            anyNull |= isNull;
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
        result.Form = _form;
        result.Scale = _scale;
        result.Bound = _bound;
    }

    /// <summary>From now on datums; for whoever compares or writes values.</summary>
    internal void BecomeDatums(int rows)
    {
        if (_form == VectorForm.Datum)
        {
            return;
        }

        byte* room = stackalloc byte[NumericDatums.MaxBytes];
        for (int row = 0; row < rows; row++)
        {
            if (!IsNull(row))
            {
                ulong* value = _values[row >> ChunkShift] + (row & ChunkMask);
                NumericDatums.Write((long)*value, _scale, room);
                *value = _arena.Copy(type, (ulong)room);
            }
        }

        _form = VectorForm.Datum;
    }

    /// <summary>Forgets all rows. <paramref name="keeps"/> a chunk for the next ones, which are about to come.</summary>
    internal void Reset(bool keeps = false)
    {
        for (int i = 0; i < _chunks; i++)
        {
            if (keeps && _spare == null)
            {
                _spare = _values[i];
            }
            else
            {
                memory.Free((byte*)_values[i]);
            }

            if (_nulls[i] != null)
            {
                memory.Free(_nulls[i]);
            }
        }

        _arena.Reset();
        _chunks = 0;
        _bytes = 0;
        _form = VectorForm.Datum;
        _bound = 0;
    }

    /// <summary>Sees to it that column and vector have one form, and one scale.</summary>
    Vector Agree(Vector source, Rows rows, int first, DatumForm datums)
    {
        if (first == 0)
        {
            _form = source.Form;
            _scale = source.Scale;
        }

        if (source.Form == VectorForm.Decimal && _form == VectorForm.Decimal && source.Scale == _scale)
        {
            _bound = Math.Max(_bound, source.Bound);
            return source;
        }

        BecomeDatums(first);
        return datums.Of(source, rows);
    }

    void AppendNulls(Vector source, Rows rows, int done, int count, int chunk, int at)
    {
        if (_nulls[chunk] == null)
        {
            _nulls[chunk] = memory.Allocate(Batch.Capacity);
            _bytes += Batch.Capacity;
        }

        for (int i = 0; i < count; i++)
        {
            _nulls[chunk][at + i] = source.Nulls[rows[done + i]];
        }
    }

    void Reserve(int chunk)
    {
        if (chunk < _chunks)
        {
            return;
        }

        if (_chunks == _room)
        {
            int room = Math.Max(16, _room * 2);
            _values = (ulong**)memory.Grow((byte*)_values, (nuint)(_chunks * sizeof(ulong*)), (nuint)(room * sizeof(ulong*)));
            _nulls = (byte**)memory.Grow((byte*)_nulls, (nuint)(_chunks * sizeof(byte*)), (nuint)(room * sizeof(byte*)));
            _room = room;
        }

        _values[_chunks] = _spare != null ? _spare : (ulong*)memory.AllocateRoom(Batch.Capacity * sizeof(ulong));
        _spare = null;
        _nulls[_chunks] = null;
        _chunks++;
        _bytes += Batch.Capacity * sizeof(ulong);
    }
}
