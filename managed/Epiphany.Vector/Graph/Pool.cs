// Vector layer, graph. The nearest vertices that a search has met, in order of distance, and whether each one's links have been followed. A
// sorted array: pools are small, most of what comes is further than the last, and the next vertex to follow is a step away.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Vector.Graph;

/// <summary>A vertex and how far it is, or seems to be.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Candidate(float Distance, uint Vertex);

internal sealed class Pool
{
    private const uint Followed = 0x8000_0000;

    private Candidate[] _entries = new Candidate[128];
    private int _capacity;

    /// <summary>No entry before it is still to be followed.</summary>
    private int _next;

    internal int Count { get; private set; }

    internal Candidate this[int i] => new(_entries[i].Distance, _entries[i].Vertex & GraphLayout.Number);

    /// <summary>What is not nearer need not come.</summary>
    internal float Limit => Count < _capacity ? float.PositiveInfinity : _entries[Count - 1].Distance;

    internal void Clear(int capacity)
    {
        if (_entries.Length < capacity)
        {
            _entries = new Candidate[int.Max(capacity, 2 * _entries.Length)];
        }

        _capacity = capacity;
        Count = 0;
        _next = 0;
    }

    /// <summary>Returns whether one had to go: the new one, or the furthest for it.</summary>
    internal bool Add(Candidate candidate, out Candidate gone)
    {
        gone = candidate;
        Candidate[] entries = _entries;
        int count = Count;
        bool full = count == _capacity;
        if (full)
        {
            if (!(candidate.Distance < entries[count - 1].Distance))
            {
                return true;
            }

            gone = this[--count];
        }

        int low = 0;
        for (int high = count; low < high;)
        {
            int middle = (low + high) >>> 1;
            bool before = candidate.Distance < entries[middle].Distance;
            high = before ? middle : high;
            low = before ? low : middle + 1;
        }

        new ReadOnlySpan<Candidate>(entries, low, count - low).CopyTo(new Span<Candidate>(entries, low + 1, count - low));
        entries[low] = candidate;
        Count = count + 1;
        _next = int.Min(_next, low);
        return full;
    }

    /// <summary>What <see cref="Next"/> would give now.</summary>
    internal bool Peek(out uint vertex)
    {
        while (_next < Count && (_entries[_next].Vertex & Followed) != 0)
        {
            _next++;
        }

        vertex = _next < Count ? _entries[_next].Vertex : 0;
        return _next < Count;
    }

    /// <summary>The nearest whose links nobody has followed; false where there is none.</summary>
    internal bool Next(out uint vertex)
    {
        for (; _next < Count; _next++)
        {
            ref Candidate entry = ref _entries[_next];
            if ((entry.Vertex & Followed) == 0)
            {
                vertex = entry.Vertex;
                entry = entry with { Vertex = vertex | Followed };
                _next++;
                return true;
            }
        }

        vertex = 0;
        return false;
    }
}
