// Execution layer, expressions. value = ANY (constants) and value <> ALL (constants), by a set.

namespace Epiphany.Execution;

/// <summary>Whether a datum is in a set.</summary>
interface IDatumSet
{
    bool Has(ulong datum);

    /// <summary>The lanes of its datums; false: they have no order, or are too many.</summary>
    bool TryRanges(RangeSet ranges);
}

/// <summary>By-value types that are equal when their views are.</summary>
readonly struct ViewSet<TView>(LaneSet set) : IDatumSet
    where TView : struct, ILaneView
{
    public bool Has(ulong datum) => set.Has(TView.Of(datum));

    public bool TryRanges(RangeSet ranges) => typeof(TView) == typeof(SignedView) && set.TryRanges(ranges);
}

/// <summary>
/// With <paramref name="isNot"/> the answer is turned. What is not in the set gets null where the constants have a null, as does a null value:
/// lists without constants do not come here.
/// </summary>
sealed unsafe class Membership<TSet>(ValueType type, TSet set, bool isNot, bool hasNull, Expression value, IExecutionHost host) : Kernel(type, value)
    where TSet : struct, IDatumSet
{
    readonly Output _output = new(host);
    readonly ulong _found = isNot ? 0UL : 1;

    public override bool IsTotal => AreArgumentsTotal;

    public override bool TryRanges(int places, RangeSet ranges)
    {
        ranges.Clear();
        if (Arguments[0] is not ColumnReference)
        {
            return false;
        }

        return (isNot && hasNull) || (set.TryRanges(ranges) && (!isNot || ranges.TryTurn()));
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector argument = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool isNull = argument.IsNull(row);
            bool has = !isNull && set.Has(argument.Values[row]);
            _output.Values[row] = has ? _found : _found ^ 1;
            _output.Nulls[row] = isNull || (hasNull && !has) ? (byte)1 : (byte)0;
        }

        return _output.Finish(hasNull || argument.Nulls != null ? _output.Nulls : null);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        if (isNot && hasNull)
        {
            return 0;
        }

        Vector argument = Arguments[0].Evaluate(batch, rows);
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += !argument.IsNull(row) && set.Has(argument.Values[row]) != isNot ? 1 : 0;
        }

        return count;
    }
}
