// Execution layer, expressions. +, -, *, / of floats. Errors are looked for only where a result is infinite, zero or no number.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>In float8, which an argument may be widened to; or, both arguments being so, in float4.</summary>
sealed unsafe class FloatArithmetic<TLeft, TRight, TOperation>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TLeft : struct, IFloatLane
    where TRight : struct, IFloatLane
    where TOperation : struct, IFloatOperation
{
    readonly Output _output = new(call.Host);

    static bool IsSingle => typeof(TLeft) == typeof(Float4Lane) && typeof(TRight) == typeof(Float4Lane);

    static bool IsDouble => typeof(TLeft) == typeof(Float8Lane) && typeof(TRight) == typeof(Float8Lane);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        int span = IsDouble ? Mask.Span(rows) : 0;
        if (span > 0 ? Dense((double*)left.Values, (double*)right.Values, span) : Sparse(left.Values, right.Values, rows))
        {
            Check(left, right, rows);
        }

        return _output.Strict(left, right, rows);
    }

    /// <summary>Says whether a result may be an error: it is infinite, zero or no number.</summary>
    bool Dense(double* a, double* b, int count)
    {
        double* results = (double*)_output.Values;
        Vector512<double> infinite = Vector512.Create(double.PositiveInfinity);
        Vector512<long> isSound = Vector512<long>.AllBitsSet;
        int r = 0;
        for (; r <= count - Vector512<double>.Count; r += Vector512<double>.Count)
        {
            Vector512<double> result = TOperation.Of(Vector512.Load(a + r), Vector512.Load(b + r));
            result.Store(results + r);
            Vector512<double> magnitude = Vector512.Abs(result);
            isSound &= (Vector512.LessThan(magnitude, infinite) & Vector512.GreaterThan(magnitude, Vector512<double>.Zero)).AsInt64();
        }

        bool isSuspect = isSound != Vector512<long>.AllBitsSet;
        for (; r < count; r++)
        {
            results[r] = TOperation.Of(a[r], b[r]);
            isSuspect |= results[r] == 0 || !double.IsFinite(results[r]);
        }

        return isSuspect;
    }

    bool Sparse(ulong* a, ulong* b, Rows rows)
    {
        ulong* results = _output.Values;
        bool isSuspect = false;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            double result = One(a[row], b[row], out ulong lane);
            results[row] = lane;
            isSuspect |= result == 0 || !double.IsFinite(result);
        }

        return isSuspect;
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
