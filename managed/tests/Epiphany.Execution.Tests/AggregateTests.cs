// Groups and their aggregates, against a plain model.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class AggregateTests
{
    const uint Int4Equal = 65;
    const uint Int8Equal = 467;

    static readonly ValueType[] s_types = [ProgramWriter.Int4, ProgramWriter.Int4, ProgramWriter.Float8, ProgramWriter.Bool];

    [Theory]
    [InlineData(0, 1, 10, 1)]
    [InlineData(1, 1, 10, 1)]
    [InlineData(5000, 1, 10, 1)]
    [InlineData(5000, 5, 10, 1)]
    [InlineData(5000, 8, 10, 1)]
    [InlineData(5000, 9, 10, 1)]
    [InlineData(20000, 3000, 10, 1)]
    [InlineData(20000, 3000, 0, 1)]
    [InlineData(20000, 100000, 10, 1)]
    [InlineData(50000, 50000, 10, 7919)]
    public void Groups_of_integers_equal_the_model(int count, int groups, int nullPercent, int spread)
    {
        var random = new Random(count + groups);
        ulong? Maybe(ulong value) => random.Next(100) < nullPercent ? null : value;
        ulong?[] keys = [.. Enumerable.Range(0, count).Select(_ => Maybe((ulong)((long)random.Next(groups) * spread)))];
        ulong?[] integers = [.. Enumerable.Range(0, count).Select(_ => Maybe((ulong)(long)random.Next(int.MinValue, int.MaxValue)))];
        ulong?[] floats = [.. Enumerable.Range(0, count).Select(_ => Maybe(BitConverter.DoubleToUInt64Bits(random.NextDouble())))];
        ulong?[] flags = [.. Enumerable.Range(0, count).Select(_ => Maybe((ulong)random.Next(2)))];
        ulong?[][] columns = [keys, integers, floats, flags];
        TestAggregate[] aggregates =
        [
            new(2803, ProgramWriter.Int8),
            new(2147, ProgramWriter.Int8, 1),
            new(2108, ProgramWriter.Int8, 1),
            new(2132, ProgramWriter.Int4, 1),
            new(2116, ProgramWriter.Int4, 1),
            new(2111, ProgramWriter.Float8, 2),
            new(2105, ProgramWriter.Float8, 2),
            new(2517, ProgramWriter.Bool, 3),
            new(2108, ProgramWriter.Int8, 1, 3),
        ];
        var host = new FakeHost();
        List<ulong?[]> rows = AggregateWriter.Aggregate(host, s_types, columns, [(0, Int4Equal)], aggregates).Run(host);

        Dictionary<long, ulong?[]> found = rows.ToDictionary(r => (long?)r[0] ?? long.MinValue);
        var expected = Enumerable.Range(0, count).GroupBy(i => (long?)keys[i] ?? long.MinValue).ToList();
        Assert.Equal(expected.Count, found.Count);
        foreach (IGrouping<long, int> group in expected)
        {
            long[] values = [.. group.Where(i => integers[i] != null).Select(i => (long)integers[i]!)];
            double[] doubles = [.. group.Where(i => floats[i] != null).Select(i => BitConverter.UInt64BitsToDouble(floats[i]!.Value))];
            long[] filtered = [.. group.Where(i => integers[i] != null && flags[i] == 1).Select(i => (long)integers[i]!)];
            ulong[] bools = [.. group.Where(i => flags[i] != null).Select(i => flags[i]!.Value)];
            ulong?[] row = found[group.Key];
            Assert.Equal(
                [
                    (ulong)group.Count(), (ulong)values.Length, values.Length == 0 ? null : (ulong)values.Sum(),
                    values.Length == 0 ? null : (ulong)values.Min(), values.Length == 0 ? null : (ulong)values.Max(),
                    doubles.Length == 0 ? null : Bits(doubles.Aggregate((a, b) => a + b)),
                    doubles.Length == 0 ? null : Bits(doubles.Aggregate((a, b) => a + b) / doubles.Length),
                    bools.Length == 0 ? null : bools.Min(), filtered.Length == 0 ? null : (ulong)filtered.Sum(),
                ],
                row[1..]);
        }
    }

    /// <summary>Runs of a group's rows, that come again within the batch: sums keep the order of rows; the last zero stays.</summary>
    [Theory]
    [InlineData(1, 300)]
    [InlineData(3, 300)]
    [InlineData(40, 300)]
    [InlineData(40, 12)]
    public void Sums_and_extremes_of_runs_are_those_of_one_row_after_another(int groups, int longest)
    {
        const int Count = 30000;
        double[] odd = [double.NaN, double.PositiveInfinity, 0.0, -0.0, 1e17, -1e17];
        var random = new Random(groups);
        ulong?[] keys = new ulong?[Count];
        ulong?[] calm = new ulong?[Count];
        ulong?[] wild = new ulong?[Count];
        for (int i = 0, end = 0; i < Count; i++)
        {
            bool isNew = i == end;
            end = isNew ? i + random.Next(1, longest) : end;
            keys[i] = isNew ? (ulong)random.Next(groups) : keys[i - 1];
            calm[i] = Bits((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 17)));
            wild[i] = Bits(random.Next(3) > 0 ? -0.0 : odd[keys[i]!.Value % 5 == 0 ? random.Next(6) : 2 + random.Next(2)]);
        }

        var host = new FakeHost();
        List<ulong?[]> rows = AggregateWriter.Aggregate(
            host, [ProgramWriter.Int4, ProgramWriter.Float8, ProgramWriter.Float8], [keys, calm, wild], [(0, Int4Equal)],
            [
                new(2105, ProgramWriter.Float8, 1), new(2120, ProgramWriter.Float8, 1), new(2136, ProgramWriter.Float8, 1),
                new(2105, ProgramWriter.Float8, 2), new(2120, ProgramWriter.Float8, 2), new(2136, ProgramWriter.Float8, 2),
            ]).Run(host);
        foreach (ulong?[] row in rows)
        {
            double[] Of(ulong?[] column) =>
                [.. Enumerable.Range(0, Count).Where(i => keys[i] == row[0]).Select(i => BitConverter.UInt64BitsToDouble(column[i]!.Value))];
            foreach ((double[] values, int at) in new[] { (Of(calm), 1), (Of(wild), 4) })
            {
                // NaN is above everything; of equal values the later one stays.
                double greatest = values.Aggregate((a, b) => a > b || (double.IsNaN(a) && !double.IsNaN(b)) ? a : b);
                double least = values.Aggregate((a, b) => a < b || (double.IsNaN(b) && !double.IsNaN(a)) ? a : b);
                double average = values.Aggregate(0.0, (a, b) => a + b) / values.Length;
                Assert.True(row[at] == Bits(average) || (double.IsNaN(average) && double.IsNaN(BitConverter.UInt64BitsToDouble(row[at]!.Value))));
                Assert.Equal([Bits(greatest), Bits(least)], row[(at + 1)..(at + 3)]);
            }
        }
    }

    [Fact]
    public void Without_keys_there_is_one_group_also_of_no_rows()
    {
        var host = new FakeHost();
        ulong?[] row = AggregateWriter.Aggregate(
            host, s_types, [[], [], [], []], [],
            [new(2803, ProgramWriter.Int8), new(2108, ProgramWriter.Int8, 1), new(2132, ProgramWriter.Int4, 1), new(2105, ProgramWriter.Float8, 2)])
            .Run(host).Single();
        Assert.Equal([0, null, null, null], row);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2047)]
    [InlineData(10000)]
    public void Without_keys_all_rows_are_one_group(int count)
    {
        var host = new FakeHost();
        ulong?[] values = [.. Enumerable.Range(0, count).Select(i => (ulong?)(ulong)(i - 3))];
        ulong?[] row = AggregateWriter.Aggregate(
            host, s_types, [values, values, values, values], [],
            [new(2803, ProgramWriter.Int8), new(2108, ProgramWriter.Int8, 1), new(2132, ProgramWriter.Int4, 1), new(2116, ProgramWriter.Int4, 1)])
            .Run(host).Single();
        Assert.Equal(
            [(ulong)count, (ulong)values.Sum(v => (long)v!), (ulong)values.Min(v => (long)v!), (ulong)values.Max(v => (long)v!)], row);
    }

    [Fact]
    public void Other_columns_come_from_the_first_row_and_two_keys_make_pairs()
    {
        var host = new FakeHost();
        ulong?[] a = [.. Enumerable.Range(0, 9000).Select(i => i % 7 == 0 ? (ulong?)null : (ulong)(i % 7))];
        ulong?[] b = [.. Enumerable.Range(0, 9000).Select(i => i % 11 == 0 ? (ulong?)null : (ulong)(i % 11))];
        ulong?[] c = [.. Enumerable.Range(0, 9000).Select(i => (ulong?)i)];
        List<ulong?[]> rows = AggregateWriter.Aggregate(
            host, [ProgramWriter.Int4, ProgramWriter.Int8, ProgramWriter.Int8], [a, b, c], [(0, Int4Equal), (1, Int8Equal)],
            [new(2803, ProgramWriter.Int8)], others: [2]).Run(host);
        IEnumerable<ulong?[]> expected = Enumerable.Range(0, 9000).GroupBy(i => (a[i], b[i]))
            .Select(g => new ulong?[] { g.Key.Item1, g.Key.Item2, (ulong)g.Count(), (ulong)g.First() });
        Assert.Equal(expected, rows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200_000)]
    [InlineData(1_500_000)]
    public void Groups_beyond_memory_go_through_files(int budget)
    {
        const int Count = 60000;
        var host = new FakeHost();
        var random = new Random(budget);
        ulong?[] keys = [.. Enumerable.Range(0, Count).Select(_ => random.Next(50) == 0 ? (ulong?)null : (ulong)random.Next(20000) * 1000003)];
        ulong?[] texts = [.. keys.Select(k => k == null ? (ulong?)null : TextDatum(host, "a long enough key " + k))];
        ulong?[] values = [.. Enumerable.Range(0, Count).Select(i => (ulong?)i)];
        ProgramWriter program = AggregateWriter.Aggregate(
            host, [ProgramWriter.Int8, ProgramWriter.Text, ProgramWriter.Int4], [keys, texts, values], [(1, 67), (0, Int8Equal)],
            [new(2803, ProgramWriter.Int8), new(2108, ProgramWriter.Int8, 2), new(2147, ProgramWriter.Int8, 2, IsDistinct: true)], others: [0]);
        var found = new Dictionary<ulong, string>();
        program.Run(
            host, r => found.Add(r[1] ?? ulong.MaxValue, $"{Text(r[0])} {r[2]} {r[3]} {r[4]} {r[5]}"),
            new EngineOptions(1UL << 26, (ulong)budget, false));

        Dictionary<ulong, string> expected = Enumerable.Range(0, Count).GroupBy(i => keys[i]).ToDictionary(
            g => g.Key ?? ulong.MaxValue,
            g => $"{(g.Key == null ? null : "a long enough key " + g.Key)} {g.Count()} {g.Sum(i => (long)i)} {g.Count()} {g.Key}");
        Assert.Equal(expected, found);
    }

    static unsafe ulong TextDatum(FakeHost host, string text) => NumericText.Varlena(host, System.Text.Encoding.UTF8.GetBytes(text));

    static string? Text(ulong? datum) => datum == null ? null : System.Text.Encoding.UTF8.GetString(Varlena.Payload(datum.Value));

    [Fact]
    public unsafe void A_rescan_starts_anew()
    {
        var host = new FakeHost();
        ulong?[] keys = [.. Enumerable.Range(0, 5000).Select(i => (ulong?)(i % 3000))];
        ProgramWriter program = AggregateWriter.Aggregate(host, [ProgramWriter.Int4], [keys], [(0, Int4Equal)], [new(2803, ProgramWriter.Int8)]);
        fixed (long* words = program.Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(1UL << 26, 1UL << 26, false), words, program.Words.Count);
            List<ulong?[]> first = ProgramWriter.Rows(engine);
            host.Rewind();
            engine.Rescan();
            Assert.Equal(first, ProgramWriter.Rows(engine));
            Assert.Equal(3000, first.Count);
        }
    }

    [Fact]
    public void Groups_come_in_the_order_that_is_asked_for()
    {
        const uint Int4Greater = 521;
        var host = new FakeHost();
        ulong?[] keys = [.. Enumerable.Range(0, 9000).Select(i => i % 1000 == 999 ? (ulong?)null : (ulong)(i * 7919L % 5000))];
        List<ulong?[]> rows = AggregateWriter.Aggregate(
            host, [ProgramWriter.Int4], [keys], [(0, Int4Equal)], [new(2803, ProgramWriter.Int8)],
            orders: [0, Int4Greater, 0, 1, 1]).Run(host);
        IEnumerable<ulong?[]> expected = keys.GroupBy(k => k).OrderByDescending(g => g.Key ?? ulong.MaxValue)
            .Select(g => new ulong?[] { g.Key, (ulong)g.Count() });
        Assert.Equal(expected, rows);
    }

    static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
}
