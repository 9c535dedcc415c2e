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

    /// <summary>Distances as integers in PostgreSQL's order: NaN is above all; beside each, which row it is of, for those who tell.</summary>
    readonly LeastKeys _kept = new(memory, true);

    /// <summary>Who is further need not come; NaN: everybody but nulls, +infinity: nulls, too, since there are not rows enough yet.</summary>
    internal double Furthest { get; private set; }

    internal bool IsFull => _kept.IsFull;

    /// <summary>How many rows the run wants.</summary>
    internal int Wanted => _kept.Wanted;

    /// <summary>A run begins, of which so many rows are wanted, at least one.</summary>
    internal void Begin(int wanted)
    {
        _kept.Begin(wanted);
        Furthest = double.PositiveInfinity;
    }

    /// <summary>May a row at that distance be among the first, those that are as far as the last of them included?</summary>
    internal bool MayBeAmong(double distance) => !IsFull || FloatKey.FromDouble(distance) <= _kept.Greatest;

    /// <summary>Tells of a row. False: it need not come.</summary>
    internal bool Add(double distance, ulong id = 0)
    {
        bool isAmong = _kept.Add(FloatKey.FromDouble(distance), id);
        if (isAmong && IsFull)
        {
            Furthest = FloatKey.ToDouble(_kept.Greatest);
        }

        return isAmong;
    }

    /// <summary>
    /// The rows themselves, the nearest first, of equal ones that with the least id; says how many. Nothing more can be told in this run.
    /// </summary>
    internal int Show(out ulong* ids, out double* distances)
    {
        long* keys = _kept.Keys;
        int count = _kept.Count;
        ids = _kept.Ids;
        new Span<long>(keys, count).Sort(new Span<ulong>(ids, count));
        for (int first = 0; first < count;)
        {
            int end = first + 1;
            while (end < count && keys[end] == keys[first])
            {
                end++;
            }

            new Span<ulong>(ids + first, end - first).Sort();
            first = end;
        }

        distances = (double*)keys;
        for (int i = 0; i < count; i++)
        {
            distances[i] = FloatKey.ToDouble(keys[i]);
        }

        return count;
    }
}
