// Execution layer, operators. An aggregate that the engine has, in one grouping set: the states of its groups, and what DISTINCT has seen there.

namespace Epiphany.Execution;

/// <summary>Takes in what the aggregate has loaded of a batch. Repeated values are left out.</summary>
sealed unsafe class AggregateKernelTotals : AggregateTotals
{
    readonly AggregateCall _call;
    readonly AggregateState _state;
    readonly AggregateDistinct? _distinct;
    readonly bool _isShared;

    /// <summary><paramref name="shared"/>: the totals whose state serves these, too.</summary>
    internal AggregateKernelTotals(AggregateCall call, AggregateKernelTotals? shared, bool hasKeys)
    {
        _call = call;
        _isShared = shared != null;
        _state = shared?._state ?? call.MakeState();
        _state.Serve(call.Result);
        _distinct = call.MakeDistinct(hasKeys);
    }

    internal override ulong Bytes => _isShared ? 0 : _state.Bytes + (_distinct?.Bytes ?? 0);

    internal override void Reserve(int groups) => _state.Reserve(groups);

    internal override void Add(AggregateRows groups)
    {
        if (_isShared || _call.Counted(groups) is not { } counted)
        {
            return;
        }

        if (_distinct == null)
        {
            _state.Add(_call.Values, counted);
        }
        else if (_distinct.Take(_call.Values, counted))
        {
            _state.Add(_distinct.Values, _distinct.Groups);
        }
    }

    internal override void AddWhole(in ColumnFacts facts)
    {
        if (_call.Need is AggregateNeed.Count or AggregateNeed.Sum)
        {
            _state.AddWhole(facts.Values, facts.Sum, facts.Scale);
            return;
        }

        _call.LoadBound(facts);
        _state.Add(_call.Values, _call.Selected);
    }

    internal override void Close() => _distinct?.Close();

    internal override void Forget() => _distinct?.Forget();

    internal override void Finish(ulong memory, NodeStats stats)
    {
        while (_distinct != null && _distinct.TakeWritten(memory, stats))
        {
            _state.Add(_distinct.Values, _distinct.Groups);
        }
    }

    internal override void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result) =>
        _state.Show(_call.Result, groups, count, buffer, arena, result);

    internal override void Clear()
    {
        _state.Clear();
        _distinct?.Clear();
    }
}
