// Execution layer, expressions. CASE and COALESCE: a result is evaluated only at the rows that take it.

using System;

namespace Epiphany.Execution;

/// <summary>Arguments are condition, result, condition, result, ..., and the result of rows for which no condition is true.</summary>
sealed unsafe class Case(ValueType type, Expression[] arguments, IExecutionHost host) : Kernel(type, arguments)
{
    readonly Choice _choice = new((arguments.Length / 2) + 1, host);
    readonly ushort* _left = RowLists.Room(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Take(batch, rows, isExact: false);
        return _choice.Merge();
    }

    public override Vector EvaluateExact(Batch batch, Rows rows)
    {
        Take(batch, rows, Type.IsNumeric);
        return (Type.IsNumeric ? _choice.MergeExact() : null) ?? _choice.Merge();
    }

    void Take(Batch batch, Rows rows, bool isExact)
    {
        ReadOnlySpan<Expression> all = Arguments;
        Rows open = rows;
        _choice.Begin();
        for (int a = 0; a < all.Length - 1 && open.Count > 0; a += 2)
        {
            ushort* list = _choice.List(a / 2);
            int count = all[a].Filter(batch, open, list);
            if (count > 0)
            {
                Rows hits = RowLists.Part(rows, list, count);
                _choice.Add(isExact ? all[a + 1].EvaluateExact(batch, hits) : all[a + 1].Evaluate(batch, hits), hits);
                open = RowLists.Without(open, list, count, _left);
            }
        }

        if (open.Count > 0)
        {
            _choice.Add(isExact ? all[^1].EvaluateExact(batch, open) : all[^1].Evaluate(batch, open), open);
        }
    }
}

/// <summary>The first argument that is not null.</summary>
sealed unsafe class Coalesce(ValueType type, Expression[] arguments, IExecutionHost host) : Kernel(type, arguments)
{
    readonly Choice _choice = new(arguments.Length, host);
    readonly ushort* _left = RowLists.Room(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Take(batch, rows, isExact: false);
        return _choice.Merge();
    }

    public override Vector EvaluateExact(Batch batch, Rows rows)
    {
        Take(batch, rows, Type.IsNumeric);
        return (Type.IsNumeric ? _choice.MergeExact() : null) ?? _choice.Merge();
    }

    void Take(Batch batch, Rows rows, bool isExact)
    {
        Rows open = rows;
        _choice.Begin();
        for (int a = 0; a < Arguments.Length && open.Count > 0; a++)
        {
            Vector vector = isExact ? Arguments[a].EvaluateExact(batch, open) : Arguments[a].Evaluate(batch, open);
            if (vector.Nulls == null || a == Arguments.Length - 1)
            {
                _choice.Add(vector, open);
                break;
            }

            ushort* list = _choice.List(a);
            int count = NotNull(vector.Nulls, open, list);
            if (count > 0)
            {
                _choice.Add(vector, RowLists.Part(rows, list, count));
                open = RowLists.Without(open, list, count, _left);
            }
        }
    }

    static int NotNull(byte* nulls, Rows rows, ushort* list)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            list[count] = (ushort)row;
            count += nulls[row] ^ 1;
        }

        return count;
    }
}
