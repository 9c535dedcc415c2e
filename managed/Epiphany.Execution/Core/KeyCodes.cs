// Execution layer, core. Keys that are all dictionary codes: numbers are looked up by the codes, without looking at a value.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>What number the key of each combination of codes has, as far as it was asked for; while the dictionaries are the same.</summary>
sealed unsafe class KeyCodes(int columns, IMemory memory)
{
    const int MaxEntries = 1 << 16;
    const uint Unknown = KeyTable.None;

    readonly ulong[] _tables = new ulong[columns];
    readonly int[] _entries = new int[columns];
    readonly ushort* _index = (ushort*)memory.AllocateRoom(Batch.Capacity * sizeof(ushort));
    readonly ushort* _heads = (ushort*)memory.AllocateRoom(Batch.Capacity * sizeof(ushort));
    uint* _map;
    bool _isFresh;

    /// <summary>False: not for these vectors.</summary>
    internal bool Take(KeyBatch keys, ReadOnlySpan<Vector> vectors, int rows)
    {
        long combinations = 1;
        bool isSame = _isFresh;
        for (int c = 0; c < columns; c++)
        {
            Vector vector = vectors[c];
            if (vector.Codes == null || keys.Columns[c].Kind == KeyKind.Host)
            {
                return false;
            }

            // One more, for null.
            combinations *= vector.Entries + 1;
            if (combinations > MaxEntries)
            {
                return false;
            }

            isSame &= _tables[c] == vector.TableId && _entries[c] == vector.Entries;
            _tables[c] = vector.TableId;
            _entries[c] = vector.Entries;
        }

        if (_map == null)
        {
            _map = (uint*)memory.AllocateRoom(MaxEntries * sizeof(uint));
        }

        if (!isSame)
        {
            new Span<uint>(_map, (int)combinations).Fill(Unknown);
            _isFresh = true;
        }

        Index(vectors, rows);
        return true;
    }

    /// <summary>Numbers of some of the rows that <see cref="Take"/> saw; says which have none yet.</summary>
    internal Rows Map(Rows rows, uint* numbers, ushort* unknown)
    {
        uint worst = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            uint number = _map[_index[row]];
            numbers[row] = number;
            worst = Math.Max(worst, number);
        }

        int count = 0;
        for (int i = 0; worst == Unknown && i < rows.Count; i++)
        {
            int row = rows[i];
            unknown[count] = (ushort)row;
            count += numbers[row] == Unknown ? 1 : 0;
        }

        return new Rows(unknown, count);
    }

    /// <summary>Those rows that have not the codes of the one before them among these: who knows their numbers knows all.</summary>
    internal Rows Heads(Rows rows)
    {
        int count = 0;
        int before = -1;
        for (int i = 0; i < rows.Count; i++)
        {
            int index = _index[rows[i]];
            _heads[count] = (ushort)rows[i];
            count += index != before ? 1 : 0;
            before = index;
        }

        return new Rows(_heads, count);
    }

    /// <summary>Rows get what the last of those <see cref="Heads"/> has that is not after them.</summary>
    internal void Spread(Rows rows, uint* numbers, ulong* hashes)
    {
        int head = rows[0];
        for (int i = 1; i < rows.Count; i++)
        {
            int row = rows[i];
            head = _index[row] == _index[head] ? head : row;
            numbers[row] = numbers[head];
            hashes[row] = hashes[head];
        }
    }

    internal void Learn(Rows rows, uint* numbers)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _map[_index[row]] = numbers[row];
        }
    }

    internal void Forget() => _isFresh = false;

    void Index(ReadOnlySpan<Vector> vectors, int rows)
    {
        ushort* index = _index;
        for (int c = 0; c < columns; c++)
        {
            Vector vector = vectors[c];
            ushort* codes = vector.Codes;
            int radix = vector.Entries + 1;
            if (vector.Nulls != null)
            {
                for (int i = 0; i < rows; i++)
                {
                    int code = vector.Nulls[i] != 0 ? vector.Entries : codes[i];
                    index[i] = (ushort)((c == 0 ? 0 : index[i] * radix) + code);
                }
            }
            else if (c == 0)
            {
                new ReadOnlySpan<ushort>(codes, rows).CopyTo(new Span<ushort>(index, rows));
            }
            else
            {
                for (int i = 0; i < rows; i++)
                {
                    index[i] = (ushort)((index[i] * radix) + codes[i]);
                }
            }
        }
    }
}
