// Vector layer, graph. Where searches begin: a sample of the vertices, about as many as the square root of all, whose payloads lie side by side. All
// of them are looked at, which costs what descending through levels would, and needs no levels.

using System;

namespace Epiphany.Vector.Graph;

public sealed unsafe class Entries(Space space, IGraphMemory memory)
{
    /// <summary>An index has no more of them than so many, unless parts of it would be out of reach.</summary>
    internal const int Most = 1 << 16;

    private const int Batch = 64;

    private readonly Space _space = space;
    private readonly IGraphMemory _memory = memory;
    private readonly int _stride = (space.PayloadBytes + 7) / 8 * 8;
    private byte* _payloads;
    private uint* _vertices;
    private int _capacity;

    public int Count { get; private set; }

    /// <summary>Whether an index of so many vertices is to have one more.</summary>
    public static bool Wanted(long vertices, long entries) => entries < Most && entries * entries < vertices;

    public void Clear() => Count = 0;

    public void Add(uint vertex, byte* payload)
    {
        if (Count == _capacity)
        {
            Grow();
        }

        _vertices[Count] = vertex;
        Buffer.MemoryCopy(payload, _payloads + ((long)Count * _stride), _stride, _space.PayloadBytes);
        Count++;
    }

    public uint this[int i] => _vertices[i];

    /// <summary>Valid until one is added.</summary>
    public uint* Vertices => _vertices;

    /// <summary>Adds the nearest to the query, by <paramref name="by"/>, which is of this index, too.</summary>
    internal void Nearest(Space by, Pool seeds)
    {
        byte** payloads = stackalloc byte*[Batch];
        float* distances = stackalloc float[Batch];
        for (int at = 0; at < Count; at += Batch)
        {
            int some = int.Min(Batch, Count - at);
            for (int i = 0; i < some; i++)
            {
                payloads[i] = _payloads + ((long)(at + i) * _stride);
            }

            by.Distances(payloads, some, distances);
            for (int i = 0; i < some; i++)
            {
                seeds.Add(new Candidate(distances[i], _vertices[at + i]), out _);
            }
        }
    }

    private void Grow()
    {
        int capacity = int.Max(64, 2 * _capacity);
        byte* payloads = _memory.Allocate((nuint)capacity * (nuint)_stride);
        var vertices = (uint*)_memory.Allocate((nuint)capacity * sizeof(uint));
        if (_capacity > 0)
        {
            Buffer.MemoryCopy(_payloads, payloads, (long)capacity * _stride, (long)Count * _stride);
            Buffer.MemoryCopy(_vertices, vertices, (long)capacity * sizeof(uint), (long)Count * sizeof(uint));
            _memory.Free(_payloads);
            _memory.Free((byte*)_vertices);
        }

        _payloads = payloads;
        _vertices = vertices;
        _capacity = capacity;
    }
}
