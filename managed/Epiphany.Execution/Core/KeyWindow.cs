// Execution layer, core. One integer as key, out of a range that is not large: its number is looked up by the integer itself.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>What number the key of each integer in a range has, as far as it was asked for. Integers beyond are the hash table's.</summary>
sealed unsafe class KeyWindow(IMemory memory)
{
    const int FirstSize = 1 << 14;
    const int MaxSize = 1 << 24;
    const uint Unknown = KeyTable.None;

    long _base;
    uint* _map;
    long _size;
    int _nextTry;

    internal static bool Fits(KeyBatch keys) => keys.Columns.Length == 1 && keys.Columns[0].Kind == KeyKind.Datum;

    internal ulong Bytes => (ulong)_size * sizeof(uint);

    /// <summary>Numbers of the rows; says which have none yet.</summary>
    internal Rows Map(ulong* lanes, int rows, uint* numbers, ushort* unknown)
    {
        ulong size = (ulong)_size;
        if (size == 0)
        {
            return Rows.All(rows);
        }

        int count = 0;
        for (int i = 0; i < rows; i++)
        {
            ulong at = lanes[i] - (ulong)_base;
            uint number = at < size ? _map[at] : Unknown;
            numbers[i] = number;
            unknown[count] = (ushort)i;
            count += number == Unknown ? 1 : 0;
        }

        return new Rows(unknown, count);
    }

    /// <summary>
    /// Takes in numbers that were found for rows. Where keys lie as dense as it takes for the map to be smaller than the hash table's slots,
    /// the range is made to hold all of them.
    /// </summary>
    internal void Learn(ulong* lanes, Rows rows, uint* numbers, ulong* stored, int count)
    {
        if (count >= _nextTry)
        {
            Resize(stored, count);
        }

        ulong size = (ulong)_size;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong at = lanes[row] - (ulong)_base;
            if (at < size)
            {
                _map[at] = numbers[row];
            }
        }
    }

    internal void Forget()
    {
        if (_map != null)
        {
            memory.Free((byte*)_map);
        }

        _map = null;
        _size = 0;
        _nextTry = 0;
    }

    void Resize(ulong* stored, int count)
    {
        _nextTry = Math.Max(2 * count, 1);
        long low = long.MaxValue;
        long high = long.MinValue;
        for (int i = 0; i < count; i++)
        {
            low = Math.Min(low, (long)stored[i]);
            high = Math.Max(high, (long)stored[i]);
        }

        ulong range = (ulong)high - (ulong)low;
        ulong most = Math.Min(MaxSize, Math.Max(FirstSize, 4UL * (ulong)count));
        if (count == 0 || range >= most)
        {
            return;
        }

        // Room on both sides, for keys to come; positions are differences modulo 2^64.
        Forget();
        _nextTry = 2 * count;
        _base = low - ((long)(most - range) / 2);
        _size = (long)most;
        _map = (uint*)memory.Allocate((nuint)_size * sizeof(uint));
        new Span<uint>(_map, (int)_size).Fill(Unknown);
        for (int i = 0; i < count; i++)
        {
            _map[(long)stored[i] - _base] = (uint)i;
        }
    }
}
