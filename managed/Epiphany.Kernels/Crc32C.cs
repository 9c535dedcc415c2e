// Kernels layer. CRC-32C (Castagnoli) as PostgreSQL and iSCSI use it: initial value and final inversion of all ones.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

/// <summary>Checksum of stored bytes.</summary>
public static unsafe class Crc32C
{
    /// <summary>Words of one of three interleaved streams, at most: the instruction takes a new operand each cycle but answers after three.</summary>
    const int MaxStripe = 128;

    /// <summary>Fewer do not pay for putting the streams together.</summary>
    const int MinStripe = 4;

    static readonly Powers s_powers = AllPowers();

    /// <summary>[n]: x to the power of 64 n - 33, which is what n words of zeros multiply a CRC by, but for what the multiplication adds.</summary>
    [InlineArray((2 * MaxStripe) + 1)]
    struct Powers
    {
        uint _entry;
    }

    public static uint Compute(byte* data, ulong length) => Extend(0, data, length);

    /// <summary>The checksum of bytes of which the first had the checksum <paramref name="before"/>; of none it is 0.</summary>
    public static uint Extend(uint before, byte* data, ulong length)
    {
        uint crc = ~before;
        while (Pclmulqdq.IsSupported && length >= 3 * MinStripe * sizeof(ulong))
        {
            int stripe = (int)ulong.Min(MaxStripe, length / (3 * sizeof(ulong)));
            ulong* words = (ulong*)data;
            uint second = 0;
            uint third = 0;
            for (int i = 0; i < stripe; i++)
            {
                crc = BitOperations.Crc32C(crc, words[i]);
                second = BitOperations.Crc32C(second, words[stripe + i]);
                third = BitOperations.Crc32C(third, words[(2 * stripe) + i]);
            }

            // A CRC is linear: what a stream left is carried over the zeros that stand for the streams after it.
            Vector128<ulong> carried = Product(crc, s_powers[2 * stripe]) ^ Product(second, s_powers[stripe]);
            crc = BitOperations.Crc32C(0, carried[0]) ^ third;
            data += 3 * stripe * sizeof(ulong);
            length -= (ulong)(3 * stripe * sizeof(ulong));
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

    /// <summary>Of polynomials whose bits are in reverse: one bit too low, which the powers make up for, as for the CRC's own 32.</summary>
    static Vector128<ulong> Product(uint a, uint b) =>
        Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar((ulong)a), Vector128.CreateScalar((ulong)b), 0);

    static Powers AllPowers()
    {
        Powers powers = default;
        powers[1] = 1;
        for (int n = 2; n <= 2 * MaxStripe; n++)
        {
            powers[n] = BitOperations.Crc32C(powers[n - 1], 0UL);
        }

        return powers;
    }
}
