// Execution layer, expressions. numeric / numeric, div and mod in form Decimal. Divisors of zero, and what needs more digits, are PostgreSQL's, with
// the rest of their batch.

using System;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Execution;

/// <summary>The quotient, rounded to as many places as numeric_div chooses: datums, since those have often more digits than 64 bits.</summary>
sealed unsafe class DecimalDivision(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    byte* _datums;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (_left.Evaluate(batch, rows) is not { } a || _right.Evaluate(batch, rows) is not { } b)
        {
            return _onHost.Evaluate(batch, rows);
        }

        if (_datums == null)
        {
            _datums = call.Host.Memory.Allocate(Batch.Capacity * NumericDatums.MaxBytes);
        }

        Vector result = _output.Strict(a, b, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row) && !TryDivide(a, b, row))
            {
                return _onHost.Evaluate(batch, rows);
            }
        }

        return result;
    }

    bool TryDivide(Vector a, Vector b, int row)
    {
        long value = (long)a.Values[row];
        long divisor = (long)b.Values[row];
        ulong magnitude = Lanes.Magnitude(value);
        ulong by = Lanes.Magnitude(divisor);
        int display = Math.Max(a.Display(row), b.Display(row));
        int places = NumericQuotients.Places(magnitude, a.Scale, by, b.Scale, display);
        if (divisor == 0 || places > NumericDatums.MaxScale
            || !NumericQuotients.TryDivide(magnitude, by, places + b.Scale - a.Scale, out UInt128 quotient))
        {
            return false;
        }

        byte* datum = _datums + (row * NumericDatums.MaxBytes);
        NumericDatums.Write((value ^ divisor) < 0 ? -(Int128)quotient : (Int128)quotient, places, datum);
        _output.Values[row] = (ulong)datum;
        return true;
    }
}

/// <summary>mod: what is left at the greater scale; div: the whole quotient, cut off.</summary>
sealed unsafe class DecimalModulo(CallSite call, bool isRest) : ExactKernel(call.Type, call.Arguments, call.Host)
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly VectorBuffer _buffer = new(call.Host.Memory);
    readonly Vector _result = new();

    public override Vector EvaluateExact(Batch batch, Rows rows) => Decimals(batch, rows) ?? _onHost.Evaluate(batch, rows);

    Vector? Decimals(Batch batch, Rows rows)
    {
        if (_left.Evaluate(batch, rows) is not { } left || _right.Evaluate(batch, rows) is not { } right)
        {
            return null;
        }

        int scale = Math.Max(left.Scale, right.Scale);
        byte* displays = isRest ? DecimalForm.Displays(left, right, adds: false, rows, _buffer) : null;
        if (_left.AtScale(left, scale, rows) is not { } a || _right.AtScale(right, scale, rows) is not { } b)
        {
            return null;
        }

        _result.SetDatums(_buffer.Values, NullMath.Either(a.Nulls, b.Nulls, rows, _buffer.Nulls));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long divisor = (long)b.Values[row];
            if (divisor is 0 or -1)
            {
                // By -1 the smallest integer has no quotient.
                if (divisor == 0 && !_result.IsNull(row))
                {
                    return null;
                }

                _buffer.Values[row] = isRest ? 0 : 0 - a.Values[row];
                continue;
            }

            _buffer.Values[row] = (ulong)(isRest ? (long)a.Values[row] % divisor : (long)a.Values[row] / divisor);
        }

        (_result.Form, _result.Scale, _result.Bound) = (VectorForm.Decimal, isRest ? scale : 0, isRest ? b.Bound : a.Bound);
        _result.Displays = displays;
        return _result;
    }
}

/// <summary>Quotients of integers of a power of ten, as numeric_div gives them.</summary>
static class NumericQuotients
{
    const int MinSignificantDigits = 16;
    const int MaxDisplayScale = 1000;

    /// <summary>select_div_scale.</summary>
    internal static int Places(ulong value, int scale, ulong divisor, int divisorScale, int display)
    {
        (int weight, uint first) = Leading(value, scale);
        (int divisorWeight, uint divisorFirst) = Leading(divisor, divisorScale);
        int quotientWeight = weight - divisorWeight - (first <= divisorFirst ? 1 : 0);
        return Math.Clamp(Math.Max(MinSignificantDigits - (4 * quotientWeight), display), 0, MaxDisplayScale);
    }

    /// <summary>value * 10^exponent / divisor, halves away from zero; false: that needs more than 128 bits.</summary>
    internal static bool TryDivide(ulong value, ulong divisor, int exponent, out UInt128 quotient)
    {
        // Two factors of 64 bits have room in 128; another one has where as many bits are left.
        int first = Math.Clamp(exponent, 0, PowersOfTen.Max);
        ulong second = PowersOfTen.Of(Math.Clamp(exponent - first, 0, PowersOfTen.Max));
        UInt128 numerator = (UInt128)value * PowersOfTen.Of(first);
        UInt128 denominator = (UInt128)divisor * PowersOfTen.Of(Math.Clamp(-exponent, 0, PowersOfTen.Max));
        quotient = 0;
        if (Math.Abs(exponent) - first > PowersOfTen.Max || (int)UInt128.LeadingZeroCount(numerator) < BitOperations.Log2(second) + 1)
        {
            return false;
        }

        numerator *= second;
        quotient = Divide(numerator, denominator, out UInt128 rest);
        quotient += rest >= denominator - rest ? UInt128.One : UInt128.Zero;
        return quotient <= (UInt128)Int128.MaxValue;
    }

    /// <summary>Divisors of 32 bits, which are most, need but three divisions of the machine's.</summary>
    static UInt128 Divide(UInt128 numerator, UInt128 divisor, out UInt128 rest)
    {
        if (divisor > uint.MaxValue)
        {
            (UInt128 quotient, rest) = UInt128.DivRem(numerator, divisor);
            return quotient;
        }

        ulong by = (ulong)divisor;
        ulong upper = (ulong)(numerator >> 64);
        ulong lower = (ulong)numerator;
        ulong high = upper / by;
        ulong left = upper - (high * by);
        ulong middle = ((left << 32) | (lower >> 32)) / by;
        left = ((left << 32) | (lower >> 32)) - (middle * by);
        ulong low = ((left << 32) | (uint)lower) / by;
        rest = ((left << 32) | (uint)lower) - (low * by);
        return new UInt128(high, (middle << 32) | low);
    }

    /// <summary>The first base-10,000 digit of value / 10^scale, and its weight; zeros for 0.</summary>
    internal static (int Weight, uint First) Leading(ulong value, int scale)
    {
        if (value == 0)
        {
            return (0, 0);
        }

        int decimals = Decimals(value);
        int below = (scale + 3) / 4;
        int pad = (4 * below) - scale;
        int lower = (decimals + pad - 1) / 4;
        int cut = (4 * lower) - pad;
        return (lower - below, (uint)(cut >= 0 ? value / PowersOfTen.Of(cut) : value * PowersOfTen.Of(-cut)));
    }

    /// <summary>How many decimal digits: a bit is 1233/4096 of one.</summary>
    static int Decimals(ulong value)
    {
        int digits = ((BitOperations.Log2(value) + 1) * 1233) >> 12;
        return digits + (value >= PowersOfTen.Of(digits) ? 1 : 0);
    }
}
