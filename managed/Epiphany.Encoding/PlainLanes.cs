// Encoding layer. Plain segments of fixed-width numbers: 1, 2, 4 or 8 little-endian bytes each, nothing else.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Numbers as they are. Bit-exact, so NaN payloads and negative zeros survive.</summary>
public static unsafe class PlainLanes
{
    public static long Bytes(int count, int width) => (long)count * width;

    public static void Encode(ulong* values, int count, int width, byte* destination) => Lanes.Narrow(values, count, width, destination);

    public static Fault Decode(byte* segment, ulong length, int count, int width, ulong* values)
    {
        if (length < (ulong)Bytes(count, width))
        {
            return Fault.SegmentTooShort;
        }

        Lanes.Widen(segment, count, width, values);
        return Fault.None;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int index, int width, out ulong value)
    {
        value = 0;
        if (length < (ulong)Bytes(index + 1, width))
        {
            return Fault.SegmentTooShort;
        }

        ulong lane;
        Lanes.Widen(segment + ((long)index * width), 1, width, &lane);
        value = lane;
        return Fault.None;
    }
}
