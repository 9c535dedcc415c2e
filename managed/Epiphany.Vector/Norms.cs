// Vector layer. Sums of squares in doubles, in which a float's square is exact: norms do not overflow, and lose next to nothing.

using System.Runtime.Intrinsics;

namespace Epiphany.Vector;

internal static unsafe class Norms
{
    /// <summary>Elements are widened to floats in pieces of so many, which stay in the cache.</summary>
    private const int Piece = 256;

    internal static double SumOfSquares(float* values, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Sum512(values, count);
        }

        return Vector256.IsHardwareAccelerated ? Sum256(values, count) : Sum128(values, count);
    }

    /// <summary>Of halves.</summary>
    internal static double SumOfSquares<TLanes>(ushort* values, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        float* floats = stackalloc float[Piece];
        double sum = 0;
        for (int done = 0; done < count; done += Piece)
        {
            int piece = int.Min(Piece, count - done);
            int i = 0;
            for (; i <= piece - Lanes.Count; i += Lanes.Count)
            {
                TLanes.Store(TLanes.Load(values + done + i), floats + i);
            }

            for (; i < piece; i++)
            {
                floats[i] = Halves.Widen(values[done + i]);
            }

            sum += SumOfSquares(floats, piece);
        }

        return sum;
    }

    internal static double Sum512(float* values, int count)
    {
        Vector512<double> lower = default;
        Vector512<double> upper = default;
        int i = 0;
        for (; i <= count - Lanes.Count; i += Lanes.Count)
        {
            (Vector512<double> x, Vector512<double> y) = Vector512.Widen(Vector512.Load(values + i));
            lower += x * x;
            upper += y * y;
        }

        return Fold(lower.GetLower() + upper.GetLower(), lower.GetUpper() + upper.GetUpper()) + Rest(values, i, count);
    }

    internal static double Sum256(float* values, int count)
    {
        Vector256<double> s0 = default;
        Vector256<double> s1 = default;
        Vector256<double> s2 = default;
        Vector256<double> s3 = default;
        int i = 0;
        for (; i <= count - Lanes.Count; i += Lanes.Count)
        {
            (Vector256<double> x, Vector256<double> y) = Vector256.Widen(Vector256.Load(values + i));
            (Vector256<double> z, Vector256<double> w) = Vector256.Widen(Vector256.Load(values + i + 8));
            s0 += x * x;
            s1 += y * y;
            s2 += z * z;
            s3 += w * w;
        }

        return Fold(s0 + s2, s1 + s3) + Rest(values, i, count);
    }

    internal static double Sum128(float* values, int count)
    {
        const int Registers = 8;
        Vector128<double>* sums = stackalloc Vector128<double>[Registers];
        new System.Span<Vector128<double>>(sums, Registers).Clear();
        int i = 0;
        for (; i <= count - Lanes.Count; i += Lanes.Count)
        {
            for (int r = 0; r < Registers; r += 2)
            {
                (Vector128<double> x, Vector128<double> y) = Vector128.Widen(Vector128.Load(values + i + (2 * r)));
                sums[r] += x * x;
                sums[r + 1] += y * y;
            }
        }

        Vector256<double> lower = Vector256.Create(sums[0] + sums[4], sums[1] + sums[5]);
        return Fold(lower, Vector256.Create(sums[2] + sums[6], sums[3] + sums[7])) + Rest(values, i, count);
    }

    private static double Fold(Vector256<double> lower, Vector256<double> upper)
    {
        Vector256<double> four = lower + upper;
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two.ToScalar() + two.GetElement(1);
    }

    private static double Rest(float* values, int from, int count)
    {
        double sum = 0;
        for (int i = from; i < count; i++)
        {
            sum += (double)values[i] * values[i];
        }

        return sum;
    }
}
