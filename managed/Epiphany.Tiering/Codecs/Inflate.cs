// Tiering layer, codecs. gzip's decoder: DEFLATE (RFC 1951) in gzip members (RFC 1952), one or several. Input is hostile: false says that it is
// not what it should be. Codes are decoded by counting lengths (as puff does), with a table for the short ones.

using System;
using System.Buffers.Binary;

namespace Epiphany.Tiering;

ref struct Inflate
{
    readonly ReadOnlySpan<byte> _input;
    readonly Span<byte> _output;
    int _at;
    int _done;
    ulong _bits;
    int _held;

    Inflate(ReadOnlySpan<byte> input, Span<byte> output)
    {
        _input = input;
        _output = output;
    }

    static ReadOnlySpan<ushort> LengthBase =>
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    static ReadOnlySpan<byte> LengthExtra => [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
            16385, 24577];

    static ReadOnlySpan<byte> DistanceExtra =>
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    static ReadOnlySpan<byte> CodeOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Fills all of <paramref name="output"/>, or says false.</summary>
    internal static bool Gunzip(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var state = new Inflate(input, output);
        do
        {
            int start = state._done;
            if (!state.SkipHeader() || !state.Blocks() || !state.CheckTrailer(start))
            {
                return false;
            }
        }
        while (state._at < input.Length);
        return state._done == output.Length;
    }

    bool SkipHeader()
    {
        ReadOnlySpan<byte> head = _input[_at..];
        if (head.Length < 18 || head[0] != 0x1F || head[1] != 0x8B || head[2] != 8 || (head[3] & 0xE0) != 0)
        {
            return false;
        }

        int flags = head[3];
        int at = 10;
        if ((flags & 4) != 0)
        {
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(head[10..]);
        }

        // A name, a comment: each ends with a zero.
        for (int text = 8; text <= 16; text *= 2)
        {
            if ((flags & text) != 0)
            {
                int end = at < head.Length ? head[at..].IndexOf((byte)0) : -1;
                if (end < 0)
                {
                    return false;
                }

                at += end + 1;
            }
        }

        at += (flags & 2) != 0 ? 2 : 0;
        _at += at;
        return _at <= _input.Length;
    }

    bool CheckTrailer(int start)
    {
        // Whole bytes that were taken ahead go back.
        _at -= _held / 8;
        _bits = 0;
        _held = 0;
        if (_input.Length - _at < 8)
        {
            return false;
        }

        ReadOnlySpan<byte> tail = _input[_at..];
        _at += 8;
        return BinaryPrimitives.ReadUInt32LittleEndian(tail) == Crc32.Of(_output[start.._done]) &&
            BinaryPrimitives.ReadUInt32LittleEndian(tail[4..]) == (uint)(_done - start);
    }

    /// <summary>At least so many bits in hand (at most 48), or false where the input ends. Past its end come zeros, which count as nothing.</summary>
    bool Need(int bits)
    {
        while (_held <= 48 && _at < _input.Length)
        {
            _bits |= (ulong)_input[_at++] << _held;
            _held += 8;
        }

        return _held >= bits;
    }

    bool Take(int bits, out int value)
    {
        value = 0;
        if (!Need(bits))
        {
            return false;
        }

        value = (int)(_bits & ((1UL << bits) - 1));
        _bits >>= bits;
        _held -= bits;
        return true;
    }

    bool Blocks()
    {
        Span<ushort> table = stackalloc ushort[2 * InflateCodes.TableSize];
        int last;
        do
        {
            if (!Take(1, out last) || !Take(2, out int kind))
            {
                return false;
            }

            bool good = kind switch
            {
                0 => Stored(),
                1 => Fixed(table),
                2 => Dynamic(table),
                _ => false,
            };
            if (!good)
            {
                return false;
            }
        }
        while (last == 0);
        return true;
    }

    bool Stored()
    {
        if (!Take(_held & 7, out _) || !Take(16, out int length) || !Take(16, out int inverse) || (length ^ inverse) != 0xFFFF)
        {
            return false;
        }

        _at -= _held / 8;
        _bits = 0;
        _held = 0;
        if (length > _input.Length - _at || length > _output.Length - _done)
        {
            return false;
        }

        _input.Slice(_at, length).CopyTo(_output[_done..]);
        _at += length;
        _done += length;
        return true;
    }

    bool Fixed(scoped Span<ushort> table)
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        var literals = new InflateCodes(table[..InflateCodes.TableSize]);
        var distances = new InflateCodes(table[InflateCodes.TableSize..]);
        literals.Build(lengths);
        lengths[..30].Fill(5);
        distances.Build(lengths[..30]);
        return Body(literals, distances);
    }

    bool Dynamic(scoped Span<ushort> table)
    {
        if (!Take(5, out int literalCount) || !Take(5, out int distanceCount) || !Take(4, out int codeCount))
        {
            return false;
        }

        literalCount += 257;
        distanceCount += 1;
        if (literalCount > 286 || distanceCount > 30)
        {
            return false;
        }

        Span<byte> lengths = stackalloc byte[320];
        lengths.Clear();
        for (int i = 0; i < codeCount + 4; i++)
        {
            if (!Take(3, out int length))
            {
                return false;
            }

            lengths[CodeOrder[i]] = (byte)length;
        }

        var literals = new InflateCodes(table[..InflateCodes.TableSize]);
        var distances = new InflateCodes(table[InflateCodes.TableSize..]);
        if (!literals.Build(lengths[..19]) || !Lengths(literals, lengths, literalCount + distanceCount) || lengths[256] == 0)
        {
            return false;
        }

        return literals.Build(lengths[..literalCount]) && distances.Build(lengths.Slice(literalCount, distanceCount)) &&
            Body(literals, distances);
    }

    bool Lengths(scoped InflateCodes codes, scoped Span<byte> lengths, int count)
    {
        Span<byte> read = stackalloc byte[320];
        for (int i = 0; i < count;)
        {
            int symbol = Symbol(codes);
            if (symbol is < 0 or > 18)
            {
                return false;
            }

            if (symbol < 16)
            {
                read[i++] = (byte)symbol;
                continue;
            }

            int bits = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
            if ((symbol == 16 && i == 0) || !Take(bits, out int repeat))
            {
                return false;
            }

            repeat += symbol == 18 ? 11 : 3;
            if (repeat > count - i)
            {
                return false;
            }

            read.Slice(i, repeat).Fill(symbol == 16 ? read[i - 1] : (byte)0);
            i += repeat;
        }

        read[..count].CopyTo(lengths);
        return true;
    }

    bool Body(scoped InflateCodes literals, scoped InflateCodes distances)
    {
        for (; ; )
        {
            int symbol = Symbol(literals);
            if (symbol < 256)
            {
                if (symbol < 0 || _done == _output.Length)
                {
                    return false;
                }

                _output[_done++] = (byte)symbol;
                continue;
            }

            if (symbol == 256)
            {
                return true;
            }

            symbol -= 257;
            if (symbol >= LengthBase.Length || !Take(LengthExtra[symbol], out int more))
            {
                return false;
            }

            int length = LengthBase[symbol] + more;
            int far = Symbol(distances);
            if (far < 0 || far >= DistanceBase.Length || !Take(DistanceExtra[far], out more))
            {
                return false;
            }

            int distance = DistanceBase[far] + more;
            if (distance > _done || length > _output.Length - _done)
            {
                return false;
            }

            for (int i = 0; i < length; i++, _done++)
            {
                _output[_done] = _output[_done - distance];
            }
        }
    }

    int Symbol(scoped InflateCodes codes)
    {
        Need(InflateCodes.Longest);
        ushort fast = codes.Fast((int)(_bits & ((1 << InflateCodes.FastBits) - 1)));
        if (fast != 0)
        {
            int length = fast >> 12;
            if (length > _held)
            {
                return -1;
            }

            _bits >>= length;
            _held -= length;
            return fast & 0xFFF;
        }

        int symbol = codes.Slow(_bits, Math.Min(_held, InflateCodes.Longest), out int used);
        _bits >>= used;
        _held -= used;
        return symbol;
    }
}
