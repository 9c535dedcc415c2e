// Execution layer, core. How keys are found in the table, a batch at a time.

using System;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Execution;

sealed unsafe partial class KeyTable
{
    /// <summary>Tables of so many slots are larger than caches: what rows ahead will look at is asked for in time.</summary>
    const int LargeBits = 16;
    const int Ahead = 16;

    void Run(KeyBatch keys, ReadOnlySpan<Vector> vectors, int rows, uint* numbers, bool adds)
    {
        Rows pending = Rows.All(rows);
        bool byCodes = _nullsEqual && _codes.Take(keys, vectors, rows);
        bool byWindow = !byCodes && _window != null && vectors[0].Nulls == null;
        Rows heads = _runs.Find(vectors, rows);
        pending = heads.Count > 0 ? heads : pending;
        if (byCodes)
        {
            pending = _codes.Map(pending, numbers, _sought);
        }
        else if (heads.Count > 0)
        {
            byWindow = false;
        }
        else if (byWindow)
        {
            pending = _window!.Map(vectors[0].Values, rows, numbers, _sought);
        }

        if (pending.Count == 0)
        {
            KeyRuns.Spread(heads, rows, numbers);
            return;
        }

        Rows unknown = pending;
        if (byCodes)
        {
            pending = _codes.Heads(unknown);
        }

        keys.Load(vectors, pending);
        Rows sought = pending;
        if (!_nullsEqual)
        {
            pending = Settle(keys, pending, numbers);
        }

        if (_stores.Length == 1 && !keys.Columns[0].HasDigests && !_stores[0].HasDigests && keys.Columns[0].Nulls == null && !_stores[0].HasNulls)
        {
            ProbeLanes(keys, pending, numbers, adds);
        }
        else
        {
            Probe(keys, pending, numbers, adds);
        }

        if (adds)
        {
            Account();
        }

        if (byCodes)
        {
            _codes.Learn(sought, numbers);
            _codes.Spread(unknown, numbers, keys.Hashes);
        }
        else if (byWindow)
        {
            _window!.Learn(vectors[0].Values, sought, numbers, _stores[0].Lanes, Count);
        }

        if (heads.Count > 0)
        {
            KeyRuns.Spread(heads, rows, numbers);
            KeyRuns.Spread(heads, rows, keys.Hashes);
        }
    }

    /// <summary>Rows with a null key have no number; the others remain.</summary>
    Rows Settle(KeyBatch keys, Rows rows, uint* numbers)
    {
        Rows rest = keys.WithoutNulls(rows);
        if (rest.Count < rows.Count)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                numbers[rows[i]] = None;
            }
        }

        return rest;
    }

    /// <summary>One column of lanes that are values: compared on the way. Rows with the key of the one before them have its number.</summary>
    void ProbeLanes(KeyBatch keys, Rows rows, uint* numbers, bool adds)
    {
        ulong* lanes = keys.Columns[0].Lanes;
        ulong* hashes = keys.Hashes;
        ulong* stored = _stores[0].Room(Count + (adds ? rows.Count : 0));
        ulong* slots = _slots;
        int shift = 64 - _bits;
        ulong mask = (1UL << _bits) - 1;
        int count = Count;
        int fresh = 0;
        if (slots == null)
        {
            Fail(rows, numbers);
            return;
        }

        bool isLarge = _bits >= LargeBits;
        ulong before = 0;
        uint numberBefore = None;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong hash = hashes[row];
            ulong lane = lanes[row];
            if (isLarge && i + Ahead < rows.Count)
            {
                Sse.Prefetch0(slots + (hashes[rows[i + Ahead]] >> shift));
                Sse.Prefetch0(stored + (uint)(slots[hashes[rows[i + (Ahead / 2)]] >> shift] - 1));
            }

            if (lane == before && numberBefore != None)
            {
                numbers[row] = numberBefore;
                continue;
            }

            ulong at = hash >> shift;
            uint number = None;
            ulong slot;
            while ((slot = slots[at]) != 0)
            {
                number = (uint)slot - 1;
                if (((slot ^ hash) >> 32) == 0 && stored[number] == lane)
                {
                    break;
                }

                number = None;
                at = (at + 1) & mask;
            }

            if (adds && number == None)
            {
                number = (uint)count++;
                slots[at] = (hash & ~(ulong)uint.MaxValue) | (number + 1);
                stored[number] = lane;
                _fresh[fresh++] = (ushort)row;
            }

            numbers[row] = number;
            before = lane;
            numberBefore = number;
        }

        if (fresh > 0)
        {
            _stores[0].Append(keys.Columns[0], new Rows(_fresh, fresh), Count);
            Count = count;
        }
    }

    void Probe(KeyBatch keys, Rows pending, uint* numbers, bool adds)
    {
        if (_slots == null)
        {
            Fail(pending, numbers);
            return;
        }

        int shift = 64 - _bits;
        for (int i = 0; i < pending.Count; i++)
        {
            int row = pending[i];
            _position[row] = (uint)(keys.Hashes[row] >> shift);
        }

        foreach (KeyStore store in _stores)
        {
            store.Room(Count + (adds ? pending.Count : 0));
        }

        while (pending.Count > 0)
        {
            var candidates = new Rows(_candidates, Walk(keys, pending, numbers, adds));
            Rows equal = candidates;
            for (int c = 0; c < _stores.Length && equal.Count > 0; c++)
            {
                equal = new Rows(_equal, _stores[c].Same(keys.Columns[c], equal, numbers, _equal));
            }

            pending = Others(candidates, equal);
        }
    }

    /// <summary>
    /// To each row's next slot that may be its key's. Rows that come to a free slot are done, having got a number if keys are added; the others
    /// are candidates, whose number is the slot's.
    /// </summary>
    int Walk(KeyBatch keys, Rows rows, uint* numbers, bool adds)
    {
        uint mask = (uint)((1UL << _bits) - 1);
        int candidates = 0;
        int fresh = 0;
        int count = Count;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong hash = keys.Hashes[row];
            uint at = _position[row];
            ulong slot;
            while ((slot = _slots[at]) != 0 && ((slot ^ hash) >> 32) != 0)
            {
                at = (at + 1) & mask;
            }

            _position[row] = at;
            if (slot != 0)
            {
                numbers[row] = (uint)slot - 1;
                _candidates[candidates++] = (ushort)row;
            }
            else if (adds)
            {
                _slots[at] = (hash & ~(ulong)uint.MaxValue) | ((uint)count + 1);
                numbers[row] = (uint)count++;
                _fresh[fresh++] = (ushort)row;
            }
            else
            {
                numbers[row] = None;
            }
        }

        if (fresh > 0)
        {
            for (int c = 0; c < _stores.Length; c++)
            {
                _stores[c].Append(keys.Columns[c], new Rows(_fresh, fresh), Count);
            }

            Count = count;
        }

        return candidates;
    }

    /// <summary>Candidates whose keys were not equal, each on to its next slot.</summary>
    Rows Others(Rows candidates, Rows equal)
    {
        uint mask = (uint)((1UL << _bits) - 1);
        int count = 0;
        int e = 0;
        for (int i = 0; i < candidates.Count; i++)
        {
            int row = candidates[i];
            if (e < equal.Count && equal[e] == row)
            {
                e++;
                continue;
            }

            _position[row] = (_position[row] + 1) & mask;
            _pending[count++] = (ushort)row;
        }

        return new Rows(_pending, count);
    }

    static void Fail(Rows rows, uint* numbers)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            numbers[rows[i]] = None;
        }
    }
}
