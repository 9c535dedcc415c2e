// Encoding layer. Reads segments of floats as what differs from the one before. A single value costs those before it.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class GorillaDecoder
{
    /// <param name="segment">The segment.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="count">Rows in the vector.</param>
    /// <param name="wanted">How many of them to decode.</param>
    /// <param name="values">Room for those.</param>
    public static Fault Decode(byte* segment, ulong length, int count, int wanted, ulong* values)
    {
        Fault fault = Check(segment, length, count, out byte* windows, out byte* bits);
        if (fault != Fault.None)
        {
            return fault;
        }

        GorillaHeader* header = (GorillaHeader*)segment;
        BitUnpack.Run(segment + GorillaHeader.Size, wanted, GorillaHeader.TagBits, 0, values);
        byte* lastWindow = windows + (2 * header->Windows);
        ulong value = header->First;
        ulong at = 0;
        int behind = 0;
        int width = 0;
        values[0] = value;
        for (int i = 1; i < wanted; i++)
        {
            ulong tag = values[i];
            if (tag != GorillaHeader.Equal)
            {
                if (tag != GorillaHeader.SameWindow)
                {
                    if (tag != GorillaHeader.NextWindow || windows == lastWindow || windows[1] > 64 || windows[0] + windows[1] > 64)
                    {
                        return Fault.WidthTooLarge;
                    }

                    behind = windows[0];
                    width = windows[1];
                    windows += 2;
                }

                if (at + (ulong)width > header->Bits)
                {
                    return Fault.SegmentTooShort;
                }

                value ^= Bits(bits, at, width) << behind;
                at += (ulong)width;
            }

            values[i] = value;
        }

        return Fault.None;
    }

    /// <summary>0 to 64 bits from any bit on.</summary>
    static ulong Bits(byte* bits, ulong at, int width)
    {
        byte* first = bits + (at / 8);
        int shift = (int)(at % 8);
        // A value may end in a ninth byte; two steps, as shifting by 64 would be shifting by 0.
        ulong word = (*(ulong*)first >> shift) | (((ulong)first[8] << 1) << (63 - shift));
        return width == 64 ? word : word & ((1UL << width) - 1);
    }

    static Fault Check(byte* segment, ulong length, int count, out byte* windows, out byte* bits)
    {
        windows = bits = null;
        if (length < GorillaHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        GorillaHeader* header = (GorillaHeader*)segment;
        if (header->Windows > count || header->Bits > 64L * count)
        {
            return Fault.CountOutOfRange;
        }

        windows = segment + GorillaHeader.Size + GorillaHeader.TagBytes(count);
        bits = windows + GorillaHeader.WindowBytes(header->Windows);
        return length < (ulong)new GorillaPlan(header->Bits, header->Windows, count).Bytes ? Fault.SegmentTooShort : Fault.None;
    }
}
