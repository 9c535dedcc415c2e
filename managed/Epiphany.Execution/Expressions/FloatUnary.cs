// Execution layer, expressions. Functions of one float, and casts between floats and integers.

using System;

namespace Epiphany.Execution;

/// <summary>Lane to lane.</summary>
interface IFloatFunction
{
    static abstract ulong Of(ulong lane);
}

readonly struct Float8Negate : IFloatFunction
{
    public static ulong Of(ulong lane) => lane ^ (1UL << 63);
}

readonly struct Float8Magnitude : IFloatFunction
{
    public static ulong Of(ulong lane) => lane & long.MaxValue;
}

readonly struct Float4Negate : IFloatFunction
{
    public static ulong Of(ulong lane) => (ulong)(long)((int)lane ^ int.MinValue);
}

readonly struct Float4Magnitude : IFloatFunction
{
    public static ulong Of(ulong lane) => lane & int.MaxValue;
}

/// <summary>Halves to even.</summary>
readonly struct Float8Round : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits(Math.Round(Float8Lane.Of(lane), MidpointRounding.ToEven));
}

readonly struct Float8Cut : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits(Math.Truncate(Float8Lane.Of(lane)));
}

readonly struct Float8Ceiling : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits(Math.Ceiling(Float8Lane.Of(lane)));
}

readonly struct Float8Floor : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits(Math.Floor(Float8Lane.Of(lane)));
}

readonly struct IntegerToFloat8 : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits((long)lane);
}

readonly struct IntegerToFloat4 : IFloatFunction
{
    public static ulong Of(ulong lane) => Float4Lane.Lane((long)lane);
}

readonly struct Float4ToFloat8 : IFloatFunction
{
    public static ulong Of(ulong lane) => BitConverter.DoubleToUInt64Bits(Float4Lane.Of(lane));
}

/// <summary>Never an error.</summary>
sealed unsafe class FloatUnary<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, IFloatFunction
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector argument = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = TFunction.Of(argument.Values[row]);
        }

        return _output.Strict(argument);
    }
}

/// <summary>To the nearest integer, halves to even; others are out of range.</summary>
sealed unsafe class FloatToInteger<TLane, TRange>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TLane : struct, IFloatLane
    where TRange : struct, IIntegerRange
{
    /// <summary>The integers are those from -Limit to Limit, that one excluded; it is a float of both kinds.</summary>
    static readonly double s_limit = Math.Pow(2, TRange.Bits - 1);

    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector argument = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            double rounded = Math.Round(TLane.Of(argument.Values[row]), MidpointRounding.ToEven);
            bool isInRange = rounded >= -s_limit && rounded < s_limit;
            if (!isInRange && !argument.IsNull(row))
            {
                SqlErrors.OutOfRange(call.Host, TRange.Name);
            }

            _output.Values[row] = isInRange ? (ulong)(long)rounded : 0;
        }

        return _output.Strict(argument);
    }
}

/// <summary>float8 to float4.</summary>
sealed unsafe class Float8ToFloat4(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector argument = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            double wide = Float8Lane.Of(argument.Values[row]);
            float narrow = (float)wide;
            if ((float.IsInfinity(narrow) && !double.IsInfinity(wide)) || (narrow == 0 && wide != 0))
            {
                Check(argument.IsNull(row), narrow);
            }

            _output.Values[row] = Float4Lane.Lane(narrow);
        }

        return _output.Strict(argument);
    }

    void Check(bool isNull, float narrow)
    {
        if (!isNull)
        {
            SqlErrors.Raise(call.Host, narrow == 0 ? FloatFault.Underflow : FloatFault.Overflow);
        }
    }
}
