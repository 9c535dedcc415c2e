// Kernels layer. Bit unpacking for AVX2: shuffle the bytes of two values into each 128-bit lane, shift each by its own count, mask.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

internal static unsafe class BitUnpackAvx2
{
    /// <summary>Two values and the bits before them must fit 16 bytes, each with its bits before it 8 bytes: 7 + 57 = 64.</summary>
    internal const int MaxWidth = 57;

    /// <summary>Unpacks whole groups of eight; says how many values those were.</summary>
    internal static int Run(byte* source, int count, int width, ulong baseValue, ulong* destination)
    {
        // Pair k of a group (values 2k and 2k + 1) starts at bit 2k * width.
        int at1 = (2 * width) >> 3;
        int at2 = (4 * width) >> 3;
        int at3 = (6 * width) >> 3;
        Vector256<byte> shuffle01 = Vector256.Create(Shuffle(0, width), Shuffle(1, width));
        Vector256<byte> shuffle23 = Vector256.Create(Shuffle(2, width), Shuffle(3, width));
        Vector256<ulong> shift01 = Vector256.Create(Shift(0, width), Shift(1, width));
        Vector256<ulong> shift23 = Vector256.Create(Shift(2, width), Shift(3, width));
        Vector256<ulong> mask = Vector256.Create(BitPacking.Mask(width));
        Vector256<ulong> add = Vector256.Create(baseValue);

        int whole = count & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            Vector256<byte> bytes01 = Vector256.Create(Vector128.Load(source), Vector128.Load(source + at1));
            Vector256<byte> bytes23 = Vector256.Create(Vector128.Load(source + at2), Vector128.Load(source + at3));
            Vector256<ulong> lanes01 = Avx2.Shuffle(bytes01, shuffle01).AsUInt64();
            Vector256<ulong> lanes23 = Avx2.Shuffle(bytes23, shuffle23).AsUInt64();
            lanes01 = Avx2.ShiftRightLogicalVariable(lanes01, shift01) & mask;
            lanes23 = Avx2.ShiftRightLogicalVariable(lanes23, shift23) & mask;
            (lanes01 + add).Store(destination + i);
            (lanes23 + add).Store(destination + i + 4);
            source += width;
        }

        return whole;
    }

    static Vector128<byte> Shuffle(int pair, int width)
    {
        ulong second = (ulong)(((2 * pair * width) & 7) + width) >> 3;
        return Vector128.Create(0x0706050403020100UL, 0x0706050403020100UL + (second * 0x0101010101010101UL)).AsByte();
    }

    static Vector128<ulong> Shift(int pair, int width)
    {
        int first = (2 * pair * width) & 7;
        return Vector128.Create((ulong)first, (ulong)((first + width) & 7));
    }
}
