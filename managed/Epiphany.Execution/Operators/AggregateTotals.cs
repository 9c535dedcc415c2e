// Execution layer, operators. One aggregate in one grouping set: what it keeps of its groups.

namespace Epiphany.Execution;

/// <summary>Takes in what the aggregate has loaded of a batch; shows results when all rows have come.</summary>
abstract unsafe class AggregateTotals
{
    internal abstract ulong Bytes { get; }

    /// <summary>The most that rows which wait to be taken in in order have taken of the memory for sorts.</summary>
    internal virtual ulong SortPeak => 0;

    /// <summary>Of an aggregate of the host's.</summary>
    internal virtual AggregateHostStates? States => null;

    /// <summary>The numbers that groups which are shown have there.</summary>
    internal virtual int* Numbers(int* groups) => groups;

    /// <summary>
    /// <paramref name="shared"/>: the totals whose state serves these, too; <paramref name="hasKeys"/>: there may be more groups than one.
    /// </summary>
    internal static AggregateTotals Make(AggregateCall call, AggregateTotals? shared, bool hasKeys, ulong sortMemory, EngineContext context)
    {
        if (call.Host is not { } host)
        {
            return new AggregateKernelTotals(call, (AggregateKernelTotals?)shared, hasKeys);
        }

        if (host.Own != OwnAggregate.None)
        {
            return new AggregateFirstLast(call, host, context.Host.Memory);
        }

        if (shared != null)
        {
            return new AggregateSharedTotals(host, shared, context);
        }

        return host.IsSorted(hasKeys)
            ? new AggregateOrderedTotals(call, host, hasKeys, sortMemory, context)
            : new AggregateHostTotals(call, host, context);
    }

    /// <summary>Room for so many groups.</summary>
    internal abstract void Reserve(int groups);

    /// <summary>The rows of the batch that was loaded belong to those groups.</summary>
    internal abstract void Add(AggregateRows groups);

    /// <summary>Takes in all values of the column, of which there are some; what it needs is known of them.</summary>
    internal virtual void AddWhole(in ColumnFacts facts) => Throw.BadProgram("an aggregate that needs values is to do without");

    /// <summary>No more room for values that DISTINCT has to remember.</summary>
    internal virtual void Close()
    {
    }

    /// <summary>All rows have come: DISTINCT has no more need of what it has seen.</summary>
    internal virtual void Forget()
    {
    }

    /// <summary>Takes in values for which there was no room, with about so many bytes of memory.</summary>
    internal virtual void Finish(ulong memory, NodeStats stats)
    {
    }

    /// <summary>Of so many groups from there on: how many, at least one, can be shown at once without results taking too much memory.</summary>
    internal virtual int Fit(int first, int count) => count;

    /// <summary>
    /// Results of some groups, whose numbers follow each other; they are asked for once, in ascending order. <paramref name="shown"/> has the
    /// other columns.
    /// </summary>
    internal abstract void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result);

    internal abstract void Clear();
}
