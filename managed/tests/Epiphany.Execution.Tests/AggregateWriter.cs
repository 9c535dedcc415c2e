// Programs with one aggregate over one source, for tests.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution.Tests;

/// <summary>An aggregate of a column of the source, or of rows; <paramref name="Filter"/>: a bool column.</summary>
internal readonly record struct TestAggregate(uint Function, ValueType Result, int? Argument = null, int? Filter = null, bool IsDistinct = false);

internal static class AggregateWriter
{
    public static ProgramWriter Aggregate(
        FakeHost host, ValueType[] types, ulong?[][] columns, (int Column, uint Equality)[] keys, TestAggregate[] aggregates, int split = 0,
        int[]? others = null, params long[] orders)
    {
        var raw = new List<ValueType>();
        Array.ForEach(keys, k => raw.Add(types[k.Column]));
        Array.ForEach(aggregates, a => raw.Add(a.Result));
        Array.ForEach(others ?? [], o => raw.Add(types[o]));
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Aggregate, [.. raw])
            .Add(keys.Length == 0 ? 0 : 1, split, BitConverter.DoubleToInt64Bits(100), keys.Length);
        foreach ((int column, uint equality) in keys)
        {
            program.Add(column, equality, types[column].Collation);
        }

        program.Add(aggregates.Length);
        foreach (TestAggregate aggregate in aggregates)
        {
            program.Add(aggregate.Function, 0, 0).Type(aggregate.Result).Add(aggregate.IsDistinct ? 1 : 0, aggregate.Argument == null ? 0 : 1);
            if (aggregate.Argument is int argument)
            {
                program.Column(types[argument], argument);
            }

            program.Add(aggregate.Filter == null ? 0 : 1);
            if (aggregate.Filter is int filter)
            {
                program.Column(ProgramWriter.Bool, filter);
            }
        }

        program.Add(others?.Length ?? 0);
        Array.ForEach(others ?? [], o => program.Add(o));
        return program.Add(orders.Length / 5).Add(orders).Source(host.AddSource(columns), types).NoTail();
    }
}
