// Encoding layer. Reads plain segments of byte strings, without copying them; any string in constant time.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class PlainBytesDecoder
{
    /// <summary>Where each string ends, counted from <paramref name="data"/>; ends ascend and stay within the segment.</summary>
    public static Fault Decode(byte* segment, ulong length, int count, ulong* ends, out byte* data)
    {
        Fault fault = Check(segment, length, count, out data);
        if (fault != Fault.None)
        {
            return fault;
        }

        PlainBytesHeader* header = (PlainBytesHeader*)segment;
        BitUnpack.Run(segment + PlainBytesHeader.Size, count, header->Width, header->Base, ends);
        ulong slope = header->Slope;
        ulong previous = 0;
        bool ordered = true;
        for (int i = 0; i < count; i++)
        {
            ulong end = ends[i] + PlainBytesHeader.Line(slope, i);
            ordered &= end >= previous;
            ends[i] = end;
            previous = end;
        }

        return ordered && previous == header->DataLength ? Fault.None : Fault.OffsetsOutOfOrder;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int count, int index, out byte* value, out ulong valueLength)
    {
        value = null;
        valueLength = 0;
        Fault fault = Check(segment, length, count, out byte* data);
        if (fault != Fault.None)
        {
            return fault;
        }

        ulong start = index == 0 ? 0 : End(segment, index - 1);
        ulong end = End(segment, index);
        if (start > end || end > ((PlainBytesHeader*)segment)->DataLength)
        {
            return Fault.OffsetsOutOfOrder;
        }

        value = data + start;
        valueLength = end - start;
        return Fault.None;
    }

    static ulong End(byte* segment, int index)
    {
        PlainBytesHeader* header = (PlainBytesHeader*)segment;
        return BitUnpack.One(segment + PlainBytesHeader.Size, index, header->Width) + header->Base
            + PlainBytesHeader.Line(header->Slope, index);
    }

    static Fault Check(byte* segment, ulong length, int count, out byte* data)
    {
        data = null;
        if (length < PlainBytesHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        PlainBytesHeader* header = (PlainBytesHeader*)segment;
        if (header->Width > 64)
        {
            return Fault.WidthTooLarge;
        }

        ulong before = PlainBytesHeader.Size + (ulong)BitPacking.Bytes(count, header->Width);
        data = segment + before;
        return length < before || length - before < header->DataLength ? Fault.SegmentTooShort : Fault.None;
    }
}
