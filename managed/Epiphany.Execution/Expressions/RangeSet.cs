// Execution layer, expressions. The integers for which a condition of one column is true, as ranges.

using System;
using Epiphany.Encoding;

namespace Epiphany.Execution;

/// <summary>Ascending ranges that do not meet; at most <see cref="LaneRanges.MaxCount"/>: who adds or joins is told if that is too few.</summary>
sealed unsafe class RangeSet
{
    readonly long[] _bounds = new long[2 * LaneRanges.MaxCount];
    readonly long[] _joined = new long[2 * LaneRanges.MaxCount];

    internal int Count { get; private set; }

    long Low(int range) => _bounds[2 * range];

    long High(int range) => _bounds[(2 * range) + 1];

    internal void Clear() => Count = 0;

    internal void SetAll()
    {
        Clear();
        TryAdd(long.MinValue, long.MaxValue);
    }

    /// <summary>Bounds are integers of whatever size; none of the range may lie below one that was added before.</summary>
    internal bool TryAdd(Int128 low, Int128 high)
    {
        low = Int128.Max(low, long.MinValue);
        high = Int128.Min(high, long.MaxValue);
        if (low > high)
        {
            return true;
        }

        if (Count > 0 && low <= (Int128)High(Count - 1) + 1)
        {
            _bounds[(2 * Count) - 1] = (long)Int128.Max(high, High(Count - 1));
            return true;
        }

        if (Count == LaneRanges.MaxCount)
        {
            return false;
        }

        _bounds[2 * Count] = (long)low;
        _bounds[(2 * Count) + 1] = (long)high;
        Count++;
        return true;
    }

    /// <summary>
    /// Adds the integers that compare so with a value: those before <paramref name="equal"/> are less, those from <paramref name="greater"/> on are
    /// greater.
    /// </summary>
    internal bool TryAdd<TComparison>(Int128 equal, Int128 greater)
        where TComparison : struct, IComparison =>
        (!TComparison.Holds(-1, 0) || TryAdd(long.MinValue, equal - 1))
            && (!TComparison.Holds(0, 0) || TryAdd(equal, greater - 1))
            && (!TComparison.Holds(1, 0) || TryAdd(greater, long.MaxValue));

    /// <summary>All others.</summary>
    internal bool TryTurn()
    {
        Array.Copy(_bounds, _joined, 2 * Count);
        int count = Count;
        Int128 next = long.MinValue;
        Clear();
        for (int i = 0; i < count; i++)
        {
            if (!TryAdd(next, (Int128)_joined[2 * i] - 1))
            {
                return false;
            }

            next = (Int128)_joined[(2 * i) + 1] + 1;
        }

        return TryAdd(next, long.MaxValue);
    }

    /// <summary>Keeps what is in the other set, too.</summary>
    internal bool TryIntersect(RangeSet other)
    {
        Array.Copy(_bounds, _joined, 2 * Count);
        int count = Count;
        Clear();
        int theirs = 0;
        for (int i = 0; i < count && theirs < other.Count;)
        {
            long high = _joined[(2 * i) + 1];
            if (!TryAdd(Math.Max(_joined[2 * i], other.Low(theirs)), Math.Min(high, other.High(theirs))))
            {
                return false;
            }

            if (high < other.High(theirs))
            {
                i++;
            }
            else
            {
                theirs++;
            }
        }

        return true;
    }

    /// <summary>Takes in what is in the other set.</summary>
    internal bool TryUnite(RangeSet other)
    {
        Array.Copy(_bounds, _joined, 2 * Count);
        int count = Count;
        Clear();
        for (int i = 0, theirs = 0; i < count || theirs < other.Count;)
        {
            bool isMine = theirs == other.Count || (i < count && _joined[2 * i] <= other.Low(theirs));
            bool isAdded = isMine ? TryAdd(_joined[2 * i], _joined[(2 * i) + 1]) : TryAdd(other.Low(theirs), other.High(theirs));
            if (!isAdded)
            {
                return false;
            }

            _ = isMine ? i++ : theirs++;
        }

        return true;
    }

    /// <summary>The bounds lie in <paramref name="room"/>, which holds those of as many as there can be.</summary>
    internal LaneRanges Show(long* room)
    {
        new ReadOnlySpan<long>(_bounds, 0, 2 * Count).CopyTo(new Span<long>(room, 2 * Count));
        return new LaneRanges(room, Count);
    }
}
