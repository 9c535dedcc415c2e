// Execution layer, expressions. Numerics at another display scale: round, trunc, casts to numeric(p, s) and to integers.

using System;
using Epiphany.Encoding;

namespace Epiphany.Execution;

/// <summary>What is left of an integer when its last decimal places go.</summary>
static class DecimalPlaces
{
    /// <summary>Halves away from zero.</summary>
    internal static long Round(long value, long unit)
    {
        long whole = value / unit;
        long rest = Math.Abs(value - (whole * unit));
        return rest >= unit - rest ? whole + Math.Sign(value) : whole;
    }
}

/// <summary>
/// To a constant scale, by rounding or cutting off. Where the result must be less than a limit (numeric(p, s), integers) and is not, PostgreSQL's
/// function raises the error.
/// </summary>
sealed unsafe class DecimalRound(CallSite call, int scale, bool cuts, ulong limit, bool toInteger) : Kernel(call.Type, call.Arguments)
{
    readonly DecimalForm _argument = new(call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows) => Decimals(batch, rows) ?? _onHost.Evaluate(batch, rows);

    Vector? Decimals(Batch batch, Rows rows)
    {
        Vector source = Arguments[0].EvaluateExact(batch, rows);
        if (_argument.Of(source, rows) is not { } argument)
        {
            return Wide(source, rows);
        }

        long unit = NumericReader.PowerOfTen(argument.Scale - scale);
        if (argument.Scale <= scale)
        {
            Vector? scaled = _argument.AtScale(argument, scale, rows);
            return scaled != null && IsBelow(scaled, rows) ? Finish(scaled, scaled.Values, scaled.Bound) : null;
        }

        if (unit == 0)
        {
            return null;
        }

        long* values = (long*)argument.Values;
        long* results = (long*)_output.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            results[row] = cuts ? values[row] / unit : DecimalPlaces.Round(values[row], unit);
        }

        // Rounding up may add one.
        Vector result = Finish(argument, _output.Values, (argument.Bound / (ulong)unit) + 1);
        return IsBelow(result, rows) ? result : null;
    }

    /// <summary>Datums with more digits, such as quotients have.</summary>
    Vector? Wide(Vector source, Rows rows)
    {
        Vector result = Finish(source, _output.Values, 0);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (source.IsNull(row))
            {
                continue;
            }

            NumericParts parts = NumericParts.Of(source.Values[row]);
            if (parts.IsSpecial || !AggregateNumerics.TryInteger(parts, out Int128 value, out int itsScale)
                || !TryRound(UInt128.CreateTruncating(Int128.Abs(value)), itsScale - scale, out ulong rounded))
            {
                return null;
            }

            result.Bound = Math.Max(result.Bound, rounded);
            result.Values[row] = parts.IsNegative ? 0 - rounded : rounded;
        }

        return result.Bound < limit ? result : null;
    }

    bool TryRound(UInt128 magnitude, int places, out ulong rounded)
    {
        UInt128 power = AggregateNumerics.PowerOfTen(Math.Min(Math.Abs(places), 2 * PowersOfTen.Max));
        UInt128 result = magnitude;
        if (places > 0)
        {
            (result, UInt128 rest) = UInt128.DivRem(magnitude, power);
            result += !cuts && rest >= power - rest ? UInt128.One : UInt128.Zero;
        }
        else if (magnitude != UInt128.Zero)
        {
            result = power > (UInt128)long.MaxValue || magnitude > (UInt128)long.MaxValue / power ? UInt128.MaxValue : magnitude * power;
        }

        rounded = (ulong)result;
        return result <= (UInt128)long.MaxValue && Math.Abs(places) <= 2 * PowersOfTen.Max;
    }

    bool IsBelow(Vector vector, Rows rows) => vector.Bound < limit || DecimalArgument.Greatest(vector, rows) < limit;

    Vector Finish(Vector source, ulong* values, ulong bound)
    {
        Vector result = _output.Vector;
        result.Refer(source);
        result.Values = values;
        result.Bound = bound;
        result.Scale = scale;
        result.Displays = null;
        result.Codes = null;
        result.Table = null;
        result.IsConstant = false;
        result.Form = toInteger ? VectorForm.Datum : VectorForm.Decimal;
        return result;
    }
}
