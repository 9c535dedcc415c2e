// Encoding layer. Reads frame-of-reference segments; any value in constant time. Trusts no byte.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class FrameOfReferenceDecoder
{
    public static Fault Decode(byte* segment, ulong length, int count, ulong* values)
    {
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            FrameOfReferenceHeader* header = (FrameOfReferenceHeader*)segment;
            BitUnpack.Run(segment + FrameOfReferenceHeader.Size, count, header->Width, header->Base, values);
        }

        return fault;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int count, int index, out ulong value)
    {
        value = 0;
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            FrameOfReferenceHeader* header = (FrameOfReferenceHeader*)segment;
            value = header->Base + BitUnpack.One(segment + FrameOfReferenceHeader.Size, index, header->Width);
        }

        return fault;
    }

    /// <summary>A bit for each row whose value is in the ranges; values that would not fit 64 bits with a sign are in none.</summary>
    public static Fault Select(byte* segment, ulong length, int count, LaneRanges ranges, ulong* bits)
    {
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            FrameOfReferenceHeader* header = (FrameOfReferenceHeader*)segment;
            ranges.SelectPacked(segment + FrameOfReferenceHeader.Size, count, header->Width, header->Base, bits);
        }

        return fault;
    }

    /// <summary>The values of <paramref name="picked"/> rows.</summary>
    public static Fault Pick(byte* segment, ulong length, int count, ushort* rows, int picked, ulong* values)
    {
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            FrameOfReferenceHeader* header = (FrameOfReferenceHeader*)segment;
            BitUnpack.Pick(segment + FrameOfReferenceHeader.Size, rows, picked, header->Width, header->Base, values);
        }

        return fault;
    }

    static Fault Check(byte* segment, ulong length, int count)
    {
        if (length < FrameOfReferenceHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        int width = ((FrameOfReferenceHeader*)segment)->Width;
        if (width > 64)
        {
            return Fault.WidthTooLarge;
        }

        return length < FrameOfReferenceHeader.Size + (ulong)BitPacking.Bytes(count, width) ? Fault.SegmentTooShort : Fault.None;
    }
}
