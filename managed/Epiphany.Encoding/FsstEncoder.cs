// Encoding layer. Codes strings with a symbol table, and writes the table.

using System;

namespace Epiphany.Encoding;

/// <summary>A table ready for use. It lives in the builder's memory, until that builds another.</summary>
public readonly unsafe struct FsstEncoder
{
    readonly FsstMatcher _matcher;
    readonly FsstSymbol* _symbols;
    readonly int _count;

    internal FsstEncoder(FsstMatcher matcher, FsstSymbol* symbols, int count)
    {
        _matcher = matcher;
        _symbols = symbols;
        _count = count;
    }

    public int TableBytes
    {
        get
        {
            int bytes = FsstHeader.Size + _count;
            for (int i = 0; i < _count; i++)
            {
                bytes += (int)_symbols[i].Length;
            }

            return bytes;
        }
    }

    /// <param name="destination">Room for <see cref="TableBytes"/>.</param>
    public void WriteTable(byte* destination)
    {
        *(FsstHeader*)destination = new FsstHeader { Symbols = (byte)_count };
        byte* lengths = destination + FsstHeader.Size;
        byte* bytes = lengths + _count;
        for (int i = 0; i < _count; i++)
        {
            FsstSymbol symbol = _symbols[i];
            lengths[i] = (byte)symbol.Length;
            for (uint left = symbol.Length; left > 0; left--)
            {
                *bytes++ = (byte)symbol.Value;
                symbol.Value >>= 8;
            }
        }
    }

    /// <summary>Codes one string and says how many bytes that took.</summary>
    /// <param name="value">Only its own bytes are read.</param>
    /// <param name="length">How many.</param>
    /// <param name="destination">Room for <see cref="Fsst.MaxEncoded"/> and one byte more.</param>
    public ulong Encode(byte* value, uint length, byte* destination)
    {
        byte* at = value;
        byte* end = value + length;
        byte* to = destination;
        while (end - at >= sizeof(ulong))
        {
            ulong word = *(ulong*)at;
            int entry = _matcher.Find(word);
            to = Put(to, entry, word);
            at += entry >> FsstMatcher.LengthBit;
        }

        // The last bytes by themselves: what follows the string may not be ours to read.
        int left = (int)(end - at);
        ulong rest = 0;
        if (left == 0)
        {
            return (ulong)(to - destination);
        }

        if (length >= sizeof(ulong))
        {
            rest = *(ulong*)(end - sizeof(ulong)) >> (64 - (8 * left));
        }
        else
        {
            new ReadOnlySpan<byte>(at, left).CopyTo(new Span<byte>(&rest, sizeof(ulong)));
        }

        while (left > 0)
        {
            int entry = _matcher.FindWithin(rest, left);
            to = Put(to, entry, rest);
            left -= entry >> FsstMatcher.LengthBit;
            rest >>= 8 * (entry >> FsstMatcher.LengthBit);
        }

        return (ulong)(to - destination);
    }

    /// <summary>Without a branch: a literal's byte is written always, and counted where it is one.</summary>
    static byte* Put(byte* to, int entry, ulong word)
    {
        int code = entry & FsstMatcher.CodeMask;
        to[0] = (byte)Math.Min(code, Fsst.Escape);
        to[1] = (byte)word;
        return to + 1 + (code >> 8);
    }
}
