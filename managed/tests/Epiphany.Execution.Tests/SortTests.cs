// Sorts in memory and in files, limits, appended inputs: against .NET's own.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class SortTests
{
    const uint Int4Less = 97;
    const uint Int8Greater = 413;
    const uint Float8Less = 672;

    static ulong?[] Random(int seed, int count, int range, double nulls)
    {
        var random = new Random(seed);
        ulong? Value(int row) => random.NextDouble() < nulls ? null : (ulong)(long)(random.Next(range) - (range / 2));
        return [.. Enumerable.Range(0, count).Select(Value)];
    }

    static int Compare(ulong? a, ulong? b, bool descending, bool nullsFirst) =>
        a == null || b == null
            ? a == b ? 0 : (a == null) == nullsFirst ? -1 : 1
            : ((long)a).CompareTo((long)b) * (descending ? -1 : 1);

    [Theory]
    [InlineData(0, 10, 0.0)]
    [InlineData(1, 10, 0.0)]
    [InlineData(13, 3, 0.5)]
    [InlineData(5000, 7, 0.1)]
    [InlineData(20000, 1000000, 0.01)]
    [InlineData(600000, 1000, 0.01)]
    [InlineData(3000, 2, 1.0)]
    public void Rows_come_in_order(int count, int range, double nulls)
    {
        foreach (bool descending in new[] { false, true })
        {
            foreach (bool nullsFirst in new[] { false, true })
            {
                var host = new FakeHost();
                ulong?[] first = Random(count, count, range, nulls);
                ulong?[] second = Random(count + 1, count, 50, 0.1);
                int source = host.AddSource(first, second);
                ProgramWriter program = new ProgramWriter().Node(PlanKind.Sort, ProgramWriter.Int4, ProgramWriter.Int8)
                    .Add(2)
                    .Add(0, descending ? 521 : Int4Less, 0, descending ? 1 : 0, nullsFirst ? 1 : 0)
                    .Add(1, Int8Greater, 0, 1, 1)
                    .Source(source, ProgramWriter.Int4, ProgramWriter.Int8).NoTail();

                List<(ulong? A, ulong? B)> expected = [.. first.Zip(second)];
                expected.Sort((x, y) => Compare(x.A, y.A, descending, nullsFirst) is var c and not 0 ? c : Compare(x.B, y.B, true, true));
                Assert.Equal(expected, program.Run(host).Select(r => (r[0], r[1])));
                host.Rewind();
                Assert.Equal(expected, program.Run(host, new EngineOptions(1, 1, false)).Select(r => (r[0], r[1])));
            }
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0, 0)]
    [InlineData(100, 1)]
    [InlineData(2040, 3000)]
    [InlineData(29999, 10)]
    public void A_limit_takes_the_first_rows(long offset, long limit)
    {
        var host = new FakeHost();
        ulong?[] values = Random(3, 30000, 1 << 30, 0);
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Limit, ProgramWriter.Int8)
            .Add(1).Const(ProgramWriter.Int8, (ulong)offset).Add(1).Const(ProgramWriter.Int8, (ulong)limit).Add(0)
            .Node(PlanKind.Sort, ProgramWriter.Int8).Add(1).Add(0, 412, 0, 0, 0)
            .Source(host.AddSource(values), ProgramWriter.Int8).NoTail().NoTail();

        Assert.Equal(values.OrderBy(v => (long)v!).Skip((int)offset).Take((int)limit), program.Run(host).Select(r => r[0]));
    }

    /// <summary>Most rows come after those that are wanted are known, and differ from them by either key, or not at all.</summary>
    [Theory]
    [InlineData(1, 1000000, 0.0, 10)]
    [InlineData(2, 3, 0.0, 10)]
    [InlineData(3, 3, 0.4, 500)]
    [InlineData(4, 1, 0.9, 9000)]
    [InlineData(5, 50000, 0.001, 7000)]
    public void A_limit_takes_the_first_rows_by_two_keys(int seed, int range, double nulls, int limit)
    {
        foreach (bool descending in new[] { false, true })
        {
            foreach (bool nullsFirst in new[] { false, true })
            {
                var host = new FakeHost();
                ulong?[] first = Random(seed, 50000, range, nulls);
                ulong?[] second = Random(seed + 10, 50000, 5000, 0.1);
                ProgramWriter program = new ProgramWriter().Node(PlanKind.Limit, ProgramWriter.Int4, ProgramWriter.Int8)
                    .Add(0).Add(1).Const(ProgramWriter.Int8, (ulong)limit).Add(0)
                    .Node(PlanKind.Sort, ProgramWriter.Int4, ProgramWriter.Int8).Add(2)
                    .Add(0, descending ? 521 : Int4Less, 0, descending ? 1 : 0, nullsFirst ? 1 : 0).Add(1, Int8Greater, 0, 1, 1)
                    .Source(host.AddSource(first, second), ProgramWriter.Int4, ProgramWriter.Int8).NoTail().NoTail();

                List<(ulong? A, ulong? B)> expected = [.. first.Zip(second)];
                expected.Sort((x, y) => Compare(x.A, y.A, descending, nullsFirst) is var c and not 0 ? c : Compare(x.B, y.B, true, true));
                Assert.Equal(expected.Take(limit), program.Run(host).Select(r => (r[0], r[1])));
                host.Rewind();
                Assert.Equal(expected.Take(limit), program.Run(host, new EngineOptions(1, 1, false)).Select(r => (r[0], r[1])));
            }
        }
    }

    [Theory]
    [InlineData(664, 950, false)]
    [InlineData(1959, 0, true)]
    public void A_limit_takes_the_first_strings(int order, int collation, bool descending)
    {
        var random = new Random(order);
        string[] strings = [.. Enumerable.Range(0, 30000).Select(_ => new string('x', random.Next(12)) + random.Next(500))];
        var host = new FakeHost();
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Limit, ProgramWriter.Text)
            .Add(0).Add(1).Const(ProgramWriter.Int8, 100).Add(0)
            .Node(PlanKind.Sort, ProgramWriter.Text).Add(1, 0, order, collation, descending ? 1 : 0, 0)
            .Source(host.AddSource([.. strings.Select(s => (ulong?)Values.Of(s, false))]), ProgramWriter.Text).NoTail().NoTail();
        List<string> first = [];
        program.Run(host, row => first.Add(System.Text.Encoding.UTF8.GetString(Varlena.Payload(row[0]!.Value))));
        Array.Sort(strings, string.CompareOrdinal);
        Assert.Equal((descending ? strings.Reverse() : strings).Take(100), first);
    }

    [Fact]
    public void A_negative_limit_is_an_error()
    {
        var host = new FakeHost();
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Limit, ProgramWriter.Int8)
            .Add(0).Add(1).Const(ProgramWriter.Int8, ulong.MaxValue).Add(0)
            .Source(host.AddSource([1UL]), ProgramWriter.Int8).NoTail();

        Assert.Equal(SqlState.Pack("2201W"), Assert.Throws<RaisedException>(() => program.Run(host)).SqlState);
    }

    [Fact]
    public void Floats_are_ordered_as_PostgreSQL_orders_them()
    {
        double[] values = [1, -0.0, double.NaN, double.NegativeInfinity, 0.0, -5e-324, double.PositiveInfinity, -1, double.MaxValue];
        var host = new FakeHost();
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Sort, ProgramWriter.Float8).Add(1).Add(0, Float8Less, 0, 0, 0)
            .Source(host.AddSource([.. values.Select(v => (ulong?)BitConverter.DoubleToUInt64Bits(v))]), ProgramWriter.Float8).NoTail();

        IEnumerable<double> sorted = program.Run(host).Select(r => BitConverter.UInt64BitsToDouble(r[0]!.Value));
        Assert.Equal([double.NegativeInfinity, -1, -5e-324, 0, 0, 1, double.MaxValue, double.PositiveInfinity, double.NaN], sorted);
    }

    [Fact]
    public void Appended_inputs_come_one_after_the_other()
    {
        var host = new FakeHost();
        ulong?[] first = Random(1, 3000, 100, 0.1);
        ulong?[] second = Random(2, 10, 100, 0.1);
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Append, ProgramWriter.Int8).Add(3)
            .Source(host.AddSource(first), ProgramWriter.Int8).Source(host.AddSource([]), ProgramWriter.Int8)
            .Source(host.AddSource(second), ProgramWriter.Int8).NoTail();

        Assert.Equal(first.Concat(second), program.Run(host).Select(r => r[0]));
    }

    /// <summary>Strings that begin alike, repeat, or end in zeros (bytea), beside a second key.</summary>
    [Theory]
    [InlineData(664, 950, false)]
    [InlineData(666, 950, true)]
    [InlineData(1957, 0, false)]
    [InlineData(1959, 0, true)]
    public void Strings_that_begin_alike(int order, int collation, bool descending)
    {
        var random = new Random(order);
        string[] starts = ["", "a", "carefully ", "carefully final ", "carefully final deposits", new string('x', 300), new string('x', 301)];
        string[] ends = order == 1957 || order == 1959 ? ["", "\0", "\0\0\0", "\0\0\0\0\0\0\0\0\0", "b"] : ["", "b", "bc", "ü", "\u0001"];
        ulong[] datums = [.. starts.SelectMany(s => ends.Select(e => Values.Of(s + e, s.Length < 50 && e.Length % 2 == 0)))];
        ulong?[] texts = Values.Mix(random, 9000, 0.05, r => datums[r.Next(datums.Length)]);
        ulong?[] numbers = [.. Enumerable.Range(0, 9000).Select(i => (ulong?)(ulong)random.Next(50))];
        var host = new FakeHost();
        int source = host.AddSource(texts, numbers);
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Sort, ProgramWriter.Text, ProgramWriter.Int4)
            .Add(2, 0, order, collation, descending ? 1 : 0, 0, 1, Int4Less, 0, 0, 0).Source(source, ProgramWriter.Text, ProgramWriter.Int4).NoTail();
        List<(byte[]? Text, ulong Number)> rows = [];
        program.Run(host, row => rows.Add((row[0] == null ? null : Varlena.Payload(row[0]!.Value).ToArray(), row[1]!.Value)));
        Assert.Equal(9000, rows.Count);
        for (int i = 1; i < rows.Count; i++)
        {
            (byte[]? a, byte[]? b) = (rows[i - 1].Text, rows[i].Text);
            int compared = a == null || b == null ? (a == null ? 1 : 0) - (b == null ? 1 : 0)
                : a.AsSpan().SequenceCompareTo(b) * (descending ? -1 : 1);
            Assert.True(compared < 0 || (compared == 0 && rows[i - 1].Number <= rows[i].Number), $"row {i}");
        }
    }
}
