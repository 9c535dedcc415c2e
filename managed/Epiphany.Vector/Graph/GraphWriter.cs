// Vector layer, graph. Changes of a graph that others use meanwhile. Promise: each step leaves a graph in which links lead to every vertex that they
// led to before: who takes another's place among a vertex's links has a link to that one, and a vertex that nothing leads to is made an entry.

using System;

namespace Epiphany.Vector.Graph;

public sealed unsafe class GraphWriter(GraphIndex index, GraphWorker worker, VertexStore store)
{
    /// <summary>How often a change is tried again when somebody else was quicker.</summary>
    private const int Tries = 4;

    private const int MaxLinks = 256;

    private readonly GraphLayout _layout = index.Layout;
    private readonly Space _space = worker.Space;
    private readonly Linker _linker = worker.Linker;
    private readonly LinkPlans _plans = worker.Plans;

    /// <summary><paramref name="vertices"/>: about as many as there are.</summary>
    public void Insert(in GraphValue value, byte* tid, long vertices)
    {
        // A page has room for a record, and the stack for a page.
        byte* record = stackalloc byte[_layout.StoredBytes];
        new Span<byte>(record, _layout.StoredBytes).Clear();
        new ReadOnlySpan<byte>(value.Attributes, _layout.AttributeBytes).CopyTo(_layout.Attributes(record));
        _space.Load(value);
        _space.Encode(_layout.Payload(record));
        worker.Searcher.Search(store, index.Entries, index.Options.EfConstruction, false);
        int equals = _linker.Gather(store, worker.Searcher.Found, _layout.Payload(record));
        for (int i = 0; i < equals; i++)
        {
            if (store.AddRow(_linker.Equal(i), record, tid))
            {
                return;
            }
        }

        int count = _linker.Choose();
        new ReadOnlySpan<uint>(_linker.Links, count).CopyTo(new Span<uint>(GraphLayout.Links(record), _layout.MaxLinks));
        _layout.LinkCount(record) = (ushort)count;
        _layout.SetState(record, VertexState.Live);
        _layout.AddRow(record, tid);

        // Whom others drop for the new vertex, that one links to from the start. Whether changes are tried again, and what is dropped, turns.
        uint turn = _linker.Turn++;
        for (int i = 0; i < count; i++)
        {
            _plans.Places[i] = Plan(i, _linker.Links[i] & GraphLayout.Number, _linker.Length(i), turn, false);
            if (_plans.Places[i] >= 0 && !Keep(i, record))
            {
                _plans.Places[i] = -1;
            }
        }

        uint vertex = store.AddVertex(record);
        bool reached = false;
        for (int i = 0; i < count; i++)
        {
            reached |= _plans.Places[i] >= 0 && (Apply(i, vertex) || LinkBack(i, vertex, record, _linker.Length(i), turn, false));
        }

        // Where nobody would link to the new vertex, one that it links to has to.
        if (!reached && count > 0)
        {
            var by = (int)(turn % (uint)count);
            reached = LinkBack(by, vertex, record, _linker.Length(by), turn, true);
        }

        if (!reached || Entries.Wanted(vertices, index.Entries.Count))
        {
            store.AddEntry(vertex);
        }
    }

    /// <summary>
    /// A vertex's links without those to vertices that go, whose own links' ends take the places. <paramref name="going"/>: a bit for each vertex
    /// below <paramref name="end"/>.
    /// </summary>
    public void Repair(uint vertex, uint* links, ref int count, ulong* going, uint end) =>
        new GraphRepair(_layout, _space, store).Run(vertex, links, ref count, going, end);

    /// <summary>Once more, after the vertex was stored: what it is to link to then is a change of its own, which comes first.</summary>
    private bool LinkBack(int plan, uint vertex, byte* record, float distance, uint turn, bool force)
    {
        for (int i = 0; i < Tries; i++)
        {
            _plans.Places[plan] = Plan(plan, _linker.Links[plan] & GraphLayout.Number, distance, turn, force);
            int own = _layout.LinkCount(record);
            if (_plans.Places[plan] < 0 || !Keep(plan, record))
            {
                return false;
            }

            if (_layout.LinkCount(record) > own
                && !store.SetLinks(vertex, GraphLayout.Links(record), own, GraphLayout.Links(record), own + 1))
            {
                return false;
            }

            if (Apply(plan, vertex))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Looks for a place for a link to the query, which is so far, among an owner's links. The place is that of a link that leads nowhere, a
    /// new one, or that of a link that goes; -1 where the new one would go, unless that is not to be (<paramref name="force"/>).
    /// </summary>
    private int Plan(int plan, uint owner, float distance, uint turn, bool force)
    {
        byte** payloads = stackalloc byte*[MaxLinks];
        byte* states = stackalloc byte[MaxLinks];
        float* ofOwner = stackalloc float[MaxLinks];
        float* ofVertex = stackalloc float[MaxLinks];
        uint* old = _plans.Old(plan);
        uint* links = _plans.Links(plan);
        int count = Measure(owner, old, payloads, states, ofOwner);
        _plans.Owners[plan] = owner;
        _plans.Counts[plan] = count;
        _plans.Lost[plan] = false;
        if (states[0] != (byte)VertexState.Live)
        {
            return -1;
        }

        new ReadOnlySpan<uint>(old, count).CopyTo(new Span<uint>(links, _layout.MaxLinks));
        _space.Distances(payloads + 1, count, ofVertex);
        int place = Selection.Place(links, count, _layout.MaxLinks, ofOwner, ofVertex, distance, turn, out bool dominated);
        int free = new ReadOnlySpan<byte>(states + 1, count).IndexOf((byte)VertexState.Free);
        _plans.Lost[plan] = free < 0 && place < count;
        place = free >= 0 ? free : place >= 0 || !force ? place : Linker.Furthest(ofOwner, count, turn);
        _plans.Flags[plan] = dominated ? GraphLayout.Dominated : 0;
        return place;
    }

    /// <summary>Sees to it that the record links to the vertex that a plan drops. False where it has no place for that.</summary>
    private bool Keep(int plan, byte* record)
    {
        if (!_plans.Lost[plan])
        {
            return true;
        }

        uint gone = _plans.Links(plan)[_plans.Places[plan]] & GraphLayout.Number;
        int own = _layout.LinkCount(record);
        for (int i = 0; i < own; i++)
        {
            if ((GraphLayout.Links(record)[i] & GraphLayout.Number) == gone)
            {
                return true;
            }
        }

        if (own == _layout.MaxLinks)
        {
            return false;
        }

        GraphLayout.Links(record)[own] = gone | GraphLayout.Dominated;
        _layout.LinkCount(record)++;
        return true;
    }

    private bool Apply(int plan, uint vertex)
    {
        int place = _plans.Places[plan];
        int count = _plans.Counts[plan];
        _plans.Links(plan)[place] = vertex | _plans.Flags[plan];
        return store.SetLinks(_plans.Owners[plan], _plans.Old(plan), count, _plans.Links(plan), int.Max(count, place + 1));
    }

    /// <summary>A vertex's links and how long they are; its own payload and state come first.</summary>
    private int Measure(uint owner, uint* links, byte** payloads, byte* states, float* lengths)
    {
        uint* vertices = stackalloc uint[MaxLinks];
        int count = store.Links(owner, links);
        vertices[0] = owner;
        for (int i = 0; i < count; i++)
        {
            vertices[i + 1] = links[i] & GraphLayout.Number;
        }

        store.Payloads(vertices, count + 1, payloads, states);
        _space.Between(payloads[0], payloads + 1, count, lengths);
        return count;
    }
}
