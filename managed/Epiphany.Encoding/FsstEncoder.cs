// Encoding layer. Codes strings with a symbol table, and writes the table.

using System;
using System.Runtime.CompilerServices;

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

    /// <summary>
    /// Codes strings, four of them in turn: where a string goes on is known late after where it was, and the processor works on the others
    /// meanwhile.
    /// </summary>
    /// <param name="addresses">Where each string is, readable for eight bytes past its end; then where its codes are.</param>
    /// <param name="lengths">How long it is; then how many bytes its codes take.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Room for <see cref="Fsst.MaxEncoded"/> of all their bytes.</param>
    public void Encode(ulong* addresses, uint* lengths, int count, byte* destination)
    {
        FsstMatcher matcher = _matcher;
        FsstTurns turns = new(addresses, lengths, count, destination);
        FsstTurn a = turns.Next();
        FsstTurn b = turns.Next();
        FsstTurn c = turns.Next();
        FsstTurn d = turns.Next();
        bool isGoing = d.Row >= 0;
        while (isGoing)
        {
            int entry = Step(matcher, ref a);
            if (a.At >= a.End)
            {
                a = Follow(matcher, ref turns, a, entry);
                isGoing &= a.Row >= 0;
            }

            entry = Step(matcher, ref b);
            if (b.At >= b.End)
            {
                b = Follow(matcher, ref turns, b, entry);
                isGoing &= b.Row >= 0;
            }

            entry = Step(matcher, ref c);
            if (c.At >= c.End)
            {
                c = Follow(matcher, ref turns, c, entry);
                isGoing &= c.Row >= 0;
            }

            entry = Step(matcher, ref d);
            if (d.At >= d.End)
            {
                d = Follow(matcher, ref turns, d, entry);
                isGoing &= d.Row >= 0;
            }
        }

        CompleteAll(matcher, ref turns, a);
        CompleteAll(matcher, ref turns, b);
        CompleteAll(matcher, ref turns, c);
        CompleteAll(matcher, ref turns, d);
    }

    /// <summary>One code, as if the string went on for ever.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Step(in FsstMatcher matcher, ref FsstTurn turn)
    {
        ulong word = *(ulong*)turn.At;
        int entry = matcher.Find(word);
        turn.To = Put(turn.To, entry, word);
        turn.At += entry >> FsstMatcher.LengthBit;
        return entry;
    }

    /// <summary>Completes a string whose last step had that entry, and goes on with the next one.</summary>
    static FsstTurn Follow(in FsstMatcher matcher, ref FsstTurns turns, FsstTurn turn, int entry)
    {
        if (turn.At > turn.End)
        {
            // The last symbol does not end with the string: others must do.
            turn.At -= entry >> FsstMatcher.LengthBit;
            turn.To -= 1 + ((entry >> FsstMatcher.LiteralBit) & 1);
        }

        return Complete(matcher, ref turns, turn);
    }

    /// <summary>Codes what is left of a string, with symbols that are no longer than that; says which one is next.</summary>
    static FsstTurn Complete(in FsstMatcher matcher, ref FsstTurns turns, FsstTurn turn)
    {
        while (turn.At < turn.End)
        {
            ulong word = *(ulong*)turn.At;
            int entry = matcher.FindWithin(word, (int)Math.Min(turn.End - turn.At, Fsst.MaxSymbolBytes));
            turn.To = Put(turn.To, entry, word);
            turn.At += entry >> FsstMatcher.LengthBit;
        }

        turns.Finish(turn);
        return turns.Next();
    }

    static void CompleteAll(in FsstMatcher matcher, ref FsstTurns turns, FsstTurn turn)
    {
        while (turn.Row >= 0)
        {
            turn = Complete(matcher, ref turns, turn);
        }
    }

    /// <summary>Without a branch: a literal's byte is written always, and counted where it is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte* Put(byte* to, int entry, ulong word)
    {
        int literal = (entry >> FsstMatcher.LiteralBit) & 1;
        to[0] = (byte)(entry | -literal);
        to[1] = (byte)word;
        return to + 1 + literal;
    }
}
