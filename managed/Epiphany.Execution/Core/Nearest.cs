// Execution layer, core. What a bounded sort by a distance tells the scans below it: how far a row may be to be among the first.

using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The distances of the nearest rows so far, as many as are wanted: a heap whose root is the furthest. All rows that are told here go to the sort
/// as they are, so nobody who is further than all of them can be among its first.
/// </summary>
sealed unsafe class Nearest(IMemory memory)
{
    /// <summary>Who wants more rows compares all of them as well.</summary>
    internal const int MaxRows = 1 << 16;

    /// <summary>Distances as integers in PostgreSQL's order: NaN is above all.</summary>
    long* _heap;
    int _room;
    int _wanted;
    int _count;

    /// <summary>Who is further need not come; NaN: everybody but nulls, +infinity: nulls, too, since there are not rows enough yet.</summary>
    internal double Furthest { get; private set; }

    internal bool IsFull => _count == _wanted;

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
        Furthest = double.PositiveInfinity;
    }

    /// <summary>May a row at that distance be among the first, those that are as far as the last of them included?</summary>
    internal bool MayBeAmong(double distance) => !IsFull || FloatKey.FromDouble(distance) <= _heap[0];

    /// <summary>Tells of a row. False: it need not come.</summary>
    internal bool Add(double distance)
    {
        long key = FloatKey.FromDouble(distance);
        if (!IsFull)
        {
            Rise(key);
        }
        else if (key < _heap[0])
        {
            Sink(key);
        }
        else
        {
            return key == _heap[0];
        }

        if (IsFull)
        {
            Furthest = FloatKey.ToDouble(_heap[0]);
        }

        return true;
    }

    void Rise(long key)
    {
        int at = _count++;
        while (at > 0 && _heap[(at - 1) / 2] < key)
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = key;
    }

    /// <summary>In place of the root.</summary>
    void Sink(long key)
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
            if (_heap[child] <= key)
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = key;
    }
}
