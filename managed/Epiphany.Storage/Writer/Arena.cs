// Storage layer, writer. Where the payloads of one column wait until the group is encoded: they never move, so rows keep addresses.

namespace Epiphany.Storage;

/// <summary>Memory that is taken in pieces and freed at once. Eight bytes can be read from where any piece starts, however short it is.</summary>
sealed unsafe class Arena(IMemory memory)
{
    const ulong FirstSegment = 4 * 1024;
    const ulong LargestSegment = 4 * 1024 * 1024;
    const ulong Slack = sizeof(ulong);

    /// <summary>Each segment begins with the address of the one before.</summary>
    byte* _segment;
    byte* _next;
    ulong _left;
    ulong _segmentBytes = FirstSegment;

    /// <summary>So many bytes, at any alignment.</summary>
    internal byte* Take(uint bytes)
    {
        if (bytes > _left)
        {
            AddSegment(bytes);
        }

        byte* taken = _next;
        _next += bytes;
        _left -= bytes;
        return taken;
    }

    internal void Free()
    {
        while (_segment != null)
        {
            byte* before = *(byte**)_segment;
            memory.Free(_segment);
            _segment = before;
        }

        _left = 0;
    }

    void AddSegment(uint bytes)
    {
        ulong room = ulong.Max(_segmentBytes, (ulong)bytes + (ulong)sizeof(byte*));
        byte* segment = memory.Allocate((nuint)(room + Slack));
        *(byte**)segment = _segment;
        _segment = segment;
        _next = segment + sizeof(byte*);
        _left = room - (ulong)sizeof(byte*);
        _segmentBytes = ulong.Min(LargestSegment, _segmentBytes * 2);
    }
}
