// Memory of operators that keep rows, where values are long: what the host has handed out, against the budget.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class MemoryTests
{
    const uint TextLess = 664;
    const uint TextEqual = 67;
    const uint Int4Equal = 65;
    const int Rows = 6000;
    const int Length = 8000;
    const ulong Budget = 2 << 20;

    /// <summary>
    /// What comes on top of the budget: 16 files, of each side of a join, with two slices and a batch's lanes in and out; a hash table that doubles.
    /// </summary>
    const ulong Besides = 16 << 20;

    static readonly ValueType s_text = ProgramWriter.Text with { Collation = 950 };

    /// <summary>Distinct strings of 8 kB, and numbers. The source's are not counted.</summary>
    static ulong?[][] Columns()
    {
        ulong[] texts = [.. Enumerable.Range(0, Rows).Select(i => Values.Of((i * 7919 % Rows).ToString("D8") + new string('x', Length)))];
        return [[.. texts.Select(t => (ulong?)t)], [.. Enumerable.Range(0, Rows).Select(i => (ulong?)(ulong)i)]];
    }

    static void Check(FakeHost host, ProgramWriter program, int rows)
    {
        ulong before = host.Allocated;
        host.ForgetPeak();
        int seen = 0;
        program.Run(host, _ => seen++, new EngineOptions(Budget, Budget, false));
        Assert.Equal(rows, seen);
        Assert.InRange(host.Peak - before, Budget / 4, Budget + Besides);
    }

    [Fact]
    public void A_sort_keeps_to_its_budget()
    {
        var host = new FakeHost();
        Check(host, new ProgramWriter().Node(PlanKind.Sort, s_text, ProgramWriter.Int4).Add(1, 0, TextLess, 950, 0, 0)
            .Source(host.AddSource(Columns()), s_text, ProgramWriter.Int4).NoTail(), Rows);
    }

    [Fact]
    public void Groups_keep_to_their_budget()
    {
        var host = new FakeHost();
        ProgramWriter program = AggregateWriter.Aggregate(
            host, [s_text, ProgramWriter.Int4], Columns(), [(0, TextEqual)], [new TestAggregate(2803, ProgramWriter.Int8)]);
        Check(host, program, Rows);
    }

    [Fact]
    public void Distinct_values_keep_to_their_budget()
    {
        var host = new FakeHost();
        ProgramWriter program = AggregateWriter.Aggregate(
            host, [s_text, ProgramWriter.Int4], Columns(), [], [new TestAggregate(2147, ProgramWriter.Int8, 0, IsDistinct: true)]);
        Check(host, program, 1);
    }

    [Fact]
    public void A_join_keeps_to_its_budget()
    {
        var host = new FakeHost();
        ulong?[][] columns = Columns();
        ProgramWriter program = new ProgramWriter().Node(PlanKind.HashJoin, s_text, ProgramWriter.Int4, s_text, ProgramWriter.Int4)
            .Add((long)JoinKind.Inner).Add(1).Column(ProgramWriter.Int4, 1).Column(ProgramWriter.Int4, 1).Add(Int4Equal, 0).Add(0)
            .Source(host.AddSource(columns), s_text, ProgramWriter.Int4).Source(host.AddSource(columns), s_text, ProgramWriter.Int4).NoTail();
        Check(host, program, Rows);
    }
}
