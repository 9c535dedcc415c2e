// Execution layer, operators. An aggregate of the host's in one grouping set, which takes rows in as they come.

using System;

namespace Epiphany.Execution;

sealed unsafe class AggregateHostTotals(AggregateCall call, AggregateHostCall host, EngineContext context) : AggregateTotals
{
    /// <summary>About so many bytes of results are made at a time.</summary>
    internal const ulong ShownBytes = 512 << 10;

    readonly AggregateHostStates _states = new(host, null, context.Host);
    int _groups = 1;

    internal override AggregateHostStates States => _states;

    internal override ulong Bytes => _states.Bytes;

    internal override void Reserve(int groups) => _groups = groups;

    internal override void Add(AggregateRows groups)
    {
        if (call.Counted(groups) is { } counted)
        {
            _states.Add(host.Loaded, 0, counted.Count, counted.IsOne ? null : counted.Groups);
        }
    }

    /// <summary>Results are taken to be as large as states.</summary>
    internal override int Fit(int first, int count) => (int)Math.Clamp(ShownBytes / Math.Max(Bytes / (ulong)_groups, 1), 1, (ulong)count);

    internal override void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result) =>
        _states.Show(shown, groups, count, buffer, result);

    internal override void Clear()
    {
        _states.Clear();
        _groups = 1;
    }
}
