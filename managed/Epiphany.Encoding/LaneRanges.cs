// Encoding layer. A set of integers that is asked for, as ranges; and which lanes, packed or not, are in it.

using System;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>What a range of values makes of a set of ranges.</summary>
public enum RangeCover
{
    None,
    Some,
    All,
}

/// <summary>
/// Ranges of signed integers, ascending, none of which meet: a least and a greatest value each. At most
/// <see cref="MaxCount"/>, in memory of the caller's.
/// </summary>
public readonly unsafe struct LaneRanges(long* bounds, int count)
{
    public const int MaxCount = 32;

    public int Count => count;

    public long Low(int range) => bounds[2 * range];

    public long High(int range) => bounds[(2 * range) + 1];

    public bool Has(long value)
    {
        for (int i = 0; i < count; i++)
        {
            if (value <= High(i))
            {
                return value >= Low(i);
            }
        }

        return false;
    }

    /// <summary>Of the integers from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public RangeCover Cover(long low, long high)
    {
        for (int i = 0; i < count; i++)
        {
            if (low <= High(i))
            {
                return low >= Low(i) && high <= High(i) ? RangeCover.All : high < Low(i) ? RangeCover.None : RangeCover.Some;
            }
        }

        return RangeCover.None;
    }

    /// <summary>A bit for each of the lanes.</summary>
    public void Select(ulong* lanes, int rows, ulong* bits)
    {
        ulong* room = stackalloc ulong[BitSelect.Words(rows)];
        Fill(bits, rows, false);
        for (int i = 0; i < count; i++)
        {
            BitSelect.Lanes(lanes, rows, (ulong)Low(i), (ulong)High(i) - (ulong)Low(i), i == 0 ? bits : room);
            if (i > 0)
            {
                Join(bits, room, rows);
            }
        }
    }

    /// <summary>A bit for each of the lanes that are packed, less <paramref name="baseValue"/>.</summary>
    public void SelectPacked(byte* packed, int rows, int width, ulong baseValue, ulong* bits)
    {
        const int RoomForSet = (1 << BitSelect.QuickSetWidth) / 64;
        ulong* codes = stackalloc ulong[2 * MaxCount];
        ulong most = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int found = ToCodes((long)baseValue, most, codes);

        // What lies between ranges is asked for instead where that is less.
        bool isTurned = found > 0 && codes[0] == 0 && codes[(2 * found) - 1] == most;
        if (isTurned)
        {
            found--;
            for (int i = 0; i < found; i++)
            {
                codes[2 * i] = codes[(2 * i) + 1] + 1;
                codes[(2 * i) + 1] = codes[(2 * i) + 2] - 1;
            }
        }

        if (found == 0)
        {
            Fill(bits, rows, isTurned);
            return;
        }

        if (found > 1 && width <= BitSelect.QuickSetWidth)
        {
            ulong* set = stackalloc ulong[RoomForSet];
            new Span<ulong>(set, RoomForSet).Clear();
            for (int i = 0; i < found; i++)
            {
                Fill(set, (int)codes[2 * i], (int)codes[(2 * i) + 1] + 1);
            }

            BitSelect.Among(packed, rows, width, set, bits);
        }
        else
        {
            SelectEach(packed, rows, width, codes, found, bits);
        }

        if (isTurned)
        {
            Turn(bits, rows);
        }
    }

    /// <summary>Sets bits <paramref name="from"/> to <paramref name="to"/> - 1, of as many that are clear.</summary>
    internal static void Fill(ulong* bits, int from, int to)
    {
        for (int at = from; at < to;)
        {
            int take = Math.Min(64 - (at % 64), to - at);
            bits[at / 64] |= (take == 64 ? ulong.MaxValue : (1UL << take) - 1) << (at % 64);
            at += take;
        }
    }

    /// <summary>As many bits, all the same; the rest of the last word becomes zero.</summary>
    public static void Fill(ulong* bits, int rows, bool isSet)
    {
        new Span<ulong>(bits, BitSelect.Words(rows)).Clear();
        Fill(bits, 0, isSet ? rows : 0);
    }

    static void SelectEach(byte* packed, int rows, int width, ulong* codes, int count, ulong* bits)
    {
        ulong* room = stackalloc ulong[BitSelect.Words(rows)];
        for (int i = 0; i < count; i++)
        {
            ulong low = codes[2 * i];
            BitSelect.Between(packed, rows, width, low, codes[(2 * i) + 1] - low, i == 0 ? bits : room);
            if (i > 0)
            {
                Join(bits, room, rows);
            }
        }
    }

    static void Join(ulong* bits, ulong* more, int rows)
    {
        for (int word = 0; word < BitSelect.Words(rows); word++)
        {
            bits[word] |= more[word];
        }
    }

    static void Turn(ulong* bits, int rows)
    {
        for (int word = 0; word < BitSelect.Words(rows); word++)
        {
            bits[word] = ~bits[word];
        }

        if (rows % 64 != 0)
        {
            bits[rows / 64] &= (1UL << (rows % 64)) - 1;
        }
    }

    /// <summary>The parts of the ranges that codes from 0 to <paramref name="most"/> stand for; says how many there are.</summary>
    int ToCodes(long baseValue, ulong most, ulong* codes)
    {
        // Bytes that no writer wrote may stand for values past the last integer: those are in no range.
        most = ulong.Min(most, (ulong)long.MaxValue - (ulong)baseValue);
        int found = 0;
        for (int i = 0; i < count; i++)
        {
            ulong low = Low(i) <= baseValue ? 0 : (ulong)Low(i) - (ulong)baseValue;
            ulong high = ulong.Min((ulong)High(i) - (ulong)baseValue, most);
            if (High(i) >= baseValue && low <= most)
            {
                codes[2 * found] = low;
                codes[(2 * found) + 1] = high;
                found++;
            }
        }

        return found;
    }
}
