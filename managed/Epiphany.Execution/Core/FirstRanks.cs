// Execution layer, core. What a bounded sort by an integer tells the scans below it: which values can still be among the first.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The ranks of the first rows so far, as many as are wanted: a heap whose root is the last of them. All rows that are told here go to the sort as
/// they are, so nobody who comes after all of them can be among its first.
/// </summary>
sealed unsafe class FirstRanks(IMemory memory, bool descending, bool nullsFirst)
{
    /// <summary>Who wants more rows compares all of them as well.</summary>
    internal const int MaxRows = 1 << 16;

    long* _heap;
    int _room;
    int _wanted;
    int _count;

    internal bool Descending => descending;

    internal bool NullsFirst => nullsFirst;

    internal bool IsFull => _count == _wanted;

    /// <summary>The last value that may be among the first, where there are enough; of equal ones nobody knows who comes first.</summary>
    internal long Last => Value(_heap[0]);

    /// <summary>A run begins, of which so many rows are wanted, at least one.</summary>
    internal void Begin(int wanted)
    {
        if (wanted > _room)
        {
            if (_heap != null)
            {
                memory.Free((byte*)_heap);
                _heap = null;
                _room = 0;
            }

            _heap = (long*)memory.Allocate((nuint)wanted * sizeof(long));
            _room = wanted;
        }

        _wanted = wanted;
        _count = 0;
    }

    /// <summary>Tells of a row. False: it need not come.</summary>
    internal bool Add(long value) => AddRank(Value(value));

    internal bool AddNull() => AddRank(nullsFirst ? long.MinValue : long.MaxValue);

    /// <summary>A value's rank, or a rank's value.</summary>
    long Value(long value) => descending ? ~value : value;

    bool AddRank(long rank)
    {
        if (!IsFull)
        {
            Rise(rank);
            return true;
        }

        if (rank < _heap[0])
        {
            Sink(rank);
            return true;
        }

        return rank == _heap[0];
    }

    void Rise(long rank)
    {
        int at = _count++;
        while (at > 0 && _heap[(at - 1) / 2] < rank)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = rank;
    }

    /// <summary>In place of the root.</summary>
    void Sink(long rank)
    {
        int at = 0;
        for (; ; )
        {
            int child = (2 * at) + 1;
            if (child >= _count)
            {
                break;
            }

            child += child + 1 < _count && _heap[child + 1] > _heap[child] ? 1 : 0;
            if (_heap[child] <= rank)
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = rank;
    }
}
