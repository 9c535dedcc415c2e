// Kernels layer. Tests of packed numbers one at a time: the reference for the vector paths.

using System;

namespace Epiphany.Kernels;

internal static unsafe class BitSelectScalar
{
    internal static void Run<TTest>(byte* source, int count, int width, TTest test, ulong* bits)
        where TTest : struct, ICodeTest
    {
        for (int first = 0; first < count; first += 64)
        {
            ulong word = 0;
            for (int i = first; i < Math.Min(count, first + 64); i++)
            {
                word |= (test.Holds(BitUnpack.One(source, i, width)) ? 1UL : 0) << i;
            }

            bits[first / 64] = word;
        }
    }
}
