// Encoding layer. Layout of a chunk's symbol table for strings (FSST: Boncz, Neumann, Leis, VLDB 2020): up to 255 byte strings of 1 to 8
// bytes, each with a code of one byte. A string is the codes of the symbols that it consists of; code 255 says that the next byte stands
// for itself. Every string is coded by itself, so any one can be had without the others.

using System.Runtime.InteropServices;

namespace Epiphany.Encoding;

/// <summary>8 bytes, little-endian, followed by the symbols' lengths, one byte each, and the symbols' bytes, one after another.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal struct FsstHeader
{
    internal const int Size = 8;

    /// <summary>1 to 255. Bytes 1..7 are zero.</summary>
    [FieldOffset(0)]
    internal byte Symbols;
}

/// <summary>Numbers of the layout.</summary>
public static class Fsst
{
    /// <summary>The code that makes the next byte stand for itself.</summary>
    internal const int Escape = 255;

    internal const int MaxSymbols = 255;

    internal const int MaxSymbolBytes = 8;

    /// <summary>A table takes no more than this.</summary>
    public const int MaxTableBytes = FsstHeader.Size + (MaxSymbols * (1 + MaxSymbolBytes));

    /// <summary>A string of so many codes has at most so many bytes.</summary>
    public static ulong MaxDecoded(ulong codes) => codes * MaxSymbolBytes;

    /// <summary>A string of so many bytes takes at most so many codes.</summary>
    public static ulong MaxEncoded(ulong bytes) => bytes * 2;
}
