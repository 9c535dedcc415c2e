// Interop layer. The exports for graphs of vectors: the boundary's structs to and from Vector's types, and no decisions.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector;
using Epiphany.Vector.Graph;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus GraphMeasure(PgeGraphOptions* options, PgeGraphShape* shape)
    {
        try
        {
            Host.Enter();
            GraphOptions settled = Options(options).Settled();
            Describe(settled, settled.Layout(), shape);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphOpen(void* context, PgeGraphOptions* options, PgeGraphShape* shape, ulong* handle)
    {
        try
        {
            Host.Enter();
            GraphOptions settled = Options(options).Settled();
            var index = new GraphIndex(settled, Centroid(options), new GraphMemory(context));
            Describe(settled, index.Layout, shape);
            *handle = Handles.Add(new GraphHandle(index));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphEntries(ulong handle, void* host, uint* vertices, int count)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            graph.Index.SetEntries(graph.Host.By(host), new ReadOnlySpan<uint>(vertices, count));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphSearch(
        ulong handle,
        void* host,
        PgeGraphValue* query,
        int ef,
        int resumable,
        float caution,
        PgeGraphCandidate* candidates,
        int* count,
        float* reach,
        ulong* search)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            GraphWorker worker = WorkerOf(graph, search);
            worker.Space.Load(Value(query));
            worker.Searcher.Search(graph.Host.By(host), graph.Index.Entries, ef, resumable != 0);
            *count = worker.Searcher.Candidates(graph.Host, caution, (Candidate*)candidates, out *reach);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphMore(
        ulong search,
        ulong handle,
        void* host,
        int ef,
        uint end,
        float caution,
        PgeGraphCandidate* candidates,
        int* count,
        float* reach,
        long* visited)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            Searcher searcher = Handles.Get<GraphSearchHandle>(search).Worker!.Searcher;
            searcher.More(graph.Host.By(host), graph.Index.Entries, ef, end);
            *count = searcher.Candidates(graph.Host, caution, (Candidate*)candidates, out *reach);
            *visited = searcher.Visited;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphEstimate(
        ulong handle, void* host, PgeGraphValue* query, float caution, PgeGraphCandidate* candidates, int* count, ulong* search)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            GraphWorker worker = WorkerOf(graph, search);
            worker.Space.Load(Value(query));
            *count = worker.Searcher.Estimate(graph.Host.By(host), caution, (Candidate*)candidates, *count);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphRelease(ulong search)
    {
        try
        {
            Host.Enter();
            Handles.Get<GraphSearchHandle>(search).Release();

            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphInsert(ulong handle, void* host, PgeGraphValue* value, byte* tid, long vertices)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            GraphWorker worker = graph.Index.Rent();
            new GraphWriter(graph.Index, worker, graph.Host.By(host)).Insert(Value(value), tid, vertices);
            graph.Index.Return(worker);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphRepair(ulong handle, void* host, uint vertex, uint* links, int* count, ulong* going, uint end)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            GraphWorker worker = graph.Index.Rent();
            new GraphWriter(graph.Index, worker, graph.Host.By(host)).Repair(vertex, links, ref *count, going, end);
            graph.Index.Return(worker);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphEnsure(ulong handle, void* host, void* context, ulong* going, uint first, uint end, long* added)
    {
        try
        {
            Host.Enter();
            GraphHandle graph = Handles.Get<GraphHandle>(handle);
            GraphHost store = graph.Host.By(host);
            *added = Reachability.Ensure(store, new GraphMemory(context), first, end, graph.Index.Entries, going, store.AddEntry);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuildBytes(PgeGraphOptions* options, ulong vertices, ulong* bytes)
    {
        try
        {
            Host.Enter();
            *bytes = GraphArena.Bytes(Options(options).Settled().Layout(), vertices);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuild(
        void* context, PgeGraphOptions* options, void* area, ulong bytes, int joins, uint first, ulong* handle)
    {
        try
        {
            Host.Enter();
            GraphOptions settled = Options(options).Settled();
            GraphLayout layout = settled.Layout();
            var memory = new GraphMemory(context);
            *handle = Handles.Add(new GraphBuilder(
                settled.MakeSpace(Centroid(options)),
                layout,
                settled.M,
                settled.EfConstruction,
                first,
                options->PagesPerGroup,
                area == null ? new GraphArena(layout, memory, (nuint)bytes) : new GraphArena(layout, (byte*)area, (nuint)bytes, joins == 0),
                memory,
                Host.Poll));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuildAdd(ulong handle, PgeGraphValue* value, byte* tid, int* taken)
    {
        try
        {
            Host.Enter();
            *taken = Handles.Get<GraphBuilder>(handle).Add(Value(value), tid) ? 1 : 0;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuildFinish(ulong handle, uint* vertices, uint** entries, int* count)
    {
        try
        {
            Host.Enter();
            GraphBuilder builder = Handles.Get<GraphBuilder>(handle);
            builder.Finish();
            *vertices = builder.Count;
            *entries = builder.Entries.Vertices;
            *count = builder.Entries.Count;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuildPage(ulong handle, int page, byte* area)
    {
        try
        {
            Host.Enter();
            Handles.Get<GraphBuilder>(handle).Page(page, area);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    /// <summary>What a search has to search with; 0 becomes a new one's handle.</summary>
    private static GraphWorker WorkerOf(GraphHandle graph, ulong* search)
    {
        GraphSearchHandle state;
        if (*search == 0)
        {
            state = new GraphSearchHandle();
            *search = Handles.Add(state);
        }
        else
        {
            state = Handles.Get<GraphSearchHandle>(*search);
        }

        return state.For(graph.Index);
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphBuildAttributes(ulong handle, uint vertex, byte** attributes)
    {
        try
        {
            Host.Enter();
            *attributes = Handles.Get<GraphBuilder>(handle).Attributes(vertex);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static GraphOptions Options(PgeGraphOptions* options) => new(
        (GraphMetric)options->Metric,
        (ElementKind)options->Element,
        options->Dimensions,
        options->Bits,
        options->M,
        options->EfConstruction,
        options->Area,
        options->Seed,
        options->AttributeBytes);

    private static ReadOnlySpan<float> Centroid(PgeGraphOptions* options) =>
        options->Centroid == null ? [] : new ReadOnlySpan<float>(options->Centroid, options->Dimensions);

    private static GraphValue Value(PgeGraphValue* value) => new(value->Values, value->Indices, value->Count, value->Attributes);

    private static void Describe(GraphOptions options, GraphLayout layout, PgeGraphShape* shape) => *shape = new PgeGraphShape
    {
        RecordBytes = layout.RecordBytes,
        PerPage = layout.PerPage,
        MaxLinks = layout.MaxLinks,
        PayloadAt = layout.PayloadAt,
        PayloadBytes = layout.RowsAt - layout.PayloadAt,
        RowsAt = layout.RowsAt,
        RowSlots = layout.RowSlots,
        Bits = options.Bits,
        AttributeBytes = layout.AttributeBytes,
    };
}
