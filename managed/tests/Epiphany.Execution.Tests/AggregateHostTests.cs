// Aggregates that the host computes: which rows it gets, in which order, and how many groups are at work at a time.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class AggregateHostTests
{
    const uint Int4Equal = 65;
    const uint Int4Less = 97;
    const uint Int4Greater = 521;
    const uint Unknown = 99999;

    static readonly EngineOptions s_ample = new(1 << 26, 1 << 26, false);
    static readonly EngineOptions s_tiny = new(1, 1, false);

    /// <summary>The order of rows matters to it, and so does the direct argument.</summary>
    static ulong? Digest(List<ulong?[]> rows, ulong?[] direct)
    {
        ulong digest = direct.Length > 0 ? direct[0] ?? 5 : 7;
        rows.ForEach(r => digest = (digest * 31) + (r[0] ?? 1000003));
        return rows.Count == 0 ? null : digest;
    }

    /// <summary>As an ordered-set aggregate, it sorts for itself.</summary>
    static ulong? SortedDigest(List<ulong?[]> rows, ulong?[] direct) => Digest([.. rows.OrderBy(r => r[0])], direct);

    static ulong?[] Random(int seed, int count, int range, double nulls)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < nulls ? null : (ulong?)(ulong)random.Next(range))];
    }

    /// <summary>Columns of the source: key, argument, order, whether the row counts.</summary>
    sealed record Call(bool HasKeys, bool IsOrdered, bool IsDistinct, bool IsFiltered, bool IsOrderedSet, bool HasDirect);

    static ProgramWriter Program(FakeHost host, ulong?[][] columns, Call call, int calls = 1)
    {
        ValueType int4 = ProgramWriter.Int4;
        ValueType int8 = ProgramWriter.Int8;
        ValueType[] raw = [.. call.HasKeys ? new[] { int4 } : [], .. Enumerable.Repeat(int8, calls)];
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Aggregate, raw).Add(0, BitConverter.DoubleToInt64Bits(100));
        _ = call.HasKeys ? program.Add(1, 0, Int4Equal, 0).Add(1, 1, 1, 0, 0) : program.Add(0).Add(1, 0, 0, 0);
        program.Add(calls);
        int id = -1;
        for (int i = 0; i < calls; i++)
        {
            int direct = call.HasDirect ? 1 : 0;
            id = host.AddAggregate(1, direct, call.IsOrderedSet ? SortedDigest : Digest);
            program.Add(Unknown, 0).Type(int8).Add(call.IsDistinct ? 2 : 0);
            program.Add(2).Column(int4, 1).Column(int4, 2).Add(call.IsFiltered ? 1 : 0);
            if (call.IsFiltered)
            {
                program.Column(ProgramWriter.Bool, 3);
            }

            // All calls have one transition number.
            program.Add(id, 0, call.IsOrderedSet ? 1 : 0);
            _ = call.IsDistinct ? program.Add(2, 0, Int4Greater, 0, 1, 1, 1, Int4Less, 0, 0, 0).Add(2, 0, Int4Equal, 0, 1, Int4Equal, 0)
                : call.IsOrdered ? program.Add(2, 1, Int4Less, 0, 0, 0, 0, Int4Greater, 0, 1, 1).Add(0) : program.Add(0, 0);
            program.Add(direct);
            if (call.HasDirect)
            {
                program.Column(int4, 0);
            }
        }

        return program.Add(0, 0).Source(host.AddSource(columns), int4, int4, int4, ProgramWriter.Bool).NoTail();
    }

    static Dictionary<ulong, ulong?> Expected(ulong?[][] columns, Call call)
    {
        var groups = new Dictionary<ulong, List<ulong?[]>>();
        for (int i = 0; i < columns[0].Length; i++)
        {
            ulong key = call.HasKeys ? columns[0][i]!.Value : 0;
            groups.TryAdd(key, []);
            if (!call.IsFiltered || columns[3][i] == 1)
            {
                groups[key].Add([columns[1][i], columns[2][i]]);
            }
        }

        if (!call.HasKeys)
        {
            groups.TryAdd(0, []);
        }

        // Nulls last in ascending order, first in descending order.
        return groups.ToDictionary(g => g.Key, g =>
        {
            List<ulong?[]> rows = call.IsDistinct
                ? [.. g.Value.DistinctBy(r => (r[0], r[1])).OrderByDescending(r => r[0] ?? ulong.MaxValue).ThenBy(r => r[1] ?? ulong.MaxValue)]
                : call.IsOrdered ? [.. g.Value.OrderBy(r => r[1] ?? ulong.MaxValue).ThenByDescending(r => r[0] ?? ulong.MaxValue)] : g.Value;
            return call.IsOrderedSet ? SortedDigest(rows, Direct()) : Digest(rows, Direct());
            ulong?[] Direct() => call.HasDirect ? [g.Key] : [];
        });
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(30000, 1)]
    [InlineData(30000, 5)]
    [InlineData(30000, 700)]
    [InlineData(20000, 20000)]
    public void Rows_come_in_the_order_of_the_aggregate(int count, int keys)
    {
        ulong?[][] columns = [Random(1, count, keys, 0), Random(2, count, 40, 0.1), Random(3, count, 50, 0.1), Random(4, count, 2, 0)];
        foreach (bool hasKeys in new[] { true, false })
        {
            foreach (int kind in Enumerable.Range(0, 4))
            {
                foreach (bool isFiltered in new[] { true, false })
                {
                    var call = new Call(hasKeys, kind == 1, kind == 2, isFiltered, kind == 3, hasKeys && isFiltered);
                    Dictionary<ulong, ulong?> expected = Expected(columns, call);
                    foreach (EngineOptions options in new[] { s_ample, s_tiny })
                    {
                        var host = new FakeHost();
                        Dictionary<ulong, ulong?> found = Program(host, columns, call).Run(host, options)
                            .ToDictionary(r => hasKeys ? r[0]!.Value : 0, r => r[^1]);
                        Assert.True(expected.OrderBy(e => e.Key).SequenceEqual(found.OrderBy(e => e.Key)), $"{call} {options}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Aggregates_of_one_transition_share_its_states()
    {
        ulong?[][] columns = [Random(1, 9000, 600, 0), Random(2, 9000, 40, 0.1), Random(3, 9000, 50, 0.1), Random(4, 9000, 2, 0)];
        foreach (bool isOrdered in new[] { true, false })
        {
            var call = new Call(true, isOrdered, false, false, false, false);
            Dictionary<ulong, ulong?> expected = Expected(columns, call);
            var host = new FakeHost();
            foreach (ulong?[] row in Program(host, columns, call, calls: 3).Run(host, s_ample))
            {
                Assert.Equal(Enumerable.Repeat(expected[row[0]!.Value], 3), row[1..]);
            }
        }
    }

    [Fact]
    public void Few_states_are_at_work_at_a_time_that_sort_for_themselves()
    {
        ulong?[][] columns = [Random(1, 9000, 600, 0), Random(2, 9000, 40, 0.1), Random(3, 9000, 50, 0.1), Random(4, 9000, 2, 0)];
        var host = new FakeHost();
        Assert.Equal(600, Program(host, columns, new Call(true, false, false, false, true, false)).Run(host, s_ample).Count);
        Assert.InRange(host.OpenGroups, 1, 8);
    }
}
