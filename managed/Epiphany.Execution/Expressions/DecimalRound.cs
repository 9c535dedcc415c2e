// Execution layer, expressions. Numerics at another display scale: round, trunc, casts to numeric(p, s) and to integers.

using System;

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
    readonly DecimalArgument _argument = new(call.Arguments[0], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows) => Decimals(batch, rows) ?? _onHost.Evaluate(batch, rows);

    Vector? Decimals(Batch batch, Rows rows)
    {
        if (_argument.Evaluate(batch, rows) is not { } argument)
        {
            return null;
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

        long* source = (long*)argument.Values;
        long* results = (long*)_output.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            results[row] = cuts ? source[row] / unit : DecimalPlaces.Round(source[row], unit);
        }

        // Rounding up may add one.
        Vector result = Finish(argument, _output.Values, (argument.Bound / (ulong)unit) + 1);
        return IsBelow(result, rows) ? result : null;
    }

    bool IsBelow(Vector vector, Rows rows) => vector.Bound < limit || DecimalArgument.Greatest(vector, rows) < limit;

    Vector Finish(Vector source, ulong* values, ulong bound)
    {
        Vector result = _output.Vector;
        result.Refer(source);
        result.Values = values;
        result.Bound = bound;
        result.Scale = scale;
        result.Codes = null;
        result.Table = null;
        result.IsConstant = false;
        result.Form = toInteger ? VectorForm.Datum : VectorForm.Decimal;
        return result;
    }
}
