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
