// Kernels layer. Tests of packed numbers for AVX2: eight of them, of up to 32 bits, lie in 32 bytes. Each lane takes the 32-bit word that its number
// begins in and the next one, both shifted to where they meet.

using System;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

internal static unsafe class BitSelectAvx2
{
    internal const int MaxWidth = 32;

    internal static void Run<TTest>(byte* source, int count, int width, TTest test, ulong* bits)
        where TTest : struct, ICodeTest
    {
        Vector256<uint> bit = Vector256<uint>.Indices * (uint)width;
        Vector256<uint> word = bit >>> 5;

        // The last lane's next word wraps to the first one. Its number lies in its own word alone, so that the mask or the shift drops what comes.
        Vector256<uint> next = word + Vector256.Create(1U);
        Vector256<uint> right = bit & Vector256.Create(31U);
        Vector256<uint> left = Vector256.Create(32U) - right;
        Vector256<uint> mask = Vector256.Create((uint)BitPacking.Mask(width));
        for (int first = 0; first < count; first += 64)
        {
            ulong passed = 0;
            for (int i = 0; i < 64 && first + i < count; i += 8)
            {
                Vector256<uint> bytes = Vector256.Load((uint*)source);
                Vector256<uint> low = Avx2.ShiftRightLogicalVariable(Avx2.PermuteVar8x32(bytes, word), right);
                Vector256<uint> high = Avx2.ShiftLeftLogicalVariable(Avx2.PermuteVar8x32(bytes, next), left);
                passed |= (ulong)test.Holds((low | high) & mask) << i;
                source += width;
            }

            bits[first / 64] = passed & BitPacking.Mask(Math.Min(64, count - first));
        }
    }
}
