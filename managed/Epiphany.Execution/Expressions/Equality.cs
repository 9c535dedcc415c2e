// Execution layer, expressions. NULLIF and IS DISTINCT FROM: what an equality function says, and what becomes of nulls.

namespace Epiphany.Execution;

/// <summary>A vector that the owner of the expression puts in its place.</summary>
sealed class Given(ValueType type) : Expression(type)
{
    Vector? _vector;

    internal void Be(Vector vector) => _vector = vector;

    public override Vector Evaluate(Batch batch, Rows rows) => _vector!;

    public override void MarkColumns(System.Span<bool> columns)
    {
    }
}

/// <summary>Equality of two arguments whose nulls the owner has looked at.</summary>
sealed unsafe class Equality
{
    readonly Given _left;
    readonly Given _right;
    readonly Expression _function;
    readonly ushort* _present;

    internal Equality(uint function, uint collation, Expression left, Expression right, int id, IExecutionHost host)
    {
        _left = new Given(left.Type);
        _right = new Given(right.Type);
        var boolean = new ValueType(TypeOid.Bool, -1, 0, 1, true);
        var call = new CallSite(boolean, function, collation, CallFlags.Strict, [_left, _right], id, host);
        _function = KernelCatalog.Find(call) ?? call.OnHost();
        _present = RowLists.Room(host);
    }

    /// <summary>1 or 0 at those rows where neither is null and, in the vector's nulls, whether the function's result was.</summary>
    internal Vector Of(Batch batch, Vector left, Vector right, Rows rows)
    {
        _left.Be(left);
        _right.Be(right);
        if (left.Nulls != null || right.Nulls != null)
        {
            int count = 0;
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                _present[count] = (ushort)row;
                count += left.IsNull(row) || right.IsNull(row) ? 0 : 1;
            }

            rows = RowLists.Part(rows, _present, count);
        }

        return _function.Evaluate(batch, rows);
    }
}

/// <summary>The first argument, or null where it equals the second.</summary>
sealed unsafe class NullIf(ValueType type, Equality equality, Expression left, Expression right, IExecutionHost host) : Kernel(type, left, right)
{
    readonly Output _output = new(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector a = Arguments[0].Evaluate(batch, rows);
        Vector b = Arguments[1].Evaluate(batch, rows);
        Vector equal = equality.Of(batch, a, b, rows);
        byte* nulls = _output.Nulls;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool isNull = a.IsNull(row) || (!b.IsNull(row) && !equal.IsNull(row) && (equal.Values[row] & 1) != 0);
            nulls[row] = isNull ? (byte)1 : (byte)0;
        }

        Vector result = _output.Vector;
        result.Refer(a);
        result.Nulls = nulls;
        // Nulls are no longer those of the codes, nor the same for all rows.
        result.Codes = null;
        result.Table = null;
        result.IsConstant = false;
        return result;
    }
}

/// <summary>Never null: two nulls are not distinct, a null and a value are.</summary>
sealed unsafe class Distinct(ValueType type, Equality equality, Expression left, Expression right, IExecutionHost host)
    : Kernel(type, left, right)
{
    readonly Output _output = new(host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector a = Arguments[0].Evaluate(batch, rows);
        Vector b = Arguments[1].Evaluate(batch, rows);
        Vector equal = equality.Of(batch, a, b, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool aIsNull = a.IsNull(row);
            bool bIsNull = b.IsNull(row);
            _output.Values[row] = aIsNull || bIsNull ? (aIsNull != bIsNull ? 1UL : 0UL) : (equal.Values[row] & 1) ^ 1;
        }

        return _output.Finish(null);
    }
}
