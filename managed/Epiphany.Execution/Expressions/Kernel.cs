// Execution layer, expressions. What computes from other expressions.

using System;

namespace Epiphany.Execution;

/// <summary>An expression with arguments. Each argument belongs to one kernel, which evaluates it at most once a batch.</summary>
abstract unsafe class Kernel(ValueType type, params Expression[] arguments) : Expression(type)
{
    /// <summary>No argument depends on rows.</summary>
    internal bool HasConstantsOnly => Array.TrueForAll(arguments, a => a.IsConstant);

    internal ReadOnlySpan<Expression> Arguments => arguments;

    /// <summary>For kernels that raise no errors themselves.</summary>
    protected bool AreArgumentsTotal => Array.TrueForAll(arguments, a => a.IsTotal);

    public override void MarkColumns(Span<bool> columns)
    {
        foreach (Expression argument in arguments)
        {
            argument.MarkColumns(columns);
        }
    }

    public override void Start()
    {
        foreach (Expression argument in arguments)
        {
            argument.Start();
        }
    }

    /// <summary>For kernels that evaluate all arguments at whatever row.</summary>
    protected void AskArguments()
    {
        foreach (Expression argument in arguments)
        {
            argument.Ask();
        }
    }
}

/// <summary>A result's own memory, and how its nulls come of its arguments'.</summary>
sealed unsafe class Output(IExecutionHost host)
{
    readonly VectorBuffer _buffer = new(host.Memory);

    public ulong* Values => _buffer.Values;

    public byte* Nulls => _buffer.Nulls;

    public Vector Vector { get; } = new();

    /// <summary>Datums, null where the argument is.</summary>
    public Vector Strict(Vector argument) => Finish(argument.Nulls);

    /// <summary>Datums, null where one of the arguments is.</summary>
    public Vector Strict(Vector left, Vector right, Rows rows) => Finish(NullMath.Either(left.Nulls, right.Nulls, rows, _buffer.Nulls));

    public Vector Strict(Vector first, Vector second, Vector third, Rows rows)
    {
        byte* nulls = NullMath.Either(first.Nulls, second.Nulls, rows, _buffer.Nulls);
        return Finish(NullMath.Either(nulls, third.Nulls, rows, _buffer.Nulls));
    }

    public Vector Finish(byte* nulls)
    {
        Vector.SetDatums(_buffer.Values, nulls);
        return Vector;
    }
}

/// <summary>Passes over null bytes, which are 0 or 1.</summary>
static unsafe class NullMath
{
    /// <summary>Where one of two is null: one of the pointers themselves, or <paramref name="room"/> filled.</summary>
    internal static byte* Either(byte* left, byte* right, Rows rows, byte* room)
    {
        if (left == null || right == null || left == right)
        {
            return left == null ? right : left;
        }

        if (!rows.IsAll)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows.Index[i];
                room[row] = (byte)(left[row] | right[row]);
            }

            return room;
        }

        int r = 0;
        for (; r <= rows.Count - sizeof(ulong); r += sizeof(ulong))
        {
            *(ulong*)(room + r) = *(ulong*)(left + r) | *(ulong*)(right + r);
        }

        for (; r < rows.Count; r++)
        {
            room[r] = (byte)(left[r] | right[r]);
        }

        return room;
    }

    /// <summary>Eight null bytes as bits.</summary>
    internal static uint Bits8(byte* nulls) => (uint)((*(ulong*)nulls * 0x0102040810204080) >> 56);
}
