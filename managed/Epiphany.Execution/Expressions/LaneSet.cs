// Execution layer, expressions. Is a lane among many? A table with open addressing, at most half full.

using System;
using System.Numerics;

namespace Epiphany.Execution;

/// <summary>Integers, made once.</summary>
sealed unsafe class LaneSet
{
    readonly long* _slots;
    readonly int _shift;
    readonly int _mask;

    /// <summary>What an empty slot holds is looked for here.</summary>
    readonly bool _hasZero;

    /// <summary>Ascending.</summary>
    readonly long[] _values;

    internal LaneSet(ReadOnlySpan<long> values, IExecutionHost host)
    {
        _values = values.ToArray();
        Array.Sort(_values);
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(values.Length, 4) * 2);
        _mask = size - 1;
        _shift = 64 - BitOperations.Log2((uint)size);
        _slots = (long*)host.Memory.Allocate((nuint)size * sizeof(long));
        new Span<long>(_slots, size).Clear();
        foreach (long value in values)
        {
            _hasZero |= value == 0;
            int slot = Slot(value);
            while (_slots[slot] != 0 && _slots[slot] != value)
            {
                slot = (slot + 1) & _mask;
            }

            _slots[slot] = value;
        }
    }

    internal bool Has(long value)
    {
        if (value == 0)
        {
            return _hasZero;
        }

        int slot = Slot(value);
        while (_slots[slot] != 0)
        {
            if (_slots[slot] == value)
            {
                return true;
            }

            slot = (slot + 1) & _mask;
        }

        return false;
    }

    /// <summary>False: they are too many.</summary>
    internal bool TryRanges(RangeSet ranges)
    {
        ranges.Clear();
        foreach (long value in _values)
        {
            if (!ranges.TryAdd(value, value))
            {
                return false;
            }
        }

        return true;
    }

    int Slot(long value) => (int)((ulong)value * 0x9E3779B97F4A7C15 >> _shift);
}
