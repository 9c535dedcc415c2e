// Kernels layer. Which of a run of bit-packed numbers pass a test, as a bit each, without the numbers being written anywhere: picks the widest path
// that the machine has. Reads up to BitPacking.Slack bytes past the packed bytes.

using System;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

/// <summary>
/// Reads the layout of <see cref="BitPacking"/>. Bit i % 64 of word i / 64 is number i's; the rest of the last word becomes zero. Widths are 0 to 64.
/// </summary>
public static unsafe class BitSelect
{
    /// <summary>Sets of numbers of at most so many bits are tested at the pace of ranges.</summary>
    public const int QuickSetWidth = 9;

    /// <summary>Words of the bits of so many numbers.</summary>
    public static int Words(int count) => (count + 63) / 64;

    /// <summary>Numbers from <paramref name="low"/> to low + <paramref name="span"/>, which has no more than the width's bits.</summary>
    public static void Between(byte* source, int count, int width, ulong low, ulong span, ulong* bits)
    {
        if (Avx512BW.IsSupported && width > 0)
        {
            BitSelectAvx512.Between(source, count, width, low, span, bits);
        }
        else if (Avx2.IsSupported && width is > 0 and <= BitSelectAvx2.MaxWidth)
        {
            BitSelectAvx2.Run(source, count, width, new CodeRange(low, span), bits);
        }
        else
        {
            BitSelectScalar.Run(source, count, width, new CodeRange(low, span), bits);
        }
    }

    /// <summary>Numbers whose bit is set in <paramref name="set"/>, which has one for each number of that width, in whole words.</summary>
    public static void Among(byte* source, int count, int width, ulong* set, ulong* bits)
    {
        if (Avx512BW.IsSupported && width is > 0 and <= QuickSetWidth)
        {
            BitSelectAvx512.Among(source, count, width, set, bits);
        }
        else if (Avx2.IsSupported && width is > 0 and <= CodeSet.MaxWidth256)
        {
            BitSelectAvx2.Run(source, count, width, new CodeSet(set, width), bits);
        }
        else
        {
            BitSelectScalar.Run(source, count, width, new CodeSet(set, width), bits);
        }
    }

    /// <summary>Likewise of 64-bit lanes: those from <paramref name="low"/> to low + <paramref name="span"/>, modulo 2^64.</summary>
    public static void Lanes(ulong* values, int count, ulong low, ulong span, ulong* bits)
    {
        int done = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> least = Vector512.Create(low);
            Vector512<ulong> most = Vector512.Create(span);
            for (; done <= count - 64; done += 64)
            {
                ulong word = 0;
                for (int i = 0; i < 64; i += Vector512<ulong>.Count)
                {
                    Vector512<ulong> lanes = Vector512.Load(values + done + i) - least;
                    word |= Vector512.LessThanOrEqual(lanes, most).ExtractMostSignificantBits() << i;
                }

                bits[done / 64] = word;
            }
        }

        LanesScalar(values, done, count, low, span, bits);
    }

    internal static void LanesScalar(ulong* values, int from, int count, ulong low, ulong span, ulong* bits)
    {
        for (int first = from; first < count; first += 64)
        {
            ulong word = 0;
            for (int i = first; i < Math.Min(count, first + 64); i++)
            {
                word |= (values[i] - low <= span ? 1UL : 0) << i;
            }

            bits[first / 64] = word;
        }
    }
}
