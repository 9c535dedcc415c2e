// Encoding layer. What PostgreSQL's NUMERICs of one display scale have behind their headers, as those are counted who are never put together:
// for checksums.

using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Epiphany.Encoding;

/// <summary>Writes payloads one after another, each with its length.</summary>
public static unsafe class DecimalPayloads
{
    /// <summary>What one takes at most, and what may be written behind the last one besides.</summary>
    public const int Most = 1 + DecimalShape.DatumBytes;
    public const int Slack = sizeof(ulong);

    /// <summary>
    /// Each value as a byte that says whether it is there, then four bytes of length and the payload that <see cref="DecimalDecoder"/> would give
    /// it. Returns where they end; <paramref name="bytes"/> is what the payloads have.
    /// </summary>
    /// <param name="shape">The chunk's, of one display scale.</param>
    /// <param name="values">The integers.</param>
    /// <param name="nulls">A byte each, or null where none is.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Room for <see cref="Most"/> of each and the <see cref="Slack"/>.</param>
    /// <param name="bytes">Of the payloads alone.</param>
    public static byte* Write(in DecimalShape shape, long* values, byte* nulls, int count, byte* to, out ulong bytes)
    {
        DecimalShape local = shape;
        ulong header = DecimalDecoder.ShortFormat | ((uint)local.Scales[0] << 7);
        ulong unit = local.LastUnit;
        ulong factor = local.LastFactor;
        ulong reciprocal = local.LastReciprocal;
        int shift = local.LastShift;
        int weight = local.LowestWeight + 2;
        bytes = 0;
        for (int i = 0; i < count; i++)
        {
            if (nulls != null && nulls[i] != 0)
            {
                *to++ = 0;
                continue;
            }

            long value = values[i];
            ulong negative = (ulong)(value >> 63);
            ulong magnitude = ((ulong)value ^ negative) - negative;
            ulong rest = Math.BigMul(magnitude, reciprocal, out _) >> shift;
            ulong length;
            if (rest < 100_000_000)
            {
                // At most three digits, in a word from the first one on: those that are zero at either end are not stored.
                ulong high = (uint)rest / 10000;
                ulong digits = high | ((rest - (high * 10000)) << 16) | (((magnitude - (rest * unit)) * factor) << 32);
                int first = BitOperations.TrailingZeroCount(digits) >> 4;
                ulong sign = digits == 0 ? 0 : (negative & 0x2000) | ((uint)(weight - first) & 0x7F);
                digits >>= 16 * first;
                length = 2 + (2 * (ulong)((79 - BitOperations.LeadingZeroCount(digits)) >> 4));
                Unsafe.WriteUnaligned(to, 1 | (length << 8) | ((header | sign) << 40));
                Unsafe.WriteUnaligned(to + 7, digits);
            }
            else
            {
                length = DecimalDecoder.BuildOne(local, value, (uint)header, to + 1) - sizeof(uint);
                *to = 1;
                Unsafe.WriteUnaligned(to + 1, (uint)length);
            }

            to += 1 + sizeof(uint) + length;
            bytes += length;
        }

        return to;
    }
}
