// Encoding layer. Finds a chunk's distinct values and gives each row its code. Gives up early where a dictionary cannot pay.

using System;
using System.Collections.Generic;

namespace Epiphany.Encoding;

/// <summary>Builds dictionaries whose entries ascend, so that the same rows always give the same bytes.</summary>
public static unsafe class DictionaryBuilder
{
    /// <summary>Rows looked at before the whole chunk is.</summary>
    const int Sample = 1024;

    /// <summary>A sample with more distinct values than this promises too many in all (about 10,000).</summary>
    const int SampleLimit = Sample * 95 / 100;

    /// <summary>Longest search in the table, which is at most half full: only keys made to collide need more.</summary>
    const int MaxProbes = 1024;

    /// <summary>Entries in <paramref name="scratch"/>, or 0 when a dictionary is not worth while.</summary>
    public static int Build<TKeys>(TKeys keys, int rows, in DictionaryScratch scratch)
        where TKeys : struct, IDictionaryKeys
    {
        int stride = rows / Sample;
        if (stride > 1 && Collect(keys, rows, stride, SampleLimit, scratch) == 0)
        {
            return 0;
        }

        int entries = Collect(keys, rows, 1, DictionaryScratch.MaxEntries, scratch);
        if (entries != 0)
        {
            Sort(keys, rows, entries, scratch);
        }

        return entries;
    }

    /// <summary>
    /// The dictionary of rows that have numbers already, of entries that <paramref name="keys"/> are: EntryRows are numbers of the entries that
    /// rows have, ascending as they do. 0 where there are too many entries, or two are the same. Null rows (<paramref name="nulls"/> may be null)
    /// take the code of the row before, those at the start of the first one that is not; there is one.
    /// </summary>
    public static int Order<TKeys>(TKeys keys, int count, uint* numbers, byte* nulls, int rows, in DictionaryScratch scratch)
        where TKeys : struct, IDictionaryKeys
    {
        if (count > DictionaryScratch.MaxEntries)
        {
            return 0;
        }

        uint* isUsed = scratch.Slots;
        new Span<uint>(isUsed, count).Clear();
        for (int row = 0; row < rows; row++)
        {
            if (nulls == null || nulls[row] == 0)
            {
                isUsed[numbers[row]] = 1;
            }
        }

        int entries = 0;
        for (uint number = 0; number < (uint)count; number++)
        {
            scratch.EntryRows[entries] = number;
            entries += (int)isUsed[number];
        }

        Span<uint> order = new(scratch.EntryRows, entries);
        order.Sort(new NumberOrder<TKeys>(keys));
        for (int i = 0; i < entries; i++)
        {
            if (i > 0 && keys.Compare((int)order[i - 1], (int)order[i]) == 0)
            {
                return 0;
            }

            scratch.Ranks[order[i]] = (uint)i;
        }

        Number(numbers, nulls, rows, scratch);
        return entries;
    }

    static void Number(uint* numbers, byte* nulls, int rows, in DictionaryScratch scratch)
    {
        uint* ranks = scratch.Ranks;
        uint* codes = scratch.Codes;
        if (nulls == null)
        {
            for (int row = 0; row < rows; row++)
            {
                codes[row] = ranks[numbers[row]];
            }

            return;
        }

        int first = 0;
        while (nulls[first] != 0)
        {
            first++;
        }

        uint code = ranks[numbers[first]];
        for (int row = 0; row < rows; row++)
        {
            code = nulls[row] != 0 ? code : ranks[numbers[row]];
            codes[row] = code;
        }
    }

    /// <summary>Numbers the distinct values of each stride-th row as they come; 0 past the limit.</summary>
    static int Collect<TKeys>(TKeys keys, int rows, int stride, int limit, in DictionaryScratch scratch)
        where TKeys : struct, IDictionaryKeys
    {
        new Span<uint>(scratch.Slots, DictionaryScratch.SlotCount).Clear();
        int entries = 0;
        uint code = 0;
        for (int row = 0; row < rows; row += stride)
        {
            if (!keys.Skip(row))
            {
                uint slot = (uint)(keys.Hash(row) >> (64 - DictionaryScratch.SlotBits));
                int probes = 0;
                while (true)
                {
                    uint entry = scratch.Slots[slot];
                    if (entry == 0)
                    {
                        if (entries == limit)
                        {
                            return 0;
                        }

                        scratch.EntryRows[entries] = (uint)row;
                        code = (uint)entries++;
                        scratch.Slots[slot] = (uint)entries;
                        break;
                    }

                    code = entry - 1;
                    if (keys.Same((int)scratch.EntryRows[code], row))
                    {
                        break;
                    }

                    if (++probes == MaxProbes)
                    {
                        return 0;
                    }

                    slot = (slot + 1) & (DictionaryScratch.SlotCount - 1);
                }
            }

            scratch.Codes[row] = code;
        }

        return entries;
    }

    static void Sort<TKeys>(TKeys keys, int rows, int entries, in DictionaryScratch scratch)
        where TKeys : struct, IDictionaryKeys
    {
        Span<uint> order = new(scratch.Order, entries);
        for (int i = 0; i < entries; i++)
        {
            order[i] = (uint)i;
        }

        order.Sort(new EntryOrder<TKeys>(keys, scratch.EntryRows));
        for (int i = 0; i < entries; i++)
        {
            scratch.Ranks[order[i]] = (uint)i;
        }

        for (int row = 0; row < rows; row++)
        {
            scratch.Codes[row] = scratch.Ranks[scratch.Codes[row]];
        }

        for (int i = 0; i < entries; i++)
        {
            order[i] = scratch.EntryRows[order[i]];
        }

        order.CopyTo(new Span<uint>(scratch.EntryRows, entries));
    }

    readonly struct NumberOrder<TKeys>(TKeys keys) : IComparer<uint>
        where TKeys : struct, IDictionaryKeys
    {
        public int Compare(uint x, uint y) => keys.Compare((int)x, (int)y);
    }

    readonly struct EntryOrder<TKeys>(TKeys keys, uint* entryRows) : IComparer<uint>
        where TKeys : struct, IDictionaryKeys
    {
        public int Compare(uint x, uint y) => keys.Compare((int)entryRows[x], (int)entryRows[y]);
    }
}
