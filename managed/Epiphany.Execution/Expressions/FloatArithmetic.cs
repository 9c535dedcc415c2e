// Execution layer, expressions. +, -, *, / of floats. Errors are looked for only where a result is infinite, zero or no number.

using System;

namespace Epiphany.Execution;

/// <summary>In float8, which an argument may be widened to; or, both arguments being so, in float4.</summary>
sealed unsafe class FloatArithmetic<TLeft, TRight, TOperation>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TLeft : struct, IFloatLane
    where TRight : struct, IFloatLane
    where TOperation : struct, IFloatOperation
{
    readonly Output _output = new(call.Host);

    static bool IsSingle => typeof(TLeft) == typeof(Float4Lane) && typeof(TRight) == typeof(Float4Lane);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        ulong* a = left.Values;
        ulong* b = right.Values;
        ulong* results = _output.Values;
        bool isSuspect = false;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            double result = One(a[row], b[row], out results[row]);

            // NaN is no error, but a division of it may be one of something else.
            isSuspect |= result == 0 || !double.IsFinite(result);
        }

        if (isSuspect)
        {
            Check(left, right, rows);
        }

        return _output.Strict(left, right, rows);
    }

    static double One(ulong left, ulong right, out ulong lane)
    {
        if (IsSingle)
        {
            float single = TOperation.Of((float)TLeft.Of(left), (float)TRight.Of(right));
            lane = Float4Lane.Lane(single);
            return single;
        }

        double result = TOperation.Of(TLeft.Of(left), TRight.Of(right));
        lane = BitConverter.DoubleToUInt64Bits(result);
        return result;
    }

    void Check(Vector left, Vector right, Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!left.IsNull(row) && !right.IsNull(row))
            {
                double result = One(left.Values[row], right.Values[row], out _);
                SqlErrors.Raise(call.Host, TOperation.Fault(TLeft.Of(left.Values[row]), TRight.Of(right.Values[row]), result));
            }
        }
    }
}
