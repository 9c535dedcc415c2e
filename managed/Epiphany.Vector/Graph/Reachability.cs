// Vector layer, graph. Promise: from the entries, links lead to every live vertex. Vertices are gone through in the order in which they are stored,
// until a pass finds nothing new, so that two bits a vertex are all that it takes.

using System;
using System.Numerics;

namespace Epiphany.Vector.Graph;

public static unsafe class Reachability
{
    private const int Batch = 64;

    /// <summary>
    /// Calls <paramref name="unreached"/> for a vertex of each part that no way leads to from the entries; from then on one does.
    /// <paramref name="going"/>: a bit for each vertex that is going, or null. Numbers are from <paramref name="first"/>, and below
    /// <paramref name="end"/>. Returns how many calls.
    /// </summary>
    public static long Ensure(VertexSource source, IGraphMemory memory, uint first, uint end, Entries entries, ulong* going, Action<uint> unreached)
    {
        nuint words = (end / Batch) + 1;
        var reached = (ulong*)memory.Allocate(words * sizeof(ulong));
        var followed = (ulong*)memory.Allocate(words * sizeof(ulong));
        for (int i = 0; i < entries.Count; i++)
        {
            Mark(reached, entries[i], end);
        }

        long calls = 0;
        uint searched = first;
        do
        {
            Spread(source, reached, followed, going, end);
        }
        while (Unreached(source, reached, going, end, ref searched, unreached, ref calls));

        memory.Free((byte*)reached);
        memory.Free((byte*)followed);
        return calls;
    }

    private static void Mark(ulong* bits, uint vertex, uint end)
    {
        if (vertex < end)
        {
            bits[vertex / Batch] |= 1ul << (int)(vertex % Batch);
        }
    }

    private static void Spread(VertexSource source, ulong* reached, ulong* followed, ulong* going, uint end)
    {
        uint* links = stackalloc uint[256];
        for (bool more = true; more;)
        {
            more = false;
            for (uint word = 0; (ulong)word * Batch < end; word++)
            {
                ulong some;
                while ((some = reached[word] & ~followed[word]) != 0)
                {
                    uint vertex = (word * Batch) + (uint)BitOperations.TrailingZeroCount(some);
                    followed[word] |= some & (~some + 1);
                    if (going != null && (going[word] & some & (~some + 1)) != 0)
                    {
                        continue;
                    }

                    more = true;
                    int count = source.Links(vertex, links);
                    for (int i = 0; i < count; i++)
                    {
                        Mark(reached, links[i] & GraphLayout.Number, end);
                    }
                }

                source.Poll();
            }
        }
    }

    /// <summary>The next live vertex that nothing leads to; false where there is none.</summary>
    private static bool Unreached(
        VertexSource source, ulong* reached, ulong* going, uint end, ref uint searched, Action<uint> unreached, ref long calls)
    {
        byte* payload;
        byte state;
        for (; searched < end; searched++)
        {
            ulong bit = 1ul << (int)(searched % Batch);
            uint vertex = searched;
            if (((reached[vertex / Batch] | (going != null ? going[vertex / Batch] : 0)) & bit) != 0)
            {
                continue;
            }

            source.Payloads(&vertex, 1, &payload, &state);
            if (state == (byte)VertexState.Live)
            {
                reached[vertex / Batch] |= bit;
                unreached(vertex);
                calls++;
                return true;
            }
        }

        return false;
    }
}
