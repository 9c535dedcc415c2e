// Keys of a join's inner side at the scan of its outer side: fewer rows come, and the same rows come out.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>An outer column table of a key that may be null and a number of the row; inner sources of the same shape.</summary>
public unsafe class JoinFilterTests
{
    const uint Int8Equal = 467;
    const uint CountAll = 2803;
    const int OuterRows = 30000;
    const int GroupRows = 10000;

    static readonly ValueType[] s_side = [ProgramWriter.Int8, ProgramWriter.Int8];
    static readonly ColumnKind[] s_kinds = [ColumnKind.Int64, ColumnKind.Int64];

    /// <summary>How far keys lie apart: close enough for a bit each, or not.</summary>
    public static TheoryData<long> Steps => [1, 100_000_007];

    static ulong?[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (ulong?)i)];

    static ulong?[] Keys(int seed, int count, int range, long step)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(10) == 0 ? (ulong?)null : (ulong)((random.Next(range) - 10) * step))];
    }

    static string Text(ulong?[] row) => string.Join(' ', row.Select(v => v?.ToString() ?? "null"));

    static ProgramWriter Join(ProgramWriter program, JoinKind kind) => program.Node(PlanKind.HashJoin, [.. s_side, .. s_side]).Add((long)kind)
        .Add(1).Column(ProgramWriter.Int8, 0).Column(ProgramWriter.Int8, 0).Add(Int8Equal, 0).Add(0);

    /// <summary>Who asks for one side's rows only is given no others.</summary>
    static ProgramWriter End(ProgramWriter program, JoinKind kind) => kind switch
    {
        JoinKind.Semi or JoinKind.Anti => program.Add(0, 2).Column(ProgramWriter.Int8, 0).Column(ProgramWriter.Int8, 1),
        JoinKind.RightAnti or JoinKind.RightSemi => program.Add(0, 2).Column(ProgramWriter.Int8, 2).Column(ProgramWriter.Int8, 3),
        _ => program.NoTail(),
    };

    /// <summary>The rows, ordered, and what the outer side's scan did.</summary>
    static (string[] Rows, NodeStats Scan) Run(FakeHost host, ProgramWriter program, int scanNode, ulong memory = 1 << 26)
    {
        fixed (long* words = program.Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(memory, memory, false), words, program.Words.Count);
            string[] rows = [.. ProgramWriter.Rows(engine).Select(Text).Order()];
            NodeStats first = engine.Stats(scanNode)!;
            ulong unmatched = first.Unmatched;
            host.Rewind();
            engine.Rescan();
            Assert.Equal(rows, ProgramWriter.Rows(engine).Select(Text).Order());
            Assert.Equal(2 * unmatched, first.Unmatched);
            host.Rewind();
            return (rows, first);
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void Every_kind_of_join_gives_the_same_over_a_scan_as_over_a_source(long step)
    {
        foreach (JoinKind kind in Enum.GetValues<JoinKind>())
        {
            foreach (int innerRows in new[] { 0, 1, 300 })
            {
                var host = new FakeHost();
                ulong?[][] outer = [Keys(1, OuterRows, 1000, step), Numbers(OuterRows)];
                int source = host.AddSource(outer);
                int inner = host.AddSource(Keys(2, innerRows, 400, step), Numbers(innerRows));
                int table = host.AddTable(s_kinds, GroupRows, outer);
                ProgramWriter scanned = End(Join(new ProgramWriter(), kind).Scan(table, s_side).Source(inner, s_side), kind);
                ProgramWriter sourced = End(Join(new ProgramWriter(), kind).Source(source, s_side).Source(inner, s_side), kind);

                (string[] expected, _) = Run(host, sourced, 1);
                (string[] rows, NodeStats scan) = Run(host, scanned, 1);
                Assert.Equal(expected, rows);
                bool keepsOuter = kind is JoinKind.Left or JoinKind.Full or JoinKind.Anti;
                Assert.Equal(innerRows > 0 && !keepsOuter, scan.Unmatched > OuterRows);

                // In parts: nobody knows all keys in time.
                (rows, scan) = Run(host, scanned, 1, memory: 1);
                Assert.Equal(expected, rows);
            }
        }
    }

    [Fact]
    public void Keys_that_are_all_null_find_nothing()
    {
        var host = new FakeHost();
        int inner = host.AddSource([null, null], Numbers(2));
        int table = host.AddTable(s_kinds, GroupRows, Numbers(OuterRows), Numbers(OuterRows));
        foreach (JoinKind kind in new[] { JoinKind.Inner, JoinKind.Semi, JoinKind.RightSemi, JoinKind.Right, JoinKind.RightAnti })
        {
            (string[] rows, NodeStats scan) = Run(host, End(Join(new ProgramWriter(), kind).Scan(table, s_side).Source(inner, s_side), kind), 1);
            Assert.Equal(kind is JoinKind.Right or JoinKind.RightAnti ? 2 : 0, rows.Length);
            Assert.Equal(0UL, scan.VectorsRead);
        }
    }

    /// <summary>Of a parallel plan: other processes look for other rows where the inner side is this one's part.</summary>
    [Theory]
    [InlineData((int)JoinKind.Inner, true)]
    [InlineData((int)JoinKind.RightSemi, false)]
    public void Keys_that_all_processes_know_go_through_shared_rows(int number, bool expected)
    {
        var kind = (JoinKind)number;
        var host = new FakeHost { Shared = [[], []] };
        int inner = host.AddSource([7, 8, 9], Numbers(3));
        int table = host.AddTable(s_kinds, GroupRows, Numbers(OuterRows), Numbers(OuterRows));
        ProgramWriter program =
            Join(new ProgramWriter(), kind).Node(PlanKind.SharedRows, s_side).Add(0).Scan(table, s_side).NoTail().Source(inner, s_side);
        (string[] rows, NodeStats scan) = Run(host, End(program, kind), 2);
        Assert.Equal(3, rows.Length);
        Assert.Equal(expected, scan.Unmatched > 0);
    }

    [Fact]
    public void Vectors_beyond_the_keys_are_not_read()
    {
        var host = new FakeHost();
        int inner = host.AddSource([12000, 12001, null], Numbers(3));
        int table = host.AddTable(s_kinds, GroupRows, Numbers(OuterRows), Numbers(OuterRows));
        (string[] rows, NodeStats scan) =
            Run(host, Join(new ProgramWriter(), JoinKind.Inner).Scan(table, s_side).Source(inner, s_side).NoTail(), 1);
        Assert.Equal(["12000 12000 12000 0", "12001 12001 12001 1"], rows);
        Assert.Equal(2UL, scan.VectorsRead);
        Assert.Equal(2UL * (Batch.Capacity - 2), scan.Unmatched);
    }

    [Fact]
    public void A_filter_that_takes_few_rows_away_rests()
    {
        var host = new FakeHost();
        ulong?[] keys = [.. Enumerable.Range(0, 100).Select(i => (ulong?)i).Where(i => i != 50)];
        int inner = host.AddSource(keys, Numbers(99));
        const int Rows = 200 * Batch.Capacity;
        int table = host.AddTable(s_kinds, 60 * Batch.Capacity, [.. Numbers(Rows).Select(i => i % 100)], Numbers(Rows));
        (string[] rows, NodeStats scan) =
            Run(host, Join(new ProgramWriter(), JoinKind.Inner).Scan(table, s_side).Source(inner, s_side).NoTail(), 1);
        Assert.Equal(Rows - (Rows / 100), rows.Length);
        Assert.InRange(scan.Unmatched, 2UL * 16 * 20, 2UL * Rows / 500);
    }

    /// <summary>Below the join with few keys: another join of any kind, whose rows have the key in their outer or inner columns.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Filters_go_through_joins_below(bool byOuter)
    {
        foreach (JoinKind kind in Enum.GetValues<JoinKind>())
        {
            var host = new FakeHost();
            ulong?[][] outer = [Keys(1, OuterRows, 1000, 1), Numbers(OuterRows)];
            int few = host.AddSource(Keys(2, 20, 1000, 1), Numbers(20));
            int middle = host.AddSource(Keys(3, 1500, 2000, 1), Numbers(1500));
            int middleTable = host.AddTable(s_kinds, GroupRows, Keys(3, 1500, 2000, 1), Numbers(1500));
            int source = host.AddSource(outer);
            int table = host.AddTable(s_kinds, GroupRows, outer);
            ProgramWriter Program(bool scans)
            {
                ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, [.. s_side, .. s_side, .. s_side]).Add((long)JoinKind.Inner)
                    .Add(1).Column(ProgramWriter.Int8, byOuter ? 0 : 2).Column(ProgramWriter.Int8, 0).Add(Int8Equal, 0).Add(0);
                Join(program, kind);
                _ = scans ? program.Scan(table, s_side).Scan(middleTable, s_side) : program.Source(source, s_side).Source(middle, s_side);
                return program.NoTail().Source(few, s_side).NoTail();
            }

            (string[] expected, _) = Run(host, Program(scans: false), 2);
            (string[] rows, NodeStats scan) = Run(host, Program(scans: true), 2);
            Assert.Equal(expected, rows);
            Assert.True(kind is not JoinKind.Inner || rows.Length > 0);
            Assert.True(kind is not JoinKind.Inner and not JoinKind.Left || !byOuter || scan.Unmatched > OuterRows);
        }
    }

    /// <summary>A join above another on the same key knows that one's few keys before it takes in its inner side, if that is the larger.</summary>
    [Fact]
    public void A_larger_inner_side_is_told_of_the_keys_of_a_smaller_one()
    {
        foreach (JoinKind kind in Enum.GetValues<JoinKind>())
        {
            var host = new FakeHost();
            ulong?[][] large = [Keys(3, OuterRows, 2000, 1), Numbers(OuterRows)];
            int outer = host.AddSource(Keys(1, 5000, 1000, 1), Numbers(5000));
            int few = host.AddSource(Keys(2, 20, 1000, 1), Numbers(20));
            int source = host.AddSource(large);
            int table = host.AddTable(s_kinds, GroupRows, large);
            ProgramWriter Program(bool scans, double expected)
            {
                ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, [.. s_side, .. s_side, .. s_side]).Add((long)kind)
                    .Add(1).Column(ProgramWriter.Int8, 0).Column(ProgramWriter.Int8, 0).Add(Int8Equal, 0).Add(0);
                Join(program, JoinKind.Inner).Source(outer, s_side).Source(few, s_side).NoTail();
                program.Expected = expected;
                _ = scans ? program.Scan(table, s_side) : program.Source(source, s_side);
                return kind switch
                {
                    JoinKind.Semi or JoinKind.Anti => program.Add(0, 2).Column(ProgramWriter.Int8, 1).Column(ProgramWriter.Int8, 3),
                    JoinKind.RightAnti or JoinKind.RightSemi => program.Add(0, 2).Column(ProgramWriter.Int8, 4).Column(ProgramWriter.Int8, 5),
                    _ => program.NoTail(),
                };
            }

            bool keepsInner = kind is JoinKind.Right or JoinKind.Full or JoinKind.RightAnti;
            (string[] expectedRows, _) = Run(host, Program(scans: false, 1000), 4);
            (string[] rows, NodeStats scan) = Run(host, Program(scans: true, 100), 4);
            Assert.Equal(expectedRows, rows);
            Assert.Equal(0UL, scan.Unmatched);
            (rows, scan) = Run(host, Program(scans: true, 100_000), 4);
            Assert.Equal(expectedRows, rows);
            Assert.Equal(!keepsInner, scan.Unmatched > OuterRows);
        }
    }

    [Fact]
    public void Filters_go_through_groups_by_the_key_and_sorts_and_appends()
    {
        var host = new FakeHost();
        ulong?[][] outer = [Keys(1, OuterRows, 1000, 1), Numbers(OuterRows)];
        int few = host.AddSource(Keys(2, 20, 1000, 1), Numbers(20));
        int source = host.AddSource(outer);
        int table = host.AddTable(s_kinds, GroupRows, outer);
        ProgramWriter Program(bool scans, int keyColumn)
        {
            // Sort by the key; append of one; groups of the key with their numbers of rows, given the other way round.
            ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, [.. s_side, .. s_side]).Add((long)JoinKind.Semi)
                .Add(1).Column(ProgramWriter.Int8, keyColumn).Column(ProgramWriter.Int8, 0).Add(Int8Equal, 0).Add(0);
            program.Node(PlanKind.Sort, s_side).Add(1).Add(1, 412, 0, 0, 0).Node(PlanKind.Append, s_side).Add(1);
            program.Node(PlanKind.Aggregate, s_side).Add(0, 0).Add(1).Add(0, Int8Equal, 0).Add(1).Add(1, 1, 0, 0)
                .Add(1).Add(CountAll, 0).Type(ProgramWriter.Int8).Add(0, 0, 0, -1, -1, 0, 0, 0, 0).Add(0).Add(0);
            _ = scans ? program.Scan(table, s_side) : program.Source(source, s_side);
            program.Add(0).Add(2).Column(ProgramWriter.Int8, 1).Column(ProgramWriter.Int8, 0).NoTail().NoTail();
            return program.Source(few, s_side).NoTail();
        }

        foreach (int keyColumn in new[] { 0, 1 })
        {
            (string[] expected, _) = Run(host, Program(scans: false, keyColumn), 4);
            (string[] rows, NodeStats scan) = Run(host, Program(scans: true, keyColumn), 4);
            Assert.Equal(expected, rows);
            Assert.Equal(keyColumn == 1, scan.Unmatched > OuterRows);
        }
    }
}
