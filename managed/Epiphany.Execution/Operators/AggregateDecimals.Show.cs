// Execution layer, operators. Exact sums: results and transition values.

using System;
using System.Numerics;

namespace Epiphany.Execution;

sealed unsafe partial class AggregateDecimals
{
    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        if (what == AggregateResult.Value && ShowDecimals(groups, count, buffer, result))
        {
            return;
        }

        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            int group = groups[i];
            _oddities.TryGetValue(group, out AggregateOddity? odd);
            long values = _states.At[group].Count + (odd?.Specials ?? 0);
            long least = what is AggregateResult.SampleVariance or AggregateResult.SampleDeviation ? 2 : 1;
            bool isNull = values < least;
            anyNull |= buffer.Nulls[i] = isNull ? (byte)1 : (byte)0;
            buffer.Values[i] = isNull ? 0 : Result(what, group, odd, arena);
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    /// <summary>Sums as integers of the shared scale, if all of them are no more than that; false: they are not.</summary>
    bool ShowDecimals(int* groups, int count, VectorBuffer buffer, Vector result)
    {
        if (_hasDisplays || _oddities.Count > 0 || _scale > NumericDatums.MaxScale)
        {
            return false;
        }

        byte anyNull = 0;
        ulong bits = 0;
        for (int i = 0; i < count; i++)
        {
            State* state = _states.At + groups[i];
            long sum = (long)state->Low;
            if (state->High != sum >> 63)
            {
                return false;
            }

            buffer.Values[i] = state->Low;
            bits |= (ulong)(sum ^ (sum >> 63));
            anyNull |= buffer.Nulls[i] = state->Count == 0 ? (byte)1 : (byte)0;
        }

        if (bits == long.MaxValue)
        {
            return false;
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
        (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, _scale, Math.Min(long.MaxValue, AggregateLanes.Bound(bits)));
        return true;
    }

    ulong Result(AggregateResult what, int group, AggregateOddity? odd, Arena arena)
    {
        if (what == AggregateResult.Transition)
        {
            return Transition(group, odd, arena);
        }

        if (odd is { Specials: > 0 })
        {
            return Special(what, odd, arena);
        }

        int display = DisplayScale(group).Scale;
        long count = _states.At[group].Count;
        if (odd == null && what is AggregateResult.Value or AggregateResult.Average && display <= _scale)
        {
            // What lies beyond the display scale of a group's values is zeros.
            Int128 sum = Sum(_states.At + group);
            sum = display == _scale ? sum : sum / (Int128)AggregateNumerics.PowerOfTen(_scale - display);
            return what == AggregateResult.Value
                ? AggregateNumerics.Write(sum, display, arena)
                : AggregateNumerics.Average(sum, display, display, count, arena);
        }

        BigInteger exact = ExactSum(group, odd, out int scale);
        return what switch
        {
            AggregateResult.Value => AggregateNumerics.Write(exact, scale, display, arena),
            AggregateResult.Average => AggregateNumerics.Average(exact, scale, display, count, arena),
            _ => Variance(what, group, odd, exact, scale, arena),
        };
    }

    /// <summary>numeric_stddev_internal.</summary>
    ulong Variance(AggregateResult what, int group, AggregateOddity? odd, BigInteger sum, int scale, Arena arena)
    {
        BigInteger count = _states.At[group].Count;
        BigInteger squares = ExactSquares(group, odd, out int squaresScale);
        int common = Math.Max(2 * scale, squaresScale);
        BigInteger numerator = (count * AggregateNumerics.Scaled(squares, squaresScale, common))
            - AggregateNumerics.Scaled(sum * sum, 2 * scale, common);
        if (numerator.Sign <= 0)
        {
            return AggregateNumerics.Write(BigInteger.Zero, 0, 0, arena);
        }

        bool isSample = what is AggregateResult.SampleVariance or AggregateResult.SampleDeviation;
        BigInteger divisor = isSample ? count * (count - 1) : count * count;
        BigInteger variance = AggregateNumerics.Quotient(numerator, common, 2 * DisplayScale(group).Scale, divisor, out int places);
        return what is AggregateResult.SampleVariance or AggregateResult.PopulationVariance
            ? AggregateNumerics.Write(variance, places, places, arena)
            : AggregateNumerics.Write(AggregateNumerics.Root(variance, places), places, places, arena);
    }

    static ulong Special(AggregateResult what, AggregateOddity odd, Arena arena)
    {
        bool isSum = what is AggregateResult.Value or AggregateResult.Average;
        if (!isSum || odd.NaNs > 0 || (odd.PositiveInfinities > 0 && odd.NegativeInfinities > 0))
        {
            return AggregateNumerics.WriteSpecial(0xC000, arena);
        }

        return AggregateNumerics.WriteSpecial(odd.PositiveInfinities > 0 ? (ushort)0xD000 : (ushort)0xF000, arena);
    }

    Display DisplayScale(int group)
    {
        if (_hasDisplays)
        {
            return _displays.At[group];
        }

        long count = _states.At[group].Count;
        return new Display { Scale = count > 0 ? _scale : 0, Count = count };
    }

    BigInteger ExactSum(int group, AggregateOddity? odd, out int scale)
    {
        var sum = (BigInteger)Sum(_states.At + group);
        scale = Math.Max(_scale, odd?.SumScale ?? 0);
        return AggregateNumerics.Scaled(sum, _scale, scale)
            + (odd == null ? BigInteger.Zero : AggregateNumerics.Scaled(odd.Sum, odd.SumScale, scale));
    }

    BigInteger ExactSquares(int group, AggregateOddity? odd, out int scale)
    {
        var squares = (BigInteger)_squares!.At[group];
        scale = Math.Max(2 * _scale, odd?.SquaresScale ?? 0);
        return AggregateNumerics.Scaled(squares, 2 * _scale, scale)
            + (odd == null ? BigInteger.Zero : AggregateNumerics.Scaled(odd.Squares, odd.SquaresScale, scale));
    }

    /// <summary>int8_avg_serialize, numeric_poly_serialize; numeric_avg_serialize, numeric_serialize.</summary>
    ulong Transition(int group, AggregateOddity? odd, Arena arena)
    {
        long count = _states.At[group].Count;
        Display display = DisplayScale(group);
        BigInteger sum = ExactSum(group, odd, out int scale);
        var serial = new AggregateSerial(arena);
        serial.Add(count);
        serial.Add(sum, scale, display.Scale, trims: !_isPoly);
        if (_squares != null)
        {
            BigInteger squares = ExactSquares(group, odd, out int squaresScale);
            serial.Add(squares, squaresScale, 2 * display.Scale, trims: !_isPoly);
        }

        if (!_isPoly)
        {
            serial.Add(display.Scale);
            serial.Add(display.Count);
            serial.Add(odd?.NaNs ?? 0L);
            serial.Add(odd?.PositiveInfinities ?? 0L);
            serial.Add(odd?.NegativeInfinities ?? 0L);
        }

        return serial.Finish();
    }
}
