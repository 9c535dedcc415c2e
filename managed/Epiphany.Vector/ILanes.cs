// Vector layer. Sixteen floats in as many registers as the processor needs for them. Promise: every width computes the same lanes in the
// same order, so that where there is FMA all of them give the same bits. Kernels are written once, over this.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Epiphany.Vector;

internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    static abstract TSelf Load(float* from);

    /// <summary>Finite halves, widened.</summary>
    static abstract TSelf Load(ushort* from);

    /// <summary>Bytes, widened.</summary>
    static abstract TSelf Load(byte* from);

    /// <summary>The same number sixteen times.</summary>
    static abstract TSelf Create(float value);

    static abstract void Store(TSelf value, float* to);

    /// <summary>Rounded to halves, to the nearest, ties to even.</summary>
    static abstract void Store(TSelf value, ushort* to);

    /// <summary>Truncated to bytes; the values are 0 to 255.</summary>
    static abstract void Store(TSelf value, byte* to);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>left * right + addend; rounded once where there is FMA.</summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    static abstract TSelf Abs(TSelf value);

    static abstract TSelf Floor(TSelf value);

    static abstract TSelf Clamp(TSelf value, TSelf low, TSelf high);

    /// <summary>Zero in lanes whose mask is 0, unchanged where it is -1.</summary>
    static abstract TSelf Mask(TSelf value, int* mask);

    /// <summary>Halves are added, lower to upper, until one is left.</summary>
    static abstract float Sum(TSelf value);

    /// <summary>A bit for each lane that is zero.</summary>
    static abstract uint Zeros(TSelf value);

    /// <summary>A bit for each lane, the first one's the lowest, that is at the limit or above; NaN is not.</summary>
    static abstract uint NotBelow(TSelf value, TSelf limit);

    /// <summary>Likewise, that is above the limit; NaN is not, nor is anything above NaN.</summary>
    static abstract uint Above(TSelf value, TSelf limit);
}

internal static unsafe class Lanes
{
    internal const int Count = 16;

    private static readonly int[] s_masks = MakeMasks();

    /// <summary>A mask that keeps the last so many of sixteen lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int* Last(int lanes) =>
        (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(s_masks)) + lanes;

    /// <summary>Pinned for ever: kernels keep pointers to it.</summary>
    private static int[] MakeMasks()
    {
        int[] masks = System.GC.AllocateUninitializedArray<int>(2 * Count, pinned: true);
        for (int i = 0; i < masks.Length; i++)
        {
            masks[i] = i < Count ? 0 : -1;
        }

        return masks;
    }
}
