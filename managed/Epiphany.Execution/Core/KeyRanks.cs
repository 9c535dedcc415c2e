// Execution layer, core. Distinct strings of a column and their ranks in a sort's order: whoever sorts by those compares no strings.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>First strings are added, and get numbers as they come; then they are ranked. Nulls have neither.</summary>
sealed unsafe class KeyRanks
{
    /// <summary>A rank is a dictionary's code.</summary>
    internal const int MaxCount = ushort.MaxValue;

    readonly IMemory _memory;
    readonly SortKey _key;
    readonly RowStore _store;
    readonly RowSorter _sorter;
    readonly KeyBatch _keys;
    readonly KeyTable _table;
    readonly Vector[] _vector = [new()];
    readonly uint* _numbers;
    readonly HostList<ushort> _ranks;
    readonly HostList<ulong> _values;

    KeyRanks(OrderPart order, ValueType type, uint equality, IExecutionHost host)
    {
        // Strings of the same bytes are the same, whatever the collation.
        var key = new KeyPart(0, equality, Orders.CollationC);
        _memory = host.Memory;
        _key = new SortKey(order with { Column = 0 }, [type], host);
        _store = new RowStore([type], [true], host.Memory);
        _sorter = new RowSorter([_key], _store, host);
        _keys = KeyBatch.Of([key], [type], host);
        _table = new KeyTable(_keys, [equality], [key.Collation], nullsEqual: false, host);
        _numbers = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _ranks = new HostList<ushort>(host.Memory);
        _values = new HostList<ulong>(host.Memory);
    }

    internal int Count => _table.Count;

    internal ulong Bytes => _table.Bytes;

    /// <summary>By rank.</summary>
    internal ulong* Values => _values.Items;

    /// <summary>Null: not for such a key.</summary>
    internal static KeyRanks? Of(OrderPart order, ValueType type, IExecutionHost host) =>
        Fits(type) ? new KeyRanks(order, type, Equality(type), host) : null;

    internal static bool Fits(ValueType type) => Equality(type) != 0;

    static uint Equality(ValueType type) => type.Oid switch
    {
        TypeOid.Text or TypeOid.Varchar or TypeOid.BpChar => KeyKinds.Equality(TypeOid.Text),
        TypeOid.Uuid or TypeOid.Bytea => KeyKinds.Equality(type.Oid),
        _ => 0,
    };

    /// <summary>Numbers of so many values, none of which is null, at most a batch; good until the next call.</summary>
    internal uint* Add(ulong* values, int count)
    {
        _vector[0].SetDatums(values, null);
        return Add(_vector[0], count);
    }

    /// <summary>Likewise of a column, whose nulls have the number None.</summary>
    internal uint* Add(Vector values, int rows)
    {
        _vector[0].Refer(values);
        _table.Insert(_vector, rows, _numbers);
        return _numbers;
    }

    /// <summary>No more are coming. False: there are too many, or the order holds two of them for equal.</summary>
    internal bool Rank()
    {
        int count = Count;
        if (count > MaxCount)
        {
            return false;
        }

        Keep(count);
        int* order = (int*)_memory.Allocate((nuint)Math.Max(1, count) * sizeof(int));
        _sorter.Sort(order, count);
        for (int number = 0; number < count; number++)
        {
            _ranks.Add(0);
        }

        bool areDistinct = true;
        for (int rank = 0; rank < count; rank++)
        {
            _ranks[order[rank]] = (ushort)rank;
            _values.Add(_store[0].Value(order[rank]));
            areDistinct &= rank == 0 || _key.Compare(_values[rank - 1], _values[rank], VectorForm.Datum) != 0;
        }

        _memory.Free((byte*)order);
        return areDistinct;
    }

    /// <summary>Of a number.</summary>
    internal int Rank(int number) => _ranks[number];

    /// <summary>Of values that were added, by row; of nulls any.</summary>
    internal void Find(Vector values, int rows, ulong* ranks)
    {
        _vector[0].Refer(values);
        _table.Find(_keys, _vector, rows, _numbers);
        for (int i = 0; i < rows; i++)
        {
            ranks[i] = _numbers[i] == KeyTable.None ? 0U : _ranks[(int)_numbers[i]];
        }
    }

    internal void Clear()
    {
        _table.Clear();
        _ranks.Clear();
        _values.Clear();
        _store.Reset();
    }

    /// <summary>All values, by number, in memory of our own.</summary>
    void Keep(int count)
    {
        var buffer = new VectorBuffer(_memory);
        var batch = new Batch(1);
        int* numbers = stackalloc int[Batch.Capacity];
        for (int first = 0; first < count; first += Batch.Capacity)
        {
            int rows = Math.Min(Batch.Capacity, count - first);
            for (int i = 0; i < rows; i++)
            {
                numbers[i] = first + i;
            }

            _table.Gather(0, numbers, rows, buffer, batch.Columns[0]);
            _store.Append(batch, Rows.All(rows));
        }

        buffer.Free(_memory);
    }
}
