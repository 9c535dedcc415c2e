// Execution layer, expressions. Kernels of numeric in form Decimal. Where a batch's values are no decimals, or results may need more than 64 bits,
// PostgreSQL's function is called for that batch.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>A comparison, at the greater scale of both; of what are no decimals, by their digits.</summary>
sealed unsafe class DecimalComparison<TComparison>(CallSite call) : Kernel(call.Type, call.Arguments), IMaskable
    where TComparison : struct, IComparison
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly DatumForm _leftDatums = new(call.Host.Memory);
    readonly DatumForm _rightDatums = new(call.Host.Memory);
    readonly Output _output = new(call.Host);
    readonly Vector _none = new();

    public override bool IsConvex => typeof(TComparison) != typeof(NotEqual)
        && ((Arguments[0] is ColumnReference && Arguments[1].IsConstant) || (Arguments[0].IsConstant && Arguments[1] is ColumnReference));

    public override bool IsTotal => AreArgumentsTotal;

    public override void Ask() => AskArguments();

    public override bool TryRanges(int places, RangeSet ranges)
    {
        ranges.Clear();
        bool isTurned = Arguments[0].IsConstant;
        if (Arguments[isTurned ? 1 : 0] is not ColumnReference || !Arguments[isTurned ? 0 : 1].IsConstant)
        {
            return false;
        }

        Vector constant = Arguments[isTurned ? 0 : 1].Evaluate(Batch.NoColumns, Rows.All(1));
        if (constant.IsNull(0))
        {
            return true;
        }

        if (!DecimalBounds.TryFind(constant, places, out Int128 equal, out Int128 greater))
        {
            return false;
        }

        return isTurned ? ranges.TryAdd<Turned<TComparison>>(equal, greater) : ranges.TryAdd<TComparison>(equal, greater);
    }

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
            return CompareDatums(batch, rows);
        }

        Compare<SignedView, SignedView, TComparison>.Evaluate(a, b, rows, _output.Values);
        return _output.Strict(a, b, rows);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected) => Prepare(batch, rows, out Vector a, out Vector b)
        ? Compare<SignedView, SignedView, TComparison>.Filter(a, b, rows, selected)
        : RowLists.True(CompareDatums(batch, rows), rows, selected);

    Vector CompareDatums(Batch batch, Rows rows)
    {
        Vector a = _leftDatums.Of(Arguments[0].Evaluate(batch, rows), rows);
        Vector b = _rightDatums.Of(Arguments[1].Evaluate(batch, rows), rows);
        Vector result = _output.Strict(a, b, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = TComparison.Holds(Orders.Compare(Order.Numeric, a.Values[row], b.Values[row]), 0) ? 1UL : 0;
            }
        }

        return result;
    }

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

/// <summary>A kernel whose results may have display scales of their own: who does not compute with them gets datums.</summary>
abstract unsafe class ExactKernel(ValueType type, Expression[] arguments, IExecutionHost host) : Kernel(type, arguments)
{
    readonly DatumForm _datums = new(host.Memory);

    public sealed override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector result = EvaluateExact(batch, rows);
        return result.Displays == null ? result : _datums.Of(result, rows);
    }

    public abstract override Vector EvaluateExact(Batch batch, Rows rows);
}

/// <summary>+, - and *: the greater scale, or the sum of scales.</summary>
sealed unsafe class DecimalArithmetic<TOperation>(CallSite call) : ExactKernel(call.Type, call.Arguments, call.Host)
    where TOperation : struct, IIntegerOperation
{
    readonly DecimalArgument _left = new(call.Arguments[0], call.Host);
    readonly DecimalArgument _right = new(call.Arguments[1], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly VectorBuffer _buffer = new(call.Host.Memory);
    readonly Vector _result = new();

    static bool IsProduct => typeof(TOperation) == typeof(Multiply);

    public override Vector EvaluateExact(Batch batch, Rows rows) => Decimals(batch, rows) ?? _onHost.Evaluate(batch, rows);

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

        byte* displays = DecimalArgument.Displays(a, b, IsProduct, rows, _buffer);
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
        Compute((long*)a.Values, (long*)b.Values, b.IsConstant, span > 0 ? Rows.All(span) : rows, (long*)_buffer.Values);
        _result.SetDatums(_buffer.Values, NullMath.Either(a.Nulls, b.Nulls, rows, _buffer.Nulls));
        (_result.Form, _result.Scale, _result.Bound) = (VectorForm.Decimal, scale, (ulong)bound);
        _result.Displays = displays;
        return _result;
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
sealed unsafe class DecimalUnary<TFunction>(CallSite call) : ExactKernel(call.Type, call.Arguments, call.Host)
    where TFunction : struct, IIntegerFunction
{
    readonly DecimalArgument _argument = new(call.Arguments[0], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector EvaluateExact(Batch batch, Rows rows)
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
        result.Displays = argument.Displays;
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
