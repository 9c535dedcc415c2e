// Execution layer, core. Byte strings and numerics as key lanes: 64 bits that are the value where it is short, and a digest of it where not.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Epiphany.Execution;

/// <summary>Equal values have equal lanes. Of equal lanes that are no digests the values are equal, too.</summary>
static unsafe class KeyBytes
{
    /// <summary>Strings: at most 7 bytes with their number in the highest byte, which in digests has its highest bit set.</summary>
    internal const ulong StringDigest = 1UL << 63;

    /// <summary>Numerics: the scale in four bits, below it the integer; digests have all four set.</summary>
    internal const ulong NumericDigest = 15;

    const ulong Factor = 0xD6E8FEB86659FD93;
    const int ShortString = 7;
    const int ScaleBits = 4;
    const int MaxExactScale = 14;
    const long MaxExactInteger = 1L << (63 - ScaleBits);

    internal static ulong String(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= ShortString ? ((ulong)bytes.Length << 56) | Tail(bytes) : Digest(bytes) | StringDigest;

    /// <summary>integer / 10^scale, zeros at the end of its fraction taken away.</summary>
    internal static bool TryNumeric(long integer, int scale, out ulong lane)
    {
        while (scale > 0)
        {
            long tenth = integer / 10;
            if (tenth * 10 != integer)
            {
                break;
            }

            integer = tenth;
            scale--;
        }

        lane = ((ulong)integer << ScaleBits) | (uint)scale;
        return scale <= MaxExactScale && integer is > -MaxExactInteger and < MaxExactInteger;
    }

    /// <summary>A numeric datum; the same lane as that of the same value as an integer of any scale.</summary>
    internal static ulong Numeric(ulong datum)
    {
        NumericParts parts = NumericParts.Of(datum);
        if (!parts.IsSpecial && TryInteger(parts, out Int128 integer, out int scale))
        {
            while (scale > 0 && (integer > long.MaxValue || integer < long.MinValue) && integer % 10 == 0)
            {
                integer /= 10;
                scale--;
            }

            if ((long)integer == integer && TryNumeric((long)integer, scale, out ulong lane))
            {
                return lane;
            }
        }

        ulong seed = Mix(((ulong)(uint)parts.Weight << 32) | parts.Sign);
        return ((Digest(MemoryMarshal.AsBytes(parts.Digits)) ^ seed) * Factor) | NumericDigest;
    }

    internal static bool SameNumeric(ulong left, ulong right)
    {
        NumericParts a = NumericParts.Of(left);
        NumericParts b = NumericParts.Of(right);
        return a.Sign == b.Sign && a.Weight == b.Weight && a.Digits.SequenceEqual(b.Digits);
    }

    internal static ulong Mix(ulong value)
    {
        value ^= value >> 32;
        value *= Factor;
        value ^= value >> 29;
        value *= Factor;
        return value ^ (value >> 32);
    }

    /// <summary>What may be exact has at most six digits around the point.</summary>
    static bool TryInteger(NumericParts parts, out Int128 integer, out int scale)
    {
        const int MaxDigits = 6;
        const int MaxWeight = 4;
        int below = parts.Digits.Length - 1 - parts.Weight;
        integer = 0;
        scale = 0;
        if (parts.Digits.Length > MaxDigits || parts.Weight > MaxWeight || below > MaxWeight)
        {
            return false;
        }

        foreach (ushort digit in parts.Digits)
        {
            integer = (integer * 10000) + digit;
        }

        for (int i = below; i < 0; i++)
        {
            integer *= 10000;
        }

        scale = Math.Max(0, below) * 4;
        integer = parts.IsNegative ? -integer : integer;
        return true;
    }

    static ulong Digest(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (ulong)bytes.Length * Factor;
        ref byte at = ref MemoryMarshal.GetReference(bytes);
        int length = bytes.Length;
        int i = 0;
        for (; i + sizeof(ulong) <= length; i += sizeof(ulong))
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, i))) * Factor;
            hash ^= hash >> 32;
        }

        if (i < length)
        {
            hash = (hash ^ Tail(bytes[i..])) * Factor;
            hash ^= hash >> 32;
        }

        return hash;
    }

    /// <summary>Up to seven bytes, the first one lowest; reads no others.</summary>
    static ulong Tail(ReadOnlySpan<byte> bytes)
    {
        ref byte at = ref MemoryMarshal.GetReference(bytes);
        int length = bytes.Length;
        if (length >= 4)
        {
            ulong last = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, length - 4));
            return Unsafe.ReadUnaligned<uint>(ref at) | (last << (8 * (length - 4)));
        }

        int middle = length / 2;
        return length == 0 ? 0
            : at | ((ulong)Unsafe.Add(ref at, middle) << (8 * middle)) | ((ulong)Unsafe.Add(ref at, length - 1) << (8 * (length - 1)));
    }
}
