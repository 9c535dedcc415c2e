// Kernels layer. Tests of packed numbers for AVX-512BW. A register has 32 numbers of up to 16 bits, 16 of up to 32, or 8, which all lie in 64
// bytes. Each lane takes the word of its own size that its number begins in and the next one, both shifted to where they meet.

using System;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

internal static unsafe class BitSelectAvx512
{
    internal static void Between(byte* source, int count, int width, ulong low, ulong span, ulong* bits)
    {
        switch (width)
        {
            case <= 16:
                Between16(source, count, width, low, span, bits);
                break;
            case <= 32:
                Between32(source, count, width, low, span, bits);
                break;
            default:
                Between64(source, count, width, low, span, bits);
                break;
        }
    }

    /// <summary>The set is a register of 32 words of 16 bits.</summary>
    internal static void Among(byte* source, int count, int width, ulong* set, ulong* bits)
    {
        ulong* words = stackalloc ulong[Vector512<ulong>.Count];
        new Span<ulong>(words, Vector512<ulong>.Count).Clear();
        new ReadOnlySpan<ulong>(set, width <= 6 ? 1 : 1 << (width - 6)).CopyTo(new Span<ulong>(words, Vector512<ulong>.Count));
        Vector512<ushort> members = Vector512.Load((ushort*)words);
        Vector512<ushort> top = Vector512.Create((ushort)15);
        Lanes16(width, out Vector512<ushort> word, out Vector512<ushort> next, out Vector512<ushort> right, out Vector512<ushort> left);
        Vector512<ushort> mask = Vector512.Create((ushort)BitPacking.Mask(width));
        for (int first = 0; first < count; first += 64)
        {
            ulong passed = 0;
            for (int i = 0; i < 64 && first + i < count; i += 32)
            {
                Vector512<ushort> codes = Codes16(source, word, next, right, left) & mask;
                Vector512<ushort> its = Avx512BW.PermuteVar32x16(members, codes >>> 4);
                passed |= Avx512BW.ShiftLeftLogicalVariable(its, top - (codes & top)).ExtractMostSignificantBits() << i;
                source += 4 * width;
            }

            bits[first / 64] = passed & BitPacking.Mask(Math.Min(64, count - first));
        }
    }

    static void Between16(byte* source, int count, int width, ulong low, ulong span, ulong* bits)
    {
        Lanes16(width, out Vector512<ushort> word, out Vector512<ushort> next, out Vector512<ushort> right, out Vector512<ushort> left);
        Vector512<ushort> mask = Vector512.Create((ushort)BitPacking.Mask(width));
        Vector512<ushort> least = Vector512.Create((ushort)low);
        Vector512<ushort> most = Vector512.Create((ushort)span);
        for (int first = 0; first < count; first += 64)
        {
            ulong passed = 0;
            for (int i = 0; i < 64 && first + i < count; i += 32)
            {
                Vector512<ushort> codes = Codes16(source, word, next, right, left) & mask;
                passed |= Vector512.LessThanOrEqual(codes - least, most).ExtractMostSignificantBits() << i;
                source += 4 * width;
            }

            bits[first / 64] = passed & BitPacking.Mask(Math.Min(64, count - first));
        }
    }

    static void Between32(byte* source, int count, int width, ulong low, ulong span, ulong* bits)
    {
        Vector512<uint> bit = Vector512<uint>.Indices * (uint)width;
        Vector512<uint> word = bit >>> 5;
        Vector512<uint> next = word + Vector512.Create(1U);
        Vector512<uint> right = bit & Vector512.Create(31U);
        Vector512<uint> left = Vector512.Create(32U) - right;
        Vector512<uint> mask = Vector512.Create((uint)BitPacking.Mask(width));
        Vector512<uint> least = Vector512.Create((uint)low);
        Vector512<uint> most = Vector512.Create((uint)span);
        for (int first = 0; first < count; first += 64)
        {
            ulong passed = 0;
            for (int i = 0; i < 64 && first + i < count; i += 16)
            {
                Vector512<uint> bytes = Vector512.Load((uint*)source);
                Vector512<uint> start = Avx512F.ShiftRightLogicalVariable(Avx512F.PermuteVar16x32(bytes, word), right);
                Vector512<uint> end = Avx512F.ShiftLeftLogicalVariable(Avx512F.PermuteVar16x32(bytes, next), left);
                passed |= Vector512.LessThanOrEqual(((start | end) & mask) - least, most).ExtractMostSignificantBits() << i;
                source += 2 * width;
            }

            bits[first / 64] = passed & BitPacking.Mask(Math.Min(64, count - first));
        }
    }

    static void Between64(byte* source, int count, int width, ulong low, ulong span, ulong* bits)
    {
        Vector512<ulong> bit = Vector512<ulong>.Indices * (ulong)width;
        Vector512<ulong> word = bit >>> 6;
        Vector512<ulong> next = word + Vector512.Create(1UL);
        Vector512<ulong> right = bit & Vector512.Create(63UL);
        Vector512<ulong> left = Vector512.Create(64UL) - right;
        Vector512<ulong> mask = Vector512.Create(BitPacking.Mask(width));
        Vector512<ulong> least = Vector512.Create(low);
        Vector512<ulong> most = Vector512.Create(span);
        for (int first = 0; first < count; first += 64)
        {
            ulong passed = 0;
            for (int i = 0; i < 64 && first + i < count; i += 8)
            {
                Vector512<ulong> bytes = Vector512.Load((ulong*)source);
                Vector512<ulong> start = Avx512F.ShiftRightLogicalVariable(Avx512F.PermuteVar8x64(bytes, word), right);
                Vector512<ulong> end = Avx512F.ShiftLeftLogicalVariable(Avx512F.PermuteVar8x64(bytes, next), left);
                passed |= Vector512.LessThanOrEqual(((start | end) & mask) - least, most).ExtractMostSignificantBits() << i;
                source += width;
            }

            bits[first / 64] = passed & BitPacking.Mask(Math.Min(64, count - first));
        }
    }

    /// <summary>
    /// The last lane's next word may wrap to the first one: its number then lies in its own word alone, and the mask or the shift drops what comes.
    /// </summary>
    static void Lanes16(
        int width, out Vector512<ushort> word, out Vector512<ushort> next, out Vector512<ushort> right, out Vector512<ushort> left)
    {
        Vector512<ushort> bit = Vector512<ushort>.Indices * (ushort)width;
        word = bit >>> 4;
        next = word + Vector512.Create((ushort)1);
        right = bit & Vector512.Create((ushort)15);
        left = Vector512.Create((ushort)16) - right;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    static Vector512<ushort> Codes16(
        byte* source, Vector512<ushort> word, Vector512<ushort> next, Vector512<ushort> right, Vector512<ushort> left)
    {
        Vector512<ushort> bytes = Vector512.Load((ushort*)source);
        return Avx512BW.ShiftRightLogicalVariable(Avx512BW.PermuteVar32x16(bytes, word), right)
            | Avx512BW.ShiftLeftLogicalVariable(Avx512BW.PermuteVar32x16(bytes, next), left);
    }
}
