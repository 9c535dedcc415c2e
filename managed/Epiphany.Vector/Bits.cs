// Vector layer. Bits that differ, or that two bit strings share. The runtime has no VPOPCNTDQ: vectors look nibbles up in a table, which is
// one shuffle; below their width POPCNT counts eight bytes at once.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Vector;

internal static unsafe class Bits
{
    /// <summary>Ones in each nibble.</summary>
    private static Vector128<byte> Ones => Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);

    internal static long Hamming(byte* a, byte* b, int bytes)
    {
        if (Avx512BW.IsSupported)
        {
            return Hamming512(a, b, bytes);
        }

        return Avx2.IsSupported ? Hamming256(a, b, bytes) : HammingScalar(a, b, bytes);
    }

    /// <summary>One less the share of common ones among all; 1 where none is common.</summary>
    internal static double Jaccard(byte* a, byte* b, int bytes)
    {
        long both;
        long all;
        if (Avx512BW.IsSupported)
        {
            Jaccard512(a, b, bytes, out both, out all);
        }
        else if (Avx2.IsSupported)
        {
            Jaccard256(a, b, bytes, out both, out all);
        }
        else
        {
            JaccardScalar(a, b, bytes, out both, out all);
        }

        return both == 0 ? 1 : 1 - ((double)both / all);
    }

    internal static long Hamming512(byte* a, byte* b, int bytes)
    {
        Vector512<ulong> sum = default;
        int i = 0;
        for (; i <= bytes - 64; i += 64)
        {
            sum += Count(Vector512.Load(a + i) ^ Vector512.Load(b + i));
        }

        return (long)Vector512.Sum(sum) + HammingScalar(a + i, b + i, bytes - i);
    }

    internal static long Hamming256(byte* a, byte* b, int bytes)
    {
        Vector256<ulong> sum = default;
        int i = 0;
        for (; i <= bytes - 32; i += 32)
        {
            sum += Count(Vector256.Load(a + i) ^ Vector256.Load(b + i));
        }

        return (long)Vector256.Sum(sum) + HammingScalar(a + i, b + i, bytes - i);
    }

    internal static long HammingScalar(byte* a, byte* b, int bytes)
    {
        long sum = 0;
        int i = 0;
        for (; i <= bytes - 8; i += 8)
        {
            sum += BitOperations.PopCount(*(ulong*)(a + i) ^ *(ulong*)(b + i));
        }

        for (; i < bytes; i++)
        {
            sum += BitOperations.PopCount((uint)(a[i] ^ b[i]));
        }

        return sum;
    }

    internal static void Jaccard512(byte* a, byte* b, int bytes, out long both, out long all)
    {
        Vector512<ulong> common = default;
        Vector512<ulong> any = default;
        int i = 0;
        for (; i <= bytes - 64; i += 64)
        {
            Vector512<byte> x = Vector512.Load(a + i);
            Vector512<byte> y = Vector512.Load(b + i);
            common += Count(x & y);
            any += Count(x | y);
        }

        JaccardScalar(a + i, b + i, bytes - i, out both, out all);
        both += (long)Vector512.Sum(common);
        all += (long)Vector512.Sum(any);
    }

    internal static void Jaccard256(byte* a, byte* b, int bytes, out long both, out long all)
    {
        Vector256<ulong> common = default;
        Vector256<ulong> any = default;
        int i = 0;
        for (; i <= bytes - 32; i += 32)
        {
            Vector256<byte> x = Vector256.Load(a + i);
            Vector256<byte> y = Vector256.Load(b + i);
            common += Count(x & y);
            any += Count(x | y);
        }

        JaccardScalar(a + i, b + i, bytes - i, out both, out all);
        both += (long)Vector256.Sum(common);
        all += (long)Vector256.Sum(any);
    }

    internal static void JaccardScalar(byte* a, byte* b, int bytes, out long both, out long all)
    {
        both = 0;
        all = 0;
        int i = 0;
        for (; i <= bytes - 8; i += 8)
        {
            ulong x = *(ulong*)(a + i);
            ulong y = *(ulong*)(b + i);
            both += BitOperations.PopCount(x & y);
            all += BitOperations.PopCount(x | y);
        }

        for (; i < bytes; i++)
        {
            both += BitOperations.PopCount((uint)(a[i] & b[i]));
            all += BitOperations.PopCount((uint)(a[i] | b[i]));
        }
    }

    /// <summary>Ones in each eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Count(Vector512<byte> value)
    {
        Vector512<byte> low = Vector512.Create((byte)0x0F);
        Vector512<byte> table = Vector512.Create(Vector256.Create(Ones, Ones), Vector256.Create(Ones, Ones));
        Vector512<byte> lower = Avx512BW.Shuffle(table, value & low);
        Vector512<byte> upper = Avx512BW.Shuffle(table, Vector512.ShiftRightLogical(value.AsUInt16(), 4).AsByte() & low);
        return Avx512BW.SumAbsoluteDifferences(lower + upper, Vector512<byte>.Zero).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Count(Vector256<byte> value)
    {
        Vector256<byte> low = Vector256.Create((byte)0x0F);
        Vector256<byte> table = Vector256.Create(Ones, Ones);
        Vector256<byte> lower = Avx2.Shuffle(table, value & low);
        Vector256<byte> upper = Avx2.Shuffle(table, Vector256.ShiftRightLogical(value.AsUInt16(), 4).AsByte() & low);
        return Avx2.SumAbsoluteDifferences(lower + upper, Vector256<byte>.Zero).AsUInt64();
    }
}
