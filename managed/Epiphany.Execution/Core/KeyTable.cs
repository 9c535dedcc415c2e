// Execution layer, core. A hash table of keys that gives each distinct one a number, from 0 in the order they came. It knows nothing of what
// belongs to a key: whoever uses it keeps that by number.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Execution;

/// <summary>
/// Slots of 64 bits, one after another from where the hash's high bits point: those high 32 bits of the hash, and the number plus one; 0 is free.
/// A slot that fits makes a candidate; candidates of a batch are compared column by column, and who finds another key goes on to the next slot.
/// </summary>
sealed unsafe partial class KeyTable
{
    /// <summary>The number of keys that are not in the table.</summary>
    internal const uint None = uint.MaxValue;

    const int FirstBits = 12;

    readonly KeyBatch _keys;
    readonly KeyStore[] _stores;
    readonly bool _nullsEqual;
    readonly IExecutionHost _host;
    readonly ushort* _pending;
    readonly ushort* _candidates;
    readonly ushort* _fresh;
    readonly ushort* _equal;
    readonly ushort* _sought;
    readonly uint* _position;
    readonly KeyCodes _codes;
    readonly KeyWindow? _window;
    readonly KeyRuns _runs;
    ulong* _slots;
    int _bits;

    /// <summary>
    /// <paramref name="keys"/>: columns of the keys that are inserted. Where nulls are not equal, keys with one have no number.
    /// <paramref name="equalities"/>: for columns of the kind Host.
    /// </summary>
    internal KeyTable(KeyBatch keys, ReadOnlySpan<uint> equalities, ReadOnlySpan<uint> collations, bool nullsEqual, IExecutionHost host)
    {
        _keys = keys;
        _nullsEqual = nullsEqual;
        _host = host;
        _stores = new KeyStore[keys.Columns.Length];
        for (int i = 0; i < _stores.Length; i++)
        {
            _stores[i] = new KeyStore(keys.Columns[i], equalities[i], collations[i], nullsEqual, host);
        }

        _pending = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _candidates = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _fresh = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _equal = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _sought = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _position = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _codes = new KeyCodes(keys.Columns.Length, host.Memory);
        _window = KeyWindow.Fits(keys) ? new KeyWindow(host.Memory) : null;
        _runs = new KeyRuns(host.Memory);
    }

    /// <summary>How many distinct keys.</summary>
    internal int Count { get; private set; }

    internal ulong Bytes { get; private set; }

    /// <summary>Numbers of the keys in vectors, by row; keys that the table has not yet are added.</summary>
    internal void Insert(ReadOnlySpan<Vector> vectors, int rows, uint* numbers)
    {
        Reserve(rows);
        Run(_keys, vectors, rows, numbers, adds: true);
    }

    /// <summary>
    /// Numbers of the keys in vectors, by row; None for those that the table has not. <paramref name="keys"/> says how to read the vectors;
    /// it may be the side that keys were inserted by.
    /// </summary>
    internal void Find(KeyBatch keys, ReadOnlySpan<Vector> vectors, int rows, uint* numbers) => Run(keys, vectors, rows, numbers, adds: false);

    /// <summary>Forgets all keys.</summary>
    internal void Clear()
    {
        Array.ForEach(_stores, s => s.Clear());
        if (_slots != null)
        {
            _host.Memory.Free((byte*)_slots);
        }

        _slots = null;
        _bits = 0;
        Count = 0;
        Bytes = 0;
        _codes.Forget();
        _window?.Forget();
    }

    /// <summary>One column of all keys, by number.</summary>
    internal ulong* Lanes(int column) => _stores[column].Lanes;

    /// <summary>Is that column of a key null?</summary>
    internal bool IsNull(int column, int number) => _stores[column].IsNull(number);

    /// <summary>The keys of those numbers in one column.</summary>
    internal void Gather(int column, int* numbers, int count, VectorBuffer buffer, Vector result) =>
        _stores[column].Gather(numbers, count, buffer, result);

    /// <summary>Room for so many keys more; the table is never more than half full.</summary>
    void Reserve(int more)
    {
        int bits = Math.Max(_bits, FirstBits);
        while ((1L << bits) < 2L * (Count + more))
        {
            bits++;
        }

        if (bits == _bits)
        {
            return;
        }

        ulong* slots = (ulong*)_host.Memory.Allocate((nuint)(sizeof(ulong) << bits));
        ulong mask = (1UL << bits) - 1;
        for (long i = 0; _slots != null && i < 1L << _bits; i++)
        {
            ulong slot = _slots[i];
            if (slot != 0)
            {
                ulong at = slot >> (64 - bits);
                while (slots[at] != 0)
                {
                    at = (at + 1) & mask;
                }

                slots[at] = slot;
            }
        }

        if (_slots != null)
        {
            _host.Memory.Free((byte*)_slots);
        }

        _slots = slots;
        _bits = bits;
        Account();
    }

    void Account()
    {
        ulong bytes = _slots == null ? 0 : (ulong)sizeof(ulong) << _bits;
        foreach (KeyStore store in _stores)
        {
            bytes += store.Bytes;
        }

        Bytes = bytes;
    }
}
