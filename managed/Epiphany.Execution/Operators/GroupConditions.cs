// Execution layer, operators. Conditions of a scan, asked of a whole row group: where its bounds show that every row meets them, they need not
// be evaluated, nor their columns decoded.

using System;

namespace Epiphany.Execution;

/// <summary>
/// What is true of the least and of the greatest value is true of all between, if the condition is convex; or if they are the same, or all null. A
/// value that no row has as it is given to convex conditions only, which raise no errors.
/// </summary>
sealed unsafe class GroupConditions
{
    const int None = -1;

    readonly Expression[] _conditions;
    readonly int[] _columns;
    readonly ValueType[] _types;
    readonly Batch _bounds;
    readonly VectorBuffer? _lanes;
    readonly ushort* _selected;

    internal GroupConditions(ReadOnlySpan<Expression> conditions, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        _conditions = conditions.ToArray();
        _columns = Array.ConvertAll(_conditions, c => DictionaryMaps.SoleColumn(c) ?? None);
        _types = types.ToArray();
        _bounds = new Batch(types.Length) { Rows = 2 };
        if (_conditions.Length > 0)
        {
            _lanes = new VectorBuffer(host.Memory);
            _selected = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        }
    }

    /// <summary>False: it cannot be told.</summary>
    internal bool HoldForAll(GroupFacts group)
    {
        // Nothing is evaluated for rows that nobody sees.
        for (int i = 0; group.Seen > 0 && i < _conditions.Length; i++)
        {
            if (_columns[i] == None || !Holds(_conditions[i], _columns[i], group))
            {
                return false;
            }
        }

        return true;
    }

    bool Holds(Expression condition, int column, GroupFacts group)
    {
        ColumnFacts facts = group.Of(column);
        bool isNull = facts.Values == 0;
        if (!isNull && (facts.Values < group.Rows || !facts.HasBounds || (!condition.IsConvex && !IsSole(facts, column))))
        {
            return false;
        }

        _lanes!.Values[0] = facts.Least;
        _lanes.Values[1] = facts.Greatest;
        _lanes.Nulls[0] = _lanes.Nulls[1] = isNull ? (byte)1 : (byte)0;
        facts.Show(_bounds.Columns[column], _lanes.Values);
        _bounds.Columns[column].Nulls = isNull ? _lanes.Nulls : null;
        return condition.Filter(_bounds, Rows.All(2), _selected) == 2;
    }

    /// <summary>All rows have the very same value.</summary>
    bool IsSole(in ColumnFacts facts, int column)
    {
        if (!facts.IsLeastExact || !facts.IsGreatestExact)
        {
            return false;
        }

        return facts.Least == facts.Greatest || (_types[column].IsVarlena && facts.Form == VectorForm.Datum
            && Varlena.Payload(facts.Least).SequenceEqual(Varlena.Payload(facts.Greatest)));
    }
}
