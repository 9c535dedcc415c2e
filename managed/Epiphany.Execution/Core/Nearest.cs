// Execution layer, core. What a bounded sort by a distance tells the scans below it: how far a row may be to be among the first.

using System;
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

    /// <summary>Which row each is of, for those who tell.</summary>
    ulong* _ids;
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

            _heap = (long*)memory.Allocate((nuint)wanted * (sizeof(long) + sizeof(ulong)));
            _ids = (ulong*)(_heap + wanted);
            _room = wanted;
        }

        _wanted = wanted;
        _count = 0;
        Furthest = double.PositiveInfinity;
    }

    /// <summary>May a row at that distance be among the first, those that are as far as the last of them included?</summary>
    internal bool MayBeAmong(double distance) => !IsFull || FloatKey.FromDouble(distance) <= _heap[0];

    /// <summary>Tells of a row. False: it need not come.</summary>
    internal bool Add(double distance, ulong id = 0)
    {
        long key = FloatKey.FromDouble(distance);
        if (!IsFull)
        {
            Rise(key, id);
        }
        else if (key < _heap[0])
        {
            Sink(key, id);
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

    /// <summary>
    /// The rows themselves, the nearest first, of equal ones that with the least id; says how many. Nothing more can be told in this run.
    /// </summary>
    internal int Show(out ulong* ids, out double* distances)
    {
        new Span<long>(_heap, _count).Sort(new Span<ulong>(_ids, _count));
        for (int first = 0; first < _count;)
        {
            int end = first + 1;
            while (end < _count && _heap[end] == _heap[first])
            {
                end++;
            }

            new Span<ulong>(_ids + first, end - first).Sort();
            first = end;
        }

        ids = _ids;
        distances = (double*)_heap;
        for (int i = 0; i < _count; i++)
        {
            distances[i] = FloatKey.ToDouble(_heap[i]);
        }

        return _count;
    }

    void Rise(long key, ulong id)
    {
        int at = _count++;
        while (at > 0 && _heap[(at - 1) / 2] < key)
        {
            _heap[at] = _heap[(at - 1) / 2];
            _ids[at] = _ids[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = key;
        _ids[at] = id;
    }

    /// <summary>In place of the root.</summary>
    void Sink(long key, ulong id)
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
            _ids[at] = _ids[child];
            at = child;
        }

        _heap[at] = key;
        _ids[at] = id;
    }
}
