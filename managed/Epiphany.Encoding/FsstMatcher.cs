// Encoding layer. Finds the longest symbol that a string goes on with: one probe of a hash table for symbols of three bytes and more,
// one of a direct table for shorter ones and for bytes that no symbol begins with. Symbols that collide are left out, as in the paper.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Encoding;

/// <summary>A byte string of 1 to 8 bytes, the first one lowest, past them zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FsstSymbol
{
    internal ulong Value;
    internal uint Length;

    /// <summary>While a table is sought: how many bytes of the sample it stands for.</summary>
    internal uint Covered;
}

/// <summary>A symbol of three bytes or more.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FsstSlot
{
    /// <summary>The symbol's. In an empty slot all ones, which no masked word is.</summary>
    internal ulong Value;

    /// <summary>Of the symbol.</summary>
    internal int Bits;

    /// <summary>As the direct table's entries.</summary>
    internal int Entry;
}

/// <summary>
/// Symbols by the bytes they begin with. An entry is a code (below 256 a symbol, else 256 + the byte that has none) and, from bit 12, a length.
/// </summary>
internal readonly unsafe struct FsstMatcher(byte* memory)
{
    internal const int Bytes = (SlotCount * 16) + (2 * 65536) + (2 * 256);
    internal const int LengthBit = 12;
    internal const int CodeMask = (1 << LengthBit) - 1;

    /// <summary>The bit that a code has which is not a symbol's.</summary>
    internal const int Literal = 1 << LiteralBit;

    internal const int LiteralBit = 8;

    const int SlotBits = 12;
    const int SlotCount = 1 << SlotBits;

    readonly FsstSlot* _slots = (FsstSlot*)memory;
    readonly ushort* _pairs = (ushort*)(memory + (SlotCount * 16));
    readonly ushort* _singles = (ushort*)(memory + (SlotCount * 16) + (2 * 65536));

    /// <summary>Forgets all symbols; <see cref="AddShort"/> completes what comes.</summary>
    internal void Clear()
    {
        new Span<FsstSlot>(_slots, SlotCount).Fill(new FsstSlot { Value = ulong.MaxValue, Bits = 56 });
        for (int i = 0; i < 256; i++)
        {
            _singles[i] = (ushort)((1 << LengthBit) | Literal | i);
        }
    }

    /// <summary>Adds symbols of three bytes and more; false where one is in the way.</summary>
    internal bool TryAddLong(in FsstSymbol symbol, int code)
    {
        FsstSlot* slot = _slots + Hash(symbol.Value);
        if (slot->Entry != 0)
        {
            return false;
        }

        int length = (int)symbol.Length;
        *slot = new FsstSlot { Value = symbol.Value, Bits = 8 * length, Entry = (length << LengthBit) | code };
        return true;
    }

    /// <summary>Adds those symbols of a table that have one or two bytes.</summary>
    internal void AddShort(FsstSymbol* symbols, int count)
    {
        for (int code = 0; code < count; code++)
        {
            if (symbols[code].Length == 1)
            {
                _singles[symbols[code].Value] = (ushort)((1 << LengthBit) | code);
            }
        }

        for (int second = 0; second < 256; second++)
        {
            new Span<ushort>(_singles, 256).CopyTo(new Span<ushort>(_pairs + (second * 256), 256));
        }

        for (int code = 0; code < count; code++)
        {
            if (symbols[code].Length == 2)
            {
                _pairs[symbols[code].Value] = (ushort)((2 << LengthBit) | code);
            }
        }
    }

    /// <summary>The entry for a string of eight bytes or more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Find(ulong word)
    {
        // Which of the two it is cannot be predicted: both are loaded, and the test becomes a mask.
        FsstSlot* slot = _slots + Hash(word);
        int shorter = _pairs[(ushort)word];
        bool isLong = Lowest(word, slot->Bits) == slot->Value;
        return shorter ^ ((shorter ^ slot->Entry) & -*(byte*)&isLong);
    }

    /// <summary>The entry for a string of <paramref name="left"/> bytes, whatever the word holds after them.</summary>
    internal int FindWithin(ulong word, int left)
    {
        FsstSlot* slot = _slots + Hash(word);
        if (Lowest(word, slot->Bits) == slot->Value && slot->Entry >> LengthBit <= left)
        {
            return slot->Entry;
        }

        int entry = _pairs[(ushort)word];
        return entry >> LengthBit <= left ? entry : _singles[(byte)word];
    }

    static ulong Lowest(ulong word, int bits) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.ZeroHighBits(word, (ulong)bits) : word & (ulong.MaxValue >> (64 - bits));

    /// <summary>By the first three bytes.</summary>
    static uint Hash(ulong word) => ((uint)(word & 0xFFFFFF) * 0x9E3779B1) >> (32 - SlotBits);
}
