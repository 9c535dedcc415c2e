// Kernels layer. Bit unpacking one value at a time: the reference for the vector paths, the tail of each of them, random access.

namespace Epiphany.Kernels;

internal static unsafe class BitUnpackScalar
{
    internal static ulong One(byte* source, long index, int width)
    {
        long bit = index * width;
        byte* at = source + (bit >> 3);
        int shift = (int)(bit & 7);
        ulong value = *(ulong*)at >> shift;
        if (shift + width > 64)
        {
            // shift is 1..7 here: the value ends in a ninth byte.
            value |= (ulong)at[8] << (64 - shift);
        }

        return value & BitPacking.Mask(width);
    }

    internal static void Run(byte* source, int from, int count, int width, ulong baseValue, ulong* destination)
    {
        if (width > 57)
        {
            for (int i = from; i < count; i++)
            {
                destination[i] = One(source, i, width) + baseValue;
            }

            return;
        }

        // Up to 57 bits a value lies within the eight bytes that start at its first bit's byte.
        ulong mask = BitPacking.Mask(width);
        long bit = (long)from * width;
        for (int i = from; i < count; i++)
        {
            destination[i] = ((*(ulong*)(source + (bit >> 3)) >> (int)(bit & 7)) & mask) + baseValue;
            bit += width;
        }
    }
}
