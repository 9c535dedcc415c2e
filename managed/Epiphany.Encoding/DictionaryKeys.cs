// Encoding layer. What a dictionary is built from: rows that can be hashed, compared and ordered. Two kinds of rows: numbers and bytes.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Encoding;

/// <summary>Rows as keys of a dictionary.</summary>
public interface IDictionaryKeys
{
    /// <summary>The row has no key: it takes the code of the row before it.</summary>
    bool Skip(int row);

    ulong Hash(int row);

    bool Same(int left, int right);

    /// <summary>Order of the dictionary's entries on disk.</summary>
    int Compare(int left, int right);
}

/// <summary>64-bit lanes, ordered as signed numbers.</summary>
public readonly unsafe struct LaneKeys(ulong* values) : IDictionaryKeys
{
    public bool Skip(int row) => false;

    public ulong Hash(int row) => values[row] * 0x9E3779B97F4A7C15;

    public bool Same(int left, int right) => values[left] == values[right];

    public int Compare(int left, int right) => ((long)values[left]).CompareTo((long)values[right]);
}

/// <summary>Byte strings that a number tells apart: hashed and compared by that, ordered as byte strings.</summary>
public readonly unsafe struct NumberedKeys(ulong* numbers, BytesKeys strings) : IDictionaryKeys
{
    public bool Skip(int row) => strings.Skip(row);

    public ulong Hash(int row) => numbers[row] * 0x9E3779B97F4A7C15;

    public bool Same(int left, int right) => numbers[left] == numbers[right];

    public int Compare(int left, int right) => strings.Compare(left, right);
}

/// <summary>Byte strings, in byte order. Rows with a null flag have none.</summary>
public readonly unsafe struct BytesKeys(ulong* addresses, uint* lengths, byte* nulls) : IDictionaryKeys
{
    public bool Skip(int row) => nulls != null && nulls[row] != 0;

    public ulong Hash(int row)
    {
        byte* at = (byte*)addresses[row];
        uint length = lengths[row];
        ulong hash = length;
        if (length < 8)
        {
            return Mix(hash ^ (Short(at, length) << 8));
        }

        for (uint i = 0; i < length - 8; i += 8)
        {
            hash = Mix(hash ^ *(ulong*)(at + i));
        }

        return Mix(hash ^ *(ulong*)(at + length - 8));
    }

    public bool Same(int left, int right)
    {
        uint length = lengths[left];
        if (length != lengths[right])
        {
            return false;
        }

        byte* x = (byte*)addresses[left];
        byte* y = (byte*)addresses[right];
        if (length < 8)
        {
            return Short(x, length) == Short(y, length);
        }

        for (uint i = 0; i < length - 8; i += 8)
        {
            if (*(ulong*)(x + i) != *(ulong*)(y + i))
            {
                return false;
            }
        }

        return *(ulong*)(x + length - 8) == *(ulong*)(y + length - 8);
    }

    public int Compare(int left, int right) =>
        new ReadOnlySpan<byte>((byte*)addresses[left], (int)lengths[left])
            .SequenceCompareTo(new ReadOnlySpan<byte>((byte*)addresses[right], (int)lengths[right]));

    static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value, 0x9E3779B97F4A7C15, out ulong low);
        return high ^ low;
    }

    /// <summary>Fewer than eight bytes as a number of at most 56 bits; the same only for the same bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Short(byte* at, uint length) => length switch
    {
        0 => 0,
        1 => *at,
        2 => *(ushort*)at,
        3 => *(ushort*)at | ((ulong)at[2] << 16),
        _ => *(uint*)at | ((ulong)*(uint*)(at + length - 4) << (int)(8 * (length - 4))),
    };
}
