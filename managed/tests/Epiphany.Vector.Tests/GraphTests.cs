// Tests of Vector, graph. Recall beside exact distances, what records contain, that every vertex can be come to, changes while others change,
// and that whatever bytes pages have a search ends.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Epiphany.Vector.Graph;
using Xunit;
using static Epiphany.Vector.Tests.GraphModel;

namespace Epiphany.Vector.Tests;

public unsafe class GraphTests
{
    private const int Dimensions = 48;
    private const int Area = 8160;

    private static readonly GraphOptions s_options =
        new GraphOptions(GraphMetric.L2, ElementKind.Float32, Dimensions, 4, 8, 40, Area, 1).Settled();

    [Theory]
    [InlineData(GraphMetric.L2, ElementKind.Float32, 4, 0.97)]
    [InlineData(GraphMetric.L2, ElementKind.Float32, 1, 0.7)]
    [InlineData(GraphMetric.L2, ElementKind.Float32, 7, 0.97)]
    [InlineData(GraphMetric.Cosine, ElementKind.Float32, 4, 0.97)]
    [InlineData(GraphMetric.InnerProduct, ElementKind.Float32, 4, 0.85)]
    [InlineData(GraphMetric.L1, ElementKind.Float32, 0, 0.97)]
    public void Finds(GraphMetric metric, ElementKind element, int bits, double floor)
    {
        using var vectors = new Samples(3000, Dimensions);
        var options = (s_options with { Metric = metric, Element = element, Bits = bits }).Settled();
        var builder = Build(options, vectors, 2900);
        Assert.InRange(Recall(options, builder, vectors, 2900), floor, 1);
    }

    [Fact]
    public void FindsSparseByLargest()
    {
        var options = new GraphOptions(GraphMetric.Cosine, 0, 0, 0, 8, 40, Area, 1).Settled();
        using var vectors = new Samples(1000, 400);
        int[] indices = Enumerable.Range(0, 400).ToArray();
        fixed (int* from = indices)
        {
            var builder = New(options);
            for (int i = 0; i < 1000; i++)
            {
                ulong tid = (ulong)i;
                Assert.True(builder.Add(new GraphValue((byte*)vectors[i], from, 400), (byte*)&tid));
            }

            builder.Finish();
            var worker = new GraphIndex(options, [], new Memory()).Rent();
            worker.Space.Load(new GraphValue((byte*)vectors[77], from, 400));
            worker.Searcher.Search(builder, builder.Entries, 40, false);
            Assert.Equal(77u, worker.Searcher.Result(0).Vertex);
        }
    }

    [Fact]
    public void RecordsAreWhatPagesHave()
    {
        var options = s_options with { Dimensions = 64, M = 2, EfConstruction = 4 };
        var layout = options.Layout();
        Assert.Equal((4, 20, 64, 88), (layout.MaxLinks, layout.PayloadAt, layout.RowsAt, layout.RecordBytes));
        Assert.Equal((92, 4), (layout.PerPage, layout.RowSlots));
        using var vectors = new Samples(2, 64);
        var builder = Build(options, vectors, 2);
        byte* area = stackalloc byte[Area];
        Assert.Equal(2, builder.Page(0, area));
        Assert.Equal("01000000" + "00000000" + "00000000" + "00000000" + "0100" + "01" + "01", Hex(area, 20));
        Assert.Equal("000000000000", Hex(area + layout.RowsAt, 6));
        Assert.Equal("00000000" + "00000000" + "00000000" + "00000000" + "0100" + "01" + "01", Hex(area + layout.RecordBytes, 20));
        Assert.Equal("010000000000", Hex(area + layout.RecordBytes + layout.RowsAt, 6));
    }

    [Theory]
    [InlineData(3, 7)]
    [InlineData(64, 7)]
    [InlineData(65, 4)]
    [InlineData(16000, 1)]
    public void CodesHaveAsManyBitsAsSuit(int dimensions, int bits) =>
        Assert.Equal(bits, (s_options with { Dimensions = dimensions, Bits = 0, M = 16 }).Settled().Bits);

    [Fact]
    public void TooLargeRecordsHaveNoPage()
    {
        Assert.Equal(0, (s_options with { Metric = GraphMetric.L1, Dimensions = 16000, Bits = 0 }).Settled().Layout().PerPage);
        Assert.True((s_options with { Dimensions = 16000, Bits = 0 }).Settled().Layout().PerPage >= 2);
    }

    [Fact]
    public void EqualVectorsShareRecordsAndAreAllReached()
    {
        using var vectors = new Samples(100, Dimensions);
        var builder = New(s_options);
        for (int i = 0; i < 3000; i++)
        {
            ulong tid = (ulong)i;
            Assert.True(builder.Add(vectors.Value(i < 100 ? i : 7), (byte*)&tid));
        }

        int entries = builder.Entries.Count;
        builder.Finish();
        Assert.InRange(builder.Entries.Count, entries, entries + 5);
        Assert.Equal(3000, AllRows(s_options, builder, builder.Entries, builder.Count).Count);
        Assert.InRange((int)builder.Count, 100, 1500);
    }

    [Fact]
    public void SearchesGoOnUntilEverythingWasFound()
    {
        using var vectors = new Samples(2000, Dimensions);
        var builder = Build(s_options, vectors, 2000);
        var worker = new GraphIndex(s_options, [], new Memory()).Rent();
        worker.Space.Load(vectors.Value(3));
        var found = new HashSet<uint>();
        int count = worker.Searcher.Search(builder, builder.Entries, 30, true);
        while (count > 0)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(found.Add(worker.Searcher.Result(i).Vertex));
            }

            count = worker.Searcher.More(builder, builder.Entries, 30, 2000);
        }

        Assert.Equal(2000, found.Count);
    }

    [Fact]
    public void SearchesGoOnToWhatNothingLeadsTo()
    {
        using var vectors = new Samples(200, Dimensions);
        var store = new Store(s_options);
        store.Insert(vectors, 0, 200);
        store.Cut();
        Assert.Equal(200, store.All(vectors.Value(0)));
    }

    [Fact]
    public void MemoryEndsWithoutTakingAValue()
    {
        using var vectors = new Samples(3000, Dimensions);
        var builder = On(s_options, new GraphArena(s_options.Layout(), new Memory(), 1 << 19));
        int taken = 0;
        ulong tid = 0;
        while (taken < 3000 && builder.Add(vectors.Value(taken), (byte*)&tid))
        {
            taken++;
        }

        Assert.InRange(taken, 1024, 2999);
        Assert.Equal((uint)taken, builder.Count);
    }

    [Fact]
    public void InsertsIntoPagesFindAsBuildsDo()
    {
        using var vectors = new Samples(3000, Dimensions);
        var store = new Store(s_options);
        store.Insert(vectors, 0, 2900);
        Assert.True(store.Recall(vectors, 2900) >= 0.97);
        Assert.Equal(2900, store.Reached());
    }

    [Fact]
    public void ChangesThatOthersWereQuickerForAreMadeAgain()
    {
        using var vectors = new Samples(1500, Dimensions);
        var store = new Store(s_options) { Disturbed = true };
        store.Insert(vectors, 0, 1400);
        Assert.True(store.Recall(vectors, 1400) >= 0.95);
        Assert.Equal(1400, store.Reached());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    public void RepairKeepsTheRestTogether(int keepOneIn)
    {
        using var vectors = new Samples(3000, Dimensions);
        var store = new Store(s_options);
        store.Insert(vectors, 0, 2900);
        store.Delete(i => i % keepOneIn != 0);
        Assert.Equal(store.Live, store.Reached());
        Assert.True(store.Recall(vectors, 2900) >= 0.9);
        store.Insert(vectors, 0, 2900, i => i % keepOneIn != 0);
        Assert.Equal(2900, store.Reached());
        Assert.True(store.Recall(vectors, 2900) >= 0.9);
    }

    [Fact]
    public void AnyBytesEndASearch()
    {
        using var vectors = new Samples(600, Dimensions);
        var random = new Random(5);
        foreach (GraphMetric metric in new[] { GraphMetric.L2, GraphMetric.InnerProduct, GraphMetric.L1 })
        {
            var options = (s_options with { Metric = metric, Bits = 0 }).Settled();
            var store = new Store(options);
            store.Insert(vectors, 0, 500);
            for (int i = 0; i < 200; i++)
            {
                store.Damage(random);
                Assert.InRange(store.Search(vectors.Value(500 + (i % 100)), 40), 0, 40);
                store.Insert(vectors, i % 100, (i % 100) + 1);
            }
        }
    }

    /// <summary>Processes are threads here: what they share is memory.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void ManyMakeOneGraph(int equal)
    {
        const int Builders = 4;
        const int Each = 1500;
        using var vectors = new Samples((Builders * Each) + 100, Dimensions);
        using var area = new SharedArea(GraphArena.Bytes(s_options.Layout(), Builders * Each));
        GraphBuilder first = On(s_options, area.Arena(s_options, true));
        var threads = Enumerable.Range(0, Builders).Select(t => new Thread(() =>
        {
            GraphBuilder builder = On(s_options, area.Arena(s_options, false));
            for (int i = t * Each; i < (t + 1) * Each; i++)
            {
                ulong tid = (ulong)i;
                Assert.True(builder.Add(vectors.Value(equal > 0 && i % 3 == 0 ? i % equal : i), (byte*)&tid));
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        first.Finish();
        Assert.Equal(Builders * Each, AllRows(s_options, first, first.Entries, first.Count).Count);
        if (equal == 0)
        {
            Assert.Equal((uint)(Builders * Each), first.Count);
            double alone = Recall(s_options, Build(s_options, vectors, Builders * Each), vectors, Builders * Each);
            Assert.InRange(Recall(s_options, first, vectors, Builders * Each), alone - 0.03, 1);
        }
    }

    [Fact]
    public void SharedMemoryEndsForAll()
    {
        using var vectors = new Samples(300, Dimensions);
        using var area = new SharedArea(GraphArena.Bytes(s_options.Layout(), 200));
        GraphBuilder one = On(s_options, area.Arena(s_options, true));
        GraphBuilder other = On(s_options, area.Arena(s_options, false));
        ulong tid = 0;
        int taken = 0;
        for (int i = 0; i < 300; i++)
        {
            taken += (i % 2 == 0 ? one : other).Add(vectors.Value(i), (byte*)&tid) ? 1 : 0;
        }

        Assert.InRange(taken, 200, 205);
        Assert.Equal((uint)taken, one.Count);
        Assert.Equal((uint)taken, other.Count);
    }

    private static GraphBuilder New(GraphOptions options) => On(options, new GraphArena(options.Layout(), new Memory(), nuint.MaxValue));

    private static GraphBuilder On(GraphOptions options, GraphArena arena) => new(
        options.MakeSpace([]), options.Layout(), options.M, options.EfConstruction, 0, 0, arena, new Memory(), () => { });

    private static GraphBuilder Build(GraphOptions options, Samples vectors, int count)
    {
        var builder = New(options);
        for (int i = 0; i < count; i++)
        {
            ulong tid = (ulong)i;
            Assert.True(builder.Add(vectors.Value(i), (byte*)&tid));
        }

        builder.Finish();
        Assert.Equal((uint)count, builder.Count);
        return builder;
    }

    private static double Recall(GraphOptions options, VertexSource source, Samples vectors, int count)
    {
        var worker = new GraphIndex(options, [], new Memory()).Rent();
        int hits = 0;
        for (int q = count; q < vectors.Count; q++)
        {
            worker.Space.Load(vectors.Value(q));
            int found = worker.Searcher.Search(source, ((GraphBuilder)source).Entries, 60, false);
            var nearest = vectors.Nearest(options.Metric, q, Enumerable.Range(0, count)).ToHashSet();
            hits += Enumerable.Range(0, found).Count(i => nearest.Contains(FirstRow(options, source, worker.Searcher.Result(i).Vertex)));
        }

        return hits / 10.0 / (vectors.Count - count);
    }

    private static int FirstRow(GraphOptions options, VertexSource source, uint vertex)
    {
        byte* payload;
        byte state;
        source.Payloads(&vertex, 1, &payload, &state);
        GraphLayout layout = options.Layout();
        return *(int*)layout.Row(payload - layout.PayloadAt, 0);
    }

    private static HashSet<int> AllRows(GraphOptions options, VertexSource source, Entries entries, uint end)
    {
        var rows = new HashSet<int>();
        var layout = options.Layout();
        foreach (uint vertex in Reach(source, entries, end))
        {
            uint one = vertex;
            byte* payload;
            byte state;
            source.Payloads(&one, 1, &payload, &state);
            byte* record = payload - layout.PayloadAt;
            for (int i = 0; i < layout.Rows(record); i++)
            {
                Assert.True(rows.Add(*(int*)layout.Row(record, i)));
            }
        }

        return rows;
    }

    /// <summary>Memory that was used before.</summary>
    private sealed class SharedArea(ulong bytes) : IDisposable
    {
        private readonly byte* _at = Filled(bytes);

        internal GraphArena Arena(GraphOptions options, bool cleared) => new(options.Layout(), _at, (nuint)bytes, cleared);

        public void Dispose() => NativeMemory.AlignedFree(_at);

        private static byte* Filled(ulong bytes)
        {
            var at = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            NativeMemory.Fill(at, (nuint)bytes, 0xA5);
            return at;
        }
    }

    private static string Hex(byte* bytes, int count) => Convert.ToHexStringLower(new ReadOnlySpan<byte>(bytes, count));
}
