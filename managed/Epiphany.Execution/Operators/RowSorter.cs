// Execution layer, operators. The order of rows that are kept: radix sort by a key's prefix, of strings again by what follows it, then by the next
// key among rows that are equal so far; merge sort where they are few, or the next key has no prefix that decides.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Sorts row numbers of a store. Comparisons may throw (the host's can): nothing is lost but the order.</summary>
sealed unsafe class RowSorter(SortKey[] keys, RowStore rows, IExecutionHost host)
{
    /// <summary>What is sorted: 16 bytes, twice for each row.</summary>
    internal const int BytesPerRow = 2 * 16;

    const int SmallRun = 12;

    /// <summary>So many rows of equal prefixes are worth another pass over what follows.</summary>
    const int MinRadix = 64;

    /// <summary>Bytes of a string that are looked at so; each eight of them are a call within the other.</summary>
    const int MaxDepth = 256;

    Entry* _entries;
    Entry* _other;
    nuint _room;

    [StructLayout(LayoutKind.Sequential)]
    struct Entry
    {
        internal ulong Prefix;
        internal int Row;

        /// <summary>0 null that comes first, 1 value, 2 null that comes last.</summary>
        internal int Rank;
    }

    enum Found
    {
        Unsorted,
        Ascending,

        /// <summary>And no two are equal.</summary>
        Descending,
    }

    /// <summary>Writes the numbers of the first so many rows in order.</summary>
    internal void Sort(int* order, int wanted)
    {
        int count = rows.Count;
        Reserve((nuint)count);
        for (int row = 0; row < count; row++)
        {
            _entries[row].Row = row;
        }

        SortByKey(0, count, 0);
        SortEqual(0, count, wanted, 0, 0);
        for (int i = 0; i < wanted; i++)
        {
            order[i] = _entries[i].Row;
        }
    }

    /// <summary>By what a key's values begin with.</summary>
    void SortByKey(int first, int last, int key)
    {
        switch (Fill(first, last, key))
        {
            case Found.Descending:
                new Span<Entry>(_entries + first, last - first).Reverse();
                break;
            case Found.Unsorted:
                RadixByPrefix(first, last);
                RadixByRank(first, last);
                break;
        }
    }

    /// <summary>
    /// What is left to do where rows are equal by a key's prefixes, which begin <paramref name="depth"/> bytes into its values.
    /// </summary>
    void SortEqual(int first, int last, int wanted, int key, int depth)
    {
        int from = keys[key].IsDecisive(rows[keys[key].Column].Form) ? key + 1 : key;
        for (int start = first; start < last && start < wanted && from < keys.Length;)
        {
            int end = start + 1;
            while (end < last && _entries[end].Prefix == _entries[start].Prefix && _entries[end].Rank == _entries[start].Rank)
            {
                end++;
            }

            int fromKey = _entries[start].Rank == 1 ? from : key + 1;
            bool areEqual = false;
            if (fromKey == key && end - start >= MinRadix && keys[key].IsLong && depth < MaxDepth
                && GoDeeper(start, end, key, depth + sizeof(ulong), out areEqual))
            {
                RadixByPrefix(start, end);
                SortEqual(start, end, wanted, key, depth + sizeof(ulong));
            }
            else
            {
                SortRest(start, end, wanted, areEqual ? key + 1 : fromKey);
            }

            start = end;
        }
    }

    /// <summary>By that key and those after it.</summary>
    void SortRest(int start, int end, int wanted, int key)
    {
        if (key < keys.Length && end - start >= MinRadix && keys[key].IsDecisive(rows[keys[key].Column].Form))
        {
            SortByKey(start, end, key);
            SortEqual(start, end, wanted, key, 0);
        }
        else if (end - start > 1)
        {
            MergeSort(start, end, key);
        }
    }

    /// <summary>Prefixes from there on; false: they tell nothing more, since the values are equal or differ in zeros at their end.</summary>
    bool GoDeeper(int start, int end, int key, int depth, out bool areEqual)
    {
        StoredColumn column = rows[keys[key].Column];
        int shortest = int.MaxValue;
        int longest = 0;
        ulong differing = 0;
        for (int i = start; i < end; i++)
        {
            ulong prefix = keys[key].PrefixAfter(column.Value(_entries[i].Row), depth, out int length);
            _entries[i].Prefix = prefix;
            differing |= prefix ^ _entries[start].Prefix;
            shortest = Math.Min(shortest, length);
            longest = Math.Max(longest, length);
        }

        areEqual = differing == 0 && shortest == longest && longest <= depth + sizeof(ulong);
        return differing != 0 || longest > depth + sizeof(ulong);
    }

    void Reserve(nuint count)
    {
        if (count <= _room)
        {
            return;
        }

        IMemory memory = host.Memory;
        if (_room > 0)
        {
            memory.Free((byte*)_entries);
            memory.Free((byte*)_other);
            _room = 0;
        }

        _entries = (Entry*)memory.Allocate(count * (nuint)sizeof(Entry));
        _other = (Entry*)memory.Allocate(count * (nuint)sizeof(Entry));
        _room = count;
    }

    /// <summary>Prefixes and ranks of a key; says in what order the rows lie by them.</summary>
    Found Fill(int first, int last, int number)
    {
        SortKey key = keys[number];
        StoredColumn column = rows[key.Column];
        int nullRank = key.NullsFirst ? 0 : 2;
        bool ascends = true;
        bool descends = true;
        for (int i = first; i < last; i++)
        {
            Entry* entry = _entries + i;
            bool isNull = column.IsNull(entry->Row);
            entry->Rank = isNull ? nullRank : 1;
            entry->Prefix = isNull ? 0 : key.Prefix(column.Value(entry->Row), column.Form);
            Entry* before = entry - (i > first ? 1 : 0);
            int order = entry->Rank == before->Rank ? entry->Prefix.CompareTo(before->Prefix) : entry->Rank - before->Rank;
            ascends &= order >= 0;
            descends &= order < 0 || i == first;
        }

        return ascends ? Found.Ascending : descends ? Found.Descending : Found.Unsorted;
    }

    /// <summary>Stable, least significant byte first; bytes that all prefixes share cost nothing.</summary>
    void RadixByPrefix(int first, int last)
    {
        ulong differing = 0;
        for (int i = first + 1; i < last; i++)
        {
            differing |= _entries[i].Prefix ^ _entries[first].Prefix;
        }

        Entry* from = _entries;
        Entry* to = _other;
        int* starts = stackalloc int[256];
        for (int shift = 0; shift < 64; shift += 8)
        {
            if (((differing >> shift) & 0xFF) == 0)
            {
                continue;
            }

            host.Poll();
            new Span<int>(starts, 256).Clear();
            for (int i = first; i < last; i++)
            {
                starts[(byte)(from[i].Prefix >> shift)]++;
            }

            Starts(starts, 256, first);
            for (int i = first; i < last; i++)
            {
                to[starts[(byte)(from[i].Prefix >> shift)]++] = from[i];
            }

            Entry* sorted = to;
            to = from;
            from = sorted;
        }

        if (from != _entries)
        {
            new Span<Entry>(from + first, last - first).CopyTo(new Span<Entry>(_entries + first, last - first));
        }
    }

    /// <summary>Counts to where each begins.</summary>
    static void Starts(int* counts, int length, int first)
    {
        int sum = first;
        for (int i = 0; i < length; i++)
        {
            int count = counts[i];
            counts[i] = sum;
            sum += count;
        }
    }

    void RadixByRank(int first, int last)
    {
        int* starts = stackalloc int[3];
        new Span<int>(starts, 3).Clear();
        for (int i = first; i < last; i++)
        {
            starts[_entries[i].Rank]++;
        }

        int count = last - first;
        if (starts[0] == count || starts[1] == count || starts[2] == count)
        {
            return;
        }

        Starts(starts, 3, first);
        for (int i = first; i < last; i++)
        {
            _other[starts[_entries[i].Rank]++] = _entries[i];
        }

        new Span<Entry>(_other + first, count).CopyTo(new Span<Entry>(_entries + first, count));
    }

    /// <summary>Bottom up, from runs sorted by insertion. Stable.</summary>
    void MergeSort(int start, int end, int fromKey)
    {
        if (fromKey == keys.Length)
        {
            return;
        }

        for (int run = start; run < end; run += SmallRun)
        {
            InsertionSort(run, Math.Min(run + SmallRun, end), fromKey);
        }

        Entry* from = _entries;
        Entry* to = _other;
        for (long length = SmallRun; length < end - start; length *= 2)
        {
            for (long low = start; low < end; low += 2 * length)
            {
                host.Poll();
                Merge(from, to, low, Math.Min(low + length, end), Math.Min(low + (2 * length), end), fromKey);
            }

            Entry* sorted = to;
            to = from;
            from = sorted;
        }

        if (from != _entries)
        {
            new Span<Entry>(from + start, end - start).CopyTo(new Span<Entry>(_entries + start, end - start));
        }
    }

    void InsertionSort(int start, int end, int fromKey)
    {
        for (int i = start + 1; i < end; i++)
        {
            Entry entry = _entries[i];
            int j = i;
            for (; j > start && Compare(_entries[j - 1].Row, entry.Row, fromKey) > 0; j--)
            {
                _entries[j] = _entries[j - 1];
            }

            _entries[j] = entry;
        }
    }

    void Merge(Entry* from, Entry* to, long low, long middle, long end, int fromKey)
    {
        long left = low;
        long right = middle;
        for (long i = low; i < end; i++)
        {
            bool takeLeft = left < middle && (right >= end || Compare(from[left].Row, from[right].Row, fromKey) <= 0);
            to[i] = takeLeft ? from[left++] : from[right++];
        }
    }

    int Compare(int left, int right, int fromKey)
    {
        for (int i = fromKey; i < keys.Length; i++)
        {
            SortKey key = keys[i];
            StoredColumn column = rows[key.Column];
            bool leftNull = column.IsNull(left);
            bool rightNull = column.IsNull(right);
            int result = leftNull || rightNull
                ? leftNull == rightNull ? 0 : leftNull == key.NullsFirst ? -1 : 1
                : key.Compare(column.Value(left), column.Value(right), column.Form);
            if (result != 0)
            {
                return result;
            }
        }

        return 0;
    }
}
