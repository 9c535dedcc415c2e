// Kernels layer. Bit unpacking one value at a time: the reference for the vector paths, the tail of each of them, random access.

namespace Epiphany.Kernels;

internal static unsafe class BitUnpackScalar
{
    /// <summary>Up to 57 bits a value lies within the eight bytes that start at its first bit's byte.</summary>
    internal const int MaxWordWidth = 57;

    internal static ulong One(byte* source, long index, int width)
    {
        long bit = index * width;
        byte* at = source + (bit >> 3);
        int shift = (int)(bit & 7);
        // A value may end in a ninth byte. Shifting in two steps makes it nothing where the value starts on a byte.
        return ((*(ulong*)at >> shift) | (((ulong)at[8] << 1) << (63 - shift))) & BitPacking.Mask(width);
    }

    internal static void Run(byte* source, int from, int count, int width, ulong baseValue, ulong* destination)
    {
        ulong mask = BitPacking.Mask(width);
        long bit = (long)from * width;
        if (width > MaxWordWidth)
        {
            for (int i = from; i < count; i++)
            {
                byte* at = source + (bit >> 3);
                int shift = (int)(bit & 7);
                destination[i] = (((*(ulong*)at >> shift) | (((ulong)at[8] << 1) << (63 - shift))) & mask) + baseValue;
                bit += width;
            }

            return;
        }

        for (int i = from; i < count; i++)
        {
            destination[i] = ((*(ulong*)(source + (bit >> 3)) >> (int)(bit & 7)) & mask) + baseValue;
            bit += width;
        }
    }
}
