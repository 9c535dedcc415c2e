// Encoding layer. Segments that are nothing but small numbers at a width known from elsewhere: dictionary codes, bits of a bitmap.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Bit-packed numbers without a header, each below a limit.</summary>
public static unsafe class PackedLanes
{
    /// <summary>Bits of the codes of so many entries.</summary>
    public static int CodeWidth(uint entries) => BitPacking.Width(entries - 1);

    public static long Bytes(int count, int width) => BitPacking.Bytes(count, width);

    public static void Encode(ulong* values, int count, int width, byte* destination) => BitPack.Run(values, count, 0, width, destination);

    public static Fault Decode(byte* segment, ulong length, int count, int width, ulong limit, ulong* values)
    {
        if (length < (ulong)Bytes(count, width))
        {
            return Fault.SegmentTooShort;
        }

        BitUnpack.Run(segment, count, width, 0, values);
        if (limit < 1UL << width)
        {
            // Widths are at most 32 here: the codes are positive as signed numbers too.
            MinMax.Run((long*)values, count, out _, out long max);
            return (ulong)max < limit ? Fault.None : Fault.CodeOutOfRange;
        }

        return Fault.None;
    }

    /// <summary>The codes of <paramref name="picked"/> rows.</summary>
    public static Fault Pick(byte* segment, ulong length, int count, int width, ulong limit, ushort* rows, int picked, ulong* values)
    {
        if (length < (ulong)Bytes(count, width))
        {
            return Fault.SegmentTooShort;
        }

        BitUnpack.Pick(segment, rows, picked, width, 0, values);
        ulong greatest = 0;
        for (int i = 0; i < picked; i++)
        {
            greatest = ulong.Max(greatest, values[i]);
        }

        return greatest < limit ? Fault.None : Fault.CodeOutOfRange;
    }

    /// <summary>A bit for each row whose code is in <paramref name="set"/>, which has a bit for each code of the width.</summary>
    public static Fault Select(byte* segment, ulong length, int count, int width, ulong* set, ulong* bits)
    {
        if (length < (ulong)Bytes(count, width))
        {
            return Fault.SegmentTooShort;
        }

        BitSelect.Among(segment, count, width, set, bits);
        return Fault.None;
    }

    /// <summary>A bit for each row of a bitmap whose 0 or 1 is in the ranges.</summary>
    public static Fault Select(byte* segment, ulong length, int count, LaneRanges ranges, ulong* bits)
    {
        if (length < (ulong)Bytes(count, 1))
        {
            return Fault.SegmentTooShort;
        }

        ranges.SelectPacked(segment, count, 1, 0, bits);
        return Fault.None;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int count, int width, ulong limit, int index, out ulong value)
    {
        value = 0;
        if (length < (ulong)Bytes(count, width))
        {
            return Fault.SegmentTooShort;
        }

        value = BitUnpack.One(segment, index, width);
        return value < limit ? Fault.None : Fault.CodeOutOfRange;
    }
}
