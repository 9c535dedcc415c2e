// Vector layer, graph. Which vertices a vertex is linked to: near ones, in different directions. A link is dominated if another of the vertex's
// links is nearer to its end than the vertex is; a search finds such an end by the other link. Dominated links go first where room is short.

namespace Epiphany.Vector.Graph;

internal static unsafe class Selection
{
    /// <summary>
    /// Chooses up to <paramref name="most"/> of the candidates, which come in order of distance, as links: first those that none dominates, then, up
    /// to <paramref name="fill"/>, the nearest others. Returns how many; <paramref name="chosen"/> are numbers of candidates. Payloads lose
    /// their order; <paramref name="open"/> and <paramref name="distances"/> have room for the candidates.
    /// </summary>
    internal static int Choose(
        Space space, Candidate* candidates, byte** payloads, int count, int most, int fill, int* open, float* distances, int* chosen, uint* links)
    {
        int* others = stackalloc int[int.Max(fill, 1)];
        int kept = 0;
        int left = 0;
        for (int i = 0; i < count; i++)
        {
            open[i] = i;
        }

        // The nearest that is still open is taken; whatever it is nearer to than the owner is, it dominates.
        while (count > 0 && kept < most)
        {
            byte* taken = payloads[0];
            links[kept] = candidates[open[0]].Vertex;
            chosen[kept++] = open[0];
            space.Between(taken, payloads + 1, count - 1, distances);
            int stay = 0;
            for (int i = 1; i < count; i++)
            {
                if (distances[i - 1] <= candidates[open[i]].Distance)
                {
                    others[left] = open[i];
                    left += left < fill - 1 ? 1 : 0;
                    continue;
                }

                open[stay] = open[i];
                payloads[stay++] = payloads[i];
            }

            count = stay;
        }

        for (int i = 0; i < left && kept < fill; i++)
        {
            links[kept] = candidates[others[i]].Vertex | GraphLayout.Dominated;
            chosen[kept++] = others[i];
        }

        return kept;
    }

    /// <summary>
    /// Makes a place for a link to <paramref name="vertex"/> among links whose ends are <paramref name="ofOwner"/> from their owner and
    /// <paramref name="ofVertex"/> from the vertex, and says anew which are dominated. Returns the place: <paramref name="count"/> for a new one,
    /// or that of a link that goes; -1 where the new one is the one to go. Among equals <paramref name="turn"/> decides.
    /// </summary>
    internal static int Place(
        uint* links, int count, int most, float* ofOwner, float* ofVertex, float distance, uint turn, out bool dominated)
    {
        dominated = false;
        for (int i = 0; i < count && !dominated; i++)
        {
            dominated = ofOwner[i] <= distance && ofVertex[i] <= distance;
        }

        for (int i = 0; i < count && !dominated; i++)
        {
            if (ofOwner[i] > distance && ofVertex[i] <= ofOwner[i])
            {
                links[i] |= GraphLayout.Dominated;
            }
        }

        if (count < most)
        {
            return count;
        }

        int furthest = -1;
        int furthestDominated = -1;
        for (int i = 0, at = (int)(turn % (uint)count); i < count; i++, at = at + 1 < count ? at + 1 : 0)
        {
            furthest = furthest < 0 || ofOwner[at] > ofOwner[furthest] ? at : furthest;
            if ((links[at] & GraphLayout.Dominated) != 0 && (furthestDominated < 0 || ofOwner[at] > ofOwner[furthestDominated]))
            {
                furthestDominated = at;
            }
        }

        if (dominated && (furthestDominated < 0 || !(ofOwner[furthestDominated] > distance)))
        {
            return -1;
        }

        return furthestDominated >= 0 ? furthestDominated : ofOwner[furthest] > distance ? furthest : -1;
    }
}
