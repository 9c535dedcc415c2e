// Execution layer, operators. An aggregate of the host's in one grouping set that makes its results of another one's states.

namespace Epiphany.Execution;

/// <summary>Shown right after that one, which has taken in the rows.</summary>
sealed unsafe class AggregateSharedTotals(AggregateHostCall host, AggregateTotals shared, EngineContext context) : AggregateTotals
{
    readonly AggregateHostStates _states = new(host, shared.States, context.Host);

    internal override ulong Bytes => 0;

    internal override void Reserve(int groups)
    {
    }

    internal override void Add(AggregateRows groups)
    {
    }

    internal override void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result) =>
        _states.Show(shown, shared.Numbers(groups), count, buffer, result);

    internal override void Clear()
    {
    }
}
