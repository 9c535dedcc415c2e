// Hash joins in memory and in parts, against nested loops over the same rows.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Against nested loops over the same rows. Sides have a key that may be null and a number of the row.</summary>
public class HashJoinTests
{
    const uint Int4Equal = 65;
    const uint Int8Less = 469;

    static ulong?[] Keys(int seed, int count, int range)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(10) == 0 ? (ulong?)null : (ulong)random.Next(range))];
    }

    static ulong?[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (ulong?)i)];

    static ProgramWriter Program(JoinKind kind, int outer, int inner, bool condition)
    {
        ValueType[] side = [ProgramWriter.Int4, ProgramWriter.Int8];
        ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, [.. side, .. side]).Add((long)kind)
            .Add(1).Column(ProgramWriter.Int4, 0).Column(ProgramWriter.Int4, 0).Add(Int4Equal, 0);
        program = condition
            ? program.Add(1).Call(ProgramWriter.Bool, Int8Less, 2).Column(ProgramWriter.Int8, 1).Column(ProgramWriter.Int8, 3)
            : program.Add(0);
        program.Source(outer, side).Source(inner, side).Add(0);

        // Who asks for one side's rows only is given no others.
        return kind switch
        {
            JoinKind.Semi or JoinKind.Anti => program.Add(2).Column(ProgramWriter.Int4, 0).Column(ProgramWriter.Int8, 1),
            JoinKind.RightAnti or JoinKind.RightSemi => program.Add(2).Column(ProgramWriter.Int4, 2).Column(ProgramWriter.Int8, 3),
            _ => program.Add(-1),
        };
    }

    static IEnumerable<string> Model(JoinKind kind, ulong?[] outer, ulong?[] inner, bool condition)
    {
        bool Match(int o, int i) => outer[o] != null && outer[o] == inner[i] && (!condition || o < i);
        List<(int Outer, int Inner)> pairs = [];
        ILookup<ulong?, int> byKey = Enumerable.Range(0, inner.Length).ToLookup(i => inner[i]);
        for (int o = 0; o < outer.Length; o++)
        {
            pairs.AddRange(byKey[outer[o]].Where(i => Match(o, i)).Select(i => (o, i)));
        }

        IEnumerable<int> outerAlone = Enumerable.Range(0, outer.Length).Except(pairs.Select(p => p.Outer));
        IEnumerable<int> innerAlone = Enumerable.Range(0, inner.Length).Except(pairs.Select(p => p.Inner));
        string Outer(int o) => o < 0 ? "null null" : $"{outer[o]?.ToString() ?? "null"} {o}";
        string Inner(int i) => i < 0 ? "null null" : $"{inner[i]?.ToString() ?? "null"} {i}";
        IEnumerable<string> matched = pairs.Select(p => Outer(p.Outer) + " " + Inner(p.Inner));
        IEnumerable<string> left = outerAlone.Select(o => Outer(o) + " " + Inner(-1));
        IEnumerable<string> right = innerAlone.Select(i => Outer(-1) + " " + Inner(i));
        return kind switch
        {
            JoinKind.Inner => matched,
            JoinKind.Left => matched.Concat(left),
            JoinKind.Right => matched.Concat(right),
            JoinKind.Full => matched.Concat(left).Concat(right),
            JoinKind.Semi => pairs.Select(p => p.Outer).Distinct().Select(Outer),
            JoinKind.Anti => outerAlone.Select(Outer),
            JoinKind.RightSemi => pairs.Select(p => p.Inner).Distinct().Select(Inner),
            _ => innerAlone.Select(Inner),
        };
    }

    static string Text(ulong?[] row) => string.Join(' ', row.Select(v => v?.ToString() ?? "null"));

    public static TheoryData<int, int, int> Sizes => new()
    {
        { 0, 0, 1 }, { 0, 5, 3 }, { 5, 0, 3 }, { 1, 1, 1 }, { 300, 200, 10 }, { 5000, 3000, 4000 }, { 6000, 100, 50 },
        { 100, 6000, 30 }, { 5000, 10000, 8000 }, { 60, 9000, 2 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_kind_of_join_gives_what_nested_loops_give(int outerRows, int innerRows, int range)
    {
        foreach (JoinKind kind in Enum.GetValues<JoinKind>())
        {
            foreach (bool condition in new[] { false, true })
            {
                var host = new FakeHost();
                ulong?[] outer = Keys(1, outerRows, range);
                ulong?[] inner = Keys(2, innerRows, range);
                int outerSource = host.AddSource(outer, Numbers(outerRows));
                int innerSource = host.AddSource(inner, Numbers(innerRows));
                List<ulong?[]> rows = Program(kind, outerSource, innerSource, condition).Run(host);

                IEnumerable<string> expected = Model(kind, outer, inner, condition).Order();
                Assert.Equal(expected, rows.Select(Text).Order());
                host.Rewind();
                List<ulong?[]> spilled = Program(kind, outerSource, innerSource, condition).Run(host, new EngineOptions(1, 1, false));
                Assert.Equal(expected, spilled.Select(Text).Order());
            }
        }
    }

    /// <summary>Of so many keys some have hashes that are alike in 32 bits: those get their numbers late.</summary>
    [Fact]
    public void Rows_of_many_distinct_keys_are_found()
    {
        const int Rows = 600_000;
        var host = new FakeHost();
        ulong?[] numbers = Numbers(Rows);
        ulong?[] ones = [.. Enumerable.Range(0, Rows).Select(i => (ulong?)(i % 1000))];
        ValueType[] side = [ProgramWriter.Int8, ProgramWriter.Int8];
        const uint Int8Equal = 467;
        ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, [.. side, .. side]).Add((long)JoinKind.Inner)
            .Add(2).Column(ProgramWriter.Int8, 0).Column(ProgramWriter.Int8, 0).Add(Int8Equal, 0)
            .Column(ProgramWriter.Int8, 1).Column(ProgramWriter.Int8, 1).Add(Int8Equal, 0).Add(0)
            .Source(host.AddSource(ones, numbers), side).Source(host.AddSource(ones, numbers), side).NoTail();

        int count = 0;
        program.Run(
            host,
            row =>
            {
                Assert.Equal(row[1], row[3]);
                count++;
            },
            new EngineOptions(1UL << 30, 1UL << 30, false));
        Assert.Equal(Rows, count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(7)]
    public unsafe void A_rescan_gives_the_same_rows(int joinKind)
    {
        var kind = (JoinKind)joinKind;
        var host = new FakeHost();
        int outer = host.AddSource(Keys(1, 500, 100), Numbers(500));
        int inner = host.AddSource(Keys(2, 300, 100), Numbers(300));
        fixed (long* words = Program(kind, outer, inner, false).Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(1 << 20, 1 << 20, false), words, Program(kind, outer, inner, false).Words.Count);
            string[] first = [.. ProgramWriter.Rows(engine).Select(Text).Order()];
            host.Rewind();
            engine.Rescan();
            Assert.Equal(first, ProgramWriter.Rows(engine).Select(Text).Order());
        }
    }
}
