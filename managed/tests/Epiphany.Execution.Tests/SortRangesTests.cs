// Sorts that take a scan's rows by ranges of their first key: against .NET's own sort, and they must not read much more than once.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class SortRangesTests
{
    const uint Int4Less = 97;
    const uint Int4Greater = 521;
    const uint Int8Less = 412;
    const uint TextLess = 664;
    const uint TextGreater = 666;
    const int GroupRows = 8 * Batch.Capacity;
    const int Series = 400;
    const ulong Memory = 1 << 20;

    /// <summary>Rows of a table whose groups are sorted by series and time, with late rows, and series without a name, as all of one group.</summary>
    static List<(int? Series, int Time)> Readings(int groups, int seed, Func<int, string> name)
    {
        var random = new Random(seed);
        List<(int? Series, int Time)> rows = [];
        for (int g = 0; g < groups; g++)
        {
            int first = g * 1000;
            rows.AddRange(Enumerable.Range(0, GroupRows).Select(_ => (Series: random.Next(Series), Time: first + random.Next(1000)))
                .Select(r => (Series: r.Series % 90 == 5 || g == 3 ? (int?)null : r.Series, r.Time))
                .OrderBy(r => r.Series is { } s ? name(s) : "without", StringComparer.Ordinal).ThenBy(r => r.Time));
        }

        return rows;
    }

    static string Name(int series) => $"series {(series * 7 % Series):d4}";

    [Theory]
    [InlineData(false, false, false, -1)]
    [InlineData(false, true, false, -1)]
    [InlineData(false, false, true, -1)]
    [InlineData(false, true, true, -1)]
    [InlineData(true, false, false, -1)]
    [InlineData(true, true, false, -1)]
    [InlineData(true, false, true, -1)]
    [InlineData(true, true, true, -1)]
    [InlineData(true, false, false, 300)]
    [InlineData(true, true, true, 9000)]
    [InlineData(true, true, false, 40000)]
    public void Rows_come_in_order(bool byName, bool descending, bool nullsFirst, int limit)
    {
        Func<int, string> sortedBy = byName ? Name : series => $"{series:d4}";
        List<(int? Series, int Time)> rows = Readings(12, 1, sortedBy);
        List<(int? Series, int Time)> heap = Readings(1, 2, sortedBy)[..5000];
        heap.AddRange([(Series + 1, 17), (-1, 18), (null, 19)]);
        Dictionary<int, ulong> names = Enumerable.Range(-1, Series + 3).ToDictionary(s => s, s => Values.Of(Name(s)));
        ulong? Key(int? series) => series is not { } s ? null : byName ? names[s] : Values.Of(s);
        ulong?[][] Columns(List<(int? Series, int Time)> from) => [[.. from.Select(r => Key(r.Series))], [.. from.Select(r => (ulong?)r.Time)]];

        var host = new FakeHost();
        ValueType type = byName ? ProgramWriter.Text : ProgramWriter.Int4;
        ColumnKind[] kinds = [byName ? ColumnKind.VarBytes : ColumnKind.Int32, ColumnKind.Int64];
        int scan = host.AddTable(new FakeTable(host, kinds, Columns(rows), GroupRows) { Heap = Columns(heap) });
        long less = byName ? descending ? TextGreater : TextLess : descending ? Int4Greater : Int4Less;
        var program = new ProgramWriter { Expected = rows.Count + heap.Count };
        if (limit >= 0)
        {
            program.Node(PlanKind.Limit, type, ProgramWriter.Int8).Add(0).Add(1).Const(ProgramWriter.Int8, (ulong)limit).Add(0);
        }

        program.Node(PlanKind.Sort, type, ProgramWriter.Int8)
            .Add(2).Add(0, less, byName ? 950 : 0, descending ? 1 : 0, nullsFirst ? 1 : 0).Add(1, Int8Less, 0, 0, 0)
            .Scan(scan, type, ProgramWriter.Int8).NoTail();
        if (limit >= 0)
        {
            program.NoTail();
        }

        List<(int? Series, int Time)> expected = [.. rows, .. heap];
        int Compare(int? a, int? b) => (a, b) switch
        {
            (null, null) => 0,
            (null, _) => nullsFirst ? -1 : 1,
            (_, null) => nullsFirst ? 1 : -1,
            _ => (byName ? string.CompareOrdinal(Name(a.Value), Name(b.Value)) : a.Value.CompareTo(b.Value)) * (descending ? -1 : 1),
        };
        expected.Sort((x, y) => Compare(x.Series, y.Series) is var c and not 0 ? c : x.Time.CompareTo(y.Time));
        string Show(int? series) => series is not { } s ? "null" : byName ? Name(s) : $"{s}";
        List<string> wanted = [.. expected.Take(limit < 0 ? expected.Count : limit).Select(r => $"{Show(r.Series)} {r.Time}")];

        fixed (long* words = program.Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(Memory, Memory, false), words, program.Words.Count);
            for (int run = 0; run < 2; run++)
            {
                List<string> found = [];
                string Read(ulong? key) => key is not { } k ? "null" : byName ? Values.Text(k) : $"{(int)k}";
                ProgramWriter.Rows(engine, row => found.Add($"{Read(row[0])} {row[1]}"));
                Assert.Equal(wanted, found);
                NodeStats sort = engine.Stats(limit >= 0 ? 1 : 0)!;
                NodeStats column = engine.Stats(limit >= 0 ? 2 : 1)!;
                Assert.True(limit >= 0 || sort.Ranges > 5, $"{sort.Ranges} ranges");
                Assert.True(sort.Ranges > 0);
                if (run == 0)
                {
                    ulong vectors = (ulong)rows.Count / Batch.Capacity;
                    Assert.InRange(column.VectorsRead, 1UL, limit == 300 ? vectors / 2 : vectors * 4);
                }

                host.Rewind();
                engine.Rescan();
            }
        }
    }
}
