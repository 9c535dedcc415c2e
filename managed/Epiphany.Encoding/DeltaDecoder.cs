// Encoding layer. Reads delta segments. A single value costs the values before it in its vector: a sum of packed numbers.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class DeltaDecoder
{
    public static Fault Decode(byte* segment, ulong length, int count, ulong* values)
    {
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            DeltaHeader* header = (DeltaHeader*)segment;
            BitUnpack.Run(segment + DeltaHeader.Size, count, header->Width, header->Step, values);
            // Row 0 stands for the first value itself, less the step that unpacking added to it.
            Lanes.RunningSum(values, count, header->First - header->Step);
        }

        return fault;
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
        Fault fault = Check(segment, length, count);
        if (fault == Fault.None)
        {
            DeltaHeader* header = (DeltaHeader*)segment;
            BitUnpack.Run(segment + DeltaHeader.Size, index + 1, header->Width, header->Step, scratch);
            value = header->First - header->Step + Lanes.Sum(scratch, index + 1);
        }

        return fault;
    }

    static Fault Check(byte* segment, ulong length, int count)
    {
        if (length < DeltaHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        int width = ((DeltaHeader*)segment)->Width;
        if (width > 64)
        {
            return Fault.WidthTooLarge;
        }

        return length < DeltaHeader.Size + (ulong)BitPacking.Bytes(count, width) ? Fault.SegmentTooShort : Fault.None;
    }
}
