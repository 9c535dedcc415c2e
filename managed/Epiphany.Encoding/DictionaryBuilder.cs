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
    /// Likewise where values are numbered already, the same number meaning the same value, all below <paramref name="count"/>; 0 where two numbers
    /// have one value, too.
    /// </summary>
    public static int Build<TKeys>(TKeys keys, uint* numbers, int count, int rows, in DictionaryScratch scratch)
        where TKeys : struct, IDictionaryKeys
    {
        if (count > DictionaryScratch.MaxEntries)
        {
            return 0;
        }

        uint* places = scratch.Slots;
        new Span<uint>(places, count).Clear();
        int entries = 0;
        uint code = 0;
        for (int row = 0; row < rows; row++)
        {
            if (!keys.Skip(row))
            {
                ref uint place = ref places[numbers[row]];
                if (place == 0)
                {
                    scratch.EntryRows[entries] = (uint)row;
                    place = (uint)++entries;
                }

                code = place - 1;
            }

            scratch.Codes[row] = code;
        }

        Sort(keys, rows, entries, scratch);
        for (int i = 1; i < entries; i++)
        {
            if (keys.Compare((int)scratch.EntryRows[i - 1], (int)scratch.EntryRows[i]) == 0)
            {
                return 0;
            }
        }

        return entries;
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

    readonly struct EntryOrder<TKeys>(TKeys keys, uint* entryRows) : IComparer<uint>
        where TKeys : struct, IDictionaryKeys
    {
        public int Compare(uint x, uint y) => keys.Compare((int)entryRows[x], (int)entryRows[y]);
    }
}
