// Execution layer, expressions. AND, OR and NOT in three-valued logic. An argument is evaluated at those rows that the ones before it have
// not decided, so that it raises no error elsewhere.

namespace Epiphany.Execution;

/// <summary>AND or OR: a row is decided by the first argument that is false or true; else it is null if one was.</summary>
abstract unsafe class Junction(ValueType type, bool decides, Expression[] arguments, IExecutionHost host) : Kernel(type, arguments), IMaskable
{
    readonly Output _output = new(host);
    readonly ulong* _bits = Mask.Room(host);
    readonly ulong* _room = Mask.Room(host);
    readonly ulong _decides = decides ? 1UL : 0;
    RangeSet? _others;

    /// <summary>Room for rows' numbers.</summary>
    protected ushort* Left { get; } = RowLists.Room(host);

    public override bool IsTotal => AreArgumentsTotal;

    public override bool TryRanges(int places, RangeSet ranges)
    {
        _others ??= new RangeSet();
        for (int a = 0; a < Arguments.Length; a++)
        {
            if (!Arguments[a].TryRanges(places, a == 0 ? ranges : _others) || (a > 0 && !TryJoin(ranges, _others)))
            {
                return false;
            }
        }

        return true;
    }

    bool TryJoin(RangeSet ranges, RangeSet others) => decides ? ranges.TryUnite(others) : ranges.TryIntersect(others);

    public bool MayMask { get; } = Mask.MayMask(arguments);

    public bool TryMask(Batch batch, int count, ulong* bits) => Mask.TryJoin(Arguments, decides, batch, count, bits, _room);

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        int span = MayMask ? Mask.Span(rows) : 0;
        return span > 0 && TryMask(batch, span, _bits) ? Mask.Choose(_bits, rows, selected) : Narrow(batch, rows, selected);
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        ulong* results = _output.Values;
        byte* nulls = _output.Nulls;
        for (int i = 0; i < rows.Count; i++)
        {
            results[rows[i]] = _decides ^ 1;
            nulls[rows[i]] = 0;
        }

        Rows open = rows;
        bool anyNull = false;
        for (int a = 0; a < Arguments.Length && open.Count > 0; a++)
        {
            Vector argument = Arguments[a].Evaluate(batch, open);
            anyNull |= argument.Nulls != null;
            open = new Rows(Left, Decide(argument, open));
        }

        return _output.Finish(anyNull ? nulls : null);
    }

    /// <summary>Filter, one argument after the other.</summary>
    protected abstract int Narrow(Batch batch, Rows rows, ushort* selected);

    /// <summary>Numbers of the rows that stay open are left in <see cref="Left"/>.</summary>
    int Decide(Vector argument, Rows open)
    {
        ulong* results = _output.Values;
        byte* nulls = _output.Nulls;
        int count = 0;
        for (int i = 0; i < open.Count; i++)
        {
            int row = open[i];
            bool isNull = argument.IsNull(row);
            bool isDecided = !isNull && (argument.Values[row] & 1) == _decides;
            results[row] = isDecided ? _decides : results[row];
            nulls[row] = isDecided ? (byte)0 : (byte)(nulls[row] | (isNull ? 1 : 0));
            Left[count] = (ushort)row;
            count += isDecided ? 0 : 1;
        }

        return count;
    }
}

sealed unsafe class And(ValueType type, Expression[] arguments, IExecutionHost host) : Junction(type, false, arguments, host)
{
    public override bool IsConvex { get; } = System.Array.TrueForAll(arguments, a => a.IsConvex);

    protected override int Narrow(Batch batch, Rows rows, ushort* selected)
    {
        for (int a = 0; a < Arguments.Length && rows.Count > 0; a++)
        {
            rows = new Rows(selected, Arguments[a].Filter(batch, rows, selected));
        }

        return rows.Count;
    }
}

sealed unsafe class Or(ValueType type, Expression[] arguments, IExecutionHost host) : Junction(type, true, arguments, host)
{
    readonly ushort* _found = RowLists.Room(host);

    protected override int Narrow(Batch batch, Rows rows, ushort* selected)
    {
        Rows open = rows;
        for (int a = 0; a < Arguments.Length && open.Count > 0; a++)
        {
            open = RowLists.Without(open, _found, Arguments[a].Filter(batch, open, _found), Left);
        }

        return RowLists.Without(rows, Left, open.Count, selected).Count;
    }
}

sealed unsafe class Not(ValueType type, Expression argument, IExecutionHost host) : Kernel(type, argument)
{
    readonly Output _output = new(host);

    public override bool IsTotal => AreArgumentsTotal;

    /// <summary>Of a boolean column; a condition's opposite is another condition, with the same nulls.</summary>
    public override bool TryRanges(int places, RangeSet ranges) =>
        Arguments[0] is ColumnReference && Arguments[0].TryRanges(places, ranges) && ranges.TryTurn();

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector negated = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = (negated.Values[row] & 1) ^ 1;
        }

        return _output.Strict(negated);
    }
}
