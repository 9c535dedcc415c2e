// The first row of each series: none is turned away, and few others are kept. Through the class alone, and through a scan of groups.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class SeriesFirstsTests
{
    const uint Int8Equal = 467;

    [Theory]
    [InlineData(7, false, false)]
    [InlineData(300, true, true)]
    [InlineData(2000, true, false)]
    [InlineData(5000, false, true)]
    public void It_keeps_the_first_of_each_series(int series, bool descending, bool nullsFirst)
    {
        FakeHost host = new();
        var context = new EngineContext(host, new EngineOptions(1 << 20, 1 << 24, false));
        var firsts = new SeriesFirsts([new KeyPart(0, Int8Equal, 0)], [ProgramWriter.Int8], descending, nullsFirst, context);
        var order = Comparer<long?>.Create((a, b) => (a, b) switch
        {
            (null, null) => 0,
            (null, _) => nullsFirst ? -1 : 1,
            (_, null) => nullsFirst ? 1 : -1,
            _ => descending ? b!.Value.CompareTo(a!.Value) : a!.Value.CompareTo(b!.Value),
        });
        Random random = new(series);
        ushort* selected = stackalloc ushort[Batch.Capacity];
        for (int run = 0; run < 2; run++)
        {
            firsts.Begin();
            Dictionary<ulong, long?> best = [];
            int kept = 0;
            for (int batch = 0; batch < 8; batch++)
            {
                ulong[] names = [.. Enumerable.Range(0, Batch.Capacity).Select(_ => (ulong)random.Next(series))];
                long?[] times = [.. names.Select((_, i) =>
                    i % 97 == 3 ? (long?)null : i % 89 == 1 ? long.MinValue : i % 83 == 2 ? long.MaxValue : random.Next(-500, 500))];
                for (int i = 0; i < names.Length; i++)
                {
                    if (!best.TryGetValue(names[i], out long? time) || order.Compare(times[i], time) < 0)
                    {
                        best[names[i]] = times[i];
                    }
                }

                var known = new HashSet<int>(Keep(firsts, names, times, selected));
                kept += known.Count;
                for (int i = 0; i < names.Length; i++)
                {
                    Assert.True(known.Contains(i) || order.Compare(times[i], best[names[i]]) > 0, "a first was turned away");
                }
            }

            Assert.True(kept < (series * 30) + 512, $"{kept} rows were kept of {series} series");
        }
    }

    /// <summary>Runs of rows of one series, which may come again in the batch: rows are kept that are not after the least so far.</summary>
    [Theory]
    [InlineData(3, false)]
    [InlineData(40, true)]
    public void Rows_of_runs_are_kept_like_others(int series, bool descending)
    {
        FakeHost host = new();
        var context = new EngineContext(host, new EngineOptions(1 << 20, 1 << 24, false));
        var firsts = new SeriesFirsts([new KeyPart(0, Int8Equal, 0)], [ProgramWriter.Int8], descending, false, context);
        Random random = new(series);
        ushort* selected = stackalloc ushort[Batch.Capacity];
        Dictionary<ulong, long> best = [];
        firsts.Begin();
        for (int batch = 0; batch < 20; batch++)
        {
            ulong[] names = new ulong[Batch.Capacity - batch];
            for (int i = 0, end = 0; i < names.Length; i++)
            {
                bool isNew = i == end;
                end = isNew ? i + random.Next(1, 200) : end;
                names[i] = isNew ? (ulong)random.Next(series) : names[i - 1];
            }

            long?[] times = [.. names.Select(_ => (long?)random.Next(-500, 500))];
            long Rank(int i) => descending ? -times[i]!.Value : times[i]!.Value;
            for (int i = 0; i < names.Length; i++)
            {
                best[names[i]] = Math.Min(best.GetValueOrDefault(names[i], long.MaxValue), Rank(i));
            }

            Assert.Equal(Enumerable.Range(0, names.Length).Where(i => Rank(i) <= best[names[i]]), Keep(firsts, names, times, selected));
        }
    }

    [Fact]
    public void It_gives_up_where_every_row_is_a_series()
    {
        FakeHost host = new();
        var context = new EngineContext(host, new EngineOptions(1 << 20, 1 << 28, false));
        var firsts = new SeriesFirsts([new KeyPart(0, Int8Equal, 0)], [ProgramWriter.Int8], false, false, context);
        ushort* selected = stackalloc ushort[Batch.Capacity];
        firsts.Begin();
        ulong next = 0;
        for (int batch = 0; batch < 128; batch++)
        {
            Assert.True(firsts.IsOn);
            Keep(firsts, [.. Enumerable.Range(0, Batch.Capacity).Select(_ => next++)], new long?[Batch.Capacity], selected);
        }

        Assert.False(firsts.IsOn);
        firsts.Begin();
        Assert.True(firsts.IsOn);
    }

    static int[] Keep(SeriesFirsts firsts, ulong[] names, long?[] times, ushort* selected)
    {
        ulong[] lanes = [.. times.Select(t => (ulong)(t ?? 0))];
        byte[] nulls = [.. times.Select(t => t == null ? (byte)1 : (byte)0)];
        fixed (ulong* n = names)
        fixed (ulong* t = lanes)
        fixed (byte* isNull = nulls)
        {
            Vector series = new();
            series.SetDatums(n, null);
            Vector time = new();
            time.SetDatums(t, times.Contains(null) ? isNull : null);
            Rows rows = firsts.Keep([series], time, names.Length, Rows.All(names.Length), selected);
            int[] kept = new int[rows.Count];
            for (int i = 0; i < kept.Length; i++)
            {
                kept[i] = rows[i];
            }

            return kept;
        }
    }
}
