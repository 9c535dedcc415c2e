// Encoding layer. Turns codes back into strings.

using System;

namespace Epiphany.Encoding;

/// <summary>A symbol table ready for decoding, in memory that the caller owns.</summary>
public readonly unsafe struct FsstDecoder
{
    /// <summary>Memory needed.</summary>
    public const int Bytes = 256 * (sizeof(ulong) + sizeof(ushort));

    /// <summary>Bytes past a string that decoding may overwrite.</summary>
    public const int Slack = Fsst.MaxSymbolBytes;

    /// <summary>In place of a code's length where it has no symbol.</summary>
    const ushort Unknown = 256;

    readonly ulong* _symbols;
    readonly ushort* _lengths;

    FsstDecoder(byte* memory)
    {
        _symbols = (ulong*)memory;
        _lengths = (ushort*)(memory + (256 * sizeof(ulong)));
    }

    /// <summary>Reads a table.</summary>
    public static Fault Load(byte* table, ulong length, byte* memory, out FsstDecoder decoder)
    {
        decoder = new FsstDecoder(memory);
        new Span<byte>(memory, Bytes).Clear();
        if (length < FsstHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        int count = ((FsstHeader*)table)->Symbols;
        byte* lengths = table + FsstHeader.Size;
        byte* at = lengths + count;
        byte* end = table + length;
        if (at > end || count == 0)
        {
            return count == 0 ? Fault.CountOutOfRange : Fault.SegmentTooShort;
        }

        for (int i = 0; i < count; i++)
        {
            if (lengths[i] is 0 or > Fsst.MaxSymbolBytes)
            {
                return Fault.WidthTooLarge;
            }

            if (end - at < lengths[i])
            {
                return Fault.SegmentTooShort;
            }

            new ReadOnlySpan<byte>(at, lengths[i]).CopyTo(new Span<byte>(decoder._symbols + i, sizeof(ulong)));
            decoder._lengths[i] = lengths[i];
            at += lengths[i];
        }

        new Span<ushort>(decoder._lengths + count, Fsst.Escape - count).Fill(Unknown);
        return Fault.None;
    }

    /// <summary>One string.</summary>
    /// <param name="codes">Its codes, readable for BitPacking.Slack bytes past their length.</param>
    /// <param name="length">How many.</param>
    /// <param name="destination">Room for <see cref="Fsst.MaxDecoded"/> and <see cref="Slack"/>.</param>
    /// <param name="end">Past the string's last byte.</param>
    public Fault Decode(byte* codes, ulong length, byte* destination, out byte* end)
    {
        ulong* symbols = _symbols;
        ushort* lengths = _lengths;
        byte* last = codes + length;
        byte* to = destination;
        uint seen = 0;
        while (codes < last)
        {
            // Four codes at once. Past the end of the string they are escapes, which have no symbol and no length.
            long left = last - codes;
            uint four = *(uint*)codes | (left < 4 ? uint.MaxValue << (int)(8 * left) : 0);
            uint escapes = (~four - 0x01010101) & four & 0x80808080;
            if (left >= 4 ? escapes == 0 : escapes << (int)(32 - (8 * left)) == 0)
            {
                uint a = lengths[(byte)four];
                uint b = lengths[(byte)(four >> 8)];
                uint c = lengths[(byte)(four >> 16)];
                uint d = lengths[four >> 24];
                *(ulong*)to = symbols[(byte)four];
                to += (byte)a;
                *(ulong*)to = symbols[(byte)(four >> 8)];
                to += (byte)b;
                *(ulong*)to = symbols[(byte)(four >> 16)];
                to += (byte)c;
                *(ulong*)to = symbols[four >> 24];
                to += (byte)d;
                seen |= a | b | c | d;
                codes += 4;
                continue;
            }

            uint code = *codes++;
            if (code == Fsst.Escape)
            {
                seen |= codes == last ? Unknown : 0u;
                *to++ = *codes++;
                continue;
            }

            *(ulong*)to = symbols[code];
            to += (byte)lengths[code];
            seen |= lengths[code];
        }

        end = to;
        return seen >= Unknown ? Fault.CodeOutOfRange : Fault.None;
    }
}
