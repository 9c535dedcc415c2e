// Vector layer, graph. Products of codes' levels with signed bytes: a query's elements, or another code's levels. Integers, so every width gives
// the same. Levels of 7 bits times bytes of 7 bits and a sign: two products fit 16 bits.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Graph;

internal static unsafe class LevelDots
{
    internal const int MaxBits = 7;

    /// <summary>
    /// For each code, which lies <paramref name="at"/> bytes further than its pointer says: the sum of level times byte, and with
    /// <paramref name="sums"/> that of its levels.
    /// </summary>
    internal static void Run(sbyte* bytes, byte** codes, int at, int count, int padded, int bits, int* dots, int* sums)
    {
        if (Avx512BW.IsSupported)
        {
            // Each with its bits as a constant.
            switch (bits)
            {
                case 1: All512(bytes, codes, at, count, padded, 1, dots, sums); break;
                case 2: All512(bytes, codes, at, count, padded, 2, dots, sums); break;
                case 3: All512(bytes, codes, at, count, padded, 3, dots, sums); break;
                case 4: All512(bytes, codes, at, count, padded, 4, dots, sums); break;
                case 5: All512(bytes, codes, at, count, padded, 5, dots, sums); break;
                case 6: All512(bytes, codes, at, count, padded, 6, dots, sums); break;
                default: All512(bytes, codes, at, count, padded, 7, dots, sums); break;
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            byte* code = codes[i] + at;
            dots[i] = Avx2.IsSupported ? Run256(bytes, code, padded, bits, out int sum) : RunScalar(bytes, code, padded, bits, out sum);
            if (sums != null)
            {
                sums[i] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void All512(sbyte* bytes, byte** codes, int at, int count, int padded, int bits, int* dots, int* sums)
    {
        for (int i = 0; i < count; i++)
        {
            dots[i] = sums == null
                ? Run512(bytes, codes[i] + at, padded, bits, false, out _)
                : Run512(bytes, codes[i] + at, padded, bits, true, out sums[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Run512(sbyte* bytes, byte* code, int padded, int bits, bool add, out int sum)
    {
        Vector512<int> products = default;
        Vector512<ulong> levels = default;
        for (int i = 0; i < padded; i += CodeBits.Unit, code += 8 * bits)
        {
            Vector512<byte> unit = CodeBits.Unpack512(code, bits);
            products += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(unit, Vector512.Load(bytes + i)), Vector512<short>.One);
            if (add)
            {
                levels += Avx512BW.SumAbsoluteDifferences(unit, Vector512<byte>.Zero).AsUInt64();
            }
        }

        sum = add ? (int)Vector512.Sum(levels) : 0;
        return Vector512.Sum(products);
    }

    internal static int Run256(sbyte* bytes, byte* code, int padded, int bits, out int sum)
    {
        byte* unit = stackalloc byte[CodeBits.Unit];
        Vector256<int> products = default;
        Vector256<ulong> levels = default;
        for (int i = 0; i < padded; i += CodeBits.Unit, code += 8 * bits)
        {
            CodeBits.Unpack(code, bits, unit);
            Vector256<byte> lower = Vector256.Load(unit);
            Vector256<byte> upper = Vector256.Load(unit + 32);
            products += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(lower, Vector256.Load(bytes + i)), Vector256<short>.One);
            products += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(upper, Vector256.Load(bytes + i + 32)), Vector256<short>.One);
            levels += Avx2.SumAbsoluteDifferences(lower, Vector256<byte>.Zero).AsUInt64();
            levels += Avx2.SumAbsoluteDifferences(upper, Vector256<byte>.Zero).AsUInt64();
        }

        sum = (int)Vector256.Sum(levels);
        return Vector256.Sum(products);
    }

    internal static int RunScalar(sbyte* bytes, byte* code, int padded, int bits, out int sum)
    {
        byte* unit = stackalloc byte[CodeBits.Unit];
        int products = 0;
        sum = 0;
        for (int i = 0; i < padded; i += CodeBits.Unit, code += 8 * bits)
        {
            CodeBits.Unpack(code, bits, unit);
            for (int j = 0; j < CodeBits.Unit; j++)
            {
                products += unit[j] * bytes[i + j];
                sum += unit[j];
            }
        }

        return products;
    }
}
