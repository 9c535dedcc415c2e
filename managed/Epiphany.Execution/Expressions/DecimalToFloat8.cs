// Execution layer, expressions. Numerics as float8.

using System;

namespace Epiphany.Execution;

/// <summary>
/// The nearest float8, as PostgreSQL finds it by way of text: a division of two integers that float8 has is rounded once. Others are PostgreSQL's.
/// </summary>
sealed unsafe class DecimalToFloat8(CallSite call) : Kernel(call.Type, call.Arguments)
{
    /// <summary>Integers up to this one, and powers of ten up to 10^22, are exact.</summary>
    const ulong MaxExact = 1UL << 53;

    readonly DecimalArgument _argument = new(call.Arguments[0], call.Host);
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (_argument.Evaluate(batch, rows) is not { } argument || NumericReader.PowerOfTen(argument.Scale) is not (> 0 and var unit)
            || (argument.Bound > MaxExact && DecimalArgument.Greatest(argument, rows) > MaxExact))
        {
            return _onHost.Evaluate(batch, rows);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = BitConverter.DoubleToUInt64Bits((double)(long)argument.Values[row] / unit);
        }

        return _output.Strict(argument);
    }
}
