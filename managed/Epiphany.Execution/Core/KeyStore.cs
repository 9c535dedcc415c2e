// Execution layer, core. One column of the keys that a table keeps.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Lanes and nulls by number; beside them the values, unless lanes are those.</summary>
sealed unsafe class KeyStore
{
    readonly KeyColumn _column;
    readonly IExecutionHost _host;
    readonly bool _hasNulls;
    readonly StoredColumn? _values;
    readonly DatumForm _datums;
    readonly int _call = -1;
    readonly ulong* _left;
    readonly ulong* _right;
    ulong* _lanes;
    byte* _nulls;
    int _room;
    int _count;

    internal KeyStore(KeyColumn column, uint equality, uint collation, bool hasNulls, IExecutionHost host)
    {
        _column = column;
        _host = host;
        _hasNulls = hasNulls;
        _datums = new DatumForm(host.Memory);
        _values = column.Kind == KeyKind.Datum ? null : new StoredColumn(column.Type, host.Memory);
        if (column.Kind == KeyKind.Host)
        {
            _call = host.PrepareCall(equality, collation, -1);
            _left = (ulong*)host.Memory.Allocate(Batch.Capacity * sizeof(ulong));
            _right = (ulong*)host.Memory.Allocate(Batch.Capacity * sizeof(ulong));
        }
    }

    internal ulong* Lanes => _lanes;

    internal bool IsNull(int number) => HasNulls && _nulls[number] != 0;

    internal bool HasDigests { get; private set; }

    internal bool HasNulls { get; private set; }

    internal ulong Bytes => ((ulong)_room * (sizeof(ulong) + (_hasNulls ? 1U : 0))) + (_values?.Bytes ?? 0);

    /// <summary>The lanes, with room for so many.</summary>
    internal ulong* Room(int count)
    {
        if (count > _room)
        {
            int room = Math.Max(count, Math.Max(_room * 2, 256));
            _lanes = (ulong*)_host.Memory.Grow((byte*)_lanes, (nuint)_room * sizeof(ulong), (nuint)room * sizeof(ulong));
            _nulls = _hasNulls ? _host.Memory.Grow(_nulls, (nuint)_room, (nuint)room) : null;
            _room = room;
        }

        return _lanes;
    }

    /// <summary>Adds rows of the column, from that number on.</summary>
    internal void Append(KeyColumn column, Rows rows, int first)
    {
        HasDigests |= column.HasDigests;
        _count = first + rows.Count;
        byte anyNull = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _lanes[first + i] = column.Lanes[row];
            if (_hasNulls)
            {
                byte isNull = column.Nulls == null ? (byte)0 : column.Nulls[row];
                _nulls[first + i] = isNull;
                anyNull |= isNull;
            }
        }

        HasNulls |= anyNull != 0;
        _values?.Append(column.Source, rows, first, _datums);
    }

    /// <summary>Those of the rows whose key is the one of their number; into <paramref name="equal"/>, which may be where the rows lie.</summary>
    internal int Same(KeyColumn column, Rows rows, uint* numbers, ushort* equal)
    {
        int count = SameLanes(column, rows, numbers, equal);
        if (!(HasDigests && column.HasDigests))
        {
            return count;
        }

        // A lane is a digest on both sides or on neither.
        column.Datums();
        _values!.BecomeDatums(_count);
        rows = new Rows(equal, count);
        return column.Kind == KeyKind.Host ? SameByHost(column, rows, numbers, equal) : SameValues(column, rows, numbers, equal);
    }

    internal void Gather(int* numbers, int count, VectorBuffer buffer, Vector result)
    {
        if (_values != null)
        {
            _values.Gather(numbers, count, buffer, result);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            buffer.Values[i] = _lanes[numbers[i]];
            buffer.Nulls[i] = _nulls == null ? (byte)0 : _nulls[numbers[i]];
        }

        result.SetDatums(buffer.Values, HasNulls ? buffer.Nulls : null);
    }

    internal void Clear()
    {
        Free((byte*)_lanes);
        Free(_nulls);
        _lanes = null;
        _nulls = null;
        _room = _count = 0;
        _values?.Reset();
        HasDigests = HasNulls = false;
    }

    int SameLanes(KeyColumn column, Rows rows, uint* numbers, ushort* equal)
    {
        ulong* lanes = column.Lanes;
        int count = 0;
        if (column.Nulls == null && !HasNulls)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                equal[count] = (ushort)row;
                count += lanes[row] == _lanes[numbers[row]] ? 1 : 0;
            }

            return count;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            uint number = numbers[row];
            int isNull = column.Nulls == null ? 0 : column.Nulls[row];
            equal[count] = (ushort)row;
            count += lanes[row] == _lanes[number] && isNull == (HasNulls ? _nulls[number] : 0) ? 1 : 0;
        }

        return count;
    }

    int SameValues(KeyColumn column, Rows rows, uint* numbers, ushort* equal)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            equal[count] = (ushort)row;
            bool same = column.Source.IsNull(row) || !column.IsDigest(column.Lanes[row])
                || column.Same(column.Source.Values[row], _values!.Value((int)numbers[row]));
            count += same ? 1 : 0;
        }

        return count;
    }

    int SameByHost(KeyColumn column, Rows rows, uint* numbers, ushort* equal)
    {
        ulong** values = stackalloc ulong*[2] { _left, _right };
        byte** nulls = stackalloc byte*[2] { null, null };
        ulong* results = stackalloc ulong[Batch.Capacity];
        byte* resultNulls = stackalloc byte[Batch.Capacity];
        ushort* called = stackalloc ushort[Batch.Capacity];
        int calls = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!column.Source.IsNull(row))
            {
                called[calls++] = (ushort)row;
                _left[row] = column.Source.Values[row];
                _right[row] = _values!.Value((int)numbers[row]);
            }
        }

        _host.CallRows(_call, values, nulls, new Rows(called, calls), results, resultNulls);
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            equal[count] = (ushort)row;
            count += column.Source.IsNull(row) || ((results[row] & 1) != 0 && resultNulls[row] == 0) ? 1 : 0;
        }

        return count;
    }

    void Free(byte* block)
    {
        if (block != null)
        {
            _host.Memory.Free(block);
        }
    }
}
