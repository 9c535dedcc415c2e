// Vector layer, graph. A graph in the making, in memory. Records are those of the pages, so writing them is copying; beside them lie the links'
// lengths, which spare most of the distances that a new link costs.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Vector.Graph;

public sealed unsafe class GraphBuilder : VertexSource
{
    private const int ChunkBits = 10;
    private const int ChunkVertices = 1 << ChunkBits;
    private const int MaxChunks = 1 << (31 - ChunkBits);

    /// <summary>Payloads' first lines are asked for before they are read; the processor guesses the rest.</summary>
    private const int Line = 64;
    private const int Lines = 6;

    private readonly Space _space;
    private readonly GraphLayout _layout;
    private readonly IGraphMemory _memory;
    private readonly Action _poll;
    private readonly Entries _entries;
    private readonly Searcher _searcher;
    private readonly Linker _linker;
    private readonly int _m;
    private readonly int _ef;
    private readonly nuint _limit;
    private readonly uint _base;
    private byte*[] _records = new byte*[16];
    private float*[] _lengths = new float*[16];
    private int _chunks;
    private nuint _taken;
    private uint _count;

    /// <summary>The first vertex gets the number <paramref name="first"/>. <paramref name="limit"/>: bytes that vertices may take.</summary>
    public GraphBuilder(Space space, GraphLayout layout, int m, int ef, uint first, nuint limit, IGraphMemory memory, Action poll)
    {
        (_space, _layout, _memory, _poll, _m, _ef, _base, _limit) = (space, layout, memory, poll, m, ef, first, limit);
        _entries = new Entries(space, memory);
        _searcher = new Searcher(space, layout);
        _linker = new Linker(space, layout, _m, _ef);
    }

    public uint Count => _count;

    public uint First => _base;

    public Entries Entries => _entries;

    /// <summary>False where memory has come to its end; the value is not taken then.</summary>
    public bool Add(in GraphValue value, byte* tid)
    {
        if ((_count >> ChunkBits) == _chunks && !Grow())
        {
            return false;
        }

        _space.Load(value);
        byte* record = Record(_base + _count);
        _space.Encode(_layout.Payload(record));
        if (_count > 0)
        {
            _searcher.Search(this, _entries, _ef, false);
            int equals = _linker.Gather(this, _searcher.Found, _layout.Payload(record));
            for (int i = 0; i < equals; i++)
            {
                if (_layout.AddRow(Record(_linker.Equal(i)), tid))
                {
                    return true;
                }
            }
        }

        _layout.SetState(record, VertexState.Live);
        _layout.Rows(record) = 0;
        _layout.AddRow(record, tid);
        uint vertex = _base + _count++;
        if (Entries.Wanted(_count, _entries.Count))
        {
            _entries.Add(vertex, _layout.Payload(record));
        }

        Link(vertex, record);
        return true;
    }

    /// <summary>Makes each vertex one that searches can come to: what no way leads to becomes an entry.</summary>
    public void Finish() => Reachability.Ensure(
        this, _memory, _base, _base + _count, _entries, null, (vertex) => _entries.Add(vertex, PayloadOf(vertex)));

    /// <summary>Copies the records of a page, counted from 0; returns how many there are.</summary>
    public int Page(int page, byte* area)
    {
        uint at = (uint)(page * _layout.PerPage);
        var records = (int)uint.Min((uint)_layout.PerPage, _count - at);
        for (int i = 0; i < records; i++)
        {
            Buffer.MemoryCopy(Record(_base + at + (uint)i), area + (i * _layout.RecordBytes), _layout.RecordBytes, _layout.RecordBytes);
        }

        return records;
    }

    public override int Links(uint vertex, uint* links)
    {
        byte* record = Record(vertex);
        int count = _layout.LinkCount(record);
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

    /// <summary>To what the linker chose, and back.</summary>
    private void Link(uint vertex, byte* record)
    {
        float* lengths = Lengths(vertex);
        int count = _linker.Choose();
        for (int i = 0; i < count; i++)
        {
            GraphLayout.Links(record)[i] = _linker.Links[i];
            lengths[i] = _linker.Length(i);
        }

        _layout.LinkCount(record) = (ushort)count;
        bool linked = count == 0;
        for (int i = 0; i < count; i++)
        {
            linked |= LinkBack(_linker.Links[i] & GraphLayout.Number, vertex, record, lengths, lengths[i]);
        }

        if (!linked)
        {
            var by = (int)(vertex % (uint)count);
            Force(_linker.Links[by] & GraphLayout.Number, vertex, record, lengths, lengths[by]);
        }
    }

    private bool LinkBack(uint owner, uint vertex, byte* record, float* lengths, float distance)
    {
        byte* other = Record(owner);
        uint* links = GraphLayout.Links(other);
        float* ofOwner = Lengths(owner);
        int count = _layout.LinkCount(other);
        float* ofVertex = _linker.FromQuery(this, links, count);
        int place = Selection.Place(links, count, _layout.MaxLinks, ofOwner, ofVertex, distance, vertex, out bool dominated);
        if (place < 0)
        {
            return false;
        }

        // What goes and is as near to the vertex stays within reach: of equal vectors it may be the only way there.
        if (place < count && ofVertex[place] <= distance)
        {
            Keep(record, lengths, links[place] & GraphLayout.Number, ofVertex[place]);
        }

        links[place] = vertex | (dominated ? GraphLayout.Dominated : 0);
        ofOwner[place] = distance;
        _layout.LinkCount(other) = (ushort)int.Max(count, place + 1);
        return true;
    }

    private void Keep(byte* record, float* lengths, uint end, float distance)
    {
        int count = _layout.LinkCount(record);
        uint* links = GraphLayout.Links(record);
        for (int i = 0; i < count; i++)
        {
            if ((links[i] & GraphLayout.Number) == end)
            {
                return;
            }
        }

        if (count < _layout.MaxLinks)
        {
            links[count] = end | GraphLayout.Dominated;
            lengths[count] = distance;
            _layout.LinkCount(record)++;
        }
    }

    /// <summary>
    /// Where nobody would link to a vertex, one that it links to does, in place of the furthest that it has, which the vertex links to in turn.
    /// </summary>
    private void Force(uint owner, uint vertex, byte* record, float* lengths, float distance)
    {
        uint* links = GraphLayout.Links(Record(owner));
        float* ofOwner = Lengths(owner);
        int place = Linker.Furthest(ofOwner, _layout.LinkCount(Record(owner)), vertex);
        uint gone = links[place] & GraphLayout.Number;
        links[place] = vertex | GraphLayout.Dominated;
        ofOwner[place] = distance;
        Keep(record, lengths, gone, *_linker.FromQuery(this, &gone, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Record(uint vertex)
    {
        uint at = vertex - _base;
        return _records[at >> ChunkBits] + ((at & (ChunkVertices - 1)) * (nint)_layout.RecordBytes);
    }

    private byte* PayloadOf(uint vertex) => _layout.Payload(Record(vertex));

    private float* Lengths(uint vertex)
    {
        uint at = vertex - _base;
        return _lengths[at >> ChunkBits] + ((at & (ChunkVertices - 1)) * (nint)_layout.MaxLinks);
    }

    private bool Grow()
    {
        nuint records = (nuint)_layout.RecordBytes * ChunkVertices;
        nuint lengths = (nuint)_layout.MaxLinks * sizeof(float) * ChunkVertices;
        if ((_chunks > 0 && _taken + records + lengths > _limit) || _chunks == MaxChunks - 1)
        {
            return false;
        }

        if (_chunks == _records.Length)
        {
            var more = new byte*[2 * _chunks];
            var moreLengths = new float*[2 * _chunks];
            for (int i = 0; i < _chunks; i++)
            {
                more[i] = _records[i];
                moreLengths[i] = _lengths[i];
            }

            _records = more;
            _lengths = moreLengths;
        }

        _records[_chunks] = _memory.Allocate(records);
        _lengths[_chunks] = (float*)_memory.Allocate(lengths);
        _taken += records + lengths;
        _chunks++;
        return true;
    }
}
