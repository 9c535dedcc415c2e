// Kernels layer. Small passes over 64-bit lanes: dictionary look-up, running sums, sign extension, widening.

using System;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

/// <summary>In-place passes over decoded values. Counts are small (a vector), so loops are plain where SIMD gains nothing.</summary>
public static unsafe class Lanes
{
    /// <summary>Of the least integer, too.</summary>
    public static ulong Magnitude(long value) => value < 0 ? 0 - (ulong)value : (ulong)value;

    /// <summary>
    /// values[i] = table[values[i]]. Every value was checked against the table's size. A hardware gather is no faster; a table that two registers
    /// hold is looked up there.
    /// </summary>
    public static void Gather(ulong* table, int entries, ulong* values, int count)
    {
        int i = Avx512F.IsSupported && entries <= 2 * Vector512<ulong>.Count ? GatherFew(table, entries, values, count) : 0;
        for (; i <= count - 4; i += 4)
        {
            ulong a = table[values[i]];
            ulong b = table[values[i + 1]];
            ulong c = table[values[i + 2]];
            ulong d = table[values[i + 3]];
            values[i] = a;
            values[i + 1] = b;
            values[i + 2] = c;
            values[i + 3] = d;
        }

        for (; i < count; i++)
        {
            values[i] = table[values[i]];
        }
    }

    /// <summary>Whole groups of eight; says how many values those were.</summary>
    static int GatherFew(ulong* table, int entries, ulong* values, int count)
    {
        const int Entries = 16;
        ulong* padded = stackalloc ulong[Entries];
        for (int i = 0; i < Entries; i++)
        {
            padded[i] = i < entries ? table[i] : 0;
        }

        Vector512<ulong> low = Vector512.Load(padded);
        Vector512<ulong> high = Vector512.Load(padded + Vector512<ulong>.Count);
        int whole = count & ~7;
        for (int i = 0; i < whole; i += Vector512<ulong>.Count)
        {
            Avx512F.PermuteVar8x64x2(low, Vector512.Load(values + i), high).Store(values + i);
        }

        return whole;
    }

    /// <summary>values[i] = start + values[0] + ... + values[i], modulo 2^64.</summary>
    public static void RunningSum(ulong* values, int count, ulong start)
    {
        int i = Avx512F.IsSupported ? RunningSumOfEights(values, count, ref start) : 0;
        for (; i < count; i++)
        {
            start += values[i];
            values[i] = start;
        }
    }

    /// <summary>Sums within eight values in three steps; from eight to eight only the last one is carried. Says how many values those were.</summary>
    static int RunningSumOfEights(ulong* values, int count, ref ulong start)
    {
        int whole = count & -Vector512<ulong>.Count;
        Vector512<ulong> zero = Vector512<ulong>.Zero;
        Vector512<ulong> last = Vector512.Create(7UL);
        Vector512<ulong> carried = Vector512.Create(start);
        for (int i = 0; i < whole; i += Vector512<ulong>.Count)
        {
            Vector512<ulong> sums = Vector512.Load(values + i);
            sums += Avx512F.AlignRight64(sums, zero, 7);
            sums += Avx512F.AlignRight64(sums, zero, 6);
            sums += Avx512F.AlignRight64(sums, zero, 4);
            (sums + carried).Store(values + i);
            carried += Avx512F.PermuteVar8x64(sums, last);
        }

        start = carried.ToScalar();
        return whole;
    }

    /// <summary>values[i] = first + i * step, modulo 2^64.</summary>
    public static void Progression(ulong* values, int count, ulong first, ulong step)
    {
        int i = 0;
        if (count >= Vector512<ulong>.Count)
        {
            Vector512<ulong> lanes = Vector512.Create(first) + (Vector512<ulong>.Indices * step);
            Vector512<ulong> steps = Vector512.Create(step * (ulong)Vector512<ulong>.Count);
            for (; i <= count - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            {
                lanes.Store(values + i);
                lanes += steps;
            }
        }

        for (; i < count; i++)
        {
            values[i] = first + ((ulong)i * step);
        }
    }

    /// <summary>Sum of the lanes, modulo 2^64.</summary>
    public static ulong Sum(ulong* values, int count)
    {
        ulong sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    /// <summary>Keeps the low <paramref name="bits"/> bits of each lane and extends their sign; 64 leaves it as it is.</summary>
    public static void SignExtend(ulong* values, int count, int bits)
    {
        if (bits == 64)
        {
            return;
        }

        ulong sign = 1UL << (bits - 1);
        ulong mask = (sign << 1) - 1;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<ulong> signs = Vector512.Create(sign);
            Vector512<ulong> masks = Vector512.Create(mask);
            for (; i <= count - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            {
                (((Vector512.Load(values + i) & masks) ^ signs) - signs).Store(values + i);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256<ulong> signs = Vector256.Create(sign);
            Vector256<ulong> masks = Vector256.Create(mask);
            for (; i <= count - Vector256<ulong>.Count; i += Vector256<ulong>.Count)
            {
                (((Vector256.Load(values + i) & masks) ^ signs) - signs).Store(values + i);
            }
        }

        SignExtendScalar(values, i, count, bits);
    }

    internal static void SignExtendScalar(ulong* values, int from, int count, int bits)
    {
        ulong sign = 1UL << (bits - 1);
        ulong mask = (sign << 1) - 1;
        for (int i = from; i < count; i++)
        {
            values[i] = ((values[i] & mask) ^ sign) - sign;
        }
    }

    /// <summary>Little-endian values of 1, 2, 4 or 8 bytes into lanes, sign-extended.</summary>
    public static void Widen(byte* source, int count, int bytes, ulong* destination)
    {
        int i = 0;
        switch (bytes)
        {
            case 1:
                for (; i < count; i++)
                {
                    destination[i] = (ulong)((sbyte*)source)[i];
                }

                break;
            case 2:
                for (; i < count; i++)
                {
                    destination[i] = (ulong)((short*)source)[i];
                }

                break;
            case 4:
                if (Vector256.IsHardwareAccelerated)
                {
                    for (; i <= count - 8; i += 8)
                    {
                        (Vector256<long> low, Vector256<long> high) = Vector256.Widen(Vector256.Load((int*)source + i));
                        low.AsUInt64().Store(destination + i);
                        high.AsUInt64().Store(destination + i + 4);
                    }
                }

                for (; i < count; i++)
                {
                    destination[i] = (ulong)((int*)source)[i];
                }

                break;
            default:
                Buffer.MemoryCopy(source, destination, (long)count * 8, (long)count * 8);
                break;
        }
    }

    /// <summary>The low 1, 2, 4 or 8 bytes of each lane, little-endian.</summary>
    public static void Narrow(ulong* source, int count, int bytes, byte* destination)
    {
        for (int i = 0; i < count; i++)
        {
            switch (bytes)
            {
                case 1:
                    destination[i] = (byte)source[i];
                    break;
                case 2:
                    ((ushort*)destination)[i] = (ushort)source[i];
                    break;
                case 4:
                    ((uint*)destination)[i] = (uint)source[i];
                    break;
                default:
                    ((ulong*)destination)[i] = source[i];
                    break;
            }
        }
    }
}
