// Vector layer, codes. Estimates for 32 one-bit codes at a time: four bits of a code choose one of sixteen bytes in a register. Promise: every
// width gives the same sums.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Vector.Codes;

/// <summary>
/// A block has sixteen bytes for each four dimensions: the lower half of byte 2k is of vector k, of byte 2k + 1 of vector 8 + k; the upper
/// halves are of the vectors 16 further on. A block may lie in pieces of whole 16 dimensions.
/// </summary>
public static unsafe class FastScan
{
    /// <summary>So many groups of four dimensions cannot overflow sixteen bits.</summary>
    private const int MaxGroups = 256;

    /// <summary>Puts a one-bit code into place <paramref name="slot"/> of a block.</summary>
    public static void Put(byte* block, int padded, int slot, byte* code)
    {
        int shift = slot < 16 ? 0 : 4;
        int place = Place(slot);
        byte* levels = stackalloc byte[CodeBits.Unit];
        for (int at = 0; at < padded; at += CodeBits.Unit, code += 8)
        {
            CodeBits.Unpack(code, 1, levels);
            for (int i = 0; i < CodeBits.Unit; i += 4)
            {
                byte* to = block + (4 * (at + i)) + place;
                int nibble = levels[i] | (levels[i + 1] << 1) | (levels[i + 2] << 2) | (levels[i + 3] << 3);
                *to = (byte)((*to & (0xF0 >> shift)) | (nibble << shift));
            }
        }
    }

    /// <summary>Takes it out again, into <paramref name="code"/>.</summary>
    public static void Get(byte* block, int padded, int slot, byte* code)
    {
        int shift = slot < 16 ? 0 : 4;
        int place = Place(slot);
        byte* levels = stackalloc byte[CodeBits.Unit];
        for (int at = 0; at < padded; at += CodeBits.Unit, code += 8)
        {
            for (int i = 0; i < CodeBits.Unit; i++)
            {
                levels[i] = (byte)((block[(4 * (at + (i & ~3))) + place] >> (shift + (i & 3))) & 1);
            }

            CodeBits.Pack(levels, CodeBits.Unit, 1, code);
        }
    }

    /// <summary>Adds to 32 sums what a piece of a block looks up in the same piece of <paramref name="tables"/>.</summary>
    public static void Accumulate(byte* tables, byte* block, int dimensions, uint* sums)
    {
        for (int groups = dimensions / 4; groups > 0;)
        {
            int some = groups < MaxGroups ? groups : MaxGroups;
            if (Avx512BW.IsSupported)
            {
                Accumulate512(tables, block, some, sums);
            }
            else if (Avx2.IsSupported)
            {
                Accumulate256(tables, block, some, sums);
            }
            else
            {
                AccumulateScalar(tables, block, some, sums);
            }

            tables += 16 * some;
            block += 16 * some;
            groups -= some;
        }
    }

    /// <summary>
    /// From sums to estimates and lower bounds of 32 distances. <paramref name="add"/>: what the query adds for the centroid (see
    /// <see cref="Estimator"/>); <paramref name="error"/>: epsilon times the query's distance from it. A bit for each vector whose lower
    /// bound is not above <paramref name="threshold"/>; NaN never is, on either side.
    /// </summary>
    public static uint Estimate(
        QueryCodes* query, uint* sums, float* factors, float add, float error, float threshold, float* estimates, float* lowers)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Estimate<Lanes512>(query, sums, factors, add, error, threshold, estimates, lowers);
        }

        return Vector256.IsHardwareAccelerated
            ? Estimate<Lanes256>(query, sums, factors, add, error, threshold, estimates, lowers)
            : Estimate<Lanes128>(query, sums, factors, add, error, threshold, estimates, lowers);
    }

    /// <summary>A block that lies in one piece.</summary>
    public static uint Run(
        QueryCodes* query, byte* block, float* factors, float add, float error, float threshold, float* estimates, float* lowers)
    {
        uint* sums = stackalloc uint[CodeLayout.BlockVectors];
        Unsafe.InitBlock(sums, 0, CodeLayout.BlockVectors * sizeof(uint));
        Accumulate(query->Tables, block, query->Padded, sums);
        return Estimate(query, sums, factors, add, error, threshold, estimates, lowers);
    }

    internal static uint Estimate<TLanes>(
        QueryCodes* query, uint* sums, float* factors, float add, float error, float threshold, float* estimates, float* lowers)
        where TLanes : struct, ILanes<TLanes>
    {
        float* floats = stackalloc float[CodeLayout.BlockVectors];
        for (int i = 0; i < CodeLayout.BlockVectors; i++)
        {
            floats[i] = sums[i];
        }

        // The sum of the elements where a code has ones, less half of all elements: levels are -1/2 and 1/2.
        TLanes step = TLanes.Create(query->TableStep);
        TLanes constant = TLanes.Create(query->NegativeSum - (0.5f * query->Sum));
        TLanes added = TLanes.Create(add);
        TLanes minusError = TLanes.Create(-error);
        TLanes tableError = TLanes.Create(query->TableError);
        TLanes limit = TLanes.Create(threshold);
        uint above = 0;
        for (int i = 0; i < CodeLayout.BlockVectors; i += Lanes.Count)
        {
            TLanes dot = TLanes.MultiplyAdd(step, TLanes.Load(floats + i), constant);
            TLanes rescale = TLanes.Load(factors + CodeLayout.BlockVectors + i);
            TLanes estimate = TLanes.MultiplyAdd(rescale, dot, TLanes.Load(factors + i) + added);
            TLanes off = TLanes.MultiplyAdd(TLanes.Load(factors + (2 * CodeLayout.BlockVectors) + i), minusError, rescale * tableError);
            TLanes lower = estimate + off;
            TLanes.Store(estimate, estimates + i);
            TLanes.Store(lower, lowers + i);
            above |= TLanes.Above(lower, limit) << i;
        }

        return ~above;
    }

    internal static void AccumulateScalar(byte* tables, byte* block, int groups, uint* sums)
    {
        for (int group = 0; group < groups; group++, tables += 16, block += 16)
        {
            for (int slot = 0; slot < 16; slot++)
            {
                byte both = block[Place(slot)];
                sums[slot] += tables[both & 0x0F];
                sums[slot + 16] += tables[both >> 4];
            }
        }
    }

    internal static void Accumulate256(byte* tables, byte* block, int groups, uint* sums)
    {
        Vector256<byte> low = Vector256.Create((byte)0x0F);
        Vector256<ushort> all0 = default;
        Vector256<ushort> odd0 = default;
        Vector256<ushort> all1 = default;
        Vector256<ushort> odd1 = default;
        for (int group = 0; group < groups; group += 2, tables += 32, block += 32)
        {
            Vector256<byte> table = Vector256.Load(tables);
            Vector256<byte> both = Vector256.Load(block);
            Vector256<ushort> first = Avx2.Shuffle(table, both & low).AsUInt16();
            Vector256<ushort> second = Avx2.Shuffle(table, Vector256.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & low).AsUInt16();
            all0 += first;
            odd0 += Vector256.ShiftRightLogical(first, 8);
            all1 += second;
            odd1 += Vector256.ShiftRightLogical(second, 8);
        }

        all0 -= Vector256.ShiftLeft(odd0, 8);
        all1 -= Vector256.ShiftLeft(odd1, 8);
        Add(all0.GetLower() + all0.GetUpper(), sums);
        Add(odd0.GetLower() + odd0.GetUpper(), sums + 8);
        Add(all1.GetLower() + all1.GetUpper(), sums + 16);
        Add(odd1.GetLower() + odd1.GetUpper(), sums + 24);
    }

    internal static void Accumulate512(byte* tables, byte* block, int groups, uint* sums)
    {
        Vector512<byte> low = Vector512.Create((byte)0x0F);
        Vector512<ushort> all0 = default;
        Vector512<ushort> odd0 = default;
        Vector512<ushort> all1 = default;
        Vector512<ushort> odd1 = default;
        for (int group = 0; group < groups; group += 4, tables += 64, block += 64)
        {
            Vector512<byte> table = Vector512.Load(tables);
            Vector512<byte> both = Vector512.Load(block);
            Vector512<ushort> first = Avx512BW.Shuffle(table, both & low).AsUInt16();
            Vector512<ushort> second = Avx512BW.Shuffle(table, Vector512.ShiftRightLogical(both.AsUInt16(), 4).AsByte() & low).AsUInt16();
            all0 += first;
            odd0 += Vector512.ShiftRightLogical(first, 8);
            all1 += second;
            odd1 += Vector512.ShiftRightLogical(second, 8);
        }

        all0 -= Vector512.ShiftLeft(odd0, 8);
        all1 -= Vector512.ShiftLeft(odd1, 8);
        Add(Fold(all0), sums);
        Add(Fold(odd0), sums + 8);
        Add(Fold(all1), sums + 16);
        Add(Fold(odd1), sums + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Fold(Vector512<ushort> value)
    {
        Vector256<ushort> half = value.GetLower() + value.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector128<ushort> eight, uint* sums)
    {
        (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(eight);
        (Vector128.Load(sums) + lower).Store(sums);
        (Vector128.Load(sums + 4) + upper).Store(sums + 4);
    }

    /// <summary>The byte of a vector in its group's sixteen.</summary>
    private static int Place(int slot) => (2 * (slot & 7)) + ((slot >> 3) & 1);
}
