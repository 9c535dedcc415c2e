// Execution layer, expressions. GREATEST and LEAST of by-value types. Nulls are passed over; of equal values the first one is taken.

namespace Epiphany.Execution;

sealed unsafe class MinMaxOf<TView>(ValueType type, bool isGreatest, Expression[] arguments, IExecutionHost host) : Kernel(type, arguments)
    where TView : struct, ILaneView
{
    readonly Output _output = new(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        ulong* results = _output.Values;
        byte* nulls = _output.Nulls;
        for (int i = 0; i < rows.Count; i++)
        {
            nulls[rows[i]] = 1;
        }

        foreach (Expression expression in Arguments)
        {
            Vector argument = expression.Evaluate(batch, rows);
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                ulong value = argument.Values[row];
                if (!argument.IsNull(row) && (nulls[row] != 0 || IsBetter(TView.Of(value), TView.Of(results[row]))))
                {
                    results[row] = value;
                    nulls[row] = 0;
                }
            }
        }

        return _output.Finish(nulls);
    }

    bool IsBetter(long value, long best) => isGreatest ? value > best : value < best;
}

static class MinMaxCatalog
{
    /// <summary>By the type's comparison function; null: there is no kernel.</summary>
    internal static Expression? Find(
        ValueType type, bool isGreatest, uint comparison, bool isByteOrder, Expression[] arguments, IExecutionHost host) =>
        comparison switch
        {
            // btint2cmp, btint4cmp, btint8cmp, btboolcmp, date_cmp, time_cmp, timestamp_cmp of both kinds of timestamps.
            350 or 351 or 842 or 1693 or 1092 or 1107 or 2045 or 1314 => new MinMaxOf<SignedView>(type, isGreatest, arguments, host),
            // btfloat4cmp, btfloat8cmp, btoidcmp, btcharcmp.
            354 => new MinMaxOf<Float4View>(type, isGreatest, arguments, host),
            355 => new MinMaxOf<Float8View>(type, isGreatest, arguments, host),
            356 => new MinMaxOf<OidView>(type, isGreatest, arguments, host),
            358 => new MinMaxOf<CharView>(type, isGreatest, arguments, host),

            // numeric_cmp, byteacmp, uuid_cmp, bttextcmp, bpcharcmp.
            1769 => new MinMaxDatums(type, Order.Numeric, isGreatest, arguments, host),
            1954 => new MinMaxDatums(type, Order.Bytes, isGreatest, arguments, host),
            2960 => new MinMaxDatums(type, Order.Fixed16, isGreatest, arguments, host),
            360 when isByteOrder => new MinMaxDatums(type, Order.Bytes, isGreatest, arguments, host),
            1078 when isByteOrder => new MinMaxDatums(type, Order.Padded, isGreatest, arguments, host),
            _ => null,
        };
}
