// Execution layer, operators. One aggregate in one grouping set: the states of its groups, and what DISTINCT has seen there.

using System;

namespace Epiphany.Execution;

/// <summary>Takes in what the aggregate has loaded of a batch. Repeated values are left out.</summary>
sealed unsafe class AggregateTotals
{
    readonly AggregateCall _call;
    readonly AggregateState _state;
    readonly AggregateDistinct? _distinct;
    readonly bool _isShared;

    /// <summary><paramref name="shared"/>: the totals whose state serves these, too.</summary>
    internal AggregateTotals(AggregateCall call, AggregateTotals? shared, bool hasKeys)
    {
        _call = call;
        _isShared = shared != null;
        _state = shared?._state ?? call.MakeState();
        _distinct = call.MakeDistinct(hasKeys);
    }

    internal ulong Bytes => _isShared ? 0 : _state.Bytes + (_distinct?.Bytes ?? 0);

    internal void Reserve(int groups) => _state.Reserve(groups);

    /// <summary>The rows of the batch that was loaded belong to those groups.</summary>
    internal void Add(AggregateRows groups)
    {
        if (_isShared || _call.Rows.Count == 0)
        {
            return;
        }

        if (!_call.Rows.IsAll)
        {
            _call.Selected.Select(groups, _call.Rows);
            groups = _call.Selected;
        }

        if (_distinct == null)
        {
            _state.Add(_call.Values, groups);
        }
        else if (_distinct.Take(_call.Values, groups))
        {
            _state.Add(_distinct.Values, _distinct.Groups);
        }
    }

    /// <summary>Takes in all values of the column, of which there are some; what it needs is known of them.</summary>
    internal void AddWhole(in ColumnFacts facts)
    {
        if (_call.Need is AggregateNeed.Count or AggregateNeed.Sum)
        {
            _state.AddWhole(facts.Values, facts.Sum, facts.Scale);
            return;
        }

        _call.LoadBound(facts);
        _state.Add(_call.Values, _call.Selected);
    }

    /// <summary>No more room for values that DISTINCT has to remember.</summary>
    internal void Close() => _distinct?.Close();

    /// <summary>All rows have come: DISTINCT has no more need of what it has seen.</summary>
    internal void Forget() => _distinct?.Forget();

    /// <summary>Takes in values for which there was no room, with about so many bytes of memory.</summary>
    internal void Finish(ulong memory, NodeStats stats)
    {
        while (_distinct != null && _distinct.TakeWritten(memory, stats))
        {
            _state.Add(_distinct.Values, _distinct.Groups);
        }
    }

    internal void Show(int* groups, int count, VectorBuffer buffer, Arena arena, Vector result) =>
        _state.Show(_call.Result, groups, count, buffer, arena, result);

    internal void Clear()
    {
        _state.Clear();
        _distinct?.Clear();
    }
}
