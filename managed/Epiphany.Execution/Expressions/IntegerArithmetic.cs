// Execution layer, expressions. +, -, * of integers: computed for all rows at once, errors looked for only where one is possible.

using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

sealed unsafe class IntegerArithmetic<TOperation, TRange>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TOperation : struct, IIntegerOperation
    where TRange : struct, IIntegerRange
{
    const int Step = 8;

    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);

        // Lanes that do not count do no harm: what is suspect is looked at again.
        int span = Mask.Span(rows);
        if (span > 0 ? Dense(left, right, span) : Sparse(left, right, rows))
        {
            Check(left, right, rows);
        }

        return _output.Strict(left, right, rows);
    }

    /// <summary>Says whether a result may be out of range.</summary>
    bool Dense(Vector left, Vector right, int count)
    {
        long* a = (long*)left.Values;
        long* b = (long*)right.Values;
        long* results = (long*)_output.Values;
        Vector512<long> suspect = Vector512<long>.Zero;
        int r = 0;
        if (right.IsConstant)
        {
            Vector512<long> constant = Vector512.Create(*b);
            for (; r <= count - Step; r += Step)
            {
                suspect |= Block(Vector512.Load(a + r), constant, results + r);
            }
        }

        for (; r <= count - Step; r += Step)
        {
            suspect |= Block(Vector512.Load(a + r), Vector512.Load(b + r), results + r);
        }

        bool fails = suspect != Vector512<long>.Zero;
        for (; r < count; r++)
        {
            fails |= One(a[r], b[r], out results[r]);
        }

        return fails;
    }

    bool Sparse(Vector left, Vector right, Rows rows)
    {
        long* a = (long*)left.Values;
        long* b = (long*)right.Values;
        long* results = (long*)_output.Values;
        bool fails = false;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows.Index[i];
            long one = a[row];
            long other = b[row];
            fails |= One(one, other, out long result);
            results[row] = result;
        }

        return fails;
    }

    static Vector512<long> Block(Vector512<long> left, Vector512<long> right, long* results)
    {
        Vector512<long> result = TOperation.Of(left, right);
        result.Store(results);
        return TRange.Bits == 64 ? TOperation.Suspect(left, right, result) : Range<TRange>.Outside(result);
    }

    /// <summary>Says whether the result is out of range.</summary>
    static bool One(long left, long right, out long result)
    {
        result = TOperation.Of(left, right);
        return TRange.Bits == 64 ? TOperation.Wraps(left, right, result) : !Range<TRange>.Has(result);
    }

    void Check(Vector left, Vector right, Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (One((long)left.Values[row], (long)right.Values[row], out _) && !left.IsNull(row) && !right.IsNull(row))
            {
                SqlErrors.OutOfRange(call.Host, TRange.Name);
            }
        }
    }
}
