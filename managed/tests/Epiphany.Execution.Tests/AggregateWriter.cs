// Programs with one aggregate over one source, for tests.

using System;
using System.Collections.Generic;
using System.Linq;

namespace Epiphany.Execution.Tests;

/// <summary>An aggregate of a column of the source, or of rows; <paramref name="Filter"/>: a bool column.</summary>
internal readonly record struct TestAggregate(uint Function, ValueType Result, int? Argument = null, int? Filter = null, bool IsDistinct = false);

internal static class AggregateWriter
{
    public static ProgramWriter Aggregate(
        FakeHost host, ValueType[] types, ulong?[][] columns, (int Column, uint Equality)[] keys, TestAggregate[] aggregates, int split = 0,
        int[]? others = null, params long[] orders) =>
        Aggregate(host, types, columns, keys, [(keys.Length > 0, [.. Enumerable.Range(0, keys.Length)], [])], aggregates, split, others, orders);

    /// <summary>By grouping sets: each says whether it is hashed, has numbers of keys, and what each GROUPING() is.</summary>
    public static ProgramWriter Aggregate(
        FakeHost host, ValueType[] types, ulong?[][] columns, (int Column, uint Equality)[] keys, (bool IsHashed, int[] Keys, int[] Groupings)[] sets,
        TestAggregate[] aggregates, int split = 0, int[]? others = null, params long[] orders)
    {
        var raw = new List<ValueType>();
        Array.ForEach(keys, k => raw.Add(types[k.Column]));
        Array.ForEach(aggregates, a => raw.Add(a.Result));
        Array.ForEach(others ?? [], o => raw.Add(types[o]));
        Array.ForEach(sets[0].Groupings, _ => raw.Add(ProgramWriter.Int4));
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Aggregate, [.. raw])
            .Add(split, BitConverter.DoubleToInt64Bits(100), keys.Length);
        foreach ((int column, uint equality) in keys)
        {
            program.Add(column, equality, types[column].Collation);
        }

        program.Add(sets.Length);
        foreach ((bool isHashed, int[] members, int[] groupings) in sets)
        {
            program.Add(isHashed ? 1 : 0, members.Length).Add(Array.ConvertAll(members, m => (long)m));
            program.Add(groupings.Length).Add(Array.ConvertAll(groupings, g => (long)g));
        }

        program.Add(aggregates.Length);
        foreach (TestAggregate aggregate in aggregates)
        {
            program.Add(aggregate.Function, 0).Type(aggregate.Result).Add(aggregate.IsDistinct ? 1 : 0, aggregate.Argument == null ? 0 : 1);
            if (aggregate.Argument is int argument)
            {
                program.Column(types[argument], argument);
            }

            program.Add(aggregate.Filter == null ? 0 : 1);
            if (aggregate.Filter is int filter)
            {
                program.Column(ProgramWriter.Bool, filter);
            }

            program.Add(-1, -1, 0, 0, 0, 0);
        }

        program.Add(others?.Length ?? 0);
        Array.ForEach(others ?? [], o => program.Add(o));
        return program.Add(orders.Length / 5).Add(orders).Source(host.AddSource(columns), types).NoTail();
    }
}
