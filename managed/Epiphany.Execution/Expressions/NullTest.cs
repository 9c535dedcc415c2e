// Execution layer, expressions. IS NULL, IS NOT NULL, and the tests of booleans for TRUE, FALSE and UNKNOWN; none of them is ever null.

namespace Epiphany.Execution;

/// <summary>IS NULL, or with <paramref name="isNot"/> IS NOT NULL. Rows (composite values) do not come here.</summary>
sealed unsafe class NullTest(ValueType type, bool isNot, Expression argument, IExecutionHost host) : Kernel(type, argument)
{
    readonly Output _output = new(host);

    public override bool IsConvex => Arguments[0] is ColumnReference;

    public override bool IsTotal => AreArgumentsTotal;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        byte* nulls = Arguments[0].Evaluate(batch, rows).Nulls;
        ulong flip = isNot ? 1UL : 0;
        ulong* results = _output.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            results[row] = (nulls == null ? 0UL : nulls[row]) ^ flip;
        }

        return _output.Finish(null);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        byte* nulls = Arguments[0].Evaluate(batch, rows).Nulls;
        int flip = isNot ? 1 : 0;
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += (nulls == null ? 0 : nulls[row]) ^ flip;
        }

        return count;
    }
}

/// <summary>PostgreSQL's BoolTestType.</summary>
enum BooleanTestKind
{
    IsTrue = 0,
    IsNotTrue = 1,
    IsFalse = 2,
    IsNotFalse = 3,
    IsUnknown = 4,
    IsNotUnknown = 5,
}

/// <summary>A table of three answers: for false, true and null.</summary>
sealed unsafe class BooleanTest(ValueType type, BooleanTestKind kind, Expression argument, IExecutionHost host) : Kernel(type, argument)
{
    readonly Output _output = new(host);
    readonly uint _answers = Answers(kind);

    public override bool IsTotal => AreArgumentsTotal;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector tested = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = (_answers >> (tested.IsNull(row) ? 2 : (int)tested.Values[row] & 1)) & 1;
        }

        return _output.Finish(null);
    }

    static uint Answers(BooleanTestKind kind)
    {
        switch (kind)
        {
            case BooleanTestKind.IsTrue:
                return 0b010;
            case BooleanTestKind.IsNotTrue:
                return 0b101;
            case BooleanTestKind.IsFalse:
                return 0b001;
            case BooleanTestKind.IsNotFalse:
                return 0b110;
            case BooleanTestKind.IsUnknown:
                return 0b100;
            case BooleanTestKind.IsNotUnknown:
                return 0b011;
            default:
                Throw.BadProgram($"boolean test {(int)kind}");
                return 0;
        }
    }
}
