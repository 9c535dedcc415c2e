// Execution layer, expressions. Row numbers out of bits.

using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>For each pattern of eight bits the numbers of those that are set, first ones first.</summary>
static unsafe class RowNumbers
{
    static readonly ushort[] s_numbers = Numbers();

    /// <summary>256 times eight numbers; never moves.</summary>
    internal static ushort* Table => (ushort*)Marshal.UnsafeAddrOfPinnedArrayElement(s_numbers, 0);

    /// <summary>
    /// Appends the numbers of rows <paramref name="first"/> to first + 7 that <paramref name="bits"/> names, and says how many there are
    /// then. Writes eight numbers always: there are never more before them than rows, so that room for a batch is enough.
    /// </summary>
    internal static int Append(ushort* table, uint bits, int first, ushort* selected, int count)
    {
        (Vector128.Load(table + (bits * 8)) + Vector128.Create((ushort)first)).Store(selected + count);
        return count + BitOperations.PopCount(bits);
    }

    /// <summary>Likewise of 64 rows. Where few are named each is looked for.</summary>
    internal static int AppendWord(ulong bits, int first, ushort* selected, int count)
    {
        const int Few = 6;
        if (BitOperations.PopCount(bits) <= Few)
        {
            for (; bits != 0; bits &= bits - 1)
            {
                selected[count++] = (ushort)(first + BitOperations.TrailingZeroCount(bits));
            }

            return count;
        }

        ushort* table = Table;
        for (int i = 0; i < 64; i += 8)
        {
            count = Append(table, (byte)(bits >> i), first + i, selected, count);
        }

        return count;
    }

    static ushort[] Numbers()
    {
        ushort[] numbers = GC.AllocateArray<ushort>(256 * 8, pinned: true);
        for (int bits = 0; bits < 256; bits++)
        {
            int count = 0;
            for (int i = 0; i < 8; i++)
            {
                if ((bits & (1 << i)) != 0)
                {
                    numbers[(bits * 8) + count++] = (ushort)i;
                }
            }
        }

        return numbers;
    }
}
