// Execution layer, operators. Row groups whose rows an aggregate takes in all at once, by what their footers say. It must change nothing
// before it knows that it can do without their values.

using System;

namespace Epiphany.Execution;

/// <summary>The part of an aggregate without keys that scans below it hand their groups to.</summary>
sealed class AggregateWhole
{
    readonly AggregateCall[] _calls;
    readonly AggregateGroups _groups;
    readonly ColumnFacts[] _facts;

    AggregateWhole(AggregateProgram program, AggregateGroups groups)
    {
        _calls = program.Calls;
        _groups = groups;
        _facts = new ColumnFacts[_calls.Length];
    }

    /// <summary>Null: it needs rows, whatever is known.</summary>
    internal static AggregateWhole? Of(AggregateProgram program, AggregateGroups groups) =>
        program.Sets.Length == 1 && program.Keys.Length == 0 && program.Others.Length == 0
        && Array.TrueForAll(program.Calls, c => c.Need != AggregateNeed.Values)
            ? new AggregateWhole(program, groups) : null;

    /// <summary>True: the group's rows have been taken in. <paramref name="columns"/>: the table's column for each of the scan's, or -1.</summary>
    internal bool TryTake(GroupFacts group, ReadOnlySpan<int> columns)
    {
        for (int i = 0; i < _calls.Length; i++)
        {
            if (_calls[i].Shared == null && !TryFind(_calls[i], group, columns, out _facts[i]))
            {
                return false;
            }
        }

        if (group.Seen > 0)
        {
            _groups.BeginSole();
        }

        for (int i = 0; i < _calls.Length; i++)
        {
            if (_calls[i].Shared == null && _facts[i].Values > 0)
            {
                _groups.AddWhole(i, _facts[i]);
            }
        }

        return true;
    }

    static bool TryFind(AggregateCall call, GroupFacts group, ReadOnlySpan<int> columns, out ColumnFacts facts)
    {
        if (call.Column is not int output)
        {
            facts = new ColumnFacts { Values = group.Seen };
            return true;
        }

        // Of what rows are left, footers say nothing.
        if (group.Seen != group.Rows || columns[output] < 0)
        {
            facts = default;
            return group.Seen == 0;
        }

        facts = group.Of(columns[output]);
        return facts.Values == 0 || call.Need switch
        {
            AggregateNeed.Sum => facts.HasSum,
            AggregateNeed.Least => facts.IsLeastExact,
            AggregateNeed.Greatest => facts.IsGreatestExact,
            _ => true,
        };
    }
}
