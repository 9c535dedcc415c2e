// Vector layer, graph. What vertices hold of their vectors, and how far these are from each other and from a query. One space serves one index
// in one process; it has one query at a time.

using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Epiphany.Vector.Graph;

/// <summary>What an index's distances are. Values are on disk.</summary>
public enum GraphMetric
{
    L2 = 1,
    InnerProduct = 2,
    Cosine = 3,
    L1 = 4,
    Hamming = 5,
    Jaccard = 6,
}

/// <summary>A value as the table has it: elements, or for bits bytes; of sparse vectors the elements that are not zero, with their indices.
/// And what lies beside the vertex's record.</summary>
public readonly unsafe struct GraphValue(byte* values, int* indices, int count, byte* attributes = null)
{
    public byte* Values { get; } = values;

    public int* Indices { get; } = indices;

    public int Count { get; } = count;

    public byte* Attributes { get; } = attributes;
}

public abstract unsafe class Space
{
    /// <summary>Keeps scratch memory as long as the space.</summary>
    private readonly List<Array> _scratch = [];

    public abstract int PayloadBytes { get; }

    /// <summary>Makes a value the query.</summary>
    public abstract void Load(in GraphValue value);

    /// <summary>Makes a vertex the query.</summary>
    public abstract void LoadPayload(byte* payload);

    /// <summary>The query as a vertex has it.</summary>
    public abstract void Encode(byte* payload);

    /// <summary>From the query. Never NaN.</summary>
    public abstract void Distances(byte** payloads, int count, float* distances);

    /// <summary>Between vertices, comparable with distances from the query. Never NaN.</summary>
    public abstract void Between(byte* from, byte** payloads, int count, float* distances);

    /// <summary>
    /// What the operator's distance from the query probably is not below. With <paramref name="caution"/> 1 that is wrong for some in a hundred,
    /// with 2 for fewer than one in a thousand; with 0 it is what the operator's distance seems to be.
    /// </summary>
    public abstract float Lower(byte* payload, float distance, float caution);

    /// <summary>Distances that are no numbers, of vectors so long that floats end, are the furthest.</summary>
    protected static float Number(float distance) => float.IsNaN(distance) ? float.MaxValue : distance;

    /// <summary>Scratch memory that does not move.</summary>
    protected T* Scratch<T>(int count)
        where T : unmanaged
    {
        T[] array = GC.AllocateArray<T>(count, pinned: true);
        _scratch.Add(array);
        return (T*)Unsafe.AsPointer(ref array[0]);
    }
}
