// Execution layer, expressions. What has no kernel: PostgreSQL's function, called for each row.

using System;

namespace Epiphany.Execution;

/// <summary>Called for each row that counts; a strict function is not called where an argument is null. Prepared when first needed.</summary>
sealed unsafe class HostCall(CallSite call) : Kernel(call.Type, call.Arguments)
{
    Prepared? _prepared;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Prepared prepared = _prepared ??= new Prepared(call);
        bool mayBeNull = false;
        for (int i = 0; i < Arguments.Length; i++)
        {
            Vector argument = prepared.Forms[i].Of(Arguments[i].Evaluate(batch, rows), rows);
            prepared.Values[i] = argument.Values;
            prepared.Nulls[i] = argument.Nulls;
            mayBeNull |= argument.Nulls != null;
        }

        if (mayBeNull && call.Flags.HasFlag(CallFlags.Strict))
        {
            rows = NotNull(prepared, rows);
        }

        Output output = prepared.Output;
        call.Host.CallRows(prepared.Number, prepared.Values, prepared.Nulls, rows, output.Values, output.Nulls);
        return output.Finish(output.Nulls);
    }

    /// <summary>Rows without a null argument; the others get a null result.</summary>
    Rows NotNull(Prepared prepared, Rows rows)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            byte isNull = 0;
            for (int a = 0; a < Arguments.Length; a++)
            {
                isNull |= prepared.Nulls[a] == null ? (byte)0 : prepared.Nulls[a][row];
            }

            prepared.Output.Nulls[row] = isNull;
            prepared.Rows[count] = (ushort)row;
            count += isNull == 0 ? 1 : 0;
        }

        return new Rows(prepared.Rows, count);
    }

    /// <summary>What a call needs, arrays by argument.</summary>
    sealed class Prepared(CallSite call)
    {
        internal int Number { get; } = call.Host.PrepareCall(call.Function, call.Collation, call.Id);

        internal Output Output { get; } = new(call.Host);

        internal DatumForm[] Forms { get; } = Array.ConvertAll(call.Arguments, _ => new DatumForm(call.Host.Memory));

        internal ulong** Values { get; } = (ulong**)call.Host.Memory.Allocate((nuint)(Math.Max(call.Arguments.Length, 1) * sizeof(ulong*)));

        internal byte** Nulls { get; } = (byte**)call.Host.Memory.Allocate((nuint)(Math.Max(call.Arguments.Length, 1) * sizeof(byte*)));

        internal ushort* Rows { get; } = RowLists.Room(call.Host);
    }
}
