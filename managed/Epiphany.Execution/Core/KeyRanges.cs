// Execution layer, core. Integers cut into ranges that have about as many rows as are wanted, by what is known of pieces: bounds and rows. Knows
// nothing of where pieces come from.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Rows whose integers are between two bounds, which are taken to lie there evenly.</summary>
readonly record struct KeyPiece(long Low, long High, long Rows);

/// <summary>Ranges by number, ascending; together they have all integers.</summary>
sealed unsafe class KeyRanges(IMemory memory)
{
    internal const int MaxRanges = 1 << 16;

    readonly HostList<Edge> _edges = new(memory);
    readonly HostList<long> _ends = new(memory);

    /// <summary>From that integer on there are so many rows an integer more.</summary>
    readonly record struct Edge(long At, double Density);

    internal int Count => _ends.Count;

    /// <summary>The range's first integer.</summary>
    internal long Begin(int range) => range == 0 ? long.MinValue : _ends[range - 1] + 1;

    /// <summary>The range's last integer.</summary>
    internal long End(int range) => _ends[range];

    /// <summary>The range that an integer lies in.</summary>
    internal int Of(long value)
    {
        int found = _ends.Span.BinarySearch(value);
        return found < 0 ? ~found : found;
    }

    /// <summary>
    /// The first range gets so many rows, each one after it twice as many as the one before, up to <paramref name="most"/>; the least that a range
    /// has is one integer.
    /// </summary>
    internal void Cut(ReadOnlySpan<KeyPiece> pieces, double first, double most)
    {
        Clear();
        foreach (KeyPiece piece in pieces)
        {
            double density = piece.Rows / ((double)((ulong)piece.High - (ulong)piece.Low) + 1);
            _edges.Add(new Edge(piece.Low, density));
            if (piece.High < long.MaxValue)
            {
                _edges.Add(new Edge(piece.High + 1, -density));
            }
        }

        _edges.Span.Sort(static (a, b) => a.At.CompareTo(b.At));
        double wanted = Math.Min(first, most);
        double rows = 0;
        double at = 0;
        for (int i = 0; i < _edges.Count - 1 && Count < MaxRanges - 1; i++)
        {
            at += _edges[i].Density;
            long from = _edges[i].At;
            long to = _edges[i + 1].At;
            while (from < to && Count < MaxRanges - 1)
            {
                double width = (ulong)to - (ulong)from;

                // What is left of densities that went may be next to nothing, on either side of it.
                double needed = at > 0 ? Math.Ceiling((wanted - rows) / at) : double.PositiveInfinity;
                if (!(needed < width))
                {
                    rows += at * width;
                    if (rows < wanted)
                    {
                        break;
                    }

                    needed = width;
                }

                from = needed >= width ? to : from + Math.Max(1, (long)needed);
                _ends.Add(from - 1);
                wanted = Math.Min(wanted * 2, most);
                rows = 0;
            }
        }

        _ends.Add(long.MaxValue);
        _edges.Clear();
    }

    /// <summary>One range that has all.</summary>
    internal void Join()
    {
        Clear();
        _ends.Add(long.MaxValue);
    }

    internal void Clear()
    {
        _edges.Clear();
        _ends.Clear();
    }
}
