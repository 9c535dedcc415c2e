// Vector layer, graph. The vertices that a search has seen. A hash table with open addressing: what it costs depends on the vertices seen,
// not on the index.

using System;

namespace Epiphany.Vector.Graph;

internal sealed class VisitedSet
{
    private const int Smallest = 2048;
    private const int Keep = 65536;
    private const uint None = uint.MaxValue;

    private uint[] _slots = Empty(Smallest);
    private int _shift = Shift(Smallest);

    internal int Count { get; private set; }

    internal void Clear()
    {
        if (Count == 0)
        {
            return;
        }

        Count = 0;
        if (_slots.Length > Keep)
        {
            _slots = Empty(Smallest);
            _shift = Shift(Smallest);
        }
        else
        {
            Array.Fill(_slots, None);
        }
    }

    /// <summary>False where it was there.</summary>
    internal bool Add(uint vertex)
    {
        uint[] slots = _slots;
        int mask = slots.Length - 1;
        for (int at = (int)((vertex * 0x9E37_79B1u) >> _shift); ; at = (at + 1) & mask)
        {
            uint there = slots[at & mask];
            if (there == vertex)
            {
                return false;
            }

            if (there == None)
            {
                slots[at & mask] = vertex;
                if (++Count * 2 > slots.Length)
                {
                    Grow();
                }

                return true;
            }
        }
    }

    private void Grow()
    {
        uint[] old = _slots;
        _slots = Empty(old.Length * 2);
        _shift = Shift(_slots.Length);
        Count = 0;
        foreach (uint vertex in old)
        {
            if (vertex != None)
            {
                Add(vertex);
            }
        }
    }

    private static uint[] Empty(int size)
    {
        var slots = new uint[size];
        Array.Fill(slots, None);
        return slots;
    }

    private static int Shift(int size) => 32 - int.Log2(size);
}
