// Encoding layer. Layout of a segment of 128-bit integers: a frame of reference whose packed numbers come in two parts, the lower 64 bits
// of each and what is above them.

using System;
using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>24 bytes, little-endian, followed by the lower bits, packed and padded to 8 bytes, and the upper bits, packed.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct WideHeader
{
    internal const int Size = 24;

    /// <summary>Smallest value of the vector, two's complement.</summary>
    [FieldOffset(0)]
    internal ulong BaseLow;

    [FieldOffset(8)]
    internal ulong BaseHigh;

    /// <summary>Bits of value - base: 0 to 128. Bytes 17..23 are zero.</summary>
    [FieldOffset(16)]
    internal byte Width;
}

/// <summary>How one vector will be written.</summary>
public readonly record struct WidePlan(Int128 Base, int Width, int Count)
{
    public long Bytes => HighOffset + BitPacking.Bytes(Count, HighWidth);

    internal int LowWidth => Math.Min(Width, 64);

    internal int HighWidth => Math.Max(0, Width - 64);

    internal long HighOffset => WideHeader.Size + ((BitPacking.Bytes(Count, LowWidth) + 7) / 8 * 8);
}

/// <summary>128-bit integers in two arrays of lanes.</summary>
public static unsafe class WideIntegers
{
    public static WidePlan Measure(ulong* lows, ulong* highs, int count)
    {
        Int128 min = Value(lows, highs, 0);
        Int128 max = min;
        for (int i = 1; i < count; i++)
        {
            Int128 value = Value(lows, highs, i);
            min = Int128.Min(min, value);
            max = Int128.Max(max, value);
        }

        return new WidePlan(min, 128 - (int)UInt128.LeadingZeroCount((UInt128)max - (UInt128)min), count);
    }

    /// <param name="plan">What <see cref="Measure"/> said of the same values.</param>
    /// <param name="lows">Their lower halves.</param>
    /// <param name="highs">Their upper halves.</param>
    /// <param name="scratch">Room for as many lanes as there are values.</param>
    /// <param name="destination">Room for the plan's bytes, zeroed.</param>
    public static void Write(in WidePlan plan, ulong* lows, ulong* highs, ulong* scratch, byte* destination)
    {
        UInt128 from = (UInt128)plan.Base;
        *(WideHeader*)destination = new WideHeader { BaseLow = (ulong)from, BaseHigh = (ulong)(from >> 64), Width = (byte)plan.Width };
        BitPack.Run(lows, plan.Count, (ulong)from, plan.LowWidth, destination + WideHeader.Size);
        for (int i = 0; i < plan.Count; i++)
        {
            scratch[i] = (ulong)(((UInt128)Value(lows, highs, i) - from) >> 64);
        }

        BitPack.Run(scratch, plan.Count, 0, plan.HighWidth, destination + plan.HighOffset);
    }

    /// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
    public static Fault Decode(byte* segment, ulong length, int count, ulong* lows, ulong* highs)
    {
        Fault fault = Check(segment, length, count, out WidePlan plan);
        if (fault != Fault.None)
        {
            return fault;
        }

        UInt128 from = (UInt128)plan.Base;
        BitUnpack.Run(segment + WideHeader.Size, count, plan.LowWidth, (ulong)from, lows);
        BitUnpack.Run(segment + plan.HighOffset, count, plan.HighWidth, (ulong)(from >> 64), highs);
        for (int i = 0; i < count; i++)
        {
            // The lower half wrapped where it is below the base's.
            highs[i] += lows[i] < (ulong)from ? 1UL : 0;
        }

        return Fault.None;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int count, int index, out ulong low, out ulong high)
    {
        low = high = 0;
        Fault fault = Check(segment, length, count, out WidePlan plan);
        if (fault == Fault.None)
        {
            UInt128 distance = new(
                BitUnpack.One(segment + plan.HighOffset, index, plan.HighWidth), BitUnpack.One(segment + WideHeader.Size, index, plan.LowWidth));
            distance += (UInt128)plan.Base;
            low = (ulong)distance;
            high = (ulong)(distance >> 64);
        }

        return fault;
    }

    public static Int128 Value(ulong* lows, ulong* highs, int index) => new(highs[index], lows[index]);

    static Fault Check(byte* segment, ulong length, int count, out WidePlan plan)
    {
        plan = default;
        if (length < WideHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        WideHeader* header = (WideHeader*)segment;
        if (header->Width > 128)
        {
            return Fault.WidthTooLarge;
        }

        plan = new WidePlan(new Int128(header->BaseHigh, header->BaseLow), header->Width, count);
        return length < (ulong)plan.Bytes ? Fault.SegmentTooShort : Fault.None;
    }
}
