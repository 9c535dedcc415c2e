// Tiering layer, writer. Finds out whether a column's values are few enough for a dictionary, and gives each its code in order of first appearance.

using System;
using System.Runtime.CompilerServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class DictionaryMaker(IMemory memory)
{
    /// <summary>What the page of entries may take; readers keep it as long as they read the column.</summary>
    const ulong MostBytes = 1 << 20;

    /// <summary>After so many values, most of which were new, it is given up.</summary>
    const int Trial = 8192;

    readonly ByteSink _slots = new(memory);
    readonly ByteSink _codes = new(memory);
    readonly ByteSink _entries = new(memory);
    ColumnBuffer _buffer = null!;

    /// <summary>Of each value.</summary>
    internal ulong* Codes => (ulong*)_codes.Bytes;

    internal int Count { get; private set; }

    /// <summary>The values that each entry has, by their places in the column.</summary>
    internal int* Entries => (int*)_entries.Bytes;

    internal bool Run(ColumnBuffer buffer)
    {
        _buffer = buffer;
        ColumnType type = buffer.Column.Type;
        if (type.Physical == PhysicalType.Boolean || buffer.Values == 0)
        {
            return false;
        }

        int values = buffer.Values;
        int most = int.Min(values, (int)(MostBytes / 4));
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)most * 2 + 8);
        _slots.Clear();
        var slots = (int*)_slots.AppendZeros((ulong)size * sizeof(int));
        _codes.Clear();
        var codes = (ulong*)_codes.Reserve((ulong)values * sizeof(ulong));
        _entries.Clear();
        Count = 0;
        ulong bytes = 0;
        for (int i = 0; i < values; i++)
        {
            uint at = Hash(i) & (uint)(size - 1);
            while (slots[at] != 0 && !Same(Entries[slots[at] - 1], i))
            {
                at = (at + 1) & (uint)(size - 1);
            }

            if (slots[at] == 0)
            {
                bytes += type.Physical == PhysicalType.ByteArray ? 4 + (ulong)buffer.Lengths[i] : (ulong)type.PlainBytes;
                if (bytes > MostBytes || Count == most || (i > Trial && Count > i / 4 * 3))
                {
                    return false;
                }

                *(int*)_entries.Reserve(sizeof(int)) = i;
                _entries.Commit(sizeof(int));
                slots[at] = ++Count;
            }

            codes[i] = (ulong)(slots[at] - 1);
        }

        int width = Kernels.BitPacking.Width((ulong)(Count - 1));
        return bytes + (ulong)values * (ulong)width / 8 < buffer.Raw / 4 * 3;
    }

    uint Hash(int i)
    {
        ulong lane = _buffer.Lanes[i];
        if (!_buffer.Column.Type.IsBytes)
        {
            return (uint)(lane * 0x9E3779B97F4A7C15 >> 32);
        }

        byte* at = (byte*)lane;
        int length = _buffer.Lengths[i];
        ulong hash = (ulong)length * 0x9E3779B97F4A7C15;
        for (; length >= 8; at += 8, length -= 8)
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(at)) * 0xD6E8FEB86659FD93;
            hash ^= hash >> 32;
        }

        for (; length > 0; at++, length--)
        {
            hash = (hash ^ *at) * 0xD6E8FEB86659FD93;
        }

        return (uint)(hash >> 32);
    }

    bool Same(int left, int right)
    {
        ulong* lanes = _buffer.Lanes;
        if (!_buffer.Column.Type.IsBytes)
        {
            return lanes[left] == lanes[right];
        }

        int length = _buffer.Lengths[left];
        return length == _buffer.Lengths[right] &&
            new ReadOnlySpan<byte>((byte*)lanes[left], length).SequenceEqual(new ReadOnlySpan<byte>((byte*)lanes[right], length));
    }
}
