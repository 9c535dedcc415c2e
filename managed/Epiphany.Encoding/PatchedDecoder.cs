// Encoding layer. Reads patched segments. A single value of order 0 costs a search among the exceptions, of other orders the values before it.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class PatchedDecoder
{
    public static Fault Decode(byte* segment, ulong length, int count, ulong* values)
    {
        Fault fault = Check(segment, length, count, out ushort* rows, out ulong* kept);
        return fault == Fault.None ? Prefix(segment, rows, kept, count, count, values) : fault;
    }

    /// <param name="segment">The segment.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="count">Rows in the vector.</param>
    /// <param name="index">The row wanted.</param>
    /// <param name="scratch">Room for as many lanes as the vector has rows.</param>
    /// <param name="value">The row's value.</param>
    public static Fault DecodeOne(byte* segment, ulong length, int count, int index, ulong* scratch, out ulong value)
    {
        value = 0;
        Fault fault = Check(segment, length, count, out ushort* rows, out ulong* kept);
        if (fault != Fault.None)
        {
            return fault;
        }

        PatchedHeader* header = (PatchedHeader*)segment;
        if (header->Order > 0)
        {
            fault = Prefix(segment, rows, kept, count, index + 1, scratch);
            value = fault == Fault.None ? scratch[index] : 0;
            return fault;
        }

        int exception = System.MemoryExtensions.BinarySearch(new System.ReadOnlySpan<ushort>(rows, header->Exceptions), (ushort)index);
        value = exception >= 0 ? kept[exception] : header->Base + BitUnpack.One(segment + PatchedHeader.Size, index, header->Width);
        return Fault.None;
    }

    /// <summary>The values themselves are packed, not their differences: rows can be looked at by themselves.</summary>
    public static bool IsDirect(byte* segment, ulong length) => length >= PatchedHeader.Size && ((PatchedHeader*)segment)->Order == 0;

    /// <summary>A bit for each row whose value is in the ranges, of a direct segment.</summary>
    public static Fault Select(byte* segment, ulong length, int count, LaneRanges ranges, ulong* bits)
    {
        Fault fault = Check(segment, length, count, out ushort* rows, out ulong* kept);
        if (fault != Fault.None)
        {
            return fault;
        }

        PatchedHeader* header = (PatchedHeader*)segment;
        ranges.SelectPacked(segment + PatchedHeader.Size, count, header->Width, header->Base, bits);
        for (int i = 0; i < header->Exceptions; i++)
        {
            int row = rows[i];
            if (row >= count)
            {
                return Fault.ExceptionsOutOfOrder;
            }

            ulong bit = 1UL << (row % 64);
            bits[row / 64] = ranges.Has((long)kept[i]) ? bits[row / 64] | bit : bits[row / 64] & ~bit;
        }

        return Fault.None;
    }

    /// <summary>The values of <paramref name="picked"/> rows, which ascend, of a direct segment.</summary>
    public static Fault Pick(byte* segment, ulong length, int count, ushort* wanted, int picked, ulong* values)
    {
        Fault fault = Check(segment, length, count, out ushort* rows, out ulong* kept);
        if (fault != Fault.None)
        {
            return fault;
        }

        PatchedHeader* header = (PatchedHeader*)segment;
        BitUnpack.Pick(segment + PatchedHeader.Size, wanted, picked, header->Width, header->Base, values);
        int exception = 0;
        for (int i = 0; i < picked && exception < header->Exceptions; i++)
        {
            while (exception < header->Exceptions && rows[exception] < wanted[i])
            {
                exception++;
            }

            if (exception < header->Exceptions && rows[exception] == wanted[i])
            {
                values[i] = kept[exception];
            }
        }

        return Fault.None;
    }

    /// <summary>The first <paramref name="wanted"/> values of a checked segment.</summary>
    static Fault Prefix(byte* segment, ushort* rows, ulong* kept, int count, int wanted, ulong* values)
    {
        PatchedHeader* header = (PatchedHeader*)segment;
        if (header->Width == 0 && (header->Order == 1 || (header->Order == 2 && header->Base == 0)))
        {
            return Progressions(header, rows, kept, count, wanted, values);
        }

        BitUnpack.Run(segment + PatchedHeader.Size, wanted, header->Width, header->Base, values);
        int before = -1;
        for (int i = 0; i < header->Exceptions; i++)
        {
            int row = rows[i];
            if (row <= before || row >= count)
            {
                return Fault.ExceptionsOutOfOrder;
            }

            if (row < wanted)
            {
                values[row] = kept[i];
            }

            before = row;
        }

        if (header->Order > 1 && wanted > 1)
        {
            values[1] = header->FirstDifference;
            Lanes.RunningSum(values + 1, wanted - 1, 0);
        }

        if (header->Order > 0)
        {
            values[0] = header->First;
            Lanes.RunningSum(values, wanted, 0);
        }

        return Fault.None;
    }

    /// <summary>All differences are the same but for exceptions', as of times at a fixed pace: nothing is summed up.</summary>
    static Fault Progressions(PatchedHeader* header, ushort* rows, ulong* kept, int count, int wanted, ulong* values)
    {
        bool isOfSecond = header->Order > 1;
        ulong difference = isOfSecond ? header->FirstDifference : header->Base;
        ulong value = header->First;
        int at = 0;
        int before = -1;
        for (int i = 0; i < header->Exceptions; i++)
        {
            int row = rows[i];
            if (row <= before || row >= count)
            {
                return Fault.ExceptionsOutOfOrder;
            }

            before = row;
            if (row < header->Order || row >= wanted)
            {
                continue;
            }

            Lanes.Progression(values + at, row - at, value, difference);
            ulong step = isOfSecond ? difference + kept[i] : kept[i];
            value = values[row - 1] + step;
            difference = isOfSecond ? step : difference;
            at = row;
        }

        Lanes.Progression(values + at, wanted - at, value, difference);
        return Fault.None;
    }

    static Fault Check(byte* segment, ulong length, int count, out ushort* rows, out ulong* kept)
    {
        rows = null;
        kept = null;
        if (length < PatchedHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        PatchedHeader* header = (PatchedHeader*)segment;
        if (header->Width > 64 || header->Order > 2)
        {
            return Fault.WidthTooLarge;
        }

        if (header->Exceptions > count)
        {
            return Fault.ExceptionsOutOfOrder;
        }

        PatchedPlan plan = new(header->Order, header->Base, header->Width, header->Exceptions, count);
        rows = (ushort*)(segment + PatchedPlan.ExceptionsOffset(count, header->Width));
        kept = (ulong*)((byte*)rows + PatchedPlan.RowsBytes(header->Exceptions));
        return length < (ulong)plan.Bytes ? Fault.SegmentTooShort : Fault.None;
    }
}
