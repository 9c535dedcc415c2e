// Execution layer, core. Which integers are keys of a join's inner side, for scans that leave out rows early. Says "may be" where there is doubt:
// whoever asks does not spare itself the look at the key.

using System;
using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A bit for each integer where they lie close together; else a Bloom filter, all bits of a key in one word.</summary>
sealed unsafe class KeyFilter(IMemory memory, bool isOwn = false)
{
    /// <summary>Ranges of so many integers (a second-level cache of bits), or so many for each key, have a bit for each of them.</summary>
    const ulong DenseRange = 1 << 23;
    const ulong DenseRangePerKey = 32;
    const int BloomBitsPerKey = 16;

    /// <summary>Positions in a Bloom filter are taken from other bits of the hash than those that name the word.</summary>
    const int MaxBloomWordBits = 26;

    ulong* _words;
    long _low;
    ulong _range;
    int _bloomShift;

    internal ulong Bytes { get; private set; }

    /// <summary>Other processes of a parallel plan have other keys.</summary>
    internal bool IsOwn => isOwn;

    /// <summary>No key is less.</summary>
    internal long Low => _low;

    /// <summary>No key is greater.</summary>
    internal long High => _low + (long)_range;

    bool IsDense => _bloomShift == 0;

    /// <summary>These keys and no others; at least one.</summary>
    internal void Fill(ulong* lanes, int count)
    {
        Clear();
        Kernels.MinMax.Run((long*)lanes, count, out _low, out long high);
        _range = (ulong)high - (ulong)_low;
        if (_range < Math.Max(DenseRange, DenseRangePerKey * (ulong)count))
        {
            Allocate((_range / 64) + 1);
            for (int i = 0; i < count; i++)
            {
                ulong at = lanes[i] - (ulong)_low;
                _words[at / 64] |= 1UL << (int)(at % 64);
            }

            return;
        }

        int bits = Math.Min(BitOperations.Log2((ulong)count * BloomBitsPerKey / 64) + 1, MaxBloomWordBits);
        _bloomShift = 64 - bits;
        Allocate(1UL << bits);
        for (int i = 0; i < count; i++)
        {
            ulong hash = Hash(lanes[i]);
            _words[hash >> _bloomShift] |= Positions(hash);
        }
    }

    internal void Clear()
    {
        if (_words != null)
        {
            memory.Free((byte*)_words);
        }

        _words = null;
        _bloomShift = 0;
        Bytes = 0;
    }

    /// <summary>Those of the rows whose value may be a key; <paramref name="selected"/> may be where they lie. Nulls are no keys.</summary>
    internal int Keep(Vector column, Rows rows, ushort* selected)
    {
        int count = IsDense ? KeepDense(column.Values, rows, selected) : KeepBloom(column.Values, rows, selected);
        return column.Nulls == null ? count : new Rows(selected, count).WithoutNulls(column.Nulls, selected);
    }

    int KeepDense(ulong* lanes, Rows rows, ushort* selected)
    {
        ulong* words = _words;
        ushort* index = rows.Index;
        ulong low = (ulong)_low;
        ulong range = _range;
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = index == null ? i : index[i];
            ulong at = lanes[row] - low;
            bool isInside = at <= range;
            ulong word = words[(isInside ? at : 0) / 64];
            selected[count] = (ushort)row;
            count += (int)(word >> (int)(at % 64)) & (isInside ? 1 : 0);
        }

        return count;
    }

    int KeepBloom(ulong* lanes, Rows rows, ushort* selected)
    {
        ulong* words = _words;
        ushort* index = rows.Index;
        int shift = _bloomShift;
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = index == null ? i : index[i];
            ulong hash = Hash(lanes[row]);
            ulong positions = Positions(hash);
            selected[count] = (ushort)row;
            count += (words[hash >> shift] & positions) == positions ? 1 : 0;
        }

        return count;
    }

    static ulong Hash(ulong lane) => (lane ^ (lane >> 32)) * 0x9E3779B97F4A7C15;

    static ulong Positions(ulong hash) =>
        (1UL << (int)((hash >> 14) & 63)) | (1UL << (int)((hash >> 20) & 63)) | (1UL << (int)((hash >> 26) & 63)) | (1UL << (int)((hash >> 32) & 63));

    void Allocate(ulong words)
    {
        Bytes = words * sizeof(ulong);
        _words = (ulong*)memory.Allocate((nuint)Bytes);
    }
}
