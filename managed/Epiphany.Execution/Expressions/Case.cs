// Execution layer, expressions. CASE and COALESCE: a result is evaluated only at the rows that take it.

using System;

namespace Epiphany.Execution;

/// <summary>Its result is that of one of several branches, for each row.</summary>
abstract unsafe class Branches(ValueType type, Expression[] arguments, int count, IExecutionHost host) : Kernel(type, arguments)
{
    protected Choice Choice { get; } = new(count, host);

    /// <summary>Room for the rows that no branch has taken yet.</summary>
    protected ushort* Left { get; } = RowLists.Room(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Choice.Begin();
        Take(batch, rows, isExact: false);
        return Choice.Merge();
    }

    public override Vector EvaluateExact(Batch batch, Rows rows)
    {
        Choice.Begin();
        Take(batch, rows, Type.IsNumeric);
        return (Type.IsNumeric ? Choice.MergeExact() : null) ?? Choice.Merge();
    }

    /// <summary>Adds the branches. isExact: numerics of several display scales may come as integers.</summary>
    protected abstract void Take(Batch batch, Rows rows, bool isExact);
}

/// <summary>Arguments are condition, result, condition, result, ..., and the result of rows for which no condition is true.</summary>
sealed unsafe class Case(ValueType type, Expression[] arguments, IExecutionHost host)
    : Branches(type, arguments, (arguments.Length / 2) + 1, host)
{
    protected override void Take(Batch batch, Rows rows, bool isExact)
    {
        ReadOnlySpan<Expression> all = Arguments;
        Rows open = rows;
        for (int a = 0; a < all.Length - 1 && open.Count > 0; a += 2)
        {
            ushort* list = Choice.List(a / 2);
            int count = all[a].Filter(batch, open, list);
            if (count > 0)
            {
                Rows hits = RowLists.Part(rows, list, count);
                Choice.Add(isExact ? all[a + 1].EvaluateExact(batch, hits) : all[a + 1].Evaluate(batch, hits), hits);
                open = RowLists.Without(open, list, count, Left);
            }
        }

        if (open.Count > 0)
        {
            Choice.Add(isExact ? all[^1].EvaluateExact(batch, open) : all[^1].Evaluate(batch, open), open);
        }
    }
}

/// <summary>The first argument that is not null.</summary>
sealed unsafe class Coalesce(ValueType type, Expression[] arguments, IExecutionHost host) : Branches(type, arguments, arguments.Length, host)
{
    protected override void Take(Batch batch, Rows rows, bool isExact)
    {
        Rows open = rows;
        for (int a = 0; a < Arguments.Length && open.Count > 0; a++)
        {
            Vector vector = isExact ? Arguments[a].EvaluateExact(batch, open) : Arguments[a].Evaluate(batch, open);
            if (vector.Nulls == null || a == Arguments.Length - 1)
            {
                Choice.Add(vector, open);
                break;
            }

            ushort* list = Choice.List(a);
            int count = open.WithoutNulls(vector.Nulls, list);
            if (count > 0)
            {
                Choice.Add(vector, RowLists.Part(rows, list, count));
                open = RowLists.Without(open, list, count, Left);
            }
        }
    }
}
