// Execution layer, expressions. Is a string of bytes among many?

using System;
using System.Numerics;

namespace Epiphany.Execution;

/// <summary>Byte strings, made once: a table with open addressing, at most half full. The strings stay where they are.</summary>
readonly unsafe struct BytesSet<TBytes> : IDatumSet
    where TBytes : struct, IBytes
{
    /// <summary>Pairs of hash and datum; no datum is 0.</summary>
    readonly ulong* _slots;
    readonly int _mask;

    internal BytesSet(ArrayConstant array, IExecutionHost host)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(array.Values.Length, 4) * 2);
        _mask = size - 1;
        _slots = (ulong*)host.Memory.Allocate((nuint)size * 2 * sizeof(ulong));
        new Span<ulong>(_slots, size * 2).Clear();
        for (int i = 0; i < array.Values.Length; i++)
        {
            if (!array.Nulls[i])
            {
                Put(array.Values[i]);
            }
        }
    }

    public bool TryRanges(RangeSet ranges) => false;

    public bool Has(ulong datum)
    {
        ReadOnlySpan<byte> bytes = TBytes.Of(datum);
        ulong hash = Hash(bytes);
        for (int slot = (int)hash & _mask; _slots[(2 * slot) + 1] != 0; slot = (slot + 1) & _mask)
        {
            if (_slots[2 * slot] == hash && TBytes.Of(_slots[(2 * slot) + 1]).SequenceEqual(bytes))
            {
                return true;
            }
        }

        return false;
    }

    void Put(ulong datum)
    {
        ulong hash = Hash(TBytes.Of(datum));
        int slot = (int)hash & _mask;
        while (_slots[(2 * slot) + 1] != 0)
        {
            slot = (slot + 1) & _mask;
        }

        _slots[2 * slot] = hash;
        _slots[(2 * slot) + 1] = datum;
    }

    static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)bytes.Length * Multiplier;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ BitConverter.ToUInt64(bytes)) * Multiplier;
        }

        foreach (byte b in bytes)
        {
            hash = (BitOperations.RotateLeft(hash, 7) ^ b) * Multiplier;
        }

        return hash ^ (hash >> 32);
    }
}
