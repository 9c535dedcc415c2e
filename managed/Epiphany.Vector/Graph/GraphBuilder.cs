// Vector layer, graph. A graph in the making, in memory; several processes may make it together (GraphArena). Records are those of the pages, so
// writing them is copying; beside them lie the links' lengths, which spare most of the distances that a new link costs.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace Epiphany.Vector.Graph;

public sealed unsafe class GraphBuilder : VertexSource
{
    /// <summary>Payloads' first lines are asked for before they are read; the processor guesses the rest.</summary>
    private const int Line = 64;
    private const int Lines = 6;

    /// <summary>How often a link is tried to be made when somebody else was quicker.</summary>
    private const int Tries = 4;

    private readonly Space _space;
    private readonly GraphLayout _layout;
    private readonly GraphArena _arena;
    private readonly IGraphMemory _memory;
    private readonly Action _poll;
    private readonly Entries _entries;
    private readonly Searcher _searcher;
    private readonly Linker _linker;
    private readonly int _ef;
    private readonly uint _first;
    private readonly uint _group;
    private readonly byte* _payload;

    /// <summary>A vertex's links and their lengths, to be changed.</summary>
    private readonly uint* _links;
    private readonly float* _lengths;

    /// <summary>
    /// In pages the vertices get numbers from <paramref name="first"/> on; a page's numbers are left out there and after each so many pages
    /// (<paramref name="group"/>), for pages of attributes. 0: none is.
    /// </summary>
    public GraphBuilder(
        Space space, GraphLayout layout, int m, int ef, uint first, int group, GraphArena arena, IGraphMemory memory, Action poll)
    {
        (_space, _layout, _arena, _memory, _poll, _ef) = (space, layout, arena, memory, poll, ef);
        (_first, _group) = (first, (uint)(group * layout.PerPage));
        _entries = new Entries(space, memory);
        _searcher = new Searcher(space, layout);
        _linker = new Linker(space, layout, m, ef);
        _payload = memory.Allocate((nuint)space.PayloadBytes);
        _links = (uint*)memory.Allocate((nuint)layout.MaxLinks * sizeof(uint));
        _lengths = (float*)memory.Allocate((nuint)layout.MaxLinks * sizeof(float));
    }

    public uint Count => _arena.Count;

    public Entries Entries => _entries;

    /// <summary>False where memory has come to its end; the value is not taken then.</summary>
    public bool Add(in GraphValue value, byte* tid)
    {
        LearnEntries();
        _space.Load(value);
        _space.Encode(_payload);
        _searcher.Search(this, _entries, _ef, false);
        int equals = _linker.Gather(this, _searcher.Found, _payload);
        var attributes = new ReadOnlySpan<byte>(value.Attributes, _layout.AttributeBytes);
        for (int i = 0; i < equals; i++)
        {
            uint equal = _linker.Equal(i);
            if (_layout.Attributes(_arena.Record(equal)).SequenceEqual(attributes) && _arena.AddRow(equal, tid))
            {
                return true;
            }
        }

        if (!_arena.Take(out uint at))
        {
            return false;
        }

        byte* record = _arena.Record(at);
        Unsafe.CopyBlockUnaligned(_layout.Payload(record), _payload, (uint)_space.PayloadBytes);
        attributes.CopyTo(_layout.Attributes(record));
        _layout.SetState(record, VertexState.Live);
        _layout.AddRow(record, tid);
        Link(at, record);
        return true;
    }

    /// <summary>
    /// Makes each vertex one that searches can come to: what no way leads to becomes an entry. For one process, when all others are done, and
    /// once: entries have their numbers in pages then.
    /// </summary>
    public void Finish()
    {
        LearnEntries();
        Reachability.Ensure(this, _memory, 0, Count, _entries, null, (vertex) => _entries.Add(vertex, PayloadOf(vertex)));
        for (int i = 0; i < _entries.Count; i++)
        {
            _entries.Vertices[i] = Number(_entries.Vertices[i]);
        }
    }

    /// <summary>Copies the records of a page, counted from 0, with links as they are in pages; returns how many there are.</summary>
    public int Page(int page, byte* area)
    {
        uint at = (uint)(page * _layout.PerPage);
        var records = (int)uint.Min((uint)_layout.PerPage, Count - at);
        for (int i = 0; i < records; i++)
        {
            byte* record = area + (i * _layout.RecordBytes);
            Buffer.MemoryCopy(_arena.Record(at + (uint)i), record, _layout.RecordBytes, _layout.RecordBytes);
            uint* links = GraphLayout.Links(record);
            for (int j = 0; j < _layout.LinkCount(record); j++)
            {
                links[j] = Number(links[j] & GraphLayout.Number) | (links[j] & GraphLayout.Dominated);
            }
        }

        return records;
    }

    /// <summary>A vertex's attributes, in order of their pages.</summary>
    public byte* Attributes(uint at) => _arena.Record(at) + _layout.RecordBytes;

    public override int Links(uint vertex, uint* links)
    {
        byte* record = _arena.Record(vertex);
        int count = Volatile.Read(ref _layout.LinkCount(record));
        Unsafe.CopyBlockUnaligned(links, GraphLayout.Links(record), (uint)(count * sizeof(uint)));
        return count;
    }

    public override void Payloads(uint* vertices, int count, byte** payloads, byte* states)
    {
        int bytes = int.Min(_space.PayloadBytes, Lines * Line);
        for (int i = 0; i < count; i++)
        {
            payloads[i] = PayloadOf(vertices[i]);
            states[i] = (byte)VertexState.Live;
            if (Sse.IsSupported)
            {
                for (int at = 0; at < bytes; at += Line)
                {
                    Sse.Prefetch0(payloads[i] + at);
                }
            }
        }
    }

    public override void Poll() => _poll();

    private void LearnEntries()
    {
        while (_arena.Entry(_entries.Count, out uint at))
        {
            _entries.Add(at, _layout.Payload(_arena.Record(at)));
        }
    }

    /// <summary>To what the linker chose, and back.</summary>
    private void Link(uint vertex, byte* record)
    {
        // Nobody knows the vertex yet.
        float* lengths = _arena.Lengths(vertex);
        int count = _linker.Choose();
        for (int i = 0; i < count; i++)
        {
            GraphLayout.Links(record)[i] = _linker.Links[i];
            lengths[i] = _linker.Length(i);
        }

        _layout.LinkCount(record) = (ushort)count;
        Interlocked.MemoryBarrier();
        if (Entries.Wanted(Count, _arena.EntryCount))
        {
            _arena.AddEntry(vertex);
        }

        bool linked = count == 0;
        for (int i = 0; i < count; i++)
        {
            linked |= LinkBack(_linker.Links[i] & GraphLayout.Number, vertex, _linker.Length(i));
        }

        if (!linked)
        {
            var by = (int)(vertex % (uint)count);
            Force(_linker.Links[by] & GraphLayout.Number, vertex, _linker.Length(by));
        }
    }

    private bool LinkBack(uint owner, uint vertex, float distance)
    {
        for (int i = 0; i < Tries; i++)
        {
            int count = _arena.Read(owner, _links, _lengths, out uint version);
            float* ofVertex = _linker.FromQuery(this, _links, count);
            int place = Selection.Place(_links, count, _layout.MaxLinks, _lengths, ofVertex, distance, vertex, out bool dominated);
            if (place < 0)
            {
                return false;
            }

            // What goes and is as near to the vertex stays within reach: of equal vectors it may be the only way there.
            bool keep = place < count && ofVertex[place] <= distance;
            (uint gone, float lost) = (_links[place] & GraphLayout.Number, ofVertex[place]);
            _links[place] = vertex | (dominated ? GraphLayout.Dominated : 0);
            _lengths[place] = distance;
            if (_arena.Write(owner, version, _links, _lengths, int.Max(count, place + 1)))
            {
                if (keep)
                {
                    Keep(vertex, gone, lost);
                }

                return true;
            }
        }

        return false;
    }

    private void Keep(uint vertex, uint end, float distance)
    {
        int count;
        uint version;
        do
        {
            count = _arena.Read(vertex, _links, _lengths, out version);
            for (int i = 0; i < count; i++)
            {
                if ((_links[i] & GraphLayout.Number) == end)
                {
                    return;
                }
            }

            if (count == _layout.MaxLinks)
            {
                return;
            }

            _links[count] = end | GraphLayout.Dominated;
            _lengths[count] = distance;
        }
        while (!_arena.Write(vertex, version, _links, _lengths, count + 1));
    }

    /// <summary>
    /// Where nobody would link to a vertex, one that it links to does, in place of the furthest that it has, which the vertex links to in turn.
    /// </summary>
    private void Force(uint owner, uint vertex, float distance)
    {
        uint gone;
        uint version;
        int count;
        do
        {
            count = _arena.Read(owner, _links, _lengths, out version);
            int place = Linker.Furthest(_lengths, count, vertex);
            gone = _links[place] & GraphLayout.Number;
            _links[place] = vertex | GraphLayout.Dominated;
            _lengths[place] = distance;
        }
        while (!_arena.Write(owner, version, _links, _lengths, count));
        Keep(vertex, gone, *_linker.FromQuery(this, &gone, 1));
    }

    private uint Number(uint at) => _first + at + (_group == 0 ? 0 : ((at / _group) + 1) * (uint)_layout.PerPage);

    private byte* PayloadOf(uint vertex) => _layout.Payload(_arena.Record(vertex));
}
