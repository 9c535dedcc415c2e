// Kernels layer. Bit unpacking for AVX-512BW: one load and one permutation of 16-bit words bring a group's eight values into eight
// lanes; each lane is shifted by its own count and masked.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

internal static unsafe class BitUnpackAvx512
{
    /// <summary>A value and the bits before it in its first word must fit a lane: 15 + 49 = 64.</summary>
    internal const int MaxWidth = 49;

    /// <summary>Unpacks whole groups of eight; says how many values those were.</summary>
    internal static int Run(byte* source, int count, int width, ulong baseValue, ulong* destination)
    {
        Vector512<ulong> bit = Vector512<ulong>.Indices * (ulong)width;
        Vector512<ulong> shift = bit & Vector512.Create(15UL);
        Vector512<ulong> word = bit >>> 4;
        // Words w, w + 1, w + 2, w + 3 in each lane; words past the group's 64 bytes wrap, and only bits that the mask drops come from them.
        Vector512<ushort> words =
            (word | (word << 16) | (word << 32) | (word << 48)).AsUInt16() + Vector512.Create(0x0003000200010000UL).AsUInt16();
        Vector512<ulong> mask = Vector512.Create(BitPacking.Mask(width));
        Vector512<ulong> add = Vector512.Create(baseValue);

        int whole = count & ~7;
        for (int i = 0; i < whole; i += 8)
        {
            Vector512<ulong> lanes = Avx512BW.PermuteVar32x16(Vector512.Load((ushort*)source), words).AsUInt64();
            lanes = (Avx512F.ShiftRightLogicalVariable(lanes, shift) & mask) + add;
            lanes.Store(destination + i);
            source += width;
        }

        return whole;
    }
}
