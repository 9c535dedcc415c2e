// Vector layer, graph. From what a search for a new vertex has found to the vertex's links, whether the graph is in memory or in pages.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Vector.Graph;

/// <summary>The space's query is the new vertex.</summary>
internal sealed unsafe class Linker
{
    private readonly Space _space;
    private readonly GraphLayout _layout;
    private readonly int _m;
    private readonly Candidate[] _candidates;
    private readonly uint[] _vertices;
    private readonly nint[] _payloads;
    private readonly byte[] _states;
    private readonly int[] _chosen;
    private readonly int[] _open;
    private readonly float[] _distances;
    private readonly uint[] _links;
    private int _count;

    internal Linker(Space space, GraphLayout layout, int m, int ef)
    {
        int most = int.Max(ef, layout.MaxLinks);
        (_space, _layout, _m) = (space, layout, m);
        _candidates = new Candidate[most];
        _vertices = new uint[most];
        _payloads = new nint[most];
        _states = new byte[most];
        _open = new int[most];
        _chosen = new int[layout.MaxLinks];
        _distances = GC.AllocateArray<float>(most, pinned: true);
        _links = GC.AllocateArray<uint>(layout.MaxLinks, pinned: true);
    }

    /// <summary>What <see cref="Choose"/> chose.</summary>
    internal uint* Links => (uint*)Unsafe.AsPointer(ref _links[0]);

    /// <summary>A number that is another one each time, for choices among equals.</summary>
    internal uint Turn { get; set; }

    internal float Length(int link) => _candidates[_chosen[link]].Distance;

    /// <summary>Takes what was found, but for vertices that go. Returns how many have the query's very payload: <see cref="Equal"/>.</summary>
    internal int Gather(VertexSource source, Pool found, byte* payload)
    {
        int count = int.Min(found.Count, _candidates.Length);
        for (int i = 0; i < count; i++)
        {
            _candidates[i] = found[i];
            _vertices[i] = found[i].Vertex;
        }

        int equals = 0;
        _count = 0;
        fixed (uint* vertices = _vertices)
        fixed (nint* payloads = _payloads)
        fixed (byte* states = _states)
        {
            source.Payloads(vertices, count, (byte**)payloads, states);
            for (int i = 0; i < count; i++)
            {
                if (states[i] == (byte)VertexState.Live)
                {
                    _candidates[_count] = _candidates[i];
                    payloads[_count++] = payloads[i];
                    if (Same((byte*)payloads[i], payload))
                    {
                        vertices[equals++] = _candidates[i].Vertex;
                    }
                }
            }
        }

        return equals;
    }

    /// <summary>Valid until <see cref="Choose"/>.</summary>
    internal uint Equal(int i) => _vertices[i];

    /// <summary>Fills <see cref="Links"/> with links to what was gathered; returns how many.</summary>
    internal int Choose()
    {
        fixed (Candidate* candidates = _candidates)
        fixed (nint* payloads = _payloads)
        fixed (int* chosen = _chosen)
        fixed (int* open = _open)
        fixed (float* distances = _distances)
        {
            int count = Selection.Choose(_space, candidates, (byte**)payloads, _count, _m, _m / 2, open, distances, chosen, Links);
            return count;
        }
    }

    /// <summary>How far links' ends are from the query. Valid until the next call.</summary>
    internal float* FromQuery(VertexSource source, uint* links, int count)
    {
        float* distances = (float*)Unsafe.AsPointer(ref _distances[0]);
        fixed (uint* vertices = _vertices)
        fixed (nint* payloads = _payloads)
        fixed (byte* states = _states)
        {
            for (int i = 0; i < count; i++)
            {
                vertices[i] = links[i] & GraphLayout.Number;
            }

            source.Payloads(vertices, count, (byte**)payloads, states);
            _space.Distances((byte**)payloads, count, distances);
        }

        return distances;
    }

    /// <summary>Of several, <paramref name="turn"/> decides: among equal vectors all are as far, and a chain of them would be a long way.</summary>
    internal static int Furthest(float* distances, int count, uint turn)
    {
        var furthest = (int)(turn * 0x9E37_79B1u >> 16) % count;
        int first = furthest;
        for (int i = 1; i < count; i++)
        {
            int at = (first + i) % count;
            furthest = distances[at] > distances[furthest] ? at : furthest;
        }

        return furthest;
    }

    private bool Same(byte* a, byte* b) =>
        new ReadOnlySpan<byte>(a, _space.PayloadBytes).SequenceEqual(new ReadOnlySpan<byte>(b, _space.PayloadBytes));
}
