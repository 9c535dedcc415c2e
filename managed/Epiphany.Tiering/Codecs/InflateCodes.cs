// Tiering layer, codecs. One canonical Huffman code of DEFLATE, made of the lengths that the stream gives.

using System;

namespace Epiphany.Tiering;

/// <summary>One canonical code: how many codes of each length, the symbols in order, and for short codes a table by the next bits.</summary>
readonly ref struct InflateCodes(Span<ushort> memory)
{
    internal const int Longest = 15;
    internal const int FastBits = 9;
    internal const int TableSize = 16 + 288 + (1 << FastBits);

    readonly Span<ushort> _counts = memory[..16];
    readonly Span<ushort> _symbols = memory.Slice(16, 288);
    readonly Span<ushort> _fast = memory[(16 + 288)..];

    /// <summary>False where lengths are over-subscribed; codes that are not complete are let be, and fail when they are met.</summary>
    internal bool Build(ReadOnlySpan<byte> lengths)
    {
        _counts.Clear();
        _fast.Clear();
        foreach (byte length in lengths)
        {
            _counts[length]++;
        }

        _counts[0] = 0;
        int left = 1;
        Span<ushort> offsets = stackalloc ushort[17];
        Span<ushort> next = stackalloc ushort[17];
        offsets.Clear();
        next.Clear();
        for (int length = 1; length <= Longest; length++)
        {
            left = (left << 1) - _counts[length];
            if (left < 0)
            {
                return false;
            }

            offsets[length + 1] = (ushort)(offsets[length] + _counts[length]);
            next[length + 1] = (ushort)((next[length] + _counts[length]) << 1);
        }

        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            int length = lengths[symbol];
            if (length == 0)
            {
                continue;
            }

            _symbols[offsets[length]++] = (ushort)symbol;
            int code = next[length]++;
            if (length <= FastBits)
            {
                int reversed = 0;
                for (int bit = 0; bit < length; bit++)
                {
                    reversed |= (code >> bit & 1) << (length - 1 - bit);
                }

                for (; reversed < 1 << FastBits; reversed += 1 << length)
                {
                    _fast[reversed] = (ushort)(length << 12 | symbol);
                }
            }
        }

        return true;
    }

    internal ushort Fast(int bits) => _fast[bits];

    internal int Slow(ulong bits, int held, out int used)
    {
        int code = 0;
        int first = 0;
        int index = 0;
        for (used = 1; used <= held; used++)
        {
            code |= (int)(bits & 1);
            bits >>= 1;
            int count = _counts[used];
            if (code - count < first)
            {
                return _symbols[index + (code - first)];
            }

            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }

        used = 0;
        return -1;
    }
}
