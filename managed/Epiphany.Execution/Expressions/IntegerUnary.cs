// Execution layer, expressions. Functions of one integer: sign, magnitude, and narrower types.

namespace Epiphany.Execution;

interface IIntegerFunction
{
    static abstract long Of(long value);
}

readonly struct Negate : IIntegerFunction
{
    public static long Of(long value) => -value;
}

readonly struct Magnitude : IIntegerFunction
{
    public static long Of(long value) => value < 0 ? -value : value;
}

readonly struct Same : IIntegerFunction
{
    public static long Of(long value) => value;
}

/// <summary>Of 64-bit results only one can be wrong: the smallest integer, negated.</summary>
sealed unsafe class IntegerUnary<TFunction, TRange>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, IIntegerFunction
    where TRange : struct, IIntegerRange
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector argument = Arguments[0].Evaluate(batch, rows);
        long* values = (long*)argument.Values;
        long* results = (long*)_output.Values;
        bool fails = false;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            results[row] = TFunction.Of(values[row]);
            fails |= IsOutside(values[row], results[row]);
        }

        if (fails)
        {
            Check(argument, rows);
        }

        return _output.Strict(argument);
    }

    static bool IsOutside(long value, long result) => TRange.Bits == 64 ? value == long.MinValue : !Range<TRange>.Has(result);

    void Check(Vector argument, Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (IsOutside((long)argument.Values[row], ((long*)_output.Values)[row]) && !argument.IsNull(row))
            {
                SqlErrors.OutOfRange(call.Host, TRange.Name);
            }
        }
    }
}

/// <summary>An argument whose lanes are also right for another type.</summary>
sealed class Relabel(ValueType type, Expression argument) : Kernel(type, argument)
{
    public override bool IsConstant => Arguments[0].IsConstant;

    public override Vector Evaluate(Batch batch, Rows rows) => Arguments[0].Evaluate(batch, rows);

    public override unsafe int Filter(Batch batch, Rows rows, ushort* selected) => Arguments[0].Filter(batch, rows, selected);
}
