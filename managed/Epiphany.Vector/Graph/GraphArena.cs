// Vector layer, graph. Where the vertices of a graph in the making are: in memory of one process, which grows, or in memory that processes
// share, which does not. Promise: whoever has a vertex's number finds it in a state that makes sense, whatever others do meanwhile.
//
// A vertex is written before anything leads to it. Its links and their lengths change under its version, which is odd while somebody writes; who
// reads links only, for a search, needs no lock, since a link is a number that is there from the moment it is written. Nobody waits for anything
// else, allocates or calls anybody while a version is odd.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using System.Threading;

namespace Epiphany.Vector.Graph;

public sealed unsafe class GraphArena
{
    private const int ChunkBits = 10;
    private const int ChunkVertices = 1 << ChunkBits;
    private const int MaxChunks = 1 << (31 - ChunkBits);
    private const int HeadBytes = 64;
    private const int Line = 64;

    private readonly GraphLayout _layout;
    private readonly IGraphMemory? _memory;
    private readonly nuint _limit;
    private readonly uint _capacity;
    private readonly uint _entryCapacity;

    /// <summary>How many vertices there are, or more where the last ones found no room; how many entries, likewise.</summary>
    private readonly int* _taken;
    private readonly int* _takenEntries;

    /// <summary>Vertices' places, and 1; 0 where there is none yet.</summary>
    private readonly uint* _entries;
    private byte*[] _records = new byte*[16];
    private byte*[] _links = new byte*[16];
    private int _chunks;

    /// <summary>For one process: grows to <paramref name="limit"/> bytes, or to one chunk where that is more.</summary>
    public GraphArena(GraphLayout layout, IGraphMemory memory, nuint limit)
    {
        (_layout, _memory, _limit, _capacity) = (layout, memory, limit, int.MaxValue);
        _entryCapacity = Entries.Most;
        byte* head = memory.Allocate(HeadBytes + (_entryCapacity * sizeof(uint)));
        _taken = (int*)head;
        _takenEntries = (int*)head + 1;
        _entries = (uint*)(head + HeadBytes);
    }

    /// <summary>In shared memory; one process has it <paramref name="cleared"/>, before the others come.</summary>
    public GraphArena(GraphLayout layout, byte* area, nuint bytes, bool cleared)
    {
        _layout = layout;
        nuint entries = Entries.Most * sizeof(uint);
        nuint head = HeadBytes + entries + Line;
        nuint each = (nuint)layout.StoredBytes + (nuint)LinkBytes;
        _capacity = bytes > head ? (uint)nuint.Min((bytes - head) / each, int.MaxValue - ChunkVertices) : 0;
        _entryCapacity = Entries.Most;
        _taken = (int*)area;
        _takenEntries = (int*)area + 1;
        _entries = (uint*)(area + HeadBytes);
        if (cleared)
        {
            new Span<byte>(area, (int)(HeadBytes + entries)).Clear();
        }

        byte* records = area + ((HeadBytes + entries + Line - 1) / Line * Line);
        byte* links = records + (_capacity * (nuint)layout.StoredBytes);
        _chunks = (int)((_capacity + ChunkVertices - 1) / ChunkVertices);
        _records = new byte*[_chunks];
        _links = new byte*[_chunks];
        for (int i = 0; i < _chunks; i++)
        {
            _records[i] = records + ((nuint)i * ChunkVertices * (nuint)layout.StoredBytes);
            _links[i] = links + ((nuint)i * ChunkVertices * (nuint)LinkBytes);
        }
    }

    /// <summary>A version, and links' lengths.</summary>
    private int LinkBytes => (_layout.MaxLinks + 1) * sizeof(float);

    /// <summary>What a shared arena for so many vertices takes.</summary>
    public static ulong Bytes(GraphLayout layout, ulong vertices) =>
        (2 * Line) + HeadBytes + (Entries.Most * sizeof(uint)) + (vertices * (ulong)(layout.StoredBytes + ((layout.MaxLinks + 1) * sizeof(float))));

    public uint Count => uint.Min((uint)Volatile.Read(ref *_taken), _capacity);

    public int EntryCount => int.Min(Volatile.Read(ref *_takenEntries), (int)_entryCapacity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Record(uint at) => _records[at >> ChunkBits] + ((at & (ChunkVertices - 1)) * (nint)_layout.StoredBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Lengths(uint at) => (float*)(_links[at >> ChunkBits] + ((at & (ChunkVertices - 1)) * (nint)LinkBytes)) + 1;

    /// <summary>Takes a place for a vertex, which is zero; false where memory has come to its end.</summary>
    public bool Take(out uint at)
    {
        at = 0;
        if (_memory == null)
        {
            // Looked at first, so that who asks again does not count on.
            int taken = Volatile.Read(ref *_taken) < (int)_capacity ? Interlocked.Increment(ref *_taken) : int.MaxValue;
            if (taken > (int)_capacity)
            {
                return false;
            }

            at = (uint)taken - 1;
            new Span<byte>(Record(at), _layout.StoredBytes).Clear();
            *VersionOf(at) = 0;
            return true;
        }

        if ((*_taken >> ChunkBits) == _chunks && !Grow())
        {
            return false;
        }

        at = (uint)(*_taken)++;
        return true;
    }

    /// <summary>Makes a vertex one where searches begin, for all.</summary>
    public void AddEntry(uint at)
    {
        if (Volatile.Read(ref *_takenEntries) < (int)_entryCapacity)
        {
            int entry = Interlocked.Increment(ref *_takenEntries) - 1;
            if (entry < (int)_entryCapacity)
            {
                Volatile.Write(ref _entries[entry], at + 1);
            }
        }
    }

    /// <summary>False where there is none yet.</summary>
    public bool Entry(int entry, out uint at)
    {
        at = entry < (int)_entryCapacity ? Volatile.Read(ref _entries[entry]) - 1 : uint.MaxValue;
        return at != uint.MaxValue;
    }

    /// <summary>Copies a vertex's links and their lengths, as they were together; returns how many.</summary>
    public int Read(uint at, uint* links, float* lengths, out uint version)
    {
        for (; ; Pause())
        {
            version = Volatile.Read(ref *VersionOf(at));
            if ((version & 1) != 0)
            {
                continue;
            }

            byte* record = Record(at);
            int count = _layout.LinkCount(record);
            new ReadOnlySpan<uint>(GraphLayout.Links(record), count).CopyTo(new Span<uint>(links, _layout.MaxLinks));
            new ReadOnlySpan<float>(Lengths(at), count).CopyTo(new Span<float>(lengths, _layout.MaxLinks));
            Interlocked.MemoryBarrier();
            if (*VersionOf(at) == version)
            {
                return count;
            }
        }
    }

    /// <summary>Writes them if the vertex is as it was read.</summary>
    public bool Write(uint at, uint version, uint* links, float* lengths, int count)
    {
        if (Interlocked.CompareExchange(ref *VersionOf(at), version + 1, version) != version)
        {
            return false;
        }

        byte* record = Record(at);
        new ReadOnlySpan<uint>(links, count).CopyTo(new Span<uint>(GraphLayout.Links(record), _layout.MaxLinks));
        new ReadOnlySpan<float>(lengths, count).CopyTo(new Span<float>(Lengths(at), _layout.MaxLinks));
        Volatile.Write(ref _layout.LinkCount(record), (ushort)count);
        Volatile.Write(ref *VersionOf(at), version + 2);
        return true;
    }

    /// <summary>False where the vertex has no place left.</summary>
    public bool AddRow(uint at, byte* tid)
    {
        uint version;
        for (; ; Pause())
        {
            version = Volatile.Read(ref *VersionOf(at)) & ~1u;
            if (Interlocked.CompareExchange(ref *VersionOf(at), version + 1, version) == version)
            {
                break;
            }
        }

        bool added = _layout.AddRow(Record(at), tid);
        Volatile.Write(ref *VersionOf(at), version + 2);
        return added;
    }

    private static void Pause()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
    }

    private uint* VersionOf(uint at) => (uint*)(Lengths(at) - 1);

    private bool Grow()
    {
        nuint records = (nuint)_layout.StoredBytes * ChunkVertices;
        nuint links = (nuint)LinkBytes * ChunkVertices;
        if ((_chunks > 0 && (nuint)(_chunks + 1) * (records + links) > _limit) || _chunks == MaxChunks - 1)
        {
            return false;
        }

        if (_chunks == _records.Length)
        {
            _records = Larger(_records);
            _links = Larger(_links);
        }

        _records[_chunks] = _memory!.Allocate(records);
        _links[_chunks] = _memory.Allocate(links);
        _chunks++;
        return true;
    }

    private static byte*[] Larger(byte*[] chunks)
    {
        var larger = new byte*[2 * chunks.Length];
        for (int i = 0; i < chunks.Length; i++)
        {
            larger[i] = chunks[i];
        }

        return larger;
    }
}
