// Grouping sets, and DISTINCT beyond memory, against plain models.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class GroupingSetsTests
{
    const uint Int4Equal = 65;
    const uint Int8Equal = 467;
    const uint Count = 2803;
    const uint Sum = 2108;

    static readonly ValueType[] s_types = [ProgramWriter.Int4, ProgramWriter.Int8, ProgramWriter.Int4];

    static readonly (bool IsHashed, int[] Keys, int[] Groupings)[] s_cube =
        [(true, [0, 1], [0]), (true, [0], [1]), (true, [1], [2]), (false, [], [3]), (false, [], [3])];

    [Theory]
    [InlineData(0, 10, 1UL << 26)]
    [InlineData(1, 10, 1UL << 26)]
    [InlineData(30000, 5, 1UL << 26)]
    [InlineData(30000, 5000, 1UL << 26)]
    [InlineData(30000, 5000, 1UL)]
    [InlineData(30000, 5000, 500_000UL)]
    public void Each_set_groups_all_rows(int count, int values, ulong memory)
    {
        var random = new Random(count + values);
        ulong? Some(int nulls) => random.Next(nulls) == 0 ? null : (ulong)random.Next(values);
        ulong?[] a = [.. Enumerable.Range(0, count).Select(_ => Some(9))];
        ulong?[] b = [.. Enumerable.Range(0, count).Select(_ => Some(20) is { } v ? (ulong?)(v * 1000003) : null)];
        ulong?[] c = [.. Enumerable.Range(0, count).Select(_ => Some(50))];
        var host = new FakeHost();
        List<ulong?[]> rows = AggregateWriter.Aggregate(
            host, s_types, [a, b, c], [(0, Int4Equal), (1, Int8Equal)], s_cube,
            [new(Count, ProgramWriter.Int8), new(Sum, ProgramWriter.Int8, 2), new(2147, ProgramWriter.Int8, 2, IsDistinct: true)])
            .Run(host, new EngineOptions(1UL << 26, memory, false));

        var expected = new List<string>();
        foreach ((bool isHashed, int[] keys, int[] groupings) in s_cube)
        {
            var groups = Enumerable.Range(0, count)
                .GroupBy(i => (keys.Contains(0) ? a[i] : null, keys.Contains(1) ? b[i] : null)).ToDictionary(g => g.Key, g => g.ToList());
            if (!isHashed && groups.Count == 0)
            {
                groups.Add((null, null), []);
            }

            foreach (((ulong? first, ulong? second), List<int> members) in groups)
            {
                List<ulong> values3 = [.. members.Where(i => c[i] != null).Select(i => c[i]!.Value)];
                string sum = values3.Count == 0 ? "" : $"{values3.Sum(v => (long)v)}";
                expected.Add($"{first}|{second}|{members.Count}|{sum}|{values3.Distinct().Count()}|{groupings[0]}");
            }
        }

        Assert.Equal(expected.Order(), rows.Select(r => string.Join('|', r)).Order());
    }

    [Fact]
    public void A_rollup_comes_out_in_order()
    {
        ulong?[] a = [.. Enumerable.Range(0, 9000).Select(i => i % 13 == 0 ? (ulong?)null : (ulong)(i * 7 % 11))];
        var host = new FakeHost();
        List<ulong?[]> rows = AggregateWriter.Aggregate(
            host, [ProgramWriter.Int4], [a], [(0, Int4Equal)], [(true, [0], [0]), (false, [], [1])], [new(Count, ProgramWriter.Int8)], 0, null,
            0, 97, 0, 0, 0).Run(host);
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (ulong?)i).Append(null).Append(null), rows.Select(r => r[0]));
        Assert.Equal(9000UL, rows.Single(r => r[2] == 1)[1]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 200_000)]
    [InlineData(3, 1)]
    [InlineData(3, 200_000)]
    [InlineData(3000, 200_000)]
    public void Values_beyond_memory_that_distinct_has_to_remember_go_through_files(int groups, int memory)
    {
        const int Rows = 80000;
        var random = new Random(groups + memory);
        ulong?[] keys = [.. Enumerable.Range(0, Rows).Select(_ => (ulong?)(ulong)random.Next(Math.Max(groups, 1)))];
        ulong?[] values = [.. Enumerable.Range(0, Rows).Select(_ => random.Next(20) == 0 ? (ulong?)null : (ulong)random.Next(40000))];
        var host = new FakeHost();
        TestAggregate[] aggregates =
            [new(2147, ProgramWriter.Int8, 2, IsDistinct: true), new(Sum, ProgramWriter.Int8, 2, IsDistinct: true), new(Count, ProgramWriter.Int8)];
        ProgramWriter program = AggregateWriter.Aggregate(
            host, s_types, [keys, keys, values], groups == 0 ? [] : [(0, Int4Equal)], aggregates);
        List<ulong?[]> rows = program.Run(host, new EngineOptions(1UL << 26, (ulong)memory, false));

        IEnumerable<string> expected = Enumerable.Range(0, Rows).GroupBy(i => groups == 0 ? 0UL : keys[i]).Select(g =>
        {
            List<ulong> distinct = [.. g.Where(i => values[i] != null).Select(i => values[i]!.Value).Distinct()];
            return $"{(groups == 0 ? "" : $"{g.Key}|")}{distinct.Count}|{distinct.Sum(v => (long)v)}|{g.Count()}";
        });
        Assert.Equal(expected.Order(), rows.Select(r => string.Join('|', r)).Order());
    }
}
