// Execution layer, core. Batches in pieces: a batch of long values is more than who keeps rows may take in at once.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Pieces whose values passed by reference take no more than <see cref="MaxBytes"/>, but for a single row's.</summary>
sealed unsafe class RowSlices
{
    internal const ulong MaxBytes = 64 << 10;

    readonly ValueType[] _types;
    readonly int[] _counted;

    /// <summary>Of columns with a dictionary: the longest entry, and of which entries.</summary>
    readonly (ulong Table, int Entries, ulong Longest)[] _entries;
    readonly ushort* _numbers;
    readonly Batch _view;
    Batch? _batch;
    int _next;

    /// <summary>Columns that are not wanted do not count.</summary>
    internal RowSlices(ReadOnlySpan<ValueType> types, bool[] wanted, IMemory memory)
    {
        ValueType[] all = types.ToArray();
        _types = all;
        int count = 0;
        var counted = new int[all.Length];
        for (int i = 0; i < all.Length; i++)
        {
            counted[count] = i;
            count += wanted[i] && !all[i].ByValue ? 1 : 0;
        }

        _counted = counted[..count];
        _entries = new (ulong, int, ulong)[all.Length];
        _view = new Batch(all.Length);
        _numbers = (ushort*)memory.Allocate(Batch.Capacity * sizeof(ushort));
        for (int i = 0; i < Batch.Capacity; i++)
        {
            _numbers[i] = (ushort)i;
        }
    }

    /// <summary>The rows of some from the first-th on that come next: all of them most times.</summary>
    internal Rows Next(Batch batch, Rows rows, int first)
    {
        int count = Fit(batch, rows, first);
        return count == rows.Count ? rows : new Rows((rows.IsAll ? _numbers : rows.Index) + first, count);
    }

    /// <summary>The batch that <see cref="Next()"/> gives in pieces; null: none.</summary>
    internal void Begin(Batch? batch)
    {
        _batch = batch;
        _next = 0;
    }

    /// <summary>The next piece as a batch, good as long as that is; null: there is none. The batch itself if it is one piece.</summary>
    internal Batch? Next()
    {
        if (_batch == null || _next == _batch.Rows)
        {
            return null;
        }

        int count = Fit(_batch, Rows.All(_batch.Rows), _next);
        if (count == _batch.Rows)
        {
            _next = count;
            return _batch;
        }

        for (int i = 0; i < _view.Columns.Length; i++)
        {
            if (_batch.Columns[i].Values != null)
            {
                _view.Columns[i].Refer(_batch.Columns[i], _next);
            }
        }

        _view.Rows = count;
        _next += count;
        return _view;
    }

    /// <summary>For those that do not live as long as the engine.</summary>
    internal void Free(IMemory memory) => memory.Free((byte*)_numbers);

    int Fit(Batch batch, Rows rows, int first)
    {
        int count = rows.Count - first;
        ulong most = MaxBytes;
        bool hasMore = false;
        foreach (int c in _counted)
        {
            Vector column = batch.Columns[c];
            if (column.Table == null)
            {
                hasMore |= column.Form == VectorForm.Datum;
                continue;
            }

            ulong longest = Longest(c, column) * (ulong)count;
            hasMore |= longest > most;
            most -= Math.Min(longest, most);
        }

        return hasMore ? FitOneByOne(batch, rows, first) : count;
    }

    int FitOneByOne(Batch batch, Rows rows, int first)
    {
        ulong bytes = 0;
        for (int i = first; i < rows.Count; i++)
        {
            int row = rows[i];
            foreach (int c in _counted)
            {
                Vector column = batch.Columns[c];
                if (column.Form == VectorForm.Datum && !column.IsNull(row))
                {
                    bytes += Varlena.DatumBytes(_types[c], (byte*)column.Values[row]);
                }
            }

            if (bytes > MaxBytes && i > first)
            {
                return i - first;
            }
        }

        return rows.Count - first;
    }

    ulong Longest(int number, Vector column)
    {
        if (_entries[number].Table != column.TableId || _entries[number].Entries != column.Entries)
        {
            ulong longest = 0;
            for (int i = 0; i < column.Entries; i++)
            {
                longest = Math.Max(longest, Varlena.DatumBytes(_types[number], (byte*)column.Table[i]));
            }

            _entries[number] = (column.TableId, column.Entries, longest);
        }

        return _entries[number].Longest;
    }
}
