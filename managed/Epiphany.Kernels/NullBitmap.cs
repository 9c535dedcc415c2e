// Kernels layer. Nulls as bits (stored: bit i of byte i / 8, 1 means null) and as bytes (decoded: 0 or 1 each).

using System.Numerics;

namespace Epiphany.Kernels;

/// <summary>Turns null flags between bits and bytes, and makes room for nulls between values.</summary>
public static unsafe class NullBitmap
{
    const ulong Ones = 0x0101010101010101;
    const ulong Sevens = 0x7F7F7F7F7F7F7F7F;

    /// <summary>Bytes of a bitmap: whole 64-bit words, so that it is counted and expanded without a tail.</summary>
    public static int Bytes(int count) => (count + 63) / 64 * 8;

    /// <summary>Writes <see cref="Bytes"/> bytes; bits past the count are zero. Any byte but 0 means null.</summary>
    public static void Pack(byte* nulls, int count, byte* bitmap)
    {
        new System.Span<byte>(bitmap, Bytes(count)).Clear();
        int whole = count & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            ulong flags = *(ulong*)(nulls + i);
            flags = ((((flags & Sevens) + Sevens) | flags) >> 7) & Ones;
            // Byte j is 0 or 1; times 2^(56 - 7j) it lands on bit 56 + j, and no two partial products meet.
            bitmap[i >> 3] = (byte)((flags * 0x0102040810204080) >> 56);
        }

        for (int i = whole; i < count; i++)
        {
            bitmap[i >> 3] |= (byte)((nulls[i] != 0 ? 1 : 0) << (i & 7));
        }
    }

    public static void Expand(byte* bitmap, int count, byte* nulls)
    {
        int whole = count & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            // Byte j keeps bit j alone; adding 0x7F carries it to the byte's top bit.
            ulong bits = (bitmap[i >> 3] * Ones) & 0x8040201008040201;
            *(ulong*)(nulls + i) = ((bits + Sevens) >> 7) & Ones;
        }

        for (int i = whole; i < count; i++)
        {
            nulls[i] = (byte)((bitmap[i >> 3] >> (i & 7)) & 1);
        }
    }

    public static bool IsNull(byte* bitmap, int index) => ((bitmap[index >> 3] >> (index & 7)) & 1) != 0;

    /// <summary>Nulls among the first <paramref name="count"/> rows.</summary>
    public static int Count(byte* bitmap, int count)
    {
        int nulls = 0;
        int word = 0;
        for (; word < count >> 6; word++)
        {
            nulls += BitOperations.PopCount(((ulong*)bitmap)[word]);
        }

        int rest = count & 63;
        if (rest != 0)
        {
            nulls += BitOperations.PopCount(((ulong*)bitmap)[word] & ((1UL << rest) - 1));
        }

        return nulls;
    }

    /// <summary>Sets the values of null rows to 0. Flags are 0 or 1.</summary>
    public static void ZeroNulls(ulong* values, byte* nulls, int count)
    {
        for (int i = 0; i < count; i++)
        {
            values[i] &= (ulong)nulls[i] - 1;
        }
    }

    /// <summary>Moves the first <paramref name="count"/> - nulls values to the rows that are not null, in place; null rows become 0.</summary>
    public static void Spread(ulong* values, byte* nulls, int count, int present)
    {
        // From the back: the source index never exceeds the destination's, so no value is overwritten before it moved.
        for (int i = count - 1; i >= 0; i--)
        {
            ulong keep = (ulong)nulls[i] - 1;
            present -= (int)(keep & 1);
            values[i] = values[present < 0 ? 0 : present] & keep;
        }
    }
}
