// Execution layer, expressions. Kernels of numeric in form Decimal. Where a batch's values are no decimals, or results may need more than 64 bits,
// PostgreSQL's function is called for that batch.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>A comparison, at the greater scale of both.</summary>
sealed unsafe class DecimalComparison<TComparison>(CallSite call) : Kernel(call.Type, call.Arguments), IMaskable
    where TComparison : struct, IComparison
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly Vector _none = new();

    public override bool IsConvex => typeof(TComparison) != typeof(NotEqual)
        && ((Arguments[0] is ColumnReference && Arguments[1].IsConstant) || (Arguments[0].IsConstant && Arguments[1] is ColumnReference));

    public bool MayMask => Mask.MayBeAtHand(Arguments[0]) && Mask.MayBeAtHand(Arguments[1]);

    public bool TryMask(Batch batch, int count, ulong* bits)
    {
        Rows rows = Rows.All(count);
        if (!IsCheap(Arguments[0], batch, rows) || !IsCheap(Arguments[1], batch, rows) || !Prepare(batch, rows, out Vector a, out Vector b))
        {
            return false;
        }

        Compare<SignedView, SignedView, TComparison>.Mask(a, b, count, bits);
        return true;
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (!Prepare(batch, rows, out Vector a, out Vector b))
        {
            return _onHost.Evaluate(batch, rows);
        }

        Compare<SignedView, SignedView, TComparison>.Evaluate(a, b, rows, _output.Values);
        return _output.Strict(a, b, rows);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected) => Prepare(batch, rows, out Vector a, out Vector b)
        ? Compare<SignedView, SignedView, TComparison>.Filter(a, b, rows, selected)
        : _onHost.Filter(batch, rows, selected);

    /// <summary>Lanes, not datums that would have to be read.</summary>
    static bool IsCheap(Expression argument, Batch batch, Rows rows) =>
        Mask.IsAtHand(argument) && (argument.IsConstant || argument.Evaluate(batch, rows).Form == VectorForm.Decimal);

    bool Prepare(Batch batch, Rows rows, out Vector left, out Vector right)
    {
        left = right = _none;
        if (_left.Evaluate(batch, rows) is not { } a || _right.Evaluate(batch, rows) is not { } b)
        {
            return false;
        }

        int scale = Math.Max(a.Scale, b.Scale);
        if (_left.AtScale(a, scale, rows) is not { } scaledLeft || _right.AtScale(b, scale, rows) is not { } scaledRight)
        {
            return false;
        }

        (left, right) = (scaledLeft, scaledRight);
        return true;
    }
}

/// <summary>+, - and *: the greater scale, or the sum of scales.</summary>
sealed unsafe class DecimalArithmetic<TOperation>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TOperation : struct, IIntegerOperation
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    static bool IsProduct => typeof(TOperation) == typeof(Multiply);

    public override Vector Evaluate(Batch batch, Rows rows) => Decimals(batch, rows) ?? _onHost.Evaluate(batch, rows);

    Vector? Decimals(Batch batch, Rows rows)
    {
        if (_left.Evaluate(batch, rows) is not { } a || _right.Evaluate(batch, rows) is not { } b)
        {
            return null;
        }

        int scale = IsProduct ? a.Scale + b.Scale : Math.Max(a.Scale, b.Scale);
        if (scale > NumericDatums.MaxScale)
        {
            return null;
        }

        if (!IsProduct)
        {
            if (_left.AtScale(a, scale, rows) is not { } scaledLeft || _right.AtScale(b, scale, rows) is not { } scaledRight)
            {
                return null;
            }

            (a, b) = (scaledLeft, scaledRight);
        }

        UInt128 bound = Bound(a.Bound, b.Bound);
        if (bound > long.MaxValue)
        {
            bound = Bound(DecimalArgument.Greatest(a, rows), DecimalArgument.Greatest(b, rows));
        }

        if (bound > long.MaxValue)
        {
            return null;
        }

        int span = Mask.Span(rows);
        Compute((long*)a.Values, (long*)b.Values, b.IsConstant, span > 0 ? Rows.All(span) : rows, (long*)_output.Values);
        Vector result = _output.Strict(a, b, rows);
        (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, scale, (ulong)bound);
        return result;
    }

    static UInt128 Bound(ulong left, ulong right) => IsProduct ? (UInt128)left * right : (UInt128)left + right;

    static void Compute(long* a, long* b, bool isConstant, Rows rows, long* results)
    {
        if (!rows.IsAll)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows.Index[i];
                results[row] = TOperation.Of(a[row], b[row]);
            }

            return;
        }

        int r = 0;
        if (isConstant)
        {
            Vector512<long> constant = Vector512.Create(*b);
            for (; r <= rows.Count - Vector512<long>.Count; r += Vector512<long>.Count)
            {
                TOperation.Of(Vector512.Load(a + r), constant).Store(results + r);
            }
        }

        for (; r <= rows.Count - Vector512<long>.Count; r += Vector512<long>.Count)
        {
            TOperation.Of(Vector512.Load(a + r), Vector512.Load(b + r)).Store(results + r);
        }

        for (; r < rows.Count; r++)
        {
            results[r] = TOperation.Of(a[r], b[r]);
        }
    }
}

/// <summary>Sign and magnitude; display scales stay.</summary>
sealed unsafe class DecimalUnary<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, IIntegerFunction
{
    readonly DecimalArgument _argument = new(call.Arguments[0], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (_argument.Evaluate(batch, rows) is not { } argument || argument.Bound > long.MaxValue)
        {
            return _onHost.Evaluate(batch, rows);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = (ulong)TFunction.Of((long)argument.Values[row]);
        }

        Vector result = _output.Strict(argument);
        (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, argument.Scale, argument.Bound);
        return result;
    }
}

/// <summary>Integers as numerics: the same lanes.</summary>
sealed unsafe class DecimalOfInteger(CallSite call, ulong bound) : Kernel(call.Type, call.Arguments)
{
    readonly Vector _vector = new();

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        _vector.Refer(Arguments[0].Evaluate(batch, rows));
        (_vector.Form, _vector.Scale, _vector.Bound) = (VectorForm.Decimal, 0, bound);
        return _vector;
    }
}
