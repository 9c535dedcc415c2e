// Vector layer, graph. What VACUUM does with a vertex that links to vertices which go: what these link to takes their places, near ones in different
// directions first. Mostly it looks at the links' links only, so a repair costs what a hop of a search or two cost; where most of these go, too,
// it looks behind them until there is enough to choose among.

using System;

namespace Epiphany.Vector.Graph;

internal sealed unsafe class GraphRepair(GraphLayout layout, Space space, VertexSource source)
{
    /// <summary>Vertices that are looked at, at most, those that are linked to included.</summary>
    private const int Most = 512;

    /// <summary>Vertices that go which it looks behind, at most.</summary>
    private const int MostLost = 256;

    private readonly uint[] _lost = new uint[int.Max(MostLost, layout.MaxLinks)];
    private readonly uint[] _vertices = new uint[Most];
    private readonly float[] _distances = new float[Most];
    private readonly nint[] _payloads = new nint[Most];
    private readonly byte[] _states = new byte[Most];
    private int _count;

    internal void Run(uint vertex, uint* links, ref int count, ulong* going, uint end)
    {
        int kept = 0;
        int gone = 0;
        for (int i = 0; i < count; i++)
        {
            if (Goes(links[i], going, end))
            {
                _lost[gone++] = links[i] & GraphLayout.Number;
            }
            else
            {
                links[kept++] = links[i];
            }
        }

        Collect(vertex, links, kept, gone, going, end);
        count = kept;
        if (_count > kept)
        {
            Replace(vertex, links, ref count, kept, int.Min(gone, layout.MaxLinks - kept));
        }
    }

    private static bool Goes(uint link, ulong* going, uint end)
    {
        uint vertex = link & GraphLayout.Number;
        return vertex < end && (going[vertex / 64] >> (int)(vertex % 64) & 1) != 0;
    }

    /// <summary>The kept links' ends first, then, each once, what lost ones link to; then what is behind lost ones that these link to.</summary>
    private void Collect(uint vertex, uint* links, int kept, int gone, ulong* going, uint end)
    {
        int first = gone;
        int enough = kept + (2 * layout.MaxLinks);
        uint* ends = stackalloc uint[layout.MaxLinks];
        _count = 0;
        for (int i = 0; i < kept; i++)
        {
            _vertices[_count++] = links[i] & GraphLayout.Number;
        }

        for (int i = 0; i < gone && (i < first || _count < enough); i++)
        {
            int count = source.Links(_lost[i], ends);
            for (int j = 0; j < count && _count < Most; j++)
            {
                uint other = ends[j] & GraphLayout.Number;
                if (Goes(other, going, end))
                {
                    if (gone < MostLost && Array.IndexOf(_lost, other, 0, gone) < 0)
                    {
                        _lost[gone++] = other;
                    }
                }
                else if (other != vertex && Array.IndexOf(_vertices, other, 0, _count) < 0)
                {
                    _vertices[_count++] = other;
                }
            }
        }
    }

    private void Replace(uint vertex, uint* links, ref int count, int kept, int places)
    {
        byte[] own = new byte[space.PayloadBytes];
        fixed (byte* payload = own)
        fixed (uint* vertices = _vertices)
        fixed (float* distances = _distances)
        fixed (nint* payloads = _payloads)
        fixed (byte* states = _states)
        {
            source.Payloads(&vertex, 1, (byte**)payloads, states);
            new ReadOnlySpan<byte>((byte*)payloads[0], own.Length).CopyTo(own);
            source.Payloads(vertices, _count, (byte**)payloads, states);
            space.Between(payload, (byte**)payloads, _count, distances);
            while (places > 0)
            {
                int best = Best(distances, states, kept);
                if (best < 0)
                {
                    break;
                }

                links[count++] = vertices[best] | (distances[best] > 0 && Dominated(distances, payloads, best, kept) ? GraphLayout.Dominated : 0);
                states[best] = (byte)VertexState.Free;
                places--;
            }
        }
    }

    /// <summary>The nearest that is live and was not taken.</summary>
    private int Best(float* distances, byte* states, int from)
    {
        int best = -1;
        for (int i = from; i < _count; i++)
        {
            if (states[i] == (byte)VertexState.Live && (best < 0 || distances[i] < distances[best]))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>Is one of the kept links' ends, nearer than this one, also nearer to it?</summary>
    private bool Dominated(float* distances, nint* payloads, int candidate, int kept)
    {
        float* others = stackalloc float[layout.MaxLinks];
        space.Between((byte*)payloads[candidate], (byte**)payloads, kept, others);
        for (int i = 0; i < kept; i++)
        {
            if (distances[i] <= distances[candidate] && others[i] <= distances[candidate])
            {
                return true;
            }
        }

        return false;
    }
}
