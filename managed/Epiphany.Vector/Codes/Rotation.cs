// Vector layer, codes. A random rotation in O(n log n): signs flipped, a Hadamard transform over as many elements as a power of two has, and a
// mixing of both halves where that leaves some out; four times. Promise: the seed and the dimensions alone decide about it.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector.Codes;

/// <summary>
/// Rotated vectors have a multiple of 64 elements. The rotation keeps lengths and inner products, and gives codes their guarantee: whatever
/// the data, each element of a rotated vector looks like a normal variable.
/// </summary>
public static unsafe class Rotation
{
    public const int MaxDimensions = 16000;
    private const int Rounds = 4;
    private const int Unit = 64;

    public static int Padded(int dimensions) => (dimensions + Unit - 1) / Unit * Unit;

    /// <summary>What <see cref="MakeSigns"/> fills: a bit for each element and round.</summary>
    public static int SignBytes(int padded) => Rounds * padded / 8;

    public static void MakeSigns(ulong seed, int padded, byte* signs)
    {
        ulong state = seed;
        for (int i = 0; i < SignBytes(padded) / sizeof(ulong); i++)
        {
            ((ulong*)signs)[i] = Next(ref state);
        }
    }

    /// <summary><paramref name="to"/> has room for the padded dimensions, and may be <paramref name="from"/>.</summary>
    public static void Apply(byte* signs, float* from, int dimensions, float* to)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Apply<Lanes512>(signs, from, dimensions, to);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Apply<Lanes256>(signs, from, dimensions, to);
        }
        else
        {
            Apply<Lanes128>(signs, from, dimensions, to);
        }
    }

    internal static void Apply<TLanes>(byte* signs, float* from, int dimensions, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        int padded = Padded(dimensions);
        int power = 1 << BitOperations.Log2((uint)padded);
        if (from != to)
        {
            new ReadOnlySpan<float>(from, dimensions).CopyTo(new Span<float>(to, dimensions));
        }

        new Span<float>(to + dimensions, padded - dimensions).Clear();
        for (int round = 0; round < Rounds; round++)
        {
            Flip(to, signs + (round * padded / 8), padded);
            float* part = round % 2 == 0 ? to : to + (padded - power);
            Hadamard<TLanes>(part, power);
            if (power < padded)
            {
                Scale<TLanes>(part, power, 1 / MathF.Sqrt(power));
                Mix<TLanes>(to, padded / 2);
            }
        }

        // Each transform has made lengths sqrt(power) times as long, or each mixing sqrt(2) times.
        Scale<TLanes>(to, padded, power < padded ? 0.25f : 1f / ((float)power * power));
    }

    /// <summary>The other way round: all padded elements of what was rotated become what they were, in place.</summary>
    public static void Undo(byte* signs, float* values, int padded)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Undo<Lanes512>(signs, values, padded);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Undo<Lanes256>(signs, values, padded);
        }
        else
        {
            Undo<Lanes128>(signs, values, padded);
        }
    }

    /// <summary>Each step is its own inverse, but for lengths.</summary>
    internal static void Undo<TLanes>(byte* signs, float* values, int padded)
        where TLanes : struct, ILanes<TLanes>
    {
        int power = 1 << BitOperations.Log2((uint)padded);
        for (int round = Rounds - 1; round >= 0; round--)
        {
            if (power < padded)
            {
                Mix<TLanes>(values, padded / 2);
            }

            float* part = round % 2 == 0 ? values : values + (padded - power);
            Hadamard<TLanes>(part, power);
            if (power < padded)
            {
                Scale<TLanes>(part, power, 1 / MathF.Sqrt(power));
            }

            Flip(values, signs + (round * padded / 8), padded);
        }

        Scale<TLanes>(values, padded, power < padded ? 0.25f : 1f / ((float)power * power));
    }

    /// <summary>splitmix64.</summary>
    internal static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static void Flip(float* values, byte* signs, int count)
    {
        var bits = (uint*)values;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<uint> select = Vector512.Create(
                1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
            for (int i = 0; i < count; i += 16)
            {
                Vector512<uint> chosen = Vector512.Equals(Vector512.Create((uint)*(ushort*)(signs + (i / 8))) & select, select);
                (Vector512.Load(bits + i) ^ (chosen & Vector512.Create(0x8000_0000u))).Store(bits + i);
            }
        }
        else
        {
            Vector128<uint> select = Vector128.Create(1u, 2u, 4u, 8u);
            for (int i = 0; i < count; i += 4)
            {
                Vector128<uint> chosen = Vector128.Equals(Vector128.Create((uint)signs[i / 8] >> (i & 4)) & select, select);
                (Vector128.Load(bits + i) ^ (chosen & Vector128.Create(0x8000_0000u))).Store(bits + i);
            }
        }
    }

    /// <summary><paramref name="count"/>: a power of two, 64 or more.</summary>
    private static void Hadamard<TLanes>(float* values, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int half = count / 2; half >= Lanes.Count; half /= 2)
        {
            for (int start = 0; start < count; start += 2 * half)
            {
                Mix<TLanes>(values + start, half);
            }
        }

        for (int i = 0; i < count; i += Lanes.Count)
        {
            Sixteen(values + i);
        }
    }

    /// <summary>The last four levels, among sixteen neighbours.</summary>
    private static void Sixteen(float* v)
    {
        Vector128<float> a = Vector128.Load(v);
        Vector128<float> b = Vector128.Load(v + 4);
        Vector128<float> c = Vector128.Load(v + 8);
        Vector128<float> d = Vector128.Load(v + 12);
        (a, c) = (a + c, a - c);
        (b, d) = (b + d, b - d);
        (a, b) = (a + b, a - b);
        (c, d) = (c + d, c - d);
        Four(a).Store(v);
        Four(b).Store(v + 4);
        Four(c).Store(v + 8);
        Four(d).Store(v + 12);
    }

    private static Vector128<float> Four(Vector128<float> v)
    {
        Vector128<float> pairs = Vector128.Shuffle(v, Vector128.Create(2, 3, 0, 1)) + (v * Vector128.Create(1f, 1f, -1f, -1f));
        return Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2)) + (pairs * Vector128.Create(1f, -1f, 1f, -1f));
    }

    /// <summary>Sums of both halves go to the first, differences to the second.</summary>
    private static void Mix<TLanes>(float* values, int half)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int i = 0; i < half; i += Lanes.Count)
        {
            TLanes a = TLanes.Load(values + i);
            TLanes b = TLanes.Load(values + half + i);
            TLanes.Store(a + b, values + i);
            TLanes.Store(a - b, values + half + i);
        }
    }

    private static void Scale<TLanes>(float* values, int count, float by)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes factor = TLanes.Create(by);
        for (int i = 0; i < count; i += Lanes.Count)
        {
            TLanes.Store(TLanes.Load(values + i) * factor, values + i);
        }
    }
}
