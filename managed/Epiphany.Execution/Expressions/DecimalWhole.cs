// Execution layer, expressions. ceil, floor and sign of numerics: integers, of display scale 0.

namespace Epiphany.Execution;

interface IDecimalFunction
{
    /// <summary>Of value / unit.</summary>
    static abstract long Of(long value, long unit);
}

readonly struct Ceiling : IDecimalFunction
{
    public static long Of(long value, long unit) => -Calendar.FloorDivide(-value, unit);
}

readonly struct Floor : IDecimalFunction
{
    public static long Of(long value, long unit) => Calendar.FloorDivide(value, unit);
}

readonly struct SignOf : IDecimalFunction
{
    public static long Of(long value, long unit) => System.Math.Sign(value);
}

sealed unsafe class DecimalWhole<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, IDecimalFunction
{
    readonly DecimalArgument _argument = new(call.Arguments[0], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (_argument.Evaluate(batch, rows) is not { } argument || NumericReader.PowerOfTen(argument.Scale) is not (> 0 and var unit))
        {
            return _onHost.Evaluate(batch, rows);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = (ulong)TFunction.Of((long)argument.Values[row], unit);
        }

        Vector result = _output.Strict(argument);

        // A sign may be more than a bound of zero, a part rounded up one more than what is left of the bound.
        (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, 0, (argument.Bound / (ulong)unit) + 1);
        return result;
    }
}
