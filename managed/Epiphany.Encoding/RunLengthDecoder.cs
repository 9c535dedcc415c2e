// Encoding layer. Reads run-length segments; a single value by binary search.

using System;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class RunLengthDecoder
{
    public static Fault Decode(byte* segment, ulong length, int count, ulong* values) => Walk(segment, length, count, new Values(values));

    public static Fault DecodeOne(byte* segment, ulong length, int count, int index, out ulong value)
    {
        value = 0;
        Fault fault = Check(segment, length, count, out byte* packed);
        if (fault != Fault.None)
        {
            return fault;
        }

        RunLengthHeader* header = (RunLengthHeader*)segment;
        ushort* ends = (ushort*)(segment + RunLengthHeader.Size);
        int low = 0;
        int high = header->Runs;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (ends[middle] <= index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == header->Runs)
        {
            return Fault.RunsOutOfOrder;
        }

        value = header->Base + BitUnpack.One(packed, low, header->Width);
        return Fault.None;
    }

    /// <summary>A bit for each row whose value is in the ranges; a run is judged once.</summary>
    public static Fault Select(byte* segment, ulong length, int count, LaneRanges ranges, ulong* bits)
    {
        new Span<ulong>(bits, BitSelect.Words(count)).Clear();
        return Walk(segment, length, count, new Bits(ranges, bits));
    }

    /// <summary>The values of <paramref name="picked"/> rows, which ascend.</summary>
    public static Fault Pick(byte* segment, ulong length, int count, ushort* rows, int picked, ulong* values)
    {
        Fault fault = Check(segment, length, count, out byte* packed);
        if (fault != Fault.None)
        {
            return fault;
        }

        RunLengthHeader* header = (RunLengthHeader*)segment;
        ushort* ends = (ushort*)(segment + RunLengthHeader.Size);
        int run = 0;
        int unpacked = -1;
        ulong value = 0;
        for (int i = 0; i < picked; i++)
        {
            while (run < header->Runs && ends[run] <= rows[i])
            {
                run++;
            }

            if (run == header->Runs)
            {
                return Fault.RunsOutOfOrder;
            }

            if (run != unpacked)
            {
                value = header->Base + BitUnpack.One(packed, run, header->Width);
                unpacked = run;
            }

            values[i] = value;
        }

        return Fault.None;
    }

    /// <summary>Hands on each run.</summary>
    static Fault Walk<TRuns>(byte* segment, ulong length, int count, TRuns runs)
        where TRuns : struct, IRuns
    {
        Fault fault = Check(segment, length, count, out byte* packed);
        if (fault != Fault.None)
        {
            return fault;
        }

        RunLengthHeader* header = (RunLengthHeader*)segment;
        ushort* ends = (ushort*)(segment + RunLengthHeader.Size);
        int start = 0;
        for (int run = 0; run < header->Runs; run++)
        {
            int end = ends[run];
            if (end <= start || end > count)
            {
                return Fault.RunsOutOfOrder;
            }

            runs.Take(start, end, header->Base + BitUnpack.One(packed, run, header->Width));
            start = end;
        }

        return start == count ? Fault.None : Fault.RunsOutOfOrder;
    }

    static Fault Check(byte* segment, ulong length, int count, out byte* packed)
    {
        packed = null;
        if (length < RunLengthHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        RunLengthHeader* header = (RunLengthHeader*)segment;
        if (header->Width > 64)
        {
            return Fault.WidthTooLarge;
        }

        if (header->Runs == 0 || header->Runs > count)
        {
            return Fault.RunsOutOfOrder;
        }

        long before = RunLengthHeader.Size + RunLengthHeader.EndsBytes(header->Runs);
        packed = segment + before;
        return length < (ulong)(before + BitPacking.Bytes(header->Runs, header->Width)) ? Fault.SegmentTooShort : Fault.None;
    }

    interface IRuns
    {
        /// <summary>Rows from the first to the one before the last have the value.</summary>
        void Take(int first, int last, ulong value);
    }

    readonly struct Values(ulong* values) : IRuns
    {
        public void Take(int first, int last, ulong value) => new Span<ulong>(values + first, last - first).Fill(value);
    }

    readonly struct Bits(LaneRanges ranges, ulong* bits) : IRuns
    {
        public void Take(int first, int last, ulong value)
        {
            if (ranges.Has((long)value))
            {
                LaneRanges.Fill(bits, first, last);
            }
        }
    }
}
