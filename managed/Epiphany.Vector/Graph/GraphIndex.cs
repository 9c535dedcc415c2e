// Vector layer, graph. An index as a process knows it: what its records are, where searches begin, and workers, which are made once and used again.

using System;
using System.Collections.Generic;

namespace Epiphany.Vector.Graph;

/// <summary>What an index is; on its first page. Element 0: sparse vectors. Attributes: bytes of each vertex.</summary>
public readonly record struct GraphOptions(
    GraphMetric Metric, ElementKind Element, int Dimensions, int Bits, int M, int EfConstruction, int Area, ulong Seed, int Attributes = 0)
{
    public const int MinBits = 1;
    public const int MaxBits = LevelDots.MaxBits;

    private const int DefaultBits = 4;

    /// <summary>Up to so many, codes have as many bits as there can be: they still take less room than links, and 4 say little of so few.</summary>
    private const int ShortDimensions = 64;

    public bool HasCodes =>
        Metric is GraphMetric.L2 or GraphMetric.InnerProduct or GraphMetric.Cosine && Element is ElementKind.Float32 or ElementKind.Float16;

    /// <summary>With bits: as asked for, or as many as are of use and let a page have some records.</summary>
    public GraphOptions Settled()
    {
        if (!HasCodes || Bits != 0)
        {
            return HasCodes ? this : this with { Bits = 0 };
        }

        const int FewPerPage = 2;
        int bits = Dimensions <= ShortDimensions ? MaxBits : DefaultBits;
        while (bits > MinBits && new GraphLayout(CodeSpace.Payload(Dimensions, bits), M, Area, Attributes).PerPage < FewPerPage)
        {
            bits--;
        }

        return this with { Bits = bits };
    }

    public GraphLayout Layout() => new(PayloadBytes, M, Area, Attributes);

    public Space MakeSpace(ReadOnlySpan<float> centroid) => Element switch
    {
        0 => new SparseSpace(Metric),
        ElementKind.Bit => new BitSpace(Metric, Dimensions),
        _ => HasCodes ? new CodeSpace(Metric, Element, Dimensions, Bits, Seed, centroid) : new HalfSpace(Element, Dimensions),
    };

    private int PayloadBytes => Element switch
    {
        0 => SparseSpace.Payload,
        ElementKind.Bit => BitSpace.Payload(Dimensions),
        _ => HasCodes ? CodeSpace.Payload(Dimensions, Bits) : HalfSpace.Payload(Dimensions),
    };
}

/// <summary>What one search or change needs at a time.</summary>
public sealed class GraphWorker
{
    internal GraphWorker(GraphOptions options, GraphLayout layout, float[] centroid)
    {
        Space = options.MakeSpace(centroid);
        Searcher = new Searcher(Space, layout);
        Linker = new Linker(Space, layout, options.M, options.EfConstruction);
        Plans = new LinkPlans(options.M, layout.MaxLinks);
    }

    public Space Space { get; }

    public Searcher Searcher { get; }

    internal Linker Linker { get; }

    internal LinkPlans Plans { get; }
}

public sealed unsafe class GraphIndex
{
    private const int MostIdle = 4;

    private readonly float[] _centroid;
    private readonly Stack<GraphWorker> _idle = [];

    public GraphIndex(GraphOptions options, ReadOnlySpan<float> centroid, IGraphMemory memory)
    {
        Options = options;
        Layout = options.Layout();
        _centroid = centroid.ToArray();
        GraphWorker worker = Rent();
        Entries = new Entries(worker.Space, memory);
        Return(worker);
    }

    public GraphOptions Options { get; }

    public GraphLayout Layout { get; }

    public Entries Entries { get; }

    public GraphWorker Rent() => _idle.TryPop(out GraphWorker? worker) ? worker : new GraphWorker(Options, Layout, _centroid);

    public void Return(GraphWorker worker)
    {
        if (_idle.Count < MostIdle)
        {
            _idle.Push(worker);
        }
    }

    /// <summary>Where searches begin from now on.</summary>
    public void SetEntries(VertexSource source, ReadOnlySpan<uint> vertices)
    {
        const int Batch = 64;
        uint* some = stackalloc uint[Batch];
        byte** payloads = stackalloc byte*[Batch];
        byte* states = stackalloc byte[Batch];
        Entries.Clear();
        while (!vertices.IsEmpty)
        {
            int count = int.Min(Batch, vertices.Length);
            for (int i = 0; i < count; i++)
            {
                some[i] = vertices[i] & GraphLayout.Number;
            }

            source.Payloads(some, count, payloads, states);
            for (int i = 0; i < count; i++)
            {
                if (states[i] != (byte)VertexState.Free)
                {
                    Entries.Add(some[i], payloads[i]);
                }
            }

            vertices = vertices[count..];
        }
    }
}
