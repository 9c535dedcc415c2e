// Execution layer, operators. The rows of a batch by group.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Which group each of some rows belongs to. Where there are few groups, states are updated by group instead of by row.</summary>
sealed unsafe class AggregateRows(IMemory memory)
{
    internal const int Few = 8;

    readonly KeyRuns _runs = new(memory);
    readonly ushort* _heads = (ushort*)memory.Allocate(sizeof(ushort));
    Rows? _found;

    /// <summary>Of groups' numbers, where they are a column.</summary>
    internal static readonly ValueType NumberType = new(TypeOid.Int8, -1, 0, sizeof(long), true);

    internal int Count { get; private set; }

    /// <summary>By row; not filled in where there is one group only.</summary>
    internal uint* Groups { get; } = (uint*)memory.Allocate(Batch.Capacity * sizeof(uint));

    internal int GroupCount { get; private set; }

    internal bool IsOne => GroupCount == 1;

    internal bool IsFew => GroupCount <= Few;

    /// <summary>Few: the groups as lanes, and how many rows each has.</summary>
    internal ulong* Lanes { get; } = (ulong*)memory.Allocate(Batch.Capacity * sizeof(ulong));

    internal int* Counts { get; } = (int*)memory.Allocate(Few * sizeof(int));

    /// <summary>Groups have been filled in.</summary>
    internal void Set(int count, int groups)
    {
        Count = count;
        GroupCount = groups;
        _found = null;
        if (groups > Few)
        {
            return;
        }

        for (int g = 0; g < Few; g++)
        {
            Counts[g] = 0;
        }

        if (groups == 1)
        {
            Counts[0] = count;
            return;
        }

        for (int i = 0; i < count; i++)
        {
            Lanes[i] = Groups[i];
        }

        AggregateLanes.Count(Lanes, count, groups, Counts);
    }

    /// <summary>The first row of each run of neighbours of one group; none where they are short.</summary>
    internal Rows Runs() => _found ??= IsOne ? new Rows(_heads, Math.Min(Count, 1)) : _runs.Find(Groups, Count);

    /// <summary>The group of a row.</summary>
    internal uint Of(int row) => IsOne ? 0 : Groups[row];

    /// <summary>Some rows of others.</summary>
    internal void Select(AggregateRows source, Rows rows)
    {
        for (int i = 0; !source.IsOne && i < rows.Count; i++)
        {
            Groups[i] = source.Groups[rows[i]];
        }

        Set(rows.Count, source.GroupCount);
    }
}
