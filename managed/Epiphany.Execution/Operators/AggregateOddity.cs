// Execution layer, operators. What few groups have beside their sums of 128 bits: larger sums, NaN, infinities.

using System.Numerics;

namespace Epiphany.Execution;

sealed class AggregateOddity
{
    internal const ulong EstimatedBytes = 256;

    const uint NaN = 0xC000;
    const uint PositiveInfinity = 0xD000;

    internal BigInteger Sum { get; private set; }

    internal int SumScale { get; private set; }

    internal BigInteger Squares { get; private set; }

    internal int SquaresScale { get; private set; }

    internal long NaNs { get; private set; }

    internal long PositiveInfinities { get; private set; }

    internal long NegativeInfinities { get; private set; }

    internal long Specials => NaNs + PositiveInfinities + NegativeInfinities;

    internal bool IsNothing => Sum.IsZero && Squares.IsZero && NaNs == 0 && PositiveInfinities == 0 && NegativeInfinities == 0;

    internal AggregateOddity Copy() => (AggregateOddity)MemberwiseClone();

    /// <summary>One more, or one less.</summary>
    internal void CountSpecial(NumericParts parts, int count = 1)
    {
        switch (parts.Sign)
        {
            case NaN:
                NaNs += count;
                break;
            case PositiveInfinity:
                PositiveInfinities += count;
                break;
            default:
                NegativeInfinities += count;
                break;
        }
    }

    internal void AddValue(BigInteger value, int scale)
    {
        int common = System.Math.Max(SumScale, scale);
        Sum = AggregateNumerics.Scaled(Sum, SumScale, common) + AggregateNumerics.Scaled(value, scale, common);
        SumScale = common;
    }

    internal void AddSquare(BigInteger square, int scale)
    {
        int common = System.Math.Max(SquaresScale, scale);
        Squares = AggregateNumerics.Scaled(Squares, SquaresScale, common) + AggregateNumerics.Scaled(square, scale, common);
        SquaresScale = common;
    }
}
