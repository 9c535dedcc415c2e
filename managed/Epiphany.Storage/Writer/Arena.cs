// Storage layer, writer. Where the payloads of one column wait until the group is encoded: they never move, so rows keep addresses.

using System.Runtime.CompilerServices;

namespace Epiphany.Storage;

/// <summary>
/// Memory that is taken in pieces, and given up at once or used anew. Pieces are filled in the order in which they are taken, as filling one
/// may overwrite what is behind it; and eight bytes can be read from any byte of a piece on.
/// </summary>
sealed unsafe class Arena(IMemory memory)
{
    const ulong FirstSegment = 1024;
    const ulong LargestSegment = 4 * 1024 * 1024;

    /// <summary>Each segment begins with the address of the next one, and how many bytes can be taken from it.</summary>
    const ulong Header = 2 * sizeof(ulong);
    const ulong Slack = Payloads.Slack;

    byte* _first;
    byte* _segment;
    byte* _next;
    ulong _left;

    /// <summary>Bytes of all segments.</summary>
    internal ulong Held { get; private set; }

    /// <summary>So many bytes, at any alignment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Take(uint bytes)
    {
        if (bytes > _left)
        {
            NextSegment(bytes);
        }

        byte* taken = _next;
        _next += bytes;
        _left -= bytes;
        return taken;
    }

    /// <summary>What was taken is nobody's any more; the memory stays.</summary>
    internal void Clear()
    {
        _segment = _next = null;
        _left = 0;
    }

    internal void Free()
    {
        Clear();
        Trim();
    }

    /// <summary>Gives up what nothing was taken from since the last <see cref="Clear"/>.</summary>
    internal void Trim()
    {
        byte* unused = _segment == null ? _first : *(byte**)_segment;
        if (_segment == null)
        {
            _first = null;
        }
        else
        {
            *(byte**)_segment = null;
        }

        while (unused != null)
        {
            byte* next = *(byte**)unused;
            Held -= *(ulong*)(unused + sizeof(ulong));
            memory.Free(unused);
            unused = next;
        }
    }

    /// <summary>The next segment with enough room, which may be one from before; those that are too small for once are passed over.</summary>
    void NextSegment(uint bytes)
    {
        do
        {
            byte* next = _segment == null ? _first : *(byte**)_segment;
            _segment = next == null ? AddSegment(bytes) : next;
            _next = _segment + Header;
            _left = *(ulong*)(_segment + sizeof(ulong));
        }
        while (bytes > _left);
    }

    byte* AddSegment(uint bytes)
    {
        ulong room = ulong.Max(ulong.Clamp(Held / 2, FirstSegment, LargestSegment), bytes);
        byte* segment = memory.Allocate((nuint)(Header + room + Slack));
        *(byte**)segment = null;
        *(ulong*)(segment + sizeof(ulong)) = room;
        if (_segment == null)
        {
            _first = segment;
        }
        else
        {
            *(byte**)_segment = segment;
        }

        Held += room;
        return segment;
    }
}
