// Kernels layer. CRC-32C (Castagnoli) as PostgreSQL and iSCSI use it: initial value and final inversion of all ones.

using System.Numerics;
using System.Runtime.CompilerServices;

namespace Epiphany.Kernels;

/// <summary>Checksum of stored bytes.</summary>
public static unsafe class Crc32C
{
    /// <summary>Bytes of one of three interleaved streams: the instruction takes a new operand each cycle but answers after three.</summary>
    const int Stripe = 1024;

    static readonly Shift s_oneStripe = Zeros(Stripe);
    static readonly Shift s_twoStripes = Zeros(2 * Stripe);

    [InlineArray(1024)]
    struct Shift
    {
        uint _entry;
    }

    public static uint Compute(byte* data, ulong length) => Extend(0, data, length);

    /// <summary>The checksum of bytes of which the first had the checksum <paramref name="before"/>; of none it is 0.</summary>
    public static uint Extend(uint before, byte* data, ulong length)
    {
        uint crc = ~before;
        while (length >= 3 * Stripe)
        {
            uint second = 0;
            uint third = 0;
            for (int i = 0; i < Stripe; i += 8)
            {
                crc = BitOperations.Crc32C(crc, *(ulong*)(data + i));
                second = BitOperations.Crc32C(second, *(ulong*)(data + Stripe + i));
                third = BitOperations.Crc32C(third, *(ulong*)(data + (2 * Stripe) + i));
            }

            // A CRC is linear: what the first stream left is carried over the zeros that stand for the other two.
            crc = Apply(in s_twoStripes, crc) ^ Apply(in s_oneStripe, second) ^ third;
            data += 3 * Stripe;
            length -= 3 * Stripe;
        }

        return ~Tail(crc, data, length);
    }

    /// <summary>One stream, eight bytes at a time: the reference for the three.</summary>
    internal static uint Scalar(byte* data, ulong length) => ~Tail(uint.MaxValue, data, length);

    static uint Tail(uint crc, byte* data, ulong length)
    {
        for (; length >= 8; length -= 8)
        {
            crc = BitOperations.Crc32C(crc, *(ulong*)data);
            data += 8;
        }

        for (; length > 0; length--)
        {
            crc = BitOperations.Crc32C(crc, *data++);
        }

        return crc;
    }

    static uint Apply(in Shift shift, uint crc) =>
        shift[(int)(crc & 0xFF)] ^ shift[256 + (int)((crc >> 8) & 0xFF)] ^ shift[512 + (int)((crc >> 16) & 0xFF)] ^ shift[768 + (int)(crc >> 24)];

    /// <summary>For each byte of a CRC its share in the CRC after so many zero bytes: eight single bits computed, the rest their sums.</summary>
    static Shift Zeros(int bytes)
    {
        Shift shift = default;
        for (int i = 0; i < 1024; i++)
        {
            int value = i & 0xFF;
            int highest = value == 0 ? 0 : 1 << BitOperations.Log2((uint)value);
            if (value == highest)
            {
                uint crc = (uint)value << (8 * (i >> 8));
                for (int zero = 0; zero < bytes; zero += 8)
                {
                    crc = BitOperations.Crc32C(crc, 0UL);
                }

                shift[i] = crc;
            }
            else
            {
                shift[i] = shift[i - highest] ^ shift[i - value + highest];
            }
        }

        return shift;
    }
}
