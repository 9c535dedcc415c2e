// Vector layer, codes. Levels to and from their packed form, 64 dimensions at a time. Promise: every width reads the same levels.
// A unit of 64 dimensions takes 8 bytes a bit. Bits that are no power of two are parts of 4, 2 and 1 bits, the lowest bits first; in a part,
// the byte j has dimension j lowest, then j + n, ..., n being the part's bytes.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Vector.Codes;

internal static unsafe class CodeBits
{
    internal const int Unit = 64;

    /// <summary>One byte a dimension into <paramref name="bits"/> each.</summary>
    internal static void Pack(byte* levels, int padded, int bits, byte* code)
    {
        for (int at = 0; at < padded; at += Unit, levels += Unit)
        {
            if (bits == 8)
            {
                Unsafe.CopyBlockUnaligned(code, levels, Unit);
                code += Unit;
                continue;
            }

            int shift = 0;
            for (int part = 4; part > 0; part /= 2)
            {
                if ((bits & part) != 0)
                {
                    int bytes = 8 * part;
                    for (int j = 0; j < bytes; j++)
                    {
                        int value = 0;
                        for (int k = 0; k < 8 / part; k++)
                        {
                            value |= ((levels[j + (k * bytes)] >> shift) & ((1 << part) - 1)) << (k * part);
                        }

                        code[j] = (byte)value;
                    }

                    code += bytes;
                    shift += part;
                }
            }
        }
    }

    /// <summary>A unit's levels, a byte each.</summary>
    internal static void Unpack(byte* code, int bits, byte* levels)
    {
        if (bits == 8)
        {
            Unsafe.CopyBlockUnaligned(levels, code, Unit);
            return;
        }

        var to = (ulong*)levels;
        var from = (ulong*)code;
        for (int j = 0; j < 8; j++)
        {
            to[j] = 0;
        }

        int shift = 0;
        for (int part = 4; part > 0; part /= 2)
        {
            if ((bits & part) != 0)
            {
                ulong mask = 0x0101_0101_0101_0101ul * (ulong)((1 << part) - 1);
                for (int j = 0; j < 8; j++)
                {
                    to[j] |= ((from[j % part] >> (j / part * part)) & mask) << shift;
                }

                from += part;
                shift += part;
            }
        }
    }

    /// <summary>For AVX-512BW.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<byte> Unpack512(byte* code, int bits)
    {
        if (bits == 8)
        {
            return Vector512.Load(code);
        }

        Vector512<byte> levels = default;
        int shift = 0;
        if ((bits & 4) != 0)
        {
            Vector256<byte> bytes = Vector256.Load(code);
            levels = Vector512.Create(bytes, Vector256.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte()) & Vector512.Create((byte)0x0F);
            code += 32;
            shift = 4;
        }

        if ((bits & 2) != 0)
        {
            Vector512<ushort> bytes = Avx512F.BroadcastVector128ToVector512((int*)code).AsUInt16();
            Vector512<byte> part = Avx512BW.ShiftRightLogicalVariable(bytes, Lanes(0, 2, 4, 6)).AsByte() & Vector512.Create((byte)0x03);
            levels |= Vector512.ShiftLeft(part.AsUInt16(), shift).AsByte();
            code += 16;
            shift += 2;
        }

        if ((bits & 1) != 0)
        {
            var bytes = Vector512.Create(*(ulong*)code);
            Vector512<ulong> shifted = Avx512F.ShiftRightLogicalVariable(bytes, Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7));
            Vector512<byte> part = shifted.AsByte() & Vector512<byte>.One;
            levels |= Vector512.ShiftLeft(part.AsUInt16(), shift).AsByte();
        }

        return levels;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Lanes(ushort a, ushort b, ushort c, ushort d) => Vector512.Create(
        Vector256.Create(Vector128.Create(a), Vector128.Create(b)),
        Vector256.Create(Vector128.Create(c), Vector128.Create(d)));
}
