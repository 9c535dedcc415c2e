// Vector layer, graph. Best-first search: of the nearest vertices met so far, the nearest whose links have not been followed is next, until there is
// none. What did not get among the nearest is kept, so that a search can go on from where it ended.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Epiphany.Vector.Graph;

/// <summary>With its own space, and so its own query.</summary>
public sealed unsafe class Searcher(Space space, GraphLayout layout)
{
    private const int Seeds = 4;
    private const int Batch = 64;

    private readonly VisitedSet _visited = new();
    private readonly Pool _seeds = new();
    private readonly uint[] _links = new uint[layout.MaxLinks];
    private readonly nint[] _payloads = new nint[layout.MaxLinks];
    private readonly byte[] _states = new byte[layout.MaxLinks];
    private readonly float[] _distances = new float[layout.MaxLinks];
    private List<Candidate> _rest = [];
    private List<Candidate> _older = [];
    private bool _keepRest;
    private int _nextEntry;
    private uint _nextVertex;

    public Space Space => space;

    /// <summary>What a search has found, nearest first.</summary>
    internal Pool Found { get; } = new();

    /// <summary>Vertices whose distance has been estimated.</summary>
    public int Visited => _visited.Count;

    /// <summary>The nearest <paramref name="ef"/> to the query. With <paramref name="resumable"/>, <see cref="More"/> has the next ones.</summary>
    public int Search(VertexSource source, Entries entries, int ef, bool resumable)
    {
        _visited.Clear();
        _rest.Clear();
        _keepRest = resumable;
        _nextEntry = 0;
        _nextVertex = 0;
        Found.Clear(ef);
        _seeds.Clear(Seeds);
        entries.Nearest(space, _seeds);
        for (int i = 0; i < _seeds.Count; i++)
        {
            _visited.Add(_seeds[i].Vertex);
            Offer(_seeds[i]);
        }

        Follow(source);

        // As long as there is little, parts that were made at the same time may have no link between them.
        while (Found.Count < ef && NextEntry(source, entries))
        {
            Follow(source);
        }

        return Found.Count;
    }

    /// <summary>
    /// The next nearest <paramref name="ef"/>, none of which has been found before. 0 at the end: then every vertex below <paramref name="end"/> has
    /// been.
    /// </summary>
    public int More(VertexSource source, Entries entries, int ef, uint end)
    {
        Found.Clear(ef);
        (_rest, _older) = (_older, _rest);
        _rest.Clear();
        foreach (Candidate candidate in CollectionsMarshal.AsSpan(_older))
        {
            Offer(candidate);
        }

        // A part of the graph that no link leads to from where the search began has entries of its own.
        while (Found.Count == 0 && NextEntry(source, entries))
        {
        }

        // While VACUUM replaces links, and if it was cut off there, a vertex may be without any: last come all that were not seen.
        while (Found.Count == 0 && _nextVertex < end)
        {
            Unseen(source, end);
        }

        Follow(source);
        return Found.Count;
    }

    public Candidate Result(int i) => Found[i];

    /// <summary>
    /// What was found, with what the operator's distance probably is not below in place of the distance, and in that order. Returns how many.
    /// <paramref name="reach"/>: what has not been found is probably not nearer. What a search misses, and later ones come upon, lies near its
    /// edge, so that is the distance of the middle one; it is -infinity where nothing is kept to go on from.
    /// </summary>
    public int Candidates(VertexSource source, float caution, Candidate* candidates, out float reach)
    {
        int count = Found.Count;
        reach = float.NegativeInfinity;
        uint* vertices = stackalloc uint[Batch];
        byte** payloads = stackalloc byte*[Batch];
        byte* states = stackalloc byte[Batch];
        for (int at = 0; at < count; at += Batch)
        {
            int some = int.Min(Batch, count - at);
            for (int i = 0; i < some; i++)
            {
                vertices[i] = Found[at + i].Vertex;
            }

            source.Payloads(vertices, some, payloads, states);
            for (int i = 0; i < some; i++)
            {
                candidates[at + i] = new Candidate(space.Lower(payloads[i], Found[at + i].Distance, caution), vertices[i]);
                if (at + i == count / 2 && _rest.Count > 0)
                {
                    reach = space.Lower(payloads[i], Found[at + i].Distance, 0);
                }
            }
        }

        // Nearly sorted as they come.
        for (int i = 1; i < count; i++)
        {
            Candidate candidate = candidates[i];
            int to = i;
            for (; to > 0 && candidate.Distance < candidates[to - 1].Distance; to--)
            {
                candidates[to] = candidates[to - 1];
            }

            candidates[to] = candidate;
        }

        return count;
    }

    /// <summary>
    /// Of vertices that somebody else has found, whose numbers <paramref name="candidates"/> have, what the operator's distance probably is not
    /// below, and in that order. Returns how many there are without free ones.
    /// </summary>
    public int Estimate(VertexSource source, float caution, Candidate* candidates, int count)
    {
        uint* vertices = stackalloc uint[Batch];
        byte** payloads = stackalloc byte*[Batch];
        byte* states = stackalloc byte[Batch];
        float* distances = stackalloc float[Batch];
        int live = 0;
        for (int at = 0; at < count; at += Batch)
        {
            int some = int.Min(Batch, count - at);
            for (int i = 0; i < some; i++)
            {
                vertices[i] = candidates[at + i].Vertex;
            }

            source.Payloads(vertices, some, payloads, states);
            space.Distances(payloads, some, distances);
            for (int i = 0; i < some; i++)
            {
                candidates[live] = new Candidate(space.Lower(payloads[i], distances[i], caution), vertices[i]);
                live += states[i] != (byte)VertexState.Free ? 1 : 0;
            }

            source.Poll();
        }

        new Span<Candidate>(candidates, live).Sort(static (a, b) => a.Distance.CompareTo(b.Distance));
        return live;
    }

    /// <summary>An entry that was not seen; false where there is none.</summary>
    private bool NextEntry(VertexSource source, Entries entries)
    {
        while (_nextEntry < entries.Count)
        {
            uint vertex = entries[_nextEntry++];
            if (_visited.Add(vertex))
            {
                Evaluate(source, &vertex, 1);
                return true;
            }
        }

        return false;
    }

    private void Unseen(VertexSource source, uint end)
    {
        uint* vertices = stackalloc uint[Batch];
        int count = 0;
        for (; _nextVertex < end && count < int.Min(Batch, layout.MaxLinks); _nextVertex++)
        {
            if (_visited.Add(_nextVertex))
            {
                vertices[count++] = _nextVertex;
            }
        }

        Evaluate(source, vertices, count);
        source.Poll();
    }

    private void Follow(VertexSource source)
    {
        fixed (uint* links = _links)
        {
            while (Found.Next(out uint vertex))
            {
                int count = source.Links(vertex, links);
                int fresh = 0;
                for (int i = 0; i < count; i++)
                {
                    uint end = links[i] & GraphLayout.Number;
                    if (_visited.Add(end))
                    {
                        links[fresh++] = end;
                    }
                }

                if (fresh > 0)
                {
                    if (Found.Peek(out uint next))
                    {
                        source.Expect(next);
                    }

                    Evaluate(source, links, fresh);
                }

                source.Poll();
            }
        }
    }

    private void Evaluate(VertexSource source, uint* vertices, int count)
    {
        fixed (nint* payloads = _payloads)
        fixed (byte* states = _states)
        fixed (float* distances = _distances)
        {
            source.Payloads(vertices, count, (byte**)payloads, states);
            int live = 0;
            for (int i = 0; i < count; i++)
            {
                if (states[i] != (byte)VertexState.Free)
                {
                    vertices[live] = vertices[i];
                    payloads[live++] = payloads[i];
                }
            }

            space.Distances((byte**)payloads, live, distances);
            for (int i = 0; i < live; i++)
            {
                Offer(new Candidate(distances[i], vertices[i]));
            }
        }
    }

    private void Offer(Candidate candidate)
    {
        if (Found.Add(candidate, out Candidate gone) && _keepRest)
        {
            _rest.Add(gone);
        }
    }
}
