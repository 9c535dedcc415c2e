// Vector layer, graph. Where vertices are: in memory while an index is built, in PostgreSQL's pages after that.

namespace Epiphany.Vector.Graph;

public abstract unsafe class VertexSource
{
    /// <summary>
    /// A copy of a vertex's links, as they are stored; <paramref name="links"/> has room for <see cref="GraphLayout.MaxLinks"/>. A free vertex
    /// has none.
    /// </summary>
    public abstract int Links(uint vertex, uint* links);

    /// <summary>
    /// Where the payloads of so many vertices lie, and a byte for each, its <see cref="VertexState"/>. Valid until the next call of this
    /// source. Others may change pages meanwhile, so a payload may be any bytes: estimates from it are numbers like others, and no row is
    /// believed by them.
    /// </summary>
    public abstract void Payloads(uint* vertices, int count, byte** payloads, byte* states);

    /// <summary>The vertex whose links will probably be asked for next, to be fetched ahead.</summary>
    public virtual void Expect(uint vertex)
    {
    }

    /// <summary>Raises where the query is cancelled.</summary>
    public abstract void Poll();
}

/// <summary>Vertices that can be changed. Others change them, too: a change says what it expects, and is not done where that is not so.</summary>
public abstract unsafe class VertexStore : VertexSource
{
    /// <summary>Adds a row to a live vertex that has this record's payload and attributes, and room.</summary>
    public abstract bool AddRow(uint vertex, byte* record, byte* tid);

    /// <summary>Stores a record, which its attributes follow; returns its number.</summary>
    public abstract uint AddVertex(byte* record);

    /// <summary>Of a live vertex whose links still are the old ones.</summary>
    public abstract bool SetLinks(uint vertex, uint* old, int oldCount, uint* links, int count);

    public abstract void AddEntry(uint vertex);
}

/// <summary>Memory that is large, and lives as long as what asked for it.</summary>
public unsafe interface IGraphMemory
{
    /// <summary>Zeroed.</summary>
    byte* Allocate(nuint bytes);

    void Free(byte* block);
}
