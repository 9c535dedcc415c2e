// Execution layer, expressions. Division of integers and its remainder. Null rows are not divided: their lanes may hold zeros.

namespace Epiphany.Execution;

/// <summary>Truncates towards zero; a remainder has the sign of the dividend.</summary>
sealed unsafe class IntegerDivision<TRange>(CallSite call, bool isRemainder) : Kernel(call.Type, call.Arguments)
    where TRange : struct, IIntegerRange
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(left, right, rows);
        long* a = (long*)left.Values;
        long* b = (long*)right.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = (ulong)One(a[row], b[row]);
            }
        }

        return result;
    }

    long One(long left, long right)
    {
        switch (right)
        {
            case 0:
                SqlErrors.DivisionByZero(call.Host);
                return 0;
            case -1 when isRemainder:
                return 0;
            case -1:
                // The processor traps on the smallest integer divided by this.
                long negated = unchecked(-left);
                if (!Range<TRange>.Has(negated) || left == long.MinValue)
                {
                    SqlErrors.OutOfRange(call.Host, TRange.Name);
                }

                return negated;
            default:
                return isRemainder ? left % right : left / right;
        }
    }
}
